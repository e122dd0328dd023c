using AttentionFlow.Kernels.Cpu;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// What depends on weights, labels, interaction and tolerance alone: the series, the channels, and for every replica two orders, one for
/// ordinary rows, one for rows with a small Z. No order depends on positions or on another replica, so a row's bits depend neither on the
/// other rows asked for nor on earlier calls.
/// </summary>
/// <remarks>
/// With M = B sum_j |w_j| and an order L, the error of Z_i and of F_i is at most M (beyond(L) + rounding(L)):
/// <see cref="KernelSeries.ErrorBeyond"/> and <see cref="Rounding(int, int)"/>. A row is good when this is at most tol times its scale, Z_i
/// when no term is negative. The first order serves rows down to 0.7 of the scale in a uniform cloud; the second every row there can be:
/// Z_i >= w_i b(0), and Z_i >= e^{-2 beta} min b sum_j w_j; the milder of the two; but there is no use in making the truncation much
/// smaller than the rounding.
/// </remarks>
internal sealed class HarmonicPlan : Plan
{
    /// <summary>Columns that harmonics have.</summary>
    public const RowColumns Known = RowColumns.Force | RowColumns.Radial | RowColumns.Squares;

    private const double LargestBeta = 1e5;

    // Of moments and evaluation, with its gradient.
    private const double ShareOfEvaluation = 0.6;

    private readonly Dictionary<int, HarmonicBasis> _bases = [];

    /// <summary>The plan for a problem whose profile is curved and whose coupling <see cref="LabelChannels"/> knows.</summary>
    public HarmonicPlan(PairProblem problem, RowColumns columns, double tolerance) : base(problem, columns)
    {
        HasRadial = columns.HasFlag(RowColumns.Force | RowColumns.Radial);
        (Method, IsTangential, RelativeError) = (SumMethod.Harmonic, columns.HasFlag(RowColumns.Force) && !HasRadial, tolerance);
        Direct = SimdSums.PlanFor(Precision.Double, problem, columns);
        Squares = columns.HasFlag(RowColumns.Squares) ? new HarmonicPlan(Squared(problem), RowColumns.None, tolerance) : null;
        Channels = new LabelChannels(problem);
        Series = new KernelSeries(problem.Dimension, problem.Interaction.Beta);
        Replicas = new Replica[problem.Replicas];
        for (int r = 0; r < problem.Replicas; r++)
        {
            double sum = 0, smallest = double.PositiveInfinity;
            foreach (double w in problem.Weights.AsSpan(r * problem.Keys, problem.Keys))
            {
                sum += Math.Abs(w);
                smallest = Math.Min(smallest, Math.Abs(w));
            }
            (double mean, double least, double self) = Channels.ScaleOf(r);
            double usual = 0.7 * Series.Coefficients[0] * mean / Channels.Bound;
            double worst = sum > 0 ? Math.Max(self * smallest / sum, least * Math.Exp(-2 * problem.Interaction.Beta)) / Channels.Bound : 1;
            int first = OrderFor(tolerance * usual), second = OrderFor(tolerance * worst);
            Replicas[r] = new Replica(Channels.Bound * sum, Math.Min(first, second), second);
            LeavesMostRows |= Error(second) * (1 + 1 / tolerance) > usual;
        }
        int usualOrder = Replicas.Max(r => r.First), modes = 2 * usualOrder + 1, harmonics = (usualOrder + 1) * (usualOrder + 1);
        Cost = Channels.Terms
            * (problem.Dimension == 2 ? 8 + 0.085 * modes + 2000.0 / problem.Keys : 20 + (0.092 + 22.0 / problem.Keys) * harmonics);
        if (HasRadial) Cost *= 1 + ShareOfEvaluation;
        if (LeavesMostRows) Cost += Direct.Cost;
        Cost += Squares?.Cost ?? 0;
    }

    /// <summary>What is known of a replica.</summary>
    /// <param name="Mass">M = B sum_j |w_j|.</param>
    /// <param name="First">The order for ordinary rows.</param>
    /// <param name="Second">The order for every row; not below the first.</param>
    public readonly record struct Replica(double Mass, int First, int Second)
    {
        /// <summary>The order of a level, 0 or 1.</summary>
        public int Order(int level) => level == 0 ? First : Second;
    }

    /// <summary>tol.</summary>
    public double Tolerance => RelativeError;

    /// <summary>Whether forces are to have their part along x_i.</summary>
    public bool HasRadial { get; }

    /// <summary>
    /// True where rounding keeps every order from serving the rows of a uniform cloud: then most are summed directly, and priced so.
    /// </summary>
    public bool LeavesMostRows { get; }

