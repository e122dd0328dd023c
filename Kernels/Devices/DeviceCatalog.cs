using System.Globalization;
using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Fast;
using AttentionFlow.Kernels.Gpu;
using AttentionFlow.Kernels.Ranks;
using AttentionFlow.Kernels.Reference;

namespace AttentionFlow.Kernels.Devices;

/// <summary>What can evaluate pair sums here, what cannot, and why.</summary>
public static class DeviceCatalog
{
    private static readonly string[] Kinds = ["cpu", "reference", "cuda", "opencl", "ilgpu-cpu", Shared];

    private const string Shared = "mpi";

    private static readonly Lazy<IReadOnlyList<DeviceInfo>> Found = new(() =>
    [
        new("cpu", $"vectorised sums, {SimdSums.WidestVectorBits}-bit vectors, {Environment.ProcessorCount} processor(s)", null),
        new("reference", "scalar sums in double precision, one thread: the arbiter", null),
        .. GpuDevices.Find(),
        new(Shared, Mpi.Description, Mpi.WhyNot),
    ]);

    /// <summary>Bits of the vectors in which device <c>cpu</c> computes here: 128, 256 or 512.</summary>
    public static int WidestVectorBits => SimdSums.WidestVectorBits;

    /// <summary>Every device, available or not.</summary>
    public static IReadOnlyList<DeviceInfo> All => Found.Value;

    /// <summary>Opens a device.</summary>
    /// <param name="name">A name of <see cref="All"/>; <c>cuda</c> and <c>opencl</c> stand for the first of their kind, <c>cuda:0,1</c> for
    /// two that share the rows, <c>mpi</c> and <c>mpi:NAME</c> for the processes of an MPI launcher that share them, each with its device
    /// cpu or NAME; <c>mpi:cuda</c> gives each on a machine another GPU. After the last sum of these a process calls <see cref="Mpi.End"/>.
    /// </param>
    /// <param name="precision">Arithmetic of the pair sums; the reference knows double only.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="summation">Direct, fast or auto; only the device cpu sums in another way than directly.</param>
    /// <param name="tolerance">For sums that are not direct: error allowed relative to Z_i.</param>
    /// <exception cref="DeviceUnavailableException">When there is no such device here.</exception>
    public static IPairSums Open(
        string name, Precision precision, int threads, Summation summation = Summation.Direct, double tolerance = 1e-10)
    {
        if (!IsShared(name)) return OpenHere(name, precision, threads, summation, tolerance, null);
        Team team = Mpi.Join();
        return new RankSums(name, team, OpenHere(OnRank(name), precision, threads, summation, tolerance, team));
    }

    /// <summary>Whether ranks share the rows of this device.</summary>
    public static bool IsShared(string name) => name.Split(':')[0] == Shared;

    /// <summary>The device that sums on this rank, for one that is shared; else the device itself.</summary>
    internal static string OnRank(string name)
    {
        if (!IsShared(name)) return name;
        string inner = name == Shared ? "cpu" : name[(Shared.Length + 1)..];
        int cards = inner is "cuda" or "opencl" ? All.Count(d => d.WhyNot is null && d.Name.Split(':')[0] == inner) : 0;
        return cards == 0 ? inner : $"{inner}:{MpiLaunch.LocalRank % cards}";
    }

    private static IPairSums OpenHere(string name, Precision precision, int threads, Summation summation, double tolerance, Team? team)
    {
        if (name == "cpu")
            return summation == Summation.Direct ? new SimdSums(precision, threads)
                : new FastSums(summation, tolerance, precision, threads, team);
        string kind = name.Split(':')[0];
        if (!Kinds.Contains(kind) || kind == Shared || (name != kind && kind is not ("cuda" or "opencl")))
            throw new DeviceUnavailableException(
                $"device '{name}' is not known; known: auto, {string.Join(", ", Kinds)}; "
                + "'cuda:1' is the second of its kind, 'cuda:0,1' both");
        if (new Choice(name, summation).WhyNot is { } unfit) throw new DeviceUnavailableException(unfit);
        if (name == "reference")
            return precision == Precision.Double ? new ReferenceSums()
                : throw new DeviceUnavailableException("device 'reference' sums in double precision only; use --precision double");
        string[] parts = Parts(name, kind);
        foreach (string part in parts)
            if (WhyNot(part, kind) is { } why)
                throw new DeviceUnavailableException($"device '{(parts.Length == 1 ? name : part)}' is not available: {why}");
        if (parts.Length == 1) return GpuDevices.Open(parts[0], precision, threads);
        return SplitSums.Open(name, parts, part => GpuDevices.Open(part, precision, Math.Max(1, threads / parts.Length)));
    }

    // cuda:0,1 is cuda:0 and cuda:1.
    private static string[] Parts(string name, string kind)
    {
        if (kind == "ilgpu-cpu") return [name];
        string[] numbers = name == kind ? ["0"] : name[(kind.Length + 1)..].Split(',');
        if (numbers.Distinct().Count() == numbers.Length
            && numbers.All(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            return [.. numbers.Select(n => $"{kind}:{n}")];
        throw new DeviceUnavailableException($"device '{name}' is not known; give the numbers of different devices, like {kind}:0,1");
    }

    private static string? WhyNot(string name, string kind)
    {
        if (All.FirstOrDefault(d => d.Name == name) is { } device) return device.WhyNot;
        DeviceInfo[] others = [.. All.Where(d => d.Name.Split(':')[0] == kind)];
        string[] here = [.. others.Where(d => d.WhyNot is null).Select(d => d.Name)];
        return here.Length == 0 ? others[0].WhyNot : $"there is {string.Join(", ", here)}";
    }
}
