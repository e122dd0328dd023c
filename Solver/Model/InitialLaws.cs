namespace AttentionFlow.Solver.Model;

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
        if (StatesY) (gauge ?? new IdentityGauge()).Prepare(xi, dimension).Leave(positions, positions, 0, replicas * tokens);
        return new Cloud(replicas, tokens, dimension, positions, xi, WeightsFor(replicas));
    }

    /// <summary>True when the law describes y = Psi x rather than x.</summary>
    protected virtual bool StatesY => false;

    /// <summary>Weights [R, n], or null for equal ones.</summary>
    protected virtual double[]? WeightsFor(int replicas) => null;

    /// <summary>Writes one replica, [n, d].</summary>
    protected abstract void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions);

    private protected static RandomStream Stream(ulong seed, int replica, int token) => new(seed, RandomPurpose.InitialPositions, replica, token);
}

/// <summary>Independent tokens, uniform on the sphere.</summary>
/// <param name="IsGauged">Whether it is y = Psi x that is drawn: then runs with different gauges start from one cloud in the gauge frame.</param>
public sealed record UniformLaw(bool IsGauged = false) : InitialLaw
{
    /// <inheritdoc/>
    protected override bool StatesY => IsGauged;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).OnSphere(positions.Slice(i * d, d));
    }
}

/// <summary>Independent tokens, uniform on the spherical cap of all points within an angle of an axis.</summary>
/// <param name="Axis">Unit vector in R^d.</param>
/// <param name="Angle">Opening half-angle, 0 &lt; angle &lt;= pi, radians.</param>
public sealed record CapLaw(IReadOnlyList<double> Axis, double Angle) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Axis.Count == dimension ? null
        : $"the axis of the cap has {Axis.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] axis = Sphere.Normalized([.. Axis]);
        double[] side = new double[d];
        double lowest = Math.Cos(Angle);
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            Span<double> token = positions.Slice(i * d, d);
            if (lowest < 1 / Math.Sqrt(d))
            {
                // A good share of the sphere, in any dimension.
                do random.OnSphere(token);
                while (Sphere.Dot(token, axis) < lowest);
                continue;
            }
            // s = sin(polar angle) has the density s^{d-2} / sqrt(1 - s^2): propose from s^{d-2}, accept with cos(Angle) / sqrt(1 - s^2).
            double sin, cos;
            do
            {
                sin = Math.Sin(Angle) * Math.Pow(random.Uniform(), 1.0 / (d - 1));
                cos = Math.Sqrt(1 - sin * sin);
            }
            while (random.Uniform() * cos > lowest);
            do
            {
                random.OnSphere(side);
                double along = Sphere.Dot(side, axis);
                for (int c = 0; c < d; c++) side[c] -= along * axis[c];
            }
            while (!Sphere.TryNormalize(side));
            for (int c = 0; c < d; c++) token[c] = cos * axis[c] + sin * side[c];
            Sphere.TryNormalize(token);
        }
    }
}

/// <summary>Independent tokens of the von Mises-Fisher law, density proportional to e^{kappa &lt;mean, x&gt;}; their mean has length A_d(kappa).</summary>
/// <param name="MeanDirection">Unit vector in R^d.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
public sealed record VonMisesFisherLaw(IReadOnlyList<double> MeanDirection, double Concentration) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => MeanDirection.Count == dimension ? null
        : $"the mean direction of the von Mises-Fisher law has {MeanDirection.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] mean = Sphere.Normalized([.. MeanDirection]);
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).VonMisesFisher(mean, Concentration, positions.Slice(i * d, d));
    }
}

