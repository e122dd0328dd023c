using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/tutorial.md: its commands, its Python where there is pandas, its C#, which is that between the markers here.</summary>
public sealed class TutorialTests
{
    private static readonly string Page = Repository.Text("docs", "tutorial.md");
    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void RunTheCommands()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("the commands are those of sh");
        File.WriteAllText(_folder["first.json"], Repository.Blocks(Page, "jsonc").Single());
        string commands = string.Concat(Repository.Blocks(Page, "sh"));
        Answer answer = Shell.Sh($"set -e; cd '{_folder.FullPath}'; attentionflow() {{ $program \"$@\"; }}\n{commands}");
        Assert.That(answer.Code, Is.Zero, answer.Error);
    }

    [OneTimeTearDown]
    public void DropTheFolder() => _folder.Dispose();

    [Test]
    public void TheRunsEndAsThePageSays() => Assert.Multiple(() =>
    {
        Assert.That(Last("collapse", "gap_mean"), Is.LessThan(1e-11));
        Assert.That(Last("ring", "energy"), Is.EqualTo(Last("collapse", "energy")).Within(1e-9));
        Assert.That(Page, Does.Contain($"`mean_norm` ends at {Math.Round(Last("ring", "mean_norm"), 4)}:"));
        Assert.That(Shell.Tables(_folder["again"]), Is.EqualTo(Shell.Tables(_folder["ring"])));
    });

    [Test]
    public void TheLinesOfPythonPrintTheHeightTwice()
    {
        string python = DocumentedLinesTests.Interpreter("pandas", ["python3", "/usr/bin/python3", "python"], ["-c", "import pandas"]);
        File.WriteAllText(_folder["look.py"], Repository.Blocks(Page, "python").Single());
        Answer answer = Shell.Sh($"cd '{_folder.FullPath}' && {python} look.py");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        string[] numbers = answer.Output.TrimEnd().Split('\n')[^1].Split(' ');
        double[] heights = [.. numbers.Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        Assert.That(heights, Is.EqualTo(new[] { Last("ring", "mean2"), Last("ring", "mean2") }).Within(1e-5));
    }

    [Test]
    public void TheLibraryGivesTheSameHeight()
    {
        Dictionary<double, double> heights = [];
        // begin: heights
        Gauge gauge = new RotaryGauge([2 * Math.PI]);
        foreach (double beta in (double[])[0.5, 1, 2])
        {
            Interaction interaction = new(beta) { Normalization = Normalization.Softmax };
            Cloud cloud = new UniformLaw().Draw(replicas: 1, tokens: 128, dimension: 3, seed: 1, new GridLabels(), gauge);
            using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 2);
            Flow flow = new(interaction, gauge, cloud, sums, threads: 2);
            RunResult result = new Simulation(flow, Methods.Tsit5, new AdaptiveStep(Tolerance: 1e-4), horizon: 20, threads: 2)
                .Run(cloud, observers: []);
            Console.WriteLine($"{beta} {result.Status} {cloud.Token(0)[2]}");
            // end: heights
            Assert.That(result.Status, Is.EqualTo(RunStatus.Complete));
            heights[beta] = cloud.Token(0)[2];
        }
        Assert.That(heights[2], Is.EqualTo(Last("ring", "mean2")).Within(1e-6));
        Assert.That(Repository.Blocks(Page, "csharp").Single(), Is.EqualTo(Repository.Between("TutorialTests.cs", "heights") + "}\n"));
    }

    private double Last(string run, string column) => CsvData.Read(Path.Combine(_folder[run], RunFolder.ObservablesFile))[column][^1];
}
