namespace AttentionFlow.Solver;

/// <summary>Pre-norm: s = r, dr/dt = &lt;x, A&gt;, that is X = r x follows dX/dt = A. Clusters contract like 1/t.</summary>
/// <param name="Radius">r at the start, > 0.</param>
public sealed record PreScheme(double Radius = 1) : Scheme
{
    /// <inheritdoc/>
    public override double? Start => Radius;

    /// <inheritdoc/>
    public override bool HasRadius => true;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius, along);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate / Radius;
}
