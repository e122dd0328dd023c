using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>
/// The GPU kernels of the table in docs/performance.md as PTX of compute capability 9.0, for ptxas and cuobjdump; no GPU is needed.
/// </summary>
internal static class PtxFiles
{
    /// <summary>Writes a file for each kernel and precision; gives the paths.</summary>
    public static IEnumerable<string> Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (Precision precision in Enum.GetValues<Precision>())
            foreach ((string name, PairProblem problem) in Problems())
            {
                string path = Path.Combine(folder, $"{name}-{precision.ToString().ToLowerInvariant()}.ptx");
                File.WriteAllText(path, GpuDevices.Ptx(problem, RowColumns.Force, precision, 90));
                yield return path;
            }
    }

    private static IEnumerable<(string Name, PairProblem Problem)> Problems()
    {
        foreach (int d in (int[])[2, 3, 4, 8, 16, 32, 64, 384]) yield return ($"d{d}", Self(d, new Interaction(1)));
        foreach (Coupling coupling in (Coupling[])[new DistanceCoupling(0.2), new ToeplitzCoupling(0.1, 1, -0.5), new BlockCoupling(-0.3)])
            yield return ($"d3-{coupling.Name}", Self(3, new Interaction(1) { Coupling = coupling }));
        foreach (int d in (int[])[2, 3]) yield return ($"d{d}-products", Cloud(d));
        yield return ("d3-weights", Self(3, new Interaction(1), 0.5));
        yield return ("d3-causal", Self(3, new Interaction(1) { Mask = Mask.Causal }));
        PairProblem p = Self(3, new Interaction(1));
        yield return ("d3-general", PairProblem.General(1, 2, 2, 3, p.Interaction, p.Q, p.K, [.. p.K], null, p.Weights, p.QueryLabels,
            p.KeyLabels));
    }

    // Two antipodes: the code depends on shapes, and on whether weights are equal.
    private static PairProblem Self(int d, Interaction interaction, double weight = 1)
    {
        double[] x = new double[2 * d];
        (x[0], x[d]) = (1, -1);
        return PairProblem.Self(1, 2, d, interaction, x, [weight, 1], [0, 1]);
    }

    // A large spread cloud.
    private static PairProblem Cloud(int d)
    {
        const int n = 1 << 16;
        Random random = new(1);
        double[] x = new double[n * d], weights = new double[n];
        foreach (ref double each in x.AsSpan()) each = random.NextDouble();
        weights.AsSpan().Fill(1);
        return PairProblem.Self(1, n, d, new Interaction(1), x, weights, new double[n]);
    }
}
