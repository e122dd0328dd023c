using System.Runtime.CompilerServices;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// A coupling in lanes: a pair is the queries query, query + 1, ... of one vector against one key. With a pair factor
/// w_j b_ij 2^y, part of w_j b_ij may enter the exponent (<see cref="Bend"/>), the rest multiplies (<see cref="Finish"/>).
/// </summary>
internal interface ICouplingLanes<L, V, T> where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    /// <summary>The exponents y plus what of log2 b enters there.</summary>
    static abstract V Bend(in LabelView<T> view, int query, int key, V y);

    /// <summary>The factors times that part of w_j b_ij that <see cref="Bend"/> did not cover.</summary>
    static abstract V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2);

    /// <summary>All of w_j b_ij.</summary>
    static abstract V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2);

    /// <summary>log b_ij where b_ij > 0; a finite number where it is 0.</summary>
    static abstract V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2);
}

/// <summary>The numbers a coupling keeps per token, made by <see cref="Coupling.FillTables"/>: row r of query i is at [r * QueryStride + i], of key j at [r * Stride + j].</summary>
internal readonly unsafe struct LabelView<T>(T* queryTable, int queryStride, T* keyTable, int stride, int keyRows, T* window, T* indices) where T : unmanaged
{
    /// <summary>Rows a query has, so placed that i counts like its place among the positions.</summary>
    public readonly T* Query = queryTable;
    /// <summary>Queries per row.</summary>
    public readonly int QueryStride = queryStride;
    /// <summary>Rows a key has; its weight is inside.</summary>
    public readonly T* Key = keyTable;
    /// <summary>Keys per row.</summary>
    public readonly int Stride = stride;
    /// <summary>Number of rows in <see cref="Key"/>.</summary>
    public readonly int KeyRows = keyRows;
    /// <summary>Under a mask two rows like those of <see cref="Query"/>: first and last key that a query sees.</summary>
    public readonly T* Window = window;
    /// <summary>Under a mask 0, 1, 2, ... for the keys.</summary>
    public readonly T* Indices = indices;
}

/// <summary>A coupling where some lanes do not see some keys: their factor is 0, their exponent below any other.</summary>
internal readonly unsafe struct MaskedLanes<L, V, T, C> : ICouplingLanes<L, V, T>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged where C : struct, ICouplingLanes<L, V, T>
{
    private const double Hidden = -1e30;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bend(in LabelView<T> view, int query, int key, V y) =>
        L.SelectEqual(Seen(view, query, key, L.Constant(1)), L.Constant(0), L.Constant(Hidden), C.Bend(view, query, key, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish(in LabelView<T> view, int query, int key, V factor, in Exp2<L, V, T> exp2) => Seen(view, query, key, C.Finish(view, query, key, factor, exp2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Factor(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => Seen(view, query, key, C.Factor(view, query, key, exp2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Log(in LabelView<T> view, int query, int key, in Exp2<L, V, T> exp2) => C.Log(view, query, key, exp2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Seen(in LabelView<T> view, int query, int key, V value)
    {
        V index = L.Broadcast(view.Indices + key);
        return L.ZeroBelow(index, L.Load(view.Window + query), L.ZeroBelow(L.Load(view.Window + view.QueryStride + query), index, value));
    }
}
