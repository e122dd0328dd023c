using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>Pair sums of one precision on one accelerator.</summary>
internal abstract class GpuEngine : IDisposable
{
    /// <summary>Runs while the device sums; launches then wait for each other. Null, as usual, for no measurement.</summary>
    public Stopwatch? KernelClock { get; set; }

    /// <summary>Rows [first, first + count); the arguments have been checked.</summary>
    public abstract void Sum(PairProblem problem, int first, int count, RowSums into, CancellationToken stop);

    public abstract void Dispose();
}

/// <param name="accelerator">Where.</param>
/// <param name="tiled">Thread blocks of so many threads that share tiles of keys; null for a row a thread.</param>
/// <param name="threads">Of the host, for the conversion of positions.</param>
/// <param name="rates">Of the device, roughly: how much a launch does before it can be stopped.</param>
internal sealed class GpuEngine<T, R>(Accelerator accelerator, int? tiled, int threads, DeviceRates rates) : GpuEngine
    where T : unmanaged where R : struct, IReal<T>
{
    // Of a launch, if the device reached its limit in the difference form. Two are under way at a time.
    private const double Seconds = 1.0 / 16;
    // Bytes of GpuSlot.Parts: the first, or this share of the device.
    private const long ManyParts = 1 << 29, MemoryShare = 32;
    // Rows of a launch: more would be read back for longer than their launch takes.
    private const int MostRows = 1 << 20;
    // Queries of a block of the kernel that takes any dimension.
    private const int GeneralBlock = 64;
    // Problems whose tables are kept: a flow has one for its tokens, others for prompts and heads.
    private const int KeptTables = 16;

    private readonly Dictionary<GpuShape, Compiled> _compiled = [];
    private readonly List<GpuTables<T>> _tables = [];
    private readonly GpuBuffer<T> _points = new(accelerator);
    private readonly GpuSlot<T>[] _slots = [new(accelerator), new(accelerator)];
    private double[] _means = [], _valueMeans = [];
    private Action<AcceleratorStream, Index1D, GpuCall<T>, ArrayView<T>, int, int, int, int>? _combine;

    private sealed record Compiled(GpuKernel<T> Kernel,
        Action<AcceleratorStream, KernelConfig, GpuCall<T>>? Tiled, Action<AcceleratorStream, Index1D, GpuCall<T>>? Plain);

    public override void Sum(PairProblem problem, int first, int count, RowSums into, CancellationToken stop)
    {
        // Page-locking takes the thread's device; several may share a process.
        using ScopedAcceleratorBinding binding = accelerator.BindScoped();
        GpuTables<T> tables = TablesOf(problem);
        GpuShape shape = GpuShape.Of(problem, into.Columns, tables.HasEvenWeights);
        Compiled compiled = Compile(shape, problem.Interaction.Coupling);
        GpuKernel<T> kernel = compiled.Kernel;
        int stride = kernel.Numbers > 0
            ? kernel.Numbers : (problem.Dimension + BlockedKernel.Block - 1) / BlockedKernel.Block * BlockedKernel.Block;
        int columns = GpuColumns.Force + stride + (shape.More ? GpuColumns.More : 0);
        int nominal = kernel.Threads > 0 ? GeneralBlock : kernel.BlockQueries(GpuLaunch.BlockThreads, problem.Queries);
        int block = compiled.Tiled is null ? 1 : kernel.BlockQueries(tiled ?? 1, problem.Queries);
        GpuLaunch launch = GpuLaunch.Of(problem.Replicas, problem.Queries, problem.Keys, nominal, kernel.TileKeys);
        GpuCall<T> call = new GpuCall<T>
        {
            QueryNumbers = tables.Query,
            KeyNumbers = tables.Key,
            QueryCount = problem.Queries,
            KeyCount = problem.Keys,
            Dimension = problem.Dimension,
            Stride = stride,
            QueryRows = tables.QueryRows,
            KeyRows = tables.KeyRows,
            AllQueries = problem.Rows,
            AllKeys = (long)problem.Replicas * problem.Keys,
            SplitKeys = launch.SplitKeys,
            BlockQueries = block,
            ReplicaBlocks = (problem.Queries - 1) / block + 1,
            HasLog = into.Columns.HasFlag(RowColumns.CouplingLog) ? 1 : 0,
            Mask = (int)problem.Interaction.Mask,
            IsSelf = problem.IsDifference && ReferenceEquals(problem.Q, problem.K) ? 1 : 0,
        };
        Upload(problem, stride, ref call);
        GpuRows<T> rows = new(problem, stride, PositionScale(problem), shape.Even, _means);
        int most = RowsAtOnce(problem, launch.Splits * 2L * columns, block);
        Run(first, first + count, from => End(from, first + count, most, problem.Queries, block),
            slot => Launch(slot, compiled, call, launch.Splits, columns, shape),
            slot => rows.Read((launch.Splits == 1 ? slot.Parts : slot.Sums).Host, slot.FirstRow, slot.Rows, into, threads), stop);
    }

    public override void Dispose()
    {
        using ScopedAcceleratorBinding binding = accelerator.BindScoped();
        foreach (GpuTables<T> tables in _tables) tables.Dispose();
        foreach (GpuSlot<T> slot in _slots) slot.Dispose();
        _points.Dispose();
    }

    private int RowsAtOnce(PairProblem problem, long rowParts, int block)
    {
        double pairs = Seconds * rates.PairsPerSecond(typeof(T) == typeof(float) ? Precision.Single : Precision.Double, problem.Dimension);
        long bytes = Math.Min(ManyParts, accelerator.MemorySize / MemoryShare), rowBytes = rowParts * Interop.SizeOf<T>();
        return (int)Math.Clamp(Math.Min(pairs / problem.Keys, bytes / rowBytes), block, MostRows);
    }

    // A launch ends where a block does.
    private static int End(int from, int end, int most, int queries, int block)
    {
        if (end - from <= most) return end;
        int to = from + most, cut = to - to % queries % block;
        return cut > from ? cut : to;
    }

    // While the device sums the rows of one slot, the host reads those of the other.
    private void Run(int first, int end, Func<int, int> to, Action<GpuSlot<T>> launch, Action<GpuSlot<T>> read, CancellationToken stop)
    {
        GpuSlot<T>? busy = null;
        int next = 0;
        try
        {
            for (int from = first; from < end; next ^= 1)
            {
                stop.ThrowIfCancellationRequested();
                GpuSlot<T> slot = _slots[next];
                (slot.FirstRow, slot.Rows) = (from, to(from) - from);
                // Positions were uploaded in the order of the first stream.
                if (from == first && slot.Rows < end - first) slot.Stream.Synchronize();
                launch(slot);
                from += slot.Rows;
                if (busy is not null) Finish(busy);
                busy = slot;
            }
            if (busy is not null) Finish(busy);
        }
        catch
        {
            foreach (GpuSlot<T> slot in _slots) slot.Stream.Synchronize();
            throw;
        }

        void Finish(GpuSlot<T> slot)
        {
            slot.Stream.Synchronize();
            read(slot);
        }
    }

    private void Launch(GpuSlot<T> slot, Compiled compiled, GpuCall<T> call, int splits, int columns, GpuShape shape)
    {
        bool shifted = shape.Curved && !shape.Difference;
        (call.FirstRow, call.Rows) = (slot.FirstRow, slot.Rows);
        call.Parts = slot.Parts.OnDevice((long)splits * columns * 2 * call.Rows);
        if (KernelClock is not null) slot.Stream.Synchronize();
        KernelClock?.Start();
        if (compiled.Tiled is { } launch)
        {
            int from = Block(call.FirstRow), to = Block(call.FirstRow + call.Rows - 1);
            call.FirstBlock = from;
            Index3D group = new(compiled.Kernel.BlockThreads(call.BlockQueries), 1, 1);
            launch(slot.Stream, new KernelConfig(new Index3D(to - from + 1, splits, 1), group), call);
        }
        else
        {
            compiled.Plain!(slot.Stream, call.Rows * splits, call);
        }
        GpuBuffer<T> sums = slot.Parts;
        if (splits > 1)
        {
            sums = slot.Sums;
            _combine ??= accelerator.LoadAutoGroupedKernel<Index1D, GpuCall<T>, ArrayView<T>, int, int, int, int>(
                CombineKernel.Combine<T, R>);
            _combine(slot.Stream, call.Rows * (columns - GpuColumns.Z), call, sums.OnDevice(2L * columns * call.Rows),
                splits, columns, shape.More ? 1 : 0, shifted ? 1 : 0);
        }
        if (KernelClock is not null) slot.Stream.Synchronize();
        KernelClock?.Stop();
        // Shifts that are all 0 and, behind them, numbers of F beyond d stay there.
        int begin = shifted ? GpuColumns.Shift : GpuColumns.Z, end = shape.More ? columns : GpuColumns.Force + call.Dimension;
        sums.Download(slot.Stream, 2L * begin * call.Rows, 2L * (end - begin) * call.Rows);

        int Block(int row) => row / call.QueryCount * call.ReplicaBlocks + row % call.QueryCount / call.BlockQueries;
    }

    // Positions are scaled so that exponents are powers of two; in the difference form so that they are -|k - q|^2. All relative to the
    // replica's mean key, so that close tokens keep their differences: the general form's shift knows about it. One copy takes them all.
    private void Upload(PairProblem p, int stride, ref GpuCall<T> call)
    {
        bool curved = p.Interaction.Profile.IsExponential(p.Interaction.Beta);
        bool self = ReferenceEquals(p.Q, p.K), same = ReferenceEquals(p.K, p.V);
        double[] means = GpuPoints.Means(p.K, p.Replicas, p.Keys, p.Dimension, threads, ref _means);
        double scale = PositionScale(p);
        int queries = p.Rows * stride, keys = p.Replicas * p.Keys * stride, length = 0;
        T[] host = _points.Reserve(
            p.IsDifference ? keys + (self ? 0 : (long)queries) : keys * (same ? 1L : 2L) + queries * 2L);
        if (p.IsDifference)
        {
            int at = Add(p.K, means, scale, p.Keys), from = self ? at : Add(p.Q, means, scale, p.Queries);
            ArrayView<T> all = _points.Upload(_slots[0].Stream, length);
            (call.Keys, call.Queries) = (all.SubView(at, keys), all.SubView(from, queries));
            (call.Origins, call.Values) = (call.Queries, call.Keys);
        }
        else
        {
            double[] valueMeans = same ? means : GpuPoints.Means(p.V, p.Replicas, p.Keys, p.Dimension, threads, ref _valueMeans);
            int at = Add(p.K, means, 1, p.Keys), value = same ? at : Add(p.V, valueMeans, 1, p.Keys);
            int query = Add(p.Q, null, curved ? p.Interaction.Beta / Math.Log(2) : 1, p.Queries);
            int origin = Add(p.Origin, valueMeans, 1, p.Queries);
            ArrayView<T> all = _points.Upload(_slots[0].Stream, length);
            (call.Keys, call.Values) = (all.SubView(at, keys), all.SubView(value, keys));
            (call.Queries, call.Origins) = (all.SubView(query, queries), all.SubView(origin, queries));
        }

        int Add(double[]? x, double[]? centre, double factor, int points)
        {
            int at = length;
            GpuPoints.Write(x, centre, factor, p.Replicas, points, p.Dimension, stride, host, at, threads);
            length += p.Replicas * points * stride;
            return at;
        }
    }

    private static double PositionScale(PairProblem p) =>
        p.IsDifference && p.Interaction.Profile.IsExponential(p.Interaction.Beta) ? Math.Sqrt(p.Interaction.Beta / (2 * Math.Log(2))) : 1;

    private static T Round(double x) => R.Constant(x);

    private GpuTables<T> TablesOf(PairProblem problem)
    {
        int at = _tables.FindIndex(t => ReferenceEquals(t.Problem, problem));
        GpuTables<T> tables;
        if (at >= 0)
        {
            tables = _tables[at];
            _tables.RemoveAt(at);
        }
        else
        {
            tables = new GpuTables<T>(accelerator, problem, Round);
        }
        _tables.Add(tables);
        if (_tables.Count > KeptTables)
        {
            _tables[0].Dispose();
            _tables.RemoveAt(0);
        }
        return tables;
    }

    private Compiled Compile(GpuShape shape, Coupling coupling)
    {
        if (_compiled.TryGetValue(shape, out Compiled? compiled)) return compiled;
        GpuKernel<T> kernel = GpuKernel<T>.For<R>(shape, coupling, tiled);
        bool blocks = tiled is not null || kernel.Plain is null;
        compiled = new Compiled(kernel,
            blocks ? accelerator.LoadKernel(kernel.Tiled) : null,
            blocks ? null : accelerator.LoadAutoGroupedKernel(kernel.Plain!));
        return _compiled[shape] = compiled;
    }
}
