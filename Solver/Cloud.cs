namespace AttentionFlow.Solver;

/// <summary>
/// Independent clouds of tokens on the unit sphere: the state of a flow, on the host, in double. Arrays are flattened (replica, token,
/// coordinate), row-major.
/// </summary>
public sealed class Cloud
{
    /// <summary>A cloud of these arrays, which it keeps; weights default to 1/n, labels to the midpoint grid.</summary>
    /// <param name="replicas">R >= 1.</param>
    /// <param name="tokens">n >= 1, tokens of one replica.</param>
    /// <param name="dimension">d >= 2.</param>
    /// <param name="positions">[R, n, d], rows of unit length within 1e-9.</param>
    /// <param name="labels">[R, n] or null.</param>
    /// <param name="weights">[R, n], summing to 1 in each replica, or null.</param>
    /// <exception cref="ArgumentException">When a length, a norm or a weight sum is off.</exception>
    public Cloud(int replicas, int tokens, int dimension, double[] positions, double[]? labels = null, double[]? weights = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 2);
        (Replicas, Tokens, Dimension, Positions) = (replicas, tokens, dimension, positions);
        Labels = labels ?? Grid(replicas, tokens);
        Weights = weights ?? EqualWeights(replicas, tokens);
        if (positions.Length != replicas * tokens * dimension)
            throw new ArgumentException($"{positions.Length} coordinates; {replicas} x {tokens} x {dimension} are expected");
        if (Labels.Length != Rows) throw new ArgumentException($"{Labels.Length} labels; {Rows} are expected");
        if (Weights.Length != Rows) throw new ArgumentException($"{Weights.Length} weights; {Rows} are expected");
        for (int row = 0; row < Rows; row++)
            if (!(Math.Abs(Sphere.Norm(Token(row)) - 1) <= 1e-9))
                throw new ArgumentException($"token {row % tokens} of replica {row / tokens} "
                    + $"has length {Sphere.Norm(Token(row))}; tokens live on the unit sphere");
        for (int r = 0; r < replicas; r++)
        {
            foreach (double weight in Weights.AsSpan(r * tokens, tokens))
                if (!(weight > 0 && double.IsNormal(weight)))
                    throw new ArgumentException($"a weight of replica {r} is {weight}; weights must be positive, and normal numbers");
            double total = CompensatedSum.Of(Weights.AsSpan(r * tokens, tokens));
            if (!(Math.Abs(total - 1) <= 1e-9))
                throw new ArgumentException($"the weights of replica {r} sum to {total}; they must sum to 1");
        }
    }

    /// <summary>R.</summary>
    public int Replicas { get; }

    /// <summary>n, tokens per replica.</summary>
    public int Tokens { get; }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>R n, tokens of all replicas together.</summary>
    public int Rows => Replicas * Tokens;

    /// <summary>x, [R, n, d].</summary>
    public double[] Positions { get; }

    /// <summary>
    /// r, [R, n], state of schemes that have one; null before the first run, which then fills in the start of the scheme.
    /// </summary>
    public double[]? Radii { get; set; }

    /// <summary>xi, [R, n], frozen.</summary>
    public double[] Labels { get; }

    /// <summary>m, [R, n], each replica summing to 1; a run whose weights move moves them here.</summary>
    public double[] Weights { get; }

    /// <summary>The d coordinates of the token with this flattened (replica, token) index.</summary>
    public Span<double> Token(int row) => Positions.AsSpan(row * Dimension, Dimension);

    /// <summary>The midpoint grid of labels, s_i = (i + 1/2)/n, [R, n].</summary>
    internal static double[] Grid(int replicas, int tokens) =>
        [.. Enumerable.Range(0, replicas * tokens).Select(row => (row % tokens + 0.5) / tokens)];

    private static double[] EqualWeights(int replicas, int tokens)
    {
        double[] weights = new double[replicas * tokens];
        Array.Fill(weights, 1.0 / tokens);
        return weights;
    }
}
