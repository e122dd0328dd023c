using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>The command report, and the pages at the end of run.</summary>
public sealed class ReportCommandTests : FolderFixture
{
    private const string Foreign = "<!DOCTYPE html><title>mine</title>";
    private static readonly string[] Pages = ["report.html", "trajectory.html"];

    [Test]
    public void WhatCannotBeShownIsRefusedInALine()
    {
        Reported.RunSmall(Folder["run"], "--no-report");
        Reported.RunSmall(Folder["killed"], "--no-report");
        string killed = Folder["killed/run.json"];
        File.WriteAllText(killed, File.ReadAllText(killed).Replace("\"complete\"", "\"running\"", StringComparison.Ordinal));
        Directory.CreateDirectory(Folder["empty"]);
        Sweep("sweep", """ "interaction.beta": [1, 2] """);
        Refused("there is no such folder", Folder["none"]);
        Refused("this is not the folder of a run, a sweep or an analysis", Folder["empty"]);
        Refused("the run is under way, or was killed", Folder["killed"]);
        Refused("this folder is given twice", Folder["run"], Folder["empty/../run"]);
        Refused("a sweep or an analysis is shown by itself", Folder["run"], Folder["sweep"]);
        Refused("a sweep or an analysis is shown by itself", Folder["sweep"], Folder["run"]);
        Refused("9 runs are too many to be told apart, 8 are the most", [.. Enumerable.Range(0, 9).Select(k => Folder[$"{k}"])]);

        void Refused(string why, params string[] folders)
        {
            (int code, string output, string error) = Reported.Run(["report", .. folders, "--out", Folder["pages"]]);
            Assert.That((code, output), Is.EqualTo((ExitCodes.BadInput, "")), error);
            Assert.That(error.TrimEnd(), Does.StartWith("attentionflow: ").And.Contain(why).And.Not.Contain("\n"));
            Assert.That(Directory.Exists(Folder["pages"]), Is.False);
        }
    }

    [Test]
    public void PagesOfOthersAreNotReplacedAndOursAre([Values("report.html", "trajectory.html")] string page)
    {
        Reported.RunSmall(Folder["run"], "--no-report");
        File.WriteAllText(Folder[$"run/{page}"], Foreign);
        (int code, string _, string error) = Reported.Run("report", Folder["run"]);
        Assert.That(code, Is.EqualTo(ExitCodes.BadInput));
        Assert.That(error.TrimEnd(), Does.Contain(page).And.Contain("is not replaced").And.Not.Contain("\n"));
        Assert.That(File.ReadAllText(Folder[$"run/{page}"]), Is.EqualTo(Foreign));
        Assert.That(File.Exists(Folder[$"run/{Pages.Single(p => p != page)}"]), Is.False, "both or none");
        File.Delete(Folder[$"run/{page}"]);
        Assert.That(Reported.Run("report", Folder["run"]).Code, Is.Zero);
        byte[] first = File.ReadAllBytes(Folder[$"run/{page}"]);
        File.AppendAllText(Folder[$"run/{page}"], "<!-- changed -->");
        Assert.That(Reported.Run("report", Folder["run"]).Code, Is.Zero);
        Assert.That(File.ReadAllBytes(Folder[$"run/{page}"]), Is.EqualTo(first), "made again from the same files");
    }

    [Test]
    public void TheAnswerIsJsonWhereItIsAsked()
    {
        Reported.RunSmall(Folder["run"]);
        JsonElement json = JsonElement.Parse(Reported.Run("report", Folder["run"], "--out", Folder["p"], "--json").Output);
        Assert.That(json.GetProperty("folder").GetString(), Is.EqualTo(Folder["p"]));
        Assert.That(json.GetProperty("pages").Deserialize<string[]>(), Is.EqualTo(Pages));
        Assert.That(Reported.Run("report", Folder["run"]).Output, Does.Contain("report.html, trajectory.html"));
    }

