using System.Collections.Concurrent;
using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Pair sums of the difference form with a curved profile beyond the dimensions of the fused kernels: tiles of keys against panels of
/// queries, exponents and forces as products of matrices (<see cref="BlockProducts{L, V, T}"/>), forces relative to the tiles' centres
/// (<see cref="TokenTiles"/>).
/// </summary>
/// <remarks>
/// A row's sums run over the tiles in their order, and over the keys of a tile in theirs, from 0 in every tile; tiles are added up in
/// double precision. In the self form with equal weights and a symmetric coupling the factors of two tiles serve the rows of both: the same
/// chains of the same numbers, so the bits are those of one direction.
/// </remarks>
internal sealed unsafe class TiledEngine<L, V, T> : SimdEngine
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged, IFloatingPointIeee754<T>
{
    // Fewer pairs than this are not worth a second thread.
    private const int FewPairs = 100_000;

    private readonly ConcurrentBag<TiledCloud<T>> _clouds = [];
    private readonly ConcurrentBag<TiledScratch<T>> _scratch = [];

    public override void Sum(Plan plan, int first, int count, RowSums into, int threads, CancellationToken stop)
    {
        PairProblem problem = plan.Problem;
        int queries = problem.Queries;
        BufferLayout layout = Layout(problem);
        if (plan.Tables is not SimdTables<T> tables) plan.Tables = tables = new SimdTables<T>(problem, layout);
        if ((long)count * problem.Keys < FewPairs) threads = 1;
        double depth = 2 * problem.Interaction.Beta / Math.Log(2);
        bool steep = !(depth + tables.ExponentBound <= Exp2<L, V, T>.Range);
        TiledKernels<T> even = KernelsFor(true), uneven = KernelsFor(false);
        int from = first / queries, to = (first + count - 1) / queries + 1;
        // Replicas side by side where there are enough of them, else their tiles.
        bool apart = to - from >= 4 * threads;
        Workers.For(to - from, 1, apart ? threads : 1, (a, b) =>
        {
            TiledCloud<T> cloud = _clouds.TryTake(out TiledCloud<T>? used) ? used : new();
            for (int replica = from + a; replica < from + b; replica++)
            {
                int start = Math.Max(first - replica * queries, 0), end = Math.Min(first + count - replica * queries, queries);
                TiledKernels<T> kernels = tables.EvenWeights[replica] is null ? uneven : even;
                new TiledCall<L, V, T>(problem, into, replica, cloud, tables, layout, kernels, stop)
                    .Sum(start, end, apart ? 1 : threads, _scratch);
            }
            _clouds.Add(cloud);
        });

        TiledKernels<T> KernelsFor(bool isEven) => new(Kernel(isEven, false), Kernel(isEven, problem.Interaction.Mask != Mask.None));

        FactorKernel<T> Kernel(bool isEven, bool masked) => KernelChoice<L, V, T>.Factors(
            problem.Interaction, new(isEven, masked, steep, true, true, into.Columns));
    }

    // Room for whole tiles of keys and whole panels of queries.
    private static BufferLayout Layout(PairProblem problem)
    {
        int keys = Round(problem.Keys), queries = problem.IsSelf ? keys : Round(problem.Queries);
        return new(keys, problem.IsSelf ? 0 : keys, queries, keys + queries);

        static int Round(int tokens) => ((tokens - 1) / Panel<T>.Size + 1) * Panel<T>.Size;
    }
}

/// <summary>For tiles that are seen by all and for those that are masked in part.</summary>
internal readonly record struct TiledKernels<T>(FactorKernel<T> Whole, FactorKernel<T> Part) where T : unmanaged;

/// <summary>Memory of one thread.</summary>
internal sealed unsafe class TiledScratch<T> where T : unmanaged
{
    private readonly FixedBuffer<T> _numbers = new();
    private readonly FixedBuffer<double> _doubles = new();
    private readonly FixedBuffer<nint> _rows = new();

    public TiledScratch()
    {
        int tile = Panel<T>.Size * Panel<T>.Size, unit = Panel<T>.Unit * Panel<T>.Size;
        _numbers.Reserve(2 * tile + 3 * unit + 5 * Panel<T>.Size);
        Factors = _numbers.Pointer;
        Exponents = Factors + tile;
        KeySums = Exponents + tile;
        FarKeySums = KeySums + unit;
        Classes = FarKeySums + unit;
        Extras = Classes + unit;
        Largest = Extras + 4 * Panel<T>.Size;
        _doubles.Reserve(2 * Panel<T>.Size + Panel<T>.Rows * 2 * Panel<T>.Unit);
        Sums = _doubles.Pointer;
        FarSums = Sums + Panel<T>.Size;
        Spare = FarSums + Panel<T>.Size;
        _rows.Reserve(Panel<T>.Size + Panel<T>.Rows);
        Rows = (double**)_rows.Pointer;
        Targets = Rows + Panel<T>.Size;
    }

    /// <summary>[keys, Size], and the exponents they came from where these are asked for again.</summary>
    public readonly T* Factors, Exponents;

    /// <summary>[keys, Unit]: sums over queries of a tile, by their number modulo Unit; without those of near pairs.</summary>
    public readonly T* KeySums, FarKeySums;

    /// <summary>See <see cref="FactorKernel{T}"/>.</summary>
    public readonly T* Classes, Extras, Largest;

    /// <summary>[Size]: Z of a panel over a tile, and without near pairs.</summary>
    public readonly double* Sums, FarSums;

    /// <summary>[8, columns]: in place of rows that are not there, or not as long.</summary>
    public readonly double* Spare;

    /// <summary>[keys], null where there is none, and [8]: rows of forces that products are added to.</summary>
    public readonly double** Rows, Targets;
}
