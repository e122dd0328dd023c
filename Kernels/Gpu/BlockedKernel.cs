using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// The kernel for d above 16: exponents and forces as products of matrices. A thread block holds a few dozen queries and walks through the
/// keys in tiles. For each it finds the exponents (a product over slabs of coordinates that queries and keys bring to shared memory), turns
/// them into factors there, and multiplies these by the values, slab by slab; every thread holds a square of either product in registers.
/// </summary>
/// <remarks>
/// V: four coordinates, the unit of loads. W: the coordinates of the force that a thread holds for each of its queries. A: the forces of
/// a thread; if O is on, all coordinates are one slab, and forces go to memory every few tiles, else after each.
/// </remarks>
internal static class BlockedKernel
{
    /// <summary>Numbers of a point in memory are a multiple of this.</summary>
    public const int Block = 8;

    // Of a vector.
    private const int Four = 4;

    // Vectors of a slab of coordinates, of exponents. A row of a slab takes one more, so that rows begin in different banks.
    private const int Slab = 8;
    // Tiles whose forces are summed without going to memory.
    private const int Tiles = 4;

    /// <summary>Sums one split of the keys (grid y) for one block of queries (grid x).</summary>
    public static void Sum<T, V, W, Q, N, K, L, A, E, G, O>(GpuCall<T> call)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T>
        where Q : struct, IPoints<V> where N : struct, IPoints<W> where K : struct, IExponents<T, V, Q>
        where L : struct, IPoints<V> where A : struct, IForces<T, V, W, N> where E : struct, IFactors<T, V> where G : struct, IGroupShape
        where O : struct, IChoice
    {
        int queries = Q.Count * G.X, keys = K.Count * G.Y, row = Group.IdxX & (queries - 1), part = Group.IdxX / queries;
        BlockMemory<T, V, W> memory = default;
        memory.Tile = SharedMemory.Allocate<V>(
            G.Larger(Q.Count * G.X * (K.Count * G.Y / Four + 1), (Q.Count * G.X + K.Count * G.Y) * (Slab + 1)));
        memory.Norms = SharedMemory.Allocate<V>(K.Count * G.Y / Four);
        memory.Values = SharedMemory.Allocate<W>(K.Count * G.Y / W.Count * G.Y);
        memory.Rests = SharedMemory.Allocate<T>(G.X * G.Y);
        memory.Rest = SharedMemory.Allocate<T>(Q.Count * G.X);
        memory.Scales = SharedMemory.Allocate<T>(G.X * G.Y);
        int block = call.FirstBlock + Grid.IdxX, replica = block / call.ReplicaBlocks;
        int firstQuery = (block - replica * call.ReplicaBlocks) * queries, lastQuery = firstQuery + queries - 1;
        if (lastQuery >= call.QueryCount) lastQuery = call.QueryCount - 1;
        E factors = default;
        factors.Begin(call, replica, firstQuery + row);
        BlockPlace place = BlockPlace.Of(call, replica, firstQuery, queries, E.More);
        A forces = default;
        Clear<T, V, W, N, A, G>(call, place);

        int from = Grid.IdxY * call.SplitKeys, seenFrom = call.FromKey(firstQuery) / keys * keys;
        int to = call.SplitEnd(Grid.IdxY), seenTo = call.ToKey(lastQuery);
        if (from < seenFrom) from = seenFrom;
        if (to > seenTo) to = seenTo;
        for (int first = from; first < to; first += keys)
        {
            if (E.HasExponents) Exponents<T, V, W, Q, K, L, E, G>(call, memory, place, first);
            int share = keys / G.Y * Q.Count, at = row * (keys / Four + 1) + part * share / Four, key = first + part * share;
            T scale = default;
            if (E.HasShift)
            {
                memory.Scales[Group.IdxX] = factors.Largest(call, memory.Tile, at, share, key);
                Group.Barrier();
                scale = factors.RaiseTo(memory.Scales, row, queries, G.X * G.Y);
                Group.Barrier();
                memory.Scales[row] = scale;
            }
            memory.Rests[Group.IdxX] = factors.Weigh(call, memory.Tile, at, memory.Norms, part * share / Four, share, key);
            Group.Barrier();
            if (Group.IdxX < queries) memory.Rest[row] = E.Sum(memory.Rests, row, queries, G.X * G.Y);
            bool isWhole = O.IsOn && !E.HasShift;
            bool ends = !isWhole || first / keys % Tiles == Tiles - 1 || first + keys >= to;
            Forces<T, V, W, N, K, L, A, E, G>(call, memory, place, first, to, isWhole, ends, ref forces);
            if (ends) factors.EndRest();
            if (!E.HasExponents) Group.Barrier();
        }
        Store<T, V, W, E, G>(call, memory, row, queries, ref factors);
    }

