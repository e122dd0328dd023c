namespace AttentionFlow.Solver;

/// <summary>
/// Square-root scaling: s = sqrt(t + 1), the scheme post in the time 2 sqrt(t + 1) - 2. Clusters contract like e^{-2 sqrt t}. The clock is a state, ds/dt = 1/(2 s), so that any method steps it.
/// </summary>
public sealed record SqrtScheme : Scheme
{
    /// <inheritdoc/>
    public override double? Start => 1;

    /// <inheritdoc/>
    public override bool NeedsOutput => false;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius, 1 / (2 * radius));

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate;
}
