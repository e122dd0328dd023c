using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Fast;
using AttentionFlow.Kernels.Ranks;
using AttentionFlow.Kernels.Reference;

namespace AttentionFlow.Kernels.Devices;

/// <summary>A device and a way of summing, as they are asked for or, without <c>auto</c>, as they are used.</summary>
/// <param name="Device">What <see cref="DeviceCatalog.Open"/> takes, or <c>auto</c>.</param>
/// <param name="Summation">How pairs are summed.</param>
public sealed record Choice(string Device, Summation Summation)
{
    /// <summary>
    /// From so many ordered pairs an evaluation on, <c>auto</c> takes a GPU. Expected, not measured: 100 replicas of 410 tokens take an
    /// H200 0.3 ms in all, of which kernels 0.05, and 16 processor cores at their best as long in single and twice as long in double
    /// precision; below, launching and copying cost more than the sums, and the two seconds of the first evaluation are earned back late.
    /// </summary>
    public const long GpuPairs = 1 << 24;

    /// <summary>Null when the device sums in this way, else one sentence.</summary>
    public string? WhyNot => Device == "auto" || IsCpu(Device) || !IsForCpu ? null
        : $"\"{Summation.ToString().ToLowerInvariant()}\" is for the device \"cpu\", not \"{Device}\"; use \"direct\" or \"auto\"";

    private static bool IsCpu(string device) => DeviceCatalog.OnRank(device) == "cpu";

    private bool IsForCpu => Summation is Summation.Fast or Summation.Coalesced;

    /// <summary>
    /// What auto stands for, and the tolerance of its sums: a function of sizes, interaction, signs of weights, precision, tolerance,
    /// budget and the devices here, never of timings. Harmonic sums, linear in n, come before any GPU.
    /// </summary>
    /// <param name="problem">The tokens.</param>
    /// <param name="columns">What a drift asks of the self form; null where it needs another.</param>
    /// <param name="precision">Of the pairs.</param>
    /// <param name="tolerance">For sums that are not direct.</param>
    /// <param name="budget">The error relative to Z_i that the run can bear all along: harmonic sums keep it too. Errors of coalesced sums
    /// are relative to every pull, however long the run.</param>
    public (Choice Choice, double Tolerance) Resolve(
        PairProblem problem, RowColumns? columns, Precision precision, double tolerance, double budget)
    {
        double tighter = Math.Min(tolerance, budget);
        SumMethod method = SumMethod.Direct;
        if (Summation == Summation.Auto && columns is { } asked)
        {
            method = FastPlan.For(Summation.Auto, tighter, precision, problem, asked).Method;
            if (method != SumMethod.Harmonic) method = FastPlan.For(Summation.Coalesced, tolerance, precision, problem, asked).Method;
        }
        bool cpu = IsForCpu || method == SumMethod.Harmonic || problem.Interaction.Profile.IsGeneral || problem.Pairs < GpuPairs;
        string device = Device != "auto" ? Device : (cpu ? null : Gpu(DeviceCatalog.All)) ?? "cpu";
        if (IsForCpu) return (this with { Device = device }, tolerance);
        return (IsCpu(device) ? method : SumMethod.Direct) switch
        {
            SumMethod.Harmonic => (new(device, Summation.Fast), tighter),
            SumMethod.Coalesced => (new(device, Summation.Coalesced), tolerance),
            _ => (new(device, Summation.Direct), tolerance),
        };
    }

    /// <summary>What sums pairs of tokens under a normalisation: the given sums, or those of hardmax.</summary>
    public static IPairSums SumsUnder(Normalization normalization, IPairSums given, int threads) =>
        !normalization.IsHard ? given : given is RankSums shared ? shared.With(new HardmaxSums(threads)) : new HardmaxSums(threads);

    /// <summary>sum_j w_j b_ij of every row of a self form, over the keys that it sees.</summary>
    public static double[] Biases(PairProblem tokens, int threads)
    {
        Interaction interaction = tokens.Interaction with { Profile = Profile.Linear };
        // The weights sum to 1: with coupling 1 and all pairs there is nothing to sum.
        if (interaction.Coupling.IsOne && interaction.Mask == Mask.None) return [.. Enumerable.Repeat(1.0, tokens.Rows)];
        // Once, and not on the flow's device, which may know no linear profile.
        using IPairSums sums = new SimdSums(Precision.Double, threads);
        return sums.Sum(PairProblem.Self(tokens.Replicas, tokens.Keys, tokens.Dimension, interaction, tokens.Q, tokens.Weights,
            tokens.KeyLabels), RowColumns.Force).Z;
    }

    /// <summary>The GPU that <c>auto</c> may take: NVIDIA's first, since what OpenCL offers may be a processor.</summary>
    internal static string? Gpu(IEnumerable<DeviceInfo> devices) =>
        devices.FirstOrDefault(d => d.WhyNot is null && d.Name.StartsWith("cuda", StringComparison.Ordinal))?.Name;
}
