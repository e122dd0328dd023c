using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>
/// The pair kernel for any d, in three phases over a tile of keys that stays in the first cache: exponents for four keys at a time, their
/// factors, then the force for four coordinates at a time.
/// </summary>
internal static unsafe class AnyDimension<L, V, T, C, P, Deficit>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes where Deficit : struct, IChoice
{
    /// <summary>See <see cref="PairKernel{T}"/>; the tile holds <see cref="SimdSums.TileKeys"/> keys times two vectors.</summary>
    public static void Sum(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        int rows = 1 + block.Dimension + (Deficit.IsOn ? 1 : 0);
        for (int row = 0; row < 2 * rows; row++) L.Store(sums + row * L.Count, L.Constant(0));
        for (int key = from; key < to; key += SimdSums.TileKeys)
        {
            int end = Math.Min(to, key + SimdSums.TileKeys);
            if (P.IsCurved) Exponents(block, query, key, end, tile);
            Factors(block, query, key, end, sums, tile);
            int c = 0;
            for (; c + 4 <= block.Dimension; c += 4) FourForces(block, query, key, end, c, sums, tile);
            for (; c < block.Dimension; c++) Force(block, query, key, end, c, sums, tile);
        }
    }

    // tile[key] = y = -|x_key - x_query|^2. Reads, and writes to the tile, up to three keys beyond the last: padding, never used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponents(in PairBlock<T> block, int query, int from, int to, T* tile)
    {
        int dimension = block.Dimension, stride = block.Stride;
        for (int key = from; key < to; key += 4, tile += 8 * L.Count)
        {
            V a0, a1, a2, a3, b0, b1, b2, b3;
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = L.Constant(0);
            T* x = block.Positions;
            for (int c = 0; c < dimension; c++, x += stride)
            {
                V a = L.Load(x + query), b = L.Load(x + query + L.Count);
                Square(L.Broadcast(x + key), a, b, ref a0, ref b0);
                Square(L.Broadcast(x + key + 1), a, b, ref a1, ref b1);
                Square(L.Broadcast(x + key + 2), a, b, ref a2, ref b2);
                Square(L.Broadcast(x + key + 3), a, b, ref a3, ref b3);
            }
            Put(tile, a0, b0);
            Put(tile + 2 * L.Count, a1, b1);
            Put(tile + 4 * L.Count, a2, b2);
            Put(tile + 6 * L.Count, a3, b3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Factors(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        LabelView<T> labels = block.Labels;
        var exp2 = new Exp2<L, V, T>();
        T* deficits = sums + 2 * (1 + block.Dimension) * L.Count;
        V sumA = L.Load(sums), sumB = L.Load(sums + L.Count), deficitA = L.Constant(0), deficitB = deficitA;
        for (int key = from; key < to; key++, tile += 2 * L.Count)
        {
            V a = L.Constant(0), b = a;
            if (P.IsCurved) (a, b) = (L.Load(tile), L.Load(tile + L.Count));
            if (Deficit.IsOn) deficitA = PairFactor<L, V, T, C, P>.AddDeficit(labels, query, key, a, deficitA);
            if (Deficit.IsOn) deficitB = PairFactor<L, V, T, C, P>.AddDeficit(labels, query + L.Count, key, b, deficitB);
            a = PairFactor<L, V, T, C, P>.Of(labels, query, key, a, exp2);
            b = PairFactor<L, V, T, C, P>.Of(labels, query + L.Count, key, b, exp2);
            Put(tile, a, b);
            sumA = L.Add(sumA, a);
            sumB = L.Add(sumB, b);
        }
        Put(sums, sumA, sumB);
        if (Deficit.IsOn) Put(deficits, L.Add(L.Load(deficits), deficitA), L.Add(L.Load(deficits + L.Count), deficitB));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourForces(in PairBlock<T> block, int query, int from, int to, int c, T* sums, T* tile)
    {
        int stride = block.Stride;
        T* x0 = block.Positions + (nint)c * stride, x1 = x0 + stride, x2 = x1 + stride, x3 = x2 + stride;
        T* force = sums + 2 * (1 + c) * L.Count;
        V a0 = L.Load(x0 + query), a1 = L.Load(x1 + query), a2 = L.Load(x2 + query), a3 = L.Load(x3 + query);
        V b0 = L.Load(x0 + query + L.Count), b1 = L.Load(x1 + query + L.Count);
        V b2 = L.Load(x2 + query + L.Count), b3 = L.Load(x3 + query + L.Count);
        V fa0, fa1, fa2, fa3, fb0, fb1, fb2, fb3;
        fa0 = fa1 = fa2 = fa3 = fb0 = fb1 = fb2 = fb3 = L.Constant(0);
        for (int key = from; key < to; key++, tile += 2 * L.Count)
        {
            V a = L.Load(tile), b = L.Load(tile + L.Count);
            Pull(L.Broadcast(x0 + key), a, b, a0, b0, ref fa0, ref fb0);
            Pull(L.Broadcast(x1 + key), a, b, a1, b1, ref fa1, ref fb1);
            Pull(L.Broadcast(x2 + key), a, b, a2, b2, ref fa2, ref fb2);
            Pull(L.Broadcast(x3 + key), a, b, a3, b3, ref fa3, ref fb3);
        }
        Accumulate(force, fa0, fb0);
        Accumulate(force + 2 * L.Count, fa1, fb1);
        Accumulate(force + 4 * L.Count, fa2, fb2);
        Accumulate(force + 6 * L.Count, fa3, fb3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Force(in PairBlock<T> block, int query, int from, int to, int c, T* sums, T* tile)
    {
        T* x = block.Positions + (nint)c * block.Stride;
        V a = L.Load(x + query), b = L.Load(x + query + L.Count), forceA = L.Constant(0), forceB = forceA;
        for (int key = from; key < to; key++, tile += 2 * L.Count)
            Pull(L.Broadcast(x + key), L.Load(tile), L.Load(tile + L.Count), a, b, ref forceA, ref forceB);
        Accumulate(sums + 2 * (1 + c) * L.Count, forceA, forceB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(V key, V a, V b, ref V exponentA, ref V exponentB)
    {
        V differenceA = L.Subtract(key, a), differenceB = L.Subtract(key, b);
        exponentA = L.NegativeMultiplyAdd(differenceA, differenceA, exponentA);
        exponentB = L.NegativeMultiplyAdd(differenceB, differenceB, exponentB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pull(V key, V factorA, V factorB, V a, V b, ref V forceA, ref V forceB)
    {
        forceA = L.MultiplyAdd(factorA, L.Subtract(key, a), forceA);
        forceB = L.MultiplyAdd(factorB, L.Subtract(key, b), forceB);
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
