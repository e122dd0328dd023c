using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>What a thread makes of a part of a row of a tile's exponents: factors, in their place, and the row's sums.</summary>
internal interface IFactors<T, V> where T : unmanaged where V : unmanaged
{
    /// <summary>True when factors depend on positions.</summary>
    static abstract bool HasExponents { get; }

    /// <summary>True when exponents are -|k - q|^2.</summary>
    static abstract bool HasNorms { get; }

    /// <summary>True when exponents may be above 0.</summary>
    static abstract bool HasShift { get; }

    /// <summary>A norm that makes a factor 0.</summary>
    static abstract T Far { get; }

    /// <summary>True when there are the columns that only observers ask for.</summary>
    static abstract bool More { get; }

    /// <summary>Begins the sums of this query of a replica.</summary>
    void Begin(in GpuCall<T> call, int replica, int query);

    /// <summary>The largest exponent of so many keys, the first of which is <paramref name="key"/>.</summary>
    T Largest(in GpuCall<T> call, ArrayView<V> tile, int at, int count, int key);

    /// <summary>
    /// Raises the shift to the largest of <paramref name="exponents"/> number <paramref name="at"/>, at + step, ...; what sums so far are
    /// multiplied by.
    /// </summary>
    T RaiseTo(ArrayView<T> exponents, int at, int step, int end);

    /// <summary>Exponents of so many keys to factors; their sum since the last <see cref="EndRest"/>, without the query's own.</summary>
    T Weigh(in GpuCall<T> call, ArrayView<V> tile, int at, ArrayView<V> norms, int atNorm, int count, int key);

    /// <summary>The sum of numbers <paramref name="at"/>, at + step, ... before <paramref name="end"/>.</summary>
    static abstract T Sum(ArrayView<T> numbers, int at, int step, int end);

    /// <summary>The forces are in memory.</summary>
    void EndRest();

    /// <summary>Writes the sums.</summary>
    void Save(ArrayView<T> into, int at, int stride);

    /// <summary>Adds sums that another has written.</summary>
    void Join(ArrayView<T> from, int at, int stride);

    /// <summary>Writes the sums over a split of the keys, if the query is in this launch.</summary>
    void Store(in GpuCall<T> call, int split);
}

