using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary><c>sweep</c> and <c>collect</c>, in this process.</summary>
public sealed class SweepTests : FolderFixture
{
    private const string Base = """
        { "tokens": { "count": 12 }, "time": { "horizon": 2 }, "record": { "snapshots": 2, "observations": 9, "observables": ["gaps", "mean"] } }
        """;

    private const string Grid = """ "interaction.beta": [0.5, 2], "seed": { "from": 1, "count": 3 } """;

    [Test]
    public void EveryPointIsTheRunOfItsKeys([Values(1, 4)] int jobs)
    {
        Answer answer = Sweep(Grid, "--jobs", $"{jobs}", "--threads", "4");
        Assert.That((answer.Code, answer.Output, answer.Error),
            Is.EqualTo((0, $"6 of 6 points complete; their folders are listed in {Folder["out/points.csv"]}; 'attentionflow report {Quoted.ForShell(Folder["out"])}' draws them{Environment.NewLine}", "")));
        string[] lines = File.ReadAllLines(Folder["out/points.csv"]);
        Assert.That(lines[0], Is.EqualTo("point,folder,interaction.beta,seed"));
        Assert.That(lines[1..].Select(l => l.Split(',')).Select(c => $"{c[0]},{c[2]},{c[3]}"), Is.EqualTo(new[] { "0,0.5,1", "1,0.5,2", "2,0.5,3", "3,2,1", "4,2,2", "5,2,3" }));
        File.WriteAllText(Folder["base.json"], Base);
        foreach (string[] cells in lines[1..].Select(l => l.Split(',')))
        {
            Assert.That(Shell.Run("run", Folder["base.json"], "--set", $"interaction.beta={cells[2]}", "--seed", cells[3], "--out", Folder["one"], "--overwrite").Code, Is.Zero);
            foreach (string file in (string[])["experiment.json", "observables.csv", "snapshots.csv", "datapackage.json"])
                Assert.That(File.ReadAllBytes(Folder[$"out/{cells[1]}/{file}"]), Is.EqualTo(File.ReadAllBytes(Folder[$"one/{file}"])), file);
            Assert.That(RunFolder.Verify(Folder[$"out/{cells[1]}"]), Is.Empty);
        }
    }

    [Test]
    public void CompletePointsAreKeptAndASweepMayGrow()
    {
        Sweep(Grid);
        Dictionary<string, byte[]> before = Records();
        Assert.That(before, Has.Count.EqualTo(6));
        Assert.That(Sweep(Grid).Code, Is.Zero);
        Assert.That(Records(), Is.EqualTo(before), "none was run again");
        Answer more = Sweep(Grid.Replace("3", "4", StringComparison.Ordinal));
        Assert.That((more.Code, more.Output), Is.EqualTo((0, $"8 of 8 points complete; their folders are listed in {Folder["out/points.csv"]}; 'attentionflow report {Quoted.ForShell(Folder["out"])}' draws them{Environment.NewLine}")));
        foreach ((string name, byte[] bytes) in before) Assert.That(Records()[name], Is.EqualTo(bytes));
        Assert.That(File.ReadAllLines(Folder["out/points.csv"]), Has.Length.EqualTo(9));
        // The copy is the sweep.
        Assert.That(Shell.Run("sweep", Folder["out/sweep.json"], "--out", Folder["out"]).Code, Is.Zero);
        Answer fewer = Sweep(Grid);
        Assert.That((fewer.Code, fewer.Output), Is.EqualTo((ExitCodes.BadInput, "")));
        Assert.That(fewer.Error, Does.Match($@"^attentionflow: {Folder["out"]}: 2 of the 8 points of the sweep in this folder are not in this one, first p\w+ \(interaction\.beta = 0\.5, seed = 4\); a sweep may get more points, but loses none: give another --out\.\r?\n$"));
        Assert.That(File.ReadAllLines(Folder["out/points.csv"]), Has.Length.EqualTo(9));
    }

