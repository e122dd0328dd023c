using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels;

/// <summary>Pair sums at one precision and vector width.</summary>
internal abstract class SimdEngine
{
    /// <summary>Rows [first, first + count); the arguments have been checked.</summary>
    public abstract void Sum(PairProblem problem, int first, int count, RowSums into, int threads, CancellationToken stop);
}

/// <inheritdoc/>
internal sealed unsafe class SimdEngine<L, V, T> : SimdEngine
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged, IFloatingPointIeee754<T>
{
    // Sums in T stay within this many keys; then they are added up in double.
    private const int KeysPerFlush = 1024;
    // Fewer pairs than this are not worth a second thread; the larger number is the most one thread takes at a time.
    private const int FewPairs = 100_000, ManyPairs = 400_000;

    private readonly ConditionalWeakTable<PairProblem, SimdTables<T>> _tables = [];
    private readonly FixedBuffer<T> _positions = new();

    // Queries that a kernel takes at a time.
    private static int Group => 2 * L.Count;

    /// <inheritdoc/>
    public override void Sum(PairProblem problem, int first, int count, RowSums into, int threads, CancellationToken stop)
    {
        int tokens = problem.Keys, groups = (tokens - 1) / Group + 1, stride = groups * Group;
        SimdTables<T> tables = _tables.GetValue(problem, p => new SimdTables<T>(p, stride));
        if ((long)count * tokens < FewPairs) threads = 1;
        int firstReplica = first / tokens, replicas = (first + count - 1) / tokens - firstReplica + 1;
        Prepare(problem, firstReplica, replicas, stride, threads);
        Interaction interaction = problem.Interaction;
        // Tokens are unit vectors: |x_j - x_i|^2 <= 4.
        double scale = Scale(interaction), bound = 4 * scale * scale + tables.ExponentBound;
        var call = new Call(problem, into, tables, first, first + count, stride, firstReplica, stop)
        {
            Kernel = KernelChoice<L, V, T>.For(interaction, problem.Dimension, tables.EvenWeight is not null,
                steep: !(bound <= Exp2<L, V, T>.Range), into.Columns.HasFlag(Columns.Deficit))!,
            Positions = _positions.Pointer,
        };
        int from = first % tokens / Group, to = (replicas - 1) * groups + (first + count - 1) % tokens / Group + 1;
        long pairs = (long)Group * tokens;
        int grain = (int)Math.Clamp(Math.Min(ManyPairs / pairs, (to - from) / (8 * threads)), 1, int.MaxValue);
        Workers.For(to - from, grain, threads, (a, b) => call.Run(from + a, from + b));
    }

    // Positions relative to the replica's mean and times sqrt(beta log2(e)/2), rounded to T: token j and query i have y_ij = -|x_j - x_i|^2,
    // and close tokens keep their differences however far the cloud is from the origin.
    private void Prepare(PairProblem problem, int firstReplica, int replicas, int stride, int threads)
    {
        int tokens = problem.Keys, dimension = problem.Dimension;
        double scale = Scale(problem.Interaction);
        // Kernels may read a few keys beyond the last.
        _positions.Reserve((long)replicas * dimension * stride + 8);
        T* positions = _positions.Pointer;
        Workers.For(replicas, Math.Max(1, 10_000 / (tokens * dimension)), threads, (from, to) =>
        {
            for (int r = from; r < to; r++)
                Centre(problem.Q.AsSpan((firstReplica + r) * tokens * dimension, tokens * dimension), dimension, scale, positions + (nint)r * dimension * stride, stride);
        });
    }

    // Coordinates are taken four at a time, so that their additions overlap.
    private static void Centre(ReadOnlySpan<double> x, int dimension, double scale, T* into, int stride)
    {
        int tokens = x.Length / dimension;
        for (int c = 0; c < dimension; c += 4)
        {
            int c1 = Math.Min(c + 1, dimension - 1), c2 = Math.Min(c + 2, dimension - 1), c3 = Math.Min(c + 3, dimension - 1);
            double mean0 = 0, mean1 = 0, mean2 = 0, mean3 = 0;
            for (int at = 0; at < x.Length; at += dimension)
            {
                mean0 += x[at + c];
                mean1 += x[at + c1];
                mean2 += x[at + c2];
                mean3 += x[at + c3];
            }
            Shift(x, c, mean0 / tokens);
            if (c1 > c) Shift(x, c1, mean1 / tokens);
            if (c2 > c1) Shift(x, c2, mean2 / tokens);
            if (c3 > c2) Shift(x, c3, mean3 / tokens);
        }

        void Shift(ReadOnlySpan<double> x, int c, double mean)
        {
            T* row = into + (nint)c * stride;
            for (int i = 0, at = c; i < tokens; i++, at += dimension) row[i] = T.CreateTruncating((x[at] - mean) * scale);
            new Span<T>(row + tokens, stride - tokens).Clear();
        }
    }

    private static double Scale(Interaction interaction) =>
        interaction.Profile.IsCurved(interaction.Beta) ? Math.Sqrt(interaction.Beta / (2 * Math.Log(2))) : 1;

    private sealed class Call(PairProblem problem, RowSums into, SimdTables<T> tables, int firstRow, int endRow, int stride, int firstReplica, CancellationToken stop)
    {
        public required PairKernel<T> Kernel { get; init; }

        public required T* Positions { get; init; }

        // Groups of queries [from, to), counted from the first group of the first replica.
        public void Run(int from, int to)
        {
            int dimension = problem.Dimension, columns = dimension + (into.Columns.HasFlag(Columns.Deficit) ? 2 : 1);
            int numbers = columns * Group, groups = stride / Group;
            byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)(numbers * (sizeof(double) + sizeof(T)) + SimdSums.TileKeys * Group * sizeof(T)), 64);
            var totals = new Span<double>(scratch, numbers);
            T* sums = (T*)(scratch + numbers * sizeof(double)), tile = sums + numbers;
            try
            {
                for (int group = from; group < to; group++)
                {
                    int replica = group / groups, query = group % groups * Group;
                    var block = new PairBlock<T>(Positions + (nint)replica * dimension * stride, stride, dimension, tables.Of(firstReplica + replica));
                    totals.Clear();
                    for (int key = 0; key < problem.Keys; key += KeysPerFlush)
                    {
                        stop.ThrowIfCancellationRequested();
                        Kernel(block, query, key, Math.Min(problem.Keys, key + KeysPerFlush), sums, tile);
                        for (int i = 0; i < numbers; i++) totals[i] += double.CreateTruncating(sums[i]);
                    }
                    Write(totals, (firstReplica + replica) * problem.Keys, query);
                }
            }
            finally
            {
                NativeMemory.AlignedFree(scratch);
            }
        }

        private void Write(ReadOnlySpan<double> totals, int replicaRow, int query)
        {
            int dimension = problem.Dimension, begin = replicaRow + query;
            int from = Math.Max(firstRow, begin), to = Math.Min(Math.Min(endRow, replicaRow + problem.Keys), begin + Group);
            Interaction interaction = problem.Interaction;
            double shift = interaction.Profile.IsCurved(interaction.Beta) ? interaction.Beta : 0, weight = tables.EvenWeight ?? 1;
            double forceScale = weight / Scale(interaction);
            bool force = into.Columns.HasFlag(Columns.Force), deficit = into.Columns.HasFlag(Columns.Deficit);
            double[] shifts = into.Shift, z = into.Z, forces = into.Force, deficits = into.Deficit;
            for (int row = from; row < to; row++)
            {
                int lane = row - begin;
                shifts[row] = shift;
                z[row] = totals[lane] * weight;
                if (deficit) deficits[row] = totals[(1 + dimension) * Group + lane] * weight;
            }
            if (!force) return;
            for (int c = 0; c < dimension; c++)
            {
                ReadOnlySpan<double> component = totals.Slice((1 + c) * Group, Group);
                for (int row = from, at = from * dimension + c; row < to; row++, at += dimension) forces[at] = component[row - begin] * forceScale;
            }
        }
    }
}
