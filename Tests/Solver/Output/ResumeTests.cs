using AttentionFlow.Tests.Solver;

namespace AttentionFlow.Tests.Output;

/// <summary>Runs that are left at some moment and go on, against runs that are not: the same bytes.</summary>
public sealed class ResumeTests : FolderFixture
{
    // Not at every evaluation: bringing files to the disk takes milliseconds.
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(2);

    private static readonly Experiment Small = new()
    {
        Seed = 3, Tokens = new() { Count = 12 }, Interaction = new() { Beta = 4, Normalization = Normalization.Softmax },
        Time = new() { Horizon = 4, Tolerance = 1e-5 },
        Record = new() { Snapshots = 5, Observations = 9, Observables = ["energy", "gaps", "mean", "energy_drops", "clusters"] },
    };

    private static readonly TimeSection Fixed = new() { Horizon = 4, Method = Methods.RungeKutta4, Step = 0.3 };

    private static IEnumerable<TestCaseData> Kinds()
    {
        yield return Case("fixed", Small with { Time = Fixed, Replicas = 2 });
        yield return Case("adaptive", Small with { Replicas = 3 });
        yield return Case("merging", Small with
        {
            Replicas = 2,
            Time = new() { Horizon = 200, Merge = new(1e-2), Tolerance = 1e-4 },
            Record = Small.Record with { Plateaus = true, Spacing = Spacing.Logarithmic, First = 0.1 },
        });
        yield return Case("noise", Noisy(Splitting.Lie));
        yield return Case("noise between", Noisy(Splitting.Strang));
        yield return Case("radii", Small with
        {
            Interaction = Small.Interaction with { Scheme = new PreScheme() },
            Record = Small.Record with { Observables = ["energy", "mean"] },
        });
        yield return Case("radii, fixed", Small with
        {
            Interaction = Small.Interaction with { Scheme = new PreScheme() },
            Time = Fixed,
            Record = Small.Record with { Observables = ["mean"] },
        });
        yield return Case("weights", Small with { Replicas = 2, Interaction = Small.Interaction with { Selection = 0.5 } });
        yield return Case("weights, fixed, radii", Small with
        {
            Interaction = Small.Interaction with { Selection = 0.5, Scheme = new PreScheme() },
            Time = Fixed,
        });
        yield return Case("harmonic", Small with { Tokens = new() { Count = 600 }, Summation = Summation.Fast, Time = Fixed with { Horizon = 2 } });
        yield return Case("coalesced", Small with
        {
            Tokens = new() { Count = 600 },
            Summation = Summation.Coalesced,
            Replicas = 2,
            Interaction = new() { Beta = 1, Normalization = Normalization.Softmax },
            Time = new() { Horizon = 8, Tolerance = 1e-3 },
            Record = Small.Record with { Snapshots = 2 },
        });
        yield return Case("device", Small with { Device = "ilgpu-cpu", Time = Fixed with { Horizon = 1 } });
        yield return Case("parquet", Small with { Replicas = 2, Record = Small.Record with { Format = SnapshotFormat.Parquet, Digits = 9 } });
        yield return Case("single", Small with { Precision = Precision.Single });
        yield return Case("until", Small with
        {
            Replicas = 2,
            Time = Small.Time with { Horizon = 100, Until = new(Gap: 0.05) },
            Record = Small.Record with { Observations = 101 },
        });
        yield return Case("alerts", Small with
        {
            Time = new() { Horizon = 6, Method = Methods.Euler, Step = 2 },
            Record = Small.Record with { Observables = ["ranks", "energy_drops", "attention_entropy"], Observations = 4 },
        });

        RecordSection tangents = Small.Record with { Observables = ["gradient", "mean", "lyapunov"], Tangents = 5 };
        yield return Case("tangents", Small with { Replicas = 2, Record = tangents });
        yield return Case("tangents, radii", Small with { Record = tangents, Interaction = Small.Interaction with { Scheme = new PreScheme() } });
        yield return Case("tangents, noise between", Noisy(Splitting.Strang) with { Record = tangents });

        Experiment redrawn = Small with
        {
            Replicas = 2,
            Time = Fixed with { Method = Methods.Heun, Step = 0.25, Redraw = 0.5 },
            Interaction = Small.Interaction with { Matrices = new(new GaussianMatrix(), new IdentityMatrix(), new BrownianMatrix()), Noise = new(5, Common: 7) },
            Record = Small.Record with { Observables = ["gaps", "mean"] },
        };
        yield return Case("redrawn matrices, common noise", redrawn);
        yield return Case("tangents, redrawn matrices", redrawn with { Record = tangents });

        static TestCaseData Case(string name, Experiment experiment) => new TestCaseData(experiment).SetArgDisplayNames(name);

        static Experiment Noisy(Splitting splitting) => Small with
        {
            Replicas = 2,
            Time = Fixed,
            Record = Small.Record with { Observables = ["gaps", "mean"] },
            Interaction = Small.Interaction with { Noise = new(5) { Splitting = splitting } },
        };
    }

