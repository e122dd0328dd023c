namespace AttentionFlow.Tests.Output;

public sealed class RunSizeTests : FolderFixture
{
    private sealed class NoDisplay : IProgressDisplay
    {
        public void Begin(string name) { }
        public void Advance(double pairs, string detail, bool direct) { }
    }

    [TestCase(3, 40, 2, 11, 101, null), TestCase(30, 20, 1, 5, 5, null), TestCase(2, 5, 20, 2, 500, null)]
    [TestCase(3, 400, 2, 11, 2, 4), TestCase(30, 200, 1, 5, 5, 8), TestCase(30, 200, 1, 5, 5, 17)]
    public void TheOutputIsThatOfTheEstimate(int dimension, int tokens, int replicas, int snapshots, int observations, int? digits)
    {
        Experiment experiment = new()
        {
            Replicas = replicas, Tokens = new() { Count = tokens, Dimension = dimension }, Time = new() { Horizon = 0.1 },
            Record = new() { Snapshots = snapshots, Observations = observations, Digits = digits },
        };
        RunRecord record = new ExperimentRun(1, new NoDisplay(), _ => { }).Execute(experiment, Folder.FullPath, overwrite: false, CancellationToken.None);
        int columns = CsvData.Header(Folder[RunFolder.ObservablesFile]).Count - 2;
        double written = record.Files.Where(f => f.Name != RunFolder.ExperimentFile).Sum(f => f.Bytes);
        Assert.That(new RunSize(experiment).Output(columns), Is.InRange(0.8 * written, 1.6 * written));
    }

    /// <summary>At the end of a run the CSV file and the parquet file that is made of it are there together.</summary>
    [TestCase(3, 2000, null), TestCase(30, 200, null), TestCase(3, 2000, 4)]
    public void ParquetNeedsTheRoomOfBothFiles(int dimension, int tokens, int? digits)
    {
        Experiment csv = new()
        {
            Tokens = new() { Count = tokens, Dimension = dimension }, Time = new() { Horizon = 0.1 }, Record = new() { Snapshots = 11, Observations = 2, Digits = digits },
        };
        Experiment parquet = csv with { Record = csv.Record with { Format = SnapshotFormat.Parquet } };
        ExperimentRun run = new(1, new NoDisplay(), _ => { });
        double text = run.Execute(csv, Folder["csv"], overwrite: false, CancellationToken.None).Files.Single(f => f.Name == SnapshotFiles.Csv).Bytes;
        double packed = run.Execute(parquet, Folder["parquet"], overwrite: false, CancellationToken.None).Files.Single(f => f.Name == SnapshotFiles.Parquet).Bytes;
        Assert.That(new RunSize(parquet).Output(0), Is.InRange(0.9 * (text + packed), 1.6 * (text + packed)));
        Assert.That(new RunSize(parquet).Output(0) - new RunSize(csv).Output(0), Is.GreaterThan(0.8 * packed));
    }

    [Test]
    public void NoSizeOverflows()
    {
        Experiment experiment = new()
        {
            Replicas = int.MaxValue, Tokens = new() { Count = int.MaxValue, Dimension = int.MaxValue },
            Interaction = new() { Heads = 1000, Matrices = new(new GaussianMatrix(), new GaussianMatrix(), new GaussianMatrix()) },
            Record = new() { Snapshots = 10_000_000, Observations = 10_000_000, Observables = ["mean", "covariance", "low_pass"] },
        };
        RunSize size = new(experiment);
        const double n = int.MaxValue;
        Assert.That(size.Memory.Select(part => part.Bytes), Has.All.Positive);
        Assert.That(size.Memory.Sum(part => part.Bytes), Is.GreaterThan(8 * n * n * n));
        Assert.That(size.Output(int.MaxValue), Is.GreaterThan(1e7 * n * n * n));
        Assert.That(size.CheckMemory, Throws.TypeOf<ConfigurationException>());
    }
}
