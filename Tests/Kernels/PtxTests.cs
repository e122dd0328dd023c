using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The code for NVIDIA GPUs, without one: the hardware's exponential, everything in registers, nothing called.</summary>
public sealed class PtxTests
{
    private static readonly int[] Dimensions = [2, 3, 4, 8, 16, 20, 40, 70];

    [Test]
    public void EveryDimensionStaysInRegisters([ValueSource(nameof(Dimensions))] int d) =>
        Check(Problems.Self(1, 1, 8, d, new Interaction(1), evenWeights: true), RowColumns.Force, Precision.Single, 90);

    [Test]
    public void OlderDevicesGetTheSame([Values(75, 80)] int capability) =>
        Check(Problems.Self(1, 1, 8, 3, new Interaction(1), evenWeights: true), RowColumns.Force, Precision.Single, capability);

    [Test]
    public void EveryCouplingStaysInRegisters([Range(0, 3)] int coupling, [Values] Precision precision) =>
        Check(Problems.Self(1, 1, 8, 3, new Interaction(1) { Coupling = Problems.Couplings[coupling] }), RowColumns.Force, precision, 80);

    // Tokens that lie together: forces of differences. The kernels of 40 and 70 differ in where forces are kept.
    [TestCase(20, Precision.Single), TestCase(70, Precision.Single), TestCase(20, Precision.Double), TestCase(40, Precision.Double)]
    public void DifferencesStayInRegisters(int d, Precision precision)
    {
        PairProblem p = Problems.Self(1, 1, 1, d, new Interaction(1), evenWeights: true);
        double[] x = [.. Enumerable.Repeat(p.K, 8).SelectMany(k => k)];
        Check(PairProblem.Self(1, 8, d, p.Interaction, x, new double[8], new double[8]), RowColumns.Force, precision, 90);
    }

    // Large spread clouds: products, the norms of four keys in one load.
    [Test]
    public void ProductsStayInRegisters([Values(2, 3)] int d, [Values] Precision precision)
    {
        PairProblem p = Problems.Self(1, 1, 65536, d, new Interaction(1) { Coupling = new DistanceCoupling(0.2), Mask = Mask.Causal });
        Assert.That(GpuSpread.AllowsProducts(p));
        Check(p, d == 2 ? RowColumns.Force | RowColumns.Largest | RowColumns.CouplingLog : RowColumns.Force, precision, 80);
    }

    [Test]
    public void MasksColumnsAndTheGeneralFormStayInRegisters([Values] bool general, [Values(3, 16, 70)] int d, [Values] Precision precision)
    {
        PairProblem p = Problems.Self(1, 1, 8, d, new Interaction(1) { Mask = Mask.Causal });
        if (general) p = PairProblem.General(1, 8, 8, d, p.Interaction, p.Q, p.K, [.. p.K], null, p.Weights, p.QueryLabels, p.KeyLabels);
        Check(p, RowColumns.Force | RowColumns.Largest | RowColumns.CouplingLog, precision, 80);
    }

    private static void Check(PairProblem problem, RowColumns columns, Precision precision, int capability)
    {
        string ptx = GpuDevices.Ptx(problem, columns, precision, capability);
        Has(".visible .entry");
        // An array or a struct in memory; a function that was not inlined.
        HasNo(".local");
        HasNo("call.uni");
        HasNo("call (");
        if (precision == Precision.Single)
        {
            Has("ex2.approx.ftz.f32");
            HasNo(".f64");
        }
        else
        {
            HasNo("ex2.");
        }
        // Points of four numbers and more come in one instruction of four; barriers are around a tile.
        if (problem.Dimension > 2 && precision == Precision.Single) Has("ld.shared.v4.f32");
        Has("bar.sync");

        // Not the whole text in the message.
        void Has(string part) => Assert.That(ptx.Contains(part, StringComparison.Ordinal), $"no {part}");
        void HasNo(string part) => Assert.That(!ptx.Contains(part, StringComparison.Ordinal), $"{part} at {ptx.IndexOf(part, StringComparison.Ordinal)}");
    }
}
