namespace AttentionFlow.Kernels;

/// <summary>k(t) = t, so k'(t) = 1 for every beta.</summary>
public sealed record LinearProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "linear";

    /// <inheritdoc/>
    public override double Value(double beta, double t) => t;

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => false;
}

/// <summary>k'(t) = 1 in lanes.</summary>
internal readonly struct LinearLanes : IProfileLanes
{
    public static bool IsCurved => false;

    public static bool MayUnderflow => false;
}
