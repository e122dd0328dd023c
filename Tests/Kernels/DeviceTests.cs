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
        // Four points in turn, at 0, 90, 180 and 270 degrees: Z = e^{-beta} (e^beta + 2 + e^{-beta})/4, F = (1 - e^{-2 beta})/4 along x less Z x.
        double[] x = new double[2 * n], weights = new double[n];
        for (int i = 0; i < n; i++) (x[2 * i + (i & 1)], weights[i]) = ((i & 2) == 0 ? 1 : -1, 1.0 / n);
        PairProblem problem = PairProblem.Self(1, n, 2, new Interaction(1), x, weights, new double[n]);
        Assert.That(problem.Pairs, Is.GreaterThan(1L << 31));
        using IPairSums sums = DeviceCatalog.Open("ilgpu-cpu", Precision.Single, 2);
        RowSums into = new RowSums(n, 2, RowColumns.Force);
        foreach (int row in (int[])[0, n - 1])
        {
            sums.Sum(sums.Plan(problem, into.Columns), row..(row + 1), into, CancellationToken.None);
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
        int many = (int)Math.Sqrt(Choice.GpuPairs);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Choose("auto", Summation.Auto, 8, 100), Is.EqualTo(new Choice("cpu", Summation.Direct)));
        Assert.That(Choose("auto", Summation.Auto, 8, many), Is.EqualTo(new Choice(large, large == "cpu" ? Summation.Coalesced : Summation.Direct)));
        Assert.That(Choose("auto", Summation.Auto, 8, many, tangential: false), Is.EqualTo(new Choice(large, Summation.Direct)));
        Assert.That(Choose("auto", Summation.Auto, 3, many), Is.EqualTo(new Choice("cpu", Summation.Fast)));
        Assert.That(Choose("auto", Summation.Fast, 8, many), Is.EqualTo(new Choice("cpu", Summation.Fast)));
        Assert.That(Choose("cpu", Summation.Auto, 8, many), Is.EqualTo(new Choice("cpu", Summation.Coalesced)));
        Assert.That(Choose("ilgpu-cpu", Summation.Auto, 3, 100), Is.EqualTo(new Choice("ilgpu-cpu", Summation.Direct)));
        Assert.That(Choose("reference", Summation.Fast, 3, 100).WhyNot, Is.EqualTo("\"fast\" is for the device \"cpu\", not \"reference\"; use \"direct\" or \"auto\""));
        static Choice Choose(string device, Summation summation, int d, int n, bool tangential = true) => new Choice(device, summation)
            .Resolve(Problems.Self(1, 1, n, d, new Interaction(1), evenWeights: true), tangential ? RowColumns.Force : null, Precision.Double, 1e-10, 1e-7).Choice;
    }

    [Test]
    public void AutoTakesNoOpenClDevice()
    {
        DeviceInfo[] devices = [new("cpu", "", null), new("cuda", "", "no driver"), new("opencl:0", "a processor", null), new("ilgpu-cpu", "", null)];
        Assert.That(Choice.Gpu(devices), Is.Null);
        Assert.That(Choice.Gpu([.. devices, new("cuda:1", "", null)]), Is.EqualTo("cuda:1"));
    }

    [TestCaseSource(nameof(Kinds))]
    public void IsHere(string kind, string? why)
    {
        if (why is null) return;
        if (Required.Contains(kind)) Assert.Fail(why);
        Assert.Ignore(why);
    }
}
