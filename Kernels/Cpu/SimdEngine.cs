using System.Numerics;
using System.Runtime.InteropServices;

namespace AttentionFlow.Kernels.Cpu;

/// <summary>Pair sums at one precision and vector width.</summary>
internal abstract class SimdEngine
{
    /// <summary>Rows [first, first + count); the arguments have been checked.</summary>
    public abstract void Sum(Plan plan, int first, int count, RowSums into, int threads, CancellationToken stop);
}

internal sealed unsafe class SimdEngine<L, V, T> : SimdEngine
    where L : struct, ILanes<V, T> where V : struct where T : unmanaged, IFloatingPointIeee754<T>
{
    // Sums in T stay within this many keys; then they are added up in double. Under a mask fewer, whole tiles: only blocks that some query
    // sees in part are masked.
    private const int KeysPerFlush = 1024, KeysPerMaskedFlush = 8 * SimdSums.TileKeys;
    // Fewer pairs than this are not worth a second thread; the larger number is the most one thread takes at a time.
    private const int FewPairs = 100_000, ManyPairs = 400_000;

    // Groups of queries that share a block of keys while it is in the second cache.
    private const int Batch = 8;

    // Without differences the pull of the far tokens loses a few units e^{2 beta} at most, e^beta at right angles: 4e-6 of it in single
    // precision.
    private const double LargestBetaOfDots = 2;

    private readonly PositionBuffer<T> _positions = new();
    private readonly FixedBuffer<double> _totals = new();

    // Queries that a kernel takes at a time.
    private static int Group => 2 * L.Count;

    public override void Sum(Plan plan, int first, int count, RowSums into, int threads, CancellationToken stop)
    {
        PairProblem problem = plan.Problem;
        int queries = problem.Queries, groups = (queries - 1) / Group + 1;
        BufferLayout layout = BufferLayout.Of(problem, sizeof(T));
        if (plan.Tables is not SimdTables<T> tables || tables.Layout != layout) plan.Tables = tables = new SimdTables<T>(problem, layout);
        if ((long)count * problem.Keys < FewPairs) threads = 1;
        int firstReplica = first / queries, replicas = (first + count - 1) / queries - firstReplica + 1;
        _positions.Fill(problem, firstReplica, replicas, layout, threads);
        Interaction interaction = problem.Interaction;
        bool steep = !(_positions.Depth + tables.ExponentBound <= Exp2<L, V, T>.Range);
        bool[] symmetric = [.. Enumerable.Range(0, replicas).Select(r => SymmetricSums<L, V, T>.Knows(problem, tables, firstReplica + r))];
        if (symmetric.Contains(true))
            new SymmetricSums<L, V, T>(problem, into, tables, _positions, _totals, first, first + count, symmetric)
            {
                Even = KernelChoice<L, V, T>.Symmetric(interaction, problem.Dimension, even: true, steep),
                Uneven = KernelChoice<L, V, T>.Symmetric(interaction, problem.Dimension, even: false, steep),
            }.Sum(threads, stop);
        if (!symmetric.Contains(false) && (into.Columns & ~(RowColumns.Force | RowColumns.Radial)) == RowColumns.None) return;
        // Differences of tokens, or of values and origins that may be as near to each other.
        bool dots = problem.IsDifference
            ? interaction.Coupling.IsOne && !interaction.Profile.IsGeneral
                && (!interaction.Profile.IsExponential(interaction.Beta) || interaction.Beta <= LargestBetaOfDots)
            : problem.Origin is null;
        Call call = new Call(problem, into, tables, _positions, first, first + count, layout, firstReplica, stop)
        {
            Symmetric = symmetric,
            Even = KernelsFor(even: true),
            Uneven = KernelsFor(even: false),
            Largest = problem.IsDifference ? default : Pair(mask => KernelChoice<L, V, T>.Largest(interaction.Coupling, mask)),
        };
        int from = first % queries / Group, to = (replicas - 1) * groups + (first + count - 1) % queries / Group + 1;
        long pairs = (long)Group * problem.Keys;
        int grain = (int)Math.Clamp(Math.Min(Math.Max(ManyPairs / pairs, Batch), (to - from) / (8 * threads)), 1, int.MaxValue);
        Workers.For(to - from, grain, threads, (a, b) => call.Run(from + a, from + b));

        Kernels KernelsFor(bool even) => Pair(mask => KernelChoice<L, V, T>.For(
            interaction, problem.Dimension, new(even, mask, steep, BufferLayout.IsTiled(problem), dots, into.Columns)));

        Kernels Pair(Func<bool, PairKernel<T>> kernel) => new(kernel(false), kernel(interaction.Mask != Mask.None));
    }

    // For blocks of pairs that are seen by all and for those that are masked in part.
    private readonly record struct Kernels(PairKernel<T> Whole, PairKernel<T> Part);

    private sealed class Call(
        PairProblem problem, RowSums into, SimdTables<T> tables, PositionBuffer<T> positions, int firstRow, int endRow, BufferLayout layout,
        int firstReplica, CancellationToken stop)
    {
        // Rows of sums: Z, F, and those asked for of D or value, largest and squares, log.
        private readonly int _deficit = 1 + problem.Dimension;
        private readonly int _extras =
            1 + problem.Dimension + ((into.Columns & (RowColumns.Deficit | RowColumns.Value)) != RowColumns.None ? 1 : 0);
        private readonly bool _masked = problem.Interaction.Mask != Mask.None;
        private readonly bool _raises = !problem.IsDifference && !problem.Interaction.Profile.IsGeneral;
        private readonly bool _sizes =
            (into.Columns & (RowColumns.Largest | RowColumns.Squares | RowColumns.CouplingLog)) != RowColumns.None;

        // For replicas with and without equal weights.
        public required Kernels Even { get; init; }

        public required Kernels Uneven { get; init; }

        // Replicas whose Z and F are there already.
        public required bool[] Symmetric { get; init; }

        // The largest exponents; general form only.
        public required Kernels Largest { get; init; }

        // Groups of queries [from, to), counted from the first group of the first replica.
        public void Run(int from, int to)
        {
            int numbers = Group * (_extras + (_sizes ? 2 : 0) + (into.Columns.HasFlag(RowColumns.CouplingLog) ? 1 : 0));
            int largest = _sizes ? _extras * Group : numbers;
            int groups = (problem.Queries - 1) / Group + 1, most = Math.Min(Batch, to - from);
            int bytes = numbers * (most * sizeof(double) + sizeof(T)) + (SimdSums.TileKeys + 1) * Group * sizeof(T);
            byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            Span<double> totals = new Span<double>(scratch, most * numbers);
            T* sums = (T*)(scratch + most * numbers * sizeof(double)), tile = sums + numbers;
            try
            {
                for (int group = from, count; group < to; group += count)
                {
                    int replica = group / groups, query = group % groups * Group;
                    count = Math.Min(Math.Min(most, to - group), groups - group % groups);
                    if (Symmetric[replica] && _extras == _deficit && !_sizes) continue;
                    PairBlock<T> block = positions.Of(replica, tables.Of(firstReplica + replica));
                    double? even = tables.EvenWeights[firstReplica + replica];
                    Kernels kernels = even is null ? Uneven : Even;
                    Visit(kernels, block, query, sums, tile, totals[..(count * numbers)], numbers, largest);
                    for (int g = 0; g < count; g++)
                    {
                        Span<double> own = totals.Slice(g * numbers, numbers);
                        int first = query + g * Group;
                        if (_raises && Raise(block, replica, first, own[..Group], even ?? 1, sums, tile))
                            Visit(kernels, block, first, sums, tile, own, numbers, largest);
                        Write(own, even ?? 1, replica, first);
                    }
                }
            }
            finally
            {
                NativeMemory.AlignedFree(scratch);
            }
        }

        // The kernels' sums over all keys for groups from a query on, added up in double, so many numbers a group; from `largest` on, for
        // one vector pair, the largest of them.
        private void Visit(
            Kernels kernels, in PairBlock<T> block, int query, T* sums, T* tile, Span<double> totals, int numbers, int largest)
        {
            totals.Clear();
            // Largest exponents, alone in the sums, are not positive, largest factors not negative.
            if (largest == 0) totals.Fill(double.NegativeInfinity);
            int length = _masked ? KeysPerMaskedFlush : KeysPerFlush;
            for (int key = 0; key < problem.Keys; key += length)
            {
                stop.ThrowIfCancellationRequested();
                for (int at = 0, first = query; at < totals.Length; at += numbers, first += Group)
                {
                    (int From, int To) one = problem.KeysOf(first), other = problem.KeysOf(Math.Min(first + Group, problem.Queries) - 1);
                    // Whole tiles that nobody sees add nothing; the order of what is left is the same.
                    int from = key + Math.Max(0, Math.Min(one.From, other.From) - key) / SimdSums.TileKeys * SimdSums.TileKeys;
                    int to = Math.Min(Math.Max(one.To, other.To), key + length);
                    if (from >= to) continue;
                    bool all = from >= Math.Max(one.From, other.From) && to <= Math.Min(one.To, other.To);
                    (all ? kernels.Whole : kernels.Part)(block, layout.FirstQuery + first, from, to, sums, tile);
                    Span<double> own = totals.Slice(at, numbers);
                    int end = Math.Min(largest + Group, numbers);
                    for (int i = 0; i < largest; i++) own[i] += double.CreateTruncating(sums[i]);
                    for (int i = largest; i < end; i++) own[i] = Math.Max(own[i], double.CreateTruncating(sums[i]));
                    for (int i = end; i < numbers; i++) own[i] += double.CreateTruncating(sums[i]);
                }
            }
        }

        // Gives rows whose bound on the logits was so far above them that factors were lost their largest logit for a shift; false when
        // there are none.
        private bool Raise(in PairBlock<T> block, int replica, int query, ReadOnlySpan<double> z, double weight, T* sums, T* tile)
        {
            int exponent = (typeof(T) == typeof(float) ? 30 : 60) - (int)Exp2<L, V, T>.Range;
            double smallest = Math.ScaleB(tables.AbsoluteWeights[firstReplica + replica], exponent);
            T* h = positions.H(replica, query);
            uint low = 0;
            for (int lane = 0; lane < Math.Min(Group, problem.Queries - query); lane++)
                if (-2 * double.CreateTruncating(h[lane]) > Exp2<L, V, T>.Range && !(Math.Abs(z[lane] * weight) >= smallest))
                    low |= 1u << lane;
            if (low == 0) return false;
            Span<double> largest = stackalloc double[Group];
            Visit(Largest, block, query, sums, tile, largest, Group, 0);
            for (int lane = 0; lane < Group; lane++)
                if ((low >> lane & 1) != 0 && largest[lane] > -1e29) h[lane] -= T.CreateTruncating(largest[lane]);
            return true;
        }

        private void Write(ReadOnlySpan<double> totals, double weight, int replica, int query)
        {
            int dimension = problem.Dimension, replicaRow = (firstReplica + replica) * problem.Queries, begin = replicaRow + query;
            int from = Math.Max(firstRow, begin), to = Math.Min(Math.Min(endRow, replicaRow + problem.Queries), begin + Group);
            double forceScale = weight / positions.Scale;
            for (int row = from; row < to && !Symmetric[replica]; row++)
            {
                int lane = row - begin;
                into.Shift[row] = positions.Shift(replica, query + lane);
                into.Z[row] = totals[lane] * weight;
            }
            if (into.Columns.HasFlag(RowColumns.Deficit)) Put(into.Deficit, _deficit, weight, totals);
            if (into.Columns.HasFlag(RowColumns.Value)) Put(into.Value, _deficit, weight, totals);
            if (into.Columns.HasFlag(RowColumns.Largest)) Put(into.Largest, _extras, Math.Abs(weight), totals);
            if (into.Columns.HasFlag(RowColumns.Squares)) Put(into.Squares, _extras + 1, weight * weight, totals);
            if (into.Columns.HasFlag(RowColumns.CouplingLog)) Put(into.CouplingLog, _extras + 2, weight, totals);
            if (!into.Columns.HasFlag(RowColumns.Force) || Symmetric[replica]) return;
            double[] forces = into.Force;
            for (int c = 0; c < dimension; c++)
            {
                ReadOnlySpan<double> component = totals.Slice((1 + c) * Group, Group);
                for (int row = from, at = from * dimension + c; row < to; row++, at += dimension)
                    forces[at] = component[row - begin] * forceScale;
            }

            void Put(double[] column, int sumsRow, double scale, ReadOnlySpan<double> sums)
            {
                for (int row = from; row < to; row++) column[row] = sums[sumsRow * Group + row - begin] * scale;
            }
        }
    }
}
