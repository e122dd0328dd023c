using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary><c>run</c>: what goes to which stream, what ends up in the folder, and that it can be repeated.</summary>
public class RunTests : FolderFixture
{
    private static readonly string[] Short = ["--set", "time.horizon=0.1", "--set", "tokens.count=16", "--set", "record.observations=2", "--set", "record.snapshots=2"];

    [Test]
    public void ARunSaysWhatItFoundAndLeavesWholeFiles()
    {
        Answer answer = Shell.RunSmall(Folder["run"]);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        Assert.That(answer.Output, Does.Match(@"^complete at t = 1: 12 steps, 25 evaluations in \d+\.\d s on cpu \(double\)\n"));
        Assert.That(answer.Output, Does.Contain("observables at t = 1, over 2 replicas:").And.EndWith(
            $"files in {Folder["run"]}: experiment.json, observables.csv, snapshots.csv, datapackage.json, checkpoint.bin, run.json{Environment.NewLine}"
            + $"pages beside them: report.html, trajectory.html{Environment.NewLine}"));
        Assert.That(RunVerification.Problems(Folder["run"]), Is.Empty);
    }

    /// <summary>Mergers, plateaus and the reason of the end: in the files, and the files as described.</summary>
    [Test]
    public void ALongRunWritesMergersAndPlateausAndSaysWhyItEnded()
    {
        Answer answer = Shell.Run("run", "long-times", "--out", Folder["long"], "--set", "tokens.count=24", "--set", "record.tokens=null", "--set", "replicas=2", "--set", "interaction.beta=6",
            "--set", "time.until={\"clusters\":1}", "--set", "time.tolerance=1e-4");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        Assert.That(answer.Output, Does.StartWith("complete at t = ").And.Contain("(clusters <= 1): ").And.Contain(" evaluations (merged tokens count as their share of the pairs)"));
        Assert.That(RunVerification.Problems(Folder["long"]), Is.Empty);
        JsonElement record = Shell.Record(Folder["long"]);
        Assert.That(record.GetProperty("reason").GetString(), Is.EqualTo("clusters <= 1"));
        Assert.That(record.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()), Is.SupersetOf(new[] { "mergers.csv", "plateaus.csv" }));
        double end = record.GetProperty("timeReached").GetDouble(), point = Math.Exp(6) / 12;
        IReadOnlyDictionary<string, double[]> mergers = CsvData.Read(Path.Combine(Folder["long"], "mergers.csv")), plateaus = CsvData.Read(Path.Combine(Folder["long"], "plateaus.csv"));
        IReadOnlyDictionary<string, double[]> observed = CsvData.Read(Path.Combine(Folder["long"], "observables.csv")), tokens = CsvData.Read(Path.Combine(Folder["long"], "snapshots.csv"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(mergers["time"], Has.Length.EqualTo(46).And.All.LessThanOrEqualTo(end), "24 tokens become one in each of two replicas");
        Assert.That((observed["time"][^1], tokens["time"][^1]), Is.EqualTo((end, end)), "the last rows are of the end");
        Assert.That(observed["energy"][^2..], Is.EqualTo(new[] { point, point }).Within(1e-9 * point));
        Assert.That(plateaus["start"], Is.Not.Empty);
        for (int k = 0; k < plateaus["start"].Length; k++) Assert.That(plateaus["end"][k], Is.GreaterThanOrEqualTo(2 * plateaus["start"][k]));
    }

    [Test]
    public void WithJsonStandardOutputIsTheRecord()
    {
        Answer answer = Shell.RunSmall(Folder["run"], "--json");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        Assert.That(answer.Json.GetProperty("status").GetString(), Is.EqualTo("complete"));
        foreach (JsonProperty member in Shell.Record(Folder["run"]).EnumerateObject().Some())
            Assert.That(answer.Json.GetProperty(member.Name).GetRawText(), Is.EqualTo(member.Value.GetRawText()));
        Assert.That(answer.Json.GetProperty("folder").GetString(), Is.EqualTo(Folder["run"]));
        IReadOnlyDictionary<string, double[]> last = CsvData.ReadWhere(Path.Combine(Folder["run"], "observables.csv"), "time", 1);
        Dictionary<string, double[]> shown = answer.Json.GetProperty("observables").Deserialize<Dictionary<string, double[]>>()!;
        Assert.That(shown.Keys, Is.EqualTo(last.Keys));
        foreach (string column in last.Keys) Assert.That(shown[column], Is.EqualTo(last[column]), column);
    }

    [Test]
    public void QuietIsSilentAboutAllButErrors()
    {
        const string unstable = "interaction.beta=6";
        Assert.That(Shell.RunSmall(Folder["loud"], "--set", unstable).Error, Does.StartWith("attentionflow: warning: $.time.step: a step of 0.1 cannot be stable near collapse"));
        Assert.That(Shell.RunSmall(Folder["quiet"], "--set", unstable, "--quiet").Error, Is.Empty);
    }

    [Test]
    public void EqualHeadsAreNamed()
    {
        Assert.That(Shell.RunSmall(Folder["equal"], "--set", "interaction.heads=4").Error,
            Does.StartWith("attentionflow: warning: $.interaction.heads: 4 heads with the same matrices are one head at 4 times the cost; set 1, or draw a matrix for every head"));
        Assert.That(Shell.RunSmall(Folder["drawn"], "--set", "interaction.heads=4", "--set", "interaction.matrices.key.kind=orthogonal", "--set", "record.observables=[\"mean\"]").Error, Is.Empty);
    }

    [Test]
    public void AStepTooLongForTheNoiseIsAnAlert()
    {
        Answer answer = Shell.RunSmall(Folder["run"], "--set", "interaction.noise={\"kappa\": 1e-3}", "--set", "record.observables=[\"mean\"]");
        Assert.That(answer.Code, Is.Zero);
        Assert.That(answer.Error, Does.StartWith("attentionflow: warning: $.time.step: a step of 0.1 is long against the noise"));
        JsonElement alert = Shell.Record(Folder["run"]).GetProperty("alerts").EnumerateArray().Single();
        Assert.That((alert.GetProperty("indicator").GetString(), alert.GetProperty("value").GetDouble()), Is.EqualTo(("step", 0.1)));
        Assert.That(alert.GetProperty("level").GetDouble(), Is.EqualTo(1e-3 / 4).Within(1e-18), "kappa/(2 (d - 1))");
    }

    /// <summary>What was asked for is watched: the rank of a cloud that starts near a point, steps that lower the energy; the time step always.</summary>
    [Test]
    public void AlertsAreInTheRecordAndOnOneLine()
    {
        string[] start = ["--set", "tokens.initial={\"law\": \"cap\", \"axis\": [0, 0, 1], \"angle\": 0.1}", "--set", "time.method=euler", "--set", "interaction.beta=5"];
        Answer answer = Shell.RunSmall(Folder["run"], [.. start, "--set", "record.observables=[\"ranks\", \"energy_drops\"]"]);
        Assert.That(answer.Code, Is.Zero);
        JsonElement[] alerts = [.. Shell.Record(Folder["run"]).GetProperty("alerts").EnumerateArray()];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(alerts.Select(a => a.GetProperty("sign").GetString()), Is.EqualTo((string[])["step too large", "rank collapse", "energy drops"]));
        Assert.That(alerts.Select(a => a.GetProperty("indicator").GetString()), Is.EqualTo((string[])["step", "stable_rank", "energy_drops"]));
        Assert.That(alerts[0].GetProperty("level").GetDouble(), Is.EqualTo(2 * Math.Exp(-5)).Within(1e-15));
        Assert.That(alerts.Select(a => a.GetProperty("replicas").GetInt32()), Is.EqualTo((int[])[2, 2, 2]));
        IReadOnlyDictionary<string, double[]> seen = CsvData.Read(Path.Combine(Folder["run"], "observables.csv"));
        int first = Array.FindIndex(seen["stable_rank"], v => v < 1.01);
        Assert.That((alerts[1].GetProperty("time").GetDouble(), alerts[1].GetProperty("replica").GetDouble(), alerts[1].GetProperty("value").GetDouble()),
            Is.EqualTo((seen["time"][first], seen["replica"][first], seen["stable_rank"][first])));
        string[] lines = answer.Error.TrimEnd().Split('\n');
        Assert.That(lines, Has.Length.EqualTo(3), "the step before the run, the drops and the alerts after it");
        Assert.That(lines[2], Does.Match("^attentionflow: warning: rank collapse from t = 0 \\(stable_rank .*, level 1.01; 2 replicas\\): 99 %"));
        Shell.RunSmall(Folder["unasked"], [.. start, "--set", "record.observables=[\"mean\"]"]);
        Assert.That(Shell.Record(Folder["unasked"]).GetProperty("alerts").GetArrayLength(), Is.EqualTo(1));
        Shell.RunSmall(Folder["calm"]);
        Assert.That(Shell.Record(Folder["calm"]).GetProperty("alerts").GetArrayLength(), Is.Zero);
    }

    [Test]
    public void AnErrorOfTheProgramIsSaidInTheRecord()
    {
        Experiment experiment = StoredExperiments.Load("figure2-baseline", [.. Shell.Small.Where(s => s != "--set")]);
        Assert.That(() => new ExperimentRun(1, new Broken(), _ => { }).Execute(experiment, Folder["run"], overwrite: false, default), Throws.InvalidOperationException);
        JsonElement record = Shell.Record(Folder["run"]);
        Assert.That((record.GetProperty("status").GetString(), record.GetProperty("advice").GetString()), Is.EqualTo(("failed", "broken")));
    }

    private sealed class Broken : IProgressDisplay
    {
        public void Begin(string name) { }
        public void Advance(double pairs, string detail, bool direct) => throw new InvalidOperationException("broken");
        public void Expect(double pairs) { }
    }

    [Test]
    public void AFolderRunsItsExperiment()
    {
        Shell.RunSmall(Folder["run"]);
        Assert.That(Shell.Run("run", Folder["run"] + "/", "--out", Folder["again"]).Code, Is.Zero);
        Assert.That(Shell.Tables(Folder["again"]), Is.EqualTo(Shell.Tables(Folder["run"])));
    }

    /// <summary>Of many coordinates three are shown; what is 0 to rounding is shown as 0.</summary>
    [Test]
    public void TheTableIsForPeople()
    {
        Answer answer = Shell.Run(["run", "figure3-rotary", "--out", Folder["run"], .. Short, "--set", "record.observables=[\"mean\"]", "--set", "interaction.gauge.kind=none"]);
        Assert.That(answer.Output, Does.Match(@"(?m)^  mean1 +0$"), "mirror pairs about an axis in the plane (0, 2)");
        double mean1 = CsvData.Read(Path.Combine(Folder["run"], "observables.csv"))["mean1"][^1];
        Assert.That(Math.Abs(mean1), Is.LessThan(1e-15));
        answer = Shell.Run(["run", "figure3-baseline", "--out", Folder["wide"], .. Short, "--set", "tokens.dimension=768", "--set", "record.observables=[\"mean\"]"]);
        Assert.That(answer.Output.Split('\n').Select(line => line.Trim().Split(' ')[0]).SkipWhile(word => word != "column").TakeWhile(word => word != "files"),
            Is.EqualTo((string[])["column", "mean_norm", "mean0", "mean1", "mean2", "..."]));
        Assert.That(answer.Output, Does.Match(@"(?m)^  \.\.\. mean767 +\(765 more in observables.csv\)$"));
    }

    [Test]
    public void ASeedThatChangesNothingIsSaidAndCopiesAreRefused()
    {
        File.WriteAllText(Folder["tokens.csv"], "x0,x1,label\n1,0,0.25\n0,1,0.5\n-1,0,0.75\n");
        File.WriteAllText(Folder["own.json"], """{ "tokens": { "initial": { "law": "file", "path": "tokens.csv" } }, "time": { "horizon": 0.1 }, "record": { "observations": 2, "observables": ["mean"] } }""");
        Assert.That(Shell.Run("run", Folder["own.json"], "--out", Folder["seed"], "--seed", "7").Error,
            Does.StartWith("attentionflow: warning: $.seed: nothing is drawn at random here, so the seed changes nothing; $.tokens.initial.jitter and $.tokens.initial.sample draw from the file"));
        Answer copies = Shell.Run("run", Folder["own.json"], "--out", Folder["copies"], "--set", "replicas=3");
        Assert.That((copies.Code, copies.Error.Trim()), Is.EqualTo((ExitCodes.BadInput, "attentionflow: --set replicas=3: $.replicas: nothing is drawn at random for a replica, so 3 would be copies of one; "
            + "draw them: $.tokens.initial.jitter, such as 0.01, turns every token by an angle, $.tokens.initial.sample takes so many rows at random; or leave this key out.")));
        Answer sampled = Shell.Run("run", Folder["own.json"], "--out", Folder["sampled"], "--set", "replicas=3", "--seed", "7", "--set", "tokens.initial.sample=2", "--set", "tokens.initial.jitter=0.1");
        Assert.That((sampled.Code, sampled.Error), Is.EqualTo((0, "")));
        Assert.That(Shell.Run("run", Folder["sampled"], "--out", Folder["again"]).Code, Is.Zero);
        Assert.That(Shell.Tables(Folder["again"]), Is.EqualTo(Shell.Tables(Folder["sampled"])));
    }

    [Test]
    public void OptionsAreSettings()
    {
        Shell.RunSmall(Folder["options"], "--seed", "7", "--device", "reference", "--precision", "double");
        Shell.RunSmall(Folder["settings"], "--set", "seed=7", "--set", "device=reference", "--set", "precision=double");
        Assert.That(Shell.Tables(Folder["options"]), Is.EqualTo(Shell.Tables(Folder["settings"])));
        JsonElement record = Shell.Record(Folder["options"]);
        Assert.That((record.GetProperty("seed").GetInt32(), record.GetProperty("device").GetString(), record.GetProperty("precision").GetString()), Is.EqualTo((7, "reference", "double")));
        Shell.RunSmall(Folder["seed 1"]);
        Assert.That(Shell.Tables(Folder["seed 1"]), Is.Not.EqualTo(Shell.Tables(Folder["options"])));
    }

    [TestCase("reference", "double", 1e-12), TestCase("cpu", "single", 1e-5)]
    public void DevicesAndPrecisionsAgree(string device, string precision, double tolerance)
    {
        Shell.RunSmall(Folder["cpu"]);
        Answer answer = Shell.RunSmall(Folder["other"], "--device", device, "--precision", precision, "--json");
        Assert.That((answer.Json.GetProperty("device").GetString(), answer.Json.GetProperty("precision").GetString()), Is.EqualTo((device, precision)));
        IReadOnlyDictionary<string, double[]> cpu = CsvData.Read(Path.Combine(Folder["cpu"], "observables.csv")), other = CsvData.Read(Path.Combine(Folder["other"], "observables.csv"));
        foreach (string column in cpu.Keys.Some()) Assert.That(other[column], Is.EqualTo(cpu[column]).Within(tolerance), column);
    }

    [Test]
    public void TheResolvedExperimentRunsAgainToTheSameBytesOnAnyNumberOfThreads()
    {
        Shell.RunSmall(Folder["first"], "--threads", "1", "--set", "interaction.gauge={\"kind\": \"rotary\", \"speeds\": [3]}", "--set", "labels.law=uniform");
        Answer again = Shell.Run("run", Path.Combine(Folder["first"], "experiment.json"), "--out", Folder["again"], "--threads", "2");
        Assert.That(again.Code, Is.Zero);
        Assert.That(Shell.Tables(Folder["again"]), Is.EqualTo(Shell.Tables(Folder["first"])));
        Assert.That(File.ReadAllText(Path.Combine(Folder["again"], "experiment.json")), Is.EqualTo(File.ReadAllText(Path.Combine(Folder["first"], "experiment.json"))));
    }

    [Test]
    public void PromptsAndMatricesOfFilesTravelWithTheRun()
    {
        File.WriteAllText(Folder["p.csv"], "x0,x1,x2,weight\n1,0,0,2\n0,1,0,1\n");
        File.WriteAllText(Folder["m.csv"], "x0,x1,x2\n1,0.5,0\n0.5,-1,0\n0,0,2\n");
        File.WriteAllText(Folder["own.json"], """
            { "schemaVersion": 1, "tokens": { "count": 8 }, "time": { "horizon": 0.5 }, "record": { "snapshots": 2, "observations": 2, "observables": ["energy"] },
              "interaction": { "prompts": { "points": "p.csv" }, "matrices": { "key": { "kind": "file", "path": "m.csv" }, "value": { "kind": "file", "path": "m.csv" } } } }
            """);
        Assert.That(Shell.Run("run", Folder["own.json"], "--out", Folder["run"]).Code, Is.Zero);
        foreach (string name in new[] { "p.csv", "m.csv" }) File.Delete(Folder[name]);
        Directory.Move(Folder["run"], Folder["moved"]);
        Assert.That(Shell.Run("run", Path.Combine(Folder["moved"], "experiment.json"), "--out", Folder["again"]).Code, Is.Zero);
        Assert.That(Shell.Tables(Folder["again"]), Is.EqualTo(Shell.Tables(Folder["moved"])));
        Assert.That(Shell.Record(Folder["again"]).GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()), Is.SupersetOf(new[] { "prompts.csv", "key.csv", "value.csv" }));
    }

