namespace AttentionFlow.Kernels;

/// <summary>b = 1 for equal labels, <paramref name="Across"/> for different ones.</summary>
/// <param name="Across">eps, any sign.</param>
public sealed record BlockCoupling(double Across) : Coupling
{
    /// <inheritdoc/>
    public override string Name => "block";

    /// <inheritdoc/>
    public override double Value(double s, double t) => s == t ? 1 : Across;

    /// <inheritdoc/>
    public override double Smallest => Math.Min(1, Across);
}
