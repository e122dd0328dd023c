namespace AttentionFlow.Solver;

/// <summary>The midpoint grid s_i = (i + 1/2)/n, i = 0..n-1.</summary>
public sealed record GridLabels : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) => Fill(replicas, tokens, (_, i) => (i + 0.5) / tokens);
}
