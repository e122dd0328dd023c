using System.Text.RegularExpressions;
using System.Xml.Linq;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Figures;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Experiments;

/// <summary>Figures, report and verdict from the files of small runs.</summary>
[Category("Slow")]
public class ReproductionTests
{
    private const int Seeds = 5;

    // Theirs is most of the time that the predictions of all take.
    private static readonly string[] Slow = ["plateaus", "length", "hysteresis", "long-context"];
    private TemporaryFolder _folder = null!;
    private ReproduceFolder _target = null!;
    private (Study Study, IReadOnlyList<PlannedRun> Runs)[] _plans = [];
    private (int Code, string Output) _published;
    private string _report = "";
    private Dictionary<string, string> _figures = [];

    [OneTimeSetUp]
    public void RunAll()
    {
        _folder = new TemporaryFolder();
        _target = ReproduceFolder.Open(_folder.FullPath);
        _plans = [.. Study.All.Select(study => (study, Small(study)))];
        // Plateaus are far from the pulls that their tolerance does not resolve.
        ExperimentRun run = new(2, new NoDisplay(), advice => Assert.That(advice, Does.StartWith("$.tolerance: ")));
        foreach ((Study study, _) in _plans) _target.Tabulate(study, quick: true, 2, new NoDisplay(), CancellationToken.None);
        foreach (PlannedRun planned in _plans.SelectMany(p => p.Runs))
            Assert.That(run.Execute(planned.Experiment, Runs(planned.Name), overwrite: false, CancellationToken.None).Status, Is.EqualTo(RunStatus.Complete), planned.Name);
        _published = Publish(_plans);
        _report = File.ReadAllText(_folder["report.html"]);
        _figures = Directory.EnumerateFiles(_folder.FullPath, "*.svg").ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);
    }

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        _target.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void EveryFactPassesAndTheFiguresAreXml()
    {
        Assert.That(_published.Output, Does.Match(@"all \d+ checks pass; the report is "));
        Assert.That(_published.Code, Is.EqualTo(ExitCodes.Done));
        Assert.That(_figures.Keys, Is.EquivalentTo(new[] { "energy.svg", "figure2.svg", "figure3.svg", "figure3-t20.svg", "finite-n.svg", "growth.svg", "long-times.svg", "merge-times.svg", "noise.svg", "hysteresis.svg", "phase-diagrams.svg", "phase-times.svg", "staircase.svg", "euler-clock.svg", "leaders.svg", "long-context.svg", "early-modes.svg", "gradients.svg", "plateaus.svg", "schemes.svg", "work-precision.svg",
            "code-strength.svg", "toeplitz.svg", "toeplitz-clouds.svg", "targets.svg", "length.svg", "length-law.svg", "early-warning.svg", "controls.svg", "prompts.svg", "causal.svg", "lost-in-the-middle.svg", "at-a-glance.svg", "figure3-moving.svg" }));
        foreach ((string name, string figure) in _figures)
        {
            XElement root = XDocument.Parse(figure).Root!;
            Assert.That(root.Name.LocalName, Is.EqualTo("svg"));
            Assert.That(root.ToString(), Does.Not.Contain("NaN").And.Not.Contain("Infinity"), name);
            FigureText.AssertSound(figure);
        }
    }

    /// <summary>Everything that does not depend on the data, for each figure of docs; see <see cref="DocumentedFiguresTests"/>.</summary>
    [Test]
    public void TheCopiesInDocsHaveTheWordsAndInksOfTheProgram()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach ((string name, string drawn) in _figures)
        {
            string copy = Path.Combine(Repository.Root, "docs", "figures", name);
            if (!File.Exists(copy)) continue;
            string documented = File.ReadAllText(copy);
            // Figure 2 has a column of panels for each n, and only one here.
            bool hasFewer = name == "figure2.svg";
            Assert.That(Words(documented), Is.EquivalentTo(Words(drawn)), name);
            Assert.That(FigureText.Inks(documented), Is.EquivalentTo(FigureText.Inks(drawn)), name);

            IEnumerable<string> Words(string svg) => FigureText.Words(svg).Where(word => !hasFewer || word[0] != '(');
        }
    }

    [Test]
    public void TheReportNeedsNoOtherFile()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Regex.Matches(_report, "<svg[ >]"), Has.Count.EqualTo(_figures.Count));
        Assert.That(Regex.Matches(_report, """(src|href)\s*=\s*["'][^#"']"""), Is.Empty);
        Assert.That(_report, Does.Not.Contain("<script").And.Not.Contain("<link").And.Not.Contain("@import").And.Not.Contain("url(http"));
        foreach ((Study study, _) in _plans) Assert.That(_report, Does.Contain("Measured against predicted").And.Contain(study.Heading));
    }

    [Test]
    public void WithJsonTheFactsAreJson()
    {
        (int code, string output) = Publish([.. _plans.Where(p => !Slow.Contains(p.Study.Name))], json: true);
        Assert.That(code, Is.EqualTo(ExitCodes.Done));
        Assert.That(JsonDocument.Parse(output).RootElement.EnumerateArray().Select(c => c.GetProperty("verdict").GetString()), Has.All.EqualTo("pass"));
    }

    [Test]
    public void AWrongNumberInAFileFailsAFact()
    {
        string file = Path.Combine(Runs("figure3-rotary"), RunFolder.ObservablesFile), text = File.ReadAllText(file);
        try
        {
            string[] lines = text.TrimEnd().Split('\n');
            int column = Array.IndexOf(lines[0].Split(','), "mean_norm");
            string[] last = lines[^1].Split(',');
            last[column] = "0.4999";
            File.WriteAllText(file, string.Join('\n', [.. lines[..^1], string.Join(',', last)]) + "\n");
            (int code, string output) = Publish(Figure3);
            Assert.That(code, Is.EqualTo(ExitCodes.VerificationFailed));
            Assert.That(output.Split('\n').Where(line => line.TrimEnd().EndsWith("FAIL", StringComparison.Ordinal)).ToArray(), Has.Length.EqualTo(1).And.One.Contains("|m|"));
            Assert.That(output, Does.Match(@"\d+ of \d+ checks pass, 1 FAIL; the report is "));
        }
        finally
        {
            File.WriteAllText(file, text);
        }
    }

    [Test]
    public void AMissingFileIsAnErrorOfReading()
    {
        string file = Path.Combine(Runs("figure3-path"), RunFolder.ObservablesFile);
        File.Move(file, file + ".away");
        try
        {
            Assert.That(() => Publish(Figure3), Throws.InstanceOf<IOException>().With.Message.StartsWith(file));
        }
        finally
        {
            File.Move(file + ".away", file);
        }
    }

    // The quick plan with a few seeds of the smallest clouds.
    private static List<PlannedRun> Small(Study study)
    {
        IReadOnlyList<PlannedRun> quick = study.Plan(quick: true);
        return [.. quick.Where(run => run.Experiment.Tokens.Count == quick.Min(other => other.Experiment.Tokens.Count))
            .Select(run => run with { Experiment = run.Experiment with { Replicas = Math.Min(run.Experiment.Replicas, Seeds) } })];
    }

    private (Study Study, IReadOnlyList<PlannedRun> Runs)[] Figure3 => [.. _plans.Where(p => p.Study.Name == "figure3")];

    private (int Code, string Output) Publish((Study Study, IReadOnlyList<PlannedRun> Runs)[] plans, bool json = false)
    {
        using StringWriter output = new(), error = new();
        CommandContext context = new(2, Quiet: true, Json: json, output, error, CancellationToken.None);
        int code = ReproduceCommand.Publish(context, plans, _target, quick: true, "reproduce", TimeSpan.Zero);
        Assert.That(error.ToString(), Is.Empty);
        return (code, output.ToString());
    }

    private string Runs(string name) => Path.Combine(_folder.FullPath, "runs", name);
}

internal sealed class NoDisplay : IProgressDisplay
{
    public void Begin(string name) { }
    public void Advance(double pairs, string detail, bool direct) { }
}
