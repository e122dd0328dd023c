using AttentionFlow.Solver.Analysis;
using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The command analyze: sources, what can not be had, errors, an earlier analysis.</summary>
public class AnalyzeTests : FolderFixture
{
    [Test]
    public void ARunIsMeasuredAgainWithAllThatItsFlowHas()
    {
        Shell.RunSmall(Folder["run"], "--set", "record.observables=[\"energy\",\"ranks\"]");
        Answer answer = Shell.Run("analyze", Folder["run"], "--out", Folder["a"], "--json", "--when", "mean_norm>0.01");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        string[] header = File.ReadLines(Path.Combine(Folder["a"], "observables.csv")).First().Split(',');
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(header, Does.Contain("energy").And.Contain("low_pass").And.Contain("hemisphere").And.Contain("anisotropy"));
        Assert.That(answer.Json.GetProperty("leftOut").GetProperty("energy_drops").GetString(), Is.EqualTo("it follows the steps of a run, which snapshots do not show"));
        Assert.That(answer.Json.GetProperty("crossings").GetArrayLength(), Is.EqualTo(2), "one for each replica");
        Assert.That(answer.Json.GetProperty("experimentSha256").GetString(), Has.Length.EqualTo(64));
        Assert.That(Directory.EnumerateFiles(Folder["a"]).Select(Path.GetFileName), Is.EquivalentTo(new[]
        {
            "analysis.json", "observables.csv", "changes.csv", "clusters.csv", "cosines.csv", "datapackage.json", "experiment.json", "report.html", "trajectory.html",
        }));
        Assert.That(Shell.Run("verify", Folder["a"]).Output, Does.EndWith(": whole\n"));
    }

