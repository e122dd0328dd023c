using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels;

/// <summary>The pair kernel for d = 2 and, with <typeparamref name="Third"/>, d = 3: everything of two vectors of queries stays in registers.</summary>
internal static unsafe class LowDimension<L, V, T, C, P, Third, Deficit>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes
    where Third : struct, IChoice where Deficit : struct, IChoice
{
    /// <summary>See <see cref="PairKernel{T}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile)
    {
        T* x = block.Positions, y = x + block.Stride, z = Third.IsOn ? y + block.Stride : y;
        LabelView<T> labels = block.Labels;
        V zero = L.Constant(0);
        V ax = L.Load(x + query), ay = L.Load(y + query), az = Third.IsOn ? L.Load(z + query) : zero;
        V bx = L.Load(x + query + L.Count), by = L.Load(y + query + L.Count), bz = Third.IsOn ? L.Load(z + query + L.Count) : zero;
        V sumA = zero, forceAX = zero, forceAY = zero, forceAZ = zero, deficitA = zero;
        V sumB = zero, forceBX = zero, forceBY = zero, forceBZ = zero, deficitB = zero;
        for (int key = from; key < to; key++)
        {
            V kx = L.Broadcast(x + key), ky = L.Broadcast(y + key), kz = Third.IsOn ? L.Broadcast(z + key) : zero;
            V dax = L.Subtract(kx, ax), dbx = L.Subtract(kx, bx);
            V day = L.Subtract(ky, ay), dby = L.Subtract(ky, by);
            V daz = Third.IsOn ? L.Subtract(kz, az) : zero, dbz = Third.IsOn ? L.Subtract(kz, bz) : zero;
            V a = zero, b = zero;
            if (P.IsCurved)
            {
                a = L.NegativeMultiplyAdd(dax, dax, zero);
                b = L.NegativeMultiplyAdd(dbx, dbx, zero);
                a = L.NegativeMultiplyAdd(day, day, a);
                b = L.NegativeMultiplyAdd(dby, dby, b);
                if (Third.IsOn)
                {
                    a = L.NegativeMultiplyAdd(daz, daz, a);
                    b = L.NegativeMultiplyAdd(dbz, dbz, b);
                }
                if (Deficit.IsOn) PairFactor<L, V, T, C, P>.AddDeficit(labels, query, key, a, b, ref deficitA, ref deficitB);
            }
            PairFactor<L, V, T, C, P>.Of(labels, query, key, ref a, ref b);
            sumA = L.Add(sumA, a);
            sumB = L.Add(sumB, b);
            forceAX = L.MultiplyAdd(a, dax, forceAX);
            forceBX = L.MultiplyAdd(b, dbx, forceBX);
            forceAY = L.MultiplyAdd(a, day, forceAY);
            forceBY = L.MultiplyAdd(b, dby, forceBY);
            if (Third.IsOn)
            {
                forceAZ = L.MultiplyAdd(a, daz, forceAZ);
                forceBZ = L.MultiplyAdd(b, dbz, forceBZ);
            }
        }
        Put(ref sums, sumA, sumB);
        Put(ref sums, forceAX, forceBX);
        Put(ref sums, forceAY, forceBY);
        if (Third.IsOn) Put(ref sums, forceAZ, forceBZ);
        if (Deficit.IsOn) Put(ref sums, deficitA, deficitB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ref T* sums, V a, V b)
    {
        L.Store(sums, a);
        L.Store(sums + L.Count, b);
        sums += 2 * L.Count;
    }
}
