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
    private double[] _bounds = [];

    // Queries that a kernel takes at a time.
    private static int Group => 2 * L.Count;

    /// <inheritdoc/>
    public override void Sum(PairProblem problem, int first, int count, RowSums into, int threads, CancellationToken stop)
    {
        int tokens = problem.Keys, groups = (tokens - 1) / Group + 1, stride = groups * Group;
        SimdTables<T> tables = _tables.GetValue(problem, p => new SimdTables<T>(p, stride));
        if ((long)count * tokens < FewPairs) threads = 1;
        int firstReplica = first / tokens, replicas = (first + count - 1) / tokens - firstReplica + 1;
        double bound = Prepare(problem, firstReplica, replicas, stride, threads) + tables.ExponentBound;
        Interaction interaction = problem.Interaction;
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
    // and close tokens keep their differences however far the cloud is from the origin. Returns a bound on all |y_ij|.
    private double Prepare(PairProblem problem, int firstReplica, int replicas, int stride, int threads)
    {
        int tokens = problem.Keys, dimension = problem.Dimension;
        double scale = Scale(problem.Interaction);
        _positions.Reserve((long)replicas * dimension * stride);
        if (_bounds.Length < replicas) _bounds = new double[replicas];
        T* positions = _positions.Pointer;
        double[] bounds = _bounds;
        Workers.For(replicas, Math.Max(1, 10_000 / (tokens * dimension)), threads, (from, to) =>
        {
            for (int r = from; r < to; r++)
                bounds[r] = Centre(problem.Q.AsSpan((firstReplica + r) * tokens * dimension, tokens * dimension),
                    dimension, scale, positions + (nint)r * dimension * stride, stride);
        });
        double bound = 0;
        for (int r = 0; r < replicas; r++) bound = Math.Max(bound, bounds[r]);
        return bound;
    }

    private static double Centre(ReadOnlySpan<double> x, int dimension, double scale, T* into, int stride)
    {
        int tokens = x.Length / dimension;
        double squaredRadius = 0;
        for (int c = 0; c < dimension; c++)
        {
            double mean = Total(x[c..], dimension) / tokens, largest = 0;
            T* row = into + (nint)c * stride;
            for (int i = 0, at = c; i < tokens; i++, at += dimension)
            {
                double position = (x[at] - mean) * scale;
                if (Math.Abs(position) > largest) largest = Math.Abs(position);
                row[i] = T.CreateTruncating(position);
            }
            new Span<T>(row + tokens, stride - tokens).Clear();
            squaredRadius += largest * largest;
        }
        return 4 * squaredRadius;
    }

    // Every step-th number, in four sums that need not wait for each other.
    private static double Total(ReadOnlySpan<double> x, int step)
    {
        double a = 0, b = 0, c = 0, d = 0;
        int i = 0;
        for (; i + 3 * step < x.Length; i += 4 * step)
        {
            a += x[i];
            b += x[i + step];
            c += x[i + 2 * step];
            d += x[i + 3 * step];
        }
        for (; i < x.Length; i += step) a += x[i];
        return a + b + (c + d);
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
            for (int row = from; row < to; row++)
            {
                int lane = row - begin;
                into.Shift[row] = shift;
                into.Z[row] = totals[lane] * weight;
                if (force)
                    for (int c = 0; c < dimension; c++) into.Force[row * dimension + c] = totals[(1 + c) * Group + lane] * forceScale;
                if (deficit) into.Deficit[row] = totals[(1 + dimension) * Group + lane] * weight;
            }
        }
    }
}
