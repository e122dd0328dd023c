using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Harmonic;
using AttentionFlow.Kernels.Reference;

namespace AttentionFlow.Experiments.Benchmark;

/// <param name="Tokens">The n of a dimension, rising.</param>
/// <param name="LargestReference">The reference is measured up to this n.</param>
/// <param name="PeerWork">Peers are measured at the largest n with n^2 d at most this; null for no peers.</param>
/// <param name="GpuTokens">Further n of a dimension for GPUs alone.</param>
internal sealed record BenchGrid(
    IReadOnlyList<int> Dimensions, Func<int, IReadOnlyList<int>> Tokens, int LargestReference, long? PeerWork,
    Func<int, IReadOnlyList<int>> GpuTokens)
{
    /// <summary>What <c>bench --scaling</c> takes.</summary>
    public static BenchGrid Scaling { get; } =
        new([2, 3], _ => [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000], LargestReference: 0, PeerWork: null, _ => []);

    public static BenchGrid Usual(bool peers) => new([2, 3, 8, 16, 32, 64, 128, 384],
        d => d < 32 ? [256, 512, 2048, 16_384, 65_536] : [256, 512, 2048, 4096], LargestReference: 512,
        peers ? 1_000_000_000 : null, d => d < 32 ? [1 << 18, 1 << 20] : [1 << 14, 1 << 16]);
}

/// <summary>One of this project's implementations.</summary>
/// <param name="Name">cpu, harmonic, reference, or a GPU's name.</param>
internal sealed record BenchCase(string Name, Precision Precision, double? Tolerance, Func<int, IPairSums> Open)
{
    /// <summary>The tolerances that harmonic sums are measured with.</summary>
    public const double Loose = 1e-6, Tight = 1e-10;

    public static IReadOnlyList<BenchCase> All { get; } =
    [
        new("cpu", Precision.Single, null, threads => new SimdSums(Precision.Single, threads)),
        new("cpu", Precision.Double, null, threads => new SimdSums(Precision.Double, threads)),
        new("harmonic", Precision.Double, Loose, threads => new HarmonicSums(Loose, threads)),
        new("harmonic", Precision.Double, Tight, threads => new HarmonicSums(Tight, threads)),
        new("reference", Precision.Double, null, _ => new ReferenceSums()),
    ];

    /// <summary>Every GPU that is here, in both precisions where it has both.</summary>
    public static IReadOnlyList<BenchCase> Gpus { get; } =
    [
        .. from device in DeviceCatalog.All
           where device.WhyNot is null && device.Name is not ("cpu" or "reference" or "ilgpu-cpu" or "mpi")
           from precision in (Precision[])[Precision.Single, Precision.Double]
           select new BenchCase(device.Name, precision, null, threads => DeviceCatalog.Open(device.Name, precision, threads)),
    ];

    /// <summary>True when its time grows like n^2.</summary>
    public bool IsDirect => Tolerance is null;

    /// <summary>True when it knows one thread only.</summary>
    public bool IsSerial => Name == "reference";
}
