namespace AttentionFlow.Solver;

/// <summary>Given labels, one per token, the same in every replica (the column of a file).</summary>
/// <param name="Values">[n].</param>
public sealed record ListedLabels(IReadOnlyList<double> Values) : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed)
    {
        if (Values.Count != tokens) throw new ArgumentException($"{Values.Count} labels are listed for {tokens} tokens");
        return Fill(replicas, tokens, (_, i) => Values[i]);
    }
}
