namespace AttentionFlow.Tests.Output;

/// <summary>Runs that start from a snapshot of another.</summary>
public sealed class SnapshotLawTests : FolderFixture
{
    private static readonly Experiment Source = new()
    {
        Seed = 3, Replicas = 2, Tokens = new() { Count = 12 }, Labels = new UniformLabels(),
        Interaction = new() { Beta = 4, Normalization = Normalization.Softmax, Gauge = new RotaryGauge([1.5]) },
        Time = new() { Horizon = 4, Method = Methods.RungeKutta4, Step = 0.1 },
        Record = new() { Snapshots = 5, Observations = 5, Observables = ["mean"] },
    };

    private static readonly Experiment Adaptive = Source with { Time = new() { Horizon = 4, Tolerance = 1e-8 } };

    private static IEnumerable<TestCaseData> Kinds()
    {
        yield return Case("fixed", Source, 1e-12);
        yield return Case("radii", WithRadii(Source), 1e-12);
        yield return Case("adaptive", Adaptive, 1e-6);
        yield return Case("weights", Source with { Interaction = Source.Interaction with { Selection = 0.3 } }, 1e-12);
        yield return Case("weights, adaptive", WithRadii(Adaptive with { Interaction = Source.Interaction with { Selection = 0.3 } }), 1e-6);
        yield return Case("radii, adaptive", WithRadii(Adaptive), 1e-6);

        static TestCaseData Case(string name, Experiment experiment, double near) => new TestCaseData(experiment, near).SetArgDisplayNames(name);
    }

    /// <summary>From the state at t = 3, or the last one, at t = 4, a run comes to where a longer one comes; all record at whole times, so
    /// that fixed steps fall alike.</summary>
    [TestCaseSource(nameof(Kinds))]
    public void ARunFromASnapshotContinuesTheOther(Experiment experiment, double near)
    {
        Run(experiment, Folder["source"]);
        Run(experiment with { Time = experiment.Time with { Horizon = 5 }, Record = experiment.Record with { Snapshots = 6, Observations = 6 } }, Folder["long"]);
        foreach ((string time, double end) in new[] { ("3", 4.0), ("null", 5) })
        {
            Experiment next = Next(time, experiment, end - (time == "3" ? 3 : 4));
            Run(next, Folder[$"from{time}"]);
            IReadOnlyDictionary<string, double[]> whole = CsvData.ReadWhere(Table("long"), "time", end), rest = CsvData.ReadWhere(Table($"from{time}"), "time", next.Time.Horizon);
            Assert.That(rest.Keys, Is.EqualTo(whole.Keys));
            foreach (string column in whole.Keys.Except(["snapshot", "time"]))
                Assert.That(rest[column], Is.EqualTo(whole[column]).Within(near), column);
            Assert.That(whole["x0"], Is.Not.EqualTo(CsvData.ReadWhere(Table("long"), "time", end - next.Time.Horizon)["x0"]).Within(1e-3), "tokens move");
        }
    }

    /// <summary>The same doubles: positions, labels, radii, and weights, which snapshots.csv does not hold.</summary>
    [Test]
    public void TheStartIsTheSnapshotBitForBit([Values("1", "null")] string time)
    {
        File.WriteAllText(Folder["tokens.csv"], "x0,x1,x2,label,weight\n" + string.Concat(Enumerable.Range(1, 7).Select(i => $"0.{i},-0.{8 - i},0.5,0.{i},{i}\n")));
        Experiment source = WithRadii(Parse("""
            { "replicas": 3, "tokens": { "initial": { "law": "file", "path": "tokens.csv", "normalize": true, "sample": 5, "jitter": 0.1 } } }
            """)) with { Time = new() { Horizon = 2 }, Record = new() { Snapshots = 3, Observations = 2, Observables = ["mean"] } };
        Run(source, Folder["source"]);
        Cloud before = source.Draw(), start = Next(time, source, 1).Draw();
        IReadOnlyDictionary<string, double[]> rows = CsvData.ReadWhere(Table("source"), "time", time == "1" ? 1 : 2);
        for (int k = 0; k < 3; k++) Assert.That(Enumerable.Range(0, start.Rows).Select(row => start.Token(row)[k]), Is.EqualTo(rows[$"x{k}"]));
        Assert.That(start.Labels, Is.EqualTo(rows["label"]));
        Assert.That(start.Radii, Is.EqualTo(rows["radius"]));
        Assert.That(start.Weights, Is.EqualTo(before.Weights));
        Assert.That(start.Weights[..5], Is.Not.EqualTo(start.Weights[5..10]), "replicas are samples of their own");
        Assert.That(start.Radii, Has.None.EqualTo(1).Within(1e-3), "radii have grown");
        Run(Next(time, source, 1), Folder["next"]);
        IReadOnlyDictionary<string, double[]> first = CsvData.ReadWhere(Table("next"), "snapshot", 0);
        foreach (string column in rows.Keys.Except(["snapshot", "time"])) Assert.That(first[column], Is.EqualTo(rows[column]), column);
    }

