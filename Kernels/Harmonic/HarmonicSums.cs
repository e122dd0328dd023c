using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Pair sums in time linear in n: the kernel e^{beta t} expanded in Fourier modes (d = 2) or spherical harmonics (d = 3), so that keys enter
/// through their moments.
/// Self form, exponential profile, couplings one and toeplitz, weights of any sign, no mask, <see cref="RowColumns.Force"/>; double precision.
/// </summary>
/// <remarks>
/// <para>Guarantee, with S_i = Z_i when no term of Z_i is negative and S_i = B sum_j |w_j| e^{beta (t_ij - 1)}, |b| &lt;= B, otherwise: |error of Z_i| and
/// |error of F_i| are at most tol S_i, so the softmax drift F/Z is off by at most 2 tol. The order follows from the exact tail of the series; rows whose Z
/// turns out too small for it are summed again with a higher order, and rows that even that cannot serve, because of rounding, directly
/// (<see cref="RowsRedone"/>: each costs n pairs).</para>
/// <para>The force is tangential, F_i = grad Z_i / beta: the component along x_i, which every flow projects away, is left out.</para>
/// <para>Errors are relative to Z, not to the force: forces smaller than tol Z_i are not guaranteed, so nothing is promised of distances below tol and
/// of energy gaps below tol^2: follow the last stage of a collapse with direct sums. What happens in fact: the truncated kernel, too, is an even, smooth
/// function of the angle, so a lone cluster goes on contracting, at a rate off by a multiple of tol, until rounding, some 1e-15 Z, outweighs its forces.</para>
/// <para>The bits depend neither on threads nor on row ranges nor on the vector width.</para>
/// </remarks>
public sealed class HarmonicSums : IPairSums
{
    /// <summary>The highest degree in use; beyond it problems are refused.</summary>
    public const int MaxOrder = 256;

    /// <summary>The smallest tolerance: below it rounding would send ordinary rows to the direct sum.</summary>
    public const double SmallestTolerance = 1e-13;

    private readonly int _threads;
    private readonly HarmonicKernel _circle, _sphere;
    private readonly SimdSums _direct;
    private readonly HarmonicMemory _memory = new();
    private readonly ConditionalWeakTable<PairProblem, HarmonicPlan> _plans = [];
    private HarmonicMoments?[] _moments = [];
    private HarmonicPlan? _plan;
    private Interaction? _interaction;

