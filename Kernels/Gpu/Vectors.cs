using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The coordinates of a point, each in a register. The default value is the origin.</summary>
internal interface IVector<V, T> where V : unmanaged where T : unmanaged
{
    static abstract V Subtract(V a, V b);

    /// <summary>&lt;a, b> + start.</summary>
    static abstract T Dot(V a, V b, T start);

    /// <summary>sum + factor x.</summary>
    static abstract V AddScaled(V sum, T factor, V x);

    /// <summary>factor x.</summary>
    static abstract V Scale(V x, T factor);

    /// <summary>See <see cref="IReal{T}.Accumulate"/>.</summary>
    static abstract void Accumulate(ref V high, ref V low, V x);

    /// <summary>Coordinate c goes to at + c stride.</summary>
    static abstract void Store(V x, ArrayView<T> into, long at, long stride);

    /// <summary>Numbers in memory; a power of two.</summary>
    static abstract int Count { get; }
}

/// <summary>Coordinates that are also known one by one, and whose sums may lie in memory.</summary>
internal interface IBlock<V, T> : IVector<V, T> where V : unmanaged where T : unmanaged
{
    /// <summary>Coordinate i, a constant.</summary>
    static abstract T At(V x, int i);

    /// <summary>x with another coordinate i, a constant.</summary>
    static abstract V With(V x, int i, T value);

    /// <summary>Sets the sums high + low of coordinate c, at at + c stride and <paramref name="low"/> behind, to 0.</summary>
    static abstract void Clear(ArrayView<T> sums, long at, long stride, long low);

    /// <summary>Adds x to such sums.</summary>
    static abstract void AddAt(ArrayView<T> sums, long at, long stride, long low, V x);

    /// <summary>Multiplies such sums.</summary>
    static abstract void ScaleAt(ArrayView<T> sums, long at, long stride, long low, T factor);
}

/// <summary>One coordinate.</summary>
internal struct Coordinate<T, R> : IBlock<Coordinate<T, R>, T> where T : unmanaged where R : struct, IReal<T>
{
    private T _x;

    public static int Count => 1;

    public static Coordinate<T, R> Subtract(Coordinate<T, R> a, Coordinate<T, R> b) => new() { _x = R.Subtract(a._x, b._x) };

    public static T Dot(Coordinate<T, R> a, Coordinate<T, R> b, T start) => R.MultiplyAdd(a._x, b._x, start);

    public static Coordinate<T, R> AddScaled(Coordinate<T, R> sum, T factor, Coordinate<T, R> x) =>
        new() { _x = R.MultiplyAdd(factor, x._x, sum._x) };

    public static Coordinate<T, R> Scale(Coordinate<T, R> x, T factor) => new() { _x = R.Multiply(x._x, factor) };

    public static void Accumulate(ref Coordinate<T, R> high, ref Coordinate<T, R> low, Coordinate<T, R> x) =>
        R.Accumulate(ref high._x, ref low._x, x._x);

    public static void Store(Coordinate<T, R> x, ArrayView<T> into, long at, long stride) => into[at] = x._x;

    public static T At(Coordinate<T, R> x, int i) => x._x;

    public static Coordinate<T, R> With(Coordinate<T, R> x, int i, T value) => new() { _x = value };

    public static void Clear(ArrayView<T> sums, long at, long stride, long low)
    {
        sums[at] = R.Constant(0);
        sums[at + low] = R.Constant(0);
    }

    public static void AddAt(ArrayView<T> sums, long at, long stride, long low, Coordinate<T, R> x)
    {
        T high = sums[at], rest = sums[at + low];
        R.Accumulate(ref high, ref rest, x._x);
        sums[at] = high;
        sums[at + low] = rest;
    }

    public static void ScaleAt(ArrayView<T> sums, long at, long stride, long low, T factor)
    {
        sums[at] = R.Multiply(sums[at], factor);
        sums[at + low] = R.Multiply(sums[at + low], factor);
    }
}

/// <summary>Twice as many coordinates: 2, 4, 8, 16.</summary>
internal struct Twice<V, T> : IBlock<Twice<V, T>, T> where V : unmanaged, IBlock<V, T> where T : unmanaged
{
    private V _a, _b;

    public static int Count => 2 * V.Count;

