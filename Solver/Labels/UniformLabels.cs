namespace AttentionFlow.Solver;

/// <summary>Independent labels, uniform on [0, 1).</summary>
public sealed record UniformLabels : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) =>
        Fill(replicas, tokens, (r, i) => new RandomStream(seed, RandomPurpose.Labels, r, i).Uniform());
}
