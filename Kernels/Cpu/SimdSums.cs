using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Pair sums on this machine's cores by vector instructions: every form, mask, coupling and column. Queries lie in lanes, keys come in
/// their order, or in that of <see cref="SymmetricSums{L, V, T}"/>: the bits depend neither on threads nor on row ranges nor on the vector
/// width.
/// </summary>
/// <remarks>
/// Accuracy of Z, F and D relative to the sums of the absolute values of their terms, with e the unit of the precision
/// (2^-24, 2^-53): about 7e-7 (single), 4e-16 n (double, worst case) from exponential and summation, plus (2 beta + |s-t|/l) e from rounded
/// positions and labels; in the general form a few beta |q| |k| e.
/// <para/>
/// The general form shifts a row by beta &lt;q_i, m> + beta |q_i| max_j |k_j - m|, m the mean key, which no logit exceeds. Rows for which
/// factors were lost below that bound are summed again with their largest logit, log b included where it is part of the exponent.
/// <para/>
/// Profiles beside the exponential and the linear one are summed in double whatever the precision.
/// </remarks>
internal sealed class SimdSums : IPairSums
{
    /// <summary>Up to this d all of a pair stays in registers; above, in a tile.</summary>
    internal const int LargestFused = 6;

    /// <summary>
    /// From this d on the difference form of a curved profile goes by <see cref="TiledEngine{L, V, T}"/>, whose coordinates come sixteen at
    /// a time (in double precision eight).
    /// </summary>
    internal const int SmallestTiled = 16;

    /// <summary>Keys per tile, a multiple of six: with two 512-bit vectors each, 6 KiB.</summary>
    internal const int TileKeys = 48;

    // Whole numbers up to here are exact in single precision.
    private const int LargestIndex = 1 << 24;

    private readonly SimdEngine _engine, _tiled;
    private readonly Lazy<SimdEngine> _general;
    private readonly int _threads;

    /// <summary>Sums in this precision on up to <paramref name="threads"/> threads.</summary>
    /// <param name="precision">The arithmetic of the pairs.</param>
    /// <param name="threads">At least 1, the caller's thread among them.</param>
    /// <param name="vectorBits">128, 256 or 512; null for the widest that the processor has, and so is 512 where it has no AVX-512.</param>
    public SimdSums(Precision precision, int threads, int? vectorBits = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (Precision, _threads, VectorBits) = (precision, threads, vectorBits is 512 ? WidestVectorBits : vectorBits ?? WidestVectorBits);
        (_engine, _tiled) = Engines(precision, VectorBits);
        _general = new(() => precision == Precision.Double ? _engine : Engines(Precision.Double, VectorBits).Engine);
    }

    /// <summary>
    /// The widest vectors this processor computes with. 512 also where .NET by default would spare them: see docs/performance.md.
    /// </summary>
    public static int WidestVectorBits =>
        Avx512F.IsSupported && Avx512DQ.IsSupported ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>The arithmetic of the pairs.</summary>
    public Precision Precision { get; }

    /// <summary>The vector width in use.</summary>
    public int VectorBits { get; }

    public string Name => "cpu";

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) => PlanFor(Precision, problem, columns);

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = plan.Begin(rows, into, stop);
        SimdEngine engine = IsTiled(plan.Problem) ? _tiled : plan.Problem.Interaction.Profile.IsGeneral ? _general.Value : _engine;
        if (count > 0) engine.Sum(plan, first, count, into, _threads, stop);
        Statistics.Count(plan.Method, plan.RelativeError);
    }

    public void Dispose() { }

    /// <summary>The plan in a precision; the same for any vector width.</summary>
    internal static Plan PlanFor(Precision precision, PairProblem problem, RowColumns columns)
    {
        string? whyNot = problem.WhyNever(columns);
        if (problem.Interaction.Profile.IsGeneral) return new(problem, columns, whyNot) { Cost = problem.Keys * CostOfASlope };
        if (precision == Precision.Single && problem.Interaction.Mask != Mask.None && problem.Keys > LargestIndex)
            whyNot ??= $"single precision numbers the keys of a masked sum up to {LargestIndex}, and the problem has {problem.Keys}; use "
                + $"double precision";
        return new Plan(problem, columns, whyNot)
        {
            RelativeError = precision == Precision.Double ? 1e-13 : 1e-6, Cost = problem.Keys * CostOfAPair(precision),
        };
    }

    private static (SimdEngine Engine, SimdEngine Tiled) Engines(Precision precision, int vectorBits) => (precision, vectorBits) switch
    {
        (Precision.Single, 128) => Engines<Lanes128<float>, Vector128<float>, float>(),
        (Precision.Single, 256) => Engines<Lanes256<float>, Vector256<float>, float>(),
        (Precision.Single, 512) => Engines<Lanes512Single, Vector512<float>, float>(),
        (Precision.Double, 128) => Engines<Lanes128<double>, Vector128<double>, double>(),
        (Precision.Double, 256) => Engines<Lanes256<double>, Vector256<double>, double>(),
        (Precision.Double, 512) => Engines<Lanes512Double, Vector512<double>, double>(),
        _ => throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, "the vector width must be 128, 256 or 512 bits"),
    };

    private static (SimdEngine, SimdEngine) Engines<L, V, T>()
        where L : struct, ILanes<V, T> where V : struct where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> =>
        (new SimdEngine<L, V, T>(), new TiledEngine<L, V, T>());

    private static bool IsTiled(PairProblem problem) => problem.IsDifference && problem.Dimension >= SmallestTiled
        && problem.Interaction.Profile.IsExponential(problem.Interaction.Beta);

    // Nanoseconds of a pair that is weighed by Profile.Slope, in low dimension.
    private const double CostOfASlope = 5;

    /// <summary>Nanoseconds of a pair on one core, as measured with AVX-512, in any dimension.</summary>
    internal static double CostOfAPair(Precision precision) => precision == Precision.Double ? 0.6 : 0.24;
}