    /// <summary>Sums with this relative error on up to <paramref name="threads"/> threads.</summary>
    /// <param name="tolerance">tol, from <see cref="SmallestTolerance"/> to below 1.</param>
    /// <param name="threads">At least 1, the caller's thread among them.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has.</param>
    public HarmonicSums(double tolerance, int threads, int? vectorBits = null)
    {
        if (!(tolerance >= SmallestTolerance && tolerance < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"the tolerance must be from {SmallestTolerance} to below 1");
        (Tolerance, _threads, _direct) = (tolerance, threads, new SimdSums(Precision.Double, threads, vectorBits));
        (_circle, _sphere) = (HarmonicKernel.For(2, _direct.VectorBits), HarmonicKernel.For(3, _direct.VectorBits));
    }

    /// <summary>tol, the error relative to Z_i that is allowed.</summary>
    public double Tolerance { get; }

    /// <summary>The highest degree that the last call used.</summary>
    public int Order { get; private set; }

    /// <summary>The largest bound on a row's error of the last call, relative to Z_i; at most <see cref="Tolerance"/>. Rows redone directly do not count.</summary>
    public double ErrorBound { get; private set; }

    /// <summary>Rows of the last call that were summed again with a higher order.</summary>
    public int RowsRaised { get; private set; }

    /// <summary>Rows of the last call that were summed directly, n pairs each.</summary>
    public int RowsRedone { get; private set; }

    /// <inheritdoc/>
    public string Name => "harmonic";

    /// <inheritdoc/>
    public double RelativeError => Tolerance;

    /// <inheritdoc/>
    public string? WhyNot(PairProblem problem, RowColumns columns)
    {
        if (problem.WhyNever(columns) is { } never) return never;
        Interaction interaction = problem.Interaction;
        if (!problem.IsSelf) return "the harmonic sums take the self form only, where queries, keys and values are one array";
        if (problem.Dimension is not (2 or 3)) return $"the harmonic sums know the circle and the sphere, d = 2 and 3, not d = {problem.Dimension}";
        if (interaction.Mask != Mask.None) return $"the harmonic sums have no mask, and the problem asks for {interaction.Mask}";
        if (!interaction.Profile.IsCurved(interaction.Beta)) return "the harmonic sums are for the exponential profile and beta > 0; other sums need no harmonics";
        if (!LabelChannels.Knows(interaction.Coupling)) return $"the harmonic sums know the couplings one and toeplitz, not '{interaction.Coupling.Name}'";
        if ((columns & ~RowColumns.Force) is not RowColumns.None and var missing) return $"the harmonic sums have the column Force, not {missing}";
        int order = Plan(problem).Replicas.Max(r => r.Second);
        return order <= MaxOrder ? null : $"beta = {interaction.Beta:R} needs harmonics up to degree {order}; they are stable up to {MaxOrder}";
    }

    /// <inheritdoc/>
    public bool IsTangential(PairProblem problem, RowColumns columns) => true;

    /// <summary>The order that ordinary rows of this problem take; the problem must be supported.</summary>
    public int UsualOrder(PairProblem problem) => Plan(problem).Replicas.Max(r => r.First);

    /// <inheritdoc/>
    public void Sum(PairProblem problem, Range rows, RowSums into, CancellationToken stop)
    {
        if (WhyNot(problem, into.Columns) is { } why) throw new NotSupportedException(why);
        (int first, int count) = rows.GetOffsetAndLength(problem.Rows);
        stop.ThrowIfCancellationRequested();
        (_plan, _interaction, _moments) = (Plan(problem), problem.Interaction, new HarmonicMoments?[problem.Replicas]);
        (Order, ErrorBound, RowsRaised, RowsRedone) = (0, 0, 0, 0);
        var call = new HarmonicCall(problem, _plan, _memory, _threads, into, stop);
        RowSet left = call.Evaluate(0, RowSet.Range(first, count), _moments);
        (RowSet raised, left) = left.Split(row => _plan.Replicas[row / problem.Keys] is var replica && replica.Second > replica.First);
        RowsRaised = raised.Count;
        left = RowSet.List(left.Concat(call.Evaluate(1, raised, _moments)));
        foreach (HarmonicMoments? moments in _moments) Order = Math.Max(Order, moments?.Basis.Order ?? 0);
        ErrorBound = call.ErrorBound;
        RowsRedone = left.Count;
        foreach ((int from, int length) in left.Runs())
        {
            _direct.Sum(problem, from..(from + length), into, stop);
            if (into.Columns.HasFlag(RowColumns.Force)) Project(problem, from, length, into.Force);
        }
    }

    /// <summary>
    /// The energy 1/2 sum_ij w_i w_j b_ij e^{beta t_ij}/beta of a replica at the last <see cref="Sum"/>, from the moments alone (Parseval):
    /// e^beta/(2 beta) sum_l C_l power_l, with the series of <c>KernelSeries</c>. Error at most tol-relative, as that of Z.
    /// </summary>
    public double Energy(int replica)
    {
        HarmonicMoments moments = MomentsOf(replica);
        double[] power = new double[moments.Basis.Order + 1];
        for (int k = 0; k < _plan!.Channels.Terms; k++) moments.Basis.AddPower(moments.Channel(k), _plan.Channels.EnergyFactor(k), power);
        double sum = 0;
        for (int l = power.Length - 1; l >= 0; l--) sum += _plan.Series.Coefficients[l] * power[l];
        return sum * Math.Exp(_interaction!.Beta) / (2 * _interaction.Beta);
    }

    /// <inheritdoc/>
    public void Dispose() => _direct.Dispose();

    private static void Project(PairProblem problem, int first, int count, double[] force)
    {
        int d = problem.Dimension;
        for (int at = first * d; at < (first + count) * d; at += d)
        {
            double along = 0;
            for (int c = at; c < at + d; c++) along += problem.Q[c] * force[c];
            for (int c = at; c < at + d; c++) force[c] -= along * problem.Q[c];
        }
    }

    private HarmonicPlan Plan(PairProblem problem) =>
        _plans.GetValue(problem, p => new HarmonicPlan(p, Tolerance, p.Dimension == 2 ? _circle : _sphere));

    private HarmonicMoments MomentsOf(int replica) => (uint)replica < (uint)_moments.Length && _moments[replica] is { } moments ? moments
        : throw new InvalidOperationException($"the last sum had no rows of replica {replica}");
}
