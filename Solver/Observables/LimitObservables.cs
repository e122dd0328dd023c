using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Solver.Observables;

/// <summary>Largest distance of a token from the predicted limit that fits the cloud best.</summary>
internal sealed class LimitObservable : Observable
{
    private readonly PredictedLimit _limit;

    /// <summary>The distance to the limit predicted for this flow.</summary>
    /// <exception cref="NotSupportedException">When no limit is known for the flow.</exception>
    public LimitObservable(Flow flow) =>
        _limit = PredictedLimit.For(flow.Interaction, flow.Dimension, out string? why, flow.Layer) ?? throw new NotSupportedException(why);

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("limit_distance", "Largest |x_i - x*_i| over the tokens, x* the predicted limit that fits best.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        int n = flow.Tokens, d = flow.Dimension, numbers = n * d;
        for (int r = 0; r < flow.Replicas; r++)
        {
            ReadOnlySpan<double> y = flow.GaugePositions.Slice(r * numbers, numbers);
            ReadOnlySpan<double> labels = flow.Labels.Slice(r * n, n);
            double[] limit = _limit.Fit(y, labels, flow.Weights.Slice(r * n, n), labels, flow.Dimension);
            double largest = 0;
            for (int i = 0; i < n; i++)
                largest = Math.Max(largest, Sphere.Distance(y.Slice(i * d, d), limit.AsSpan(i * d, d)));
            values[r] = largest;
        }
    }
}

/// <summary>
/// Distances of the cloud, as a law of points, to the limit law: that of x*(s) = Psi(s)^T y*(s) for s uniform on [0, 1), y* the predicted
/// limit that fits the cloud best. It does not matter which token is where, unlike in <see cref="LimitObservable"/>. The law stands as
/// <see cref="Nodes"/> points at the midpoints of equal shares of the labels.
/// </summary>
internal sealed class LawDistanceObservable : Observable
{
    /// <summary>Points that stand for the law, N.</summary>
    public const int Nodes = 1024;

    private readonly PredictedLimit _limit;
    private readonly PreparedGauge _gauge;
    private readonly double[] _labels, _weights;

    /// <summary>The distance to the limit law predicted for this flow.</summary>
    /// <exception cref="NotSupportedException">When no limit is known for the flow, or its labels are no sample of the uniform
    /// law.</exception>
    public LawDistanceObservable(Flow flow)
    {
        _limit = PredictedLimit.For(flow.Interaction, flow.Dimension, out string? why, flow.Layer) ?? throw new NotSupportedException(why);
        foreach (double label in flow.Labels)
            if (label is not (>= 0 and < 1))
                throw new NotSupportedException("the limit law is that of labels spread over [0, 1), "
                    + FormattableString.Invariant($"and there is a label {label}; leave \"law_distance\" out"));
        _labels = new GridLabels().Draw(1, Nodes, seed: 0);
        _weights = new double[Nodes];
        Array.Fill(_weights, 1.0 / Nodes);
        _gauge = flow.OuterGauge.Prepare(_labels, flow.Dimension);
    }

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("sliced_wasserstein", "Sliced W1 distance of the tokens, weighted by m_i, to the predicted limit law."),
        Number("energy_distance", "Energy distance of the tokens, weighted by m_i, to the predicted limit law."),
    ];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        int n = flow.Tokens, d = flow.Dimension;
        for (int r = 0; r < flow.Replicas; r++)
        {
            frame.Stop.ThrowIfCancellationRequested();
            ReadOnlySpan<double> weights = flow.Weights.Slice(r * n, n), x = frame.Positions.AsSpan(r * n * d, n * d);
            double[] law = _limit.Fit(flow.GaugePositions.Slice(r * n * d, n * d), flow.Labels.Slice(r * n, n), weights, _labels, d);
            _gauge.Leave(law, law, 0, Nodes);
            values[2 * r] = SlicedWasserstein.Distance(x, weights, law, _weights, d);
            values[2 * r + 1] = EnergyDistance.Distance(x, weights, law, _weights, d);
        }
    }
}
