using System.Numerics;

namespace AttentionFlow.Kernels.Cpu;

// A panel of queries and a tile of keys.
internal sealed unsafe partial class TiledCall<L, V, T>
{
    private void Block(TiledScratch<T> w, FactorKernel<T> kernel, Side lanes, int tile, bool both)
    {
        int count = _tiles.TokensOf(tile), start = replica * _queries, used = Panel<T>.Lanes(lanes.Count);
        Exponents(lanes, tile, w.Factors);
        int place = layout.FirstQuery + (lanes.Tile < 0 ? lanes.First : lanes.Tile * Panel<T>.Size);
        kernel(_labels, place, tile * Panel<T>.Size, count, used, w.Factors, w.Classes, w.Extras, w.Largest);
        Fold(w.Classes, used, w.Sums);
        for (int lane = lanes.From; lane < lanes.To; lane++) into.Z[start + RowOf(lanes, lane)] += w.Sums[lane];
        if (!both) AddExtras(w, lanes, start);
        if (!_forced) return;
        if (both && lanes.Count < used) ClearLanes(w.Factors, count, lanes.Count, used);
        bool near = HasNear(w.Largest, lanes.Count), loose = !_tiles.IsTight(tile), keyLoose = both && !_tiles.IsTight(lanes.Tile);
        near &= loose || keyLoose;
        if (both) SumKeys(w.Factors, count, used, w.KeySums);
        if (near)
        {
            if (!loose) LaneForces(w, lanes, tile, count);
            if (both && !keyLoose) KeyForces(w, lanes, tile, count);
            TakeNear(w, lanes, tile, count, loose, keyLoose);
            SumFar(w, count, used);
            if (both) SumKeys(w.Factors, count, used, w.FarKeySums);
        }
        if (!near || loose) LaneForces(w, lanes, tile, count);
        if (both && (!near || keyLoose)) KeyForces(w, lanes, tile, count);
        double* sums = near && loose ? w.FarSums : w.Sums;
        for (int lane = lanes.From; lane < lanes.To; lane++) AddCentre(RowOf(lanes, lane), sums[lane], tile);
        if (both) FinishKeys(w, tile, lanes.Tile, near && keyLoose ? w.FarKeySums : w.KeySums);
    }

    private void Exponents(Side lanes, int tile, T* to)
    {
        int count = _tiles.TokensOf(tile);
        BlockProducts<L, V, T>.Exponents(
            cloud.Keys(tile), cloud.KeyHalves(tile), cloud.Queries(lanes.Panel), cloud.QueryHalves(lanes.Panel), _dimension, count,
            Panel<T>.Lanes(lanes.Count), to);
        // A token's own exponent is 0, and its factor often most of Z.
        if (!problem.IsSelf || lanes.Tile >= 0 && lanes.Tile != tile) return;
        for (int k = 0; k < count; k++)
        {
            int lane = lanes.Tile == tile ? k : _tiles.TokenOf(tile, k) - lanes.First;
            if (lane >= 0 && lane < lanes.Count) to[k * Panel<T>.Size + lane] = T.Zero;
        }
    }

