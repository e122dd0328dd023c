using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>Root mean square of the speeds: (sum_i m_i |dx_i/dt|^2)^{1/2}.</summary>
public sealed class SpeedObservable : Observable
{
    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } = [Number("speed", "Root mean square of |dx_i/dt|, weighted by m_i.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        for (int r = 0; r < flow.Replicas; r++)
        {
            double square = 0;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++)
            {
                ReadOnlySpan<double> v = frame.Drift.AsSpan(i * flow.Dimension, flow.Dimension);
                square += flow.Weights[i] * Sphere.Dot(v, v);
            }
            values[r] = Math.Sqrt(square);
        }
    }
}
