namespace AttentionFlow.Solver;

/// <summary>
/// Participation 1/sum_j A_ij^2/(n m_j), the number of tokens that row i attends to, from 1 to n (equal weights); the mean over rows, weighted by m_i. A
/// column of the pair sum that all indicators share.
/// </summary>
public sealed class ParticipationObservable : Observable
{
    private readonly int _tokens;

    /// <summary>The participation of this flow's attention; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public ParticipationObservable(Flow flow)
    {
        flow.Attention.Ask(Kernels.Columns.Squares);
        _tokens = flow.Tokens;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
        [Number("participation", "Mean over tokens i, weighted by m_i, of 1/sum_j A_ij^2/(n m_j), the number of tokens that i attends to.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> squares = flow.Attention.Squares(frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            double mean = 0;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++) mean += flow.Weights[i] / squares[i];
            values[r] = _tokens * mean;
        }
    }
}
