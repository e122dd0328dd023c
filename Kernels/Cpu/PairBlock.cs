namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Where the kernels read: positions and label tables of one replica, structure of arrays, placed as <see cref="BufferLayout"/> says.
/// </summary>
/// <param name="positions"> [d, Stride], see <see cref="PositionBuffer{T}"/>: of fused kernels such that y_ij = -|x_j - x_i|^2; of tiled
/// ones with a row h behind, y_ij = h_i + h_j + &lt;x_i, x_j>, which is t_ij where the profile is general. </param>
/// <param name="values"> [d, Stride], what the force is made of: values at the keys' places, origins at the queries'. The positions in the
/// difference form. </param>
/// <param name="stride">Numbers from one row to the next.</param>
/// <param name="dimension">d.</param>
/// <param name="labels">The tables of the coupling.</param>
/// <param name="interaction">The profile and beta.</param>
internal readonly unsafe struct PairBlock<T>(
    T* positions, T* values, int stride, int dimension, LabelView<T> labels, Interaction interaction) where T : unmanaged
{
    public readonly T* Positions = positions;
    public readonly T* Values = values;
    public readonly int Stride = stride;
    public readonly int Dimension = dimension;
    public readonly LabelView<T> Labels = labels;
    public readonly Interaction Interaction = interaction;
}

/// <summary>
/// The numbers a coupling keeps per token, made by <see cref="Coupling.FillTables"/>: row r of query i is at [r * QueryStride + i], of key
/// j at [r * Stride + j].
/// </summary>
internal readonly unsafe struct LabelView<T>(T* queryTable, int queryStride, T* keyTable, int stride, int keyRows, T* window, T* indices)
    where T : unmanaged
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

/// <summary>The numbers of the queries query, query + 1, ... of one vector and of one key.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal readonly unsafe struct LaneNumbers<L, V, T>(LabelView<T> view, int query, int key) : IPairNumbers<V>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
{
    // By value: the JIT keeps in registers what is used of it, unless its address is taken.
    private readonly LabelView<T> _view = view;
    private readonly int _query = query, _key = key;

    public int KeyRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _view.KeyRows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Query(int row) => L.Load(_view.Query + (nint)row * _view.QueryStride + _query);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Key(int row) => L.Broadcast(_view.Key + (nint)row * _view.Stride + _key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Dot(V start, int rows)
    {
        T* key = _view.Key + _view.Stride + _key, query = _view.Query + _query;
        for (; rows > 0; rows--, key += _view.Stride, query += _view.QueryStride)
            start = L.MultiplyAdd(L.Broadcast(key), L.Load(query), start);
        return start;
    }

    /// <summary>The value, but 0 for queries that do not see the key. Only under a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Seen(V value)
    {
        V index = L.Broadcast(_view.Indices + _key), first = L.Load(_view.Window + _query);
        return L.ZeroBelow(index, first, L.ZeroBelow(L.Load(_view.Window + _view.QueryStride + _query), index, value));
    }
}

/// <summary>
/// What happens to a pair between its exponent and its factor, shared by the kernels of all dimensions. With <typeparamref name="M"/> some
/// lanes do not see some keys: their factor is 0.
/// </summary>
internal static class PairFactor<L, V, T, C, P, M>
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged
    where C : struct, ICouplingMath<V, LaneNumbers<L, V, T>> where P : struct, IProfileLanes where M : struct, IChoice
{
    // Below any exponent.
    private const double Hidden = -1e30;

    /// <summary>From the exponents y = -|x_j - x_i|^2, of a general profile from k', to w_j b_ij k'_ij e^{-c}.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(ref LaneNumbers<L, V, T> numbers, V y, in Exp2<L, V, T> exp2)
    {
        V factor;
        if (P.IsGeneral)
        {
            factor = L.Multiply(y, PairMath<V, L, LaneNumbers<L, V, T>, C>.Whole(ref numbers));
        }
        else if (P.IsCurved)
        {
            y = C.Bend(y, ref numbers);
            factor = P.MayUnderflow ? exp2.WithUnderflow(y) : exp2.Of(y);
            if (C.NearRows > 0) factor = L.Multiply(factor, C.Factor(ref numbers));
        }
        else
        {
            factor = PairMath<V, L, LaneNumbers<L, V, T>, C>.Whole(ref numbers);
        }
        return M.IsOn ? numbers.Seen(factor) : factor;
    }

    /// <summary>deficit + w_j b_ij (1 - 2^y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V AddDeficit(ref LaneNumbers<L, V, T> numbers, V y, V deficit)
    {
        V factor = PairMath<V, L, LaneNumbers<L, V, T>, C>.Whole(ref numbers);
        if (M.IsOn) factor = numbers.Seen(factor);
        return L.NegativeMultiplyAdd(factor, Exp2<L, V, T>.MinusOne(y), deficit);
    }

    /// <summary>The exponents with what the coupling adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exponent(ref LaneNumbers<L, V, T> numbers, V y)
    {
        V bent = C.Bend(y, ref numbers);
        return M.IsOn ? L.SelectEqual(numbers.Seen(L.Constant(1)), L.Constant(0), L.Constant(Hidden), bent) : bent;
    }
}
