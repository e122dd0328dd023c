using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// The pair kernel for d above <see cref="SimdSums.LargestFused"/> and below <see cref="SimdSums.SmallestTiled"/>, for the linear profile
/// and for the general form and general profiles in any dimension, in three phases over a tile of keys that stays in the first cache:
/// exponents as dot products y = h_i + h_j + &lt;x_i, x_j>, in the difference form with h = -|x|^2/2, for six keys at a time; their
/// factors; then the force, four coordinates at a time.
/// </summary>
/// <remarks>
/// In the difference form, with e the unit of the precision and positions relative to the mean, |x|^2 &lt;= 4 beta log2(e): a dot product
/// errs by a few e |x|^2, so a factor by a few beta e, like the factors of rounded positions. The force sum_j a_ij (x_j - x_i) is another
/// matter: as sum_j a_ij x_j - Z_i x_i it errs by a few e Z_i |x|, and the pull of the far tokens may be e^{-2 beta} Z_i, where coincident
/// tokens (each token is its own) make up Z_i. <typeparamref name="Dots"/> takes this form, and 2 operations a coordinate instead of 3,
/// only where that loss is small: see <see cref="SimdEngine{L, V, T}"/>. The differences lose nothing.
/// </remarks>
internal static unsafe class AnyDimension<L, V, T, C, P, M, Dots, Deficit, E>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice
    where Dots : struct, IChoice where Deficit : struct, IChoice where E : struct, IExtras
{
    /// <summary>
    /// See <see cref="PairKernel{T}"/>; the tile holds <see cref="SimdSums.TileKeys"/> keys times two vectors, and the sum of their
    /// factors. Reads up to five keys beyond the last.
    /// </summary>
    public static void Sum(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        int rows = 1 + block.Dimension + (Deficit.IsOn ? 1 : 0) + (E.Sizes ? 2 : 0) + (E.Logs ? 1 : 0);
        for (int row = 0; row < 2 * rows; row++) L.Store(sums + row * L.Count, L.Constant(0));
        for (int key = from; key < to; key += SimdSums.TileKeys)
        {
            int end = Math.Min(to, key + SimdSums.TileKeys);
            if (P.IsCurved) Exponents(block, query, key, end, tile);
            if (P.IsGeneral) Slopes(block, query, key, end, sums, tile);
            Factors(block, query, key, end, sums, tile);
            int c = 0;
            for (; c + 4 <= block.Dimension; c += 4) FourForces(block, query, key, end, c, sums, tile);
            for (; c < block.Dimension; c++) Force(block, query, key, end, c, sums, tile);
        }
    }

    /// <summary>The largest exponents of these keys, log2 b inside where it enters there, into one row of two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Largest(in PairBlock<T> block, int query, int from, int to, T* largest, T* tile)
    {
        V a = L.Constant(-1e30), b = a;
        for (int key = from; key < to; key += SimdSums.TileKeys)
        {
            int end = Math.Min(to, key + SimdSums.TileKeys);
            Exponents(block, query, key, end, tile);
            for (int j = key; j < end; j++)
            {
                T* y = tile + (j - key) * 2 * L.Count;
                LaneNumbers<L, V, T> numbersA = new(block.Labels, query, j), numbersB = new(block.Labels, query + L.Count, j);
                a = L.Max(PairFactor<L, V, T, C, P, M>.Exponent(ref numbersA, L.Load(y)), a);
                b = L.Max(PairFactor<L, V, T, C, P, M>.Exponent(ref numbersB, L.Load(y + L.Count)), b);
            }
        }
        Put(largest, a, b);
    }

    // tile[key] = y. The keys beyond the last are padding.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponents(in PairBlock<T> block, int query, int from, int to, T* tile)
    {
        int dimension = block.Dimension, stride = block.Stride;
        T* h = block.Positions + (nint)dimension * stride;
        for (int key = from; key < to; key += 6, tile += 12 * L.Count)
        {
            V a = L.Load(h + query), b = L.Load(h + query + L.Count), k = L.Broadcast(h + key);
            V a0 = L.Add(k, a), b0 = L.Add(k, b);
            k = L.Broadcast(h + key + 1);
            V a1 = L.Add(k, a), b1 = L.Add(k, b);
            k = L.Broadcast(h + key + 2);
            V a2 = L.Add(k, a), b2 = L.Add(k, b);
            k = L.Broadcast(h + key + 3);
            V a3 = L.Add(k, a), b3 = L.Add(k, b);
            k = L.Broadcast(h + key + 4);
            V a4 = L.Add(k, a), b4 = L.Add(k, b);
            k = L.Broadcast(h + key + 5);
            V a5 = L.Add(k, a), b5 = L.Add(k, b);
            T* x = block.Positions;
            for (int c = 0; c < dimension; c++, x += stride)
            {
                a = L.Load(x + query);
                b = L.Load(x + query + L.Count);
                AddProducts(L.Broadcast(x + key), a, b, ref a0, ref b0);
                AddProducts(L.Broadcast(x + key + 1), a, b, ref a1, ref b1);
                AddProducts(L.Broadcast(x + key + 2), a, b, ref a2, ref b2);
                AddProducts(L.Broadcast(x + key + 3), a, b, ref a3, ref b3);
                AddProducts(L.Broadcast(x + key + 4), a, b, ref a4, ref b4);
                AddProducts(L.Broadcast(x + key + 5), a, b, ref a5, ref b5);
            }
            Put(tile, a0, b0);
            Put(tile + 2 * L.Count, a1, b1);
            Put(tile + 4 * L.Count, a2, b2);
            Put(tile + 6 * L.Count, a3, b3);
            Put(tile + 8 * L.Count, a4, b4);
            Put(tile + 10 * L.Count, a5, b5);
        }
    }

    // tile[key] = k' from t; with the sums of w_j b_ij k where they are asked for.
    private static void Slopes(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        Profile profile = block.Interaction.Profile;
        double beta = block.Interaction.Beta;
        double* values = stackalloc double[2 * L.Count];
        V sumA = L.Constant(0), sumB = sumA;
        for (int key = from; key < to; key++, tile += 2 * L.Count)
        {
            for (int lane = 0; lane < 2 * L.Count; lane += Vector256<double>.Count)
            {
                double* at = (double*)tile + lane;
                (Vector256<double> value, Vector256<double> slope) = profile.At(beta, Vector256.Load(at));
                value.Store(values + lane);
                slope.Store(at);
            }
            if (!Deficit.IsOn) continue;
            LaneNumbers<L, V, T> numbersA = new(block.Labels, query, key), numbersB = new(block.Labels, query + L.Count, key);
            sumA = L.Add(sumA, PairFactor<L, V, T, C, P, M>.Of(ref numbersA, L.Load((T*)values), default));
            sumB = L.Add(sumB, PairFactor<L, V, T, C, P, M>.Of(ref numbersB, L.Load((T*)values + L.Count), default));
        }
        if (Deficit.IsOn) Accumulate(sums + 2 * (1 + block.Dimension) * L.Count, sumA, sumB);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Factors(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        LabelView<T> labels = block.Labels;
        Exp2<L, V, T> exp2 = new Exp2<L, V, T>();
        T* deficits = sums + 2 * (1 + block.Dimension) * L.Count;
        V sumA = L.Constant(0), sumB = sumA, deficitA = sumA, deficitB = sumA;
        V largestA = sumA, largestB = sumA, squaresA = sumA, squaresB = sumA, logA = sumA, logB = sumA;
        T* sumOfTile = tile + 2 * SimdSums.TileKeys * L.Count;
        for (int key = from; key < to; key++, tile += 2 * L.Count)
        {
            V a = L.Constant(0), b = a;
            if (P.IsCurved) (a, b) = (L.Load(tile), L.Load(tile + L.Count));
            LaneNumbers<L, V, T> numbersA = new(labels, query, key), numbersB = new(labels, query + L.Count, key);
            if (Deficit.IsOn && !P.IsGeneral) deficitA = PairFactor<L, V, T, C, P, M>.AddDeficit(ref numbersA, a, deficitA);
            if (Deficit.IsOn && !P.IsGeneral) deficitB = PairFactor<L, V, T, C, P, M>.AddDeficit(ref numbersB, b, deficitB);
            a = PairFactor<L, V, T, C, P, M>.Of(ref numbersA, a, exp2);
            b = PairFactor<L, V, T, C, P, M>.Of(ref numbersB, b, exp2);
            Put(tile, a, b);
            sumA = L.Add(sumA, a);
            sumB = L.Add(sumB, b);
            if (E.Sizes) (largestA, largestB) = (L.Max(L.Abs(a), largestA), L.Max(L.Abs(b), largestB));
            if (E.Sizes) (squaresA, squaresB) = (L.MultiplyAdd(a, a, squaresA), L.MultiplyAdd(b, b, squaresB));
            if (E.Logs) logA = L.MultiplyAdd(a, C.Log(ref numbersA), logA);
            if (E.Logs) logB = L.MultiplyAdd(b, C.Log(ref numbersB), logB);
        }
        if ((to - from) % 2 != 0) Put(tile, L.Constant(0), L.Constant(0));
        Put(sumOfTile, sumA, sumB);
        Accumulate(sums, sumA, sumB);
        if (Deficit.IsOn && !P.IsGeneral) Accumulate(deficits, deficitA, deficitB);
        T* extras = Deficit.IsOn ? deficits + 2 * L.Count : deficits;
        if (E.Sizes) Put(extras, L.Max(L.Load(extras), largestA), L.Max(L.Load(extras + L.Count), largestB));
        if (E.Sizes) Accumulate(extras + 2 * L.Count, squaresA, squaresB);
        if (E.Logs) Accumulate(extras + 4 * L.Count, logA, logB);
    }

    // Two keys at a time; where their number is odd, the one beyond the last has factor 0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourForces(in PairBlock<T> block, int query, int from, int to, int c, T* sums, T* tile)
    {
        nint row1 = block.Stride, row2 = 2 * row1, row3 = 3 * row1;
        T* x = block.Values + c * row1, q = x + query, end = x + to;
        V a0 = L.Load(q), a1 = L.Load(q + row1), a2 = L.Load(q + row2), a3 = L.Load(q + row3);
        q += L.Count;
        V b0 = L.Load(q), b1 = L.Load(q + row1), b2 = L.Load(q + row2), b3 = L.Load(q + row3);
        T* sumOfTile = tile + 2 * SimdSums.TileKeys * L.Count;
        V fa0, fa1, fa2, fa3, fb0, fb1, fb2, fb3;
        fa0 = fa1 = fa2 = fa3 = fb0 = fb1 = fb2 = fb3 = L.Constant(0);
        for (x += from; x < end; x += 2, tile += 4 * L.Count)
        {
            V a = L.Load(tile), b = L.Load(tile + L.Count);
            Pull(x, a, b, a0, b0, ref fa0, ref fb0);
            Pull(x + row1, a, b, a1, b1, ref fa1, ref fb1);
            Pull(x + row2, a, b, a2, b2, ref fa2, ref fb2);
            Pull(x + row3, a, b, a3, b3, ref fa3, ref fb3);
            (a, b) = (L.Load(tile + 2 * L.Count), L.Load(tile + 3 * L.Count));
            Pull(x + 1, a, b, a0, b0, ref fa0, ref fb0);
            Pull(x + 1 + row1, a, b, a1, b1, ref fa1, ref fb1);
            Pull(x + 1 + row2, a, b, a2, b2, ref fa2, ref fb2);
            Pull(x + 1 + row3, a, b, a3, b3, ref fa3, ref fb3);
        }
        T* force = sums + 2 * (1 + c) * L.Count;
        Settle(sumOfTile, a0, b0, ref fa0, ref fb0);
        Settle(sumOfTile, a1, b1, ref fa1, ref fb1);
        Settle(sumOfTile, a2, b2, ref fa2, ref fb2);
        Settle(sumOfTile, a3, b3, ref fa3, ref fb3);
        Accumulate(force, fa0, fb0);
        Accumulate(force + 2 * L.Count, fa1, fb1);
        Accumulate(force + 4 * L.Count, fa2, fb2);
        Accumulate(force + 6 * L.Count, fa3, fb3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Force(in PairBlock<T> block, int query, int from, int to, int c, T* sums, T* tile)
    {
        T* x = block.Values + (nint)c * block.Stride;
        V a = L.Load(x + query), b = L.Load(x + query + L.Count), forceA = L.Constant(0), forceB = forceA;
        T* sumOfTile = tile + 2 * SimdSums.TileKeys * L.Count;
        for (int key = from; key < to; key++, tile += 2 * L.Count)
            Pull(x + key, L.Load(tile), L.Load(tile + L.Count), a, b, ref forceA, ref forceB);
        Settle(sumOfTile, a, b, ref forceA, ref forceB);
        Accumulate(sums + 2 * (1 + c) * L.Count, forceA, forceB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProducts(V factor, V a, V b, ref V sumA, ref V sumB)
    {
        sumA = L.MultiplyAdd(factor, a, sumA);
        sumB = L.MultiplyAdd(factor, b, sumB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pull(T* key, V factorA, V factorB, V a, V b, ref V forceA, ref V forceB)
    {
        if (Dots.IsOn)
        {
            AddProducts(L.Broadcast(key), factorA, factorB, ref forceA, ref forceB);
            return;
        }
        forceA = L.NegativeMultiplyAdd(factorA, L.Subtract(a, key), forceA);
        forceB = L.NegativeMultiplyAdd(factorB, L.Subtract(b, key), forceB);
    }

    // sum a x_j - (sum a) x_i, tile by tile: over all keys the two sums would lose more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Settle(T* sumOfTile, V a, V b, ref V forceA, ref V forceB)
    {
        if (!Dots.IsOn) return;
        forceA = L.NegativeMultiplyAdd(L.Load(sumOfTile), a, forceA);
        forceB = L.NegativeMultiplyAdd(L.Load(sumOfTile + L.Count), b, forceB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* address, V a, V b)
    {
        L.Store(address, a);
        L.Store(address + L.Count, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(T* address, V a, V b) => Put(address, L.Add(L.Load(address), a), L.Add(L.Load(address + L.Count), b));
}
