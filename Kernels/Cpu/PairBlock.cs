using System.Runtime.CompilerServices;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>Where the kernels read: positions and label tables of one replica, structure of arrays, placed as <see cref="BufferLayout"/> says.</summary>
/// <param name="positions">[d, Stride], see <see cref="PositionBuffer{T}"/>: of fused kernels such that y_ij = -|x_j - x_i|^2; of tiled ones with a row h behind, y_ij = h_i + h_j + &lt;x_i, x_j>.</param>
/// <param name="values">[d, Stride], what the force is made of: values at the keys' places, origins at the queries'. The positions in the difference form.</param>
/// <param name="stride">Numbers from one row to the next.</param>
/// <param name="dimension">d.</param>
/// <param name="labels">The tables of the coupling.</param>
internal readonly unsafe struct PairBlock<T>(T* positions, T* values, int stride, int dimension, LabelView<T> labels) where T : unmanaged
{
    public readonly T* Positions = positions;
    public readonly T* Values = values;
    public readonly int Stride = stride;
    public readonly int Dimension = dimension;
    public readonly LabelView<T> Labels = labels;
}

/// <summary>
/// Sums the keys [from, to) for the queries of two vectors that begin at the place <paramref name="query"/>, into <paramref name="sums"/>: rows of two
/// vectors, Z first, then the d components of F, then those asked for of: deficit; largest factor and sum of squares; sum of factors times log b. <paramref name="tile"/> is scratch memory.
/// </summary>
internal unsafe delegate void PairKernel<T>(in PairBlock<T> block, int query, int from, int to, T* sums, T* tile) where T : unmanaged;

/// <summary>A choice made at compile time of a kernel.</summary>
internal interface IChoice
{
    static abstract bool IsOn { get; }
}

internal readonly struct On : IChoice
{
    public static bool IsOn => true;
}

internal readonly struct Off : IChoice
{
    public static bool IsOn => false;
}

/// <summary>The columns beside Z, F and D, at compile time of a kernel.</summary>
internal interface IExtras
{
    /// <summary>Largest factor and sum of squares.</summary>
    static abstract bool Sizes { get; }

    /// <summary>Sum of factors times log b; only with <see cref="Sizes"/>.</summary>
    static abstract bool Logs { get; }
}

internal readonly struct NoExtras : IExtras
{
    public static bool Sizes => false;

    public static bool Logs => false;
}

internal readonly struct SizesOnly : IExtras
{
    public static bool Sizes => true;

    public static bool Logs => false;
}

internal readonly struct SizesAndLogs : IExtras
{
    public static bool Sizes => true;

    public static bool Logs => true;
}

/// <summary>What happens to a pair between its exponent and its factor: shared by the kernels of all dimensions.</summary>
internal static class PairFactor<L, V, T, C, P>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingLanes<L, V, T> where P : struct, IProfileLanes
{
    /// <summary>From the exponents y = -|x_j - x_i|^2 to w_j b_ij k'_ij e^{-c}.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(in LabelView<T> labels, int query, int key, V y, in Exp2<L, V, T> exp2)
    {
        if (!P.IsCurved) return C.Factor(labels, query, key, exp2);
        V bent = C.Bend(labels, query, key, y);
        return C.Finish(labels, query, key, P.MayUnderflow ? exp2.WithUnderflow(bent) : exp2.Of(bent), exp2);
    }

    /// <summary>deficit + w_j b_ij (1 - 2^y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V AddDeficit(in LabelView<T> labels, int query, int key, V y, V deficit, in Exp2<L, V, T> exp2) =>
        L.NegativeMultiplyAdd(C.Factor(labels, query, key, exp2), Exp2<L, V, T>.MinusOne(y), deficit);
}
