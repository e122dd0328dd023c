using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>A buffer on a device, and the same on the host, pinned and where the driver can page-locked; both grow.</summary>
internal sealed class GpuBuffer<T>(Accelerator accelerator) : IDisposable where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _device;
    private PageLockScope<T>? _lock;

    /// <summary>On the host.</summary>
    public T[] Host { get; private set; } = [];

    /// <summary>Room on the host for so many numbers; the contents are lost. No copy may be under way.</summary>
    public T[] Reserve(long length)
    {
        // A page less is used: no page is locked for two arrays, which CUDA refuses.
        int page = Environment.SystemPageSize / Interop.SizeOf<T>();
        if (Host.LongLength >= length + page) return Host;
        Unlock();
        Host = GC.AllocateUninitializedArray<T>(checked((int)(length + page)), pinned: true);
        try
        {
            _lock = accelerator.CreatePageLockFromPinned<T>(Marshal.UnsafeAddrOfPinnedArrayElement(Host, 0), length);
        }
        catch (Exception error) when (error is AcceleratorException or NotSupportedException)
        {
            // A system may allow a process little locked memory: copies are slower then.
        }
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

    /// <summary>Begins to copy the first numbers of the host to the device.</summary>
    public ArrayView<T> Upload(AcceleratorStream stream, long length)
    {
        ArrayView<T> view = OnDevice(length);
        view.CopyFromCPUUnsafeAsync(stream, ref Host[0], length);
        return view;
    }

    /// <summary>Begins to copy numbers of the device to the same place on the host.</summary>
    public void Download(AcceleratorStream stream, long from, long length)
    {
        Reserve(from + length);
        OnDevice(from + length).SubView(from, length).CopyToCPUUnsafeAsync(stream, ref Host[from], length);
    }

    public void Dispose()
    {
        Unlock();
        _device?.Dispose();
    }

    private void Unlock()
    {
        _lock?.Dispose();
        _lock = null;
    }
}

/// <summary>A launch under way: what it sums into, and which rows. While one runs, another is read.</summary>
internal sealed class GpuSlot<T>(Accelerator accelerator) : IDisposable where T : unmanaged
{
    public AcceleratorStream Stream { get; } = accelerator.CreateStream();

    /// <summary>See <see cref="GpuCall{T}.Parts"/>.</summary>
    public GpuBuffer<T> Parts { get; } = new(accelerator);

    /// <summary>Those added up, where there are several splits.</summary>
    public GpuBuffer<T> Sums { get; } = new(accelerator);

    /// <summary>The rows whose sums are under way; none when Rows is 0.</summary>
    public int FirstRow { get; set; }

    /// <summary>Their number.</summary>
    public int Rows { get; set; }

    public void Dispose()
    {
        Parts.Dispose();
        Sums.Dispose();
        Stream.Dispose();
    }
}

/// <summary>What depends on weights, labels and interaction alone, on a device: made once per problem.</summary>
internal sealed class GpuTables<T> : IDisposable where T : unmanaged
{
    private readonly List<MemoryBuffer1D<T, Stride1D.Dense>> _buffers = [];
    private readonly Lazy<ArrayView<T>> _key;

    public GpuTables(Accelerator accelerator, PairProblem problem, Func<double, T> round)
    {
        Problem = problem;
        HasEvenWeights = GpuShape.HasEvenWeights(problem);
        Coupling coupling = problem.Interaction.Coupling;
        double[] labels = coupling.TableLabels([.. problem.QueryLabels, .. problem.KeyLabels]);
        (QueryRows, int keyRows) = coupling.TableRows;
        KeyRows = keyRows;
        int queries = problem.Rows, keys = problem.Replicas * problem.Keys;
        double[] query = new double[QueryRows], key = new double[keyRows];
        T[] into = new T[QueryRows * (long)queries];
        for (int i = 0; i < queries; i++)
        {
            coupling.FillTables(labels[i], 1, query, key);
            for (int row = 0; row < QueryRows; row++) into[row * (long)queries + i] = round(query[row]);
        }
        Query = Upload(into);
        _key = new Lazy<ArrayView<T>>(() =>
        {
            T[] numbers = new T[Math.Max(keyRows, 3) * (long)keys];
            for (int j = 0; j < keys; j++)
            {
                coupling.FillTables(labels[queries + j], problem.Weights[j], query, key);
                for (int row = 0; row < keyRows; row++) numbers[row * (long)keys + j] = round(key[row]);
            }
            return Upload(numbers);
        });

        ArrayView<T> Upload(T[] numbers)
        {
            if (numbers.Length == 0) return ArrayView<T>.Empty;
            MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D<T>(numbers.LongLength);
            _buffers.Add(buffer);
            buffer.View.BaseView.CopyFromCPU(accelerator.DefaultStream, new ReadOnlySpan<T>(numbers));
            return buffer.View.BaseView;
        }
    }

    /// <summary>Whose they are.</summary>
    public PairProblem Problem { get; }

    /// <summary>See <see cref="GpuShape.HasEvenWeights"/>.</summary>
    public bool HasEvenWeights { get; }

    public int QueryRows { get; }

    public int KeyRows { get; }

    public ArrayView<T> Query { get; }

    /// <summary>[rows, R keys], at least three rows: as many as kernels may bring along. Equal weights are multiplied afterwards.</summary>
    public ArrayView<T> Key => HasEvenWeights ? ArrayView<T>.Empty : _key.Value;

    public void Dispose()
    {
        foreach (MemoryBuffer1D<T, Stride1D.Dense> buffer in _buffers) buffer.Dispose();
    }
}
