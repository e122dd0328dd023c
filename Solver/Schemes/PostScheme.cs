namespace AttentionFlow.Solver;

/// <summary>Post-norm, the flow as it stands: s = 1.</summary>
public sealed record PostScheme : Scheme
{
    /// <inheritdoc/>
    public override bool NeedsOutput => false;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (1, 0);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate;
}