    /// <summary>The other folder is gone and the new one has moved: it runs again, goes on and is verified, to the same bytes.</summary>
    [Test]
    public void ARunFromASnapshotNeedsNoOtherFolder()
    {
        string[] files = ["cloud.csv", "experiment.json", "snapshots.csv", "observables.csv", "datapackage.json"];
        File.WriteAllText(Folder["first.json"], """
            { "replicas": 2, "tokens": { "count": 6 }, "labels": { "law": "uniform" }, "interaction": { "scheme": { "kind": "pre" } }, "time": { "horizon": 2 }, "record": { "snapshots": 3, "observations": 3 } }
            """);
        File.WriteAllText(Folder["next.json"], """
            { "tokens": { "initial": { "law": "snapshot", "run": "first", "time": 1 } }, "interaction": { "beta": 2, "scheme": { "kind": "pre" } }, "time": { "horizon": 1 }, "record": { "snapshots": 2, "observations": 3 } }
            """);
        Assert.That(Shell.Run("run", Folder["first.json"], "--out", Folder["first"]).Code, Is.Zero);
        Assert.That(Shell.Run("run", Folder["next.json"], "--out", Folder["next"]).Code, Is.Zero);
        Assert.That(Shell.Run("run", Folder["next.json"], "--out", Folder["next"], "--resume").Code, Is.Zero, "complete");
        Assert.That(CsvData.ReadWhere(Path.Combine(Folder["next"], "snapshots.csv"), "snapshot", 0)["x0"],
            Is.EqualTo(CsvData.ReadWhere(Path.Combine(Folder["first"], "snapshots.csv"), "time", 1)["x0"]));
        byte[][] before = Bytes("next");
        Directory.Delete(Folder["first"], recursive: true);
        Directory.Move(Folder["next"], Folder["moved"]);
        Assert.That(Shell.Run("verify", Folder["moved"], "--rerun", "--quiet"), Is.EqualTo(new Answer(0, $"{Folder["moved"]}: whole; the rerun is equal byte for byte\n", "")));
        Assert.That(Shell.Run("run", Folder["moved"], "--out", Folder["again"]).Code, Is.Zero);
        Assert.That(Bytes("again"), Is.EqualTo(before));
        Assert.That(Shell.Run("run", Folder["moved"], "--out", Folder["moved"], "--overwrite").Code, Is.Zero);
        Assert.That(Bytes("moved"), Is.EqualTo(before), "in place");
        Assert.That(Shell.Run("run", Folder["moved"], "--resume", "--until-time", "2").Code, Is.Zero);
        Assert.That(Shell.Run("verify", Folder["moved"]).Code, Is.Zero, "made longer");

        byte[][] Bytes(string run) => [.. files.Select(name => File.ReadAllBytes(Path.Combine(Folder[run], name)))];
    }

