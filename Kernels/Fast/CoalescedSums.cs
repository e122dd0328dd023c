using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Fast;

/// <summary>
/// Direct sums over fewer keys, in any dimension: tokens that lie together are one weighted key at their centroid. The cells are made anew for every call, from the cloud alone, and used in a replica
/// while they are fewer than a quarter of its tokens; other replicas are summed directly.
/// Self form, exponential profile, couplings one and block (a cell keeps to one label), weights that are not negative, no mask, <see cref="RowColumns.Force"/> and <see cref="RowColumns.Deficit"/>.
/// </summary>
/// <remarks>
/// <para>Bound. A cell of weight W and variance v around its centroid c, with s_j = beta &lt;q, x_j - c>, has sum_j w_j s_j = 0: the first order vanishes, and
/// sum_j w_j e^{s_j} lies between W and W (1 + beta^2 v e^tau / 2), tau = max |s_j|. The cell's force, sum_j w_j e^{s_j} (x_j - q), is W (c - q) but for W (beta^2 v/2 |P(c - q)| + beta v) e^tau in its tangential
/// part P. A token lies within r of its cell's founder, so v is at most r^2 and tau at most 2 beta r, and r is chosen so that e^{2 beta r} r^2 max(beta^2/2 + beta, 2 beta) = tol.</para>
/// <para>So the errors of Z_i and of the tangential part of F_i are at most tol S_i, S_i = sum_j w_j |b_ij| e^{beta (t_ij - 1)} (Z_i where b >= 0); the deficit's is at most 2 tol of its value, because
/// the mean of beta |q - x_j|^2/2 over a cell is kept exactly and s_j is small of second order where q is near. To this come the errors of <see cref="SimdSums"/>.</para>
/// <para>The error is relative for each cell by itself: about beta (beta/2 + 1) v of its pull, the token's own cell included. So exponentially weak pulls between clusters keep their relative
/// accuracy at any beta, unlike those of <see cref="HarmonicSums"/>. What else moves the centre of a cluster is of third order in its width, beta r^3 Z, and vanishes as it contracts, but for
/// the rounding of the centroid, 1e-16 Z, which is less than a step can add to a coordinate.</para>
/// <para>The bits depend neither on threads nor on row ranges nor on the vector width.</para>
/// </remarks>
public sealed class CoalescedSums : IPairSums
{
    /// <summary>Replicas of fewer tokens are summed directly: looking for cells would not pay.</summary>
    public const int FewestTokens = 512;

    private readonly SimdSums _direct;
    private readonly int _threads;
    private readonly ConditionalWeakTable<PairProblem, object> _anyNegative = [];

