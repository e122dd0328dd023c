namespace AttentionFlow.Kernels;

/// <summary>b = 1: labels act through the gauge alone.</summary>
public sealed record OneCoupling : Coupling
{
    /// <inheritdoc/>
    public override string Name => "one";

    /// <inheritdoc/>
    public override double Value(double s, double t) => 1;

    /// <inheritdoc/>
    public override double Smallest => 1;
}
