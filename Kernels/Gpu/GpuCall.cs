using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>What a kernel is given: arrays on the device, sizes, and the rows of this launch.</summary>
internal struct GpuCall<T> where T : unmanaged
{
    /// <summary>q, [R, QueryCount, Stride]: centred and scaled, zero beyond d.</summary>
    public ArrayView<T> Queries;
    /// <summary>o, likewise. In the difference form it is q and not read.</summary>
    public ArrayView<T> Origins;
    /// <summary>k, [R, KeyCount, Stride].</summary>
    public ArrayView<T> Keys;
    /// <summary>v, likewise. In the difference form it is k and not read.</summary>
    public ArrayView<T> Values;
    /// <summary>Numbers of the coupling, [QueryRows, R QueryCount].</summary>
    public ArrayView<T> QueryNumbers;
    /// <summary>[KeyRows, R KeyCount].</summary>
    public ArrayView<T> KeyNumbers;
    /// <summary>
    /// [splits, columns, 2, Rows]: the sums over one split of the keys, high and low part, columns as in <see cref="GpuColumns"/>.
    /// </summary>
    public ArrayView<T> Parts;
    public int QueryCount, KeyCount, Dimension, Stride, QueryRows, KeyRows;
    /// <summary>R QueryCount and R KeyCount.</summary>
    public long AllQueries, AllKeys;
    /// <summary>The rows of this launch: flattened (replica, query).</summary>
    public int FirstRow, Rows;
    /// <summary>Keys of a split, a multiple of a tile.</summary>
    public int SplitKeys;
    /// <summary>Queries of a thread block, blocks of a replica, and the first block of this launch.</summary>
    public int BlockQueries, ReplicaBlocks, FirstBlock;
    /// <summary>Not 0 when <see cref="RowColumns.CouplingLog"/> is asked for.</summary>
    public int HasLog;
    /// <summary>The <see cref="Mask"/>.</summary>
    public int Mask;
    /// <summary>Not 0 when query i and key i are one point.</summary>
    public int IsSelf;

    /// <summary>The first key beyond those of a split.</summary>
    public readonly int SplitEnd(int split) => KeyCount - split * SplitKeys < SplitKeys ? KeyCount : (split + 1) * SplitKeys;

    /// <summary>The first key that a query sees.</summary>
    public readonly int FromKey(int query)
    {
        int from = Mask == (int)Model.Mask.Reversed ? query : Mask == (int)Model.Mask.StrictReversed ? query + 1 : 0;
        return from < KeyCount ? from : KeyCount;
    }

    /// <summary>The first key beyond those that a query sees.</summary>
    public readonly int ToKey(int query)
    {
        int to = Mask == (int)Model.Mask.Causal ? query + 1 : Mask == (int)Model.Mask.Strict ? query : KeyCount;
        return to < KeyCount ? to : KeyCount;
    }
}

/// <summary>
/// The order of columns in <see cref="GpuCall{T}.Parts"/>: shift in units of log 2, Z, the numbers of F, then those that observers ask for.
/// </summary>
internal static class GpuColumns
{
    public const int Shift = 0, Z = 1, Force = 2;

    /// <summary>After F.</summary>
    public const int Deficit = 0, Largest = 1, Squares = 2, CouplingLog = 3, More = 4;
}

/// <summary>A key and the coupling's first numbers of it, in registers.</summary>
internal struct GpuKeyNumbers<T> where T : unmanaged
{
    public T N0, N1, N2;
    /// <summary>Counted from the first key of its replica, and from that of all.</summary>
    public int Index;
    public long Global;

    /// <summary>Brings along as many numbers as <see cref="ICouplingMath{V, N}.NearRows"/> says, from memory.</summary>
    public static GpuKeyNumbers<T> Load(in GpuCall<T> call, int nearRows, long firstKey, int index)
    {
        GpuKeyNumbers<T> key = default;
        key.Index = index;
        key.Global = firstKey + index;
        if (nearRows > 0) key.N0 = call.KeyNumbers[key.Global];
        if (nearRows > 1) key.N1 = call.KeyNumbers[call.AllKeys + key.Global];
        if (nearRows > 2) key.N2 = call.KeyNumbers[2 * call.AllKeys + key.Global];
        return key;
    }
}

/// <summary>A key with its value, in registers.</summary>
internal struct GpuKey<T, V> where T : unmanaged where V : unmanaged
{
    public V K, Value;
    /// <summary>-|K|^2, where queries want it.</summary>
    public T Norm;
    public GpuKeyNumbers<T> Numbers;
}

/// <summary>The numbers of one pair: the first of query and key in registers, the others in memory.</summary>
internal readonly struct GpuNumbers<T, R>(
    ArrayView<T> queryNumbers, ArrayView<T> keyNumbers, long queries, long keys, int keyRows,
    T q0, T q1, long query, T n0, T n1, T n2, long key)
    : IPairNumbers<T> where T : unmanaged where R : struct, IReal<T>
{
    public int KeyRows => keyRows;

    public T Query(int row) => row == 0 ? q0 : row == 1 ? q1 : queryNumbers[row * queries + query];

    // Rows that are near are named one by one.
    public T Dot(T start, int rows)
    {
        if (rows == 0) return start;
        start = R.MultiplyAdd(n1, q0, start);
        if (rows == 1) return start;
        start = R.MultiplyAdd(n2, q1, start);
        for (int row = 2; row < rows; row++)
            start = R.MultiplyAdd(keyNumbers[(row + 1) * keys + key], queryNumbers[row * queries + query], start);
        return start;
    }

    public T Key(int row) => row == 0 ? n0 : row == 1 ? n1 : row == 2 ? n2 : keyNumbers[row * keys + key];
}
