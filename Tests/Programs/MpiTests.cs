using AttentionFlow.Tests.Docs;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Program;

/// <summary>The device <c>mpi</c> under launchers of Open MPI and MPICH, where they are here, with more ranks than processors.</summary>
[NonParallelizable]
public sealed class MpiTests : FolderFixture
{
    private static readonly string[] Direct = ["figure2-rotary", .. Shell.Small, "--set", "replicas=3", "--set", "time.step=null", "--set", "time.method=tsit5"];

    // Moments and rows shared, and columns of rows beside the drift.
    private static readonly string[] Harmonic =
    [
        "million", "--set", "tokens.count=9000", "--set", "record.tokens=50", "--set", "time.horizon=0.2", "--set", "time.step=0.1", "--set", "record.snapshots=2",
        "--set", "record.observations=3", "--set", "record.observables=[\"energy\",\"attention_entropy\",\"gaps\"]",
    ];

    private static readonly string[] Long = ["figure2-rotary", "--set", "replicas=4", "--set", "time.horizon=2500", "--set", "record.observations=25001"];

    [Test]
    public void ARunHasTheBitsOfOneProcess([Values(1, 2, 3, 4)] int ranks) => SameBits("Open MPI", ranks, Direct);

    [TestCase("hardmax")]
    [TestCase("long-times", "--set", "time.horizon=100", "--set", "tokens.count=64")]
    public void SoHaveOtherSums(params string[] run) => SameBits("Open MPI", 2, [.. run, "--set", "record.observations=5"]);

    [Test]
    public void SoHaveHarmonicSums() => SameBits("Open MPI", 3, Harmonic);

    [Test]
    public void SoHaveRunsUnderMpich() => SameBits("MPICH", 2, Direct);

