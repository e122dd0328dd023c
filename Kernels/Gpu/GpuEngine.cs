using ILGPU;
using ILGPU.Runtime;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>Pair sums of one precision on one accelerator.</summary>
internal abstract class GpuEngine : IDisposable
{
    /// <summary>Rows [first, first + count); the arguments have been checked.</summary>
    public abstract void Sum(PairProblem problem, int first, int count, RowSums into, CancellationToken stop);

    public abstract void Dispose();
}

/// <param name="accelerator">Where.</param>
/// <param name="tiled">Thread blocks of so many threads that share tiles of keys; null for a row a thread.</param>
/// <param name="threads">Of the host, for the conversion of positions.</param>
/// <param name="launchPairs">Pairs of one launch, so that it ends soon after it is asked to stop.</param>
internal sealed class GpuEngine<T, R>(Accelerator accelerator, int? tiled, int threads, long launchPairs) : GpuEngine
    where T : unmanaged where R : struct, IReal<T>
{
    // Rows that fill a large card. Fewer are split over keys: a function of sizes, not of the device, so that the order of a sum is one
    // too.
    private const int ManyRows = 1 << 18;
    // Numbers of GpuCall.Parts, at most.
    private const long ManyParts = 1 << 26;
    // Problems whose tables are kept: a flow has one for its tokens, others for prompts and heads.
    private const int KeptTables = 16;

    private readonly Dictionary<GpuShape, Compiled> _compiled = [];
    private readonly List<GpuTables<T>> _tables = [];
    private readonly GpuBuffer<T> _queries = new(accelerator), _origins = new(accelerator), _keys = new(accelerator);
    private readonly GpuBuffer<T> _values = new(accelerator), _parts = new(accelerator);
    private Action<Index1D, GpuCall<T>, int, int, int>? _combine;

    private sealed record Compiled(GpuKernel<T> Kernel, Action<KernelConfig, GpuCall<T>>? Tiled, Action<Index1D, GpuCall<T>>? Plain);

    public override void Sum(PairProblem problem, int first, int count, RowSums into, CancellationToken stop)
    {
        GpuTables<T> tables = TablesOf(problem);
        GpuShape shape = GpuShape.Of(problem, into.Columns);
        Compiled compiled = Compile(shape, problem.Interaction.Coupling);
        GpuKernel<T> kernel = compiled.Kernel;
        int stride = kernel.Numbers > 0
            ? kernel.Numbers : (problem.Dimension + BlockedKernel.Block - 1) / BlockedKernel.Block * BlockedKernel.Block;
        int tiles = (problem.Keys - 1) / kernel.TileKeys + 1;
        int splits = Math.Clamp((ManyRows - 1) / problem.Rows + 1, 1, tiles), splitTiles = (tiles - 1) / splits + 1;
        splits = (tiles - 1) / splitTiles + 1;
        int block = tiled is { } group ? kernel.Queries * Math.Min(group, ((problem.Queries - 1) / kernel.Queries / 32 + 1) * 32) : 1;
        if (compiled.Tiled is null) block = 1;
        GpuCall<T> call = new GpuCall<T>
        {
            QueryNumbers = tables.Query,
            // Equal weights are multiplied afterwards.
            KeyNumbers = shape.Even ? ArrayView<T>.Empty : tables.Key.Value,
            QueryCount = problem.Queries,
            KeyCount = problem.Keys,
            Dimension = problem.Dimension,
            Stride = stride,
            QueryRows = tables.QueryRows,
            KeyRows = tables.KeyRows,
            AllQueries = problem.Rows,
            AllKeys = (long)problem.Replicas * problem.Keys,
            SplitKeys = splitTiles * kernel.TileKeys,
            BlockQueries = block,
            ReplicaBlocks = (problem.Queries - 1) / block + 1,
            HasLog = into.Columns.HasFlag(RowColumns.CouplingLog) ? 1 : 0,
            Mask = (int)problem.Interaction.Mask,
        };
        double[] means = Upload(problem, stride, ref call);
        int columns = GpuColumns.Force + stride + (shape.More ? GpuColumns.More : 0);
        int rows = (int)Math.Clamp(Math.Min(launchPairs / problem.Keys, ManyParts / (2L * columns * splits)), block, int.MaxValue);
        for (int from = first; from < first + count; from += rows)
        {
            stop.ThrowIfCancellationRequested();
            call.FirstRow = from;
            call.Rows = Math.Min(rows, first + count - from);
            call.Parts = _parts.OnDevice((long)splits * columns * 2 * call.Rows);
            Launch(compiled, call, splits, columns, shape.More);
            Write(problem, call, columns, shape.Even, means, into);
        }
    }

    public override void Dispose()
    {
        foreach (GpuTables<T> tables in _tables) tables.Dispose();
        foreach (GpuBuffer<T> buffer in (GpuBuffer<T>[])[_queries, _origins, _keys, _values, _parts]) buffer.Dispose();
    }

    private static T Round(double x) => R.Constant(x);

    private void Launch(Compiled compiled, GpuCall<T> call, int splits, int columns, bool more)
    {
        if (compiled.Tiled is { } launch)
        {
            int from = Block(call.FirstRow), to = Block(call.FirstRow + call.Rows - 1);
            call.FirstBlock = from;
            Index3D group = new(call.BlockQueries / compiled.Kernel.Queries, 1, 1);
            launch(new KernelConfig(new Index3D(to - from + 1, splits, 1), group), call);
        }
        else
        {
            compiled.Plain!(call.Rows * splits, call);
        }
        if (splits == 1) return;
        _combine ??= accelerator.LoadAutoGroupedStreamKernel<Index1D, GpuCall<T>, int, int, int>(CombineKernel.Combine<T, R>);
        _combine(call.Rows, call, splits, columns, more ? 1 : 0);

        int Block(int row) => row / call.QueryCount * call.ReplicaBlocks + row % call.QueryCount / call.BlockQueries;
    }

    // Positions are scaled so that exponents are powers of two; in the difference form so that they are -|k - q|^2. All relative to the
    // replica's mean key, so that close tokens keep their differences: the general form's shift knows about it.
    private double[] Upload(PairProblem p, int stride, ref GpuCall<T> call)
    {
        bool curved = p.Interaction.Profile.IsCurved(p.Interaction.Beta);
        double[] means = GpuPoints.Means(p.K, p.Replicas, p.Keys, p.Dimension);
        double scale = PositionScale(p);
        if (p.IsDifference)
        {
            call.Keys = Upload(_keys, p.K, means, scale, p.Keys);
            call.Queries = ReferenceEquals(p.Q, p.K) ? call.Keys : Upload(_queries, p.Q, means, scale, p.Queries);
            (call.Origins, call.Values) = (call.Queries, call.Keys);
            return means;
        }
        double[] valueMeans = ReferenceEquals(p.K, p.V) ? means : GpuPoints.Means(p.V, p.Replicas, p.Keys, p.Dimension);
        call.Queries = Upload(_queries, p.Q, null, curved ? p.Interaction.Beta / Math.Log(2) : 1, p.Queries);
        call.Keys = Upload(_keys, p.K, means, 1, p.Keys);
        call.Values = ReferenceEquals(p.K, p.V) ? call.Keys : Upload(_values, p.V, valueMeans, 1, p.Keys);
        call.Origins = Upload(_origins, p.Origin, valueMeans, 1, p.Queries);
        return means;

        ArrayView<T> Upload(GpuBuffer<T> buffer, double[]? x, double[]? centre, double factor, int points)
        {
            long length = (long)p.Replicas * points * stride;
            GpuPoints.Write(x, centre, factor, p.Replicas, points, p.Dimension, stride, buffer.Reserve(length), Round, threads);
            return buffer.Upload(length);
        }
    }

    private static double PositionScale(PairProblem p) =>
        p.IsDifference && p.Interaction.Profile.IsCurved(p.Interaction.Beta) ? Math.Sqrt(p.Interaction.Beta / (2 * Math.Log(2))) : 1;

    private void Write(PairProblem p, GpuCall<T> call, int columns, bool even, double[] means, RowSums into)
    {
        T[] parts = _parts.Download((long)columns * 2 * call.Rows);
        int d = p.Dimension, rows = call.Rows, more = GpuColumns.Force + call.Stride;
        double scale = PositionScale(p);
        bool curved = p.Interaction.Profile.IsCurved(p.Interaction.Beta);
        Workers.For(rows, 4096, threads, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                int row = call.FirstRow + i, replica = row / p.Queries;
                double weight = even ? p.Weights[replica * p.Keys] : 1;
                into.Shift[row] = !curved ? 0 : p.IsDifference ? p.Interaction.Beta
                    : Shift(row, Double(parts[i]), means.AsSpan(replica * d, d));
                into.Z[row] = weight * Column(GpuColumns.Z);
                if (into.Columns.HasFlag(RowColumns.Force))
                    for (int c = 0; c < d; c++) into.Force[row * d + c] = weight / scale * Column(GpuColumns.Force + c);
                if (into.Columns.HasFlag(RowColumns.Deficit)) into.Deficit[row] = weight * Column(more + GpuColumns.Deficit);
                if (into.Columns.HasFlag(RowColumns.Largest)) into.Largest[row] = Math.Abs(weight) * Column(more + GpuColumns.Largest);
                if (into.Columns.HasFlag(RowColumns.Squares)) into.Squares[row] = weight * weight * Column(more + GpuColumns.Squares);
                if (into.Columns.HasFlag(RowColumns.CouplingLog)) into.CouplingLog[row] = weight * Column(more + GpuColumns.CouplingLog);

                double Column(int column) => Double(parts[column * 2L * rows + i]) + Double(parts[(column * 2L + 1) * rows + i]);
            }
        });

        double Shift(int row, double shift, ReadOnlySpan<double> mean)
        {
            if (shift <= GpuShift.None) return 0;
            double dot = 0;
            for (int c = 0; c < d; c++) dot += p.Q[row * d + c] * mean[c];
            return shift * Math.Log(2) + p.Interaction.Beta * dot;
        }
    }

    private static double Double(T x) => typeof(T) == typeof(float) ? (float)(object)x : (double)(object)x;

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
        GpuKernel<T> kernel = GpuKernel<T>.For<R>(shape, coupling);
        bool blocks = tiled is not null && kernel.Tiled is not null;
        compiled = new Compiled(kernel,
            blocks ? accelerator.LoadStreamKernel(kernel.Tiled!) : null,
            blocks ? null : accelerator.LoadAutoGroupedStreamKernel(kernel.Plain));
        return _compiled[shape] = compiled;
    }
}
