using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// The kernel for d above 16: one query a thread, sixteen keys at a time, coordinates in blocks of four. Exponents of the sixteen come
/// first, then their factors, then the force, whose sums lie in memory. Keys come through the first cache.
/// </summary>
internal static class BlockedKernel
{
    /// <summary>Coordinates of a block.</summary>
    public const int Block = 4;

    /// <summary>Keys of a tile, as elsewhere the unit of splits.</summary>
    public const int TileKeys = 64;

    /// <summary>Sums one split of the keys for one row of this launch. V: four coordinates; K: sixteen keys.</summary>
    public static void Sum<T, R, V, K, X>(Index1D index, GpuCall<T> call)
        where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IBlock<V, T>
        where K : struct, IKeyGroup<T, R, V, X> where X : struct, IChoice
    {
        int split = index / call.Rows, flat = call.FirstRow + index - split * call.Rows;
        int replica = flat / call.QueryCount, mine = flat - replica * call.QueryCount;
        GpuRow<T, R> row = default;
        row.Begin(call, replica, mine);
        int blocks = call.Stride / V.Count, from = call.FromKey(mine), to = call.SplitEnd(split);
        if (to > call.ToKey(mine)) to = call.ToKey(mine);
        long stride = 2L * call.Rows, at = row.Place(call, split, GpuColumns.Force + call.Stride + (X.IsOn ? GpuColumns.More : 0));
        long force = at + GpuColumns.Force * stride, block = V.Count * stride;
        ArrayView<V> queries = call.Queries.Cast<V>(), origins = K.HasValues ? call.Origins.Cast<V>() : queries;
        for (int b = 0; b < blocks; b++) V.Clear(call.Parts, force + b * block, stride, call.Rows);
        T shift = K.HasShift ? R.Constant(GpuShift.None) : R.Constant(0);
        GpuSums<T, R, X> high = default, low = default;
        for (int first = split * call.SplitKeys; first < to; first += K.Count)
        {
            if (first + K.Count <= from) continue;
            K keys = default;
            keys.Begin(call, replica, first, from, to);
            for (int b = 0; b < blocks; b++) keys.Meet(call, queries[row.Row * blocks + b], b);
            T largest = keys.Bend(call, row);
            if (K.HasShift && R.IsPositive(R.Subtract(largest, shift)))
            {
                T raised = R.Ceiling(largest), factor = R.Exp2(R.Subtract(shift, raised));
                shift = raised;
                high.Scale(factor);
                low.Scale(factor);
                for (int b = 0; b < blocks; b++) V.ScaleAt(call.Parts, force + b * block, stride, call.Rows, factor);
            }
            GpuSums<T, R, X> sums = default;
            keys.Weigh(call, row, shift, ref sums);
            GpuSums<T, R, X>.Accumulate(ref high, ref low, sums);
            for (int b = 0; b < blocks; b++)
                V.AddAt(call.Parts, force + b * block, stride, call.Rows, keys.Force(call, origins[row.Row * blocks + b], b, default));
        }
        call.Parts[at] = shift;
        high.Store(call.Parts, at, stride, call.Stride);
        low.Store(call.Parts, at + call.Rows, stride, call.Stride);
    }
}

/// <summary>A few keys and, for one query, their exponents and factors in registers.</summary>
internal interface IKeyGroup<T, R, V, X>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T> where X : struct, IChoice
{
    /// <summary>True when values are not the keys.</summary>
    static abstract bool HasValues { get; }

    /// <summary>True when exponents may be above 0.</summary>
    static abstract bool HasShift { get; }

    /// <summary>Keys.</summary>
    static abstract int Count { get; }

    /// <summary>Begins with the keys of a replica from <paramref name="first"/> on, of which those in [from, to) count.</summary>
    void Begin(in GpuCall<T> call, int replica, int first, int from, int to);

    /// <summary>Adds a block of coordinates to the exponents.</summary>
    void Meet(in GpuCall<T> call, V q, int block);

    /// <summary>Completes the exponents; the largest of them.</summary>
    T Bend(in GpuCall<T> call, GpuRow<T, R> row);

    /// <summary>From exponents to factors, which are added to the sums.</summary>
    void Weigh(in GpuCall<T> call, GpuRow<T, R> row, T shift, ref GpuSums<T, R, X> sums);

