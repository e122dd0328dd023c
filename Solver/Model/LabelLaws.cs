namespace AttentionFlow.Solver.Model;

/// <summary>The law of the frozen labels xi. One record a file in this folder.</summary>
[Kinds("law")]
public abstract record LabelLaw
{
    /// <summary>Why this law cannot label the tokens of a setting, or null.</summary>
    public virtual string? WhyNot(in Setting setting) => null;

    /// <summary>Whether replicas differ, and the seed counts.</summary>
    public virtual bool IsRandom => false;

    /// <summary>Labels for all tokens, [R, n].</summary>
    public virtual double[] Draw(int replicas, int tokens, ulong seed)
    {
        if (WhyNot(new Setting(tokens, 2)) is { } why) throw new ArgumentException(why);
        double[] labels = new double[replicas * tokens];
        for (int r = 0; r < replicas; r++)
            for (int i = 0; i < tokens; i++) labels[r * tokens + i] = Label(r, i, tokens, seed);
        return labels;
    }

    /// <summary>The label of a token of a replica, both from 0.</summary>
    public abstract double Label(int replica, int token, int tokens, ulong seed);
}

/// <summary>The midpoint grid s_i = (i + 1/2)/n, i = 0..n-1.</summary>
[Kind("grid", 0), Description("The midpoints (i - 1/2)/n, i = 1..n.")]
public sealed record GridLabels : LabelLaw
{
    /// <inheritdoc/>
    public override double Label(int replica, int token, int tokens, ulong seed) => (token + 0.5) / tokens;
}

/// <summary>Independent labels, uniform on [0, 1).</summary>
[Kind("uniform", 1), Description("Independent, uniform on [0, 1).")]
public sealed record UniformLabels : LabelLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => true;

    /// <inheritdoc/>
    public override double Label(int replica, int token, int tokens, ulong seed) =>
        new RandomStream(seed, RandomPurpose.Labels, replica, token).Uniform();
}

/// <summary>Consecutive blocks numbered from 0: token i belongs to floor(i count / n).</summary>
/// <param name="Count">Number of blocks, 1..n.</param>
[Kind("blocks", 2)]
[Description("Consecutive blocks numbered from 0: the label of token i (from 0) is i x count / n, rounded down.")]
public sealed record BlockLabels(
    [Quantity("the number of blocks", AtLeast = 1), Description("Number of blocks, at most the number of tokens.")]
    int Count = 2) : LabelLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) =>
        Count <= setting.Tokens ? null : $"{Count} blocks are more than the {setting.Tokens} tokens";

    /// <inheritdoc/>
    public override double Label(int replica, int token, int tokens, ulong seed) => (long)token * Count / tokens;
}

/// <summary>Given labels, one per token: in an experiment file, the column of the cloud file or of the snapshot.</summary>
[Kind("file", 3), Description("The label column of the initial law's CSV file, or the labels of its snapshot.")]
public sealed record ListedLabels : LabelLaw
{
    /// <summary>Labels that are yet to be read.</summary>
    public ListedLabels() { }

    /// <summary>These labels.</summary>
    public ListedLabels(Sequence<double> values) => Values = values;

    /// <summary>A label for each token, or for each row that tokens are a sample of; null: the cloud file has none.</summary>
    public Sequence<double>? Values { get; init; }

    /// <summary>The sample of a <see cref="FileLaw"/>; null: all rows.</summary>
    public int? Sample { get; init; }

    /// <summary>How many replicas have labels of their own, one after the other; 1: all have the same.</summary>
    public int Replicas { get; init; } = 1;

    private int Count => Values!.Count / Replicas;

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => Values is null ? "the law 'file' needs a cloud file with a column 'label'"
        : (Sample ?? Count) == setting.Tokens ? null : $"{Sample ?? Count} labels are listed for {setting.Tokens} tokens";

    /// <inheritdoc/>
    public override double[] Draw(int replicas, int tokens, ulong seed)
    {
        if (WhyNot(new Setting(tokens, 2)) is { } why) throw new ArgumentException(why);
        return [.. Enumerable.Range(0, replicas)
            .SelectMany(r => FileLaw.RowsOf(Count, Sample, r, seed).Select(i => Values![r % Replicas * Count + i]))];
    }

    /// <inheritdoc/>
    public override double Label(int replica, int token, int tokens, ulong seed) =>
        Values![replica % Replicas * Count + (Sample is null ? token : FileLaw.RowsOf(Count, Sample, replica, seed)[token])];
}