/// <summary>The only one: D: difference form; P: pairs carry an exponential; M: masked; X: more columns; F: force of differences.</summary>
internal struct Factors<T, R, V, C, P, D, M, X, F> : IFactors<T, V>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IBlock<V, T>
    where C : struct, ICouplingMath<T, GpuNumbers<T, R>> where P : struct, IChoice where D : struct, IChoice where M : struct, IChoice
    where X : struct, IChoice where F : struct, IChoice
{
    private GpuRow<T, R> _row;
    private long _firstKey;
    private int _own;
    private T _norm, _shift, _rest;
    private GpuSums<T, R, X> _high, _low;

    public static bool HasExponents => P.IsOn;

    public static bool HasNorms => P.IsOn && D.IsOn;

    public static bool HasShift => P.IsOn && !D.IsOn;

    public static T Far => R.Constant(-GpuShift.None);

    public static bool More => X.IsOn;

    public void Begin(in GpuCall<T> call, int replica, int query)
    {
        _row.Begin(call, replica, query);
        _firstKey = (long)replica * call.KeyCount;
        _own = call.IsSelf != 0 ? query : -1;
        _norm = _rest = R.Constant(0);
        _shift = HasShift ? R.Constant(GpuShift.None) : R.Constant(0);
        _high = _low = default;
        if (!HasNorms) return;
        int blocks = call.Stride / V.Count;
        ArrayView<V> queries = call.Queries.Cast<V>();
        long row = _row.Row(call);
        // In the order of the products, so that the exponent of a point with itself is 0.
        for (int b = 0; b < blocks; b++)
        {
            V q = queries[row * blocks + b];
            _norm = V.Dot(q, q, _norm);
        }
    }

    public readonly T Largest(in GpuCall<T> call, ArrayView<V> tile, int at, int count, int key)
    {
        T largest = R.Constant(GpuShift.None);
        for (int j = 0; j < count; j += V.Count)
        {
            V y = tile[at + j / V.Count];
            largest = R.Max(largest, Bent(call, V.At(y, 0), key + j));
            largest = R.Max(largest, Bent(call, V.At(y, 1), key + j + 1));
            largest = R.Max(largest, Bent(call, V.At(y, 2), key + j + 2));
            largest = R.Max(largest, Bent(call, V.At(y, 3), key + j + 3));
        }
        return largest;
    }

    public T RaiseTo(ArrayView<T> exponents, int at, int step, int end)
    {
        T largest = exponents[at], factor = R.Constant(1);
        for (int i = at + step; i < end; i += step) largest = R.Max(largest, exponents[i]);
        if (!R.IsPositive(R.Subtract(largest, _shift))) return factor;
        T raised = R.Ceiling(largest);
        factor = R.Exp2(R.Subtract(_shift, raised));
        _shift = raised;
        _high.Scale(factor);
        _low.Scale(factor);
        return factor;
    }

    public T Weigh(in GpuCall<T> call, ArrayView<V> tile, int at, ArrayView<V> norms, int atNorm, int count, int key)
    {
        GpuSums<T, R, X> sums = default;
        for (int j = 0; j < count; j += V.Count)
        {
            V p = tile[at + j / V.Count], norm = HasNorms ? norms[atNorm + j / V.Count] : p;
            p = V.With(p, 0, Weigh(call, V.At(p, 0), V.At(norm, 0), key + j, ref sums));
            p = V.With(p, 1, Weigh(call, V.At(p, 1), V.At(norm, 1), key + j + 1, ref sums));
            p = V.With(p, 2, Weigh(call, V.At(p, 2), V.At(norm, 2), key + j + 2, ref sums));
            p = V.With(p, 3, Weigh(call, V.At(p, 3), V.At(norm, 3), key + j + 3, ref sums));
            tile[at + j / V.Count] = p;
        }
        GpuSums<T, R, X>.Accumulate(ref _high, ref _low, sums);
        if (!F.IsOn) _rest = R.Add(_rest, _own >= key && _own < key + count ? SumWithoutOwn(tile, at, count, key) : sums.Z);
        return _rest;
    }

    public static T Sum(ArrayView<T> numbers, int at, int step, int end)
    {
        T sum = numbers[at];
        for (int i = at + step; i < end; i += step) sum = R.Add(sum, numbers[i]);
        return sum;
    }

    public void EndRest() => _rest = R.Constant(0);

    public readonly void Save(ArrayView<T> into, int at, int stride)
    {
        _high.Store(into, at, stride, 0);
        _low.Store(into, at + (GpuColumns.Force + GpuColumns.More) * stride, stride, 0);
    }

    public void Join(ArrayView<T> from, int at, int stride)
    {
        GpuSums<T, R, X>.Accumulate(ref _high, ref _low, GpuSums<T, R, X>.Load(from, at, stride, 0));
        int low = at + (GpuColumns.Force + GpuColumns.More) * stride;
        GpuSums<T, R, X>.Accumulate(ref _high, ref _low, GpuSums<T, R, X>.Load(from, low, stride, 0));
    }

    public readonly void Store(in GpuCall<T> call, int split)
    {
        long at = _row.Place(call, split, GpuColumns.Force + call.Stride + (X.IsOn ? GpuColumns.More : 0)), stride = 2L * call.Rows;
        if (at < 0) return;
        call.Parts[at] = _shift;
        _high.Store(call.Parts, at, stride, call.Stride);
        _low.Store(call.Parts, at + call.Rows, stride, call.Stride);
    }

    private readonly bool Sees(in GpuCall<T> call, int key) => M.IsOn ? _row.Sees(key) : key < call.KeyCount;

    private readonly GpuNumbers<T, R> Numbers(in GpuCall<T> call, int key) => _row.Numbers(
        call, GpuKeyNumbers<T>.Load(call, C.NearRows, _firstKey, key < call.KeyCount ? key : call.KeyCount - 1));

    private readonly T Bent(in GpuCall<T> call, T y, int key)
    {
        GpuNumbers<T, R> numbers = Numbers(call, key);
        y = C.Bend(y, ref numbers);
        return Sees(call, key) ? y : R.Constant(GpuShift.None);
    }

    private T Weigh(in GpuCall<T> call, T dot, T norm, int key, ref GpuSums<T, R, X> sums)
    {
        GpuNumbers<T, R> numbers = Numbers(call, key);
        // Where all queries see all keys, those beyond the last one are far.
        bool isSeen = HasNorms && !M.IsOn && !X.IsOn || Sees(call, key);
        T y = HasNorms ? R.Subtract(R.MultiplyAdd(R.Constant(2), dot, R.Negate(_norm)), norm) : dot;
        T bent = P.IsOn ? C.Bend(y, ref numbers) : y;
        T p = P.IsOn
            ? PairMath<T, R, GpuNumbers<T, R>, C>.Finish(R.Exp2(HasShift ? R.Subtract(bent, _shift) : bent), ref numbers)
            : PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers);
        p = isSeen ? p : R.Constant(0);
        sums.Add(p);
        if (X.IsOn && isSeen)
        {
            if (HasNorms) sums.AddDeficit(PairMath<T, R, GpuNumbers<T, R>, C>.Whole(ref numbers), y);
            if (call.HasLog != 0) sums.AddCouplingLog(p, C.Log(ref numbers));
        }
        return p;
    }

    // The query's own factor times its own position is nothing but a rounding error.
    private readonly T SumWithoutOwn(ArrayView<V> tile, int at, int count, int key)
    {
        ArrayView<T> factors = tile.Cast<T>();
        T sum = R.Constant(0);
        factors[at * V.Count + _own - key] = sum;
        for (int j = 0; j < count; j++) sum = R.Add(sum, factors[at * V.Count + j]);
        return sum;
    }
}
