namespace AttentionFlow.Solver.Model;

/// <summary>The law of the initial positions. One record a file in this folder.</summary>
[Kinds("law")]
public abstract record InitialLaw
{
    /// <summary>Why this law cannot draw the tokens of a setting, or null.</summary>
    public virtual string? WhyNot(in Setting setting) => null;

    /// <summary>Whether the seed counts; then replicas differ, too.</summary>
    public virtual bool IsRandom => true;

    /// <summary>Whether replicas differ.</summary>
    public virtual bool DiffersByReplica => IsRandom;

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
        labels ??= new GridLabels();
        Setting setting = new(tokens, dimension) { Seed = seed };
        if ((WhyNot(setting) ?? labels.WhyNot(setting)) is { } why) throw new ArgumentException(why);
        double[] xi = labels.Draw(replicas, tokens, seed);
        double[] positions = new double[replicas * tokens * dimension];
        for (int r = 0; r < replicas; r++)
            DrawReplica(r, tokens, dimension, seed, positions.AsSpan(r * tokens * dimension, tokens * dimension));
        if (StatesY) (gauge ?? new IdentityGauge()).Prepare(xi, dimension).Leave(positions, positions, 0, replicas * tokens);
        return new Cloud(replicas, tokens, dimension, positions, xi, WeightsFor(replicas, seed)) { Radii = Radii };
    }

    /// <summary>True when the law describes y = Psi x rather than x.</summary>
    protected virtual bool StatesY => false;

    /// <summary>Weights [R, n], or null for equal ones.</summary>
    protected virtual double[]? WeightsFor(int replicas, ulong seed) => null;

    /// <summary>Radii [R, n], or null for the start of the scheme.</summary>
    protected virtual double[]? Radii => null;

    /// <summary>Writes one replica, [n, d].</summary>
    protected abstract void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions);

    private protected static RandomStream Stream(ulong seed, int replica, int token) =>
        new(seed, RandomPurpose.InitialPositions, replica, token);
}

/// <summary>Independent tokens, uniform on the sphere.</summary>
/// <param name="GaugeFrame">Whether it is y = Psi x that is drawn: then runs with different gauges start from one cloud in the gauge
/// frame.</param>
[Kind("uniform", 0), Description("Independent, uniform on the sphere.")]
public sealed record UniformLaw(
    [Description("Whether the positions drawn are those in the gauge frame, y = Psi x; "
        + "then runs with different gauges start from the same y.")]
    bool GaugeFrame = false) : InitialLaw
{
    /// <inheritdoc/>
    protected override bool StatesY => GaugeFrame;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).OnSphere(positions.Slice(i * d, d));
    }
}

/// <summary>Independent tokens, uniform on the spherical cap of all points within an angle of an axis.</summary>
/// <param name="Axis">Unit vector in R^d; null: the last basis vector.</param>
/// <param name="Angle">Opening half-angle, 0 &lt; angle &lt;= pi, radians.</param>
[Kind("cap", 1), Description("Independent, uniform on the cap of points within an angle of an axis.")]
public sealed record CapLaw(
    [UnitVector, Description("The centre of the cap, a unit vector; null = the last basis vector.")] Sequence<double>? Axis = null,
    [Quantity("the angle of the cap", Above = 0, AtMost = Math.PI), Description("The largest angle to the axis, in radians.")]
    double Angle = 0.5) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Axis, "the axis");

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] axis = Sphere.Normalized(Sphere.OrLastAxis(Axis, d));
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

/// <summary>
/// Independent tokens of the von Mises-Fisher law, density proportional to e^{kappa &lt;mean, x&gt;}; their mean has length A_d(kappa).
/// </summary>
/// <param name="Mean">The mean direction, a unit vector in R^d; null: the last basis vector.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
[Kind("vonMisesFisher", 2)]
[Description("Independent, of the von Mises-Fisher law: density proportional to e^(concentration <mean, x>).")]
public sealed record VonMisesFisherLaw(
    [UnitVector, Description("The mean direction, a unit vector; null = the last basis vector.")] Sequence<double>? Mean = null,
    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6), Description("The concentration kappa; 0 = uniform.")]
    double Concentration = 1) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Mean, "the mean");

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] mean = Sphere.Normalized(Sphere.OrLastAxis(Mean, d));
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).VonMisesFisher(mean, Concentration, positions.Slice(i * d, d));
    }
}

/// <summary>
/// Clusters around given centres: token i belongs to centre floor(i K / n) and starts at (centre + spread g)/|.|, g standard normal in R^d.
/// </summary>
/// <param name="Centres">K unit vectors.</param>
/// <param name="Spread">Width, >= 0; 0 puts every token on its centre.</param>
[Kind("clusters", 3), Description("As many clusters as centres: token i (from 0) of n starts near centre i x centres / n, rounded down.")]
public sealed record ClustersLaw(
    [UnitVector, Description("The centres, unit vectors.")] Sequence<Sequence<double>> Centres,
    [Quantity("the spread", AtLeast = 0, AtMost = 1e6)]
    [Description("Standard deviation of the scatter along each coordinate, before the return to the sphere; 0 = on the centres.")]
    double Spread = 0.1) : InitialLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => Spread > 0;

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Centres, "centre");

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            Sequence<double> centre = Centres[(int)((long)i * Centres.Count / tokens)];
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
[Kind("equiangular", 4), Description("All pairs of tokens at the same angle; at most as many tokens as dimensions.")]
public sealed record EquiangularLaw(
    [Quantity("the cosine", AtLeast = -1, AtMost = 1), Description("The inner product of every pair, at least -1/(n-1).")]
    double Cosine = 0) : InitialLaw
{
    /// <inheritdoc/>
    public override bool IsRandom => false;

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting)
    {
        (int n, int d) = (setting.Tokens, setting.Dimension);
        if (n > d) return $"{n} tokens can not be equiangular in dimension {d}: at most as many tokens as dimensions can";
        return (n - 1) * Cosine >= -1 && Cosine <= 1 ? null
            : Text.Of($"{Cosine} is no cosine of {n} equiangular tokens; it must lie between {-1.0 / (n - 1)} and 1");
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
/// Mirror pairs in the gauge frame: y and 2&lt;u,y&gt;u - y, y uniform on the open hemisphere around u, an odd last token at u; then x =
/// Psi^T y. With coupling 1 the gauge-frame mean then stays on the axis u for ever, by symmetry, so the limit is u_inf = u, to rounding.
/// </summary>
/// <param name="Axis">u, unit vector in R^d; null: the last basis vector.</param>
[Kind("symmetric", 5), Description("Mirror pairs about an axis in the gauge frame, all in its hemisphere; an odd token sits on it.")]
public sealed record SymmetricLaw(
    [UnitVector, Description("The mirror axis u, a unit vector; null = the last basis vector.")] Sequence<double>? Axis = null) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.WhyNot(Axis, "the axis");

    /// <inheritdoc/>
    protected override bool StatesY => true;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] u = Sphere.Normalized(Sphere.OrLastAxis(Axis, d));
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