    [Test]
    public void AnOwnCloudKeepsItsLabelsAndWeights()
    {
        File.WriteAllText(Folder["tokens.csv"], "x0,x1,label,weight\n1,0,0.25,1\n0,2,0.5,2\n-1,0,4,1\n");
        File.WriteAllText(Folder["own.json"], """
            // comments are allowed
            {
              "schemaVersion": 1,
              "tokens": { "initial": { "law": "file", "path": "tokens.csv", "normalize": true } },
              "time": { "horizon": 0.5 }, "record": { "snapshots": 2, "observations": 2, "observables": ["mean"] },
            }
            """);
        Answer answer = Shell.Run("run", Folder["own.json"], "--out", Folder["run"], "--set", "interaction.gauge.kind=rotary", "--set", "interaction.gauge.speeds=[1.5]");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        IReadOnlyDictionary<string, double[]> start = CsvData.ReadWhere(Path.Combine(Folder["run"], "snapshots.csv"), "snapshot", 0);
        Assert.That(start["label"], Is.EqualTo(new[] { 0.25, 0.5, 4 }));
        Assert.That(start["x1"], Is.EqualTo(new[] { 0.0, 1, 0 }));
        IReadOnlyDictionary<string, double[]> mean = CsvData.ReadWhere(Path.Combine(Folder["run"], "observables.csv"), "time", 0);
        Assert.That((mean["mean0"][0], mean["mean1"][0]), Is.EqualTo((0.0, 0.5)));
    }

