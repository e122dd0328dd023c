namespace AttentionFlow.Kernels;

/// <summary>
/// What is to be summed: positions, weights, labels and the interaction. Weights, labels and interaction never change after construction
/// (an implementation may keep tables made from them), or whoever changes them goes on with <see cref="Anew"/>; the contents of the
/// position arrays may change from call to call.
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
            throw new ArgumentOutOfRangeException(nameof(interaction), interaction.Beta,
                "the inverse temperature must be finite and at least 0");
        (Replicas, Queries, Keys, Dimension, Interaction) = (replicas, queries, keys, dimension, interaction);
    }

    /// <summary>The self form: the difference form of a cloud with itself, queries, keys and values one array of unit vectors.</summary>
    /// <param name="replicas">Number of independent clouds R.</param>
    /// <param name="tokens">Tokens per cloud n.</param>
    /// <param name="dimension">d.</param>
    /// <param name="interaction">beta, profile, coupling, mask; the normalisation is not used by pair sums.</param>
    /// <param name="positions">[R, n, d], rows of unit length.</param>
    /// <param name="weights">[R, n], any sign.</param>
    /// <param name="labels">[R, n].</param>
    public static PairProblem Self(int replicas, int tokens, int dimension, Interaction interaction,
        double[] positions, double[] weights, double[] labels) =>
        Difference(replicas, tokens, tokens, dimension, interaction, positions, positions, weights, labels, labels);

    /// <summary>
    /// The difference form: values are the keys and origins the queries. Forces are accumulated as differences k_j - q_i (so that single
    /// precision keeps the tangential part), logits come from the same differences: l_ij = beta (1 - |q_i - k_j|^2/2), which is beta
    /// &lt;q_i, k_j> for unit vectors. A key of another length |k| has beta (1 - |k|^2)/2 less than its dot product, for its weight to make
    /// up.
    /// </summary>
    /// <param name="replicas">R.</param>
    /// <param name="queries">m, queries per replica.</param>
    /// <param name="keys">n, keys per replica.</param>
    /// <param name="dimension">d.</param>
    /// <param name="interaction">beta, profile, coupling, mask.</param>
    /// <param name="q">[R, m, d], rows of unit length.</param>
    /// <param name="k">[R, n, d], rows of at most unit length.</param>
    /// <param name="weights">[R, n], any sign.</param>
    /// <param name="queryLabels">[R, m].</param>
    /// <param name="keyLabels">[R, n].</param>
    public static PairProblem Difference(int replicas, int queries, int keys, int dimension, Interaction interaction,
        double[] q, double[] k, double[] weights, double[] queryLabels, double[] keyLabels)
    {
        PairProblem problem = new(replicas, queries, keys, dimension, interaction)
        {
            Q = q, K = k, V = k, Origin = q, Weights = weights, QueryLabels = queryLabels, KeyLabels = keyLabels, IsDifference = true,
        };
        problem.Check();
        return problem;
    }

    /// <summary>
    /// The general form: separate queries [R, m, d], keys and values [R, n, d], and an optional origin [R, m, d] (null: 0).
    /// </summary>
    public static PairProblem General(int replicas, int queries, int keys, int dimension, Interaction interaction,
        double[] q, double[] k, double[] v, double[]? origin, double[] weights, double[] queryLabels, double[] keyLabels)
    {
        PairProblem problem = new(replicas, queries, keys, dimension, interaction)
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

    /// <summary>o, [R, Queries, d]; null stands for zero. The queries themselves in the difference form.</summary>
    public required double[]? Origin { get; init; }

    /// <summary>w, [R, Keys], any sign.</summary>
    public required double[] Weights { get; init; }

    /// <summary>[R, Queries].</summary>
    public required double[] QueryLabels { get; init; }

    /// <summary>[R, Keys].</summary>
    public required double[] KeyLabels { get; init; }

    /// <summary>True when logits and forces come from the differences k_j - q_i: see <see cref="Difference"/>.</summary>
    public bool IsDifference { get; private init; }

    /// <summary>True for a difference form whose queries and keys are one array, and their labels too.</summary>
    public bool IsSelf => IsDifference && ReferenceEquals(Q, K) && ReferenceEquals(QueryLabels, KeyLabels);

    /// <summary>Rows of the result: R times queries.</summary>
    public int Rows => Replicas * Queries;

    /// <summary>Ordered pairs in one full evaluation.</summary>
    public long Pairs => (long)Rows * Keys;

    /// <summary>The keys [From, To) of its replica that a query sees under the mask; none where From = To.</summary>
    /// <param name="query">Index inside its replica.</param>
    public (int From, int To) KeysOf(int query) => Interaction.Mask switch
    {
        Mask.None => (0, Keys),
        Mask.Causal => (0, Math.Min(query + 1, Keys)),
        Mask.Strict => (0, Math.Min(query, Keys)),
        Mask.Reversed => (Math.Min(query, Keys), Keys),
        Mask.StrictReversed => (Math.Min(query + 1, Keys), Keys),
        Mask unknown => throw new NotSupportedException($"the mask {unknown} is not known"),
    };

    /// <summary>The same on the same arrays, of which nothing is known yet: for weights that have changed, with a new plan.</summary>
    public PairProblem Anew() => (PairProblem)MemberwiseClone();

    /// <summary>Why no implementation can deliver these columns for this problem, or null.</summary>
    public string? WhyNever(RowColumns columns)
    {
        if (columns.HasFlag(RowColumns.Deficit) && !(IsDifference && Interaction.Profile.IsExponential(Interaction.Beta)))
            return "the deficit column exists for the difference form with the exponential profile and beta > 0 only";
        if (columns.HasFlag(RowColumns.Value) && !Interaction.Profile.IsGeneral)
            return $"the column of values is for other profiles than '{Interaction.Profile}', which has them of its other sums";
        if (columns.HasFlag(RowColumns.CouplingLog) && Interaction.Coupling.Smallest < 0)
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
