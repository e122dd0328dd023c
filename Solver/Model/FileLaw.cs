namespace AttentionFlow.Solver.Model;

/// <summary>
/// The rows of a file: all of them, or a random sample; as they stand, or each turned by an angle in a random direction. Without sample and
/// jitter every replica is the same.
/// </summary>
/// <param name="Path">The CSV file.</param>
/// <param name="Normalize">Whether rows of any length but zero are scaled to length 1.</param>
/// <param name="Sample">k; null: all rows.</param>
/// <param name="Jitter">a: x becomes cos(a) x + sin(a) u, u uniform among the directions across x; radians.</param>
[Kind("file", 6), Description("The rows of a CSV file with the columns x0, x1, ... and optionally label and weight.")]
public sealed record FileLaw(
    [FilePath, Description("Path of the CSV file, relative to the experiment file.")] string Path,
    [Description("Accept rows of any length but zero; else they must have length 1 within 1e-6.")]
    bool Normalize = false,
    [Quantity("the size of the sample", AtLeast = 1)]
    [Description("How many rows, drawn at random for every replica and kept in their order, become its tokens; null = all.")]
    int? Sample = null,
    [Quantity("the jitter", AtLeast = 0, AtMost = Math.PI)]
    [Description("The angle, in radians, by which every token is turned in a random direction, another for every replica.")]
    double Jitter = 0) : InitialLaw, IFilePart
{
    /// <summary>The rows, unit vectors; null: not read yet.</summary>
    public CloudData? Rows { get; init; }

    /// <inheritdoc/>
    public override bool IsRandom => Jitter > 0 || Sample < Rows?.Count;

    /// <inheritdoc/>
    public IFilePart At(string path) => this with { Path = path };

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => Rows is null ? $"{Path} has not been read"
        : Sample > Rows.Count ? $"a sample of {Sample} is more than the {Rows.Count} rows of {Path}"
        : (Sample ?? Rows.Count) == setting.Tokens && Rows.Dimension == setting.Dimension ? null
        : $"{Path} has {Sample ?? Rows.Count} rows in dimension {Rows.Dimension}, "
            + $"for {setting.Tokens} tokens in dimension {setting.Dimension}";

    /// <summary>The rows that the tokens of a replica are.</summary>
    /// <param name="count">Rows of the file, n.</param>
    /// <param name="sample">k; null: all.</param>
    /// <param name="replica">Its number.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <remarks>Each row draws a number; those with the k smallest are the sample, every set of k rows with equal chance.</remarks>
    internal static int[] RowsOf(int count, int? sample, int replica, ulong seed)
    {
        int[] rows = [.. Enumerable.Range(0, count)];
        if (!(sample < count)) return rows;
        double[] draws = [.. rows.Select(i => new RandomStream(seed, RandomPurpose.Sample, replica, i).Uniform())];
        Array.Sort(draws, rows);
        return [.. rows.Take(sample.Value).Order()];
    }

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        ReadOnlySpan<double> all = Rows!.Positions;
        int[] rows = RowsOf(Rows.Count, Sample, replica, seed);
        double[] across = new double[d];
        for (int i = 0; i < tokens; i++)
        {
            Span<double> token = positions.Slice(i * d, d);
            all.Slice(rows[i] * d, d).CopyTo(token);
            if (Jitter > 0) Turn(token, across, Stream(seed, replica, i));
        }
    }

    /// <inheritdoc/>
    protected override double[]? WeightsFor(int replicas, ulong seed)
    {
        if (Rows?.Weights is not { } weights) return null;
        return [.. Enumerable.Range(0, replicas).SelectMany(replica => !(Sample < Rows.Count) ? weights
            : (IEnumerable<double>)Shares.Normalized([.. RowsOf(Rows.Count, Sample, replica, seed).Select(i => weights[i])]))];
    }

    private void Turn(Span<double> token, double[] across, RandomStream random)
    {
        do
        {
            random.OnSphere(across);
            Sphere.AddScaled(across, -Sphere.Dot(across, token), token);
        }
        while (!Sphere.TryNormalize(across));
        // Again, for a direction that was nearly along.
        Sphere.AddScaled(across, -Sphere.Dot(across, token), token);
        Sphere.TryNormalize(across);
        (double sin, double cos) = Math.SinCos(Jitter);
        for (int c = 0; c < token.Length; c++) token[c] = cos * token[c] + sin * across[c];
        Sphere.TryNormalize(token);
    }
}
