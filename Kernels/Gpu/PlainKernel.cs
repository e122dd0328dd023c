using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// <see cref="TiledKernel"/> without tiles in shared memory, one query a thread: for ILGPU's CPU accelerator, whose barriers cost more than the sums.
/// The order of a query's sum is the same.
/// </summary>
internal static class PlainKernel
{
    /// <summary>Sums one split of the keys for one row of this launch.</summary>
    public static void Sum<T, V, Q>(Index1D index, GpuCall<T> call) where T : unmanaged where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
    {
        int split = index / call.Rows, row = call.FirstRow + index - split * call.Rows;
        int replica = row / call.QueryCount, mine = row - replica * call.QueryCount;
        long firstKey = (long)replica * call.KeyCount;
        int tileKeys = TiledKernel.TileNumbers / V.Count, from = split * call.SplitKeys, seenFrom = call.FromKey(mine) / tileKeys * tileKeys;
        int to = call.SplitEnd(split), seenTo = call.ToKey(mine);
        if (from < seenFrom) from = seenFrom;
        if (to > seenTo) to = seenTo;
        Q query = default;
        query.Begin(call, replica, mine, 0);
        for (int tile = from; tile < to; tile += tileKeys)
        {
            int end = to - tile < tileKeys ? to : tile + tileKeys, j = tile;
            for (; j < end - 3; j += 4)
            {
                query.Meet(call, Key<T, V, Q>(call, j, firstKey), Key<T, V, Q>(call, j + 1, firstKey),
                    Key<T, V, Q>(call, j + 2, firstKey), Key<T, V, Q>(call, j + 3, firstKey));
            }
            for (; j < end; j++) query.Meet(call, Key<T, V, Q>(call, j, firstKey));
            query.EndTile();
        }
        query.Store(call, split);
    }

    private static GpuKey<T, V> Key<T, V, Q>(in GpuCall<T> call, int index, long firstKey)
        where T : unmanaged where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
    {
        GpuKey<T, V> key = default;
        key.Numbers = GpuKeyNumbers<T>.Load(call, Q.NearRows, firstKey, index);
        key.K = call.Keys.Cast<V>()[key.Numbers.Global];
        if (Q.HasValues) key.Value = call.Values.Cast<V>()[key.Numbers.Global];
        return key;
    }
}
