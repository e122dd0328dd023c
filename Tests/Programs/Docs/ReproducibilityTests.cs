using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Docs;

/// <summary>What docs/reproducibility.md says about the files of whole runs.</summary>
public sealed class ReproducibilityTests : FolderFixture
{
    private static readonly string[] Files = [RunFolder.ExperimentFile, RunFolder.SnapshotsFile, RunFolder.ObservablesFile, RunFolder.PackageFile];

    // 400 tokens: enough pairs for the sums to use more than one thread.
    private static Experiment Experiment => StoredExperiments.Load("figure3-rotary",
        "tokens.count=400", "replicas=2", "time.horizon=0.1", "record.snapshots=2", "record.observations=3");

    [Test]
    public void ThreadsDoNotChangeTheFiles([Values(2, 5)] int threads)
    {
        Run(Experiment, "one", 1);
        Run(Experiment, "many", threads);
        Compare("one", "many");
    }

    [Test]
    public void TheResolvedExperimentGivesTheSameFiles()
    {
        Run(Experiment, "first", 1);
        Run(ExperimentReader.Read(Folder["first/experiment.json"], []), "second", 1);
        Compare("first", "second");
    }

    private void Run(Experiment experiment, string name, int threads) =>
        new ExperimentRun(threads, new NoDisplay(), _ => { }).Execute(experiment, Folder[name], overwrite: false, CancellationToken.None);

    private void Compare(string one, string other)
    {
        foreach (string file in Files)
            Assert.That(File.ReadAllBytes(Folder[$"{other}/{file}"]), Is.EqualTo(File.ReadAllBytes(Folder[$"{one}/{file}"])), file);
    }

    private sealed class NoDisplay : IProgressDisplay
    {
        public void Begin(string name) { }
        public void Advance(double pairs, string detail, bool direct) { }
    }
}