    /// <summary>What has <see cref="RowColumns.Squares"/> for its Z; null where these are not asked for.</summary>
    public HarmonicPlan? Squares { get; }

    /// <summary>For the rows that no order serves.</summary>
    public Plan Direct { get; }

    /// <summary>The expansion of the kernel.</summary>
    public KernelSeries Series { get; }

    /// <summary>The coupling.</summary>
    public LabelChannels Channels { get; }

    /// <summary>Masses and orders.</summary>
    public Replica[] Replicas { get; }

    /// <summary>The plan for a problem, which says why not where harmonics do not serve.</summary>
    public static Plan For(double tolerance, PairProblem problem, RowColumns columns)
    {
        if (WhyNever(problem, columns) is { } never) return new Plan(problem, columns, never);
        HarmonicPlan plan = new(problem, columns, tolerance);
        int order = Math.Max(plan.Replicas.Max(r => r.Second), plan.Squares?.Replicas.Max(r => r.Second) ?? 0);
        return order <= HarmonicSums.MaxOrder ? plan : new Plan(problem, columns,
            $"beta = {problem.Interaction.Beta:R} needs harmonics up to degree {order}; they are stable up to {HarmonicSums.MaxOrder}");
    }

    /// <summary>The basis for a replica and a level, made when it is first asked for. One caller at a time.</summary>
    public HarmonicBasis Basis(int replica, int level)
    {
        int order = Replicas[replica].Order(level);
        if (!_bases.TryGetValue(order, out HarmonicBasis? basis)) _bases[order] = basis = HarmonicBasis.Of(Problem.Dimension, order);
        return basis;
    }

    /// <summary>The error of a row's Z and F at most, for M = 1.</summary>
    public double Error(int order) => Series.ErrorBeyond(order, HasRadial) + Rounding(order);

    /// <summary>
    /// What rounding may do at this order, for M = 1: three times the most that was measured, over beta = 0.01..256 and clouds from uniform
    /// to a point, at the poles too. On the circle the recurrence in x = cos u loses L^2 units near u = 0, as positions rounded to double
    /// themselves do.
    /// </summary>
    public static double Rounding(int dimension, int order) =>
        Math.Pow(2, -53) * (16 + 4 * order + (dimension == 2 ? order * order / 16.0 : 0));

    private static string? WhyNever(PairProblem problem, RowColumns columns)
    {
        if (problem.WhyNever(columns) is { } never) return never;
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "the harmonic sums take the self form only, where queries, keys and values are one array";
        if (problem.Dimension is not (2 or 3))
            return $"the harmonic sums know the circle and the sphere, d = 2 and 3, not d = {problem.Dimension}";
        if (interaction.Mask != Mask.None) return $"the harmonic sums have no mask, and the problem asks for {interaction.Mask}";
        if (!interaction.Profile.IsExponential(interaction.Beta))
            return "the harmonic sums are for the exponential profile and beta > 0; other sums need no harmonics";
        if (!LabelChannels.Knows(interaction.Coupling))
            return $"the harmonic sums know the couplings one and toeplitz, not '{interaction.Coupling.Name}'";
        // Before any table is made: no tolerance needs so few degrees there.
        if (interaction.Beta > LargestBeta)
            return $"beta = {interaction.Beta:R} needs harmonics far beyond degree {HarmonicSums.MaxOrder}, up to which they are stable";
        RowColumns missing = columns & ~Known;
        return missing == RowColumns.None ? null : $"the harmonic sums give no {Named(missing)}";
    }

    private static string Named(RowColumns missing) => missing.HasFlag(RowColumns.Largest) ? "largest entry of a row"
        : missing.HasFlag(RowColumns.CouplingLog) ? "entropy of a coupling" : "deficit of a row";

    // sum_j (w_j a_ij)^2, a = b e^{beta (t - 1)}, is the Z of these.
    private static PairProblem Squared(PairProblem problem)
    {
        Interaction interaction = problem.Interaction;
        return PairProblem.Self(problem.Replicas, problem.Keys, problem.Dimension,
            interaction with { Beta = 2 * interaction.Beta, Coupling = LabelChannels.Squared(interaction.Coupling) }, problem.Q,
            [.. problem.Weights.Select(w => w * w)], problem.KeyLabels);
    }

    private double Rounding(int order) => Rounding(Problem.Dimension, order);

    private int OrderFor(double error)
    {
        int order = Series.OrderFor(error / 2, HasRadial);
        double rounding = Rounding(order);
        return Series.OrderFor(Math.Max(error - rounding, rounding / 4), HasRadial);
    }
}
