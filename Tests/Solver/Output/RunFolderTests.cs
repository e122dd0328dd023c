using System.Text.RegularExpressions;

namespace AttentionFlow.Tests.Output;

public sealed class RunFolderTests : FolderFixture
{
    [Test]
    public void AFinishedRunIsFiveFilesThatVerify()
    {
        new SmallRun().Write(Folder.FullPath);
        Assert.That(Folder.Names, Is.EqualTo(new[] { "datapackage.json", "experiment.json", "observables.csv", "run.json", "snapshots.csv" }));
        Assert.That(RunFolder.Verify(Folder.FullPath), Is.Empty);
        Assert.That(CsvData.Header(Folder["snapshots.csv"]),
            Is.EqualTo(new[] { "snapshot", "time", "replica", "token", "label", "x0", "x1", "x2" }));
        Assert.That(CsvData.Header(Folder["observables.csv"]), Is.EqualTo(new[] { "time", "replica", "mean_norm" }));
        Assert.That(CsvData.ReadWhere(Folder["snapshots.csv"], "snapshot", 2)["token"], Is.EqualTo(new[] { 0.0, 1, 2, 3, 4, 0, 1, 2, 3, 4 }));
    }

    [Test]
    public void RunJsonSaysWhereTheNumbersComeFrom()
    {
        RunRecord record = new SmallRun().Write(Folder.FullPath);
        string text = File.ReadAllText(Folder["run.json"]);
        Assert.That(text, Does.StartWith("{\n  \"status\": \"complete\",\n").And.EndsWith("}\n").And.Not.Contain("\r").And.Not.Contain("null"));
        using JsonDocument json = JsonDocument.Parse(text);
        JsonElement root = json.RootElement;
        Assert.That(root.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[]
        {
            "status", "programVersion", "build", "experimentSha256", "seed", "device", "precision", "threads", "packageVersions", "host",
            "start", "end", "wallSeconds", "timeReached", "steps", "rejectedSteps", "evaluations", "observationEvaluations", "alerts", "files",
        }));
        Assert.That(root.GetProperty("seed").GetUInt64(), Is.EqualTo(ulong.MaxValue));
        Assert.That(root.GetProperty("start").GetString(), Does.Match(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$"));
        Assert.That(root.GetProperty("packageVersions").EnumerateObject().Select(p => p.Name),
            Is.SupersetOf(new[] { ".NET", "AttentionFlow.Kernels", "AttentionFlow.Solver", "CsvHelper", "MathNet.Numerics" }));
        Assert.That(root.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()),
            Is.EqualTo(new[] { "experiment.json", "snapshots.csv", "observables.csv", "datapackage.json" }));
        Assert.That(record.Files.Single(f => f.Name == "snapshots.csv").Rows, Is.EqualTo(SmallRun.Times * SmallRun.Replicas * SmallRun.Tokens));
        Assert.That(text, Does.Not.Contain(Environment.MachineName).And.Not.Contain(Folder.FullPath));
        RunRecord read = RunRecord.Read(Folder["run.json"]);
        Assert.That(read.ToJson(), Is.EqualTo(text));
        Assert.That(read.Alerts, Is.EqualTo(record.Alerts).And.Count.EqualTo(1));
        Assert.That(read.ExperimentSha256, Is.EqualTo(record.Files[0].Sha256));
    }