    [Test]
    public void AnAnalysisStaysWhole()
    {
        Reported.RunSmall(Folder["run"]);
        Assert.That(Reported.Run("analyze", Folder["run"], "--out", Folder["a"]).Code, Is.Zero);
        byte[] page = File.ReadAllBytes(Folder["a/report.html"]);
        File.Delete(Folder["a/report.html"]);
        Assert.That(Reported.Run("report", Folder["a"]).Code, Is.Zero);
        Assert.That(File.ReadAllBytes(Folder["a/report.html"]), Is.EqualTo(page));
        Assert.That(Reported.Run("verify", Folder["a"]).Output.TrimEnd(), Does.EndWith(": whole"));
        Assert.That(Reported.Run("report", Folder["a"], "--out", Folder["b"]).Code, Is.EqualTo(ExitCodes.BadInput));
    }

    [Test]
    public void ARunEndsWithItsPages()
    {
        Assert.That(Reported.RunSmall(Folder["run"]).Output, Does.Contain("report.html, trajectory.html"));
        Assert.That(Pages.Where(p => File.Exists(Folder[$"run/{p}"])), Is.EqualTo(Pages));
        Assert.That(Reported.Run("verify", Folder["run"]).Code, Is.Zero);
        foreach (string page in Pages) File.Delete(Folder[$"run/{page}"]);
        Assert.That(Reported.Run("run", Folder["run"], "--resume").Code, Is.Zero);
        Assert.That(Pages.Where(p => File.Exists(Folder[$"run/{p}"])), Is.EqualTo(Pages), "a run that is complete");
        DateTime before = File.GetLastWriteTimeUtc(Folder["run/report.html"]);
        Assert.That(Reported.Run("run", Folder["run"], "--resume", "--until-time", "2").Code, Is.Zero);
        Assert.That(File.GetLastWriteTimeUtc(Folder["run/report.html"]), Is.GreaterThan(before));
        Assert.That(Reported.Page(Folder["run"]).Named("p")[0].Value, Does.Contain("complete at t = 2"));
        Assert.That(Reported.RunSmall(Folder["run"], "--overwrite", "--no-report").Code, Is.Zero);
        Assert.That(Pages.Where(p => File.Exists(Folder[$"run/{p}"])), Is.Empty, "those of the earlier run");
        Assert.That(Reported.Run("verify", Folder["run"]).Code, Is.Zero);
    }

    [Test]
    public void APageOfOthersIsInNobodysWay()
    {
        Reported.RunSmall(Folder["run"], "--no-report");
        File.WriteAllText(Folder["run/report.html"], Foreign);
        (int code, string _, string error) = Reported.RunSmall(Folder["run"], "--overwrite");
        Assert.That(code, Is.Zero, error);
        Assert.That(error.TrimEnd(), Does.Contain("no page was written: ").And.Contain("report.html").And.Not.Contain("\n"));
        Assert.That(File.ReadAllText(Folder["run/report.html"]), Is.EqualTo(Foreign));
        Assert.That(Reported.RunSmall(Folder["run"], "--overwrite", "--no-report").Code, Is.Zero);
        Assert.That(File.ReadAllText(Folder["run/report.html"]), Is.EqualTo(Foreign));
    }

    [Test]
    public void ADefaultRunHasASmallReport()
    {
        File.WriteAllText(Folder["e.json"], "{}");
        Assert.That(Reported.Run("run", Folder["e.json"], "--out", Folder["run"]).Code, Is.Zero);
        Assert.That(new FileInfo(Folder["run/report.html"]).Length, Is.InRange(10_000, 1_000_000));
    }

    private void Sweep(string name, string grid)
    {
        File.WriteAllText(Folder["s.json"],
            $$"""{ "base": { "tokens": { "count": 8 }, "time": { "horizon": 1 } }, "grid": { {{grid}} } }""");
        Assert.That(Reported.Run("sweep", Folder["s.json"], "--out", Folder[name]).Code, Is.Zero);
    }
}
