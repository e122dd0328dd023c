using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Fast;
using AttentionFlow.Kernels.Reference;

namespace AttentionFlow.Kernels.Devices;

/// <summary>A device and a way of summing, as they are asked for or, without <c>auto</c>, as they are used.</summary>
/// <param name="Device">What <see cref="DeviceCatalog.Open"/> takes, or <c>auto</c>.</param>
/// <param name="Summation">How pairs are summed.</param>
public sealed record Choice(string Device, Summation Summation)
{
    /// <summary>
    /// From so many ordered pairs an evaluation on, <c>auto</c> takes a GPU: below, launching and copying cost more than the sums.
    /// </summary>
    public const long GpuPairs = 1 << 24;

    /// <summary>Null when the device sums in this way, else one sentence.</summary>
    public string? WhyNot => Device is "cpu" or "auto" || !IsForCpu ? null
        : $"\"{Summation.ToString().ToLowerInvariant()}\" is for the device \"cpu\", not \"{Device}\"; use \"direct\" or \"auto\"";

    private bool IsForCpu => Summation is Summation.Fast or Summation.Coalesced;

    /// <summary>
    /// What auto stands for: a function of sizes, interaction, signs of weights, precision, tolerance and the devices here, never of
    /// timings. Harmonic sums, linear in n, come before any GPU.
    /// </summary>
    /// <param name="problem">The tokens.</param>
    /// <param name="tangential">Whether forces along the sphere serve, as harmonic sums give them, and sums over cells promise
    /// them.</param>
    /// <param name="precision">Of the pairs.</param>
    /// <param name="tolerance">For sums that are not direct.</param>
    public Choice Resolve(PairProblem problem, bool tangential, Precision precision, double tolerance)
    {
        SumMethod method = Summation == Summation.Auto && tangential
            ? FastPlan.For(Summation, tolerance, precision, problem, RowColumns.Force).Method : SumMethod.Direct;
        bool cpu = IsForCpu || method == SumMethod.Harmonic || problem.Pairs < GpuPairs;
        string device = Device != "auto" ? Device : (cpu ? null : Gpu()) ?? "cpu";
        if (IsForCpu) return this with { Device = device };
        return new(device, device != "cpu" ? Summation.Direct : method switch
        {
            SumMethod.Harmonic => Summation.Fast,
            SumMethod.Coalesced => Summation.Coalesced,
            _ => Summation.Direct,
        });
    }

    /// <summary>What sums pairs of tokens under a normalisation: the given sums, or those of hardmax.</summary>
    public static IPairSums SumsUnder(Normalization normalization, IPairSums given, int threads) =>
        normalization.IsHard ? new HardmaxSums(threads) : given;

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

    private static string? Gpu() =>
        DeviceCatalog.All.FirstOrDefault(d => d.WhyNot is null && d.Name.StartsWith("cuda", StringComparison.Ordinal))?.Name;
}
