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

    public static int Step => Panel<T>.Size;
}

/// <summary>The rows of a tile of factors.</summary>
internal readonly struct Rows<T> : IStrides<T>
{
    public static int Row => Panel<T>.Size;

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

    /// <summary>Keys of a tile, and queries of a panel.</summary>
    public static int Size => 128;

    /// <summary>Rows of a product at a time.</summary>
    public static int Rows => 8;

    /// <summary>Lanes that are made use of for so many queries: two units at a time.</summary>
    public static int Lanes(int queries) => (queries + 2 * Unit - 1) / (2 * Unit) * (2 * Unit);

    /// <summary>Coordinates with their padding.</summary>
    public static int Width(int dimension) => (dimension + Unit - 1) / Unit * Unit;
}

/// <summary>
/// Products A B, eight rows of A and two vectors of B at a time, in registers: each number is one chain of fused operations in the
/// order of the steps, whatever the vector width.
/// </summary>
internal static unsafe class BlockProducts<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>
    /// Exponents y = h_k + h_q + &lt;x_k, x_q> of keys, whose number is rounded up to eight, and the queries of a panel.
    /// </summary>
    /// <param name="keys">[keys/8, d, 8].</param>
    /// <param name="keyHalves">h_k.</param>
    /// <param name="queries">[d, Size].</param>
    /// <param name="queryHalves">h_q.</param>
    /// <param name="dimension">d.</param>
    /// <param name="count">Keys.</param>
    /// <param name="lanes">Lanes, a multiple of two units.</param>
    /// <param name="into">[keys, Size].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exponents(T* keys, T* keyHalves, T* queries, T* queryHalves, int dimension, int count, int lanes, T* into)
    {
        for (int key = 0; key < count; key += Panel<T>.Rows, keys += Panel<T>.Rows * dimension, into += Panel<T>.Rows * Panel<T>.Size)
            for (int lane = 0; lane < lanes; lane += 2 * L.Count)
                Pair<Packed<T>>(
                    keys, queries + lane, dimension, Panel<T>.Size, new(into + lane, keyHalves + key, queryHalves + lane));
    }

    /// <summary>
    /// Adds A B, eight rows and <paramref name="columns"/> columns, a multiple of a unit and at most two, to rows of forces.
    /// </summary>
    /// <param name="a">[8, steps], where <typeparamref name="A"/> says.</param>
    /// <param name="b">[steps, columns], dense.</param>
    /// <param name="steps">Terms of a sum.</param>
    /// <param name="columns">Of B.</param>
    /// <param name="rows">[8, columns].</param>
    public static void AddProduct<A>(T* a, T* b, int steps, int columns, double** rows) where A : struct, IStrides<T>
    {
        if (columns == L.Count)
        {
            Single<A>(a, b, steps, rows);
            return;
        }
        for (int column = 0; column < columns; column += 2 * L.Count) Pair<A>(a, b + column, steps, columns, new(rows, column));
    }

    private static void Pair<A>(T* a, T* b, int steps, nint bPitch, End end) where A : struct, IStrides<T>
    {
        // Sixteen accumulators need the registers of AVX-512.
        if (typeof(V) == typeof(System.Runtime.Intrinsics.Vector512<T>))
        {
            EightByTwo<A>(a, b, steps, bPitch, end);
            return;
        }
        FourByTwo<A>(a, b, steps, bPitch, end);
        FourByTwo<A>(a + 4 * A.Row, b, steps, bPitch, end.From(4));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightByTwo<A>(T* a, T* b, int steps, nint bPitch, End end) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7;
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = L.Constant(0);
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
        end.Put(0, s0, t0);
        end.Put(1, s1, t1);
        end.Put(2, s2, t2);
        end.Put(3, s3, t3);
        end.Put(4, s4, t4);
        end.Put(5, s5, t5);
        end.Put(6, s6, t6);
        end.Put(7, s7, t7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo<A>(T* a, T* b, int steps, nint bPitch, End end) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, t0, t1, t2, t3;
        s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = L.Constant(0);
        for (T* last = a + (nint)steps * A.Step; a < last; a += A.Step, b += bPitch)
        {
            V x = L.Load(b), y = L.Load(b + L.Count);
            AddProducts(L.Broadcast(a), x, y, ref s0, ref t0);
            AddProducts(L.Broadcast(a + A.Row), x, y, ref s1, ref t1);
            AddProducts(L.Broadcast(a + 2 * A.Row), x, y, ref s2, ref t2);
            AddProducts(L.Broadcast(a + 3 * A.Row), x, y, ref s3, ref t3);
        }
        end.Put(0, s0, t0);
        end.Put(1, s1, t1);
        end.Put(2, s2, t2);
        end.Put(3, s3, t3);
    }

    // One vector of B, of 512 bits.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Single<A>(T* a, T* b, int steps, double** rows) where A : struct, IStrides<T>
    {
        V s0, s1, s2, s3, s4, s5, s6, s7;
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = L.Constant(0);
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
        L.AddTo(rows[0], s0);
        L.AddTo(rows[1], s1);
        L.AddTo(rows[2], s2);
        L.AddTo(rows[3], s3);
        L.AddTo(rows[4], s4);
        L.AddTo(rows[5], s5);
        L.AddTo(rows[6], s6);
        L.AddTo(rows[7], s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProducts(V factor, V a, V b, ref V sumA, ref V sumB)
    {
        sumA = L.MultiplyAdd(factor, a, sumA);
        sumB = L.MultiplyAdd(factor, b, sumB);
    }

    // Where sums go: they are added to rows from a column on; or put into a tile, plus a half of their row and one of their column. These
    // come last: before them a sum is near 0 for most pairs of many dimensions, and rounds little.
    private readonly struct End
    {
        private readonly double** _rows;
        private readonly T* _tile, _rowHalves, _columnHalves;
        private readonly int _column;

        public End(double** rows, int column)
        {
            _rows = rows;
            _column = column;
        }

        public End(T* tile, T* rowHalves, T* columnHalves)
        {
            _tile = tile;
            _rowHalves = rowHalves;
            _columnHalves = columnHalves;
        }

        public End From(int row) => _rows is not null ? new(_rows + row, _column)
            : new(_tile + row * Panel<T>.Size, _rowHalves + row, _columnHalves);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(int row, V a, V b)
        {
            if (_rows is null)
            {
                V half = L.Broadcast(_rowHalves + row);
                T* into = _tile + row * Panel<T>.Size;
                L.Store(into, L.Add(a, L.Add(half, L.Load(_columnHalves))));
                L.Store(into + L.Count, L.Add(b, L.Add(half, L.Load(_columnHalves + L.Count))));
                return;
            }
            L.AddTo(_rows[row] + _column, a);
            L.AddTo(_rows[row] + _column + L.Count, b);
        }
    }
}
