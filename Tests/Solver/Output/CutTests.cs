namespace AttentionFlow.Tests.Output;

/// <summary>A run that is ended from another thread while it works.</summary>
public sealed class CutTests : FolderFixture
{
    [Test]
    public void ARunThatDoesNotComeBackIsEndedAtItsLastRecordedTime()
    {
        using Stuck stuck = new();
        ExperimentRun run = new(1, stuck, _ => { });
        Assert.That(run.Cut(), Is.Null, "nothing has begun");
        Experiment experiment = new()
        {
            Tokens = new() { Count = 8 }, Time = new() { Horizon = 1, Method = Methods.Heun, Step = 0.125 },
            Record = new() { Snapshots = 2, Observations = 9, Observables = ["mean"] },
        };
        RunRecord? returned = null;
        Thread worker = new(() => returned = run.Execute(experiment, Folder.FullPath, overwrite: false, CancellationToken.None));
        worker.Start();
        Assert.That(stuck.Reached.Wait(TimeSpan.FromSeconds(30)));
        RunRecord cut = run.Cut()!;
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((cut.Status, cut.TimeReached, cut.Steps, cut.Advice), Is.EqualTo((RunStatus.Stopped, 0.25, 2, "stopped at t = 0.25 of 1; --resume goes on from there")));
        Assert.That(CsvData.Read(Folder["observables.csv"])["time"], Is.EqualTo(new[] { 0, 0.125, 0.25 }));
        Assert.That(RunFolder.Verify(Folder.FullPath), Is.EqualTo(new[] { $"{Folder["run.json"]}: the status is stopped, not complete" }));
        byte[] record = File.ReadAllBytes(Folder["run.json"]);
        stuck.Go.Set();
        Assert.That(worker.Join(TimeSpan.FromSeconds(30)));
        Assert.That(returned, Is.SameAs(cut));
        Assert.That(File.ReadAllBytes(Folder["run.json"]), Is.EqualTo(record));
        Assert.That(run.Cut(), Is.Null, "it is over");
    }

    // Hangs in the third step: two are recorded.
    private sealed class Stuck : IProgressDisplay, IDisposable
    {
        public ManualResetEventSlim Reached { get; } = new();
        public ManualResetEventSlim Go { get; } = new();

        public void Begin(string name) { }

        public void Advance(double pairs, string detail, bool direct)
        {
            if (!detail.StartsWith("t = 0.375", StringComparison.Ordinal)) return;
            Reached.Set();
            Go.Wait();
        }

        public void Dispose()
        {
            Reached.Dispose();
            Go.Dispose();
        }
    }
}
