using AttentionFlow.Experiments.Benchmark;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Figures;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Experiments;

/// <summary><c>bench</c> on tiny grids. No time is asserted.</summary>
[NonParallelizable]
public class BenchTests
{
    private static readonly TimeBudget Short = new(0.001, 0.001, 1);
    private static readonly BenchGrid Small = new([2, 3, 8], _ => [64, 256], LargestReference: 64, PeerWork: null, GpuTokens: _ => [512]);

    // 1.5: a ceiling measured for a millisecond on a busy machine may be low, and some processors add beside multiplying.
    [Test]
    public void EveryImplementationHasRatesSharesAndErrorsWithinTheirBounds()
    {
        (int code, JsonElement json) = Json(Small, threads: 2);
        Assert.That(code, Is.EqualTo(ExitCodes.Done));
        Assert.That(json.GetProperty("machine").EnumerateObject().Select(p => p.Name),
            Is.EqualTo(new[] { "architecture", "vectorBits", "processors", "threads", "runtime", "version", "date" }));
        foreach (JsonElement ceiling in json.GetProperty("ceilings").EnumerateArray().Some()) Positive(ceiling.GetProperty("slotsPerSecond"));
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        // d = 2, 3: two direct and two harmonic sums; d = 8: two direct; each for two n on one and two threads. The reference once for each d.
        Assert.That(rows, Has.Length.EqualTo(2 * (4 + 4 + 2) * 2 + 3));
        foreach (JsonElement row in rows)
        {
            Positive(row.GetProperty("seconds"));
            Positive(row.GetProperty("pairsPerSecond"));
            bool harmonic = row.GetProperty("implementation").GetString() == "harmonic";
            if (harmonic) Positive(row.GetProperty("nanosecondsPerToken"));
            else Assert.That(row.GetProperty("share").GetDouble(), Is.GreaterThan(0).And.AtMost(1.5));
            Assert.That(row.GetProperty("error").GetDouble(), Is.AtMost(row.GetProperty("errorBound").GetDouble()), row.GetRawText());
        }
    }

    [Test]
    public void TheCostModelIsHeldAgainstTheClock()
    {
        (_, JsonElement json) = Json(Small, threads: 1);
        JsonElement[] choices = [.. json.GetProperty("choices").EnumerateArray()];
        Assert.That(choices, Has.Length.EqualTo(2 * 2 * 3));
        Positive(json.GetProperty("looserOverTighter"));
        foreach (JsonElement choice in choices)
        {
            Positive(choice.GetProperty("directSeconds"));
            Positive(choice.GetProperty("harmonicSeconds"));
            string faster = choice.GetProperty("faster").GetString()!, auto = choice.GetProperty("auto").GetString()!;
            double ratio = choice.GetProperty("autoOverFaster").GetDouble();
            Assert.That(ratio, faster == auto ? Is.EqualTo(1) : Is.GreaterThanOrEqualTo(1));
            Assert.That(choice.GetProperty("isSlow").GetBoolean(), Is.EqualTo(ratio > 1.1));
        }
    }

    // Peers sum dot products, whose rounding e^{beta t} enlarges: about beta (d + 2) units.
    [Test]
    public void PeersSumTheSame()
    {
        (_, JsonElement json) = Json(new([3, 64], _ => [128], LargestReference: 0, PeerWork: 128 * 128 * 64, GpuTokens: _ => []), threads: 1);
        JsonElement[] peers = [.. json.GetProperty("rows").EnumerateArray().Where(r => r.GetProperty("isPeer").GetBoolean())];
        Assert.That(peers.Select(r => r.GetProperty("implementation").GetString()), Is.SupersetOf(new[] { "C# loop", "Tensors" }));
        foreach (JsonElement row in peers)
        {
            double unit = row.GetProperty("precision").GetString() == "single" ? Math.Pow(2, -24) : Math.Pow(2, -53);
            Assert.That(row.GetProperty("error").GetDouble(), Is.AtMost(4 * BenchProblem.Beta * (row.GetProperty("dimension").GetInt32() + 2) * unit), row.GetRawText());
            Positive(row.GetProperty("oursOverTheirs"));
        }
        string[] notes = [.. json.GetProperty("notes").EnumerateArray().Select(n => n.GetString()!)];
        foreach (string child in (string[])["C++", "PyTorch"])
            Assert.That(peers.Any(r => r.GetProperty("implementation").GetString() == child), Is.Not.EqualTo(notes.Any(n => n.StartsWith(child, StringComparison.Ordinal))));
        if (notes.FirstOrDefault(n => n.StartsWith("C++", StringComparison.Ordinal)) is not { } why) return;
        Assert.That(why, Does.Contain("no g++"));
        Requirement.Absent(why, "g++");
    }

