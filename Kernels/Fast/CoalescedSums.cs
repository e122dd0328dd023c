using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;

namespace AttentionFlow.Kernels.Fast;

/// <summary>
/// Direct sums over fewer keys, in any dimension: tokens that lie together are one weighted key at their centroid. The cells are made anew
/// for every call, from the cloud alone, and used in a replica while they are fewer than a quarter of its tokens; other replicas are summed
/// directly. Self form, exponential profile, couplings one and block (a cell keeps to one label), weights that are not negative, no mask,
/// <see cref="RowColumns.Force"/> and <see cref="RowColumns.Deficit"/>.
/// </summary>
/// <remarks>
/// <para>Bound. A cell of weight W and variance v around its centroid c, with s_j = beta &lt;q, x_j - c>, has sum_j w_j s_j = 0: the first
/// order vanishes, and
/// sum_j w_j e^{s_j} lies between W and W (1 + beta^2 v e^tau / 2), tau = max |s_j|. The cell's force, sum_j w_j e^{s_j} (x_j - q), is W (c
/// - q) but for W (beta^2 v/2 |P(c - q)| + beta v) e^tau in its tangential
/// part P. A token lies within r of its cell's founder, so v is at most r^2 and tau at most 2 beta r, and r is chosen so that e^{2 beta r}
/// r^2 max(beta^2/2 + beta, 2 beta) = tol.</para>
/// <para>So the errors of Z_i and of the tangential part of F_i are at most tol S_i (of its part along q 2 tol S_i), S_i = sum_j w_j
/// |b_ij| e^{beta (t_ij - 1)} (Z_i where b >= 0); the deficit's is at most 2 tol of its value, because
/// the mean of beta |q - x_j|^2/2 over a cell is kept exactly and s_j is small of second order where q is near. To this come the errors of
/// <see cref="SimdSums"/>.</para>
/// <para>The error is relative for each cell by itself: about beta (beta/2 + 1) v of its pull, the token's own cell included. So
/// exponentially weak pulls between clusters keep their relative
/// accuracy at any beta, unlike those of <see cref="HarmonicSums"/>. What else moves the centre of a cluster is of third order in its
/// width, beta r^3 Z, and vanishes as it contracts, but for
/// the rounding of the centroid, 1e-16 Z, which is less than a step can add to a coordinate.</para>
/// <para>The bits depend neither on threads nor on row ranges nor on the vector width.</para>
/// </remarks>
internal sealed class CoalescedSums : IPairSums
{
    /// <summary>Replicas of fewer tokens are summed directly: looking for cells would not pay.</summary>
    public const int FewestTokens = 512;

    private readonly double _tolerance;
    private readonly SimdSums _direct;
    private readonly int _threads;

    /// <summary>Sums with this relative error on up to <paramref name="threads"/> threads.</summary>
    /// <param name="tolerance">tol, the error relative to Z_i that is allowed, above 0 and below 1.</param>
    /// <param name="precision">Arithmetic of the pairs.</param>
    /// <param name="threads">At least 1, the caller's thread among them.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has.</param>
    public CoalescedSums(double tolerance, Precision precision, int threads, int? vectorBits = null)
    {
        if (!(tolerance > 0 && tolerance < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "the tolerance must be above 0 and below 1");
        (_tolerance, _threads, _direct) = (tolerance, threads, new SimdSums(precision, threads, vectorBits));
    }

    public string Name => "coalesced";

    public SumStatistics Statistics { get; init; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) => CoalescedPlan.For(_tolerance, _direct.Plan(problem, columns));

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        List<Range> left = SumWithin(plan, rows, into, plan.Problem.Keys / 4, stop);
        foreach (Range direct in left) _direct.Sum(((CoalescedPlan)plan).Direct, direct, into, stop);
        if (left.Count > 0) Statistics.Count(SumMethod.Direct, ((CoalescedPlan)plan).Direct.RelativeError);
    }

    public void Dispose() => _direct.Dispose();

    /// <summary>Sums the rows of those replicas that have at most <paramref name="mostCells"/> cells, and returns the other rows.</summary>
    internal List<Range> SumWithin(Plan asked, Range rows, RowSums into, int mostCells, CancellationToken stop)
    {
        (int first, int count) = asked.Begin(rows, into, stop);
        CoalescedPlan plan = (CoalescedPlan)asked;
        List<Range> left = [];
        if (count == 0) return left;
        int tokens = plan.Problem.Keys, firstReplica = first / tokens, most = 0;
        double bound = 0;
        Cells?[] found = new Cells?[(first + count - 1) / tokens - firstReplica + 1];
        if (tokens >= FewestTokens && mostCells > 0)
            Workers.For(found.Length, 1, _threads, (from, to) =>
            {
                for (int r = from; r < to; r++) found[r] = Gather(plan, firstReplica + r, mostCells);
            });
        for (int r = 0; r < found.Length; r++)
        {
            int begin = (firstReplica + r) * tokens, from = Math.Max(first, begin), to = Math.Min(first + count, begin + tokens);
            if (found[r] is { } cells)
            {
                SumReplica(plan.Problem, cells, firstReplica + r, from..to, into, stop);
                (most, bound) = (Math.Max(most, cells.Count), Math.Max(bound, plan.Bound(cells.Variance)));
            }
            else if (left.Count > 0 && left[^1].End.Value == from) left[^1] = left[^1].Start..to;
            else left.Add(from..to);
        }
        if (most == 0) return left;
        Statistics.AddCells(most, bound);
        Statistics.Count(plan.Method, plan.RelativeError);
        return left;
    }

