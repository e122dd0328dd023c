namespace AttentionFlow.Solver;

/// <summary>Psi = I.</summary>
public sealed record IdentityGauge : Gauge
{
    /// <inheritdoc/>
    protected override GaugeFrame Tabulate(ReadOnlySpan<double> labels, int dimension) => new Frame(dimension);

    private sealed class Frame(int d) : GaugeFrame
    {
        public override bool IsIdentity => true;

        public override void Enter(ReadOnlySpan<double> x, Span<double> y, int from, int to) =>
            x[(from * d)..(to * d)].CopyTo(y[(from * d)..]);

        public override void Leave(ReadOnlySpan<double> y, Span<double> x, int from, int to) => Enter(y, x, from, to);
    }
}
