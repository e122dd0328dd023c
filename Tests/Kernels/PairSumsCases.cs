using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Tests.Kernels;

/// <summary>An implementation under test.</summary>
/// <param name="Name">As it appears in a test's name.</param>
/// <param name="Precision">Its arithmetic.</param>
/// <param name="Create">Makes one.</param>
public sealed record PairSumsCase(string Name, Precision Precision, Func<IPairSums> Create)
{
    /// <summary>Largest relative error of one rounding.</summary>
    public double Unit => Precision == Precision.Single ? Math.Pow(2, -24) : Math.Pow(2, -53);

    /// <summary>True for the simulator of a GPU, which is slow.</summary>
    public bool IsSimulated => Name.StartsWith("ilgpu-cpu", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A rank without others.</summary>
internal sealed class OneRank : ICommunicator
{
    public int Rank => 0;
    public int Size => 1;
    public void AllGather(double[] numbers, ReadOnlySpan<int> starts) { }
}

/// <summary>Every implementation that is held against <see cref="ReferenceSums"/>, on every device that is here; <see cref="DeviceTests"/> says which are not.</summary>
public static class PairSumsCases
{
    public static IEnumerable<PairSumsCase> All =>
    [
        .. from precision in Enum.GetValues<Precision>()
           from bits in (int[])[128, 256, 512]
           select new PairSumsCase($"cpu {precision} {bits}", precision, () => new SimdSums(precision, 2, bits)),
        .. from precision in Enum.GetValues<Precision>()
           from device in DeviceCatalog.All
           where device.WhyNot is null && device.Name is not ("cpu" or "reference")
           select new PairSumsCase($"{device.Name} {precision}", precision, () => DeviceCatalog.Open(device.Name, precision, 2)),
    ];

    /// <summary>These, and those that know some problems alone or have other errors: their plans are held against what they do.</summary>
    public static IEnumerable<PairSumsCase> WithPlans =>
    [
        .. All,
        new("reference", Precision.Double, () => new ReferenceSums()),
        new("hardmax", Precision.Double, () => new HardmaxSums(1)),
        new("harmonic", Precision.Double, () => new HarmonicSums(1e-6, 1)),
        new("coalesced", Precision.Single, () => new CoalescedSums(1e-4, Precision.Single, 2)),
        .. from summation in (Summation[])[Summation.Auto, Summation.Fast, Summation.Coalesced]
           select new PairSumsCase($"cpu {summation}", Precision.Double, () => new FastSums(summation, 1e-8, Precision.Double, 1)),
        new("split", Precision.Double, () => SplitSums.Open("split", ["0", "1"], _ => new SimdSums(Precision.Double, 1))),
        new("ranks", Precision.Double, () => new RankSums("ranks", new Team(new OneRank()), new SimdSums(Precision.Double, 1))),
    ];

    /// <summary>Those that ILGPU compiles, and on the simulator also the kernels that GPUs run, which are slow there because of their barriers.</summary>
    public static IEnumerable<PairSumsCase> Gpus =>
    [
        .. All.Where(c => !c.Name.StartsWith("cpu", StringComparison.Ordinal)),
        .. from precision in Enum.GetValues<Precision>()
           select new PairSumsCase($"ilgpu-cpu tiled {precision}", precision, () => GpuDevices.OpenTiled(precision, 4)),
    ];
}
