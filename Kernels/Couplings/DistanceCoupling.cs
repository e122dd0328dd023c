namespace AttentionFlow.Kernels;

/// <summary>b = e^{-|s - t|/length}: the distance bias of ALiBi (Press et al. 2022).</summary>
/// <param name="Length">Decay length in units of the label, > 0.</param>
public sealed record DistanceCoupling(double Length) : Coupling
{
    /// <inheritdoc/>
    public override string Name => "distance";

    /// <inheritdoc/>
    public override double Value(double s, double t) => Math.Exp(-Math.Abs(s - t) / Length);

    /// <inheritdoc/>
    public override double Smallest => 0;
}