    [Test]
    public void TheUsualGridGoesFromTwoCoordinatesToHiddenStates()
    {
        BenchGrid grid = BenchGrid.Usual(peers: true);
        Assert.That(grid.Dimensions, Is.EqualTo(new[] { 2, 3, 8, 16, 32, 64, 128, 384 }));
        foreach (int d in grid.Dimensions)
        {
            Assert.That(grid.Tokens(d), Is.Ordered.And.SubsetOf(new[] { 256, 512, 2048, 4096, 16_384, 65_536 }));
            Assert.That(grid.Tokens(d).Any(n => (long)n * n * d <= grid.PeerWork), "peers have a size");
            Assert.That(grid.Tokens(d)[^1] < grid.GpuTokens(d)[0]);
        }
    }

    [Test]
    public void CellsThatWouldTakeTooLongAreLeftOutAndNamed()
    {
        BenchReport report = BenchRun.Run(new([3], _ => [64, 128], 0, null, _ => []), Short with { LongestCall = 1e-9 }, 1, _ => { }, CancellationToken.None);
        Assert.That(report.Rows.Where(r => r.Implementation == "cpu").Select(r => r.Tokens), Is.EqualTo(new[] { 64, 64 }));
        Assert.That(report.Notes.Where(n => n.Contains(": left out, a call", StringComparison.Ordinal)), Has.Exactly(2).Items.And.All.Contains("n = 128, threads 1"));
        Assert.That(report.Choices.Where(c => c.Tokens == 128).Select(c => c.DirectIsEstimate), Has.All.True);
    }

    [Test]
    public void TheTableHasARowForEveryNumberAndAnErrorBeyondItsBoundFails()
    {
        BenchReport report = BenchRun.Run(new([3], _ => [64], 64, null, _ => []), Short, 1, _ => { }, CancellationToken.None);
        (int code, string output, string error) = Write(report, json: false);
        Assert.That((code, error), Is.EqualTo((ExitCodes.Done, "")));
        foreach (string sums in (string[])["cpu single", "cpu double", "harmonic 1e-6", "harmonic 1e-10", "reference"]) Assert.That(output, Does.Match($"(?m)^3 +64 +1 +{sums} "));
        (code, _, error) = Write(report with { Rows = [.. report.Rows.Select(r => r with { Error = double.NaN })] }, json: false);
        Assert.That(code, Is.EqualTo(ExitCodes.VerificationFailed));
        Assert.That(error, Does.StartWith("attentionflow: cpu single, d = 3, n = 64: the error NaN is beyond "));
    }

    [Test]
    public void TheScalingHasATableAndAFigureWithDirectSumsContinuedWhereTheyWereLeftOut()
    {
        using TemporaryFolder folder = new();
        using StringWriter output = new(), error = new();
        CommandContext context = new(2, Quiet: true, Json: false, output, error, CancellationToken.None);
        int code = BenchCommand.Scale(new([2, 3], _ => [64, 128, 256], 0, null, _ => []), Short with { LongestCall = 1e-9 }, folder["scaling.svg"], context);
        Assert.That((code, error.ToString()), Is.EqualTo((ExitCodes.Done, "")));
        foreach (int d in (int[])[2, 3])
            Assert.That(output.ToString(), Does.Match($@"(?m)^{d} +64( +[\d.]+){{4}}$").And.Match($@"(?m)^{d} +256( +[\d.]+){{2}}$"));
        string svg = File.ReadAllText(folder["scaling.svg"]);
        FigureText.AssertSound(svg);
        Assert.That(FigureText.Named(svg, "polyline").Count(line => line.Attribute("stroke-dasharray") is not null), Is.EqualTo(4), "two precisions on two surfaces");
        Assert.That(Directory.EnumerateFiles(folder.FullPath).Count(), Is.EqualTo(1));
    }

    // docs/performance.md: 2 d + 5 and 2 d + 7, from d = 7 on 2 d + 10 and 2 d + 14, from d = 16 on half of 3 d + 10 and 3 d + 14.
    [TestCase(3, 11, 13)]
    [TestCase(8, 26, 30)]
    [TestCase(64, 101, 103)]
    public void TheLimitCountsOperationsAsTheDocsSay(int dimension, int single, int twice)
    {
        Assert.That(Ceiling.Operations(Precision.Single, dimension), Is.EqualTo(single));
        Assert.That(Ceiling.Operations(Precision.Double, dimension), Is.EqualTo(twice));
    }