    /// <summary>Sums with this relative error on up to <paramref name="threads"/> threads.</summary>
    /// <param name="tolerance">tol, above 0 and below 1.</param>
    /// <param name="precision">Arithmetic of the pairs.</param>
    /// <param name="threads">At least 1, the caller's thread among them.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has.</param>
    public CoalescedSums(double tolerance, Precision precision, int threads, int? vectorBits = null)
    {
        if (!(tolerance > 0 && tolerance < 1)) throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "the tolerance must be above 0 and below 1");
        (Tolerance, _threads, _direct) = (tolerance, threads, new SimdSums(precision, threads, vectorBits));
    }

    /// <summary>tol, the error relative to Z_i that is allowed.</summary>
    public double Tolerance { get; }

    /// <summary>Cells of the replica that had the most of them in the last call; 0 when none was coalesced.</summary>
    public int Cells { get; private set; }

    /// <summary>The largest bound on the error of a row of the last call, relative to Z_i; at most <see cref="Tolerance"/>.</summary>
    public double ErrorBound { get; private set; }

    /// <inheritdoc/>
    public string Name => "coalesced";

    /// <inheritdoc/>
    public double RelativeError => Math.Max(Tolerance, _direct.RelativeError);

    /// <inheritdoc/>
    public string? WhyNot(PairProblem problem, RowColumns columns)
    {
        if (problem.WhyNever(columns) is { } never) return never;
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "the coalesced sums take the self form only, where queries, keys and values are one array";
        if (interaction.Mask != Mask.None) return $"the coalesced sums have no mask, and the problem asks for {interaction.Mask}";
        if (!interaction.Profile.IsCurved(interaction.Beta)) return "the coalesced sums are for the exponential profile and beta > 0";
        if (!interaction.Coupling.IsConstantOnLabels) return $"the coalesced sums know the couplings one and block, not '{interaction.Coupling.Name}'";
        if ((columns & ~(RowColumns.Force | RowColumns.Deficit)) is not RowColumns.None and var missing) return $"the coalesced sums have the columns Force and Deficit, not {missing}";
        return (bool)_anyNegative.GetValue(problem, p => p.Weights.Any(w => w < 0)) ? "the coalesced sums need weights that are not negative" : null;
    }

    /// <inheritdoc/>
    public void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        foreach (Range left in SumWithin(problem, rows, into, problem.Keys / 4, stop)) _direct.Sum(problem, left, into, stop);
    }

    /// <inheritdoc/>
    public void Dispose() => _direct.Dispose();

    /// <summary>Sums the rows of those replicas that have at most <paramref name="mostCells"/> cells, and returns the other rows.</summary>
    internal List<Range> SumWithin(PairProblem problem, Range rows, RowSums into, int mostCells, CancellationToken stop)
    {
        if (WhyNot(problem, into.Columns) is { } why) throw new NotSupportedException(why);
        (int first, int count) = rows.GetOffsetAndLength(problem.Rows);
        stop.ThrowIfCancellationRequested();
        (Cells, ErrorBound) = (0, 0);
        List<Range> left = [];
        if (count == 0) return left;
        int tokens = problem.Keys, firstReplica = first / tokens;
        Cells?[] found = new Cells?[(first + count - 1) / tokens - firstReplica + 1];
        if (tokens >= FewestTokens && mostCells > 0)
            Workers.For(found.Length, 1, _threads, (from, to) =>
            {
                for (int r = from; r < to; r++) found[r] = Gather(problem, firstReplica + r, mostCells);
            });
        for (int r = 0; r < found.Length; r++)
        {
            int begin = (firstReplica + r) * tokens, from = Math.Max(first, begin), to = Math.Min(first + count, begin + tokens);
            if (found[r] is { } cells) SumReplica(problem, cells, firstReplica + r, from..to, into, stop);
            else if (left.Count > 0 && left[^1].End.Value == from) left[^1] = left[^1].Start..to;
            else left.Add(from..to);
        }
        return left;
    }

    private Cells? Gather(PairProblem problem, int replica, int most)
    {
        int n = problem.Keys, d = problem.Dimension;
        bool labelled = !problem.Interaction.Coupling.IsOne;
        return Fast.Cells.Of(problem.Q.AsSpan(replica * n * d, n * d), problem.Weights.AsSpan(replica * n, n),
            labelled ? problem.KeyLabels.AsSpan(replica * n, n) : [], problem.Interaction.Beta, Radius(problem.Interaction.Beta), most);
    }

    private void SumReplica(PairProblem problem, Cells cells, int replica, Range rows, RowSums into, CancellationToken stop)
    {
        int n = problem.Keys, d = problem.Dimension, begin = replica * n, from = rows.Start.Value, to = rows.End.Value;
        bool alone = problem.Replicas == 1;
        double[] q = alone ? problem.Q : problem.Q[(begin * d)..((begin + n) * d)], labels = alone ? problem.QueryLabels : problem.QueryLabels[begin..(begin + n)];
        double[] cellLabels = new double[cells.Count];
        for (int cell = 0; cell < cells.Count; cell++) cellLabels[cell] = labels[cells.Founders[cell]];
        PairProblem fewer = PairProblem.Difference(1, n, cells.Count, d, problem.Interaction, q, cells.Centroids, cells.Weights, labels, cellLabels);
        RowSums sums = alone ? into : new RowSums(n, d, into.Columns);
        _direct.Sum(fewer, (from - begin)..(to - begin), sums, stop);
        if (into.Columns.HasFlag(RowColumns.Deficit)) AddLosses(problem.Interaction.Coupling, cells.Losses, cellLabels, labels, from - begin, to - begin, sums.Deficit);
        if (!alone) sums.CopyRows((from - begin)..(to - begin), into, from);
        Cells = Math.Max(Cells, cells.Count);
        double beta = problem.Interaction.Beta;
        ErrorBound = Math.Max(ErrorBound, Math.Exp(2 * beta * Radius(beta)) * cells.Variance * beta * (beta / 2 + 1));
    }

    // D_i of the keys lacks sum b W (1 - e^{-beta v/2}): the same for all rows of a label.
    private static void AddLosses(Coupling coupling, double[] losses, double[] cellLabels, double[] labels, int from, int to, double[] deficit)
    {
        var byLabel = new Dictionary<double, double>();
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

    // r with e^{2 beta r} r^2 max(beta^2/2 + beta, 2 beta) = tol, from below.
    private double Radius(double beta)
    {
        double low = 0, high = Math.Sqrt(Tolerance / Math.Max(beta * (beta / 2 + 1), 2 * beta)), target = high;
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            if (middle * Math.Exp(beta * middle) <= target) low = middle;
            else high = middle;
        }
        return low;
    }
}