    /// <summary>At every third step the folder is copied as it is, as a kill would leave it; each copy goes on, and is killed again.</summary>
    [TestCaseSource(nameof(Kinds))]
    public void AKilledRunGoesOnToTheSameBytes(Experiment experiment)
    {
        RunRecord whole = Run(new Copying(null, ""), Folder["whole"], experiment);
        Assert.That(whole.Status, Is.EqualTo(RunStatus.Complete));
        Copying first = new(Folder["first"], Folder["copy"]);
        Run(first, Folder["first"], experiment, whole.Evaluations < 100 ? TimeSpan.Zero : Often);
        Assert.That(first.Copies, Is.GreaterThan(1));
        int pieces = 0;
        foreach (int copy in new[] { 0, first.Copies / 2, first.Copies - 1 }.Distinct())
        {
            string folder = $"{Folder["copy"]}{copy}";
            Copying second = new(folder, Folder[$"again{copy}-"]);
            AssertSame(whole, Go(second, folder), folder);
            if (second.Copies == 0) continue;
            string again = Folder[$"again{copy}-{second.Copies / 2}"];
            AssertSame(whole, Go(new Copying(null, ""), again), again);
            pieces += RunRecord.Read(Path.Combine(again, "run.json")).Pieces?.Count ?? 0;
        }
        Assert.That(pieces, Is.Positive, "some had a checkpoint to go on from");

        RunRecord Go(Copying progress, string folder) => new ExperimentRun(3, progress, _ => { }) { CheckpointInterval = Often }
            .Resume(null, folder, null, CancellationToken.None);
    }

    /// <summary>Stopped in the middle of a step; the stop is seen at the next evaluation.</summary>
    [TestCaseSource(nameof(Kinds))]
    public void AStoppedRunGoesOnToTheSameBytes(Experiment experiment)
    {
        RunRecord whole = Run(new Copying(null, ""), Folder["whole"], experiment), stopped;
        int pieces = 0;
        for (; ; pieces++)
        {
            using Stopping stopping = new(after: 2);
            stopped = new ExperimentRun(1, stopping, _ => { }).Resume(experiment, Folder["run"], null, stopping.Token);
            if (stopped.Status == RunStatus.Complete) break;
            Assert.That(stopped.Status, Is.EqualTo(RunStatus.Stopped));
            Assert.That(stopped.Advice, Does.EndWith("; --resume goes on from there"));
            string status = $"{Path.Combine(Folder["run"], RunFolder.RunFile)}: the status is stopped, not complete";
            Assert.That(RunVerification.Problems(Folder["run"]), Is.EqualTo(new[] { status }), "else it is whole");
        }
        Assert.That(pieces, Is.GreaterThan(1));
        Assert.That(stopped.Pieces, Has.Count.EqualTo(pieces));
        AssertSame(whole, stopped, Folder["run"]);
    }

    [Test]
    public void AStateWrittenWhileAnObserverLooksIsThatBefore()
    {
        Cloud cloud = Clouds.Uniform(2, 10, 3);
        List<double> all = [], rest = [];
        MemoryArchive? archive = null;
        Simulate(new(), all, seen => seen == 2);
        Simulate(new() { Earlier = archive!.ToRead() }, rest, _ => false);
        Assert.That(rest, Is.EqualTo(all.Skip(2)));

        void Simulate(RunState state, List<double> seen, Func<int, bool> isDue)
        {
            using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, 1);
            Cloud moved = new(2, 10, 3, [.. cloud.Positions]);
            Looking observer = new(seen, () =>
            {
                // From another thread, as a program does that ends without waiting.
                if (isDue(seen.Count))
                    Task.Run(() => state.TryWrite(TimeSpan.FromSeconds(10), a => archive = Copy(a))).Wait();
            });
            new Simulation(new Flow(new(4), new IdentityGauge(), moved, sums), Methods.Tsit5, new AdaptiveStep(1e-4), 1) { State = state }
                .Run(moved, [observer]);
        }

