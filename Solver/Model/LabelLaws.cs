namespace AttentionFlow.Solver.Model;

/// <summary>The law of the frozen labels xi. One record a file in this folder.</summary>
public abstract record LabelLaw
{
    /// <summary>Labels for all tokens, [R, n].</summary>
    public abstract double[] Draw(int replicas, int tokens, ulong seed);

    /// <summary>Fills [R, n] with a function of (replica, token).</summary>
    protected static double[] Fill(int replicas, int tokens, Func<int, int, double> label)
    {
        double[] labels = new double[replicas * tokens];
        for (int r = 0; r < replicas; r++)
            for (int i = 0; i < tokens; i++) labels[r * tokens + i] = label(r, i);
        return labels;
    }
}

/// <summary>The midpoint grid s_i = (i + 1/2)/n, i = 0..n-1.</summary>
public sealed record GridLabels : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) => Cloud.Grid(replicas, tokens);
}

/// <summary>Independent labels, uniform on [0, 1).</summary>
public sealed record UniformLabels : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) =>
        Fill(replicas, tokens, (r, i) => new RandomStream(seed, RandomPurpose.Labels, r, i).Uniform());
}

/// <summary>Consecutive blocks numbered from 0: token i belongs to floor(i count / n).</summary>
/// <param name="Count">Number of blocks, 1..n.</param>
public sealed record BlockLabels(int Count) : LabelLaw
{
    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed) => Fill(replicas, tokens, (_, i) => (double)((long)i * Count / tokens));
}

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
