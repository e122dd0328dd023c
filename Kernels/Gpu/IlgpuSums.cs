using System.Diagnostics;
using AttentionFlow.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// Pair sums on a GPU, or on ILGPU's CPU accelerator, which simulates one: every form, coupling, profile, mask and column. The order of a
/// sum depends on the sizes alone, so on one device the bits depend neither on the rows asked for nor on what runs beside them.
/// </summary>
/// <remarks>
/// Accuracy of the sums relative to those of the absolute values of their terms, with e the unit of the precision (2^-24, 2^-53): 8 e from
/// exponential and factors, n e up to n = 512 keys of a tile from summation, plus (16 + 2 d) beta e from rounded positions in the
/// difference form, as for <see cref="Cpu.SimdSums"/>, and beta |q| |k| d e in the general form.
/// </remarks>
internal sealed class IlgpuSums : IPairSums
{
    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly GpuEngine _engine;

    /// <summary>Opens a device.</summary>
    /// <param name="device">A name from <see cref="DeviceCatalog.All"/>: cuda:k, opencl:k or ilgpu-cpu.</param>
    /// <param name="precision">The arithmetic of the pairs.</param>
    /// <param name="threads">Threads of the host, for the conversion of positions.</param>
    /// <param name="tiledThreads">For tests: runs the kernel for GPUs also on the CPU accelerator, in blocks of so many threads.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it has no such precision.</exception>
    public IlgpuSums(string device, Precision precision, int threads, int? tiledThreads = null)
    {
        (Name, Precision) = (device, precision);
        _context = GpuDevices.Open(device, precision, device != "ilgpu-cpu" || tiledThreads is not null, out Device found);
        try
        {
            _accelerator = found.CreateAccelerator(_context);
            if (precision == Precision.Double && found is CLDevice { Capabilities.Float64: false })
                throw new DeviceUnavailableException($"device '{device}' has no double precision; use --precision single");
            bool simulated = found is CPUDevice;
            int? tiled = simulated ? tiledThreads : GpuLaunch.BlockThreads;
            DeviceRates rates = GpuDevices.LaunchRates(found);
            _engine = precision == Precision.Single
                ? new GpuEngine<float, SingleReal>(_accelerator, tiled, threads, rates)
                : new GpuEngine<double, DoubleReal>(_accelerator, tiled, threads, rates);
        }
        catch (Exception error)
        {
            _accelerator?.Dispose();
            _context.Dispose();
            if (error is AcceleratorException failure) throw GpuDevices.Translate(failure, device);
            throw;
        }
    }

    public string Name { get; }

    /// <summary>The arithmetic of the pairs.</summary>
    public Precision Precision { get; }

    /// <summary>For <c>bench</c>: runs while kernels do, from launch to synchronisation, which costs the overlap of launches with the
    /// reading of rows; null for no measurement.</summary>
    public Stopwatch? KernelClock
    {
        get => _engine.KernelClock;
        set => _engine.KernelClock = value;
    }

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) =>
        new(problem, columns, problem.WhyNever(columns) ?? WhyNot(problem.Interaction.Profile))
        {
            RelativeError = Precision == Precision.Double ? 1e-13 : 1e-6,
        };

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = plan.Begin(rows, into, stop);
        try
        {
            if (count > 0) _engine.Sum(plan.Problem, first, count, into, stop);
        }
        catch (AcceleratorException error)
        {
            throw GpuDevices.Translate(error, Name);
        }
        Statistics.Count(plan.Method, plan.RelativeError);
    }

    private static string? WhyNot(Profile profile) =>
        profile.IsGeneral ? $"GPUs know the profiles exponential and linear, not '{profile}'" : null;

    public void Dispose()
    {
        _engine.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }
}