        static MemoryArchive Copy(MemoryArchive archive)
        {
            MemoryArchive copy = new();
            foreach ((string name, Memory<double> values) in archive.Lists) copy.Array(name, values.ToArray(), 0, values.Length);
            return copy;
        }
    }

    [Test]
    public void ADamagedCheckpointGivesWayToTheOneBefore()
    {
        Copying copying = new(Folder["run"], Folder["copy"]);
        RunRecord whole = Run(copying, Folder["run"], Small, TimeSpan.Zero);
        string folder = $"{Folder["copy"]}{copying.Copies - 1}", newest = Path.Combine(folder, RunFolder.CheckpointFile);
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^40] ^= 1;
        File.WriteAllBytes(newest, bytes);
        AssertSame(whole, Resume(folder), folder);
        // Both.
        folder = $"{Folder["copy"]}{copying.Copies - 2}";
        foreach (string name in new[] { RunFolder.CheckpointFile, RunFolder.PreviousCheckpointFile })
            File.WriteAllText(Path.Combine(folder, name), "no checkpoint, but long enough for a hash of 32 bytes");
        Assert.That(() => Resume(folder), Throws.InstanceOf<IOException>().With.Message.Contains("checkpoint.bin: this checkpoint is damaged"));
    }

    [Test]
    public void WhatIsNotTheSameRunIsRefused()
    {
        using (Stopping stopping = new(after: 6))
            new ExperimentRun(1, stopping, _ => { }).Execute(Small, Folder["run"], overwrite: false, stopping.Token);
        Assert.That(() => Resume(Folder["run"], Small with { Interaction = Small.Interaction with { Beta = 5 } }), Refused("$.interaction.beta is 4 there and 5 here"));
        Assert.That(() => Resume(Folder["run"], Small with { Precision = Precision.Single }), Refused("$.precision is \"double\" there and \"single\" here"));
        Assert.That(() => Resume(Folder["run"], Small with { Device = "reference" }), Refused("$.device is \"cpu\" there and \"reference\" here"));
        Assert.That(() => Resume(Folder["run"], Small with { Time = Small.Time with { Horizon = 5 } }), Refused("(--until-time makes a run longer)"));
        Assert.That(() => Resume(Folder["run"], horizon: 3), Refused("is to t = 4 and can only be made longer"));
        string table = Path.Combine(Folder["run"], "observables.csv"), text = File.ReadAllText(table), experiment = Path.Combine(Folder["run"], "experiment.json");
        File.WriteAllText(table, text.Replace("0.5,0,", "0.5,1,", StringComparison.Ordinal));
        Assert.That(() => Resume(Folder["run"]), Throws.InstanceOf<IOException>().With.Message.Contains("observables.csv: its first"));
        File.WriteAllText(table, text);
        File.WriteAllText(experiment, File.ReadAllText(experiment).Replace("\"beta\": 4", "\"beta\": 3", StringComparison.Ordinal));
        Assert.That(() => Resume(Folder["run"]), Throws.InstanceOf<IOException>().With.Message.Contains("experiment.json is not the one that the run began with"));
        Assert.That(() => Resume(Folder["nothing"]), Refused("there is no run in this folder"));
        Assert.That(() => Resume(Folder["nothing"], Small, horizon: 9), Refused("there is no run in"));
        byte[] record = File.ReadAllBytes(Path.Combine(Folder["run"], "run.json"));
        Assert.That(() => Resume(Folder["run"], horizon: 1e9), Throws.InstanceOf<IOException>(), "its experiment is still spoilt");
        Assert.That(File.ReadAllBytes(Path.Combine(Folder["run"], "run.json")), Is.EqualTo(record));

        static NUnit.Framework.Constraints.Constraint Refused(string why) => Throws.TypeOf<ConfigurationException>().With.Message.Contains(why);
    }

    [Test]
    public void ADivergedRunIsNotResumed()
    {
        Experiment experiment = new() { Tokens = new() { Count = 4 }, Interaction = new() { Beta = 700 }, Time = new() { Horizon = 1, Method = Methods.Heun, Step = 0.1 }, Record = new() { Observables = ["mean"] } };
        Assert.That(Run(new Copying(null, ""), Folder["run"], experiment).Status, Is.EqualTo(RunStatus.Diverged));
        Assert.That(File.Exists(Path.Combine(Folder["run"], RunFolder.CheckpointFile)), Is.False);
        Assert.That(() => Resume(Folder["run"]), Throws.TypeOf<ConfigurationException>().With.Message.Contains("would again"));
    }

    [Test]
    public void AHorizonWithTooManyRecordingTimesIsRefusedBeforeAnythingChanges()
    {
        Run(new Copying(null, ""), Folder["run"], Small);
        byte[] record = File.ReadAllBytes(Path.Combine(Folder["run"], "run.json"));
        Assert.That(() => Resume(Folder["run"], horizon: 1e9), Throws.TypeOf<ConfigurationException>().With.Message.Contains("2.2E+09 of them; at most 1E+07"));
        Assert.That(File.ReadAllBytes(Path.Combine(Folder["run"], "run.json")), Is.EqualTo(record));
    }

    [Test]
    public void ACompleteRunStaysAsItIs()
    {
        RunRecord whole = Run(new Copying(null, ""), Folder["run"], Small);
        byte[] record = File.ReadAllBytes(Path.Combine(Folder["run"], "run.json"));
        AssertSame(whole, Resume(Folder["run"], Small), Folder["run"]);
        Assert.That(File.ReadAllBytes(Path.Combine(Folder["run"], "run.json")), Is.EqualTo(record));
    }

    /// <summary>Fixed steps: as if the run had been so long from the beginning. Adaptive ones shorten the last step before a horizon.</summary>
    [TestCase(true, 1e-15), TestCase(false, 1e-3)]
    public void ARunIsMadeLonger(bool isFixed, double tolerance)
    {
        Experiment experiment = Small with { Time = isFixed ? Fixed with { Step = 0.25 } : Small.Time };
        Run(new Copying(null, ""), Folder["run"], experiment);
        string[] before = File.ReadAllLines(Path.Combine(Folder["run"], "observables.csv"));
        RunRecord longer = Resume(Folder["run"], experiment, horizon: 8);
        Assert.That((longer.Status, longer.TimeReached, longer.Pieces!.Count), Is.EqualTo((RunStatus.Complete, 8.0, 1)));
        string[] after = File.ReadAllLines(Path.Combine(Folder["run"], "observables.csv"));
        Assert.That(after.Take(before.Length), Is.EqualTo(before));
        Experiment full = experiment with
        {
            Time = experiment.Time with { Horizon = 8 },
            Record = experiment.Record with { Snapshots = 9, Observations = 17 },
        };
        Run(new Copying(null, ""), Folder["full"], full);
        IReadOnlyDictionary<string, double[]> made = CsvData.Read(Path.Combine(Folder["run"], "observables.csv")), straight = CsvData.Read(Path.Combine(Folder["full"], "observables.csv"));
        foreach (string column in straight.Keys) Assert.That(made[column], Is.EqualTo(straight[column]).Within(tolerance), column);
        Assert.That(RunFolder.Verify(Folder["run"]), Is.Empty);
        // Once more, to a time between; the run knows where it was before.
        Assert.That(Resume(Folder["run"], horizon: 8.7).Status, Is.EqualTo(RunStatus.Complete));
        Assert.That(CsvData.Read(Path.Combine(Folder["run"], "observables.csv"))["time"], Is.EqualTo([.. made["time"], 8.5, 8.7]));
        Assert.That(ExperimentReader.Read(Path.Combine(Folder["run"], "experiment.json"), []).Record.Horizons, Is.EqualTo(new[] { 4.0, 8 }));
    }

    /// <summary>The text of the parquet file is the CSV file, before and after it is made longer; a stopped run has the CSV file.</summary>
    [Test]
    public void ARunWithParquetIsMadeLonger([Values(null, 5)] int? digits)
    {
        Experiment csv = Small with { Record = Small.Record with { Digits = digits } }, parquet = csv with { Record = csv.Record with { Format = SnapshotFormat.Parquet } };
        Run(new Copying(null, ""), Folder["csv"], csv);
        Run(new Copying(null, ""), Folder["run"], parquet);
        Same();
        foreach (string folder in (string[])["csv", "run"]) Resume(Folder[folder], horizon: 7);
        Same();
        using (Stopping stopping = new(after: 3))
            Assert.That(new ExperimentRun(1, stopping, _ => { }).Resume(null, Folder["run"], 20, stopping.Token).Status, Is.EqualTo(RunStatus.Stopped));
        Assert.That((File.Exists(Folder["run/snapshots.csv"]), File.Exists(Folder["run/snapshots.parquet"])), Is.EqualTo((true, false)));
        Assert.That(RunVerification.Problems(Folder["run"]), Is.EqualTo(new[] { $"{Folder["run/run.json"]}: the status is stopped, not complete" }));
        Resume(Folder["csv"], horizon: 20);
        Resume(Folder["run"]);
        Same();

        void Same()
        {
            Assert.That(SnapshotFiles.Lines(Folder["run/snapshots.parquet"]), Is.EqualTo(File.ReadAllLines(Folder["csv/snapshots.csv"])));
            Assert.That(File.Exists(Folder["run/snapshots.csv"]), Is.False);
            Assert.That(File.ReadAllBytes(Folder["run/observables.csv"]), Is.EqualTo(File.ReadAllBytes(Folder["csv/observables.csv"])));
            Assert.That(RunVerification.Problems(Folder["run"]), Is.Empty);
        }
    }

    /// <summary>Whatever a kill leaves, from the moment in which the tables are whole to the last rename, and when CSV is made again.</summary>
    [TestCase("snapshots.csv"), TestCase("snapshots.csv", "half of snapshots.parquet.part"), TestCase("snapshots.csv", "snapshots.parquet"), TestCase("snapshots.parquet")]
    [TestCase("snapshots.parquet", "half of snapshots.csv.part"), TestCase("snapshots.parquet", "snapshots.csv.part"), TestCase("snapshots.csv.part")]
    [TestCase("snapshots.csv", "snapshots.parquet", "half of snapshots.csv.part"), TestCase("snapshots.csv", "snapshots.csv.part")]
    public void AKillWhileParquetIsMadeLosesNothing(params string[] left)
    {
        Experiment experiment = Small with { Record = Small.Record with { Format = SnapshotFormat.Parquet } };
        Run(new Copying(null, ""), Folder["csv"], Small);
        RunRecord whole = Run(new Copying(null, ""), Folder["whole"], experiment);
        Directory.CreateDirectory(Folder["run"]);
        foreach (string file in Directory.GetFiles(Folder["whole"]).Where(f => !f.EndsWith(".parquet", StringComparison.Ordinal))) File.Copy(file, Path.Combine(Folder["run"], Path.GetFileName(file)));
        File.WriteAllText(Folder["run/run.json"], (whole with { Status = RunStatus.Running, Files = [.. whole.Files.Take(1)] }).ToJson());
        foreach (string name in left)
        {
            string file = name.Split(' ')[^1], of = file.Replace(".part", "", StringComparison.Ordinal);
            byte[] bytes = File.ReadAllBytes(of == "snapshots.csv" ? Folder["csv/snapshots.csv"] : Folder["whole/snapshots.parquet"]);
            File.WriteAllBytes(Folder[$"run/{file}"], file == name ? bytes : bytes[..(bytes.Length / 2)]);
        }
        AssertSame(whole, Resume(Folder["run"]), Folder["run"]);
        foreach (FileRecord file in whole.Files) Assert.That(file.IsAt(Folder[$"run/{file.Name}"]), file.Name);
    }

    [Test]
    public void AParquetFileThatWasChangedIsRefused()
    {
        Run(new Copying(null, ""), Folder["run"], Small with { Record = Small.Record with { Format = SnapshotFormat.Parquet } });
        string parquet = Folder["run/snapshots.parquet"], text = string.Concat(SnapshotFiles.Lines(parquet).Select(line => line + "\n"));
        byte[] bytes = File.ReadAllBytes(parquet), record = File.ReadAllBytes(Folder["run/run.json"]);
        int at = text.IndexOf("0.", text.IndexOf('\n'), StringComparison.Ordinal) + 2;
        File.WriteAllText(Folder["changed.csv"], text[..at] + (text[at] == '1' ? '2' : '1') + text[(at + 1)..]);
        ParquetTable.Write(Folder["changed.csv"], parquet, RunColumns.Snapshots(3), null);
        Assert.That(() => Resume(Folder["run"], horizon: 7), Throws.TypeOf<DamagedRunException>().With.Message.Contains("snapshots.parquet: its first"));
        File.WriteAllBytes(parquet, bytes[..^9]);
        Assert.That(() => Resume(Folder["run"], horizon: 7), Throws.TypeOf<DamagedRunException>().With.Message.Contains("snapshots.parquet: this is not a parquet file"));
        Assert.That(File.ReadAllBytes(Folder["run/run.json"]), Is.EqualTo(record));
        Assert.That(File.Exists(Folder["run/snapshots.csv.part"]), Is.False);
        File.WriteAllBytes(parquet, bytes);
        Assert.That(Resume(Folder["run"], horizon: 7).Status, Is.EqualTo(RunStatus.Complete));
    }

    [Test]
    public void TimesGoOnByTheSameRule()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(RecordTimes.Extended(RecordTimes.Linear(3, 1), true, [1, 2]), Is.EqualTo(new[] { 0, 0.5, 1, 1.5, 2 }));
        Assert.That(RecordTimes.Extended(RecordTimes.Linear(1, 1), true, [1, 2.5]), Is.EqualTo(new[] { 1, 2, 2.5 }), "one alone is the horizon");
        Assert.That(RecordTimes.Extended(RecordTimes.Logarithmic(4, 1, 100), false, [100, 5000]), Is.EqualTo(new[] { 0, 1, 10, 100, 1000, 5000.0 }).Within(1e-9));
        Assert.That(RecordTimes.Extended(RecordTimes.Linear(3, 1), true, [1, 1.2, 2]), Is.EqualTo(new[] { 0, 0.5, 1, 1.2, 1.5, 2 }), "horizons stay");
    }

    private static RunRecord Run(Copying progress, string folder, Experiment experiment, TimeSpan? interval = null) =>
        new ExperimentRun(2, progress, _ => { }) { CheckpointInterval = interval ?? Often }.Execute(experiment, folder, overwrite: false, CancellationToken.None);

    private static RunRecord Resume(string folder, Experiment? asked = null, double? horizon = null) =>
        new ExperimentRun(2, new Copying(null, ""), _ => { }).Resume(asked, folder, horizon, CancellationToken.None);

    // run.json apart from how long it took, on how many threads and in how many pieces.
    private void AssertSame(RunRecord whole, RunRecord record, string folder)
    {
        string[] names = [.. new DirectoryInfo(Folder["whole"]).Exists ? new DirectoryInfo(Folder["whole"]).GetFiles().Select(f => f.Name) : whole.Files.Select(f => f.Name).Append("run.json")];
        Assert.That(Directory.GetFiles(folder).Select(f => Path.GetFileName(f)), Is.EquivalentTo(names));
        Assert.That(record.Files, Is.EqualTo(whole.Files));
        RunRecord same = record with
        {
            Start = whole.Start,
            End = whole.End,
            WallSeconds = whole.WallSeconds,
            Threads = whole.Threads,
            Pieces = whole.Pieces,
            PackageVersions = whole.PackageVersions,
            Files = whole.Files,
            Alerts = whole.Alerts,
        };
        Assert.That(same, Is.EqualTo(whole));
        Assert.That(record.Alerts, Is.EqualTo(whole.Alerts));
    }

    // Copies a folder at every third step.
    private sealed class Copying(string? folder, string target) : IProgressDisplay
    {
        private int _steps;

        public int Copies { get; private set; }

        public void Begin(string name) { }

        public void Advance(double pairs, string detail, bool direct)
        {
            if (folder is null || _steps++ % 3 != 1) return;
            string copy = $"{target}{Copies++}";
            Directory.CreateDirectory(copy);
            // All but the lock, which nobody holds there.
            foreach (string file in Directory.GetFiles(folder).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal))) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }
    }

    // Asks for a stop at a step.
    private sealed class Stopping(int after) : IProgressDisplay, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private int _steps;

        public CancellationToken Token => _stop.Token;

        public void Begin(string name) { }

        public void Advance(double pairs, string detail, bool direct)
        {
            if (_steps++ == after) _stop.Cancel();
        }

        public void Dispose() => _stop.Dispose();
    }

    // Sees ten times, and remembers how often.
    private sealed class Looking(List<double> seen, Action look) : IObserver
    {
        private int _count;

        public double NextTime => _count <= 10 ? 0.1 * _count : double.PositiveInfinity;

        public void Observe(in Frame frame)
        {
            look();
            seen.Add(frame.Positions.Sum() + frame.Drift.Sum());
            _count++;
        }

        public void Keep(Archive archive) => archive.Whole("count", ref _count);
    }
}