    [Test]
    public void AFolderOfSomethingElseIsLeftAlone()
    {
        Directory.CreateDirectory(Folder["out"]);
        File.WriteAllText(Folder["out/mine.txt"], "mine");
        Answer answer = Sweep(Grid);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((ExitCodes.BadInput, $"attentionflow: {Folder["out"]}: the folder is not empty and holds no sweep; give another --out.{Environment.NewLine}")));
        Assert.That(Directory.EnumerateFileSystemEntries(Folder["out"]).Count(), Is.EqualTo(1));
    }

    [Test]
    public void ADryRunWritesNothing()
    {
        Answer answer = Sweep(Grid, "--dry-run", "--threads", "4");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, $"6 of 6 points to be run, 4 at a time, 1 thread each{Environment.NewLine}")));
        Assert.That(answer.Output.TrimEnd().Split('\n'), Has.Length.EqualTo(7).And.All.Not.Contains("complete"));
        Assert.That(Directory.Exists(Folder["out"]), Is.False);
        Sweep(Grid, "--index", "4");
        Assert.That(Sweep(Grid, "--dry-run", "--json").Json.EnumerateArray().Select(p => p.GetProperty("status").GetString()),
            Is.EqualTo(new[] { "waiting", "waiting", "waiting", "waiting", "complete", "waiting" }));
    }

    [Test]
    public void IndicesShareThePoints()
    {
        Assert.That(Sweep(Grid, "--index", "1", "--of", "4").Output, Does.StartWith("2 of 2 points complete"));
        Assert.That(Statuses(), Is.EqualTo(new[] { "waiting", "complete", "waiting", "waiting", "waiting", "complete" }));
        Assert.That(Sweep(Grid, "--index", "3").Output, Does.StartWith("1 of 1 points complete"));
        foreach (string k in (string[])["0", "2", "3"]) Assert.That(Sweep(Grid, "--index", k, "--of", "4").Code, Is.Zero);
        Assert.That(Statuses(), Is.All.EqualTo("complete"));
        Assert.That(Sweep(Grid, "--index", "6").Error, Does.Contain("--index 6: it must be below 6, the number of points."));
        Assert.That(Sweep(Grid, "--index", "4", "--of", "4").Error, Does.Contain("--index 4: it must be below 4, the number of processes."));
        Assert.That(Sweep(Grid, "--of", "4").Error, Does.Contain("--of 4: give the --index of this process, too."));
    }

    /// <summary>beta = 700 overflows after some steps; beta = 800 is refused when its run is prepared.</summary>
    [Test]
    public void AFailureStopsNothingAndIsTriedAgainOnRequest()
    {
        const string grid = """ "interaction.beta": [700, 1, 800], "record.observables": [["mean"]], "time.method": ["euler"], "time.step": [0.1] """;
        Answer answer = Sweep(grid);
        string[] lines = answer.Error.TrimEnd().Split(Environment.NewLine).Order().ToArray();
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.VerificationFailed));
        Assert.That(answer.Output, Does.StartWith("1 of 3 points complete, 1 diverged, 1 failed; "));
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines[0], Is.EqualTo("attentionflow: failed or diverged: the points 0, 2; --retry runs them again"));
        Assert.That(lines[1], Does.StartWith("""attentionflow: point 0 (interaction.beta = 700, record.observables = ["mean"], time.method = euler, time.step = 0.1): the numbers are not finite at t = """));
        Assert.That(lines[2], Does.StartWith("attentionflow: point 2 (interaction.beta = 800, ").And.Contains("$.interaction.beta: at 800 the rate"));
        Dictionary<string, byte[]> before = Records();
        Answer again = Sweep(grid);
        Assert.That((again.Code, again.Output), Is.EqualTo((ExitCodes.VerificationFailed, answer.Output)));
        Assert.That(Records(), Is.EqualTo(before), "the diverged point is left alone");
        Assert.That(Sweep(grid, "--retry").Code, Is.EqualTo(ExitCodes.VerificationFailed));
        Assert.That(Records().Where(r => !r.Value.SequenceEqual(before[r.Key])).Select(r => r.Key), Is.EqualTo(new[] { FolderOf(0) }), "it was run again");
    }

    [Test]
    public void APointWithAMissingFileIsRunAgain()
    {
        Sweep(Grid);
        string table = Folder[$"out/{FolderOf(2)}/observables.csv"];
        byte[] bytes = File.ReadAllBytes(table);
        File.Delete(table);
        Assert.That(Statuses()[2], Is.EqualTo("waiting"));
        Assert.That(Sweep(Grid).Code, Is.Zero);
        Assert.That(File.ReadAllBytes(table), Is.EqualTo(bytes));
    }

    [Test]
    public void APointThatAnotherProcessHasIsLeftToIt()
    {
        Sweep(Grid, "--index", "0");
        string folder = Folder[$"out/{FolderOf(1)}"];
        using (RunFolder.Create(folder, overwrite: false))
        {
            Answer answer = Sweep(Grid);
            Assert.That((answer.Code, answer.Output), Is.EqualTo((ExitCodes.Stopped, $"5 of 6 points complete, 1 running; their folders are listed in {Folder["out/points.csv"]}; 'attentionflow report {Quoted.ForShell(Folder["out"])}' draws them{Environment.NewLine}")));
            Assert.That(answer.Error, Does.Contain("another process works at what is not complete"));
        }
        Assert.That(Sweep(Grid).Code, Is.Zero);
    }

    [Test]
    public void AStoredSweepIsKnownByItsName([ValueSource(nameof(Stored))] string name)
    {
        Answer answer = Shell.Run("sweep", name, "--out", Folder["out"], "--dry-run", "--json");
        Assert.That((answer.Code, answer.Json.GetArrayLength()), Is.EqualTo((0, StoredSweepSizes[name])), answer.Error);
    }

    [Test]
    public void AMisspeltNameIsCorrected() => Assert.That(Shell.Run("sweep", "beta-seed", "--out", Folder["out"]).Error,
        Does.Contain("'beta-seed' is neither a file nor a stored sweep; did you mean 'beta-seeds'?"));

    [Test]
    public void CollectGivesLastRowsCrossingsAndAlerts()
    {
        Sweep(Grid, "--index", "0");
        string folder = Folder[$"out/{FolderOf(0)}"];
        // v falls through 0.5 in replica 0 between t = 1 and 2, at 1.25 on the line; in replica 1 it is below from the start.
        Replace(folder, "observables.csv", "time,replica,v\n0,0,1\n0,1,0.25\n1,0,0.75\n1,1,0.5\n2,0,-0.25\n2,1,1\n");
        Answer answer = Shell.Run("collect", Folder["out"], "--when", "v<0.5", "--when", "v > 0.9", "--when", "v<-1");
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        string[] lines = answer.Output.TrimEnd().Split('\n');
        Assert.That(lines[0], Is.EqualTo("point,folder,interaction.beta,seed,status,replica,time,v,alerts,alert_signs,v<0.5,v>0.9,v<-1,wall_seconds"));
        string wall = Shell.Record(folder).GetProperty("wallSeconds").GetRawText();
        Assert.That(lines[1], Is.EqualTo($"0,{FolderOf(0)},0.5,1,complete,0,2,-0.25,0,,1.25,0,,{wall}"));
        Assert.That(lines[2], Is.EqualTo($"0,{FolderOf(0)},0.5,1,complete,1,2,1,0,,0,1.8,,{wall}"));
        Assert.That(lines[3], Is.EqualTo($"1,{FolderOf(1)},0.5,2,waiting,,,,,,,,,"));
        Assert.That(lines, Has.Length.EqualTo(8));
        Assert.That(Shell.Run("collect", Folder["out"], "--when", "w<1").Error, Does.Contain("--when w<1: no point has the column 'w'; known: v."));
        Assert.That(Shell.Run("collect", Folder["out"], "--when", "v=1").Error, Does.Contain("--when v=1: a condition such as gap_energy<1e-3 is needed"));
    }

    [Test]
    public void PointsWithOtherColumnsHaveEmptyCells()
    {
        const string grid = """ "record.observables": [["gaps"], ["mean", "energy"]], "tokens.dimension": [2] """;
        Sweep(grid);
        string[] lines = Shell.Run("collect", Folder["out"], "--long").Output.TrimEnd().Split('\n');
        Assert.That(lines[0], Is.EqualTo("point,folder,record.observables,tokens.dimension,time,replica,gap_mean,gap_second,gap_energy,mean_norm,mean0,mean1,energy"));
        Assert.That(lines, Has.Length.EqualTo(1 + 2 * 9));
        Assert.That(lines[1], Does.StartWith($"0,{FolderOf(0)},\"[\"\"gaps\"\"]\",2,0,0,").And.EndsWith(",,,,"));
        Assert.That(lines[^1], Does.StartWith($"1,{FolderOf(1)},\"[\"\"mean\"\",\"\"energy\"\"]\",2,2,0,,,,"));
        string own = File.ReadAllLines(Folder[$"out/{FolderOf(1)}/observables.csv"])[^1];
        Assert.That(lines[^1], Does.EndWith($",,,,{own["2,0,".Length..]}"));
        JsonElement json = Shell.Run("collect", Folder["out"], "--json").Json[1];
        Assert.That((json.GetProperty("tokens.dimension").GetInt32(), json.GetProperty("record.observables")[1].GetString(), json.GetProperty("gap_mean").ValueKind),
            Is.EqualTo((2, "energy", JsonValueKind.Null)));
        Assert.That(Shell.Run("collect", Folder["out"], "--out", Folder["table.csv"]).Output, Is.Empty);
        Assert.That(File.ReadAllText(Folder["table.csv"]), Is.EqualTo(Shell.Run("collect", Folder["out"]).Output));
    }

    [Test]
    public void RanksAreNotForSweeps()
    {
        File.WriteAllText(Folder["mpi.json"], """{ "base": { "device": "mpi" }, "grid": { "interaction.beta": [1, 2] } }""");
        Answer answer = Shell.Run("sweep", Folder["mpi.json"], "--out", Folder["mpi"]);
        Assert.That((answer.Code, Directory.Exists(Folder["mpi"])), Is.EqualTo((ExitCodes.BadInput, false)));
        Assert.That(answer.Error, Does.StartWith("attentionflow: $.base.device: a sweep gives whole points to processes"));
    }

    [Test]
    public void TheJobsOfSlurmHaveTheOptionsOfTheSweep()
    {
        File.WriteAllText(Folder["s.json"], """{ "base": "figure2-baseline", "grid": { "interaction.beta": [1, 2] } }""");
        Answer answer = Shell.Run("sweep", Folder["s.json"], "--out", Folder["s"], "--slurm", "--retry", "--checkpoint", "2.5");
        Assert.That(answer.Output, Does.Contain("--of 2 --retry --checkpoint 2.5 --quiet &"));
    }

    [Test]
    public void ASweepIsVerifiedPointByPointAndItsTableReplacesNoOtherFile()
    {
        File.WriteAllText(Folder["s.json"], """{ "base": { "tokens": { "count": 8 }, "time": { "horizon": 1 } }, "grid": { "seed": [1, 2] } }""");
        Assert.That(Shell.Run("sweep", Folder["s.json"], "--out", Folder["s"]).Code, Is.Zero);
        Assert.That(Shell.Run("verify", Folder["s"]), Has.Property("Code").Zero.And.Property("Output").EndWith("2 of 2 are whole" + Environment.NewLine));
        for (int time = 0; time < 2; time++) Assert.That(Shell.Run("collect", Folder["s"], "--out", Folder["t.csv"]).Code, Is.Zero);
        File.AppendAllText(Directory.GetFiles(Folder["s"], "observables.csv", SearchOption.AllDirectories)[0], "3,0\n");
        Assert.That(Shell.Run("verify", Folder["s"]), Has.Property("Code").EqualTo(ExitCodes.VerificationFailed).And.Property("Output").EndWith("1 of 2 are whole" + Environment.NewLine));
        string sweep = File.ReadAllText(Folder["s.json"]);
        Answer refused = Shell.Run("collect", Folder["s"], "--out", Folder["s.json"]);
        Assert.That((refused.Code, File.ReadAllText(Folder["s.json"])), Is.EqualTo((ExitCodes.BadInput, sweep)), refused.Error);
    }

    [Test]
    public void CollectWantsTheFolderOfASweep() => Assert.That(Shell.Run("collect", Folder.FullPath) is { Code: ExitCodes.BadInput } a ? a.Error : "",
        Is.EqualTo($"attentionflow: {Folder.FullPath}: there is no points.csv in it; 'attentionflow sweep' writes one.{Environment.NewLine}"));

    private static readonly Dictionary<string, int> StoredSweepSizes = new()
    {
        ["beta-seeds"] = 200, ["code-strength"] = 17, ["early-modes"] = 9, ["euler-clock"] = 24, ["gauges"] = 6, ["gradients"] = 10, ["leaders"] = 3, ["noise"] = 18, ["phase-diagrams"] = 190, ["phase-times"] = 32,
        ["schemes"] = 5, ["sizes"] = 40, ["staircase"] = 1,
    };

    private static IEnumerable<string> Stored => StoredFiles.Sweeps.Names;

    /// <summary>From every snapshot of a run; the points are the same where the run is called another way.</summary>
    [Test]
    public void ASweepMayStartFromSnapshots()
    {
        File.WriteAllText(Folder["base.json"], Base);
        Assert.That(Shell.Run("run", Folder["base.json"], "--out", Folder["first"]).Code, Is.Zero);
        File.WriteAllText(Folder["sweep.json"], """{ "base": { "tokens": { "initial": { "law": "snapshot", "run": "first" } }, "time": { "horizon": 1 } }, "grid": { "tokens.initial.time": [0, 2] } }""");
        Assert.That(Shell.Run("sweep", Folder["sweep.json"], "--out", Folder["out"]).Code, Is.Zero);
        foreach ((int point, double time) in new[] { (0, 0.0), (1, 2) })
            Assert.That(CsvData.ReadWhere(Folder[$"out/{FolderOf(point)}/snapshots.csv"], "snapshot", 0)["x2"], Is.EqualTo(CsvData.ReadWhere(Folder["first/snapshots.csv"], "time", time)["x2"]));
        Dictionary<string, byte[]> before = Records();
        Directory.CreateDirectory(Folder["below"]);
        File.WriteAllText(Folder["below/sweep.json"], File.ReadAllText(Folder["sweep.json"]).Replace("\"first\"", "\"../first\"", StringComparison.Ordinal));
        Assert.That(Shell.Run("sweep", Folder["below/sweep.json"], "--out", Folder["out"]).Code, Is.Zero);
        Assert.That(Records(), Is.EqualTo(before), "none was run again");
    }

    private Answer Sweep(string grid, params string[] more)
    {
        File.WriteAllText(Folder["sweep.json"], $$"""{ "base": {{Base}}, "grid": { {{grid}} } }""");
        return Shell.Run(["sweep", Folder["sweep.json"], "--out", Folder["out"], .. more]);
    }

    private string FolderOf(int point) => File.ReadAllLines(Folder["out/points.csv"])[point + 1].Split(',')[1];

    private string[] Statuses() => [.. Shell.Run("collect", Folder["out"], "--json").Json.EnumerateArray().Select(p => p.GetProperty("status").GetString()!)];

    private Dictionary<string, byte[]> Records() => Directory.EnumerateFiles(Folder["out"], "run.json", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetFileName(Path.GetDirectoryName(path))!, File.ReadAllBytes);

    // A table and its place in run.json.
    private static void Replace(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        FileRecord file = WholeFile.WriteText(path, text);
        RunRecord record = RunRecord.Read(Path.Combine(folder, "run.json"));
        WholeFile.WriteText(Path.Combine(folder, "run.json"), (record with { Files = [.. record.Files.Select(f => f.Name == name ? file : f)] }).ToJson());
    }
}