    // The exponents of a tile, or the products that they are made of, into shared memory.
    private static void Exponents<T, V, W, Q, K, L, E, G>(in GpuCall<T> call, BlockMemory<T, V, W> memory, BlockPlace place, int first)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where Q : struct, IPoints<V>
        where K : struct, IExponents<T, V, Q> where L : struct, IPoints<V> where E : struct, IFactors<T, V> where G : struct, IGroupShape
    {
        int queries = Q.Count * G.X, keys = K.Count * G.Y, x = X(Group.IdxX), y = Y(Group.IdxX);
        int blocks = call.Stride / Four;
        ArrayView<V> tile = memory.Tile, allQueries = call.Queries.Cast<V>(), allKeys = call.Keys.Cast<V>();
        ArrayView<T> norms = memory.Norms.Cast<T>();
        K sums = default;
        for (int slab = 0; slab < blocks; slab += Slab)
        {
            BlockCopy.Copy<V, Two<Two<Point<V>, V>, V>>(allQueries, blocks, place.Row + place.Query, place.QueryCount - place.Query, slab,
                tile, 0, Slab + 1, queries, Slab, G.X * G.Y);
            BlockCopy.Copy<V, L>(allKeys, blocks, place.Key + first, call.KeyCount - first, slab,
                tile, queries * (Slab + 1), Slab + 1, keys, Slab, G.X * G.Y);
            Group.Barrier();
            int count = blocks - slab < Slab ? blocks - slab : Slab;
            if (E.HasNorms)
            {
                for (int k = Group.IdxX; k < keys; k += G.X * G.Y)
                {
                    // Beyond the last key: a factor of 0.
                    T norm = slab > 0 ? norms[k] : first + k < call.KeyCount ? default : E.Far;
                    for (int b = 0; b < count; b++)
                    {
                        V v = tile[(queries + k) * (Slab + 1) + b];
                        norm = V.Dot(v, v, norm);
                    }
                    norms[k] = norm;
                }
            }
            for (int b = 0; b < count; b++)
            {
                Q q = default;
                q.Load(tile, x * (Slab + 1) + b, G.X * (Slab + 1));
                sums.Meet(q, tile, (queries + y) * (Slab + 1) + b, G.Y * (Slab + 1));
            }
            Group.Barrier();
        }
        int pitch = keys + Four;
        sums.Store(tile.Cast<T>(), x * pitch + y, G.X * pitch, G.Y);
        Group.Barrier();
    }

    // Adds the product of the tile's factors and values to the forces; if the sum ends here, to those in memory.
    private static void Forces<T, V, W, N, K, L, A, E, G>(
        in GpuCall<T> call, BlockMemory<T, V, W> memory, BlockPlace place, int first, int to, bool isWhole, bool ends, ref A forces)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where N : struct, IPoints<W>
        where K : struct, ICounted where L : struct, IPoints<V> where A : struct, IForces<T, V, W, N> where E : struct, IFactors<T, V>
        where G : struct, IGroupShape
    {
        int keys = K.Count * G.Y, chunk = keys / W.Count, pitch = keys / Four + 1, x = X(Group.IdxX), y = Y(Group.IdxX);
        int width = G.Y * W.Count / Four, blocks = call.Stride / Four;
        ArrayView<V> values = call.Values.Cast<V>();
        for (int slab = 0; slab < blocks; slab += width)
        {
            int numbers = slab * Four + y * W.Count;
            bool isThere = numbers < call.Stride;
            N origins = default;
            if (A.HasDifferences && isThere) origins.Load(call.Origins.Cast<W>(), place, x, G.X, call.Stride / W.Count, numbers / W.Count);
            if (!isWhole) forces = default;
            for (int from = 0; from < keys && first + from < to; from += chunk)
            {
                BlockCopy.Copy<V, L>(values, blocks, place.Key + first + from, call.KeyCount - first - from, slab,
                    memory.Values.Cast<V>(), 0, width, chunk, width, G.X * G.Y);
                Group.Barrier();
                for (int j = 0; j < chunk; j += Four)
                {
                    long at = j * G.Y + y;
                    forces.Meet(origins, memory.Tile, x * pitch + (from + j) / Four, G.X * pitch,
                        memory.Values[at], memory.Values[at + G.Y], memory.Values[at + 2 * G.Y], memory.Values[at + 3 * G.Y]);
                }
                Group.Barrier();
            }
            if (!ends || !isThere) continue;
            if (!A.HasDifferences) origins.Load(call.Origins.Cast<W>(), place, x, G.X, call.Stride / W.Count, numbers / W.Count);
            if (place.IsWhole) Add<T, V, W, N, A, E, G, On>(call, memory, place, numbers, origins, forces);
            else Add<T, V, W, N, A, E, G, Off>(call, memory, place, numbers, origins, forces);
        }
        if (ends) forces = default;
    }

