using AttentionFlow.Kernels;

namespace AttentionFlow.Solver;

/// <summary>
/// Degenerate rows of the attention matrix, as shares weighted by m_i: one-hot, max_j A_ij/(n m_j) > 1/2, and flat, H_i > 0.99 log n. Columns of the pair sum that
/// all indicators share. Under the causal mask n counts the tokens that a row sees, and the first row, which sees itself alone, is one-hot.
/// </summary>
public sealed class AttentionRowsObservable : Observable
{
    private const double OneHot = 0.5, Flat = 0.99;

    private readonly int _tokens;

    /// <summary>The rows of this flow's attention; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public AttentionRowsObservable(Flow flow)
    {
        flow.Attention.Ask(Kernels.Columns.Largest | flow.Attention.ForDivergence);
        _tokens = flow.Tokens;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("one_hot_rows", "Share of the tokens i, weighted by m_i, with max_j A_ij/(n m_j) > 1/2."),
        Number("flat_rows", "Share of the tokens i, weighted by m_i, with H_i > 0.99 log n, n the tokens that i sees."),
    ];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> largest = flow.Attention.Largest(frame.Stop), divergence = flow.Attention.Divergence(frame.Stop);
        bool causal = flow.Interaction.Mask == Mask.Causal;
        for (int r = 0; r < flow.Replicas; r++)
        {
            double oneHot = 0, flat = 0, seen = causal ? 0 : 1;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++)
            {
                if (causal) seen += flow.Weights[i];
                if (largest[i] > OneHot * _tokens) oneHot += flow.Weights[i];
                double highest = Math.Log(_tokens * seen);
                if (highest > 1e-12 && Math.Log(_tokens) - divergence[i] > Flat * highest) flat += flow.Weights[i];
            }
            (values[2 * r], values[2 * r + 1]) = (oneHot, flat);
        }
    }
}
