using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Ranks;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// Pair sums in time linear in n: the kernel e^{beta t} expanded in Fourier modes (d = 2) or spherical harmonics (d = 3), so that keys
/// enter through their moments. Self form, exponential profile, couplings one and toeplitz, weights of any sign, no mask,
/// <see cref="RowColumns.Force"/>, whole if need be, and <see cref="RowColumns.Squares"/>; double precision.
/// </summary>
/// <remarks>
/// <para>Guarantee, with S_i = Z_i when no term of Z_i is negative and S_i = B sum_j |w_j| e^{beta (t_ij - 1)}, |b| &lt;= B, otherwise:
/// |error of Z_i| and
/// |error of F_i| are at most tol S_i, so the softmax drift F/Z is off by at most 2 tol. The order follows from the exact tail of the
/// series; rows whose Z
/// turns out too small for it are summed again with a higher order, and rows that even that cannot serve, because of rounding, directly
/// (<see cref="SumStatistics.RowsRedone"/>: each costs n pairs).</para>
/// <para>The force is tangential, F_i = grad Z_i / beta, unless its part along x_i is asked for, which is x_i dZ_i/dbeta: the same moments
/// with the derivatives of the coefficients, and another evaluation. Squares are the Z of the same tokens at 2 beta with squared weights
/// and coupling: moments and evaluation of their own, with a relative error of at most tol.</para>
/// <para>Errors are relative to Z, not to the force: forces smaller than tol Z_i are not guaranteed, so nothing is promised of distances
/// below tol and
/// of energy gaps below tol^2: follow the last stage of a collapse with direct sums. What happens in fact: the truncated kernel, too, is an
/// even, smooth
/// function of the angle, so a lone cluster goes on contracting, at a rate off by a multiple of tol, until rounding, some 1e-15 Z,
/// outweighs its forces.</para>
/// <para>The bits depend neither on threads nor on row ranges nor on the vector width.</para>
/// </remarks>
internal sealed class HarmonicSums : IPairSums
{
    /// <summary>The highest degree in use; beyond it problems are refused.</summary>
    public const int MaxOrder = 256;

    /// <summary>The smallest tolerance: below it rounding would send ordinary rows to the direct sum.</summary>
    public const double SmallestTolerance = 1e-13;

    private readonly double _tolerance;
    private readonly int _threads;
    private readonly HarmonicKernel _circle, _sphere;
    private readonly SimdSums _direct;
    private readonly HarmonicMemory _memory = new();
    private readonly Team? _team;

    /// <summary>Sums with this relative error on up to <paramref name="threads"/> threads.</summary>
    /// <param name="tolerance">tol, the error relative to Z_i that is allowed, from <see cref="SmallestTolerance"/> to below 1.</param>
    /// <param name="threads">At least 1, the caller's thread among them.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has.</param>
    /// <param name="team">Ranks that all call this, each for rows of its own, and share the moments of one cloud; null for none.</param>
    public HarmonicSums(double tolerance, int threads, int? vectorBits = null, Team? team = null)
    {
        if (!(tolerance >= SmallestTolerance && tolerance < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance,
                $"the tolerance must be from {SmallestTolerance} to below 1");
        (_tolerance, _threads, _direct) = (tolerance, threads, new SimdSums(Precision.Double, threads, vectorBits));
        _team = team;
        (_circle, _sphere) = (HarmonicKernel.For(2, _direct.VectorBits), HarmonicKernel.For(3, _direct.VectorBits));
    }

    public string Name => "harmonic";

    public SumStatistics Statistics { get; init; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) => HarmonicPlan.For(_tolerance, problem, columns);

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        Evaluate(plan, rows, into, stop);
        Statistics.Count(plan.Method, plan.RelativeError);
    }

    public void Dispose() => _direct.Dispose();

    /// <summary>A sum that is not counted as an evaluation.</summary>
    internal void Evaluate(Plan asked, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = asked.Begin(rows, into, stop);
        HarmonicPlan plan = (HarmonicPlan)asked;
        PairProblem problem = plan.Problem;
        HarmonicMoments?[] moments = new HarmonicMoments?[problem.Replicas];
        HarmonicCall call = new(plan, problem.Dimension == 2 ? _circle : _sphere, _memory, _threads, into, _team, stop);
        RowSet left = call.Evaluate(0, RowSet.Range(first, count), moments);
        (RowSet raised, left) = left.Split(row => plan.Replicas[row / problem.Keys] is { } replica && replica.Second > replica.First);
        left = RowSet.List(left.Concat(call.Evaluate(1, raised, moments)));
        Statistics.AddHarmonics(moments.Max(m => m?.Basis.Order ?? 0), call.ErrorBound, count, raised.Count, left.Count);
        foreach ((int from, int length) in left.Runs())
        {
            _direct.Sum(plan.Direct, from..(from + length), into, stop);
            if (plan.IsTangential) Project(problem, from, length, into.Force);
        }
        if (plan.Squares is null) return;
        RowSums squares = new(problem.Rows, problem.Dimension, plan.Squares.Columns);
        Evaluate(plan.Squares, rows, squares, stop);
        squares.Z.AsSpan(first, count).CopyTo(into.Squares.AsSpan(first));
    }

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
}