    /// <summary>Rounded points are brought back to the sphere, less than half a last digit away; parquet is read as CSV is.</summary>
    [Test]
    public void ARoundedSnapshotIsScaledToTheSphere([Values(3, 7, 12)] int digits, [Values] SnapshotFormat format)
    {
        Experiment source = WithRadii(Source), rounded = source with { Record = source.Record with { Digits = digits, Format = format } };
        Run(source, Folder["exact"]);
        Run(rounded, Folder["source"]);
        Assert.That(RunVerification.Problems(Folder["source"]), Is.Empty);
        Experiment next = Next("3", source, 1);
        Cloud start = next.Draw(), exact = Next("3", source, 1, "exact").Draw();
        for (int row = 0; row < start.Rows; row++)
        {
            Assert.That(Sphere.Norm(start.Token(row)), Is.EqualTo(1).Within(1e-15));
            Assert.That(Sphere.Distance(start.Token(row), exact.Token(row)), Is.AtMost(2 * Digits.Error(digits)), "rounded, and scaled by as much");
        }
        Assert.That(start.Positions, Is.Not.EqualTo(exact.Positions));
        Assert.That(start.Radii, Is.EqualTo(exact.Radii!.Select(r => Digits.Round(r, digits))));
        Assert.That((start.Labels, start.Weights), Is.EqualTo((exact.Labels, exact.Weights)));
        Run(next, Folder["run"]);
        Assert.That(RunVerification.Problems(Folder["run"]), Is.Empty);
        Assert.That(ExperimentReader.Read(Folder["run/experiment.json"], []).Draw().Positions, Is.EqualTo(start.Positions), "from its own copy");
    }

    [Test]
    public void ASnapshotInParquetIsTheSnapshotBitForBit()
    {
        Run(Source with { Record = Source.Record with { Format = SnapshotFormat.Parquet } }, Folder["source"]);
        Run(Source, Folder["csv"]);
        Assert.That(Next("2", Source, 1).Draw().Positions, Is.EqualTo(Next("2", Source, 1, "csv").Draw().Positions));
    }

    /// <summary>Weights that move are in the snapshots, whole whatever the digits, and are those from which another run starts.</summary>
    [Test]
    public void WeightsThatMoveAreThoseOfTheSnapshot([Values] SnapshotFormat format)
    {
        Experiment source = WithRadii(Source) with { Record = Source.Record with { Digits = 6, Format = format } };
        source = source with { Interaction = source.Interaction with { Selection = 0.5 } };
        Run(source, Folder["source"]);
        Assert.That(RunVerification.Problems(Folder["source"]), Is.Empty);
        Cloud start = Next("3", source, 1).Draw();
        for (int r = 0; r < 2; r++) Assert.That(start.Weights.AsSpan(r * 12, 12).ToArray().Sum(), Is.EqualTo(1).Within(1e-15));
        Assert.That(start.Weights, Is.Not.EqualTo(source.Draw().Weights).Within(1e-3));
        Run(Next("3", source, 1), Folder["run"]);
        Assert.That(RunVerification.Problems(Folder["run"]), Is.Empty);
    }

    /// <summary>Points that are further off than the digits allow are none of the run.</summary>
    [Test]
    public void DigitsAllowNoMore()
    {
        Run(Source with { Record = Source.Record with { Digits = 6 } }, Folder["source"]);
        string table = Folder["source/snapshots.csv"];
        Assert.That(() => SnapshotTable.Read(table, 4, isCopy: false, digits: 6), Throws.Nothing);
        Assert.That(() => SnapshotTable.Read(table, 4, isCopy: false, digits: 9), Throws.TypeOf<ConfigurationException>().With.Message.Contains("the point is not on the unit sphere"));
        Assert.That(() => SnapshotTable.Read(table, 4, isCopy: false), Throws.TypeOf<ConfigurationException>().With.Message.Contains("the point is not on the unit sphere"));
    }

