using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Solver.Observables;

/// <summary>Largest distance of a token from the predicted limit that fits the cloud best.</summary>
public sealed class LimitObservable : Observable
{
    private readonly PredictedLimit _limit;

    /// <summary>The distance to the limit predicted for this flow.</summary>
    /// <exception cref="NotSupportedException">When no limit is known for the flow.</exception>
    public LimitObservable(Flow flow) =>
        _limit = PredictedLimit.For(flow.Interaction, flow.Dimension, out string? why, flow.Layer) ?? throw new NotSupportedException(why);

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
        [Number("limit_distance", "Largest |x_i - x*_i| over the tokens, x* the predicted limit that fits best.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        int n = flow.Tokens, numbers = n * flow.Dimension;
        for (int r = 0; r < flow.Replicas; r++)
        {
            ReadOnlySpan<double> y = flow.GaugePositions.Slice(r * numbers, numbers);
            ReadOnlySpan<double> labels = flow.Labels.Slice(r * n, n);
            double[] limit = _limit.Fit(y, labels, flow.Weights.Slice(r * n, n), labels, flow.Dimension);
            double largest = 0;
            for (int i = 0; i < n; i++)
                largest = Math.Max(largest, Sphere.Distance(y.Slice(i * flow.Dimension, flow.Dimension), limit.AsSpan(i * flow.Dimension, flow.Dimension)));
            values[r] = largest;
        }
    }
}
