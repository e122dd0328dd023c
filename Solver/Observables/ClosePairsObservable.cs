using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// The share of pairs with &lt;x_i, x_j&gt; > 1 - 10^{-3}, as <see cref="Solver.Clusters"/> links them: (n S - 1)/(n - 1) with S = sum_ij
/// m_i m_j 1[&lt;x_i, x_j&gt; > 0.999], which is over i != j where weights are equal. The order parameter of the phase diagrams of [arXiv
/// 2312.10794]. n^2/2 distances.
/// </summary>
internal sealed class ClosePairsObservable(Flow flow) : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
        [Number("close_pairs", "Share of pairs i != j with <x_i, x_j> > 0.999.")];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow current = frame.Flow;
        int n = current.Tokens;
        double tokens = flow.Tokens;
        for (int r = 0; r < current.Replicas; r++)
        {
            CompensatedSum alone = default, apart = default;
            for (int i = r * n; i < (r + 1) * n; i++)
            {
                frame.Stop.ThrowIfCancellationRequested();
                ReadOnlySpan<double> x = Token(frame, i);
                alone.Add(current.Weights[i] * current.Weights[i]);
                for (int j = r * n; j < i; j++)
                    if (Sphere.Dot(x, Token(frame, j)) > 1 - Solver.Clusters.Delta) apart.Add(2 * current.Weights[i] * current.Weights[j]);
            }
            values[r] = tokens == 1 ? 1 : (tokens * (alone.Value + apart.Value) - 1) / (tokens - 1);
        }
    }

    private static ReadOnlySpan<double> Token(in Frame frame, int i) =>
        frame.Positions.AsSpan(i * frame.Flow.Dimension, frame.Flow.Dimension);
}