    // The sums of the classes of every lane, as Doubles.Fold adds up those of a key.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fold(T* classes, int lanes, double* into)
    {
        for (int half = Panel<T>.Unit / 2 * Panel<T>.Size; half >= Panel<T>.Size; half /= 2)
            for (int row = 0; row < half; row += Panel<T>.Size)
                for (int i = row; i < row + lanes; i += L.Count)
                    L.Store(classes + i, L.Add(L.Load(classes + i), L.Load(classes + half + i)));
        new Span<double>(into, lanes).Clear();
        Doubles.Add(into, classes, lanes);
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
            row += Panel<T>.Size;
        }
    }

    private static void ClearLanes(T* factors, int count, int from, int to)
    {
        for (int k = 0; k < count; k++, factors += Panel<T>.Size) new Span<T>(factors + from, to - from).Clear();
    }

    private bool HasNear(T* largest, int count)
    {
        for (int lane = 0; lane < count; lane++)
            if (largest[lane] > cloud.NearExponent) return true;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumKeys(T* factors, int count, int lanes, T* sums)
    {
        for (int k = 0; k < count; k++, factors += Panel<T>.Size, sums += Panel<T>.Unit)
            for (int lane = 0; lane < Panel<T>.Unit; lane += L.Count)
            {
                V sum = L.Load(factors + lane);
                for (int unit = lane + Panel<T>.Unit; unit < lanes; unit += Panel<T>.Unit) sum = L.Add(sum, L.Load(factors + unit));
                L.Store(sums + lane, sum);
            }
    }

    private void LaneForces(TiledScratch<T> w, Side lanes, int tile, int count)
    {
        SetRows(w, lanes.Tile, lanes.From, lanes.To, lanes.First);
        int width = Panel<T>.Width(_dimension), begin = lanes.From / Panel<T>.Rows * Panel<T>.Rows;
        for (int first = 0; first < width; first += 2 * Panel<T>.Unit)
        {
            int columns = cloud.Columns(first);
            T* values = cloud.Values(tile, first);
            for (int lane = begin; lane < lanes.To; lane += Panel<T>.Rows)
            {
                bool whole = SetTargets(w, lane, first, columns);
                BlockProducts<L, V, T>.AddProduct<Columns<T>>(w.Factors + lane, values, count, columns, w.Targets);
                if (!whole) AddSpare(w, lane, first, columns);
            }
        }
    }

    // The rows [from, to) of a panel.
    private void SetRows(TiledScratch<T> w, int tile, int from, int to, int first = 0)
    {
        for (int i = 0; i < Panel<T>.Size; i++)
        {
            bool isThere = i >= from && i < to;
            w.Rows[i] = isThere ? _force + (nint)(tile < 0 ? first + i : _tiles.TokenOf(tile, i)) * _dimension : null;
        }
    }

    // Targets of a product of eight rows: the rows themselves, or where there is none, or not as many columns, spare ones.
    private bool SetTargets(TiledScratch<T> w, int place, int first, int columns)
    {
        bool fits = first + columns <= _dimension, whole = fits;
        for (int i = 0; i < Panel<T>.Rows; i++)
        {
            double* row = w.Rows[place + i];
            w.Targets[i] = fits && row is not null ? row + first : w.Spare + i * columns;
            whole &= row is not null;
        }
        if (!whole) new Span<double>(w.Spare, Panel<T>.Rows * columns).Clear();
        return whole;
    }

    private void AddSpare(TiledScratch<T> w, int place, int first, int columns)
    {
        if (first + columns <= _dimension) return;
        for (int i = 0; i < Panel<T>.Rows; i++)
            if (w.Rows[place + i] is not null) Doubles.Add(w.Rows[place + i] + first, w.Spare + i * columns, _dimension - first);
    }

    private void KeyForces(TiledScratch<T> w, Side lanes, int tile, int count)
    {
        SetRows(w, tile, 0, count);
        int width = Panel<T>.Width(_dimension);
        for (int first = 0; first < width; first += 2 * Panel<T>.Unit)
        {
            int columns = cloud.Columns(first);
            T* values = cloud.Values(lanes.Tile, first);
            for (int key = 0; key < count; key += Panel<T>.Rows)
            {
                bool whole = SetTargets(w, key, first, columns);
                BlockProducts<L, V, T>.AddProduct<Rows<T>>(w.Factors + key * Panel<T>.Size, values, lanes.Count, columns, w.Targets);
                if (!whole) AddSpare(w, key, first, columns);
            }
        }
    }

    // Adds what else the keys of a tile have from the queries of another.
    private void FinishKeys(TiledScratch<T> w, int keys, int queries, T* farSums)
    {
        for (int k = 0; k < _tiles.TokensOf(keys); k++)
        {
            int row = _tiles.TokenOf(keys, k);
            into.Z[replica * _queries + row] += Doubles.Fold(w.KeySums + k * Panel<T>.Unit);
            AddCentre(row, Doubles.Fold(farSums + k * Panel<T>.Unit), queries);
        }
    }

    // Takes near pairs out of the factors and adds their pulls by differences: to the queries, to the keys.
    private void TakeNear(TiledScratch<T> w, Side lanes, int tile, int count, bool toLanes, bool toKeys)
    {
        Exponents(lanes, tile, w.Exponents);
        Vector<T> bound = new(cloud.NearExponent);
        for (int k = 0; k < count; k++)
        {
            T* y = w.Exponents + k * Panel<T>.Size;
            int key = _tiles.TokenOf(tile, k);
            for (int lane = 0; lane < lanes.Count; lane += Vector<T>.Count)
            {
                if (!Vector.GreaterThanAny(Vector.Load(y + lane), bound)) continue;
                for (int i = lane; i < Math.Min(lane + Vector<T>.Count, lanes.Count); i++)
                    if (y[i] > cloud.NearExponent) Take(ref w.Factors[k * Panel<T>.Size + i], RowOf(lanes, i), i, key);
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

    private static void SumFar(TiledScratch<T> w, int count, int lanes)
    {
        new Span<T>(w.Classes, Panel<T>.Unit * Panel<T>.Size).Clear();
        for (int k = 0; k < count; k++)
        {
            T* sums = w.Classes + (k & (Panel<T>.Unit - 1)) * Panel<T>.Size, factors = w.Factors + k * Panel<T>.Size;
            for (int lane = 0; lane < lanes; lane += L.Count)
                L.Store(sums + lane, L.Add(L.Load(factors + lane), L.Load(sums + lane)));
        }
        Fold(w.Classes, lanes, w.FarSums);
    }
}
