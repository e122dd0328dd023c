using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The program as a process of its own: signals, the folder it runs in, its environment.</summary>
[NonParallelizable]
public class ProcessTests
{
    [TestCase("INT", 2), TestCase("TERM", 15), TestCase("HUP", 1)]
    public void ASignalStopsALongRunAndLeavesWholeFiles(string signal, int number)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        if (IsIgnored(number)) Assert.Ignore($"the tests run with SIG{signal} ignored, and so would the program");
        using TemporaryFolder folder = new();
        using Process process = Shell.Start(folder.FullPath, null, "run", "figure2-rotary", "--set", "time.horizon=2500", "--set", "record.observations=25001", "--out", "long");
        string observables = Path.Combine(folder["long"], RunFolder.ObservablesFile);
        for (Stopwatch wait = Stopwatch.StartNew(); Length(observables + ".part") < 100_000; Thread.Sleep(20))
            Assert.That(!process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(30), "the run did not begin to write");
        Thread.Sleep(TimeSpan.FromSeconds(1));
        Stopwatch watch = Stopwatch.StartNew();
        // Twice, as timeout does: one request.
        Shell.Sh($"kill -s {signal} {process.Id}; kill -s {signal} {process.Id} || true");
        Answer answer = Shell.End(process);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.Stopped), answer.Error);
        Assert.That(answer.Error, Does.Match(@"^(  0 %  Figure 2: rotary code: starting\n)?  0 %  Figure 2: rotary code: t = [\d.]+ of 2500, \d+\.\d\d [GM] pairs/s\n"));
        Assert.That(answer.Error, Does.Match(@"\nattentionflow: stopped at t = [\d.]+ of 2500; --resume goes on from there\n$"));
        Assert.That(answer.Output, Does.StartWith("stopped at t = "));
        Assert.That(Shell.Record(folder["long"]).GetProperty("status").GetString(), Is.EqualTo("stopped"));
        Assert.That(RunVerification.Problems(folder["long"]), Has.Count.EqualTo(1).And.One.Contains("the status is stopped"));
        Assert.That(CsvData.Read(observables)["time"].Length % 100, Is.Zero, "a row for each replica");
        Assert.That(File.ReadAllText(observables), Does.EndWith("\n"));
    }

    [Test]
    public void ARerunThatIsStoppedLeavesNothingBehind()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["tmp"]);
        Assert.That(Shell.RunSmall(folder["run"], "--quiet").Code, Is.Zero);
        string experiment = Path.Combine(folder["run"], "experiment.json");
        File.WriteAllText(experiment, File.ReadAllText(experiment).Replace("\"step\": 0.1", "\"step\": 1e-8", StringComparison.Ordinal));
        using Process process = Shell.Start(folder.FullPath, new Dictionary<string, string> { ["TMPDIR"] = folder["tmp"] }, "verify", "run", "--rerun");
        for (Stopwatch wait = Stopwatch.StartNew(); !Directory.EnumerateFiles(folder["tmp"], "*.part", SearchOption.AllDirectories).Any(); Thread.Sleep(20))
            Assert.That(!process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(30), "the rerun did not begin");
        Shell.Sh($"kill -s TERM {process.Id}");
        Answer answer = Shell.End(process);
        Assert.That((answer.Code, answer.Output, Shell.WithoutProgress(answer.Error)), Is.EqualTo((ExitCodes.Stopped, "", $"attentionflow: stopped{Environment.NewLine}")));
        Assert.That(Directory.EnumerateFileSystemEntries(folder["tmp"]).Where(e => Path.GetFileName(e).StartsWith("attentionflow", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>Work that does not look at the signal: an experiment from a pipe that nobody writes to.</summary>
    [TestCase("INT", 2), TestCase("TERM", 15), TestCase("HUP", 1)]
    public void ASignalEndsWhatIsNoRun(string signal, int number)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("there are no signals here");
        if (IsIgnored(number)) Assert.Ignore($"the tests run with SIG{signal} ignored, and so would the program");
        using TemporaryFolder folder = new();
        Shell.Sh($"mkfifo {folder["pipe"]}");
        using Process process = Shell.Start(folder.FullPath, null, "run", "pipe");
        Task<FileStream> writer = Task.Run(() => new FileStream(folder["pipe"], FileMode.Open, FileAccess.Write));
        Assert.That(writer.Wait(TimeSpan.FromSeconds(30)), "the program did not open the pipe");
        using FileStream open = writer.Result;
        Stopwatch watch = Stopwatch.StartNew();
        Shell.Sh($"kill -s {signal} {process.Id}");
        Answer answer = Shell.End(process);
        Assert.That((answer.Code, answer.Output, answer.Error), Is.EqualTo((ExitCodes.Stopped, "", $"attentionflow: stopped{Environment.NewLine}")));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(folder.Names, Is.EqualTo(new[] { "pipe" }));
    }

    [Test]
    public void ASecondRunInAFolderIsRefusedAndAKilledOneLeavesItFree()
    {
        using TemporaryFolder folder = new();
        string run = folder["run"];
        using Process process = Shell.Start(folder.FullPath, null, "run", "figure2-rotary", "--set", "time.horizon=100000", "--out", "run");
        for (Stopwatch wait = Stopwatch.StartNew(); !File.Exists(Path.Combine(run, RunFolder.RunFile)); Thread.Sleep(20))
            Assert.That(!process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(30), "the run did not begin");
        Answer second = Shell.RunSmall(run, "--overwrite");
        Assert.That((second.Code, second.Output), Is.EqualTo((ExitCodes.InputOutput, "")));
        Assert.That(second.Error, Does.Match($@"^attentionflow: {run}: process {process.Id}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC, works in this folder; wait for it, or give another --out\r?\n$"));
        process.Kill();
        Shell.End(process);
        Assert.That(Shell.RunSmall(run).Error, Does.Contain(" UTC, was killed; give --resume to go on with it, --overwrite to replace the run in it"));
        Assert.That(Shell.RunSmall(run, "--overwrite").Code, Is.Zero);
        Assert.That(RunVerification.Problems(run), Is.Empty);
    }

    /// <summary>A warning before the run, one after it, and progress while it goes on.</summary>
    [TestCase("2>/dev/full"), TestCase("2>&-"), TestCase("2>&1 >/dev/null | sh -c 'exec <&-; sleep 0.1'")]
    public void MessagesThatCannotBeWrittenAreNotWorthARun(string where)
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("there is no /dev/full here");
        using TemporaryFolder folder = new();
        Answer answer = Shell.Sh($"$program run figure2-baseline --out {folder["run"]} {Quoted(Shell.Small)} --set interaction.beta=6 {where}");
        Assert.That(answer.Code, Is.Zero);
        Assert.That(RunVerification.Problems(folder["run"]), Is.Empty);
    }

    /// <summary>A pipe that is no longer read is an error for a program's results, not for a table that a person looks at.</summary>
    [TestCase("", ">/dev/full", ExitCodes.InputOutput), TestCase("", ">&-", ExitCodes.InputOutput), TestCase("--json", ">/dev/full", ExitCodes.InputOutput)]
    [TestCase("--json", "| sh -c 'exec <&-; sleep 3'", ExitCodes.InputOutput), TestCase("", "| sh -c 'exec <&-; sleep 3'", ExitCodes.Done)]
    public void ResultsThatCannotBeWrittenAreAnError(string options, string where, int code)
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("there is no /dev/full here");
        using TemporaryFolder folder = new();
        string run = $"$program run figure2-baseline --quiet --out {folder["run"]} {Quoted(Shell.Small)} {options}", tell = $"echo $? >{folder["code"]}";
        Answer answer = Shell.Sh(where.StartsWith('|') ? $"{{ {run}; {tell}; }} {where}" : $"{run} {where}; {tell}");
        Assert.That(File.ReadAllText(folder["code"]).Trim(), Is.EqualTo($"{code}"));
        Assert.That(answer.Error, code == ExitCodes.Done ? Is.Empty : Does.Match(@"^attentionflow: standard output: [^\n]+\r?\n$"));
        Assert.That(RunVerification.Problems(folder["run"]), Is.Empty);
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
        Assert.That(RunVerification.Problems(run), Is.Empty);
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

    private static string Quoted(string[] arguments) => string.Join(' ', arguments.Select(a => $"'{a}'"));

    // A background job of a shell without job control ignores SIGINT, and its children with it.
    private static bool IsIgnored(int signal) =>
        File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line["SigIgn:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) != 0;
}
