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
    private readonly Dictionary<int, HarmonicBasis> _bases = [];

    /// <summary>The plan for a problem whose profile is curved and whose coupling <see cref="LabelChannels"/> knows.</summary>
    public HarmonicPlan(PairProblem problem, RowColumns columns, double tolerance) : base(problem, columns)
    {
        (Method, IsTangential, RelativeError) = (SumMethod.Harmonic, true, tolerance);
        Direct = SimdSums.PlanFor(Precision.Double, problem, columns);
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
        }
        int usualOrder = Replicas.Max(r => r.First), modes = 2 * usualOrder + 1, harmonics = (usualOrder + 1) * (usualOrder + 1);
        Cost = Channels.Terms
            * (problem.Dimension == 2 ? 8 + 0.085 * modes + 2000.0 / problem.Keys : 20 + (0.092 + 22.0 / problem.Keys) * harmonics);
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
        int order = plan.Replicas.Max(r => r.Second);
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
    public double Error(int order) => Series.ErrorBeyond(order) + Rounding(order);

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
        if (!interaction.Profile.IsCurved(interaction.Beta))
            return "the harmonic sums are for the exponential profile and beta > 0; other sums need no harmonics";
        if (!LabelChannels.Knows(interaction.Coupling))
            return $"the harmonic sums know the couplings one and toeplitz, not '{interaction.Coupling.Name}'";
        RowColumns missing = columns & ~RowColumns.Force;
        return missing == RowColumns.None ? null : $"the harmonic sums have the column Force, not {missing}";
    }

    private double Rounding(int order) => Rounding(Problem.Dimension, order);

    private int OrderFor(double error)
    {
        int order = Series.OrderFor(error / 2);
        double rounding = Rounding(order);
        return Series.OrderFor(Math.Max(error - rounding, rounding / 4));
    }
}
