using System.Collections.Concurrent;
using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>One sum of <see cref="TiledEngine{L, V, T}"/> over one replica.</summary>
internal sealed unsafe partial class TiledCall<L, V, T>(
    PairProblem problem, RowSums into, int replica, TiledCloud<T> cloud, SimdTables<T> tables, BufferLayout layout, TiledKernels<T> kernels,
    CancellationToken stop)
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged, IFloatingPointIeee754<T>
{
    // Of the second cache, for what is used again soon.
    private const int CacheBytes = 512 * 1024;

    private readonly int _dimension = problem.Dimension, _queries = problem.Queries;
    private readonly bool _forced = into.Columns.HasFlag(RowColumns.Force);
    private readonly LabelView<T> _labels = tables.Of(replica);
    // Of this replica: positions, and the results of its rows.
    private double* _x, _k, _force, _far;
    private TokenTiles _tiles = null!;

    /// <summary>Rows [from, to).</summary>
    public void Sum(int from, int to, int threads, ConcurrentBag<TiledScratch<T>> pool)
    {
        int d = _dimension, keys = problem.Keys;
        fixed (double* q = problem.Q, k = problem.K, force = into.Force, far = new double[_queries])
        {
            _x = q + (nint)replica * _queries * d;
            _k = problem.IsSelf ? _x : k + (nint)replica * keys * d;
            _force = force + (nint)replica * _queries * d;
            _far = far;
            bool both = IsSymmetric() && from == 0 && to == _queries && keys > Panel<T>.Size;
            // Tables of labels and weights are in the tokens' own order.
            bool sorted = tables.EvenWeights[replica] is not null && problem.Interaction.Mask == Mask.None;
            cloud.Fill(_x, _queries, _k, keys, d, problem.Interaction.Beta, sorted, both, threads);
            _tiles = cloud.Tiles;
            Clear(from, to);
            if (both) BothWays(threads, pool);
            else OneWay(from, to, threads, pool);
            Finish(from, to);
        }
    }

    // True when a pair's factor is that of the pair turned round, to the bit.
    private bool IsSymmetric() => problem.IsSelf && problem.Interaction is { Mask: Mask.None, Coupling.IsSymmetricToTheBit: true }
        && _forced && (into.Columns & ~(RowColumns.Force | RowColumns.Radial)) == RowColumns.None && tables.HaveEqualWeights[replica];

    private void Clear(int from, int to)
    {
        int start = replica * _queries + from, count = to - from;
        into.Z.AsSpan(start, count).Clear();
        if (_forced) into.Force.AsSpan(start * _dimension, count * _dimension).Clear();
        foreach (double[] column in (double[][])[into.Deficit, into.Largest, into.Squares, into.CouplingLog])
            if (column.Length > 0) column.AsSpan(start, count).Clear();
    }

    private void OneWay(int from, int to, int threads, ConcurrentBag<TiledScratch<T>> pool)
    {
        int first = from / Panel<T>.Size, panels = (to - 1) / Panel<T>.Size + 1 - first;
        // Panels that share a tile.
        int bytes = Panel<T>.Size * (sizeof(T) + sizeof(double)) * _dimension, batch = Math.Clamp(CacheBytes / bytes, 2, 8);
        int grain = Math.Clamp(panels / (4 * threads), 1, batch);
        Workers.For(panels, grain, threads, (a, b) =>
        {
            TiledScratch<T> scratch = Take(pool);
            for (int begin = first + a; begin < first + b; begin += batch)
                for (int tile = 0; tile < _tiles.Count; tile++)
                {
                    stop.ThrowIfCancellationRequested();
                    for (int panel = begin; panel < Math.Min(begin + batch, first + b); panel++) Meet(scratch, panel, tile, from, to);
                }
            pool.Add(scratch);
        });
    }

    // A panel of queries in their order, those of the rows [from, to), and a tile.
    private void Meet(TiledScratch<T> scratch, int panel, int tile, int from, int to)
    {
        int first = panel * Panel<T>.Size, end = Math.Min(first + Panel<T>.Size, _queries);
        FactorKernel<T> kernel = kernels.Whole;
        if (problem.Interaction.Mask != Mask.None)
        {
            // Under a mask keys are in their order.
            (int From, int To) one = problem.KeysOf(first), other = problem.KeysOf(end - 1);
            int key = tile * Panel<T>.Size, last = key + _tiles.TokensOf(tile);
            if (last <= Math.Min(one.From, other.From) || key >= Math.Max(one.To, other.To)) return;
            if (key < Math.Max(one.From, other.From) || last > Math.Min(one.To, other.To)) kernel = kernels.Part;
        }
        Side lanes = new(panel, -1, first, Math.Max(from - first, 0), Math.Min(to, end) - first, end - first);
        Block(scratch, kernel, lanes, tile, false);
    }

    private void BothWays(int threads, ConcurrentBag<TiledScratch<T>> pool)
    {
        // Groups of tiles I and J <= I with I + J = sum meet at a time: none occurs twice, and every tile meets the others in their order,
        // however large groups are.
        int group = Group(threads), groups = (_tiles.Count - 1) / group + 1;
        for (int sum = 0; sum < 2 * groups - 1; sum++)
        {
            int largest = Math.Min(sum, groups - 1), pairs = largest - (sum + 1) / 2 + 1, least = sum - largest;
            Workers.For(pairs, 1, threads, (a, b) =>
            {
                TiledScratch<T> scratch = Take(pool);
                for (int i = a; i < b; i++) Groups(scratch, (largest - i) * group, (least + i) * group, group);
                pool.Add(scratch);
            });
        }
    }

    // As many tiles as stay in the second cache, and at least a few, so that one of them meets several others; but enough for all threads.
    private int Group(int threads)
    {
        int bytes = Panel<T>.Size * (2 * sizeof(T) + sizeof(double)) * _dimension, fit = Math.Max(CacheBytes / bytes, 4);
        return Math.Clamp(threads == 1 ? fit : Math.Min(fit, _tiles.Count / (4 * threads)), 1, _tiles.Count);
    }

    private void Groups(TiledScratch<T> scratch, int tiles, int others, int size)
    {
        for (int tile = tiles; tile < Math.Min(tiles + size, _tiles.Count); tile++)
        {
            stop.ThrowIfCancellationRequested();
            for (int other = others; other <= Math.Min(others + size - 1, tile); other++) BothWays(scratch, tile, other);
        }
    }

    private void BothWays(TiledScratch<T> scratch, int tile, int other)
    {
        int count = _tiles.TokensOf(tile);
        Block(scratch, kernels.Whole, new(tile, tile, 0, 0, count, count), other, tile != other);
    }

    private static TiledScratch<T> Take(ConcurrentBag<TiledScratch<T>> pool) => pool.TryTake(out TiledScratch<T>? used) ? used : new();

    // Queries of a panel: those of a tile, or where that is negative of the whole from First on; lanes [From, To) are asked for, Count are
    // there.
    private readonly record struct Side(int Panel, int Tile, int First, int From, int To, int Count);

    private int RowOf(Side lanes, int lane) => lanes.Tile < 0 ? lanes.First + lane : _tiles.TokenOf(lanes.Tile, lanes.First + lane);

    private void Finish(int from, int to)
    {
        double weight = tables.EvenWeights[replica] ?? 1, scale = weight / cloud.Scale;
        int start = replica * _queries;
        fixed (double* mean = cloud.Mean)
            for (int row = from; row < to; row++)
            {
                into.Shift[start + row] = problem.Interaction.Beta;
                into.Z[start + row] *= weight;
                if (into.Deficit.Length > 0) into.Deficit[start + row] *= weight;
                if (into.Largest.Length > 0) into.Largest[start + row] *= Math.Abs(weight);
                if (into.Squares.Length > 0) into.Squares[start + row] *= weight * weight;
                if (into.CouplingLog.Length > 0) into.CouplingLog[start + row] *= weight;
                if (!_forced) continue;
                double* force = _force + (nint)row * _dimension;
                Doubles.AddDifference(force, _far[row] * cloud.Scale, mean, _x + (nint)row * _dimension, _dimension);
                Doubles.Multiply(force, scale, _dimension);
            }
    }
}
