namespace AttentionFlow.Kernels.Cpu;

/// <summary>Where the left factor of a product lies.</summary>
internal interface IStrides<T>
{
    /// <summary>Numbers from one row to the next.</summary>
    static abstract int Row { get; }

    /// <summary>Numbers from one step of the sum to the next.</summary>
    static abstract int Step { get; }
}

/// <summary>Rows in groups of eight, packed.</summary>
internal readonly struct Packed<T> : IStrides<T>
{
    public static int Row => 1;

    public static int Step => Panel<T>.Rows;
}

/// <summary>The columns of a tile of factors.</summary>
internal readonly struct Columns<T> : IStrides<T>
{
    public static int Row => 1;

    public static int Step => Panel<T>.Lanes;
}

/// <summary>The rows of a tile of factors.</summary>
internal readonly struct Rows<T> : IStrides<T>
{
    public static int Row => Panel<T>.Lanes;

    public static int Step => 1;
}

/// <summary>Sizes of the tiled kernels, the same for every vector width.</summary>
internal static class Panel<T>
{
    /// <summary>Numbers of 512 bits: coordinates come in units of them.</summary>
    public static int Unit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) ? 16 : 8;
    }

    /// <summary>Queries of a panel.</summary>
    public static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4 * Unit;
    }

    /// <summary>Rows of a product at a time.</summary>
    public static int Rows => 8;

    /// <summary>Keys of a tile: with a panel of queries 32 KiB of factors.</summary>
    public static int Keys => 128;

    /// <summary>Coordinates with their padding.</summary>
    public static int Width(int dimension) => (dimension + Unit - 1) / Unit * Unit;
}

