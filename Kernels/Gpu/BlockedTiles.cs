using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>A few keys or queries.</summary>
internal interface ICounted
{
    static abstract int Count { get; }
}

/// <summary>Dot products of a few queries with one key.</summary>
internal interface IDots<T, V, Q> where T : unmanaged where V : unmanaged where Q : struct
{
    /// <summary>Adds four coordinates of each.</summary>
    void Meet(in Q queries, V key);

    /// <summary>Writes them, <paramref name="step"/> apart.</summary>
    void Store(ArrayView<T> into, long at, long step);
}

/// <summary>One dot product.</summary>
internal struct Dot<T, V> : IDots<T, V, Point<V>> where T : unmanaged where V : unmanaged, IVector<V, T>
{
    private T _sum;

    public void Meet(in Point<V> queries, V key) => _sum = V.Dot(queries.X, key, _sum);

    public readonly void Store(ArrayView<T> into, long at, long step) => into[at] = _sum;
}

/// <summary>Twice as many queries.</summary>
internal struct TwoDots<S, T, V, Q> : IDots<T, V, Two<Q, V>>
    where S : struct, IDots<T, V, Q> where T : unmanaged where V : unmanaged where Q : struct, IPoints<V>
{
#pragma warning disable CS0649 // assigned by their own Meet
    private S _a, _b;
#pragma warning restore CS0649

    public void Meet(in Two<Q, V> queries, V key)
    {
        _a.Meet(queries.A, key);
        _b.Meet(queries.B, key);
    }

    public void Store(ArrayView<T> into, long at, long step)
    {
        _a.Store(into, at, step);
        _b.Store(into, at + Q.Count * step, step);
    }
}

/// <summary>Dot products of a few queries with a few keys: a square of the matrix of exponents.</summary>
internal interface IExponents<T, V, Q> : ICounted where T : unmanaged where V : unmanaged where Q : struct
{
    /// <summary>Adds four coordinates; keys are <paramref name="step"/> apart.</summary>
    void Meet(in Q queries, ArrayView<V> keys, long at, long step);

    /// <summary>Writes them: rows and columns are so far apart.</summary>
    void Store(ArrayView<T> into, long at, long row, long column);
}

/// <summary>One key.</summary>
internal struct KeyExponents<S, T, V, Q> : IExponents<T, V, Q>
    where S : struct, IDots<T, V, Q> where T : unmanaged where V : unmanaged where Q : struct
{
#pragma warning disable CS0649 // assigned by its own Meet
    private S _dots;
#pragma warning restore CS0649

    public static int Count => 1;

    public void Meet(in Q queries, ArrayView<V> keys, long at, long step) => _dots.Meet(queries, keys[at]);

    public void Store(ArrayView<T> into, long at, long row, long column) => _dots.Store(into, at, row);
}

/// <summary>Twice as many keys.</summary>
internal struct TwoExponents<K, T, V, Q> : IExponents<T, V, Q>
    where K : struct, IExponents<T, V, Q> where T : unmanaged where V : unmanaged where Q : struct
{
#pragma warning disable CS0649 // assigned by their own Meet
    private K _a, _b;
#pragma warning restore CS0649

    public static int Count => 2 * K.Count;

    public void Meet(in Q queries, ArrayView<V> keys, long at, long step)
    {
        _a.Meet(queries, keys, at, step);
        _b.Meet(queries, keys, at + K.Count * step, step);
    }

    public void Store(ArrayView<T> into, long at, long row, long column)
    {
        _a.Store(into, at, row, column);
        _b.Store(into, at + K.Count * column, row, column);
    }
}

/// <summary>Some coordinates of the forces on a few queries: a square of the product of factors and values.</summary>
internal interface IForces<T, V, W, N> where T : unmanaged where V : unmanaged where W : unmanaged where N : struct, IPoints<W>
{
    /// <summary>True when sums are of factors times value - origin; else the origins come off at the end of a sum.</summary>
    static abstract bool HasDifferences { get; }

    /// <summary>Adds four keys; the factors of the next query are <paramref name="step"/> behind.</summary>
    void Meet(in N origins, ArrayView<V> factors, long at, long step, W x0, W x1, W x2, W x3);