    public static Twice<V, T> Subtract(Twice<V, T> a, Twice<V, T> b) => new() { _a = V.Subtract(a._a, b._a), _b = V.Subtract(a._b, b._b) };

    public static T Dot(Twice<V, T> a, Twice<V, T> b, T start) => V.Dot(a._b, b._b, V.Dot(a._a, b._a, start));

    public static Twice<V, T> AddScaled(Twice<V, T> sum, T factor, Twice<V, T> x) =>
        new() { _a = V.AddScaled(sum._a, factor, x._a), _b = V.AddScaled(sum._b, factor, x._b) };

    public static Twice<V, T> Scale(Twice<V, T> x, T factor) => new() { _a = V.Scale(x._a, factor), _b = V.Scale(x._b, factor) };

    public static void Accumulate(ref Twice<V, T> high, ref Twice<V, T> low, Twice<V, T> x)
    {
        V.Accumulate(ref high._a, ref low._a, x._a);
        V.Accumulate(ref high._b, ref low._b, x._b);
    }

    public static void Store(Twice<V, T> x, ArrayView<T> into, long at, long stride)
    {
        V.Store(x._a, into, at, stride);
        V.Store(x._b, into, at + V.Count * stride, stride);
    }

    public static T At(Twice<V, T> x, int i) => i < V.Count ? V.At(x._a, i) : V.At(x._b, i - V.Count);

    public static Twice<V, T> With(Twice<V, T> x, int i, T value)
    {
        if (i < V.Count) x._a = V.With(x._a, i, value);
        else x._b = V.With(x._b, i - V.Count, value);
        return x;
    }

    public static void Clear(ArrayView<T> sums, long at, long stride, long low)
    {
        V.Clear(sums, at, stride, low);
        V.Clear(sums, at + V.Count * stride, stride, low);
    }

    public static void AddAt(ArrayView<T> sums, long at, long stride, long low, Twice<V, T> x)
    {
        V.AddAt(sums, at, stride, low, x._a);
        V.AddAt(sums, at + V.Count * stride, stride, low, x._b);
    }

    public static void ScaleAt(ArrayView<T> sums, long at, long stride, long low, T factor)
    {
        V.ScaleAt(sums, at, stride, low, factor);
        V.ScaleAt(sums, at + V.Count * stride, stride, low, factor);
    }
}

/// <summary>Three coordinates in the place of four, which load as one.</summary>
internal struct Triple<T, R> : IVector<Triple<T, R>, T> where T : unmanaged where R : struct, IReal<T>
{
    private T _x, _y, _z;
#pragma warning disable CS0169, IDE0051 // there for its size
    private readonly T _nothing;
#pragma warning restore CS0169, IDE0051

    public static int Count => 4;

    public static Triple<T, R> Subtract(Triple<T, R> a, Triple<T, R> b) =>
        new() { _x = R.Subtract(a._x, b._x), _y = R.Subtract(a._y, b._y), _z = R.Subtract(a._z, b._z) };

    public static T Dot(Triple<T, R> a, Triple<T, R> b, T start) =>
        R.MultiplyAdd(a._z, b._z, R.MultiplyAdd(a._y, b._y, R.MultiplyAdd(a._x, b._x, start)));

    public static Triple<T, R> AddScaled(Triple<T, R> sum, T factor, Triple<T, R> x) => new()
    {
        _x = R.MultiplyAdd(factor, x._x, sum._x), _y = R.MultiplyAdd(factor, x._y, sum._y), _z = R.MultiplyAdd(factor, x._z, sum._z),
    };

    public static Triple<T, R> Scale(Triple<T, R> x, T factor) =>
        new() { _x = R.Multiply(x._x, factor), _y = R.Multiply(x._y, factor), _z = R.Multiply(x._z, factor) };

    public static void Accumulate(ref Triple<T, R> high, ref Triple<T, R> low, Triple<T, R> x)
    {
        R.Accumulate(ref high._x, ref low._x, x._x);
        R.Accumulate(ref high._y, ref low._y, x._y);
        R.Accumulate(ref high._z, ref low._z, x._z);
    }

    public static void Store(Triple<T, R> x, ArrayView<T> into, long at, long stride)
    {
        into[at] = x._x;
        into[at + stride] = x._y;
        into[at + 2 * stride] = x._z;
    }
}
