using System.Text.Json.Nodes;
using System.Xml.Linq;
using AttentionFlow.Experiments.Reports;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>The page of a run, and of several.</summary>
public sealed class RunReportTests : FolderFixture
{
    [Test]
    public void HostileNamesAreWords()
    {
        const string title = "</title><script>alert(1)</script> & \"q\" 'p'";
        string folder = Folder["a b'c & <script> \"x\" $(y)"], name = Path.GetFileName(folder);
        Assert.That(Reported.RunSmall(folder, "--set", "title=" + JsonSerializer.Serialize(title)).Code, Is.Zero);
        XDocument page = Reported.Page(folder);
        Assert.That(page.Named("script"), Is.Empty);
        Assert.That((page.Named("title")[0].Value, page.Named("h1").Single().Value), Is.EqualTo((title, title)));
        Reported.AssertLinks(folder);
        string command = page.Named("code").Single().Value;
        Assert.That(command, Does.StartWith("attentionflow run "));
        if (!File.Exists("/bin/sh")) return;
        ProcessStartInfo start = new("/bin/sh", ["-c", $"printf '%s\\n' {command}"]) { RedirectStandardOutput = true };
        using Process sh = Process.Start(start)!;
        Assert.That(sh.StandardOutput.ReadToEnd().TrimEnd().Split('\n'),
            Is.EqualTo((string[])["attentionflow", "run", $"{name}/experiment.json", "--out", $"{name}-again"]));
        Assert.That(Reported.Run("report", folder, "--out", Folder["else where/%41"]).Code, Is.Zero);
        Reported.AssertLinks(Folder["else where/%41"]);
        Assert.That(Reported.Page(Folder["else where/%41"]).Named("a").Select(a => a.Value),
            Is.SupersetOf((string[])["run.json", "snapshots.csv", "observables.csv"]));
    }

    /// <summary>Of one token the limit is a point, whatever the gauge; the fuzz tests found it to be a curve of none.</summary>
    [TestCase("figure3-prefix"), TestCase("figure3-path"), TestCase("figure3-baseline")]
    public void OneTokenHasPages(string experiment)
    {
        (int code, _, string error) = Reported.Run("run", experiment, "--out", Folder["one"], "--set", "tokens.count=1",
            "--set", "time.horizon=0.1");
        Assert.That((code, error), Is.EqualTo((0, "")));
        Assert.That(Reported.Page(Folder["one"]).Named("svg")[0].Value, Does.Contain("predicted point"));
    }

    [Test]
    public void AlertsAreListedAndMarked()
    {
        Make("run", """
            { "tokens": { "count": 16 }, "time": { "horizon": 40 },
              "record": { "snapshots": 2, "observations": 9, "observables": ["ranks"] } }
            """);
        int alerts = JsonNode.Parse(File.ReadAllText(Folder["run/run.json"]))!["alerts"]!.AsArray().Count;
        XDocument page = Reported.Page(Folder["run"]);
        Assert.That(page.Table("Warning levels"), Has.Length.EqualTo(1 + alerts).And.Length.GreaterThan(1));
        Assert.That(page.Named("text").Select(t => t.Value), Is.SupersetOf((string[])["alert", "warning level"]));
        Reported.RunSmall(Folder["calm"]);
        Assert.That(File.ReadAllText(Folder["calm/report.html"]), Does.Not.Contain("Warning levels").And.Not.Contain(">alert<"));
    }

    [TestCase(60, 1e-2), TestCase(0.01, 1e-6)]
    public void MergersAreCounted(double horizon, double distance)
    {
        Make("run", string.Create(CultureInfo.InvariantCulture, $$"""
            { "tokens": { "count": 20 }, "time": { "horizon": {{horizon}}, "merge": { "distance": {{distance}} } },
              "record": { "snapshots": 2, "observations": 9, "observables": ["mean"] } }
            """));
        int count = File.ReadAllLines(Folder["run/mergers.csv"]).Length - 1;
        Assert.That(count, Is.EqualTo(horizon > 1 ? 19 : 0), "all become one, or none");
        XDocument page = Reported.Page(Folder["run"]);
        Assert.That(page.Named("h2").Select(h => h.Value), Does.Contain("Mergers"));
        if (count == 0) Assert.That(page.Named("p").Select(p => p.Value), Does.Contain("No tokens became one."));
        else Assert.That(page.Table($"of most weight, of {count};"), Has.Length.EqualTo(1 + 12));
    }

