using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The devices that ILGPU reaches, under the names <c>cuda:k</c>, <c>opencl:k</c> and <c>ilgpu-cpu</c>.</summary>
internal static class GpuDevices
{
    private const string Cuda = "cuda", OpenCl = "opencl", Simulator = "ilgpu-cpu";
    private static readonly string CudaLibrary = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
    private static readonly string OpenClLibrary = OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1";

    // The names that ILGPU asks for come with development packages only.
    static GpuDevices() => NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, (name, assembly, path) =>
    {
        string? other = name.Contains("OpenCL", StringComparison.OrdinalIgnoreCase) ? OpenClLibrary
            : name is "cuda" or "nvcuda" or "libcuda" or "libcuda.so" ? CudaLibrary : null;
        return other is not null && NativeLibrary.TryLoad(other, assembly, path, out nint library) ? library : 0;
    });

    /// <summary>What there is here, and why not where there is nothing.</summary>
    public static IReadOnlyList<DeviceInfo> Find()
    {
        List<DeviceInfo> found = [];
        using Context context = Create(Precision.Single, builder => builder.Cuda().OpenCL(_ => true).CPU(SimulatedDevice));
        CudaDevice[] cuda = [.. context.GetCudaDevices()];
        for (int k = 0; k < cuda.Length; k++) found.Add(new DeviceInfo($"{Cuda}:{k}", Describe(cuda[k]), null, Rates(cuda[k])));
        if (cuda.Length == 0) found.Add(new DeviceInfo(Cuda, "NVIDIA GPUs", NativeLibrary.TryLoad(CudaLibrary, out _)
            ? "the NVIDIA driver reports no device that ILGPU can use; 'nvidia-smi' says more"
            : $"there is no NVIDIA driver here ({CudaLibrary} was not found)"));
        CLDevice[] opencl = [.. context.GetCLDevices()];
        int number = 0;
        foreach (CLDevice device in opencl.Where(d => WhyNot(d) is null))
            found.Add(new DeviceInfo($"{OpenCl}:{number++}", Describe(device), null));
        foreach (CLDevice device in opencl) if (WhyNot(device) is { } why) found.Add(new DeviceInfo(OpenCl, Describe(device), why));
        if (opencl.Length == 0) found.Add(new DeviceInfo(OpenCl, "OpenCL GPUs", NativeLibrary.TryLoad(OpenClLibrary, out _)
            ? "the OpenCL loader finds no device: its vendor's driver is missing; 'clinfo' says more"
            : $"there is no OpenCL here ({OpenClLibrary} was not found)"));
        found.Add(new DeviceInfo(Simulator, "ILGPU's simulator of a GPU on the processor, for tests", null));
        return found;
    }

    /// <summary>Opens one of the devices that <see cref="Find"/> lists as available.</summary>
    public static IPairSums Open(string name, Precision precision, int threads) => new IlgpuSums(name, precision, threads);

    /// <summary>For tests: the simulator with the kernels that GPUs run, in blocks of up to four threads.</summary>
    public static IPairSums OpenTiled(Precision precision, int blockThreads) => new IlgpuSums(Simulator, precision, 2, blockThreads);

    /// <summary>
    /// The kernel of a problem as PTX, for an NVIDIA GPU of this compute capability (75, 80, 90), which need not be here.
    /// </summary>
    public static string Ptx(PairProblem problem, RowColumns columns, Precision precision, int capability)
    {
        // A context of its own: a kernel that does not compile spoils it.
        using Context context = Create(precision, _ => { });
        using PTXBackend backend = new(context, new CudaArchitecture(capability / 10, capability % 10), CudaInstructionSet.ISA_78, null!);
        MethodInfo method = precision == Precision.Single ? Method<float, SingleReal>() : Method<double, DoubleReal>();
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
        return ((PTXCompiledKernel)backend.Compile(entry, KernelSpecialization.Empty)).PTXAssembly;

        MethodInfo Method<T, R>() where T : unmanaged where R : struct, IReal<T> => GpuKernel<T>.For<R>(
            GpuShape.Of(problem, columns, GpuShape.HasEvenWeights(problem)), problem.Interaction.Coupling, GpuLaunch.BlockThreads)
            .Tiled.Method;
    }

    /// <summary>The device of this name, in a context for sums of this precision.</summary>
    /// <param name="name">As above.</param>
    /// <param name="precision">That of the kernels.</param>
    /// <param name="isTiled">True when kernels have thread blocks.</param>
    /// <param name="device">The device.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    internal static Context Open(string name, Precision precision, bool isTiled, out Device device)
    {
        string[] parts = name.Split(':');
        int number = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        Context context = Create(precision, builder => _ = parts[0] switch
        {
            Cuda => builder.Cuda(),
            OpenCl => builder.OpenCL(d => WhyNot(d) is null),
            _ => builder.CPU(SimulatedDevice),
        }, parts[0] == Simulator, isTiled);
        if (number < context.Devices.Length)
        {
            device = context.Devices[number];
            return context;
        }
        context.Dispose();
        throw new DeviceUnavailableException($"device '{name}' is not there any more; 'attentionflow devices' shows what is");
    }

    /// <summary>
    /// What a device does at most, for the length of launches: where it is not known, a guess on the low side. For the simulator so little
    /// that tests of small clouds have several launches.
    /// </summary>
    internal static DeviceRates LaunchRates(Device device)
    {
        if (device is CPUDevice) return new DeviceRates(1e7, 1e8, 2e8);
        if (device is CudaDevice cuda && Rates(cuda) is { } rates) return rates;
        double clocks = device.NumMultiprocessors * (device is CLDevice opencl ? Math.Max(opencl.ClockRate, 100) * 1e6 : 1e9);
        return new DeviceRates(4 * clocks, 16 * clocks, clocks);
    }

    /// <summary>An error of the driver, in this program's words.</summary>
    internal static Exception Translate(AcceleratorException error, string device)
    {
        string code = error switch { CudaException e => e.Error, CLException e => e.Error.ToString(), _ => "" };
        return code.Contains("MEMORY", StringComparison.Ordinal) || code.Contains("ALLOCATION", StringComparison.Ordinal)
            ? new DeviceUnavailableException(
                $"device '{device}' has too little memory free for this cloud ({code}); "
                + "use fewer tokens or replicas, or another device", error)
            : new DeviceFailedException(
                $"device '{device}' failed ({(code.Length > 0 ? code : error.Message)}); "
                + "look at the system's log and start the run again", error);
    }

    // Two threads: the fewest that ILGPU simulates a warp of. Blocks of tests have up to four.
    private static CPUDevice SimulatedDevice => new(numThreadsPerWarp: 2, numWarpsPerMultiprocessor: 2, numMultiprocessors: 1);

    private static Context Create(Precision precision, Action<Context.Builder> devices, bool isSimulated = false, bool isTiled = true) =>
        Context.Create(builder =>
    {
        builder.EnableAlgorithms();
        builder.Optimize(isSimulated ? OptimizationLevel.O0 : OptimizationLevel.O2);
        // The fast mode would turn doubles into floats.
        if (precision == Precision.Single) builder.Math(MathMode.Fast32BitOnly);
        devices(builder);
    });

    private static string? WhyNot(CLDevice device) =>
        WhyNot(device.CLStdVersion, device.Capabilities.GenericAddressSpace, device.VendorName);

    /// <summary>Why ILGPU can not use an OpenCL device, or null.</summary>
    /// <param name="version">Of its OpenCL C.</param>
    /// <param name="hasGenericAddressSpace">What NVIDIA's lacks.</param>
    /// <param name="vendor">Its vendor's name.</param>
    internal static string? WhyNot(CLCVersion version, bool hasGenericAddressSpace, string vendor) =>
        version >= CLBackend.MinimumVersion && hasGenericAddressSpace ? null
            : (version < CLBackend.MinimumVersion ? $"ILGPU needs OpenCL C 2.0, this is {version}"
                : "its OpenCL lacks the generic address space, which ILGPU needs")
            + (vendor.Contains("NVIDIA", StringComparison.OrdinalIgnoreCase) ? "; use the device \"cuda\"" : "");

    private static string Describe(CudaDevice d) => string.Create(CultureInfo.InvariantCulture,
        $"{d.Name}, {Memory(d)}, {d.NumMultiprocessors} multiprocessors, {d.Architecture}, "
        + $"driver for CUDA {d.DriverVersion.Major}.{d.DriverVersion.Minor}");

    private static string Describe(CLDevice d) => string.Create(CultureInfo.InvariantCulture,
        $"{d.Name}, {Kind(d.DeviceType)}{Memory(d)}, {d.NumMultiprocessors} compute units, {d.PlatformName}, {d.DeviceVersion}");

    /// <summary>What the user must know of an OpenCL device that is no GPU.</summary>
    internal static string Kind(CLDeviceType type) => type.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU) ? ""
        : type.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU) ? "a processor and not a GPU, " : "not a GPU, ";

    // Units of a multiprocessor by compute capability: CUDA C++ programming guide, throughput of native arithmetic instructions. ILGPU
    // gives the clock in MHz.
    private static DeviceRates? Rates(CudaDevice d)
    {
        if (d.Architecture is not { } architecture) return null;
        (int single, int @double) = (architecture.Major, architecture.Minor) switch
        {
            (6, 0) => (64, 32),
            ( <= 6, _) => (128, 4),
            (7, 0 or 2) => (64, 32),
            (7, _) => (64, 2),
            (8, 0) => (64, 32),
            (8, _) => (128, 2),
            (9, _) => (128, 64),
            _ => (128, 2),
        };
        double clocks = d.NumMultiprocessors * (d.ClockRate * 1e6);
        return new DeviceRates(16 * clocks, single * clocks, @double * clocks);
    }

    private static string Memory(Device d) => string.Create(CultureInfo.InvariantCulture, $"{d.MemorySize / (double)(1 << 30):F0} GiB");
}
