using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// Relative entropy D_i = sum_j A_ij log(A_ij/m_j) >= 0 of a row of attention to the weights, its mean over rows, weighted by m_i, and its
/// largest value. No number of tokens is in it: a token of weight 2 is two tokens. Equal weights: log n - H_i. Free from the sums of the
/// drift with coupling 1, else one pair sum.
/// </summary>
internal sealed class AttentionDivergenceObservable : Observable
{
    /// <summary>The relative entropy of this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public AttentionDivergenceObservable(Flow flow) => flow.Attention.Ask(flow.Attention.ForDivergence);

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("attention_divergence_mean",
            "Mean over tokens i, weighted by m_i, of the relative entropy D_i = sum_j A_ij log(A_ij/m_j) of attention to the weights."),
        Number("attention_divergence_max", "Largest D_i."),
    ];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> divergence = flow.Attention.Divergence(frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            ReadOnlySpan<double> rows = divergence.Slice(r * flow.Tokens, flow.Tokens);
            double largest = 0;
            foreach (double row in rows) largest = Math.Max(largest, row);
            (values[2 * r], values[2 * r + 1]) =
                (CompensatedSum.Of(flow.Weights.Slice(r * flow.Tokens, flow.Tokens), rows), largest);
        }
    }
}

/// <summary>
/// Participation ratio 1/sum_j A_ij^2/m_j, in (0, 1], the share of the weight that row i attends to; the mean over rows, weighted by m_i.
/// No number of tokens is in it: a token of weight 2 is two tokens. A column of the pair sum that all indicators share.
/// </summary>
internal sealed class ParticipationRatioObservable : Observable
{
    /// <summary>The participation ratio of this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public ParticipationRatioObservable(Flow flow) => flow.Attention.Ask(RowColumns.Squares);

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("participation_ratio",
            "Mean over tokens i, weighted by m_i, of 1/sum_j A_ij^2/m_j, the share of the weight that i attends to.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> squares = flow.Attention.Squares(frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            CompensatedSum mean = default;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++) mean.Add(flow.Weights[i] / squares[i]);
            values[r] = mean.Value;
        }
    }
}
