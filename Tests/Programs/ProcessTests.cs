using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The program as a process of its own: signals, the folder it runs in, its environment.</summary>
[NonParallelizable]
public class ProcessTests
{
    [TestCase("INT", 2), TestCase("TERM", 15)]
    public void ASignalStopsALongRunAndLeavesWholeFiles(string signal, int number)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        if (IsIgnored(number)) Assert.Ignore($"the tests run with SIG{signal} ignored, and so would the program");
        using TemporaryFolder folder = new();
        using Process process = Shell.Start(folder.FullPath, null, "run", "figure2-rotary", "--set", "time.horizon=100000", "--set", "record.observations=1000001", "--out", "long");
        string observables = Path.Combine(folder["long"], RunFolder.ObservablesFile);
        for (Stopwatch wait = Stopwatch.StartNew(); Length(observables + ".part") < 100_000; Thread.Sleep(20))
            Assert.That(!process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(30), "the run did not begin to write");
        Thread.Sleep(TimeSpan.FromSeconds(1));
        Stopwatch watch = Stopwatch.StartNew();
        Shell.Sh($"kill -s {signal} {process.Id}");
        Answer answer = Shell.End(process);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.Stopped), answer.Error);
        Assert.That(answer.Error, Does.Match(@"^(  0 %  Figure 2: rotary code: starting\n)?  0 %  Figure 2: rotary code: t = [\d.]+ of 1E\+05, \d+\.\d\d [GM] pairs/s\n"));
        Assert.That(answer.Error, Does.Match(@"\nattentionflow: stopped at t = [\d.]+ of 100000\n$"));
        Assert.That(answer.Output, Does.StartWith("stopped at t = "));
        Assert.That(Shell.Record(folder["long"]).GetProperty("status").GetString(), Is.EqualTo("stopped"));
        Assert.That(RunFolder.Verify(folder["long"]), Has.Count.EqualTo(1).And.One.Contains("the status is stopped"));
        Assert.That(CsvData.Read(observables)["time"].Length % 100, Is.Zero, "a row for each replica");
        Assert.That(File.ReadAllText(observables), Does.EndWith("\n"));
    }

    [Test]
    public void TheDefaultFolderIsOutNameAndTheDefaultThreadsAreThoseOfSlurm()
    {
        using TemporaryFolder folder = new();
        using Process process = Shell.Start(folder.FullPath, new Dictionary<string, string> { ["SLURM_CPUS_PER_TASK"] = "1" }, ["run", "figure2-baseline", .. Shell.Small]);
        Answer answer = Shell.End(process);
        Assert.That((answer.Code, Shell.WithoutProgress(answer.Error)), Is.EqualTo((0, "")));
        string run = Path.Combine(folder.FullPath, "out", "figure2-baseline");
        Assert.That(Shell.Record(run).GetProperty("threads").GetInt32(), Is.EqualTo(1));
        Assert.That(RunFolder.Verify(run), Is.Empty);
    }

    [TestCase("1", 1), TestCase("1000000", null), TestCase("0", null), TestCase("two", null)]
    public void SlurmMayLowerTheThreads(string given, int? expected)
    {
        string? before = Environment.GetEnvironmentVariable("SLURM_CPUS_PER_TASK");
        try
        {
            Environment.SetEnvironmentVariable("SLURM_CPUS_PER_TASK", given);
            Assert.That(CommandLine.DefaultThreads, Is.EqualTo(expected ?? Environment.ProcessorCount));
        }
        finally
        {
            Environment.SetEnvironmentVariable("SLURM_CPUS_PER_TASK", before);
        }
    }

    [TestCase(true, @", \d\.\d\d G pairs/s"), TestCase(false, "")]
    public void ProgressIsShownAfterASecondAndTheLastLineSaysWhereTheWorkEnded(bool direct, string rate)
    {
        using StringWriter error = new();
        int answer = ProgressDisplay.Run(quiet: false, 2e9, TextWriter.Synchronized(error), progress =>
        {
            progress.Begin("slow");
            Thread.Sleep(1200);
            progress.Advance(2e9, "t = 3 of 3", direct);
            return 5;
        });
        Assert.That(answer, Is.EqualTo(5));
        Assert.That(error.ToString(), Does.Match(@$"^  0 %  slow: starting\r?\n100 %  slow: t = 3 of 3{rate}\r?\n$"));
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    // A background job of a shell without job control ignores SIGINT, and its children with it.
    private static bool IsIgnored(int signal) =>
        File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line["SigIgn:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) != 0;
}
