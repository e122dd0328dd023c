using System.Numerics;
using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>
/// Z and F of a self form whose tokens weigh the same: w b_ij k'_ij is that of the pair, so each factor is found once for both tokens, and
/// what pulls the one pulls the other the opposite way.
/// </summary>
/// <remarks>
/// A row adds up tile after tile in the order of <see cref="Rounds"/>, in T within a tile and then in double. Of two tokens the earlier is
/// the query, in lanes, and the later the key; those of the same <see cref="SymmetricLayout{T}.Keys"/> are queries of each other.
/// <para/>
/// Where not all rows are asked for, the same sums without those of the others: blocks of which one side is wanted are summed for it alone,
/// at the cost of a factor for each row.
/// </remarks>
internal sealed unsafe class SymmetricSums<L, V, T>(
    PairProblem problem, RowSums into, SimdTables<T> tables, PositionBuffer<T> positions, FixedBuffer<double> totals,
    int firstRow, int endRow, bool[] which)
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Keys = SymmetricLayout<T>.Keys;
    private readonly Rounds _rounds = new(problem.Queries);
    private readonly int _rows = 1 + problem.Dimension, _groups = (problem.Queries - 1) / Group + 1;
    private readonly int _firstReplica = firstRow / problem.Queries;

    /// <summary>For replicas with equal weights and coupling one.</summary>
    public required SymmetricKernels<T> Even { get; init; }

    /// <summary>For replicas with equal weights and another coupling.</summary>
    public required SymmetricKernels<T> Uneven { get; init; }

    private static int Group => SymmetricLayout<T>.Group;

    // The group in whose place the totals begin.
    private int FirstGroup => firstRow % problem.Queries / Group;

    /// <summary>Whether a replica's pairs weigh the same for both tokens, and are enough.</summary>
    public static bool Knows(PairProblem problem, SimdTables<T> tables, int replica) =>
        problem.IsSelf && !BufferLayout.IsTiled(problem) && problem.Interaction.Mask == Mask.None
        && problem.Interaction.Profile.IsExponential(problem.Interaction.Beta) && problem.Keys > 2 * Keys
        && tables.HaveEqualWeights[replica];

    /// <summary>Sums the rows of those replicas that it knows.</summary>
    public void Sum(int threads, CancellationToken stop)
    {
        int replicas = (endRow - 1) / problem.Queries - _firstReplica + 1, tiles = _rounds.Tiles;
        totals.Reserve((((long)replicas * _groups) - FirstGroup) * Group * _rows);
        bool whole = threads == 1 || replicas >= 2 * threads || replicas % threads == 0;
        // Half the tiles' number of blocks at a time, at 1.5 times the speed.
        if (!whole && 4 * threads <= 3 * tiles * replicas) SumBlocks(replicas, threads, stop);
        else SumParts(replicas, whole ? 1 : (threads - 1) / replicas + 1, threads, stop);
    }

    // Replicas, or parts of their rows, each on one thread.
    private void SumParts(int replicas, int parts, int threads, CancellationToken stop)
    {
        int rows = ((problem.Queries - 1) / parts / Keys + 1) * Keys;
        Workers.For(replicas * parts, 1, threads, (from, to) =>
        {
            using Scratch scratch = new(_rounds.Tile, _rows);
            for (int unit = from; unit < to; unit++)
                for (int round = 0; round < _rounds.Tiles; round++)
                    for (int block = 0; block < _rounds.Blocks; block++)
                        Run(unit / parts, round, block, (unit % parts * rows, (unit % parts + 1) * rows), scratch, stop);
        });
    }

    // Blocks in their order, each when those before it that have a tile of it are done: by threads that are at work.
    private void SumBlocks(int replicas, int threads, CancellationToken stop)
    {
        int next = 0, perReplica = _rounds.Tiles * _rounds.Blocks;
        int[] done = new int[replicas * _rounds.Tiles];
        bool failed = false;
        Workers.For(threads, 1, threads, (_, _) =>
        {
            using Scratch scratch = new(_rounds.Tile, _rows);
            try
            {
                int task;
                while ((task = Interlocked.Increment(ref next) - 1) < replicas * perReplica)
                {
                    int replica = task / perReplica, round = task % perReplica / _rounds.Blocks, block = task % _rounds.Blocks;
                    if (!_rounds.Block(round, block, out int i, out int j)) continue;
                    ref int one = ref done[replica * _rounds.Tiles + i], other = ref done[replica * _rounds.Tiles + j];
                    SpinWait wait = new();
                    while (Volatile.Read(ref one) < round || Volatile.Read(ref other) < round)
                    {
                        if (Volatile.Read(ref failed)) return;
                        wait.SpinOnce(-1);
                    }
                    Run(replica, round, block, (0, problem.Queries), scratch, stop);
                    Volatile.Write(ref one, round + 1);
                    Volatile.Write(ref other, round + 1);
                }
            }
            catch
            {
                Volatile.Write(ref failed, true);
                throw;
            }
        });
    }

    // The block of a round, for the rows of this part that are asked for; replicas counted from the first.
    private void Run(int replica, int round, int block, (int First, int End) part, Scratch scratch, CancellationToken stop)
    {
        if (!which[replica] || !_rounds.Block(round, block, out int i, out int j)) return;
        stop.ThrowIfCancellationRequested();
        int begin = (_firstReplica + replica) * problem.Queries;
        (int First, int End) rows =
            (Math.Max(firstRow - begin, part.First), Math.Min(Math.Min(endRow - begin, part.End), problem.Queries));
        (int From, int To) queries = Tile(i), keys = Tile(j);
        if (!Meets(queries) && !Meets(keys)) return;
        double* own = totals.Pointer + ((nint)replica * _groups - FirstGroup) * Group * _rows;
        if (round == 0) Clear(queries);
        if (round == 0 && i != j) Clear(keys);
        Meet(replica, queries, keys, rows, own, scratch);
        if (round < _rounds.Tiles - 1) return;
        Write(replica, Wanted(queries), own);
        if (i != j) Write(replica, Wanted(keys), own);

        (int, int) Tile(int tile) => (tile * _rounds.Tile, Math.Min((tile + 1) * _rounds.Tile, problem.Queries));

        bool Meets((int From, int To) tile) => Wanted(tile) is var (from, to) && from < to;

        (int From, int To) Wanted((int From, int To) tile) => (Math.Max(tile.From, rows.First), Math.Min(tile.To, rows.End));

        void Clear((int, int) tile)
        {
            (int from, int to) = Wanted(tile);
            if (from >= to) return;
            from = from / Group * Group;
            new Span<double>(own + (nint)from * _rows, ((to - from - 1) / Group + 1) * Group * _rows).Clear();
        }
    }

    private void Write(int replica, (int From, int To) rows, double* own)
    {
        if (rows.From >= rows.To) return;
        int begin = (_firstReplica + replica) * problem.Queries;
        double weight = tables.EvenWeights[_firstReplica + replica] ?? 1, scale = weight / positions.Scale;
        into.Shift.AsSpan(begin + rows.From, rows.To - rows.From).Fill(positions.Shift(replica, rows.From));
        int d = into.Force.Length == 0 ? 0 : problem.Dimension;
        fixed (double* z = &into.Z[begin], force = into.Force)
            for (int first = rows.From, end; first < rows.To; first = end)
            {
                int group = first / Group * Group;
                end = Math.Min(group + Group, rows.To);
                double* sums = own + (nint)group * _rows - group, forces = force + (nint)begin * d;
                for (int row = first; row < end; row++)
                {
                    z[row] = sums[row] * weight;
                    for (int c = 0; c < d; c++) forces[(nint)row * d + c] = sums[row + (c + 1) * Group] * scale;
                }
            }
    }

    // Queries and keys of two tiles, the former before the latter, or of one.
    private void Meet(
        int replica, (int From, int To) queries, (int From, int To) keys, (int First, int End) rows, double* own, Scratch scratch)
    {
        PairBlock<T> block = positions.Of(replica, tables.Of(_firstReplica + replica));
        SymmetricKernels<T> kernels = tables.EvenWeights[_firstReplica + replica] is null ? Uneven : Even;
        for (int from = keys.From; from < keys.To; from += Keys)
        {
            int to = Math.Min(from + Keys, keys.To), first = Math.Clamp(rows.First, from, to), end = Math.Clamp(rows.End, first, to);
            for (int query = queries.From; query < Math.Min(queries.To, from); query += Group)
            {
                T* sums = scratch.Sums + (nint)(query - queries.From) * _rows;
                bool wanted = query < rows.End && query + Group > rows.First;
                if (wanted) Pairs(kernels.OfQueries, query, from, first, sums, null);
                T* keySums = scratch.Keys + (first - from) * SymmetricLayout<T>.Lanes;
                Pairs(wanted ? kernels.OfBoth : kernels.OfKeys, query, first, end, sums, keySums);
                if (wanted) Pairs(kernels.OfQueries, query, end, to, sums, null);
            }
            if (first < end && from > queries.From) SymmetricTotals<T>.AddKeys(own, _rows, scratch.Keys, from, first, end);
            for (int query = from; query < Math.Min(to, queries.To); query += Group)
                if (query < rows.End && query + Group > rows.First)
                    Pairs(kernels.OfQueries, query, from, to, scratch.Sums + (nint)(query - queries.From) * _rows, null);
        }
        int begin = Math.Max(queries.From, rows.First / Group * Group), behind = Math.Min(queries.To, rows.End);
        if (begin >= behind) return;
        int count = ((behind - begin - 1) / Group + 1) * Group * _rows;
        SymmetricTotals<T>.AddQueries(own + (nint)begin * _rows, scratch.Sums + (nint)(begin - queries.From) * _rows, count);

        void Pairs(SymmetricKernel<T> kernel, int query, int from, int to, T* sums, T* keySums)
        {
            if (from >= to) return;
            for (int part = 0; part < SymmetricLayout<T>.Lanes; part += L.Count)
                kernel(block, query + part, from, to, sums + part, keySums + part);
        }
    }

    // The sums of the queries of a tile and of the keys at a time, zero between blocks.
    private sealed class Scratch : IDisposable
    {
        public Scratch(int tile, int rows)
        {
            nuint queries = (nuint)(tile * rows * sizeof(T)), keys = (nuint)(rows * SymmetricLayout<T>.Pitch * sizeof(T));
            Sums = (T*)NativeMemory.AlignedAlloc(queries + keys, 64);
            NativeMemory.Clear(Sums, queries + keys);
            Keys = Sums + tile * rows;
        }

        public T* Sums { get; }

        public T* Keys { get; }

        public void Dispose() => NativeMemory.AlignedFree(Sums);
    }
}