    [Test]
    public void OneErrorIsSaidOnce()
    {
        File.WriteAllText(Folder["other"], "");
        Answer answer = Run("Open MPI", 2, ["figure2-rotary", .. Shell.Small, "--out", Folder.FullPath]);
        Assert.That(Said(answer), Is.EqualTo((string[])[$"attentionflow: {Folder.FullPath}: the folder is not empty; give --overwrite to write into it all the same, or another --out"]));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.BadInput));
    }

    [Test]
    public void AnInnerDeviceThatIsAbsentIsNamed()
    {
        Answer answer = Run("Open MPI", 2, ["figure2-rotary", .. Shell.Small, "--device", "mpi:cuda:77", "--out", Folder["run"]]);
        Assert.That(Said(answer), Has.Length.EqualTo(1));
        Assert.That(Said(answer)[0], Does.Match("^attentionflow: device 'cuda:77' is not available: "));
        Assert.That((answer.Code, Directory.Exists(Folder["run"])), Is.EqualTo((ExitCodes.DeviceUnavailable, false)));
    }

    /// <summary>The same tokens at another beta: sums of both would be mixed.</summary>
    [TestCase("--set", "interaction.beta=4"), TestCase("--seed", "5"), TestCase("--set", "record.snapshots=2")]
    public void RanksWithAnotherExperimentAreRefused(string option, string value)
    {
        string[] run = ["run", "figure2-rotary", .. Shell.Small, "--device", "mpi", "--out", Folder["run"]];
        using Process process = Launch("Open MPI", 1, [.. run, ":", "-n", "1", .. Shell.Program, .. run, option, value]);
        Answer answer = Shell.End(process);
        Assert.That(Said(answer), Is.EqualTo((string[])
            ["attentionflow: rank 1 has other tokens, or another experiment, than rank 0; all ranks need the same experiment, program, processor type and C library"]));
        Assert.That(answer.Code, Is.EqualTo(ExitCodes.DeviceUnavailable));
        Assert.That(Shell.Record(Folder["run"]).GetProperty("status").GetString(), Is.EqualTo("failed"));
    }

    // By a run on other ranks, to the bytes of one process that was never interrupted; then it is complete, and then made longer.
    [Test]
    public void ARunThatWasStoppedGoesOnUnderAnyNumberOfRanks()
    {
        string[] run = ["figure2-rotary", "--set", "replicas=4", "--set", "time.horizon=15", "--set", "record.observations=1501"];
        using Process process = Launch("Open MPI", 2, ["run", .. run, "--device", "mpi", "--out", Folder["mpi"]]);
        WaitForRows(process);
        Shell.Sh($"kill -s TERM {ProcessOf(rank: 1, Folder["mpi"])}");
        Answer stopped = Shell.End(process);
        Assert.That(stopped.Code, Is.EqualTo(ExitCodes.Stopped), stopped.Error);
        SameBits("Open MPI", 3, run, "--resume");
        Answer again = Run("Open MPI", 2, [.. run, "--out", Folder["mpi"], "--resume"]);
        Assert.That((again.Code, Said(again).Length), Is.EqualTo((ExitCodes.Done, 0)), again.Error);
        Answer longer = Run("Open MPI", 2, [.. run, "--out", Folder["mpi"], "--resume", "--until-time", "16"]);
        Assert.That(longer.Code, Is.EqualTo(ExitCodes.Done), longer.Error);
        Answer alone = Shell.Run("run", Folder["cpu"], "--resume", "--until-time", "16");
        Assert.That(alone.Code, Is.EqualTo(ExitCodes.Done), alone.Error);
        Assert.That(Shell.Tables(Folder["mpi"]), Is.EqualTo(Shell.Tables(Folder["cpu"])));
    }

    [Test]
    public void DevicesSaysHowManyThereAre()
    {
        using Process process = Launch("Open MPI", 2, "devices", "--json");
        JsonElement mpi = Shell.End(process).Json.EnumerateArray().Single(d => d.GetProperty("name").GetString() == "mpi");
        Assert.That(mpi.GetProperty("description").GetString(), Does.StartWith("2 ranks, Open MPI (libmpi."));
        Assert.That(mpi.GetProperty("whyNot").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    // A rank that is told to stop, then one that is lost: the launcher ends the others.
    [TestCase("TERM", ExitCodes.Stopped), TestCase("KILL", 128 + 9)]
    public void WhatEndsOneRankEndsAllAndKeepsWhatIsRecorded(string signal, int code)
    {
        using Process process = Launch("Open MPI", 2, ["run", .. Long, "--device", "mpi", "--out", Folder["mpi"]]);
        WaitForRows(process);
        Shell.Sh($"kill -s {signal} {ProcessOf(rank: 1, Folder["mpi"])}");
        Answer answer = Shell.End(process);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(answer.Code, Is.EqualTo(code), answer.Error);
        Assert.That(Said(answer), Has.Length.EqualTo(1));
        Assert.That(Said(answer)[0], Does.Match(@"^attentionflow: stopped at t = [\d.]+ of 2500; --resume goes on from there$"));
        Assert.That(Shell.Record(Folder["mpi"]).GetProperty("status").GetString(), Is.EqualTo("stopped"));
        // Nothing else is wrong with the files.
        Assert.That(RunFolder.Verify(Folder["mpi"]), Is.EqualTo((string[])[$"{Folder["mpi"]}/run.json: the status is stopped, not complete"]));
        Assert.That(File.Exists(Path.Combine(Folder["mpi"], RunFolder.CheckpointFile)));
    }

    private void WaitForRows(Process process)
    {
        FileInfo observables = new(Path.Combine(Folder["mpi"], RunFolder.ObservablesFile + ".part"));
        // The file is gone once the run is complete: whether it is there and how long it is must be one question.
        for (Stopwatch wait = Stopwatch.StartNew(); !(observables.Exists && observables.Length > 20_000); Thread.Sleep(20), observables.Refresh())
            Assert.That(!process.HasExited && wait.Elapsed < TimeSpan.FromSeconds(40), "the run did not begin to write");
    }

    private void SameBits(string library, int ranks, string[] run, params string[] more)
    {
        Answer alone = Shell.Run(["run", .. run, "--device", "cpu", "--out", Folder["cpu"]]);
        Assert.That(alone.Code, Is.EqualTo(ExitCodes.Done), alone.Error);
        Answer shared = Run(library, ranks, [.. run, "--out", Folder["mpi"], .. more]);
        Assert.That(shared.Code, Is.EqualTo(ExitCodes.Done), shared.Error);
        Assert.That(Shell.Tables(Folder["mpi"]), Is.EqualTo(Shell.Tables(Folder["cpu"])));
        JsonElement one = Shell.Record(Folder["cpu"]), all = Shell.Record(Folder["mpi"]);
        Assert.That(all.GetProperty("device").GetString(), Is.EqualTo("mpi"));
        foreach (string name in (string[])["summation", "evaluations", "steps"]) Assert.That(all.GetProperty(name).GetRawText(), Is.EqualTo(one.GetProperty(name).GetRawText()));
        // The others are silent.
        Assert.That(shared.Output.Split('\n').Count(line => line.StartsWith("complete at", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(Said(shared), Is.All.StartsWith("attentionflow: warning").Or.All.StartsWith("attentionflow: goes on from t = "));
    }

    private static Answer Run(string library, int ranks, string[] run)
    {
        using Process process = Launch(library, ranks, ["run", .. run.Contains("--device") ? run : [.. run, "--device", "mpi"]]);
        return Shell.End(process, minutes: 4);
    }

    private static Process Launch(string library, int ranks, params string[] arguments) => MpiLauncher.Start(library, ranks, [.. Shell.Program, .. arguments]);

    private static int ProcessOf(int rank, string folder) => Process.GetProcesses().Single(p => Text("cmdline", p).Contains(folder, StringComparison.Ordinal)
        && Text("environ", p).Split('\0').Contains($"OMPI_COMM_WORLD_RANK={rank}")).Id;

    private static string Text(string name, Process process)
    {
        try { return File.ReadAllText($"/proc/{process.Id}/{name}"); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    private static string[] Said(Answer answer) => [.. answer.Error.Split('\n').Where(line => line.StartsWith("attentionflow:", StringComparison.Ordinal))];
}
