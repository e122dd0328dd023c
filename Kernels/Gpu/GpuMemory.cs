using ILGPU;
using ILGPU.Runtime;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>A buffer on a device, and the same on the host, that grow.</summary>
internal sealed class GpuBuffer<T>(Accelerator accelerator) : IDisposable where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _device;

    /// <summary>On the host.</summary>
    public T[] Host { get; private set; } = [];

    /// <summary>Room on the host for so many numbers; the contents are lost.</summary>
    public T[] Reserve(long length)
    {
        if (Host.LongLength < length) Host = GC.AllocateUninitializedArray<T>(checked((int)length));
        return Host;
    }

    /// <summary>So many numbers on the device; the contents are lost when it has to grow.</summary>
    public ArrayView<T> OnDevice(long length)
    {
        if (length == 0) return ArrayView<T>.Empty;
        if (_device is null || _device.Length < length)
        {
            _device?.Dispose();
            _device = null;
            _device = accelerator.Allocate1D<T>(length);
        }
        return _device.View.SubView(0, length).BaseView;
    }

    /// <summary>Copies the first numbers of the host to the device.</summary>
    public ArrayView<T> Upload(long length)
    {
        ArrayView<T> view = OnDevice(length);
        if (length > 0) view.CopyFromCPU(accelerator.DefaultStream, new ReadOnlySpan<T>(Host, 0, (int)length));
        return view;
    }

    /// <summary>Copies the first numbers of the device to the host.</summary>
    public T[] Download(long length)
    {
        Reserve(length);
        OnDevice(length).CopyToCPU(accelerator.DefaultStream, new Span<T>(Host, 0, (int)length));
        return Host;
    }

    public void Dispose() => _device?.Dispose();
}

/// <summary>What depends on weights, labels and interaction alone, on a device: made once per problem.</summary>
internal sealed class GpuTables<T> : IDisposable where T : unmanaged
{
    private readonly GpuBuffer<T> _query, _key;

    public GpuTables(Accelerator accelerator, PairProblem problem, Func<double, T> round)
    {
        Problem = problem;
        (_query, _key) = (new(accelerator), new(accelerator));
        Coupling coupling = problem.Interaction.Coupling;
        double[] labels = coupling.TableLabels([.. problem.QueryLabels, .. problem.KeyLabels]);
        (QueryRows, int keyRows) = coupling.TableRows;
        KeyRows = keyRows;
        int queries = problem.Rows, keys = problem.Replicas * problem.Keys;
        double[] query = new double[QueryRows], key = new double[keyRows];
        T[] into = _query.Reserve((long)QueryRows * queries);
        for (int i = 0; i < queries; i++)
        {
            coupling.FillTables(labels[i], 1, query, key);
            for (int row = 0; row < QueryRows; row++) into[row * (long)queries + i] = round(query[row]);
        }
        Query = _query.Upload((long)QueryRows * queries);
        Key = new Lazy<ArrayView<T>>(() =>
        {
            long length = (long)Math.Max(keyRows, 3) * keys;
            T[] numbers = _key.Reserve(length);
            Array.Clear(numbers);
            for (int j = 0; j < keys; j++)
            {
                coupling.FillTables(labels[queries + j], problem.Weights[j], query, key);
                for (int row = 0; row < keyRows; row++) numbers[row * (long)keys + j] = round(key[row]);
            }
            return _key.Upload(length);
        });
    }

    /// <summary>Whose they are.</summary>
    public PairProblem Problem { get; }

    public int QueryRows { get; }

    public int KeyRows { get; }

    public ArrayView<T> Query { get; }

    /// <summary>[rows, R keys], at least three rows: as many as kernels may bring along.</summary>
    public Lazy<ArrayView<T>> Key { get; }

    public void Dispose()
    {
        _query.Dispose();
        _key.Dispose();
    }
}

/// <summary>Positions in the form that kernels take, on the host: centred, scaled, rounded, padded with zeros.</summary>
internal static class GpuPoints
{
    /// <summary>The mean of each replica's points, [R, d].</summary>
    public static double[] Means(double[] x, int replicas, int points, int dimension)
    {
        double[] means = new double[replicas * dimension];
        for (int r = 0; r < replicas; r++)
        {
            Span<double> mean = means.AsSpan(r * dimension, dimension);
            for (int i = 0, at = r * points * dimension; i < points; i++)
                for (int c = 0; c < dimension; c++) mean[c] += x[at++];
            foreach (ref double m in mean) m /= points;
        }
        return means;
    }

    /// <summary>into[i, 0..stride) = (x_i - mean) scale; x null stands for zeros, no means for a mean of zero.</summary>
    public static void Write<T>(
        double[]? x, double[]? means, double scale, int replicas, int points, int dimension, int stride,
        T[] into, Func<double, T> round, int threads)
        where T : unmanaged
    {
        int perReplica = points;
        Workers.For(replicas * points, Math.Max(1, 20_000 / dimension), threads, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                Span<T> row = into.AsSpan(i * stride, stride);
                int mean = i / perReplica * dimension;
                for (int c = 0; c < dimension; c++)
                    row[c] = round(((x is null ? 0 : x[i * dimension + c]) - (means is null ? 0 : means[mean + c])) * scale);
                row[dimension..].Clear();
            }
        });
    }
}