    private static Cells? Gather(CoalescedPlan plan, int replica, int most)
    {
        PairProblem problem = plan.Problem;
        int n = problem.Keys, d = problem.Dimension;
        bool labelled = !problem.Interaction.Coupling.IsOne;
        return Cells.Of(problem.Q.AsSpan(replica * n * d, n * d), problem.Weights.AsSpan(replica * n, n),
            labelled ? problem.KeyLabels.AsSpan(replica * n, n) : [], problem.Interaction.Beta, plan.Radius, most);
    }

    private void SumReplica(PairProblem problem, Cells cells, int replica, Range rows, RowSums into, CancellationToken stop)
    {
        int n = problem.Keys, d = problem.Dimension, begin = replica * n, from = rows.Start.Value, to = rows.End.Value;
        bool alone = problem.Replicas == 1;
        double[] q = alone ? problem.Q : problem.Q[(begin * d)..((begin + n) * d)];
        double[] labels = alone ? problem.QueryLabels : problem.QueryLabels[begin..(begin + n)];
        double[] cellLabels = new double[cells.Count];
        for (int cell = 0; cell < cells.Count; cell++) cellLabels[cell] = labels[cells.Founders[cell]];
        PairProblem fewer = PairProblem.Difference(
            1, n, cells.Count, d, problem.Interaction, q, cells.Centroids, cells.Weights, labels, cellLabels);
        RowSums sums = alone ? into : new RowSums(n, d, into.Columns);
        _direct.Sum(_direct.Plan(fewer, into.Columns), (from - begin)..(to - begin), sums, stop);
        if (into.Columns.HasFlag(RowColumns.Deficit))
            AddLosses(problem.Interaction.Coupling, cells.Losses, cellLabels, labels, from - begin, to - begin, sums.Deficit);
        if (!alone) sums.CopyRows((from - begin)..(to - begin), into, from);
    }

    // D_i of the keys lacks sum b W (1 - e^{-beta v/2}): the same for all rows of a label.
    private static void AddLosses(
        Coupling coupling, double[] losses, double[] cellLabels, double[] labels, int from, int to, double[] deficit)
    {
        Dictionary<double, double> byLabel = [];
        for (int row = from; row < to; row++)
        {
            double label = coupling.IsOne ? 0 : labels[row];
            if (!byLabel.TryGetValue(label, out double loss))
            {
                for (int cell = 0; cell < losses.Length; cell++) loss += coupling.Value(label, cellLabels[cell]) * losses[cell];
                byLabel[label] = loss;
            }
            deficit[row] += loss;
        }
    }
}

/// <summary>The plan of coalesced sums.</summary>
internal sealed class CoalescedPlan : Plan
{
    private readonly double _tolerance;

    private CoalescedPlan(double tolerance, Plan direct) : base(direct.Problem, direct.Columns)
    {
        (_tolerance, Direct, Method) = (tolerance, direct, SumMethod.Coalesced);
        RelativeError = Math.Max(tolerance, direct.RelativeError);
        Radius = RadiusFor(Problem.Interaction.Beta);
    }

    /// <summary>For the replicas that have too many cells.</summary>
    public Plan Direct { get; }

    /// <summary>r, of a cell around its founder.</summary>
    public double Radius { get; }

    /// <summary>The plan for what <paramref name="direct"/> is for, which says why not where it cannot be coalesced.</summary>
    public static Plan For(double tolerance, Plan direct) => WhyNever(direct.Problem, direct.Columns) is { } why
        ? new Plan(direct.Problem, direct.Columns, why) : new CoalescedPlan(tolerance, direct);

    /// <summary>Why no replica can be coalesced, or null.</summary>
    public static string? WhyNever(PairProblem problem, RowColumns columns)
    {
        if (problem.WhyNever(columns) is { } never) return never;
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "the coalesced sums take the self form only, where queries, keys and values are one array";
        if (interaction.Mask != Mask.None) return $"the coalesced sums have no mask, and the problem asks for {interaction.Mask}";
        if (!interaction.Profile.IsExponential(interaction.Beta)) return "the coalesced sums are for the exponential profile and beta > 0";
        if (!interaction.Coupling.IsConstantOnLabels)
            return $"the coalesced sums know the couplings one and block, not '{interaction.Coupling.Name}'";
        RowColumns missing = columns & ~(RowColumns.Force | RowColumns.Radial | RowColumns.Deficit);
        if (missing != RowColumns.None) return $"the coalesced sums have the columns Force and Deficit, not {missing}";
        return problem.Weights.Any(w => w < 0) ? "the coalesced sums need weights that are not negative" : null;
    }

    /// <summary>The bound on the error relative to Z_i of cells whose largest variance is this.</summary>
    public double Bound(double variance)
    {
        double beta = Problem.Interaction.Beta;
        return Math.Exp(2 * beta * Radius) * variance * beta * (beta / 2 + 1);
    }

    // r with e^{2 beta r} r^2 max(beta^2/2 + beta, 2 beta) = tol, from below.
    private double RadiusFor(double beta)
    {
        double low = 0, high = Math.Sqrt(_tolerance / Math.Max(beta * (beta / 2 + 1), 2 * beta)), target = high;
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            if (middle * Math.Exp(beta * middle) <= target) low = middle;
            else high = middle;
        }
        return low;
    }
}
