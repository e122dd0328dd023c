using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Gpu;
using AttentionFlow.Kernels.Model;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Writes the kernels of the table in docs/performance.md as PTX, for ptxas and cuobjdump. Run by name; the folder is out/ptx.</summary>
[Explicit("Writes files.")]
public sealed class PtxFiles
{
    [Test]
    public void Write()
    {
        string folder = Path.Combine(Docs.Repository.Root, "out", "ptx");
        Directory.CreateDirectory(folder);
        foreach (Precision precision in Enum.GetValues<Precision>())
        {
            foreach (int d in (int[])[2, 3, 4, 8, 16, 64]) Put($"d{d}", Problems.Self(1, 1, 8, d, new Interaction(1), evenWeights: true));
            foreach (Coupling coupling in Problems.Couplings) Put($"d3-{coupling.Name}", Problems.Self(1, 1, 8, 3, new Interaction(1) { Coupling = coupling }));
            PairProblem p = Problems.Self(1, 1, 8, 3, new Interaction(1), evenWeights: true);
            Put("d3-general", PairProblem.General(1, 8, 8, 3, p.Interaction, p.Q, p.K, [.. p.K], null, p.Weights, p.QueryLabels, p.KeyLabels));
            Put("d3-causal", Problems.Self(1, 1, 8, 3, new Interaction(1) { Mask = Mask.Causal }, evenWeights: true));

            void Put(string name, PairProblem problem) =>
                File.WriteAllText(Path.Combine(folder, $"{name}-{precision.ToString().ToLowerInvariant()}.ptx"), GpuDevices.Ptx(problem, RowColumns.Force, precision, 90));
        }
        TestContext.Out.WriteLine(folder);
    }
}