    /// <summary>sum + the force in a block of coordinates.</summary>
    V Force(in GpuCall<T> call, V origin, int block, V sum);
}

/// <summary>Twice as many keys.</summary>
internal struct BothKeys<K, T, R, V, X> : IKeyGroup<T, R, V, X>
    where K : struct, IKeyGroup<T, R, V, X> where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where X : struct, IChoice
{
#pragma warning disable CS0649 // assigned by their own Begin
    private K _a, _b;
#pragma warning restore CS0649

    public static bool HasValues => K.HasValues;

    public static bool HasShift => K.HasShift;

    public static int Count => 2 * K.Count;

    public void Begin(in GpuCall<T> call, int replica, int first, int from, int to)
    {
        _a.Begin(call, replica, first, from, to);
        _b.Begin(call, replica, first + K.Count, from, to);
    }

    public void Meet(in GpuCall<T> call, V q, int block)
    {
        _a.Meet(call, q, block);
        _b.Meet(call, q, block);
    }

    public T Bend(in GpuCall<T> call, GpuRow<T, R> row) => R.Max(_a.Bend(call, row), _b.Bend(call, row));

    public void Weigh(in GpuCall<T> call, GpuRow<T, R> row, T shift, ref GpuSums<T, R, X> sums)
    {
        _a.Weigh(call, row, shift, ref sums);
        _b.Weigh(call, row, shift, ref sums);
    }

    public V Force(in GpuCall<T> call, V origin, int block, V sum) => _b.Force(call, origin, block, _a.Force(call, origin, block, sum));
}

/// <summary>One key; with <typeparamref name="D"/> in the difference form.</summary>
internal struct OneKey<T, R, V, C, P, D, X> : IKeyGroup<T, R, V, X>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where D : struct, IChoice where X : struct, IChoice
{
    private GpuKeyNumbers<T> _key;
    private T _y, _p;
    private long _at;
    private bool _isSeen;

    public static bool HasValues => !D.IsOn;

    public static bool HasShift => P.IsOn && !D.IsOn;

    public static int Count => 1;

    public void Begin(in GpuCall<T> call, int replica, int first, int from, int to)
    {
        _isSeen = first >= from && first < to;
        _key = GpuKeyNumbers<T>.Load(call, C.NearRows, (long)replica * call.KeyCount, first < call.KeyCount ? first : call.KeyCount - 1);
        _at = _key.Global * (call.Stride / V.Count);
        _y = R.Constant(0);
    }

    public void Meet(in GpuCall<T> call, V q, int block)
    {
        if (!P.IsOn) return;
        V k = call.Keys.Cast<V>()[_at + block];
        V difference = V.Subtract(k, q);
        _y = D.IsOn ? V.Dot(difference, difference, _y) : V.Dot(q, k, _y);
    }

    public T Bend(in GpuCall<T> call, GpuRow<T, R> row)
    {
        // The deficit needs the exponent without its coupling: _y keeps that, _p the other until Weigh.
        if (D.IsOn) _y = R.Negate(_y);
        GpuNumbers<T, R> numbers = row.Numbers(call, _key);
        _p = P.IsOn ? C.Bend(_y, ref numbers) : _y;
        return _isSeen ? _p : R.Constant(GpuShift.None);
    }

    public void Weigh(in GpuCall<T> call, GpuRow<T, R> row, T shift, ref GpuSums<T, R, X> sums)
    {
        GpuNumbers<T, R> numbers = row.Numbers(call, _key);
        _p = P.IsOn
            ? PairMath<T, R, GpuNumbers<T, R>, C>.Finish(R.Exp2(R.Subtract(_p, shift)), ref numbers)
            : PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers);
        _p = _isSeen ? _p : R.Constant(0);
        sums.Add(_p);
        if (!X.IsOn || !_isSeen) return;
        if (P.IsOn && D.IsOn) sums.AddDeficit(PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers), _y);
        if (call.HasLog != 0) sums.AddCouplingLog(_p, C.Log(ref numbers));
    }

    public V Force(in GpuCall<T> call, V origin, int block, V sum)
    {
        ArrayView<T> values = D.IsOn ? call.Keys : call.Values;
        return V.AddScaled(sum, _p, V.Subtract(values.Cast<V>()[_at + block], origin));
    }
}
