namespace AttentionFlow.Kernels;

/// <summary>k(t) = e^{beta t}/beta, so k'(t) = e^{beta t}; k(t) = t at beta = 0.</summary>
public sealed record ExponentialProfile : Profile
{
    /// <inheritdoc/>
    public override string Name => "exponential";

    /// <inheritdoc/>
    public override double Value(double beta, double t) => beta == 0 ? t : Math.Exp(beta * t) / beta;

    /// <inheritdoc/>
    public override bool IsCurved(double beta) => beta != 0;
}

/// <summary>k'(t) = e^{beta t} in lanes, where every pair factor is a normal number.</summary>
internal readonly struct ExponentialLanes : IProfileLanes
{
    public static bool IsCurved => true;

    public static bool MayUnderflow => false;
}

/// <summary>The same where far pairs may be too weak for a normal number; where none is, the bits are those of <see cref="ExponentialLanes"/>.</summary>
internal readonly struct SteepLanes : IProfileLanes
{
    public static bool IsCurved => true;

    public static bool MayUnderflow => true;
}
