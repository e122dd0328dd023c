using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>Sweeps as processes: stopped, killed, side by side.</summary>
[NonParallelizable]
public sealed class SweepProcessTests : FolderFixture
{
    private const int Points = 8;

    [SetUp]
    public void WriteTheSweep() => File.WriteAllText(Folder["sweep.json"], $$"""
        {
          "base": { "tokens": { "count": 48 }, "time": { "horizon": 40, "method": "rk4", "step": 0.01 }, "record": { "snapshots": 2, "observations": 2001 } },
          "grid": { "seed": { "from": 1, "count": {{Points}} } }
        }
        """);

    [TestCase("TERM", ExitCodes.Stopped), TestCase("KILL", 137)]
    public void AnInterruptedSweepGoesOnToTheSameFiles(string signal, int code)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        Assert.That(Shell.Run("sweep", Folder["sweep.json"], "--out", Folder["whole"]).Code, Is.Zero);
        int interrupted = 0;
        for (int wanted = 2; wanted < Points; wanted += 3)
        {
            using Process process = Start();
            for (Stopwatch wait = Stopwatch.StartNew(); !(Complete() >= wanted && IsAtWork()) && !process.HasExited; Thread.Sleep(5))
                Assert.That(wait.Elapsed, Is.LessThan(TimeSpan.FromSeconds(60)));
            Shell.Sh($"kill -s {signal} {process.Id} || true");
            Stopwatch watch = Stopwatch.StartNew();
            Answer answer = Shell.End(process);
            if (answer.Code == 0) continue; // it was done before
            interrupted++;
            Assert.That(answer.Code, Is.EqualTo(code), answer.Error);
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
            if (signal == "TERM") Assert.That(answer.Error, Does.EndWith($"attentionflow: stopped; the same command goes on{Environment.NewLine}"));
            Assert.That(Shell.Run("collect", Folder["out"]).Code, Is.Zero, "the table can be made at any time");
        }
        Assert.That(interrupted, Is.Positive, "it was never interrupted");
        Assert.That(Shell.Run("sweep", Folder["sweep.json"], "--out", Folder["out"]).Output, Does.StartWith($"{Points} of {Points} points complete;"));
        Compare();
        if (signal == "TERM") // else there was no checkpoint yet
            Assert.That(Directory.EnumerateDirectories(Folder["out"]).Select(point => SweepFolder.StatusOf(point).Record!.Pieces), Has.Some.Not.Null, "none went on");
    }

    [Test]
    public void ProcessesShareAFolder()
    {
        Process[] processes = [Start("--index", "0", "--of", "3"), Start("--index", "1", "--of", "3"), Start("--index", "2", "--of", "3"), Start()];
        Answer[] answers = [.. processes.Select(p => Shell.End(p))];
        Assert.That(answers.Select(a => a.Code), Has.All.EqualTo(ExitCodes.Done).Or.EqualTo(ExitCodes.Stopped), string.Concat(answers.Select(a => a.Error)));
        foreach (Answer answer in answers) Assert.That(Shell.WithoutProgress(answer.Error), answer.Code == 0 ? Is.Empty : Does.Contain("another process works at"));
        Assert.That(Shell.Run("sweep", Folder["sweep.json"], "--out", Folder["out"]).Code, Is.Zero);
        Assert.That(Shell.Run("sweep", Folder["sweep.json"], "--out", Folder["whole"]).Code, Is.Zero);
        Compare();
        foreach (Process process in processes) process.Dispose();
    }

    private Process Start(params string[] more) => Shell.Start(Folder.FullPath, null, ["sweep", "sweep.json", "--out", "out", "--threads", "2", .. more]);

    private int Complete() => !Directory.Exists(Folder["out"]) ? 0
        : Directory.EnumerateDirectories(Folder["out"]).Count(point => SweepFolder.StatusOf(point).Status == PointStatus.Complete);

    // Whether a point has begun to write.
    private bool IsAtWork() => Directory.EnumerateDirectories(Folder["out"])
        .Any(point => new FileInfo(Path.Combine(point, "observables.csv.part")) is { Exists: true, Length: > 1000 });

    private void Compare()
    {
        Assert.That(File.ReadAllText(Folder["out/points.csv"]), Is.EqualTo(File.ReadAllText(Folder["whole/points.csv"])));
        string[] names = [.. Directory.EnumerateFileSystemEntries(Folder["whole"]).Select(p => Path.GetFileName(p)!)];
        Assert.That(Directory.EnumerateFileSystemEntries(Folder["out"]).Select(Path.GetFileName), Is.EquivalentTo(names));
        foreach (string point in names.Where(name => Directory.Exists(Folder[$"whole/{name}"])).Some())
        {
            foreach (string file in (string[])["experiment.json", "observables.csv", "snapshots.csv", "datapackage.json"])
                Assert.That(File.ReadAllBytes(Folder[$"out/{point}/{file}"]), Is.EqualTo(File.ReadAllBytes(Folder[$"whole/{point}/{file}"])), file);
            Assert.That(RunFolder.Verify(Folder[$"out/{point}"]), Is.Empty);
        }
    }
}
