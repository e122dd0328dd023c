namespace AttentionFlow.Solver;

/// <summary>Consecutive blocks numbered from 0: token i belongs to floor(i count / n).</summary>
/// <param name="Count">Number of blocks, 1..n.</param>
public sealed record BlockLabels(int Count) : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) => Fill(replicas, tokens, (_, i) => (double)((long)i * Count / tokens));
}
