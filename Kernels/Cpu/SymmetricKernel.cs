namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Adds pairs of a group of queries with the keys [from, to) to the sums of the ones, of the others, or of both: a factor is found once,
/// and what pulls the one pulls the other the opposite way. The group's two vectors begin at <paramref name="query"/> and
/// <see cref="SymmetricLayout{T}.Lanes"/> behind it; narrower vectors take it in several calls. Reads one key beyond the last.
/// </summary>
/// <param name="block">Positions and tables.</param>
/// <param name="query">The place of the first vector.</param>
/// <param name="from">The first key.</param>
/// <param name="to">After the last key.</param>
/// <param name="sums">Of the queries: rows of <see cref="SymmetricLayout{T}.Group"/>, Z, then the d components of F.</param>
/// <param name="keySums">
/// Of the keys, from the first on, the same rows, <see cref="SymmetricLayout{T}.Pitch"/> apart, each key spread over
/// <see cref="SymmetricLayout{T}.Lanes"/>: pairs with query i of a group are in lane i mod that.
/// </param>
internal unsafe delegate void SymmetricKernel<T>(in PairBlock<T> block, int query, int from, int to, T* sums, T* keySums)
    where T : unmanaged;

/// <summary>The kernels of symmetric sums: for the sums of queries, of keys, and of both.</summary>
internal readonly record struct SymmetricKernels<T>(
    SymmetricKernel<T> OfQueries, SymmetricKernel<T> OfKeys, SymmetricKernel<T> OfBoth) where T : unmanaged;

/// <summary>How the sums of symmetric kernels lie in memory, whatever the width of the vectors.</summary>
internal static unsafe class SymmetricLayout<T> where T : unmanaged
{
    /// <summary>Keys at a time: with d = 6 their sums take 28 KiB, of the first cache.</summary>
    public const int Keys = 64;

    /// <summary>Partial sums of a key, 64 bytes.</summary>
    public static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 64 / sizeof(T);
    }

    /// <summary>Queries at a time.</summary>
    public static int Group
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * Lanes;
    }

    /// <summary>From one row of partial sums to the next: no multiple of 4 KiB, at which loads wait for stores.</summary>
    public static int Pitch
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Keys + 1) * Lanes;
    }
}