    /// <summary>The same tokens as a run's folder, its table, and a table in other words.</summary>
    [Test]
    public void AForeignTableGivesTheSameNumbers()
    {
        Shell.RunSmall(Folder["run"]);
        string[] rows = File.ReadAllLines(Path.Combine(Folder["run"], "snapshots.csv"));
        File.WriteAllText(Folder["foreign.csv"], "px,cloud,pz,t,py,id\n" + string.Concat(rows.Skip(1).Select(row => row.Split(','))
            .Select(c => $"{c[5]},{(c[2] == "0" ? "first" : "second")},{c[7]},{c[1]},{c[6]},{c[3]}\n")));
        string beta = ExperimentReader.Read(Path.Combine(Folder["run"], "experiment.json"), []).Interaction.Beta.ToString(CultureInfo.InvariantCulture);
        string[] asked = ["--quiet", "--observables", "ranks,gaps,cosines"];
        Shell.Run(["analyze", Folder["run"], "--out", Folder["a"], .. asked]);
        Answer table = Shell.Run(["analyze", Path.Combine(Folder["run"], "snapshots.csv"), "--out", Folder["b"], "--set", $"interaction.beta={beta}", .. asked]);
        Answer foreign = Shell.Run(["analyze", Folder["foreign.csv"], "--out", Folder["c"], "--set", $"interaction.beta={beta}", "--map",
            "time=t,replica=cloud,token=id,x0=px,x1=py,x2=pz", "--json", .. asked]);
        string expected = File.ReadAllText(Path.Combine(Folder["a"], "observables.csv"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((table.Code, foreign.Code, foreign.Error), Is.EqualTo((0, 0, "")));
        Assert.That(File.ReadAllText(Path.Combine(Folder["b"], "observables.csv")), Is.EqualTo(expected));
        Assert.That(File.ReadAllText(Path.Combine(Folder["c"], "observables.csv")), Is.EqualTo(expected));
        Assert.That(foreign.Json.GetProperty("replicas").EnumerateArray().Select(r => r.GetString()), Is.EqualTo(new[] { "first", "second" }));
        Assert.That(File.ReadAllText(Path.Combine(Folder["c"], "replicas.csv")), Is.EqualTo("replica,name\n0,first\n1,second\n"));
    }

    /// <summary>Parquet holds the same doubles; a few digits are scaled back to the sphere.</summary>
    [Test]
    public void SnapshotsAsParquetOrOfFewDigitsAreMeasured()
    {
        Shell.RunSmall(Folder["csv"]);
        Shell.RunSmall(Folder["parquet"], "--set", "record.format=parquet");
        Shell.RunSmall(Folder["digits"], "--set", "record.digits=5");
        foreach (string name in new[] { "csv", "parquet", "digits" })
            Assert.That(Shell.Run("analyze", Folder[name], "--out", Folder[name + "-a"], "--quiet").Code, Is.Zero, name);
        Assert.That(Shell.Run("analyze", Path.Combine(Folder["parquet"], "snapshots.parquet"), "--out", Folder["file-a"], "--quiet", "--observables", "ranks").Code, Is.Zero);
        string expected = Read("csv");
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Read("parquet"), Is.EqualTo(expected));
        Assert.That(Table("digits")["energy"].Zip(Table("csv")["energy"], (a, b) => Math.Abs(a - b)).Max(), Is.GreaterThan(0).And.LessThan(1e-4));
        Assert.That(Table("file")["stable_rank"], Is.EqualTo(Table("csv")["stable_rank"]));

        string Read(string name) => File.ReadAllText(Path.Combine(Folder[name + "-a"], "observables.csv"));
        IReadOnlyDictionary<string, double[]> Table(string name) => CsvData.Read(Path.Combine(Folder[name + "-a"], "observables.csv"));
    }

    [Test]
    public void WithoutAnInteractionPositionsAloneAreMeasured()
    {
        File.WriteAllText(Folder["t.csv"], "time,x0,x1\n0,1,0\n0,0,1\n1,1,0\n1,0.6,0.8\n");
        Answer answer = Shell.Run("analyze", Folder["t.csv"], "--out", Folder["a"]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(answer.Code, Is.Zero);
        Assert.That(answer.Output, Does.Contain("hemisphere").And.Contain("effective_rank").And.Not.Contain("energy"));
        Assert.That(answer.Error, Does.Contain("left out: attention_divergence, attention_entropy").And.Contain("it needs an interaction: --experiment FILE, or --set interaction.beta=.."));
    }

    [TestCase("--observables energy", "--observables: energy: it needs an interaction: --experiment FILE, or --set interaction.beta=...")]
    [TestCase("--observables energi", "--observables energi: 'energi' is unknown; did you mean 'energy'? Known:")]
    [TestCase("--when gap<1", "--when gap<1: there is no column 'gap'; known:")]
    [TestCase("--set interaction.beta=-1e13", "--set interaction.beta=-1e13: $.interaction.beta: -1e13 is too small")]
    [TestCase("--set interaction.beta=1 --set interaction.gauge.kind=path", "$.interaction.gauge: ")]
    [TestCase("--experiment figure3-path", "$.tokens.dimension: 3 is not the dimension of ")]
    [TestCase("--fit beta", "--fit beta: ")]
    [TestCase("--set interaction.beta=800", "at time 0, speed is beyond the range of doubles; take a smaller interaction.beta, interaction.normalization=softmax, or others of --observables.")]
    [TestCase("--fit beta --set interaction.beta=3", "--fit beta and --set interaction.beta=3 exclude each other")]
    [TestCase("--set interaction.normalization=softmax", "--set interaction.normalization=softmax: without an experiment an interaction needs its beta, --set interaction.beta=..")]
    [TestCase("--when mean_cosine<1 --when mean_cosine=0.7", "--when mean_cosine=0.7: a condition such as gap_energy<1e-3 is needed")]
    [TestCase("--observable ranks", "'--observable' is not an option of 'analyze'; did you mean '--observables'?")]
    public void WhatCanNotBeHadIsRefused(string options, string problem)
    {
        File.WriteAllText(Folder["t.csv"], "time,x0,x1\n0,1,0\n0,0,1\n");
        Answer answer = Shell.Run(["analyze", Folder["t.csv"], "--out", Folder["a"], .. options.Split(' ')]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(answer.Code, Is.EqualTo(2));
        Assert.That(answer.Error, Does.StartWith("attentionflow: ").And.Contain(problem));
        Assert.That(answer.Error.Trim().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists(Folder["a"]), Is.False, "nothing is left behind");
    }

    /// <summary>A fault in the middle of a file loses nothing of an earlier analysis; what is not an analysis is not replaced.</summary>
    [Test]
    public void AnEarlierAnalysisStaysUntilThisOneIsDone()
    {
        File.WriteAllText(Folder["t.csv"], "time,x0,x1\n0,1,0\n0,0,1\n");
        File.WriteAllText(Folder["bad.csv"], "time,x0,x1\n0,1,0\n1,0,1\n2,x,1\n");
        string[] Command(string source, params string[] more) => ["analyze", Folder[source], "--out", Folder["a"], "--quiet", .. more];
        Shell.Run(Command("t.csv"));
        Dictionary<string, string> before = Directory.EnumerateFiles(Folder["a"]).ToDictionary(f => f, File.ReadAllText);
        Answer again = Shell.Run(Command("t.csv")), bad = Shell.Run(Command("bad.csv", "--overwrite"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((again.Code, bad.Code), Is.EqualTo((2, 2)));
        Assert.That(again.Error, Does.Contain("the folder is not empty"));
        Assert.That(bad.Error, Is.EqualTo($"attentionflow: {Folder["bad.csv"]}, line 4: 'x' in column x0 is not a finite number.\n"));
        Assert.That(Directory.EnumerateFiles(Folder["a"]).ToDictionary(f => f, File.ReadAllText), Is.EqualTo(before));
        Assert.That(Shell.Run(Command("t.csv", "--overwrite", "--observables", "ranks")).Code, Is.Zero);
        Assert.That(File.Exists(Path.Combine(Folder["a"], "clusters.csv")), Is.False, "of the analysis before");
        File.AppendAllText(Path.Combine(Folder["a"], "observables.csv"), "mine\n");
        Assert.That(Shell.Run(Command("t.csv", "--overwrite")).Error, Does.Contain("observables.csv: no earlier analyze wrote this file as it is"));
        Assert.That(Shell.Run("verify", Folder["a"]).Code, Is.EqualTo(1));
    }

    /// <summary>Labels of a cloud file are of its tokens, and no others.</summary>
    [Test]
    public void LabelsOfAnotherCloudAreRefused()
    {
        File.WriteAllText(Folder["t.csv"], "time,x0,x1,x2\n0,1,0,0\n0,0,1,0\n");
        Answer answer = Shell.Run("analyze", Folder["t.csv"], "--out", Folder["a"], "--experiment", Path.Combine(Repository.Root, "data", "examples", "own-cloud.json"));
        Assert.That((answer.Code, answer.Error), Is.EqualTo((2, "attentionflow: $.labels: 120 labels are listed for 2 tokens.\n")));
    }

    /// <summary>A fault after the first rows leaves no file of a flow either, so that the next attempt finds the folder free.</summary>
    [Test]
    public void AFaultLeavesNothingOfTheFlow()
    {
        File.WriteAllText(Folder["t.csv"], "time,x0,x1\n0,1,0\n1,0,1\n2,x,1\n");
        Assert.That(Shell.Run("analyze", Folder["t.csv"], "--out", Folder["a"], "--set", "interaction.beta=1").Code, Is.EqualTo(2));
        Assert.That(Directory.Exists(Folder["a"]), Is.False);
    }

    /// <summary>A collapsed cloud is a point, not the rounding of its coordinates.</summary>
    [Test]
    public void APointHasNoShape()
    {
        double next = Math.BitDecrement(0.8);
        File.WriteAllText(Folder["t.csv"], FormattableString.Invariant($"time,x0,x1\n0,0.6,0.8\n0,0.6,{next}\n0,0.6,0.8\n1,0.6,{next}\n1,0.6,0.8\n1,0.6,{next}\n"));
        Assert.That(Shell.Run("analyze", Folder["t.csv"], "--out", Folder["a"], "--quiet").Code, Is.Zero);
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "observables.csv"))["covariance_participation"], Is.All.Zero);
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "changes.csv"))["cka"], Is.All.Zero);
    }

    /// <summary>Tokens that come and go: measured as they are, compared where they are the same.</summary>
    [Test]
    public void TokensMayDifferFromSnapshotToSnapshot()
    {
        File.WriteAllText(Folder["t.csv"], "time,token,x0,x1\n0,0,1,0\n0,1,0,1\n1,0,1,0\n1,1,0,1\n1,2,1,0\n2,0,1,0\n2,1,0,1\n2,2,0,1\n");
        Assert.That(Shell.Run("analyze", Folder["t.csv"], "--out", Folder["a"], "--quiet", "--set", "interaction.beta=1").Code, Is.Zero);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "changes.csv"))["time"], Is.EqualTo(new double[] { 2 }));
        Assert.That(CsvData.Read(Path.Combine(Folder["a"], "changes.csv"))["displacement"][0], Is.EqualTo(Math.Sqrt(2 / 3.0)).Within(1e-15));
        Assert.That(AnalysisRecord.Read(Path.Combine(Folder["a"], "analysis.json")).LeftOut["changes"], Does.StartWith("1 of 2 times the tokens of a replica are not those of the snapshot before"));
        double[] energy = CsvData.Read(Path.Combine(Folder["a"], "observables.csv"))["energy"];
        Assert.That(energy, Is.EqualTo(new[] { (Math.E + 1) / 4, (5 * Math.E + 4) / 18, (5 * Math.E + 4) / 18 }).Within(1e-14));
    }
}
