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
    // Tokens converted at a time.
    private const int Block = 16;
    // Fewer pairs than this are not worth a second thread; the larger number is the most one thread takes at a time.
    private const int FewPairs = 100_000, ManyPairs = 400_000;

    // Without differences the pull of the far tokens loses a few units e^{2 beta} at most, e^beta at right angles: 4e-6 of it in single precision.
    private const double LargestBetaOfDots = 2;

    private readonly ConditionalWeakTable<PairProblem, SimdTables<T>> _tables = [];
    private readonly FixedBuffer<T> _positions = new();

    // Queries that a kernel takes at a time.
    private static int Group => 2 * L.Count;

    /// <inheritdoc/>
    public override void Sum(PairProblem problem, int first, int count, RowSums into, int threads, CancellationToken stop)
    {
        int queries = problem.Queries, groups = (queries - 1) / Group + 1;
        BufferLayout layout = BufferLayout.Of(problem, Group, sizeof(T));
        SimdTables<T> tables = _tables.GetValue(problem, p => new SimdTables<T>(p, layout));
        if ((long)count * problem.Keys < FewPairs) threads = 1;
        int firstReplica = first / queries, replicas = (first + count - 1) / queries - firstReplica + 1;
        Prepare(problem, firstReplica, replicas, layout, threads);
        Interaction interaction = problem.Interaction;
        // No token is longer than 1: |x_j - x_i|^2 <= 4.
        bool curved = interaction.Profile.IsCurved(interaction.Beta);
        double bound = (curved ? 2 * interaction.Beta / Math.Log(2) : 0) + tables.ExponentBound;
        var call = new Call(problem, into, tables, first, first + count, layout, firstReplica, stop)
        {
            Even = KernelFor(even: true),
            Uneven = KernelFor(even: false),
            Positions = _positions.Pointer,
        };
        int from = first % queries / Group, to = (replicas - 1) * groups + (first + count - 1) % queries / Group + 1;
        long pairs = (long)Group * problem.Keys;
        int grain = (int)Math.Clamp(Math.Min(ManyPairs / pairs, (to - from) / (8 * threads)), 1, int.MaxValue);
        Workers.For(to - from, grain, threads, (a, b) => call.Run(from + a, from + b));

        PairKernel<T> KernelFor(bool even) => KernelChoice<L, V, T>.For(interaction, problem.Dimension, even, steep: !(bound <= Exp2<L, V, T>.Range),
            dots: interaction.Coupling is OneCoupling && (!curved || interaction.Beta <= LargestBetaOfDots), into.Columns.HasFlag(Columns.Deficit));
    }

    // Rows of positions: the coordinates, and with tiles -|x|^2/2.
    private static int Rows(int dimension) => dimension <= SimdSums.LargestFused ? dimension : dimension + 1;

    // Positions relative to the replica's mean and scaled, rounded to T: see PairBlock. Close tokens keep their differences however far the cloud is from the origin.
    private void Prepare(PairProblem problem, int firstReplica, int replicas, BufferLayout layout, int threads)
    {
        int keys = problem.Keys, queries = problem.Queries, dimension = problem.Dimension, stride = layout.Stride;
        double scale = Scale(problem.Interaction, dimension);
        // Kernels may read a few keys beyond the last.
        _positions.Reserve((long)replicas * Rows(dimension) * stride + 8);
        T* positions = _positions.Pointer;
        Workers.For(replicas, Math.Max(1, 10_000 / (queries * dimension)), threads, (from, to) =>
        {
            for (int r = from; r < to; r++)
            {
                ReadOnlySpan<double> q = problem.Q.AsSpan((firstReplica + r) * queries * dimension, queries * dimension);
                ReadOnlySpan<double> k = problem.IsSelf ? [] : problem.K.AsSpan((firstReplica + r) * keys * dimension, keys * dimension);
                Centre(q, k, dimension, scale, positions + (nint)r * Rows(dimension) * stride, layout);
            }
        });
    }

    private static void Centre(ReadOnlySpan<double> q, ReadOnlySpan<double> k, int dimension, double scale, T* into, BufferLayout layout)
    {
        Span<double> mean = dimension <= 128 ? stackalloc double[dimension] : new double[dimension];
        mean.Clear();
        AddTo(mean, q);
        AddTo(mean, k);
        foreach (ref double coordinate in mean) coordinate /= (q.Length + k.Length) / dimension;
        if (k.Length > 0) Put(k, mean, scale, into, layout.Stride, layout.FirstQuery);
        Put(q, mean, scale, into + layout.FirstQuery, layout.Stride, layout.Stride - layout.FirstQuery);
    }

    // Rows of `places` numbers, zero beyond the last token; in blocks of tokens that stay in the first cache.
    private static void Put(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, T* into, int stride, int places)
    {
        int dimension = mean.Length, tokens = x.Length / dimension;
        Span<double> squares = stackalloc double[Block];
        for (int first = 0; first < tokens; first += Block)
        {
            int end = Math.Min(first + Block, tokens);
            squares.Clear();
            for (int c = 0; c < dimension; c++)
            {
                T* row = into + (nint)c * stride;
                double centre = mean[c];
                for (int i = first, at = first * dimension + c; i < end; i++, at += dimension) row[i] = T.CreateTruncating((x[at] - centre) * scale);
                if (Rows(dimension) == dimension) continue;
                for (int i = first; i < end; i++) squares[i - first] += double.CreateTruncating(row[i]) * double.CreateTruncating(row[i]);
            }
            for (int i = first; i < end && Rows(dimension) > dimension; i++) into[(nint)dimension * stride + i] = T.CreateTruncating(-squares[i - first] / 2);
        }
        for (int row = 0; row < Rows(dimension); row++) new Span<T>(into + (nint)row * stride + tokens, places - tokens).Clear();
    }

    // Four coordinates at a time so that their additions overlap, in blocks of tokens.
    private static void AddTo(Span<double> sums, ReadOnlySpan<double> x)
    {
        int size = Block * sums.Length;
        for (int first = 0; first < x.Length; first += size) AddBlock(sums, x[first..Math.Min(first + size, x.Length)]);
    }

    private static void AddBlock(Span<double> sums, ReadOnlySpan<double> x)
    {
        int dimension = sums.Length;
        for (int c = 0; c < dimension; c += 4)
        {
            int c1 = Math.Min(c + 1, dimension - 1), c2 = Math.Min(c + 2, dimension - 1), c3 = Math.Min(c + 3, dimension - 1);
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (int at = 0; at < x.Length; at += dimension)
            {
                sum0 += x[at + c];
                sum1 += x[at + c1];
                sum2 += x[at + c2];
                sum3 += x[at + c3];
            }
            sums[c] += sum0;
            if (c1 > c) sums[c1] += sum1;
            if (c2 > c1) sums[c2] += sum2;
            if (c3 > c2) sums[c3] += sum3;
        }
    }

    private static double Scale(Interaction interaction, int dimension) =>
        interaction.Profile.IsCurved(interaction.Beta) ? Math.Sqrt(interaction.Beta / ((dimension <= SimdSums.LargestFused ? 2 : 1) * Math.Log(2))) : 1;

    private sealed class Call(PairProblem problem, RowSums into, SimdTables<T> tables, int firstRow, int endRow, BufferLayout layout, int firstReplica, CancellationToken stop)
    {
        // For replicas with and without equal weights.
        public required PairKernel<T> Even { get; init; }

        public required PairKernel<T> Uneven { get; init; }

        public required T* Positions { get; init; }

        // Groups of queries [from, to), counted from the first group of the first replica.
        public void Run(int from, int to)
        {
            int dimension = problem.Dimension, columns = dimension + (into.Columns.HasFlag(Columns.Deficit) ? 2 : 1);
            int numbers = columns * Group, groups = (problem.Queries - 1) / Group + 1;
            byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)(numbers * (sizeof(double) + sizeof(T)) + (SimdSums.TileKeys + 1) * Group * sizeof(T)), 64);
            var totals = new Span<double>(scratch, numbers);
            T* sums = (T*)(scratch + numbers * sizeof(double)), tile = sums + numbers;
            try
            {
                for (int group = from; group < to; group++)
                {
                    int replica = group / groups, query = group % groups * Group;
                    var block = new PairBlock<T>(Positions + (nint)replica * Rows(dimension) * layout.Stride, layout.Stride, dimension, tables.Of(firstReplica + replica));
                    double? even = tables.EvenWeights[firstReplica + replica];
                    PairKernel<T> kernel = even is null ? Uneven : Even;
                    totals.Clear();
                    for (int key = 0; key < problem.Keys; key += KeysPerFlush)
                    {
                        stop.ThrowIfCancellationRequested();
                        kernel(block, layout.FirstQuery + query, key, Math.Min(problem.Keys, key + KeysPerFlush), sums, tile);
                        for (int i = 0; i < numbers; i++) totals[i] += double.CreateTruncating(sums[i]);
                    }
                    Write(totals, even ?? 1, (firstReplica + replica) * problem.Queries, query);
                }
            }
            finally
            {
                NativeMemory.AlignedFree(scratch);
            }
        }

        private void Write(ReadOnlySpan<double> totals, double weight, int replicaRow, int query)
        {
            int dimension = problem.Dimension, begin = replicaRow + query;
            int from = Math.Max(firstRow, begin), to = Math.Min(Math.Min(endRow, replicaRow + problem.Queries), begin + Group);
            Interaction interaction = problem.Interaction;
            double shift = interaction.Profile.IsCurved(interaction.Beta) ? interaction.Beta : 0;
            double forceScale = weight / Scale(interaction, dimension);
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
