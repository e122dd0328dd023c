namespace AttentionFlow.Solver;

/// <summary>
/// Sink max_j sum_i m_i A_ij/m_j, the attention that the most attended token receives in units of its weight: 1 when all receive alike, up to n (equal weights). One
/// pair sum, of the transposed matrix.
/// </summary>
public sealed class SinkObservable : Observable
{
    /// <summary>The sink of this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public SinkObservable(Flow flow) => flow.Attention.AskProducts(anySign: false);

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } = [Number("sink", "Largest sum_i m_i A_ij/m_j over the tokens j: n times the mean of column j with equal weights.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double[] ones = new double[flow.Rows], received = new double[flow.Rows];
        Array.Fill(ones, 1);
        flow.Attention.ApplyAdjoint(ones, received, frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            values[r] = 0;
            foreach (double column in received.AsSpan(r * flow.Tokens, flow.Tokens)) values[r] = Math.Max(values[r], column);
        }
    }
}
