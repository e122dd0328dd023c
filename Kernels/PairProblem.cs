namespace AttentionFlow.Kernels;

/// <summary>
/// What is to be summed: positions, weights, labels and the interaction. Weights, labels and interaction never change after
/// construction (an implementation may keep tables made from them); the contents of the position arrays may change from
/// call to call.
/// </summary>
public sealed class PairProblem
{
    private PairProblem(int replicas, int queries, int keys, int dimension, Interaction interaction)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(queries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        if (!(interaction.Beta >= 0) || !double.IsFinite(interaction.Beta))
            throw new ArgumentOutOfRangeException(nameof(interaction), interaction.Beta, "the inverse temperature must be finite and at least 0");
        (Replicas, Queries, Keys, Dimension, Interaction) = (replicas, queries, keys, dimension, interaction);
    }

    /// <summary>
    /// The self form: queries, keys and values are one array of unit vectors, forces are accumulated as differences
    /// v_j - x_i (so that single precision keeps the tangential part), logits come from the same differences.
    /// </summary>
    /// <param name="replicas">Number of independent clouds R.</param>
    /// <param name="tokens">Tokens per cloud n.</param>
    /// <param name="dimension">d.</param>
    /// <param name="interaction">beta, profile, coupling, mask; the normalisation is not used by pair sums.</param>
    /// <param name="positions">[R, n, d], rows of unit length.</param>
    /// <param name="weights">[R, n], any sign.</param>
    /// <param name="labels">[R, n].</param>
    public static PairProblem Self(int replicas, int tokens, int dimension, Interaction interaction, double[] positions, double[] weights, double[] labels)
    {
        var problem = new PairProblem(replicas, tokens, tokens, dimension, interaction)
        {
            Q = positions, K = positions, V = positions, Origin = positions, Weights = weights, QueryLabels = labels, KeyLabels = labels,
        };
        problem.Check();
        return problem;
    }

    /// <summary>The general form: separate queries [R, m, d], keys and values [R, n, d], and an optional origin [R, m, d] (null: 0).</summary>
    public static PairProblem General(int replicas, int queries, int keys, int dimension, Interaction interaction,
        double[] q, double[] k, double[] v, double[]? origin, double[] weights, double[] queryLabels, double[] keyLabels)
    {
        var problem = new PairProblem(replicas, queries, keys, dimension, interaction)
        {
            Q = q, K = k, V = v, Origin = origin, Weights = weights, QueryLabels = queryLabels, KeyLabels = keyLabels,
        };
        problem.Check();
        return problem;
    }

    /// <summary>R, the number of independent clouds.</summary>
    public int Replicas { get; }

    /// <summary>Queries per replica.</summary>
    public int Queries { get; }

    /// <summary>Keys per replica.</summary>
    public int Keys { get; }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>beta, profile, coupling, mask.</summary>
    public Interaction Interaction { get; }

    /// <summary>[R, Queries, d].</summary>
    public required double[] Q { get; init; }

    /// <summary>[R, Keys, d].</summary>
    public required double[] K { get; init; }

    /// <summary>[R, Keys, d].</summary>
    public required double[] V { get; init; }

    /// <summary>o, [R, Queries, d]; null stands for zero. The positions themselves in the self form.</summary>
    public required double[]? Origin { get; init; }

    /// <summary>w, [R, Keys], any sign.</summary>
    public required double[] Weights { get; init; }

    /// <summary>[R, Queries].</summary>
    public required double[] QueryLabels { get; init; }

    /// <summary>[R, Keys].</summary>
    public required double[] KeyLabels { get; init; }

    /// <summary>True when queries, keys, values and origin are one array of unit vectors.</summary>
    public bool IsSelf => ReferenceEquals(Q, K) && ReferenceEquals(K, V) && ReferenceEquals(V, Origin);

    /// <summary>Rows of the result: R times queries.</summary>
    public int Rows => Replicas * Queries;

    /// <summary>Ordered pairs in one full evaluation.</summary>
    public long Pairs => (long)Rows * Keys;

    /// <summary>Why no implementation can deliver these columns for this problem, or null.</summary>
    public string? WhyNever(Columns columns)
    {
        if (columns.HasFlag(Columns.Deficit) && !(IsSelf && Interaction.Profile.IsCurved(Interaction.Beta)))
            return "the deficit column exists for the self form with the exponential profile and beta > 0 only";
        if (columns.HasFlag(Columns.CouplingLog) && Interaction.Coupling.Smallest < 0)
            return $"the coupling '{Interaction.Coupling.Name}' takes negative values, so log b is not defined";
        return null;
    }

    private void Check()
    {
        Expect(Q, Rows * Dimension, nameof(Q));
        Expect(K, Replicas * Keys * Dimension, nameof(K));
        Expect(V, Replicas * Keys * Dimension, nameof(V));
        Expect(Weights, Replicas * Keys, nameof(Weights));
        Expect(QueryLabels, Rows, nameof(QueryLabels));
        Expect(KeyLabels, Replicas * Keys, nameof(KeyLabels));
        if (Origin is not null) Expect(Origin, Rows * Dimension, nameof(Origin));

        static void Expect(double[] array, int length, string name)
        {
            if (array.Length != length) throw new ArgumentException($"{name} has {array.Length} numbers; the sizes ask for {length}");
        }
    }
}