/// <summary>
/// Clusters around given centres: token i belongs to centre floor(i K / n) and starts at (centre + spread g)/|.|, g standard normal in R^d.
/// </summary>
/// <param name="Centres">K unit vectors.</param>
/// <param name="Spread">Width, >= 0; 0 puts every token on its centre.</param>
public sealed record ClustersLaw(IReadOnlyList<IReadOnlyList<double>> Centres, double Spread) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) =>
        Centres.Count == 0 ? "at least one centre is needed"
        : Centres.FirstOrDefault(c => c.Count != dimension) is { } odd ? $"a centre has {odd.Count} coordinates, the tokens {dimension}" : null;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            IReadOnlyList<double> centre = Centres[(int)((long)i * Centres.Count / tokens)];
            Span<double> token = positions.Slice(i * d, d);
            do
            {
                for (int c = 0; c < d; c++) token[c] = centre[c] + (Spread > 0 ? Spread * random.Normal() : 0);
            }
            while (!Sphere.TryNormalize(token));
        }
    }
}

/// <summary>
/// All pairs at one angle: x_i = a e_i + b sum_j e_j with a^2 = 1 - g and &lt;x_i, x_j&gt; = g, for n &lt;= d. The flow keeps such a state
/// equiangular [arXiv 2312.10794].
/// </summary>
/// <param name="Cosine">g, -1/(n-1) &lt;= g &lt;= 1.</param>
public sealed record EquiangularLaw(double Cosine) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension)
    {
        if (tokens > dimension) return $"an equiangular start needs at most as many tokens as dimensions; {tokens} tokens in dimension {dimension} are asked for";
        double lowest = tokens > 1 ? -1.0 / (tokens - 1) : -1;
        return Cosine >= lowest && Cosine <= 1 ? null : $"{tokens} unit vectors cannot all have the cosine {Cosine}; it must lie between {lowest} and 1";
    }

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double a = Math.Sqrt(1 - Cosine), b = (Math.Sqrt(Math.Max(0, 1 + (tokens - 1) * Cosine)) - a) / tokens;
        for (int i = 0; i < tokens; i++)
        {
            Span<double> token = positions.Slice(i * d, d);
            token[..tokens].Fill(b);
            token[tokens..].Clear();
            token[i] += a;
            Sphere.TryNormalize(token);
        }
    }
}

/// <summary>
/// Mirror pairs in the gauge frame: y and 2&lt;u,y&gt;u - y, y uniform on the open hemisphere around u, an odd last token at u; then
/// x = Psi^T y. With coupling 1 the gauge-frame mean then stays on the axis u for ever, by symmetry, so the limit is u_inf = u, to rounding.
/// </summary>
/// <param name="Axis">u, unit vector in R^d.</param>
public sealed record SymmetricLaw(IReadOnlyList<double> Axis) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Axis.Count == dimension ? null
        : $"the mirror axis has {Axis.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override bool StatesY => true;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] u = Sphere.Normalized([.. Axis]);
        for (int i = 0; i + 1 < tokens; i += 2)
        {
            RandomStream random = Stream(seed, replica, i);
            Span<double> y = positions.Slice(i * d, d), mirrored = positions.Slice((i + 1) * d, d);
            double along;
            do
            {
                random.OnSphere(y);
                along = Sphere.Dot(u, y);
            }
            while (along == 0);
            for (int c = 0; c < d; c++)
            {
                if (along < 0) y[c] = -y[c];
                mirrored[c] = 2 * Math.Abs(along) * u[c] - y[c];
            }
            Sphere.TryNormalize(mirrored);
        }
        if (tokens % 2 == 1) u.CopyTo(positions[((tokens - 1) * d)..]);
    }
}

/// <summary>Given tokens, the same in every replica (the rows of a file).</summary>
/// <param name="Positions">[n, d], unit rows.</param>
/// <param name="Weights">[n], summing to 1, or null for equal ones.</param>
public sealed record ListedLaw(double[] Positions, double[]? Weights) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Positions.Length == tokens * dimension ? null
        : $"{Positions.Length} coordinates are listed for {tokens} tokens in dimension {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions) => Positions.CopyTo(positions);

    /// <inheritdoc/>
    protected override double[]? WeightsFor(int replicas) =>
        Weights is null ? null : [.. Enumerable.Repeat(Weights, replicas).SelectMany(w => w)];
}
