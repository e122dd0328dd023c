using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// The kernel for GPUs: a thread holds a few queries in registers, a thread block walks through the keys in tiles in shared memory, four
/// keys at a time. The order of a query's sum depends on the sizes alone: tiles in their order, keys in theirs; blocks and threads only say
/// who does it.
/// </summary>
internal static class TiledKernel
{
    /// <summary>Numbers of the keys of a tile.</summary>
    public const int TileNumbers = 1024;

    /// <summary>Sums one split of the keys (grid y) for one block of queries (grid x).</summary>
    public static void Sum<T, V, Q>(GpuCall<T> call)
        where T : unmanaged where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
    {
        int tileKeys = TileNumbers / V.Count;
        Tile<T, V, Q> tile = default;
        tile.Keys = SharedMemory.Allocate<V>(TileNumbers / V.Count);
        if (Q.HasValues) tile.Values = SharedMemory.Allocate<V>(TileNumbers / V.Count);
        if (Q.HasNorms) tile.Norms = SharedMemory.Allocate<Four<T>>(TileNumbers / V.Count / 4);
        if (Q.NearRows > 0) tile.Numbers0 = SharedMemory.Allocate<T>(TileNumbers / V.Count);
        if (Q.NearRows > 1) tile.Numbers1 = SharedMemory.Allocate<T>(TileNumbers / V.Count);
        if (Q.NearRows > 2) tile.Numbers2 = SharedMemory.Allocate<T>(TileNumbers / V.Count);
        int block = call.FirstBlock + Grid.IdxX, replica = block / call.ReplicaBlocks;
        int firstQuery = (block - replica * call.ReplicaBlocks) * call.BlockQueries, lastQuery = firstQuery + call.BlockQueries - 1;
        if (lastQuery >= call.QueryCount) lastQuery = call.QueryCount - 1;
        Q query = default;
        query.Begin(call, replica, firstQuery + Group.IdxX, Group.DimX);

        long firstKey = (long)replica * call.KeyCount;
        int from = Grid.IdxY * call.SplitKeys, seenFrom = call.FromKey(firstQuery) / tileKeys * tileKeys;
        int to = call.SplitEnd(Grid.IdxY), seenTo = call.ToKey(lastQuery);
        if (from < seenFrom) from = seenFrom;
        if (to > seenTo) to = seenTo;
        for (int first = from; first < to; first += tileKeys)
        {
            int count = to - first < tileKeys ? to - first : tileKeys;
            for (int i = Group.IdxX; i < count; i += Group.DimX) tile.Load(call, i, firstKey + first + i);
            Group.Barrier();
            if (Q.HasNorms && call.IsSelf != 0 && first <= lastQuery && first + count > firstQuery)
                tile.Meet<On>(ref query, call, first, firstKey, count);
            else
                tile.Meet<Off>(ref query, call, first, firstKey, count);
            query.EndTile();
            Group.Barrier();
        }
        query.Store(call, Grid.IdxY);
    }

    // Four numbers that load as one.
    private struct Four<T> where T : unmanaged
    {
#pragma warning disable CS0649 // read from memory
        public T A, B, C, D;
#pragma warning restore CS0649
    }

    private struct Tile<T, V, Q> where T : unmanaged where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
    {
        public ArrayView<V> Keys, Values;
        public ArrayView<Four<T>> Norms;
        public ArrayView<T> Numbers0, Numbers1, Numbers2;

        public readonly void Load(in GpuCall<T> call, int i, long key)
        {
            V k = call.Keys.Cast<V>()[key];
            Keys[i] = k;
            if (Q.HasNorms) Norms.Cast<T>()[i] = Q.NormOf(k);
            if (Q.HasValues) Values[i] = call.Values.Cast<V>()[key];
            if (Q.NearRows > 0) Numbers0[i] = call.KeyNumbers[key];
            if (Q.NearRows > 1) Numbers1[i] = call.KeyNumbers[call.AllKeys + key];
            if (Q.NearRows > 2) Numbers2[i] = call.KeyNumbers[2 * call.AllKeys + key];
        }

        public readonly void Meet<N>(ref Q query, in GpuCall<T> call, int first, long firstKey, int count) where N : struct, IChoice
        {
            int j = 0;
            for (; j + 3 < count; j += 4)
            {
                Four<T> norms = Q.HasNorms ? Norms[j / 4] : default;
                query.Meet<N>(call, Key(j, first, firstKey, norms.A), Key(j + 1, first, firstKey, norms.B),
                    Key(j + 2, first, firstKey, norms.C), Key(j + 3, first, firstKey, norms.D));
            }
            for (; j < count; j++) query.Meet<N>(call, Key(j, first, firstKey, Q.HasNorms ? Norms.Cast<T>()[j] : default));
        }

        private readonly GpuKey<T, V> Key(int i, int first, long firstKey, T norm)
        {
            GpuKey<T, V> key = default;
            key.Norm = norm;
            key.K = Keys[i];
            if (Q.HasValues) key.Value = Values[i];
            if (Q.NearRows > 0) key.Numbers.N0 = Numbers0[i];
            if (Q.NearRows > 1) key.Numbers.N1 = Numbers1[i];
            if (Q.NearRows > 2) key.Numbers.N2 = Numbers2[i];
            key.Numbers.Index = first + i;
            key.Numbers.Global = firstKey + key.Numbers.Index;
            return key;
        }
    }
}

/// <summary>
/// <see cref="TiledKernel"/> without tiles in shared memory, one query a thread: for ILGPU's CPU accelerator, whose barriers cost more than
/// the sums. The order of a query's sum is the same.
/// </summary>
internal static class PlainKernel
{
    /// <summary>Sums one split of the keys for one row of this launch.</summary>
    public static void Sum<T, V, Q>(Index1D index, GpuCall<T> call)
        where T : unmanaged where V : unmanaged, IVector<V, T> where Q : struct, IGpuQuery<T, V>
    {
        int split = index / call.Rows, row = call.FirstRow + index - split * call.Rows;
        int replica = row / call.QueryCount, mine = row - replica * call.QueryCount;
        long firstKey = (long)replica * call.KeyCount;
        int tileKeys = TiledKernel.TileNumbers / V.Count;
        int from = split * call.SplitKeys, seenFrom = call.FromKey(mine) / tileKeys * tileKeys;
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
                query.Meet<On>(call, Key<T, V, Q>(call, j, firstKey), Key<T, V, Q>(call, j + 1, firstKey),
                    Key<T, V, Q>(call, j + 2, firstKey), Key<T, V, Q>(call, j + 3, firstKey));
            }
            for (; j < end; j++) query.Meet<On>(call, Key<T, V, Q>(call, j, firstKey));
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
        if (Q.HasNorms) key.Norm = Q.NormOf(key.K);
        if (Q.HasValues) key.Value = call.Values.Cast<V>()[key.Numbers.Global];
        return key;
    }
}