    /// <summary>The schemes that have no radius of their own leave it, and a scheme that has one starts from its own where the run had none.</summary>
    [Test]
    public void RadiiAreForSchemesThatHaveThem()
    {
        Run(WithRadii(Source), Folder["source"]);
        Experiment plain = Next("null", Source, 1), nGpt = plain with { Interaction = Source.Interaction with { Scheme = new NGptScheme() } };
        Assert.That((plain.Draw().Radii, nGpt.Draw().Radii), Is.EqualTo(((double[]?)null, (double[]?)null)));
        Run(plain, Folder["plain"]);
        Run(nGpt, Folder["nGPT"]);
        Run(Source, Folder["again"]);
        Experiment grown = Next("null", Source with { Interaction = Source.Interaction with { Scheme = new PreScheme(2) } }, 1, "again");
        Run(grown, Folder["grown"]);
        Assert.That(CsvData.ReadWhere(Table("grown"), "snapshot", 0)["radius"], Has.All.EqualTo(2));
    }

    /// <summary>A law of labels that is named takes the place of those of the snapshot.</summary>
    [Test]
    public void OtherLabelsMayBeNamed()
    {
        Run(Source, Folder["source"]);
        Experiment next = Parse("""{ "tokens": { "initial": { "law": "snapshot", "run": "source" } }, "labels": { "law": "grid" } }""");
        Assert.That(next.Draw().Labels, Is.EqualTo(new GridLabels().Draw(2, 12, 1)));
        Assert.That(Parse("""{ "tokens": { "initial": { "law": "snapshot", "run": "source" } }, "labels": { "law": "file" } }""").Draw().Labels, Is.EqualTo(Source.Draw().Labels));
    }

    [Test]
    public void WritingAndReadingGivesTheSameExperiment()
    {
        Run(Source, Folder["source"]);
        Experiment next = Next("null", Source, 1), again = ExperimentReader.Parse(ExperimentReader.Write(next), "elsewhere/experiment.json", []);
        Assert.That(again, Is.EqualTo(next));
        Assert.That(((SnapshotLaw)next.Tokens.Initial).Time, Is.EqualTo(4), "which is the last is written down");
        Assert.That((next.Replicas, next.Tokens.Count, next.Tokens.Dimension), Is.EqualTo((2, 12, 3)));
        Assert.That(next, Is.Not.EqualTo(Next("3", Source, 1)));
    }

    /// <summary>The folder holds what it reads: without the other run, and elsewhere, it gives the same bytes.</summary>
    [Test]
    public void TheFolderIsAnArchive()
    {
        Run(WithRadii(Source), Folder["source"]);
        RunRecord record = Run(Next("3", WithRadii(Source), 1), Folder["run"]);
        Assert.That(record.Files.Select(f => f.Name), Does.Contain("cloud.csv"));
        Assert.That(File.ReadAllText(Path.Combine(Folder["run"], "experiment.json")), Does.Not.Contain(Folder.FullPath));
        Directory.Delete(Folder["source"], recursive: true);
        Directory.Move(Folder["run"], Folder["moved"]);
        Experiment stored = ExperimentReader.Read(Path.Combine(Folder["moved"], "experiment.json"), []);
        Assert.That(RunVerification.Problems(Folder["moved"]), Is.Empty);
        RunRecord again = Run(stored, Folder["again"]);
        Assert.That(again.Files.Where(f => f.Name != RunFolder.CheckpointFile), Is.EqualTo(record.Files.Where(f => f.Name != RunFolder.CheckpointFile)));
        Assert.That(Runner().Execute(stored, Folder["moved"], overwrite: true, default).Files.First(f => f.Name == "cloud.csv"), Is.EqualTo(record.Files.First(f => f.Name == "cloud.csv")), "in place");
    }