/// <summary>
/// C = start + A B, eight rows of A and two vectors of B at a time, in registers: each number of C is one chain of fused operations in the
/// order of the steps, whatever the vector width.
/// </summary>
internal static unsafe class BlockProducts<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>
    /// Exponents y = h_k + h_q + &lt;x_k, x_q> of keys, whose number is rounded up to eight, and the queries of a panel.
    /// </summary>
    /// <param name="keys">[keys/8, d, 8].</param>
    /// <param name="keyHalves">h_k.</param>
    /// <param name="queries">[d, Lanes].</param>
    /// <param name="queryHalves">h_q.</param>
    /// <param name="dimension">d.</param>
    /// <param name="count">Keys.</param>
    /// <param name="into">[keys, Lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exponents(T* keys, T* keyHalves, T* queries, T* queryHalves, int dimension, int count, T* into)
    {
        for (int key = 0; key < count; key += Panel<T>.Rows, keys += Panel<T>.Rows * dimension, into += Panel<T>.Rows * Panel<T>.Lanes)
            for (int lane = 0; lane < Panel<T>.Lanes; lane += 2 * L.Count)
                Pair<Packed<T>>(
                    keys, queries + lane, dimension, Panel<T>.Lanes, into + lane, Panel<T>.Lanes, new(keyHalves + key, queryHalves + lane), default);
    }

    /// <summary>Eight rows and <paramref name="columns"/> columns, a multiple of a unit and at most two.</summary>
    /// <param name="a">[8, steps], where <typeparamref name="A"/> says.</param>
    /// <param name="b">[steps, columns], dense.</param>
    /// <param name="steps">Terms of a sum.</param>
    /// <param name="columns">Of C and B.</param>
    /// <param name="c">The result.</param>
    /// <param name="pitch">Numbers from one row of C to the next.</param>
    /// <param name="add">True when C is where the sums begin, else 0.</param>
    /// <param name="rows">Null, or eight rows that the results are added to, in place of C.</param>
    public static void Multiply<A>(T* a, T* b, int steps, int columns, T* c, int pitch, bool add, double** rows)
        where A : struct, IStrides<T>
    {
        if (columns == L.Count)
        {
            Single<A>(a, b, steps, c, pitch, add, rows);
            return;
        }
        for (int column = 0; column < columns; column += 2 * L.Count)
            Pair<A>(a, b + column, steps, columns, c + column, pitch, new(add), new(rows, column));
    }

    private static void Pair<A>(T* a, T* b, int steps, nint bPitch, T* c, nint pitch, Start start, End end) where A : struct, IStrides<T>
    {
        // Sixteen accumulators need the registers of AVX-512.
        if (typeof(V) == typeof(System.Runtime.Intrinsics.Vector512<T>))
        {
            EightByTwo<A>(a, b, steps, bPitch, c, pitch, start, end);
            return;
        }
        FourByTwo<A>(a, b, steps, bPitch, c, pitch, start, end);
        if (start.Rows is not null) start = new(start.Rows + 4, start.Columns);
        if (end.Rows is not null) end = new(end.Rows + 4, end.Column);
        FourByTwo<A>(a + 4 * A.Row, b, steps, bPitch, c + 4 * pitch, pitch, start, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightByTwo<A>(T* a, T* b, int steps, nint bPitch, T* c, nint pitch, Start start, End end) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7;
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = L.Constant(0);
        if (start.Adds)
        {
            Get(c, 0, pitch, ref s0, ref t0);
            Get(c, 1, pitch, ref s1, ref t1);
            Get(c, 2, pitch, ref s2, ref t2);
            Get(c, 3, pitch, ref s3, ref t3);
            Get(c, 4, pitch, ref s4, ref t4);
            Get(c, 5, pitch, ref s5, ref t5);
            Get(c, 6, pitch, ref s6, ref t6);
            Get(c, 7, pitch, ref s7, ref t7);
        }
        else if (start.Rows is not null)
        {
            V x = L.Load(start.Columns), y = L.Load(start.Columns + L.Count);
            Begin(start.Rows + 0, x, y, ref s0, ref t0);
            Begin(start.Rows + 1, x, y, ref s1, ref t1);
            Begin(start.Rows + 2, x, y, ref s2, ref t2);
            Begin(start.Rows + 3, x, y, ref s3, ref t3);
            Begin(start.Rows + 4, x, y, ref s4, ref t4);
            Begin(start.Rows + 5, x, y, ref s5, ref t5);
            Begin(start.Rows + 6, x, y, ref s6, ref t6);
            Begin(start.Rows + 7, x, y, ref s7, ref t7);
        }
        for (T* last = a + (nint)steps * A.Step; a < last; a += A.Step, b += bPitch)
        {
            V x = L.Load(b), y = L.Load(b + L.Count);
            AddProducts(L.Broadcast(a), x, y, ref s0, ref t0);
            AddProducts(L.Broadcast(a + A.Row), x, y, ref s1, ref t1);
            AddProducts(L.Broadcast(a + 2 * A.Row), x, y, ref s2, ref t2);
            AddProducts(L.Broadcast(a + 3 * A.Row), x, y, ref s3, ref t3);
            AddProducts(L.Broadcast(a + 4 * A.Row), x, y, ref s4, ref t4);
            AddProducts(L.Broadcast(a + 5 * A.Row), x, y, ref s5, ref t5);
            AddProducts(L.Broadcast(a + 6 * A.Row), x, y, ref s6, ref t6);
            AddProducts(L.Broadcast(a + 7 * A.Row), x, y, ref s7, ref t7);
        }
        Put(c, 0, pitch, s0, t0, end);
        Put(c, 1, pitch, s1, t1, end);
        Put(c, 2, pitch, s2, t2, end);
        Put(c, 3, pitch, s3, t3, end);
        Put(c, 4, pitch, s4, t4, end);
        Put(c, 5, pitch, s5, t5, end);
        Put(c, 6, pitch, s6, t6, end);
        Put(c, 7, pitch, s7, t7, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo<A>(T* a, T* b, int steps, nint bPitch, T* c, nint pitch, Start start, End end) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, t0, t1, t2, t3;
        s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = L.Constant(0);
        if (start.Adds)
        {
            Get(c, 0, pitch, ref s0, ref t0);
            Get(c, 1, pitch, ref s1, ref t1);
            Get(c, 2, pitch, ref s2, ref t2);
            Get(c, 3, pitch, ref s3, ref t3);
        }
        else if (start.Rows is not null)
        {
            V x = L.Load(start.Columns), y = L.Load(start.Columns + L.Count);
            Begin(start.Rows + 0, x, y, ref s0, ref t0);
            Begin(start.Rows + 1, x, y, ref s1, ref t1);
            Begin(start.Rows + 2, x, y, ref s2, ref t2);
            Begin(start.Rows + 3, x, y, ref s3, ref t3);
        }
        for (T* last = a + (nint)steps * A.Step; a < last; a += A.Step, b += bPitch)
        {
            V x = L.Load(b), y = L.Load(b + L.Count);
            AddProducts(L.Broadcast(a), x, y, ref s0, ref t0);
            AddProducts(L.Broadcast(a + A.Row), x, y, ref s1, ref t1);
            AddProducts(L.Broadcast(a + 2 * A.Row), x, y, ref s2, ref t2);
            AddProducts(L.Broadcast(a + 3 * A.Row), x, y, ref s3, ref t3);
        }
        Put(c, 0, pitch, s0, t0, end);
        Put(c, 1, pitch, s1, t1, end);
        Put(c, 2, pitch, s2, t2, end);
        Put(c, 3, pitch, s3, t3, end);
    }

    // One vector of B, of 512 bits.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Single<A>(T* a, T* b, int steps, T* c, nint pitch, bool add, double** rows) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, s4, s5, s6, s7;
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = L.Constant(0);
        if (add)
        {
            (s0, s1, s2, s3) = (L.Load(c), L.Load(c + pitch), L.Load(c + 2 * pitch), L.Load(c + 3 * pitch));
            (s4, s5, s6, s7) = (L.Load(c + 4 * pitch), L.Load(c + 5 * pitch), L.Load(c + 6 * pitch), L.Load(c + 7 * pitch));
        }
        for (T* last = a + (nint)steps * A.Step; a < last; a += A.Step, b += L.Count)
        {
            V x = L.Load(b);
            s0 = L.MultiplyAdd(L.Broadcast(a), x, s0);
            s1 = L.MultiplyAdd(L.Broadcast(a + A.Row), x, s1);
            s2 = L.MultiplyAdd(L.Broadcast(a + 2 * A.Row), x, s2);
            s3 = L.MultiplyAdd(L.Broadcast(a + 3 * A.Row), x, s3);
            s4 = L.MultiplyAdd(L.Broadcast(a + 4 * A.Row), x, s4);
            s5 = L.MultiplyAdd(L.Broadcast(a + 5 * A.Row), x, s5);
            s6 = L.MultiplyAdd(L.Broadcast(a + 6 * A.Row), x, s6);
            s7 = L.MultiplyAdd(L.Broadcast(a + 7 * A.Row), x, s7);
        }
        if (rows is not null)
        {
            L.AddTo(rows[0], s0);
            L.AddTo(rows[1], s1);
            L.AddTo(rows[2], s2);
            L.AddTo(rows[3], s3);
            L.AddTo(rows[4], s4);
            L.AddTo(rows[5], s5);
            L.AddTo(rows[6], s6);
            L.AddTo(rows[7], s7);
            return;
        }
        L.Store(c, s0);
        L.Store(c + pitch, s1);
        L.Store(c + 2 * pitch, s2);
        L.Store(c + 3 * pitch, s3);
        L.Store(c + 4 * pitch, s4);
        L.Store(c + 5 * pitch, s5);
        L.Store(c + 6 * pitch, s6);
        L.Store(c + 7 * pitch, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProducts(V factor, V a, V b, ref V sumA, ref V sumB)
    {
        sumA = L.MultiplyAdd(factor, a, sumA);
        sumB = L.MultiplyAdd(factor, b, sumB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(T* row, V x, V y, ref V a, ref V b)
    {
        V h = L.Broadcast(row);
        (a, b) = (L.Add(h, x), L.Add(h, y));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Get(T* c, int row, nint pitch, ref V a, ref V b)
    {
        a = L.Load(c + row * pitch);
        b = L.Load(c + row * pitch + L.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* c, int row, nint pitch, V a, V b, End end)
    {
        if (end.Rows is not null)
        {
            double* into = end.Rows[row] + end.Column;
            L.AddTo(into, a);
            L.AddTo(into + L.Count, b);
            return;
        }
        L.Store(c + row * pitch, a);
        L.Store(c + row * pitch + L.Count, b);
    }

    // Where sums begin: at C, at a number of their row plus one of their column, or at 0.
    private readonly struct Start
    {
        public readonly T* Rows, Columns;
        public readonly bool Adds;

        public Start(bool adds) => Adds = adds;

        public Start(T* rows, T* columns)
        {
            Rows = rows;
            Columns = columns;
        }
    }

    // Rows that sums are added to from a column on, or none.
    private readonly struct End(double** rows, int column)
    {
        public readonly double** Rows = rows;
        public readonly int Column = column;
    }
}
