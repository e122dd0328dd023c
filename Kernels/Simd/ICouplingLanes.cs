namespace AttentionFlow.Kernels;

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
}

/// <summary>The numbers a coupling keeps per token, made by <see cref="Coupling.FillTables"/>: row r of query i is at [r * QueryStride + i], of key j at [r * Stride + j].</summary>
internal readonly unsafe struct LabelView<T>(T* queryTable, int queryStride, T* keyTable, int stride, int keyRows) where T : unmanaged
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
}
