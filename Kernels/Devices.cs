namespace AttentionFlow.Kernels;

/// <summary>A device of this catalogue.</summary>
/// <param name="Name">What <c>--device</c> takes.</param>
/// <param name="Description">What it is, here.</param>
/// <param name="WhyNot">Null when it is available, else one sentence.</param>
public sealed record DeviceInfo(string Name, string Description, string? WhyNot);

/// <summary>A device was asked for that is not available here.</summary>
public sealed class DeviceUnavailableException(string message) : Exception(message);

/// <summary>What can evaluate pair sums here, what cannot, and why.</summary>
public static class Devices
{
    private const string NoGpu = "this version has no GPU backend yet";

    /// <summary>Every device, available or not.</summary>
    public static IReadOnlyList<DeviceInfo> All { get; } =
    [
        new("cpu", $"vectorised sums, {SimdSums.WidestVectorBits}-bit vectors, {Environment.ProcessorCount} processor(s)", null),
        new("reference", "scalar sums in double precision, one thread: the arbiter", null),
        new("cuda", "NVIDIA GPUs", NoGpu),
        new("opencl", "OpenCL GPUs", NoGpu),
        new("ilgpu-cpu", "ILGPU's simulator of a GPU", NoGpu),
    ];

    /// <summary>The name <c>auto</c> stands for: never a matter of timings.</summary>
    public static string Resolve(string name) => name == "auto" ? "cpu" : name;

    /// <summary>Opens a device.</summary>
    /// <param name="name">A name of <see cref="All"/>.</param>
    /// <param name="precision">Arithmetic of the pair sums; the reference knows double only.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="summation">Direct, fast or auto; the reference sums directly.</param>
    /// <param name="tolerance">For sums that are not direct: error allowed relative to Z_i.</param>
    /// <exception cref="DeviceUnavailableException">When there is no such device here.</exception>
    public static IPairSums Open(string name, Precision precision, int threads, Summation summation = Summation.Direct, double tolerance = 1e-10)
    {
        DeviceInfo device = All.FirstOrDefault(d => d.Name == name)
            ?? throw new DeviceUnavailableException($"device '{name}' is not known; known: auto, {string.Join(", ", All.Select(d => d.Name))}");
        if (device.WhyNot is { } why) throw new DeviceUnavailableException($"device '{name}' is not available: {why}");
        if (name == "cpu") return summation == Summation.Direct ? new SimdSums(precision, threads) : new FastSums(summation, tolerance, precision, threads);
        if (summation == Summation.Fast) throw new DeviceUnavailableException("device 'reference' sums directly; use --set summation=direct or device cpu");
        return precision == Precision.Double ? new ReferenceSums()
            : throw new DeviceUnavailableException("device 'reference' sums in double precision only; use --precision double");
    }
}