    // Adds forces to those in memory: all coordinates that a thread holds.
    private static void Add<T, V, W, N, A, E, G, I>(
        in GpuCall<T> call, BlockMemory<T, V, W> memory, BlockPlace place, int numbers, N origins, A forces)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where N : struct, IPoints<W>
        where A : struct, IForces<T, V, W, N> where E : struct, IFactors<T, V> where G : struct, IGroupShape where I : struct, IChoice
    {
        Add<T, V, W, N, A, E, G, I>(call, memory, place, numbers, 0, origins, ref forces);
        Add<T, V, W, N, A, E, G, I>(call, memory, place, numbers, 1, origins, ref forces);
        if (W.Count == 2) return;
        Add<T, V, W, N, A, E, G, I>(call, memory, place, numbers, 2, origins, ref forces);
        Add<T, V, W, N, A, E, G, I>(call, memory, place, numbers, 3, origins, ref forces);
    }

    private static void Add<T, V, W, N, A, E, G, I>(
        in GpuCall<T> call, BlockMemory<T, V, W> memory, BlockPlace place, int numbers, int c, in N origins, ref A forces)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where N : struct, IPoints<W>
        where A : struct, IForces<T, V, W, N> where E : struct, IFactors<T, V> where G : struct, IGroupShape where I : struct, IChoice
    {
        long at = place.Force + (numbers + c) * (2L * call.Rows) + X(Group.IdxX);
        ArrayView<T> rests = memory.Rest.SubView(X(Group.IdxX)), scales = memory.Scales.SubView(X(Group.IdxX));
        // Views of their own make the numbers of a thread's queries constants.
        if (I.IsOn)
        {
            forces.Add<I>(place, origins, rests, scales, E.HasShift, c,
                call.Parts.SubView(at), call.Parts.SubView(at + call.Rows), 0, X(Group.IdxX), 0, G.X);
        }
        else
        {
            forces.Add<I>(place, origins, rests, scales, E.HasShift, c,
                call.Parts, call.Parts.SubView(call.Rows), at, X(Group.IdxX), 0, G.X);
        }
    }

    private static void Clear<T, V, W, N, A, G>(in GpuCall<T> call, BlockPlace place)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where N : struct, IPoints<W>
        where A : struct, IForces<T, V, W, N> where G : struct, IGroupShape
    {
        A forces = default;
        for (int numbers = Y(Group.IdxX) * W.Count; numbers < call.Stride; numbers += G.Y * W.Count)
            forces.Clear(call, place, X(Group.IdxX), G.X, place.Force + numbers * (2L * call.Rows) + X(Group.IdxX));
    }

    // The parts of a row's keys that several threads have summed, in their order.
    private static void Store<T, V, W, E, G>(in GpuCall<T> call, BlockMemory<T, V, W> memory, int row, int queries, ref E factors)
        where T : unmanaged where V : unmanaged, IBlock<V, T> where W : unmanaged, IBlock<W, T> where E : struct, IFactors<T, V>
        where G : struct, IGroupShape
    {
        int threads = G.X * G.Y;
        ArrayView<T> sums = memory.Tile.Cast<T>();
        Group.Barrier();
        if (Group.IdxX >= queries) factors.Save(sums, Group.IdxX - queries, threads - queries);
        Group.Barrier();
        if (Group.IdxX >= queries) return;
        for (int from = row; from < threads - queries; from += queries) factors.Join(sums, from, threads - queries);
        factors.Store(call, Grid.IdxY);
    }

    // Lanes 0 and 1 have the same queries, 0 and 2 the same keys: such loads of 16 bytes are half as dear.
    private static int X(int thread) => ((thread >> 1) & 3) + ((thread >> 2) & 4);

    private static int Y(int thread) => (thread & 1) + ((thread >> 2) & 2) + ((thread >> 3) & ~3);
}
