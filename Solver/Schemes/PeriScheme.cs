namespace AttentionFlow.Solver;

/// <summary>Peri-norm: s = r |A|, dr/dt = &lt;x, A&gt;/|A|, that is X = r x follows dX/dt = A/|A|. Clusters contract like 1/t.</summary>
/// <param name="Radius">r at the start, > 0.</param>
public sealed record PeriScheme(double Radius = 1) : Scheme
{
    /// <inheritdoc/>
    public override double? Start => Radius;

    /// <inheritdoc/>
    public override bool HasRadius => true;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius * length, along / length);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => 1 / Radius;
}
