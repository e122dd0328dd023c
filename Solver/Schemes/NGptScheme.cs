namespace AttentionFlow.Solver;

/// <summary>nGPT: s = |A|/alpha. Clusters contract like e^{-alpha t}.</summary>
/// <param name="Alpha">alpha > 0.</param>
public sealed record NGptScheme(double Alpha = 1) : Scheme
{
    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (length / Alpha, 0);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => Alpha;
}