    [Test]
    public void DataPackageDescribesTheColumnsOfTheFiles()
    {
        RunRecord record = new SmallRun().Write(Folder.FullPath);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Folder["datapackage.json"]));
        JsonElement root = json.RootElement;
        Assert.That(root.GetProperty("profile").GetString(), Is.EqualTo("tabular-data-package"));
        Assert.That(root.GetProperty("title").GetString(), Is.EqualTo("Rotary code on the sphere (\u03b2 = 1)"));
        Assert.That(Regex.IsMatch(root.GetProperty("name").GetString()!, "^[-a-z0-9._/]+$"));
        JsonElement[] resources = root.GetProperty("resources").EnumerateArray().ToArray();
        Assert.That(resources.Select(r => r.GetProperty("path").GetString()), Is.EqualTo(new[] { "snapshots.csv", "observables.csv" }));
        foreach (JsonElement resource in resources)
        {
            string path = resource.GetProperty("path").GetString()!;
            IReadOnlyList<string> header = CsvData.Header(Folder[path]);
            JsonElement schema = resource.GetProperty("schema");
            JsonElement[] fields = schema.GetProperty("fields").EnumerateArray().ToArray();
            Assert.That(fields.Select(f => f.GetProperty("name").GetString()), Is.EqualTo(header));
            Assert.That(fields.Select(f => f.GetProperty("description").GetString()), Has.All.Not.Empty);
            Assert.That(schema.GetProperty("primaryKey").EnumerateArray().Select(k => k.GetString()), Is.SubsetOf(header));
            FileRecord file = record.Files.Single(f => f.Name == path);
            Assert.That(resource.GetProperty("hash").GetString(), Is.EqualTo("sha256:" + file.Sha256));
            Assert.That(resource.GetProperty("bytes").GetInt64(), Is.EqualTo(new FileInfo(Folder[path]).Length));
        }
    }

    [Test]
    public void SameNumbersGiveSameFiles()
    {
        using TemporaryFolder other = new TemporaryFolder();
        new SmallRun().Write(Folder.FullPath);
        new SmallRun().Write(other.FullPath);
        foreach (string? name in Folder.Names.Where(n => n != "run.json").Some())
            Assert.That(File.ReadAllBytes(other[name]), Is.EqualTo(File.ReadAllBytes(Folder[name])), name);
    }

    [Test]
    public void AFolderThatIsNotEmptyIsRefusedUnlessOverwritten()
    {
        new SmallRun().Write(Folder.FullPath);
        File.WriteAllText(Folder["notes.txt"], "mine");
        File.WriteAllText(Folder["snapshots.csv.part"], "left by a killed run");
        Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: false), Throws.TypeOf<FolderNotEmptyException>()
            .With.Message.StartsWith(Folder.FullPath).And.Message.Contains("--overwrite").And.Message.Contains("--out"));
        Assert.That(Folder.Names, Has.Length.EqualTo(7));
        using (RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: true))
        {
            Assert.That(RunFolder.Verify(Folder.FullPath), Has.Count.EqualTo(1).And.One.Contains("snapshots.csv.part"), "nothing is touched yet");
            folder.Start("{}", SmallRun.Record);
        }
        Assert.That(Folder.Names, Is.EqualTo(new[] { "experiment.json", "notes.txt", "run.json" }));
    }

    [TestCase("experiment.json", false), TestCase("run.json", false), TestCase("snapshots.csv", false), TestCase("cloud.csv", false), TestCase("cloud.csv.part", false)]
    [TestCase("mergers.csv", true), TestCase("cloud.csv", true), TestCase("targets.csv", true)]
    public void AFileThatNoRunWroteIsNotReplaced(string name, bool besideARun)
    {
        if (besideARun) new SmallRun().Write(Folder.FullPath);
        File.WriteAllText(Folder["source"], "x0,x1\n1,0\n");
        File.WriteAllText(Folder[name], "mine");
        Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: true, new("cloud.csv", Folder["source"]), new("targets.csv", Folder["source"])),
            Throws.TypeOf<FolderNotEmptyException>().With.Message.StartsWith(Folder[name] + ": no earlier run wrote this file"));
        Assert.That(File.ReadAllText(Folder[name]), Is.EqualTo("mine"));
        if (besideARun && name == "cloud.csv") RunFolder.Create(Folder.FullPath, overwrite: true).Dispose(); // a run without it leaves it alone
    }

    [Test]
    public void AFileOfARunThatWasChangedSinceIsNotReplaced([Values("experiment.json", "snapshots.csv")] string name)
    {
        new SmallRun().Write(Folder.FullPath);
        File.AppendAllText(Folder[name], "\n");
        string changed = File.ReadAllText(Folder[name]);
        Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: true), Throws.TypeOf<FolderNotEmptyException>().With.Message.StartsWith(Folder[name]));
        Assert.That(File.ReadAllText(Folder[name]), Is.EqualTo(changed));
    }

    /// <summary>Two files of a run change places as inputs of the next, one of them by way of a link.</summary>
    [Test]
    public void WhatARunReadsIsCopiedBeforeAnythingIsReplaced()
    {
        File.WriteAllText(Folder["a"], "first");
        File.WriteAllText(Folder["b"], "second");
        string run = Folder["run"], link = Folder["link"];
        void Write(string cloud, string targets)
        {
            using RunFolder folder = RunFolder.Create(run, overwrite: true, new("cloud.csv", cloud), new("targets.csv", targets));
            folder.Finish(folder.Start("{}", SmallRun.Record) with { Status = RunStatus.Complete }, "");
        }
        Write(Folder["a"], Folder["b"]);
        Directory.CreateSymbolicLink(link, run);
        Write(Path.Combine(run, "targets.csv"), Path.Combine(link, "..", "run", "cloud.csv"));
        Assert.That(File.ReadAllText(Path.Combine(run, "cloud.csv")) + File.ReadAllText(Path.Combine(run, "targets.csv")), Is.EqualTo("secondfirst"));
        Assert.That(RunFolder.Verify(run), Is.Empty);
        Assert.That(() => Write(Folder["absent"], Folder["b"]), Throws.InstanceOf<IOException>());
        Assert.That(RunFolder.Verify(run), Is.Empty, "nothing was touched");
    }

    [Test]
    public void AFolderIsForOneRunAtATime()
    {
        using (RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: false))
        {
            Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: true), Throws.InstanceOf<IOException>().With.Message.Contains("another process works in this folder"));
            RunRecord record = folder.Start("{}", SmallRun.Record);
            Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: true), Throws.InstanceOf<IOException>().With.Message.EqualTo(
                $"{Folder.FullPath}: process {Environment.ProcessId}, since {record.Start:yyyy-MM-dd HH:mm:ss} UTC, works in this folder; wait for it, or give another --out"));
        }
        Assert.That(() => RunFolder.Create(Folder.FullPath, overwrite: false), Throws.TypeOf<FolderNotEmptyException>().With.Message.Contains(" UTC, was killed; give --resume to go on with it, --overwrite"));
        RunFolder.Create(Folder.FullPath, overwrite: true).Dispose();
        Assert.That(Folder.Names, Is.EqualTo(new[] { "experiment.json", "run.json" }), "the lock is gone");
    }

    /// <summary>A killed run leaves its lock, its tables, whole or not, and copies that it had not come to rename.</summary>
    [Test]
    public void AKilledRunLeavesAUsableFolder([Values] bool hadStarted)
    {
        if (hadStarted)
        {
            using RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: false);
            folder.Start("{}", SmallRun.Record);
            File.WriteAllText(Folder["snapshots.csv"], "renamed, not yet listed");
        }
        foreach (string name in new[] { ".attentionflow.lock", "cloud.csv.part", "observables.csv.part" }) File.WriteAllText(Folder[name], "");
        using (RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: true)) folder.Start("{}", SmallRun.Record);
        Assert.That(Folder.Names, Is.EqualTo(new[] { "experiment.json", "run.json" }));
    }

    [Test]
    public void ARunThatIsCutKeepsItsRowsAndRefusesMore()
    {
        using RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: false);
        RunRecord record = folder.Start("{}", SmallRun.Record);
        CsvTable table = folder.OpenObservables([]);
        table.Append([0, 0]);
        RunRecord? cut = null;
        using (table.Together())
        {
            Thread other = new(() => cut = folder.Cut(record with { Status = RunStatus.Stopped, TimeReached = 0.5 }, "Cut"));
            other.Start();
            Assert.That(other.Join(50), Is.False, "rows that belong together are awaited");
            table.Append([0.5, 0]);
            table.Append([0.5, 1]);
        }
        Assert.That(() => cut, Is.Not.Null.After(10_000, 5));
        Assert.That(() => table.Append([1, 0]), Throws.TypeOf<OperationCanceledException>());
        Assert.That(() => folder.OpenSnapshots(3), Throws.TypeOf<OperationCanceledException>());
        Assert.That(folder.Finish(record with { Status = RunStatus.Complete, TimeReached = 1 }, "Late"), Is.SameAs(cut));
        Assert.That(RunFolder.Verify(Folder.FullPath), Is.EqualTo(new[] { $"{Folder["run.json"]}: the status is stopped, not complete" }));
        Assert.That(CsvData.Read(Folder["observables.csv"])["time"], Is.EqualTo(new[] { 0, 0.5, 0.5 }));
    }

    [Test]
    public void ARunThatIsCutBeforeItStartsLeavesTheFolderAsItWas()
    {
        new SmallRun().Write(Folder.FullPath);
        string[] before = Folder.Names;
        RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: true);
        Assert.That(folder.Cut(SmallRun.Record, ""), Is.Null);
        Assert.That(() => folder.Start("{}", SmallRun.Record), Throws.TypeOf<OperationCanceledException>());
        Assert.That(Folder.Names, Is.EqualTo(before));
        Assert.That(RunFolder.Verify(Folder.FullPath), Is.Empty);
    }

    [Test]
    public void APipeIsNotCopied()
    {
        File.WriteAllText(Folder["emptied"], "");
        using RunFolder folder = RunFolder.Create(Folder["run"], overwrite: false, new InputCopy("cloud.csv", Folder["emptied"]));
        Assert.That(() => folder.Start("{}", SmallRun.Record), Throws.InstanceOf<IOException>().With.Message.StartsWith($"{Folder["emptied"]}: ").And.Message.Contains("not a pipe"));
    }

    [Test]
    public void NewAndEmptyFoldersAreTakenAndAFileIsNot()
    {
        RunFolder.Create(Folder.FullPath, overwrite: false).Dispose();
        RunFolder.Create(Folder["deep/er"], overwrite: false).Dispose();
        Assert.That(Directory.Exists(Folder["deep/er"]));
        File.WriteAllText(Folder["file"], "");
        Assert.That(() => RunFolder.Create(Folder["file"], overwrite: true),
            Throws.InstanceOf<IOException>().With.Message.Contains("--out names a folder"));
    }

    [Test]
    public void AKilledRunIsStillRunningAndVerifySaysSo()
    {
        using RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: false);
        folder.Start("{}", SmallRun.Record);
        using CsvTable table = folder.OpenSnapshots(3);
        Assert.That(RunRecord.Read(Folder["run.json"]).Status, Is.EqualTo(RunStatus.Running));
        IReadOnlyList<string> problems = RunFolder.Verify(Folder.FullPath);
        Assert.That(problems, Has.Count.EqualTo(2));
        Assert.That(problems, Has.One.Contains("running").And.One.Contains("snapshots.csv.part"));
        folder.Dispose();
        Assert.That(Folder.Names, Is.EqualTo(new[] { "experiment.json", "run.json" }));
    }

    [TestCase(RunStatus.Stopped), TestCase(RunStatus.Diverged), TestCase(RunStatus.Failed)]
    public void ARunThatEndedEarlyHasWholeFilesAndAdvice(RunStatus status)
    {
        new SmallRun().Write(Folder.FullPath, status);
        RunRecord read = RunRecord.Read(Folder["run.json"]);
        Assert.That((read.Status, read.Advice), Is.EqualTo((status, "Take a smaller step.")));
        Assert.That(RunFolder.Verify(Folder.FullPath), Has.Count.EqualTo(1).And.One.Contains("not complete"));
    }

    [Test]
    public void AFailedRunListsTheTablesThatCouldBeWritten()
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("no /dev/full on this system");
        using RunFolder folder = RunFolder.Create(Folder.FullPath, overwrite: false);
        RunRecord record = folder.Start("{}", SmallRun.Record);
        File.CreateSymbolicLink(Folder["snapshots.csv.part"], "/dev/full");
        folder.OpenSnapshots(3);
        folder.OpenObservables([]).Append([0, 0]);
        Assert.That(() => folder.Finish(record with { Status = RunStatus.Complete }, "Complete"), Throws.TypeOf<IOException>());
        Assert.That(RunRecord.Read(Folder["run.json"]).Status, Is.EqualTo(RunStatus.Running));
        record = folder.Finish(record with { Status = RunStatus.Failed, Advice = "The disk is full." }, "Failed");
        Assert.That(record.Files.Select(f => f.Name), Is.EqualTo(new[] { "experiment.json", "observables.csv", "datapackage.json" }));
        Assert.That(Folder.Names, Is.EqualTo(new[] { "datapackage.json", "experiment.json", "observables.csv", "run.json" }));
        Assert.That(CsvData.Read(Folder["observables.csv"])["time"], Has.Length.EqualTo(1));
    }

    [Test]
    public void VerifyFindsAFlippedByteAMissingFileAndALostRow()
    {
        new SmallRun().Write(Folder.FullPath);
        byte[] bytes = File.ReadAllBytes(Folder["snapshots.csv"]);
        bytes[^3] ^= 1;
        File.WriteAllBytes(Folder["snapshots.csv"], bytes);
        Assert.That(RunFolder.Verify(Folder.FullPath), Has.Count.EqualTo(1).And.One.Contains("snapshots.csv: the SHA-256 is"));
        File.WriteAllLines(Folder["observables.csv"], File.ReadAllLines(Folder["observables.csv"])[..^1]);
        File.Delete(Folder["datapackage.json"]);
        IReadOnlyList<string> problems = RunFolder.Verify(Folder.FullPath);
        Assert.That(problems, Has.One.Contains("5 rows after the header; run.json says 6").And.One.Contains("datapackage.json: missing"));
        Assert.That(problems, Has.Count.EqualTo(5));
    }

    [Test]
    public void VerifyNamesAFolderThatIsNoRunAndARecordThatIsNone()
    {
        Assert.That(RunFolder.Verify(Folder.FullPath), Has.Count.EqualTo(1).And.One.Contains("run.json: missing"));
        File.WriteAllText(Folder["run.json"], "{ \"seed\": ");
        Assert.That(RunFolder.Verify(Folder.FullPath), Has.Count.EqualTo(1).And.One.StartsWith(Folder["run.json"]));
        RunRecord outside = SmallRun.Record with { Status = RunStatus.Complete, Files = [new FileRecord("../secret", null, 1, "")] };
        File.WriteAllText(Folder["run.json"], outside.ToJson());
        Assert.That(RunFolder.Verify(Folder.FullPath), Has.One.Contains("is not the name of a file"));
    }
}
