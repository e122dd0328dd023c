using AttentionFlow.Kernels;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// The number of <see cref="Clusters"/>: components of the graph &lt;x_i, x_j&gt; > 1 - 10^{-3}, angles below 0.0447 rad = 2.56 degrees. A dense cloud is one, however wide.
/// </summary>
public sealed class ClustersObservable : Observable
{
    /// <summary>delta: an angle far above the width of a collapsed cluster and, up to beta of some thousand, below half the distance 2 pi/(2 beta)^{1/2} between forming ones.</summary>
    public const double Delta = 1e-3;

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
        [new("clusters", ColumnType.Integer, "Connected components of the graph <x_i, x_j> > 1 - 0.001.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        (Flow flow, double[] x) = (frame.Flow, frame.Positions);
        int[] counts = new int[flow.Replicas];
        Workers.For(flow.Replicas, 1, flow.Threads, (from, to) =>
        {
            for (int r = from; r < to; r++) counts[r] = Clusters.Count(x, r * flow.Tokens, flow.Tokens, flow.Dimension, Delta);
        });
        for (int r = 0; r < counts.Length; r++) values[r] = counts[r];
    }
}
