namespace AttentionFlow.Kernels.Model;

/// <summary>
/// The mathematics of a coupling, once for lanes of CPUs and scalars of GPUs: its share of a pair, w_j b_ij 2^y = Factor 2^{Bend(y)}, of
/// the numbers that <see cref="Coupling.FillTables"/> prepared. They come by reference, and every member is inlined
/// (<see cref="MethodImplOptions.AggressiveInlining"/>): copies take locals, and with too many of them the JIT stops inlining, so that lane
/// operations stay calls.
/// </summary>
internal interface ICouplingMath<V, N> where V : struct where N : struct, IPairNumbers<V>
{
    /// <summary>
    /// How many numbers of a key, beginning with row 0, a GPU keeps near: at most three. None: Factor is 1 and not multiplied.
    /// </summary>
    static abstract int NearRows { get; }

    /// <summary>True when <see cref="Bend"/> is not y.</summary>
    static abstract bool Bends { get; }

    /// <summary>The exponent y, and what of log2 b belongs there.</summary>
    static abstract V Bend(V y, ref N numbers);

    /// <summary>The other part of w_j b_ij.</summary>
    static abstract V Factor(ref N numbers);

    /// <summary>log b_ij where b_ij > 0; a finite number where it is 0.</summary>
    static abstract V Log(ref N numbers);
}

/// <summary>The numbers of <see cref="Coupling.FillTables"/> of one pair, or of a few queries and one key.</summary>
internal interface IPairNumbers<V> where V : struct
{
    /// <summary>Numbers a key has.</summary>
    int KeyRows { get; }

    /// <summary>A number of the query.</summary>
    V Query(int row);

    /// <summary>A number of the key.</summary>
    V Key(int row);

    /// <summary>start + sum_r Key(r + 1) Query(r) over the first rows, r from 0 on.</summary>
    V Dot(V start, int rows);
}

/// <summary>Does something with the mathematics of a coupling, as a type.</summary>
internal interface ICouplingUser<V, N, TResult> where V : struct where N : struct, IPairNumbers<V>
{
    TResult With<C>() where C : struct, ICouplingMath<V, N>;
}

/// <summary>w b = 1: equal weights under b = 1, which multiply a row's sums afterwards.</summary>
internal readonly struct EvenMath<V, A, N> : ICouplingMath<V, N>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
{
    public static int NearRows => 0;

    public static bool Bends => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(V y, ref N numbers) => y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(ref N numbers) => A.Constant(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(ref N numbers) => A.Constant(0);
}

/// <summary>What kernels ask of a coupling.</summary>
internal static class PairMath<V, A, N, C>
    where V : struct where A : struct, IArithmetic<V> where N : struct, IPairNumbers<V>
    where C : struct, ICouplingMath<V, N>
{
    /// <summary>p Factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(V p, ref N numbers) => C.NearRows == 0 ? p : A.Multiply(p, C.Factor(ref numbers));

    /// <summary>All of w_j b_ij.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Whole(ref N numbers) =>
        C.Bends ? Finish(A.Exp2(C.Bend(A.Constant(0), ref numbers)), ref numbers) : C.Factor(ref numbers);
}