    /// <summary>
    /// Adds coordinate <paramref name="c"/>, a constant, to the sums in memory of the block's queries first + <paramref name="query"/>,
    /// first + query + step, ...: those of number <paramref name="first"/> are number <paramref name="at"/> of either view.
    /// <typeparamref name="I"/>: all are in this launch.
    /// </summary>
    void Add<I>(in BlockPlace place, in N origins, ArrayView<T> rests, ArrayView<T> scales, bool hasShift, int c,
        ArrayView<T> high, ArrayView<T> low, long at, int first, int query, int step) where I : struct, IChoice;

    /// <summary>Sets the sums in memory to 0, all coordinates from <paramref name="at"/> on.</summary>
    void Clear(in GpuCall<T> call, in BlockPlace place, int query, int step, long at);
}

/// <summary>The force on one query; with <typeparamref name="F"/> of differences.</summary>
internal struct Force<T, R, V, W, F> : IForces<T, V, W, Point<W>>
    where T : unmanaged where R : struct, IReal<T> where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T>
    where F : struct, IChoice
{
    private W _sum;

    public static bool HasDifferences => F.IsOn;

    public void Meet(in Point<W> origins, ArrayView<V> factors, long at, long step, W x0, W x1, W x2, W x3)
    {
        V p = factors[at];
        _sum = W.AddScaled(_sum, V.At(p, 0), F.IsOn ? W.Subtract(x0, origins.X) : x0);
        _sum = W.AddScaled(_sum, V.At(p, 1), F.IsOn ? W.Subtract(x1, origins.X) : x1);
        _sum = W.AddScaled(_sum, V.At(p, 2), F.IsOn ? W.Subtract(x2, origins.X) : x2);
        _sum = W.AddScaled(_sum, V.At(p, 3), F.IsOn ? W.Subtract(x3, origins.X) : x3);
    }

    public readonly void Add<I>(in BlockPlace place, in Point<W> origins, ArrayView<T> rests, ArrayView<T> scales, bool hasShift, int c,
        ArrayView<T> high, ArrayView<T> low, long at, int first, int query, int step) where I : struct, IChoice
    {
        if (!I.IsOn && (first + query < place.From || first + query >= place.To)) return;
        T sum = W.At(_sum, c), sumHigh = high[at + query], sumLow = low[at + query];
        if (!F.IsOn) sum = R.NegativeMultiplyAdd(rests[query], W.At(origins.X, c), sum);
        if (hasShift)
        {
            sumHigh = R.Multiply(sumHigh, scales[query]);
            sumLow = R.Multiply(sumLow, scales[query]);
        }
        R.Accumulate(ref sumHigh, ref sumLow, sum);
        high[at + query] = sumHigh;
        low[at + query] = sumLow;
    }

    public readonly void Clear(in GpuCall<T> call, in BlockPlace place, int query, int step, long at)
    {
        if (query >= place.From && query < place.To) W.Clear(call.Parts, at, 2L * call.Rows, call.Rows);
    }
}

/// <summary>Those on twice as many.</summary>
internal struct TwoForces<A, T, V, W, N> : IForces<T, V, W, Two<N, W>>
    where A : struct, IForces<T, V, W, N> where T : unmanaged where V : unmanaged where W : unmanaged where N : struct, IPoints<W>
{
#pragma warning disable CS0649 // assigned by their own Meet
    private A _a, _b;
#pragma warning restore CS0649

    public static bool HasDifferences => A.HasDifferences;

    public void Meet(in Two<N, W> origins, ArrayView<V> factors, long at, long step, W x0, W x1, W x2, W x3)
    {
        _a.Meet(origins.A, factors, at, step, x0, x1, x2, x3);
        _b.Meet(origins.B, factors, at + N.Count * step, step, x0, x1, x2, x3);
    }

    public void Add<I>(in BlockPlace place, in Two<N, W> origins, ArrayView<T> rests, ArrayView<T> scales, bool hasShift, int c,
        ArrayView<T> high, ArrayView<T> low, long at, int first, int query, int step) where I : struct, IChoice
    {
        _a.Add<I>(place, origins.A, rests, scales, hasShift, c, high, low, at, first, query, step);
        _b.Add<I>(place, origins.B, rests, scales, hasShift, c, high, low, at, first, query + N.Count * step, step);
    }

    public void Clear(in GpuCall<T> call, in BlockPlace place, int query, int step, long at)
    {
        _a.Clear(call, place, query, step, at);
        _b.Clear(call, place, query + N.Count * step, step, at + N.Count * step);
    }
}