    [Test]
    public void KernelsAreWrittenAsPtx()
    {
        using TemporaryFolder folder = new();
        Assert.That(PtxFiles.Write(folder.FullPath).First(), Does.Exist);
        Assert.That(folder.Names.Select(name => File.ReadAllText(folder[name])), Has.All.Contains(".visible .entry"));
    }

    // Replicas, few rows, high d. The simulator is a GPU to the program; kernels take a part of a call.
    [TestCase("cpu", 2), TestCase("ilgpu-cpu", 2), TestCase("reference", 1)]
    public void OneDeviceAlone(string device, int precisions)
    {
        DeviceCase[] cases = [new(3, 1, 64, null), new(3, 5, 16, null), new(2, 1, 128, 1), new(19, 1, 32, null)];
        DeviceReport report = new DeviceBench(device, Short, 2, _ => { }, CancellationToken.None).Run(cases);
        Assert.That(report.Notes, Is.Empty);
        Assert.That(report.Rows.Select(r => (r.Dimension, r.Replicas, r.Tokens, r.Queries)),
            Is.EqualTo(Enumerable.Repeat(((int, int, int, int)[])[(3, 1, 64, 64), (3, 5, 16, 80), (2, 1, 128, 1), (19, 1, 32, 32)], precisions).SelectMany(r => r)));
        foreach (DeviceRow row in report.Rows)
        {
            Assert.That(row.PairsPerSecond * row.Seconds, Is.EqualTo((double)row.Queries * row.Tokens).Within(1e-9).Percent);
            Assert.That(row.KernelSeconds, device == "ilgpu-cpu" ? Is.Positive : Is.Null);
            Assert.That(row.Fails, Is.False, row.ToString());
        }
        using StringWriter output = new(), error = new();
        CommandContext context = new(1, Quiet: true, Json: false, output, error, CancellationToken.None);
        Assert.That(BenchCommand.Write(report, context), Is.EqualTo(ExitCodes.Done));
        Assert.That(output.ToString(), Does.Match("(?m)^double +3 +5 +16 +80 "));
        Assert.That(BenchCommand.Write(report with { Rows = [report.Rows[0] with { Error = double.NaN }, report.Rows[0] with { IsRepeatable = false }] }, context),
            Is.EqualTo(ExitCodes.VerificationFailed));
        Assert.That(error.ToString(), Does.Contain("3, 1 x 64: the error NaN is beyond ").And.Contain("3, 1 x 64: two calls differ in their bits"));
    }

    [Test]
    public void OfOneDeviceThatIsStoppedStaysWhatThereIs()
    {
        using CancellationTokenSource stop = new();
        DeviceBench bench = new("cpu", Short with { LongestCall = 1e-9 }, 1, line => { if (line.Contains("1 x 256", StringComparison.Ordinal)) stop.Cancel(); }, stop.Token);
        DeviceReport report = bench.Run([new(3, 1, 64, null), new(3, 1, 128, null), new(2, 1, 256, null)]);
        Assert.That(report.Rows.Select(r => r.Tokens), Is.EqualTo(new[] { 64 }));
        Assert.That(report.Notes, Has.Count.EqualTo(2));
        Assert.That(report.Notes[0], Does.StartWith("single, d = 3, 1 x 128: left out, a call would take about "));
        Assert.That(report.Notes[1], Is.EqualTo("stopped early"));
        Assert.That(() => new DeviceBench("nothing", Short, 1, _ => { }, CancellationToken.None).Run([]), Throws.InstanceOf<DeviceUnavailableException>());
    }

    [Test]
    public void ASetTokenStops() => Assert.That(() => BenchRun.Run(Small, Short, 1, _ => { }, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

    private static (int Code, JsonElement Json) Json(BenchGrid grid, int threads)
    {
        (int code, string output, _) = Write(BenchRun.Run(grid, Short, threads, _ => { }, CancellationToken.None), json: true);
        return (code, JsonDocument.Parse(output).RootElement);
    }

    private static (int Code, string Output, string Error) Write(BenchReport report, bool json)
    {
        using StringWriter output = new(), error = new();
        int code = BenchCommand.Write(report, new CommandContext(1, Quiet: true, json, output, error, CancellationToken.None));
        return (code, output.ToString(), error.ToString());
    }

    private static void Positive(JsonElement number) => Assert.That(number.GetDouble(), Is.Positive.And.LessThan(double.PositiveInfinity));
}
