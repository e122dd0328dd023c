namespace AttentionFlow.Solver;

/// <summary>
/// Attention entropy H_i = -sum_j A_ij log(A_ij/(n m_j)), from 0 to log n (equal weights), its mean over rows, weighted by m_i, and its least value
/// [arXiv 2303.06296]. Free from the sums of the drift with coupling 1, else one pair sum.
/// </summary>
public sealed class AttentionEntropyObservable : Observable
{
    private readonly double _logTokens;

    /// <summary>The entropy of this flow's attention; n is its number of tokens.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public AttentionEntropyObservable(Flow flow)
    {
        flow.Attention.Ask(flow.Attention.ForDivergence);
        _logTokens = Math.Log(flow.Tokens);
        // e^H is the number of tokens a row attends to: below two it has chosen one. Clouds of up to three tokens have half of log n for a level.
        Warnings = [new("attention_entropy_mean", "entropy collapse", Math.Min(Math.Log(2), _logTokens / 2), Below: true,
            "a token attends to fewer than two tokens on average: lower interaction.beta (temperature scaling)")];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("attention_entropy_mean", "Mean over tokens i, weighted by m_i, of the attention entropy H_i = -sum_j A_ij log(A_ij/(n m_j))."),
        Number("attention_entropy_min", "Least H_i."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<WarningLevel> Warnings { get; }

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        ReadOnlySpan<double> divergence = flow.Attention.Divergence(frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            double mean = 0, largest = 0;
            for (int i = r * flow.Tokens; i < (r + 1) * flow.Tokens; i++)
            {
                mean += flow.Weights[i] * divergence[i];
                largest = Math.Max(largest, divergence[i]);
            }
            (values[2 * r], values[2 * r + 1]) = (_logTokens - mean, _logTokens - largest);
        }
    }
}