    [Test]
    public void RunsThatDidNotEndSaySo()
    {
        Assert.That(Reported.RunSmall(Folder["diverged"], "--set", "interaction.beta=700", "--set", "record.observables=[\"mean\"]").Code,
            Is.EqualTo(ExitCodes.Diverged));
        Assert.That(Warning("diverged"), Does.StartWith("Note. Diverged: "));
        Reported.RunSmall(Folder["stopped"]);
        Assert.That(Reported.Page(Folder["stopped"]).Named("p").Any(p => p.Attribute("class")?.Value == "warning"), Is.False);
        JsonNode record = JsonNode.Parse(File.ReadAllText(Folder["stopped/run.json"]))!;
        (record["status"], record["advice"]) = ("stopped", "signal <SIGINT>");
        File.WriteAllText(Folder["stopped/run.json"], record.ToJsonString());
        Assert.That(Reported.Run("report", Folder["stopped"]).Code, Is.Zero);
        Assert.That(Warning("stopped"), Is.EqualTo("Note. Stopped: signal <SIGINT>."));

        string Warning(string run) => Reported.Page(Folder[run]).Named("p").Single(p => p.Attribute("class")?.Value == "warning").Value;
    }

    [Test]
    public void OfSeveralRunsTheKeysThatDifferAreListed()
    {
        Reported.RunSmall(Folder["one"]);
        Reported.RunSmall(Folder["two"], "--set", "interaction.beta=2", "--set", "seed=7", "--set",
            "interaction.coupling={\"kind\":\"distance\",\"length\":0.5}");
        Assert.That(Reported.Run("report", Folder["one"], Folder["two"], "--out", Folder["both"]).Code, Is.Zero);
        string[][] differs = Reported.Page(Folder["both"]).Table("What differs");
        Assert.That(differs[0], Is.EqualTo((string[])["key", "one", "two"]));
        Assert.That(differs[1..].Select(r => r[0]), Is.EquivalentTo((string[])["interaction.beta", "seed", "interaction.coupling"]));
        Assert.That(differs.Single(r => r[0] == "seed")[1..], Is.EqualTo((string[])["1", "7"]));
        Reported.AssertLinks(Folder["both"]);
        // Their titles are the same.
        Assert.That(ReportedRun.Read([Folder["one"], Folder["two"]], default).Select(r => r.Seen.Source.Title),
            Is.EqualTo((string[])["Figure 2: baseline (one)", "Figure 2: baseline (two)"]));
        Reported.RunSmall(Folder["other/one"]);
        Assert.That(ReportedRun.Read([Folder["one"], Folder["other/one"]], default).Select(r => r.Name).Distinct().Count(), Is.EqualTo(2));
        Assert.That(Reported.Run("report", Folder["one"], Folder["other/one"], "--out", Folder["same"]).Code, Is.Zero);
        Assert.That(File.ReadAllText(Folder["same/report.html"]), Does.Not.Contain("What differs"));
    }

    [Test]
    public void DimensionsHaveFiguresOfTheirOwn()
    {
        Reported.RunSmall(Folder["three"]);
        Reported.RunSmall(Folder["two"], "--set", "tokens.dimension=2");
        Reported.RunSmall(Folder["five"], "--set", "tokens.dimension=5");
        Assert.That(Reported.Run("report", Folder["three"], Folder["two"], Folder["five"], "--out", Folder["all"]).Code, Is.Zero);
        string[] captions = [.. Reported.Page(Folder["all"]).Named("figcaption").Select(c => c.Value)
            .Where(c => c.Contains("coloured by label", StringComparison.Ordinal))];
        Assert.That(captions, Has.Length.EqualTo(3).And.Exactly(1).Contains("Of 5 dimensions"));
    }

    [TestCase("record.snapshots=1"), TestCase("record.format=\"parquet\""), TestCase("record.digits=5"), TestCase("tokens.dimension=2")]
    [TestCase("record.observations=2")]
    public void FilesOfEveryKindAreShown(string set)
    {
        Assert.That(Reported.RunSmall(Folder["run"], "--set", set).Code, Is.Zero);
        XDocument page = Reported.Page(Folder["run"]);
        int panels = set == "record.snapshots=1" ? 1 : 3;
        Assert.That(page.Named("svg")[0].Named("text").Count(t => t.Value.Contains("t = ", StringComparison.Ordinal)), Is.EqualTo(panels));
        Reported.AssertLinks(Folder["run"]);
    }

    [Test]
    public void ACloudFileWithLabelsIsShown()
    {
        File.WriteAllText(Folder["cloud.csv"], "x0,x1,x2,label\n1,0,0,0.1\n0,1,0,0.5\n0,0,1,0.9\n0,-1,0,0.2\n");
        Make("run", """
            { "tokens": { "initial": { "law": "file", "path": "cloud.csv" } }, "time": { "horizon": 1 },
              "record": { "snapshots": 2, "observations": 3 } }
            """);
        Assert.That(Reported.Page(Folder["run"]).Named("p")[0].Value, Does.StartWith("4 tokens in 3 dimensions"));
        Reported.AssertLinks(Folder["run"]);
    }

    private void Make(string name, string experiment)
    {
        File.WriteAllText(Folder["e.json"], experiment);
        (int code, string _, string error) = Reported.Run("run", Folder["e.json"], "--out", Folder[name]);
        Assert.That(code, Is.Zero, error);
    }
}
