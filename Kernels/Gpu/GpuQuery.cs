using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The sums of one query, as a thread of a kernel holds them.</summary>
internal interface IGpuQuery<T, V> where T : unmanaged where V : unmanaged, IVector<V, T>
{
    /// <summary>True when values are not the keys.</summary>
    static abstract bool HasValues { get; }

    /// <summary>Numbers of a key to be brought along: see <see cref="ICouplingMath{V, N}.NearRows"/>.</summary>
    static abstract int NearRows { get; }

    /// <summary>True when keys come with <see cref="NormOf"/>, and a query does not meet itself.</summary>
    static abstract bool HasNorms { get; }

    /// <summary>Queries in it.</summary>
    static abstract int Count { get; }

    /// <summary>-|key|^2.</summary>
    static abstract T NormOf(V key);

    /// <summary>Begins the sums of this query of a replica, and of those that follow at a distance of <paramref name="step"/>.</summary>
    void Begin(in GpuCall<T> call, int replica, int query, int step);

    /// <summary>Adds a key. <typeparamref name="N"/>: it may be the query itself.</summary>
    void Meet<N>(in GpuCall<T> call, GpuKey<T, V> key) where N : struct, IChoice;

    /// <summary>Adds four keys.</summary>
    void Meet<N>(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3) where N : struct, IChoice;

    /// <summary>Adds the sums of a tile of keys to those of the tiles before.</summary>
    void EndTile();

    /// <summary>Writes the sums over a split of the keys, if the query is in this launch.</summary>
    void Store(in GpuCall<T> call, int split);
}

/// <summary>Twice as many queries in one thread: a key is loaded once for all.</summary>
internal struct Both<Q, T, V> : IGpuQuery<T, V>
    where Q : struct, IGpuQuery<T, V> where T : unmanaged where V : unmanaged, IVector<V, T>
{
#pragma warning disable CS0649 // assigned by their own Begin
    private Q _a, _b;
#pragma warning restore CS0649

    public static bool HasValues => Q.HasValues;

    public static int NearRows => Q.NearRows;

    public static bool HasNorms => Q.HasNorms;

    public static int Count => 2 * Q.Count;

    public static T NormOf(V key) => Q.NormOf(key);

    public void Begin(in GpuCall<T> call, int replica, int query, int step)
    {
        _a.Begin(call, replica, query, step);
        _b.Begin(call, replica, query + Q.Count * step, step);
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> key) where N : struct, IChoice
    {
        _a.Meet<N>(call, key);
        _b.Meet<N>(call, key);
    }

    public void Meet<N>(in GpuCall<T> call, GpuKey<T, V> k0, GpuKey<T, V> k1, GpuKey<T, V> k2, GpuKey<T, V> k3) where N : struct, IChoice
    {
        _a.Meet<N>(call, k0, k1, k2, k3);
        _b.Meet<N>(call, k0, k1, k2, k3);
    }

    public void EndTile()
    {
        _a.EndTile();
        _b.EndTile();
    }

    public void Store(in GpuCall<T> call, int split)
    {
        _a.Store(call, split);
        _b.Store(call, split);
    }
}

/// <summary>Z, and with <typeparamref name="X"/> the columns that only observers ask for.</summary>
internal struct GpuSums<T, R, X> where T : unmanaged where R : struct, IReal<T> where X : struct, IChoice
{
    private T _z, _deficit, _largest, _squares, _couplingLog;

    public readonly T Z => _z;

    public void Add(T p)
    {
        _z = R.Add(_z, p);
        if (!X.IsOn) return;
        _largest = R.Max(_largest, R.Abs(p));
        _squares = R.MultiplyAdd(p, p, _squares);
    }

    /// <summary>Adds w b (1 - 2^y).</summary>
    public void AddDeficit(T factor, T y) => _deficit = R.Subtract(_deficit, R.Multiply(factor, R.Exp2MinusOne(y)));

    public void AddCouplingLog(T p, T logB) => _couplingLog = R.MultiplyAdd(p, logB, _couplingLog);

    /// <summary>All terms times a power of two.</summary>
    public void Scale(T factor)
    {
        _z = R.Multiply(_z, factor);
        if (!X.IsOn) return;
        _largest = R.Multiply(_largest, factor);
        _squares = R.Multiply(R.Multiply(_squares, factor), factor);
        _couplingLog = R.Multiply(_couplingLog, factor);
    }

    /// <summary>See <see cref="IReal{T}.Accumulate"/>.</summary>
    public static void Accumulate(ref GpuSums<T, R, X> high, ref GpuSums<T, R, X> low, GpuSums<T, R, X> tile)
    {
        R.Accumulate(ref high._z, ref low._z, tile._z);
        if (!X.IsOn) return;
        R.Accumulate(ref high._deficit, ref low._deficit, tile._deficit);
        high._largest = R.Max(high._largest, tile._largest);
        R.Accumulate(ref high._squares, ref low._squares, tile._squares);
        R.Accumulate(ref high._couplingLog, ref low._couplingLog, tile._couplingLog);
    }

    /// <summary>Writes the columns; the force has so many numbers.</summary>
    public readonly void Store(ArrayView<T> into, long at, long stride, int numbers)
    {
        into[at + GpuColumns.Z * stride] = _z;
        if (!X.IsOn) return;
        at += (GpuColumns.Force + numbers) * stride;
        into[at + GpuColumns.Deficit * stride] = _deficit;
        into[at + GpuColumns.Largest * stride] = _largest;
        into[at + GpuColumns.Squares * stride] = _squares;
        into[at + GpuColumns.CouplingLog * stride] = _couplingLog;
    }

