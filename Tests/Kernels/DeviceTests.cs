using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Kernels.Model;
using NUnit.Framework;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Which devices the other tests see. <c>ATTENTIONFLOW_REQUIRE=ilgpu-cpu,cuda</c> names kinds whose absence is a failure.</summary>
public sealed class DeviceTests
{
    private static readonly string[] Required =
        (Environment.GetEnvironmentVariable("ATTENTIONFLOW_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Named by the reason: a summary of skipped tests shows names.
    private static IEnumerable<TestCaseData> Kinds() =>
        from kind in (string[])["ilgpu-cpu", "cuda", "opencl"]
        let here = DeviceCatalog.All.Any(d => d.WhyNot is null && d.Name.Split(':')[0] == kind)
        let why = here ? null : DeviceCatalog.All.First(d => d.Name == kind).WhyNot
        select new TestCaseData(kind, why).SetName(here ? $"{kind} is tested" : $"no {kind} in these tests: {why}");

    // 10^14 pairs, of which two rows are asked for, in the first and the last split of 10^7 keys: no index and no sum of single numbers may break.
    [Test]
    public void TenMillionKeys()
    {
        const int n = 10_000_000;
        if (DeviceCatalog.All.First(d => d.Name == "ilgpu-cpu").WhyNot is { } why) Assert.Ignore(why);
        // Four points in turn, at 0, 90, 180 and 270 degrees: Z = e^{-beta} (e^beta + 2 + e^{-beta})/4, F = (1 - e^{-2 beta})/4 along x less Z x.
        double[] x = new double[2 * n], weights = new double[n];
        for (int i = 0; i < n; i++) (x[2 * i + (i & 1)], weights[i]) = ((i & 2) == 0 ? 1 : -1, 1.0 / n);
        var problem = PairProblem.Self(1, n, 2, new Interaction(1), x, weights, new double[n]);
        Assert.That(problem.Pairs, Is.GreaterThan(1L << 31));
        using IPairSums sums = DeviceCatalog.Open("ilgpu-cpu", Precision.Single, 2);
        var into = new RowSums(n, 2, RowColumns.Force);
        foreach (int row in (int[])[0, n - 1])
        {
            sums.Sum(problem, row..(row + 1), into, CancellationToken.None);
            double exact = (1 + 2 * Math.Exp(-1) + Math.Exp(-2)) / 4, along = (1 - Math.Exp(-2)) / 4 - exact;
            int axis = 2 * row + (row & 1);
            // Single numbers add up 512 keys, no more.
            double bound = 512 * Math.Pow(2, -24);
            Assert.That(into.Z[row], Is.EqualTo(exact).Within(bound));
            Assert.That(into.Force[axis] * x[axis], Is.EqualTo(along).Within(bound));
            Assert.That(into.Force[axis ^ 1], Is.Zero.Within(bound));
        }
    }

    [Test]
    public void EveryCouplingIsTested() =>
        Assert.That(Problems.Couplings.Select(c => c.GetType()), Is.EquivalentTo(typeof(Coupling).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Coupling)))));

    [Test]
    public void AutoIsAFunctionOfTheProblemAndTheDevices()
    {
        string large = DeviceCatalog.All.Any(d => d is { Name: "cuda:0", WhyNot: null }) ? "cuda:0" : "cpu";
        Assert.Multiple(() =>
        {
            Assert.That(DeviceCatalog.Resolve("auto", 1000), Is.EqualTo("cpu"));
            Assert.That(DeviceCatalog.Resolve("auto", DeviceCatalog.GpuPairs), Is.EqualTo(large));
            Assert.That(DeviceCatalog.Resolve("ilgpu-cpu", 1000), Is.EqualTo("ilgpu-cpu"));
        });
    }

    [TestCaseSource(nameof(Kinds))]
    public void IsHere(string kind, string? why)
    {
        if (why is null) return;
        if (Required.Contains(kind)) Assert.Fail(why);
        Assert.Ignore(why);
    }
}
