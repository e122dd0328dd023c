namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// From exponents to pair factors, in place, for the keys [key, key + count) and the queries of a panel, with the sums of one direction.
/// </summary>
/// <param name="labels">The tables of the coupling.</param>
/// <param name="query">The place of the panel's first query in them.</param>
/// <param name="key">The first key.</param>
/// <param name="count">Keys.</param>
/// <param name="lanes">Lanes, a multiple of two units.</param>
/// <param name="tile">[count, Size].</param>
/// <param name="classes">[Unit, Size]: key k is added to row k mod Unit.</param>
/// <param name="extras">Rows of Size, those asked for of: deficit; largest factor and sum of squares; sum of factors times log b.</param>
/// <param name="largest">[Size]: the largest exponent, without what the coupling adds.</param>
internal unsafe delegate void FactorKernel<T>(
    in LabelView<T> labels, int query, int key, int count, int lanes, T* tile, T* classes, T* extras, T* largest) where T : unmanaged;

/// <summary>The factors of a tile at compile time of a kernel.</summary>
internal static unsafe class BlockFactors<L, V, T, C, P, M, Deficit, E>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice
    where Deficit : struct, IChoice where E : struct, IExtras
{
    /// <summary>See <see cref="FactorKernel{T}"/>.</summary>
    public static void Sum(
        in LabelView<T> labels, int query, int key, int count, int lanes, T* tile, T* classes, T* extras, T* largest)
    {
        for (int row = 0; row < Panel<T>.Unit; row++)
            for (int lane = 0; lane < lanes; lane += L.Count) L.Store(classes + row * Panel<T>.Size + lane, L.Constant(0));
        for (int lane = 0; lane < lanes; lane += 2 * L.Count)
            TwoVectors(labels, query + lane, key, count, tile + lane, classes + lane, extras + lane, largest + lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoVectors(in LabelView<T> view, int query, int key, int count, T* tile, T* classes, T* extras, T* largest)
    {
        LabelView<T> labels = view;
        Exp2<L, V, T> exp2 = new Exp2<L, V, T>();
        V zero = L.Constant(0), deficitA = zero, deficitB = zero, highA = L.Constant(-1e30), highB = highA;
        V largestA = zero, largestB = zero, squaresA = zero, squaresB = zero, logA = zero, logB = zero;
        for (int k = 0; k < count; k++, tile += Panel<T>.Size)
        {
            V a = L.Load(tile), b = L.Load(tile + L.Count);
            (highA, highB) = (L.Max(a, highA), L.Max(b, highB));
            LaneNumbers<L, V, T> numbersA = new(labels, query, key + k), numbersB = new(labels, query + L.Count, key + k);
            if (Deficit.IsOn) deficitA = PairFactor<L, V, T, C, P, M>.AddDeficit(ref numbersA, a, deficitA);
            if (Deficit.IsOn) deficitB = PairFactor<L, V, T, C, P, M>.AddDeficit(ref numbersB, b, deficitB);
            a = PairFactor<L, V, T, C, P, M>.Of(ref numbersA, a, exp2);
            b = PairFactor<L, V, T, C, P, M>.Of(ref numbersB, b, exp2);
            L.Store(tile, a);
            L.Store(tile + L.Count, b);
            T* sums = classes + (k & (Panel<T>.Unit - 1)) * Panel<T>.Size;
            L.Store(sums, L.Add(a, L.Load(sums)));
            L.Store(sums + L.Count, L.Add(b, L.Load(sums + L.Count)));
            if (E.Sizes) (largestA, largestB) = (L.Max(L.Abs(a), largestA), L.Max(L.Abs(b), largestB));
            if (E.Sizes) (squaresA, squaresB) = (L.MultiplyAdd(a, a, squaresA), L.MultiplyAdd(b, b, squaresB));
            if (E.Logs) logA = L.MultiplyAdd(a, C.Log(ref numbersA), logA);
            if (E.Logs) logB = L.MultiplyAdd(b, C.Log(ref numbersB), logB);
        }
        Put(largest, highA, highB);
        if (Deficit.IsOn) Put(extras, deficitA, deficitB);
        if (Deficit.IsOn) extras += Panel<T>.Size;
        if (E.Sizes) Put(extras, largestA, largestB);
        if (E.Sizes) Put(extras + Panel<T>.Size, squaresA, squaresB);
        if (E.Logs) Put(extras + 2 * Panel<T>.Size, logA, logB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* address, V a, V b)
    {
        L.Store(address, a);
        L.Store(address + L.Count, b);
    }
}