    /// <summary>Reads what <see cref="Store"/> wrote.</summary>
    public static GpuSums<T, R, X> Load(ArrayView<T> from, long at, long stride, int numbers)
    {
        GpuSums<T, R, X> sums = default;
        sums._z = from[at + GpuColumns.Z * stride];
        if (!X.IsOn) return sums;
        at += (GpuColumns.Force + numbers) * stride;
        sums._deficit = from[at + GpuColumns.Deficit * stride];
        sums._largest = from[at + GpuColumns.Largest * stride];
        sums._squares = from[at + GpuColumns.Squares * stride];
        sums._couplingLog = from[at + GpuColumns.CouplingLog * stride];
        return sums;
    }
}

/// <summary>The sums of one query in registers: those of a tile, and of all tiles before as high + low.</summary>
internal struct GpuTotals<T, R, V, X>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IVector<V, T> where X : struct, IChoice
{
    private GpuSums<T, R, X> _high, _low;
    private V _force, _forceHigh, _forceLow;

    /// <summary>The tile's.</summary>
    public GpuSums<T, R, X> Tile;

    public void Add(T p, V difference)
    {
        Tile.Add(p);
        _force = V.AddScaled(_force, p, difference);
    }

    /// <summary>Takes Z times the query's position, given twice, off a tile's sum of factors times positions.</summary>
    public void Subtract(V twice, T minusHalf) => _force = V.AddScaled(_force, R.Multiply(minusHalf, Tile.Z), twice);

    public void EndTile()
    {
        GpuSums<T, R, X>.Accumulate(ref _high, ref _low, Tile);
        V.Accumulate(ref _forceHigh, ref _forceLow, _force);
        Tile = default;
        _force = default;
    }

    public void Scale(T factor)
    {
        Tile.Scale(factor);
        _high.Scale(factor);
        _low.Scale(factor);
        _force = V.Scale(_force, factor);
        _forceHigh = V.Scale(_forceHigh, factor);
        _forceLow = V.Scale(_forceLow, factor);
    }

    public void Store(in GpuCall<T> call, GpuRow<T, R> row, int split, T shift)
    {
        long at = row.Place(call, split, GpuColumns.Force + V.Count + (X.IsOn ? GpuColumns.More : 0)), stride = 2L * call.Rows;
        if (at < 0) return;
        call.Parts[at] = shift;
        _high.Store(call.Parts, at, stride, V.Count);
        _low.Store(call.Parts, at + call.Rows, stride, V.Count);
        V.Store(_forceHigh, call.Parts, at + GpuColumns.Force * stride, stride);
        V.Store(_forceLow, call.Parts, at + call.Rows + GpuColumns.Force * stride, stride);
    }
}

/// <summary>A query among those of its problem: what of it does not depend on its position.</summary>
internal struct GpuRow<T, R> where T : unmanaged where R : struct, IReal<T>
{
    private T _q0, _q1;
    private int _replica, _query, _own, _from, _to;

    /// <summary>Where its position is. Threads beyond the last query work for nothing on the last one.</summary>
    public readonly long Row(in GpuCall<T> call) =>
        (long)_replica * call.QueryCount + (_query < call.QueryCount ? _query : call.QueryCount - 1);

    public void Begin(in GpuCall<T> call, int replica, int query)
    {
        (_replica, _query, _own) = (replica, query, call.IsSelf != 0 ? query : -1);
        long row = Row(call);
        _q0 = call.QueryRows > 0 ? call.QueryNumbers[row] : R.Constant(0);
        _q1 = call.QueryRows > 1 ? call.QueryNumbers[call.AllQueries + row] : R.Constant(0);
        int mine = query < call.QueryCount ? query : call.QueryCount - 1;
        _from = call.FromKey(mine);
        _to = call.ToKey(mine);
    }

    public readonly bool Sees(int key) => key >= _from && key < _to;

    /// <summary>True when this key is the query itself.</summary>
    public readonly bool Is(int key) => key == _own;

    public readonly GpuNumbers<T, R> Numbers(in GpuCall<T> call, GpuKeyNumbers<T> key) =>
        new(call.QueryNumbers, call.KeyNumbers, call.AllQueries, call.AllKeys, call.KeyRows,
            _q0, _q1, Row(call), key.N0, key.N1, key.N2, key.Global);

    /// <summary>The numbers of the query with itself.</summary>
    public readonly GpuNumbers<T, R> Numbers(in GpuCall<T> call, int nearRows) =>
        Numbers(call, GpuKeyNumbers<T>.Load(call, nearRows, (long)_replica * call.KeyCount, _own));

    /// <summary>True when the query is itself among the keys of a split, and sees itself.</summary>
    public readonly bool IsIn(in GpuCall<T> call, int split) =>
        _own >= split * call.SplitKeys && _own < call.SplitEnd(split) && Sees(_own);

    /// <summary>Where the shift goes in <see cref="GpuCall{T}.Parts"/>, or -1 when the query is not in this launch.</summary>
    public readonly long Place(in GpuCall<T> call, int split, int columns)
    {
        long row = Row(call) - call.FirstRow;
        return _query < call.QueryCount && row >= 0 && row < call.Rows ? (long)split * columns * 2 * call.Rows + row : -1;
    }
}