    /// <summary>Stopped, and gone on with, by its experiment or by its folder; a run of another snapshot is another run.</summary>
    [Test]
    public void ARunFromASnapshotGoesOn()
    {
        Run(Source, Folder["source"]);
        Experiment next = Next("2", Source, 2);
        RunRecord whole = Run(next, Folder["whole"]);
        Stop(next, Folder["run"], 0.5);
        Experiment other = Next("3", Source, 2);
        SnapshotLaw law = (SnapshotLaw)other.Tokens.Initial;
        Assert.That(() => Runner().Resume(other, Folder["run"], null, default), Throws.TypeOf<ConfigurationException>().With.Message.Contains("$.tokens.initial.time is 2 there and 3 here"));
        other = other with { Tokens = other.Tokens with { Initial = law with { Time = 2 } } };
        Assert.That(() => Runner().Resume(other, Folder["run"], null, default), Throws.TypeOf<ConfigurationException>().With.Message.Contains("snapshots.csv, see its cloud.csv"));
        Assert.That(Runner().Resume(next, Folder["run"], null, default).Files.SkipLast(1), Is.EqualTo(whole.Files.SkipLast(1)));
        Stop(next, Folder["second"], 0.5);
        Directory.Delete(Folder["source"], recursive: true);
        Assert.That(Runner().Resume(null, Folder["second"], null, default).Files.SkipLast(1), Is.EqualTo(whole.Files.SkipLast(1)));
    }

    /// <summary>The run whose last state it starts from, replaced by it.</summary>
    [Test]
    public void ARunMayStartFromTheOneThatItReplaces()
    {
        Run(Source, Folder["source"]);
        double[] last = CsvData.ReadWhere(Table("source"), "time", 4)["x1"];
        Runner().Execute(Next("null", Source, 1), Folder["source"], overwrite: true, default);
        Assert.That(CsvData.ReadWhere(Table("source"), "snapshot", 0)["x1"], Is.EqualTo(last));
        Runner().Execute(Next("null", Source, 1), Folder["source"], overwrite: true, default);
        Assert.That(RunVerification.Problems(Folder["source"]), Is.Empty);
    }

    [Test]
    public void AStoppedRunServes()
    {
        RunRecord stopped = Stop(Source, Folder["source"], 1.5);
        Assert.That(((SnapshotLaw)Next("null", Source, 1).Tokens.Initial).Time, Is.EqualTo(Math.Floor(stopped.TimeReached)).And.LessThan(4));
    }

    private static ExperimentRun Runner() => new(1, new Silent(), _ => { });

    private static RunRecord Run(Experiment experiment, string folder)
    {
        RunRecord record = Runner().Execute(experiment, folder, overwrite: false, default);
        Assert.That(record.Status, Is.EqualTo(RunStatus.Complete), record.Advice);
        return record;
    }

    private static RunRecord Stop(Experiment experiment, string folder, double time)
    {
        using StopAt display = new(time);
        RunRecord record = new ExperimentRun(1, display, _ => { }).Execute(experiment, folder, overwrite: false, display.Token);
        Assert.That(record.Status, Is.EqualTo(RunStatus.Stopped));
        return record;
    }

    private static Experiment WithRadii(Experiment experiment) => experiment with { Interaction = experiment.Interaction with { Scheme = new PreScheme() } };

    // The experiment from a snapshot of the run in a folder.
    private Experiment Next(string time, Experiment experiment, double horizon, string source = "source")
    {
        Experiment read = Parse($$"""{ "tokens": { "initial": { "law": "snapshot", "run": "{{source}}", "time": {{time}} } } }""");
        return experiment with
        {
            Replicas = read.Replicas,
            Tokens = read.Tokens,
            Labels = read.Labels,
            Time = experiment.Time with { Horizon = horizon },
            Record = experiment.Record with { Snapshots = 2, Observations = 2 },
        };
    }

    private Experiment Parse(string text) => ExperimentReader.Parse(text.Insert(text.IndexOf('{') + 1, "\"schemaVersion\": 1,"), Folder["e.json"], []);

    private string Table(string run) => Path.Combine(Folder[run], RunFolder.SnapshotsFile);

    private class Silent : IProgressDisplay
    {
        public void Begin(string name) { }

        public virtual void Advance(double pairs, string detail, bool direct) { }
    }

    private sealed class StopAt(double time) : Silent, IDisposable
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        public override void Advance(double pairs, string detail, bool direct)
        {
            if (double.Parse(detail.Split(' ')[2].TrimEnd(','), CultureInfo.InvariantCulture) >= time) _source.Cancel();
        }

        public void Dispose() => _source.Dispose();
    }
}
