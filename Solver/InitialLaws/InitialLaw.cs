namespace AttentionFlow.Solver;

/// <summary>The law of the initial positions. One record a file in this folder.</summary>
public abstract record InitialLaw
{
    /// <summary>Why this law cannot draw n tokens in dimension d, or null.</summary>
    public virtual string? WhyNot(int tokens, int dimension) => null;

    /// <summary>Draws a cloud.</summary>
    /// <param name="replicas">R.</param>
    /// <param name="tokens">n.</param>
    /// <param name="dimension">d.</param>
    /// <param name="seed">Seed of the run; every draw is a function of (seed, replica, token).</param>
    /// <param name="labels">The law of the labels; null: the midpoint grid.</param>
    /// <param name="gauge">The gauge of the flow, for laws that are stated in its frame; null: none.</param>
    /// <exception cref="ArgumentException">When the law or the gauge does not suit the sizes.</exception>
    public Cloud Draw(int replicas, int tokens, int dimension, ulong seed, LabelLaw? labels = null, Gauge? gauge = null)
    {
        if (WhyNot(tokens, dimension) is { } why) throw new ArgumentException(why);
        double[] xi = (labels ?? new GridLabels()).Draw(replicas, tokens, seed);
        double[] positions = new double[replicas * tokens * dimension];
        for (int r = 0; r < replicas; r++) DrawReplica(r, tokens, dimension, seed, positions.AsSpan(r * tokens * dimension, tokens * dimension));
        if (InGaugeFrame) (gauge ?? new IdentityGauge()).Prepare(xi, dimension).Leave(positions, positions, 0, replicas * tokens);
        return new Cloud(replicas, tokens, dimension, positions, xi, WeightsFor(replicas));
    }

    /// <summary>True when the law describes y = Psi x rather than x.</summary>
    protected virtual bool InGaugeFrame => false;

    /// <summary>Weights [R, n], or null for equal ones.</summary>
    protected virtual double[]? WeightsFor(int replicas) => null;

    /// <summary>Writes one replica, [n, d].</summary>
    protected abstract void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions);

    private protected static RandomStream Stream(ulong seed, int replica, int token) => new(seed, RandomPurpose.InitialPositions, replica, token);
}