/// <summary>
/// The pair kernel of symmetric sums, d = 2 to 6: straight-line code like <see cref="LowDimension{L, V, T, C, P, M, D, Deficit, E}"/>. Two
/// pairs of vectors are in hand at any time, half a pair apart: up to d = 3 both vectors of queries with a key, beyond, where registers are
/// few, one vector with two keys.
/// </summary>
internal static unsafe class SymmetricKernel<L, V, T, C, P, D, OfQueries, OfKeys>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes
    where D : struct, IDimension where OfQueries : struct, IChoice where OfKeys : struct, IChoice
{
    private const int LargestOfTwo = 3;

    /// <summary>See <see cref="SymmetricKernel{T}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(in PairBlock<T> block, int query, int from, int to, T* sums, T* keySums)
    {
        int other = query + SymmetricLayout<T>.Lanes;
        if (D.Count > LargestOfTwo)
        {
            SumOne(block, query, from, to, sums, keySums);
            SumOne(block, other, from, to, sums + SymmetricLayout<T>.Lanes, keySums);
            return;
        }
        nint stride = block.Stride;
        LabelView<T> labels = block.Labels;
        Exp2<L, V, T> exp2 = new Exp2<L, V, T>();
        T* x = block.Positions + from, end = block.Positions + to;
        Queries a = default, b = default;
        Pairs p = default, q = default;
        Begin(ref a, block.Positions + query, stride, sums);
        Begin(ref b, block.Positions + other, stride, sums + SymmetricLayout<T>.Lanes);
        Meet(ref q, b, x, stride);
        for (int key = from; x < end; key++, keySums += SymmetricLayout<T>.Lanes)
        {
            Meet(ref p, a, x++, stride);
            V factor = Factor(q, labels, other, key, exp2);
            KeySums k = default;
            if (OfKeys.IsOn) First(ref k, factor, q, keySums);
            if (OfQueries.IsOn) Add(ref b, factor, q);
            Meet(ref q, b, x, stride);
            factor = Factor(p, labels, query, key, exp2);
            if (OfKeys.IsOn) Second(k, factor, p, keySums);
            if (OfQueries.IsOn) Add(ref a, factor, p);
        }
        if (!OfQueries.IsOn) return;
        End(a, sums);
        End(b, sums + SymmetricLayout<T>.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumOne(in PairBlock<T> block, int query, int from, int to, T* sums, T* keySums)
    {
        nint stride = block.Stride;
        LabelView<T> labels = block.Labels;
        Exp2<L, V, T> exp2 = new Exp2<L, V, T>();
        T* x = block.Positions + from, last = block.Positions + to - 1;
        Queries a = default;
        Pairs p = default, q = default;
        Begin(ref a, block.Positions + query, stride, sums);
        Meet(ref p, a, x, stride);
        int key = from;
        for (; x < last; x += 2, key += 2, keySums += 2 * SymmetricLayout<T>.Lanes)
        {
            Meet(ref q, a, x + 1, stride);
            V factor = Factor(p, labels, query, key, exp2);
            if (OfQueries.IsOn) Add(ref a, factor, p);
            if (OfKeys.IsOn) Add(keySums, factor, p);
            Meet(ref p, a, x + 2, stride);
            factor = Factor(q, labels, query, key + 1, exp2);
            if (OfQueries.IsOn) Add(ref a, factor, q);
            if (OfKeys.IsOn) Add(keySums + SymmetricLayout<T>.Lanes, factor, q);
        }
        if (x == last)
        {
            V factor = Factor(p, labels, query, key, exp2);
            if (OfQueries.IsOn) Add(ref a, factor, p);
            if (OfKeys.IsOn) Add(keySums, factor, p);
        }
        if (OfQueries.IsOn) End(a, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(ref Queries a, T* x, nint stride, T* sums)
    {
        a.X0 = L.Load(x);
        a.X1 = L.Load(x + stride);
        if (D.Count > 2) a.X2 = L.Load(x + 2 * stride);
        if (D.Count > 3) a.X3 = L.Load(x + 3 * stride);
        if (D.Count > 4) a.X4 = L.Load(x + 4 * stride);
        if (D.Count > 5) a.X5 = L.Load(x + 5 * stride);
        if (!OfQueries.IsOn) return;
        int row = SymmetricLayout<T>.Group;
        a.Sum = L.Load(sums);
        a.F0 = L.Load(sums + row);
        a.F1 = L.Load(sums + 2 * row);
        if (D.Count > 2) a.F2 = L.Load(sums + 3 * row);
        if (D.Count > 3) a.F3 = L.Load(sums + 4 * row);
        if (D.Count > 4) a.F4 = L.Load(sums + 5 * row);
        if (D.Count > 5) a.F5 = L.Load(sums + 6 * row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(in Queries a, T* sums)
    {
        int row = SymmetricLayout<T>.Group;
        L.Store(sums, a.Sum);
        L.Store(sums + row, a.F0);
        L.Store(sums + 2 * row, a.F1);
        if (D.Count > 2) L.Store(sums + 3 * row, a.F2);
        if (D.Count > 3) L.Store(sums + 4 * row, a.F3);
        if (D.Count > 4) L.Store(sums + 5 * row, a.F4);
        if (D.Count > 5) L.Store(sums + 6 * row, a.F5);
    }

    // Differences (query - key: the key may stay in memory) and exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Meet(ref Pairs p, in Queries a, T* x, nint stride)
    {
        p.D0 = L.Subtract(a.X0, x);
        p.D1 = L.Subtract(a.X1, x + stride);
        if (D.Count > 2) p.D2 = L.Subtract(a.X2, x + 2 * stride);
        if (D.Count > 3) p.D3 = L.Subtract(a.X3, x + 3 * stride);
        if (D.Count > 4) p.D4 = L.Subtract(a.X4, x + 4 * stride);
        if (D.Count > 5) p.D5 = L.Subtract(a.X5, x + 5 * stride);
        V y = L.NegativeMultiplyAdd(p.D0, p.D0, L.Constant(0));
        y = L.NegativeMultiplyAdd(p.D1, p.D1, y);
        if (D.Count > 2) y = L.NegativeMultiplyAdd(p.D2, p.D2, y);
        if (D.Count > 3) y = L.NegativeMultiplyAdd(p.D3, p.D3, y);
        if (D.Count > 4) y = L.NegativeMultiplyAdd(p.D4, p.D4, y);
        if (D.Count > 5) y = L.NegativeMultiplyAdd(p.D5, p.D5, y);
        p.Y = y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Factor(in Pairs p, in LabelView<T> labels, int query, int key, in Exp2<L, V, T> exp2)
    {
        LaneNumbers<L, V, T> numbers = new(labels, query, key);
        return PairFactor<L, V, T, C, P, Off>.Of(ref numbers, p.Y, exp2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Queries a, V factor, in Pairs p)
    {
        a.Sum = L.Add(a.Sum, factor);
        a.F0 = L.NegativeMultiplyAdd(factor, p.D0, a.F0);
        a.F1 = L.NegativeMultiplyAdd(factor, p.D1, a.F1);
        if (D.Count > 2) a.F2 = L.NegativeMultiplyAdd(factor, p.D2, a.F2);
        if (D.Count > 3) a.F3 = L.NegativeMultiplyAdd(factor, p.D3, a.F3);
        if (D.Count > 4) a.F4 = L.NegativeMultiplyAdd(factor, p.D4, a.F4);
        if (D.Count > 5) a.F5 = L.NegativeMultiplyAdd(factor, p.D5, a.F5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(T* sums, V factor, in Pairs p)
    {
        int row = SymmetricLayout<T>.Pitch;
        L.Store(sums, L.Add(L.Load(sums), factor));
        L.Store(sums + row, L.MultiplyAdd(factor, p.D0, L.Load(sums + row)));
        L.Store(sums + 2 * row, L.MultiplyAdd(factor, p.D1, L.Load(sums + 2 * row)));
        if (D.Count > 2) L.Store(sums + 3 * row, L.MultiplyAdd(factor, p.D2, L.Load(sums + 3 * row)));
        if (D.Count > 3) L.Store(sums + 4 * row, L.MultiplyAdd(factor, p.D3, L.Load(sums + 4 * row)));
        if (D.Count > 4) L.Store(sums + 5 * row, L.MultiplyAdd(factor, p.D4, L.Load(sums + 5 * row)));
        if (D.Count > 5) L.Store(sums + 6 * row, L.MultiplyAdd(factor, p.D5, L.Load(sums + 6 * row)));
    }

    // The same for two vectors, the later one first: between them the sums stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void First(ref KeySums k, V factor, in Pairs p, T* sums)
    {
        int row = SymmetricLayout<T>.Pitch;
        k.Sum = L.Add(L.Load(sums), factor);
        k.F0 = L.MultiplyAdd(factor, p.D0, L.Load(sums + row));
        k.F1 = L.MultiplyAdd(factor, p.D1, L.Load(sums + 2 * row));
        if (D.Count > 2) k.F2 = L.MultiplyAdd(factor, p.D2, L.Load(sums + 3 * row));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Second(in KeySums k, V factor, in Pairs p, T* sums)
    {
        int row = SymmetricLayout<T>.Pitch;
        L.Store(sums, L.Add(k.Sum, factor));
        L.Store(sums + row, L.MultiplyAdd(factor, p.D0, k.F0));
        L.Store(sums + 2 * row, L.MultiplyAdd(factor, p.D1, k.F1));
        if (D.Count > 2) L.Store(sums + 3 * row, L.MultiplyAdd(factor, p.D2, k.F2));
    }

    // One vector of queries and its sums.
    private struct Queries
    {
        public V X0, X1, X2, X3, X4, X5, F0, F1, F2, F3, F4, F5, Sum;
    }

    // Its differences and exponents with a key.
    private struct Pairs
    {
        public V D0, D1, D2, D3, D4, D5, Y;
    }

    private struct KeySums
    {
        public V F0, F1, F2, Sum;
    }
}
