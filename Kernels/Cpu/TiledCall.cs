using System.Collections.Concurrent;
using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>One sum of <see cref="TiledEngine{L, V, T}"/> over one replica.</summary>
internal sealed unsafe class TiledCall<L, V, T>(
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
            bool both = IsSymmetric() && from == 0 && to == _queries && keys > Panel<T>.Keys;
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
        int first = from / Panel<T>.Lanes, panels = (to - 1) / Panel<T>.Lanes + 1 - first;
        // Panels that share a tile.
        int bytes = Panel<T>.Lanes * (sizeof(T) + sizeof(double)) * _dimension, batch = Math.Clamp(CacheBytes / bytes, 2, 8);
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
        int first = panel * Panel<T>.Lanes, end = Math.Min(first + Panel<T>.Lanes, _queries);
        FactorKernel<T> kernel = kernels.Whole;
        if (problem.Interaction.Mask != Mask.None)
        {
            // Under a mask keys are in their order.
            (int From, int To) one = problem.KeysOf(first), other = problem.KeysOf(end - 1);
            int key = tile * Panel<T>.Keys, last = key + _tiles.TokensOf(tile);
            if (last <= Math.Min(one.From, other.From) || key >= Math.Max(one.To, other.To)) return;
            if (key < Math.Max(one.From, other.From) || last > Math.Min(one.To, other.To)) kernel = kernels.Part;
        }
        Side lanes = new(panel, -1, first, Math.Max(from - first, 0), Math.Min(to, end) - first, end - first);
        Block(scratch, kernel, lanes, tile, false, false);
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
        int bytes = Panel<T>.Keys * (2 * sizeof(T) + sizeof(double)) * _dimension, fit = Math.Max(CacheBytes / bytes, 4);
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
        int panels = Panel<T>.Keys / Panel<T>.Lanes, count = _tiles.TokensOf(tile);
        bool both = tile != other;
        if (both) new Span<T>(scratch.KeySums, Panel<T>.Keys * Panel<T>.Unit).Clear();
        scratch.HasFar = false;
        for (int p = 0; p * Panel<T>.Lanes < count; p++)
        {
            int first = p * Panel<T>.Lanes, lanes = Math.Min(count - first, Panel<T>.Lanes);
            Block(scratch, kernels.Whole, new(tile * panels + p, tile, first, 0, lanes, lanes), other, both, p > 0);
        }
        if (both) FinishKeys(scratch, other, tile);
    }

    private TiledScratch<T> Take(ConcurrentBag<TiledScratch<T>> pool)
    {
        TiledScratch<T> scratch = pool.TryTake(out TiledScratch<T>? used) ? used : new();
        scratch.Reserve(_dimension);
        return scratch;
    }

    // Queries of a panel: those of a tile from First on, or without a tile of the whole; lanes [From, To) are asked for, Count are there.
    private readonly record struct Side(int Panel, int Tile, int First, int From, int To, int Count);

    private int RowOf(Side lanes, int lane) => lanes.Tile < 0 ? lanes.First + lane : _tiles.TokenOf(lanes.Tile, lanes.First + lane);

    private void Block(TiledScratch<T> w, FactorKernel<T> kernel, Side lanes, int tile, bool both, bool add)
    {
        int count = _tiles.TokensOf(tile), start = replica * _queries;
        Exponents(lanes, tile, w.Factors);
        int place = layout.FirstQuery + (lanes.Tile < 0 ? lanes.First : lanes.Tile * Panel<T>.Keys + lanes.First);
        kernel(_labels, place, tile * Panel<T>.Keys, count, w.Factors, w.Classes, w.Extras, w.Largest);
        Fold(w.Classes, w.Sums);
        for (int lane = lanes.From; lane < lanes.To; lane++) into.Z[start + RowOf(lanes, lane)] += w.Sums[lane];
        if (!both) AddExtras(w, lanes, start);
        if (!_forced) return;
        if (both && lanes.Count < Panel<T>.Lanes) ClearLanes(w.Factors, count, lanes.Count);
        bool near = HasNear(w.Largest, lanes.Count), loose = !_tiles.IsTight(tile), keyLoose = both && !_tiles.IsTight(lanes.Tile);
        near &= loose || keyLoose;
        if (near && !w.HasFar && both)
        {
            new Span<T>(w.KeySums, Panel<T>.Keys * Panel<T>.Unit).CopyTo(new Span<T>(w.FarKeySums, Panel<T>.Keys * Panel<T>.Unit));
            w.HasFar = true;
        }
        if (both) AddKeySums(w.Factors, count, w.KeySums);
        if (near)
        {
            if (!loose) LaneForces(w, lanes, tile, count);
            if (both && !keyLoose) KeyForces(w, lanes, count, add);
            TakeNear(w, lanes, tile, count, loose, keyLoose);
            SumFar(w, count);
        }
        if (both && w.HasFar) AddKeySums(w.Factors, count, w.FarKeySums);
        if (!near || loose) LaneForces(w, lanes, tile, count);
        if (both && (!near || keyLoose)) KeyForces(w, lanes, count, add);
        double* sums = near && loose ? w.FarSums : w.Sums;
        for (int lane = lanes.From; lane < lanes.To; lane++) AddCentre(RowOf(lanes, lane), sums[lane], tile);
    }

    private void Exponents(Side lanes, int tile, T* to) => BlockProducts<L, V, T>.Exponents(
        cloud.Keys(tile), cloud.KeyHalves(tile), cloud.Queries(lanes.Panel), cloud.QueryHalves(lanes.Panel), _dimension,
        _tiles.TokensOf(tile), to);

    // The sums of the classes of every lane, as Doubles.Fold adds up those of a key.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fold(T* classes, double* into)
    {
        for (int half = Panel<T>.Unit / 2 * Panel<T>.Lanes; half >= Panel<T>.Lanes; half /= 2)
            for (int i = 0; i < half; i += L.Count) L.Store(classes + i, L.Add(L.Load(classes + i), L.Load(classes + half + i)));
        new Span<double>(into, Panel<T>.Lanes).Clear();
        Doubles.Add(into, classes, Panel<T>.Lanes);
    }

    // What the centre of a tile lacks: at once where it is the tile's own, else at the end.
    private void AddCentre(int row, double z, int tile)
    {
        if (!_tiles.IsTight(tile))
        {
            _far[row] += z;
            return;
        }
        fixed (double* centre = cloud.CentreOf(tile))
            Doubles.AddDifference(_force + (nint)row * _dimension, z * cloud.Scale, centre, _x + (nint)row * _dimension, _dimension);
    }

    private void AddExtras(TiledScratch<T> w, Side lanes, int start)
    {
        T* row = w.Extras;
        if (into.Deficit.Length > 0) Put(into.Deficit, false);
        if (into.Largest.Length > 0 || into.Squares.Length > 0 || into.CouplingLog.Length > 0)
        {
            Put(into.Largest, true);
            Put(into.Squares, false);
            Put(into.CouplingLog, false);
        }

        void Put(double[] column, bool largest)
        {
            for (int lane = lanes.From; lane < lanes.To && column.Length > 0; lane++)
            {
                double value = double.CreateTruncating(row[lane]);
                ref double sum = ref column[start + lanes.First + lane];
                sum = largest ? Math.Max(sum, value) : sum + value;
            }
            row += Panel<T>.Lanes;
        }
    }

    private static void ClearLanes(T* factors, int count, int from)
    {
        for (int k = 0; k < count; k++, factors += Panel<T>.Lanes) new Span<T>(factors + from, Panel<T>.Lanes - from).Clear();
    }

    private bool HasNear(T* largest, int count)
    {
        for (int lane = 0; lane < count; lane++)
            if (largest[lane] > cloud.NearExponent) return true;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddKeySums(T* factors, int count, T* sums)
    {
        for (int k = 0; k < count; k++, factors += Panel<T>.Lanes, sums += Panel<T>.Unit)
            for (int lane = 0; lane < Panel<T>.Unit; lane += L.Count)
            {
                V sum = L.Load(sums + lane);
                for (int unit = lane; unit < Panel<T>.Lanes; unit += Panel<T>.Unit) sum = L.Add(sum, L.Load(factors + unit));
                L.Store(sums + lane, sum);
            }
    }

    private void LaneForces(TiledScratch<T> w, Side lanes, int tile, int count)
    {
        int width = Panel<T>.Width(_dimension);
        for (int first = 0; first < width; first += 2 * Panel<T>.Unit)
        {
            int columns = cloud.Columns(first), real = Math.Min(columns, _dimension - first);
            T* values = cloud.Values(tile, first);
            for (int lane = lanes.From / Panel<T>.Rows * Panel<T>.Rows; lane < lanes.To; lane += Panel<T>.Rows)
            {
                BlockProducts<L, V, T>.Multiply<Columns<T>>(w.Factors + lane, values, count, columns, w.Product, columns, false);
                for (int row = 0; row < Panel<T>.Rows; row++)
                    if (lane + row >= lanes.From && lane + row < lanes.To)
                        Doubles.Add(_force + (nint)RowOf(lanes, lane + row) * _dimension + first, w.Product + row * columns, real);
            }
        }
    }

    private void KeyForces(TiledScratch<T> w, Side lanes, int count, bool add)
    {
        int width = Panel<T>.Width(_dimension);
        for (int first = 0; first < width; first += 2 * Panel<T>.Unit)
        {
            int columns = cloud.Columns(first);
            T* values = cloud.Values(lanes.Tile, first) + lanes.First * columns, sums = w.KeyForces + Panel<T>.Keys * first;
            for (int key = 0; key < count; key += Panel<T>.Rows)
                BlockProducts<L, V, T>.Multiply<Rows<T>>(
                    w.Factors + key * Panel<T>.Lanes, values, lanes.Count, columns, sums + key * columns, columns, add);
        }
    }

    // Adds the sums over the queries of a tile to the rows of the keys of another.
    private void FinishKeys(TiledScratch<T> w, int keys, int queries)
    {
        int width = Panel<T>.Width(_dimension), start = replica * _queries;
        for (int k = 0; k < _tiles.TokensOf(keys); k++)
        {
            int row = _tiles.TokenOf(keys, k);
            double* force = _force + (nint)row * _dimension;
            for (int first = 0; first < width; first += 2 * Panel<T>.Unit)
            {
                int columns = cloud.Columns(first);
                Doubles.Add(force + first, w.KeyForces + Panel<T>.Keys * first + k * columns, Math.Min(columns, _dimension - first));
            }
            double z = Doubles.Fold(w.KeySums + k * Panel<T>.Unit);
            into.Z[start + row] += z;
            bool far = w.HasFar && !_tiles.IsTight(queries);
            AddCentre(row, far ? Doubles.Fold(w.FarKeySums + k * Panel<T>.Unit) : z, queries);
        }
    }

    // Takes near pairs out of the factors and adds their pulls by differences: to the queries, to the keys.
    private void TakeNear(TiledScratch<T> w, Side lanes, int tile, int count, bool toLanes, bool toKeys)
    {
        Exponents(lanes, tile, w.Exponents);
        Vector<T> bound = new(cloud.NearExponent);
        for (int k = 0; k < count; k++)
        {
            T* y = w.Exponents + k * Panel<T>.Lanes;
            int key = _tiles.TokenOf(tile, k);
            for (int lane = 0; lane < lanes.Count; lane += Vector<T>.Count)
            {
                if (!Vector.GreaterThanAny(Vector.Load(y + lane), bound)) continue;
                for (int i = lane; i < Math.Min(lane + Vector<T>.Count, lanes.Count); i++)
                    if (y[i] > cloud.NearExponent) Take(ref w.Factors[k * Panel<T>.Lanes + i], RowOf(lanes, i), i, key);
            }
        }

        void Take(ref T factor, int row, int lane, int key)
        {
            double pull = double.CreateTruncating(factor) * cloud.Scale;
            factor = T.Zero;
            double* x = _x + (nint)row * _dimension, other = _k + (nint)key * _dimension;
            if (x == other) return;
            if (toLanes && lane >= lanes.From && lane < lanes.To)
                Doubles.AddDifference(_force + (nint)row * _dimension, pull, other, x, _dimension);
            if (toKeys) Doubles.AddDifference(_force + (nint)key * _dimension, pull, x, other, _dimension);
        }
    }

    private static void SumFar(TiledScratch<T> w, int count)
    {
        new Span<T>(w.Classes, Panel<T>.Unit * Panel<T>.Lanes).Clear();
        for (int k = 0; k < count; k++)
        {
            T* sums = w.Classes + (k & (Panel<T>.Unit - 1)) * Panel<T>.Lanes, factors = w.Factors + k * Panel<T>.Lanes;
            for (int lane = 0; lane < Panel<T>.Lanes; lane += L.Count)
                L.Store(sums + lane, L.Add(L.Load(factors + lane), L.Load(sums + lane)));
        }
        Fold(w.Classes, w.FarSums);
    }

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
                for (int c = 0; c < _dimension; c++) force[c] *= scale;
            }
    }
}
