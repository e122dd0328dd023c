namespace AttentionFlow.Kernels.Cpu;

/// <summary>A dimension from 2 to 6, known at compile time of a kernel.</summary>
internal interface IDimension
{
    static abstract int Count { get; }
}

/// <summary>
/// The pair kernel for d = 2 to 6: straight-line code, everything of two vectors of queries in registers. The two run half a pair apart,
/// the differences of one before the exponential of the other, so that their chains of operations overlap.
/// </summary>
internal static unsafe class LowDimension<L, V, T, C, P, M, D, Deficit, E>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice
    where D : struct, IDimension where Deficit : struct, IChoice where E : struct, IExtras
{
    /// <summary>See <see cref="PairKernel{T}"/>. Reads one key beyond the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        nint stride = block.Stride;
        LabelView<T> labels = block.Labels;
        Exp2<L, V, T> exp2 = new Exp2<L, V, T>();
        T* x = block.Positions;
        Chain a = default, b = default;
        Begin(ref a, x + query, stride);
        Begin(ref b, x + query + L.Count, stride);
        Meet(ref b, x + from, stride);
        for (int key = from; key < to; key++)
        {
            Meet(ref a, x + key, stride);
            Add(ref b, labels, query + L.Count, key, exp2);
            Meet(ref b, x + key + 1, stride);
            Add(ref a, labels, query, key, exp2);
        }
        Put(ref sums, a.Sum, b.Sum);
        Put(ref sums, a.F0, b.F0);
        Put(ref sums, a.F1, b.F1);
        if (D.Count > 2) Put(ref sums, a.F2, b.F2);
        if (D.Count > 3) Put(ref sums, a.F3, b.F3);
        if (D.Count > 4) Put(ref sums, a.F4, b.F4);
        if (D.Count > 5) Put(ref sums, a.F5, b.F5);
        if (Deficit.IsOn) Put(ref sums, a.Deficit, b.Deficit);
        if (E.Sizes) Put(ref sums, a.Largest, b.Largest);
        if (E.Sizes) Put(ref sums, a.Squares, b.Squares);
        if (E.Logs) Put(ref sums, a.Log, b.Log);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(ref Chain a, T* x, nint stride)
    {
        a.X0 = L.Load(x);
        a.X1 = L.Load(x + stride);
        if (D.Count > 2) a.X2 = L.Load(x + 2 * stride);
        if (D.Count > 3) a.X3 = L.Load(x + 3 * stride);
        if (D.Count > 4) a.X4 = L.Load(x + 4 * stride);
        if (D.Count > 5) a.X5 = L.Load(x + 5 * stride);
    }

    // Differences (query - key: the key may stay in memory) and exponent of the next key.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Meet(ref Chain a, T* x, nint stride)
    {
        a.D0 = L.Subtract(a.X0, x);
        a.D1 = L.Subtract(a.X1, x + stride);
        if (D.Count > 2) a.D2 = L.Subtract(a.X2, x + 2 * stride);
        if (D.Count > 3) a.D3 = L.Subtract(a.X3, x + 3 * stride);
        if (D.Count > 4) a.D4 = L.Subtract(a.X4, x + 4 * stride);
        if (D.Count > 5) a.D5 = L.Subtract(a.X5, x + 5 * stride);
        if (!P.IsCurved) return;
        V y = L.NegativeMultiplyAdd(a.D0, a.D0, L.Constant(0));
        y = L.NegativeMultiplyAdd(a.D1, a.D1, y);
        if (D.Count > 2) y = L.NegativeMultiplyAdd(a.D2, a.D2, y);
        if (D.Count > 3) y = L.NegativeMultiplyAdd(a.D3, a.D3, y);
        if (D.Count > 4) y = L.NegativeMultiplyAdd(a.D4, a.D4, y);
        if (D.Count > 5) y = L.NegativeMultiplyAdd(a.D5, a.D5, y);
        a.Y = y;
    }

    // Factor and sums of the key it met.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Chain a, in LabelView<T> labels, int query, int key, in Exp2<L, V, T> exp2)
    {
        LaneNumbers<L, V, T> numbers = new(labels, query, key);
        if (Deficit.IsOn) a.Deficit = PairFactor<L, V, T, C, P, M>.AddDeficit(ref numbers, a.Y, a.Deficit);
        V p = PairFactor<L, V, T, C, P, M>.Of(ref numbers, a.Y, exp2);
        a.Sum = L.Add(a.Sum, p);
        a.F0 = L.NegativeMultiplyAdd(p, a.D0, a.F0);
        a.F1 = L.NegativeMultiplyAdd(p, a.D1, a.F1);
        if (D.Count > 2) a.F2 = L.NegativeMultiplyAdd(p, a.D2, a.F2);
        if (D.Count > 3) a.F3 = L.NegativeMultiplyAdd(p, a.D3, a.F3);
        if (D.Count > 4) a.F4 = L.NegativeMultiplyAdd(p, a.D4, a.F4);
        if (D.Count > 5) a.F5 = L.NegativeMultiplyAdd(p, a.D5, a.F5);
        if (E.Sizes) a.Largest = L.Max(L.Abs(p), a.Largest);
        if (E.Sizes) a.Squares = L.MultiplyAdd(p, p, a.Squares);
        if (E.Logs) a.Log = L.MultiplyAdd(p, C.Log(ref numbers), a.Log);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ref T* sums, V a, V b)
    {
        L.Store(sums, a);
        L.Store(sums + L.Count, b);
        sums += 2 * L.Count;
    }

    // One vector of queries X, its differences D and exponent Y to a key, and its sums.
    private struct Chain
    {
        public V X0, X1, X2, X3, X4, X5, D0, D1, D2, D3, D4, D5, F0, F1, F2, F3, F4, F5, Y, Sum, Deficit, Largest, Squares, Log;
    }
}

internal readonly struct Two : IDimension
{
    public static int Count => 2;
}

internal readonly struct Three : IDimension
{
    public static int Count => 3;
}

internal readonly struct Four : IDimension
{
    public static int Count => 4;
}

internal readonly struct Five : IDimension
{
    public static int Count => 5;
}

internal readonly struct Six : IDimension
{
    public static int Count => 6;
}
