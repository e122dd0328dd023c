using System.Text.RegularExpressions;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Figures;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Experiments;

/// <summary>
/// The copies in docs/figures are what the program draws. Where the full version takes ten seconds of a core at most, it is drawn anew and
/// compared number by number. For the others (figure2, growth, finite-n, plateaus, noise, hysteresis, gradients, phase-diagrams, euler-clock, early-modes) <see cref="ReproductionTests.TheCopiesInDocsHaveTheWordsAndInksOfTheProgram"/> compares the words and
/// inks with those of the quick version, and can not see that their data have changed. Measured times (scaling.svg) and figures of trained
/// encoders are not drawn here; architecture.svg is drawn by hand.
/// </summary>
[Category("Slow")]
public partial class DocumentedFiguresTests
{
    [TestCase("figure3"), TestCase("schemes"), TestCase("long-times"), TestCase("work-precision"), TestCase("code-strength"), TestCase("toeplitz"), TestCase("targets"), TestCase("length"),
        TestCase("early-warning"), TestCase("controls"), TestCase("prompts"), TestCase("causal"), TestCase("lost-in-the-middle"), TestCase("staircase"), TestCase("leaders"), TestCase("long-context")]
    public void TheCopyIsWhatTheFullVersionDraws(string name)
    {
        using TemporaryFolder folder = new();
        using ReproduceFolder target = ReproduceFolder.Open(folder.FullPath);
        Study study = Study.All.Single(s => s.Name == name);
        IReadOnlyList<PlannedRun> plan = study.Plan(quick: false);
        ExperimentRun run = new(2, new NoDisplay(), _ => { });
        foreach (PlannedRun planned in plan)
            Assert.That(run.Execute(planned.Experiment, Path.Combine(target.Runs, planned.Name), overwrite: false, CancellationToken.None).Status, Is.EqualTo(RunStatus.Complete));
        target.Tabulate(study, quick: false, 2, new NoDisplay(), CancellationToken.None);
        Picture[] documented = [.. study.Evaluate(plan, target.Runs).Pictures.Where(picture => File.Exists(InDocs(picture.File)))];
        Assert.That(documented, Is.Not.Empty);
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (Picture picture in documented) FigureText.AssertAlike(picture.Svg, File.ReadAllText(InDocs(picture.File)), picture.File);
    }

    /// <summary>By a copy from reproduce's folder, or by bench.</summary>
    [Test]
    public void EveryFigureIsNamedByTheCommandThatMakesIt()
    {
        string commands = Repository.Text("docs", "experiments.md") + Repository.Text("docs", "performance.md");
        IEnumerable<string> copied = Copy().Matches(commands).SelectMany(m =>
            m.Groups["names"].Value.Split(',').Select(name => m.Groups["before"].Value + name + ".svg"));
        IEnumerable<string> measured = Measured().Matches(commands).Select(m => m.Groups["name"].Value);
        Assert.That(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "figures"), "*.svg").Select(Path.GetFileName),
            Is.EquivalentTo(copied.Concat(measured).Append("architecture.svg")));
    }

    [Test]
    public void TheAtlasHasTheOrderOfItsPage()
    {
        IEnumerable<string> documented = AtlasStudy().Matches(Repository.Text("docs", "atlas.md")).Select(m => m.Groups["name"].Value).Where(name => name != "atlas");
        Assert.That(Study.All.Where(s => s.Group == StudyGroup.Atlas).Select(s => s.Name), Is.EqualTo(documented));
    }

    /// <summary>The test of copies must be able to fail.</summary>
    [Test]
    public void AnotherNumberOrWordIsSeen() => Assert.Multiple(() =>
    {
        const string Svg = "<text x=\"10.25\">n = 3, distance 1.7 × 10<tspan dy=\"-4.68\">−14</tspan></text>";
        Assert.That(FigureText.Difference(Svg, Svg.Replace("10.25", "10.26").Replace("1.7", "1.9")), Is.Null, "rounding");
        Assert.That(FigureText.Difference(Svg, Svg.Replace("10.25", "10.75")), Is.Not.Null);
        Assert.That(FigureText.Difference(Svg, Svg.Replace("n = 3", "n = 4")), Is.Not.Null);
        Assert.That(FigureText.Difference(Svg, Svg.Replace("distance", "length")), Is.Not.Null);
        Assert.That(FigureText.Difference(Svg, Svg + "\n<line/>"), Is.Not.Null);
    });

    private static string InDocs(string file) => Path.Combine(Repository.Root, "docs", "figures", file + ".svg");

    [GeneratedRegex(@"^cp out/reproduce/(?<before>[\w-]*)\{(?<names>[\w,-]+)\}\.svg docs/figures/$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex(@"reproduce (?<name>[\w-]+)")]
    private static partial Regex AtlasStudy();

    [GeneratedRegex(@"bench --scaling docs/figures/(?<name>[\w-]+\.svg)$", RegexOptions.Multiline)]
    private static partial Regex Measured();
}