    [Test]
    public void ARunCarriesTheFilesItReadsAndRunsAgainFromAnywhereAndInPlace()
    {
        File.WriteAllText(Folder["tokens.csv"], "x0,x1,x2\n1,0,0\n0,2,0\n-1,0,4\n");
        File.WriteAllText(Folder["targets.csv"], "x0,x1,x2,weight\n1,0,0,2\n0,1,0,1\n");
        File.WriteAllText(Folder["own.json"], """
            { "schemaVersion": 1, "tokens": { "initial": { "law": "file", "path": "tokens.csv", "normalize": true } },
              "interaction": { "gauge": { "kind": "prefix", "targets": "targets.csv" } }, "time": { "horizon": 1, "method": "heun", "step": 0.1 }, "record": { "observations": 2, "snapshots": 2 } }
            """);
        Assert.That(Shell.Run("run", Folder["own.json"], "--out", Folder["run"]).Code, Is.Zero);
        byte[][] tables = [.. Shell.Tables(Folder["run"])];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(File.ReadAllText(Path.Combine(Folder["run"], "cloud.csv")), Is.EqualTo(File.ReadAllText(Folder["tokens.csv"])));
        Assert.That(Shell.Record(Folder["run"]).GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()), Does.Contain("cloud.csv").And.Contain("targets.csv"));
        Assert.That(File.ReadAllText(Path.Combine(Folder["run"], "experiment.json")), Does.Not.Contain(Folder.FullPath));
        Assert.That(RunVerification.Problems(Folder["run"]), Is.Empty);
        File.Delete(Folder["tokens.csv"]);
        File.Delete(Folder["targets.csv"]);
        Directory.Move(Folder["run"], Folder["moved"]);
        string experiment = Path.Combine(Folder["moved"], "experiment.json");
        Assert.That(Shell.Run("run", experiment, "--out", Folder["again"]).Code, Is.Zero);
        Assert.That(Shell.Run("run", experiment, "--out", Folder["moved"], "--overwrite").Code, Is.Zero, "in place");
        Assert.That(Shell.Tables(Folder["again"]), Is.EqualTo(tables));
        Assert.That(Shell.Tables(Folder["moved"]), Is.EqualTo(tables));
        Assert.That(RunVerification.Problems(Folder["moved"]), Is.Empty);
    }

    [Test]
    public void RowsWrittenBeforeANumberOverflowsStay()
    {
        Answer answer = Shell.RunSmall(Folder["run"], "--set", "interaction.beta=700", "--set", "record.observables=[\"mean\"]");
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.Diverged));
        string[] lines = answer.Error.TrimEnd().Split('\n');
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.StartWith("attentionflow: warning: $.time.step: ").And.EndsWith("reduce abs(beta), use softmax, or, for a beta above 0, times in units of e^(-beta), \"unit\": \"collapse\""));
        Assert.That(lines[1], Does.Match(@"^attentionflow: the numbers are not finite at t = 0\.08\d*$"), "the reason was said before the run");
        Assert.That(answer.Output, Does.StartWith("diverged at t = ").And.Not.Contains("observables at"));
        JsonElement record = Shell.Record(Folder["run"]);
        Assert.That((record.GetProperty("status").GetString(), record.GetProperty("advice").GetString()),
            Is.EqualTo(("diverged", lines[1].TrimEnd()["attentionflow: ".Length..] + lines[0][lines[0].IndexOf("time.step: ", StringComparison.Ordinal)..].Replace("time.step: ", "; ", StringComparison.Ordinal))));
        Assert.That(Shell.RunSmall(Folder["quiet"], "--set", "interaction.beta=700", "--set", "record.observables=[\"mean\"]", "--quiet").Error,
            Is.EqualTo($"attentionflow: {record.GetProperty("advice").GetString()}{Environment.NewLine}"), "said nowhere else");
        Assert.That(CsvData.Read(Path.Combine(Folder["run"], "observables.csv"))["time"], Is.EqualTo(new[] { 0.0, 0 }));
        Assert.That(RunVerification.Problems(Folder["run"]), Has.Count.EqualTo(1).And.One.Contains("the status is diverged"));
        Answer refused = Shell.RunSmall(Folder["refused"], "--set", "interaction.beta=800", "--set", "record.observables=[\"mean\"]");
        Assert.That((refused.Code, refused.Error), Is.EqualTo((ExitCodes.BadInput, "attentionflow: $.interaction.beta: at 800 the rate at which tokens close in on each other, which grows like e^beta, "
            + "is beyond the range of doubles; use \"softmax\", or times in units of e^(-beta), \"time\": { \"unit\": \"collapse\" }." + Environment.NewLine)));
        Assert.That(Shell.RunSmall(Folder["refused"], "--set", "interaction.beta=-800", "--set", "record.observables=[\"mean\"]").Error, Is.EqualTo(
            "attentionflow: $.interaction.beta: at -800 the rate at which tokens close in on each other, which grows like e^abs(beta), is beyond the range of doubles; use \"softmax\"." + Environment.NewLine));
        Assert.That(Shell.RunSmall(Folder["unit"], "--set", "interaction.beta=800", "--set", "record.observables=[\"mean\"]", "--set", "time.unit=collapse").Code, Is.Zero);
        Assert.That(Shell.Record(Folder["unit"]).GetProperty("timeUnit").GetString(), Is.EqualTo("collapse"));
    }

    /// <summary>Beyond beta = 717 the energy of a point is no double: by default what holds it is left out, with a sentence; asked for, it is refused.</summary>
    [Test]
    public void WhatDoublesCannotHoldIsLeftOutOrRefused()
    {
        string[] cold = ["--set", "interaction.beta=800", "--set", "interaction.normalization=softmax"];
        File.WriteAllText(Folder["own.json"], """{ "schemaVersion": 1, "tokens": { "count": 8 }, "time": { "horizon": 0.5 }, "record": { "snapshots": 2, "observations": 2 } }""");
        const string Why = "the energy of a point is beyond the range of doubles at this beta; ask for \"energy_ratio\"";
        Answer left = Shell.Run(["run", Folder["own.json"], "--out", Folder["left"], .. cold]), refused = Shell.RunSmall(Folder["refused"], [.. cold, "--set", "record.observables=[\"mean\", \"energy\"]"]);
        Assert.That((left.Code, refused.Code), Is.EqualTo((0, ExitCodes.BadInput)), left.Error + refused.Error);
        Assert.That(left.Error, Does.StartWith($"attentionflow: warning: $.record.observables: \"energy\" is left out: {Why}; \"gaps\" is left out: "));
        Assert.That(Shell.Record(Folder["left"]).GetProperty("advice").GetString(), Does.Contain(Why));
        Assert.That(File.ReadAllText(Path.Combine(Folder["left"], "experiment.json")), Does.Match(@"""observables"": \[\s*""mean""\s*\]"));
        Assert.That(refused.Error, Does.Contain($"$.record.observables: {Why}; leave \"energy\" out"));
        Assert.That(Shell.RunSmall(Folder["plateaus"], [.. cold, "--set", "record.plateaus=true"]).Code, Is.EqualTo(ExitCodes.BadInput));
        Answer ratio = Shell.RunSmall(Folder["ratio"], [.. cold, "--set", "record.observables=[\"energy_ratio\", \"energy_drops\"]"]);
        Assert.That(ratio.Code, Is.Zero, ratio.Error);
        Assert.That(CsvData.Read(Path.Combine(Folder["ratio"], "observables.csv"))["energy_ratio"], Has.All.GreaterThan(0).And.All.LessThanOrEqualTo(1 + 1e-15));
    }

    /// <summary>The energy that nobody asked for is left out where there is none, and so the first file with `time.redraw` runs.</summary>
    [TestCase("\"matrices\": { \"value\": { \"kind\": \"gaussian\" } }", "\"redraw\": 0.1, ", "a flow whose matrices are redrawn climbs no energy")]
    [TestCase("\"perceptron\": {}, \"normalization\": \"softmax\"", "", "with a perceptron a flow climbs an energy under \"unnormalized\" only, not \"softmax\"")]
    [TestCase("\"mask\": \"causal\"", "", "a masked flow climbs no energy")]
    public void AnEnergyThatIsNotThereIsLeftOut(string interaction, string time, string why)
    {
        File.WriteAllText(Folder["own.json"], $$"""{ "tokens": { "count": 8 }, "interaction": { {{interaction}} }, "time": { {{time}}"horizon": 0.5 } }""");
        Answer left = Shell.Run("run", Folder["own.json"], "--out", Folder["left"]);
        Assert.That(left.Code, Is.Zero, left.Error);
        string advice = $"$.record.observables: \"energy\" is left out: {why}";
        Assert.That(left.Error, Does.StartWith($"attentionflow: warning: {advice}{Environment.NewLine}"));
        Assert.That(Shell.Record(Folder["left"]).GetProperty("advice").GetString(), Is.EqualTo(advice));
        Assert.That(File.ReadAllText(Path.Combine(Folder["left"], "experiment.json")), Does.Match(@"""observables"": \[\s*""gaps"",\s*""mean""\s*\]"));
        Assert.That(Shell.Run("verify", Folder["left"], "--rerun").Code, Is.Zero);
        Assert.That(Shell.Run("run", Folder["own.json"], "--out", Folder["asked"], "--set", "record.observables=[\"energy\"]").Code, Is.EqualTo(ExitCodes.BadInput));
    }

    /// <summary>A run whose matrices are redrawn becomes longer by whole intervals, and is left as it is by other times.</summary>
    [Test]
    public void RedrawnMatricesEndARunAtADraw()
    {
        File.WriteAllText(Folder["own.json"], """{ "tokens": { "count": 8 }, "interaction": { "matrices": { "value": { "kind": "gaussian" } } }, "time": { "redraw": 0.1, "horizon": 0.5 } }""");
        Assert.That(Shell.Run("run", Folder["own.json"], "--out", Folder["run"], "--quiet").Code, Is.Zero);
        Answer between = Shell.Run("run", Folder["run"], "--resume", "--until-time", "0.75");
        Assert.That((between.Code, between.Error), Is.EqualTo((ExitCodes.BadInput, $"attentionflow: --until-time 0.75: this is no multiple of $.time.redraw, 0.1.{Environment.NewLine}")));
        Assert.That(Shell.Run("verify", Folder["run"]).Code, Is.Zero);
        Assert.That(Shell.Run("run", Folder["run"], "--resume", "--until-time", "0.8", "--quiet").Code, Is.Zero);
        Assert.That(Shell.Run("verify", Folder["run"], "--rerun").Code, Is.Zero);
    }

    /// <summary>A hardmax run says how it summed.</summary>
    [Test]
    public void HardmaxIsNamed([Values("direct", "auto")] string summation)
    {
        Answer answer = Shell.RunSmall(Folder[summation], "--set", "interaction.normalization=hardmax", "--set", "record.observables=[\"mean\"]", "--set", $"summation={summation}");
        Assert.That(answer.Code, Is.Zero, answer.Error);
        Assert.That(Shell.Record(Folder[summation]).GetProperty("summation").GetProperty("method").GetString(), Is.EqualTo("hardmax"));
        Assert.That(answer.Output, Does.Contain("(double, hardmax sums)"));
    }

    [Test]
    public void AStepThatOverflowsIsADivergenceNotAZeroToken()
    {
        Answer answer = Shell.RunSmall(Folder["run"], "--set", "interaction.beta=500", "--set", "record.observations=11", "--set", "record.observables=[\"mean\"]");
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.Diverged));
        Assert.That(CsvData.Read(Path.Combine(Folder["run"], "observables.csv"))["time"], Is.EqualTo(new[] { 0.0, 0 }));
    }

    [Test]
    public void AGpuSaysWhichProfilesItKnowsAndWhoKnowsMore()
    {
        if (DeviceCatalog.All.First(d => d.Name == "ilgpu-cpu").WhyNot is { } why) Assert.Ignore(why);
        Answer answer = Shell.RunSmall(Folder["run"], "--device", "ilgpu-cpu", "--set", "interaction.profile=sigmoid", "--set", "record.observables=[\"energy\"]");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((ExitCodes.BadInput, "attentionflow: $.device: GPUs know the profiles exponential and linear, not 'sigmoid'; the device \"cpu\" can do it\n")));
    }

    // A run from the command line, on the simulator, against the processor: softmax and a coupling, so that Z and F both matter.
    [Test]
    public void ARunOnTheSimulatorIsThatOnTheProcessor()
    {
        if (DeviceCatalog.All.First(d => d.Name == "ilgpu-cpu").WhyNot is { } why) Assert.Ignore(why);
        double[] Energy(string device)
        {
            Answer answer = Shell.RunSmall(Folder[device], "--device", device, "--set", "interaction.normalization=softmax", "--set", "summation=direct");
            Assert.That(answer.Code, Is.Zero, answer.Error);
            Assert.That(Shell.Record(Folder[device]).GetProperty("device").GetString(), Is.EqualTo(device));
            return CsvData.Read(Path.Combine(Folder[device], "observables.csv"))["energy"];
        }
        Assert.That(Energy("ilgpu-cpu"), Is.EqualTo(Energy("cpu")).Within(1e-12));
    }
}
