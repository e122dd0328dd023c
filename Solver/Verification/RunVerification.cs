using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>Is the folder of a run what it says? All that can be told from its files.</summary>
public static class RunVerification
{
    /// <summary>
    /// First the files against run.json, then, whatever they said, the content against the experiment: a table whose hash was made to fit
    /// must still hold the rows, times, start and columns of its experiment.
    /// </summary>
    /// <returns>What is wrong, a sentence each; nothing when the run is complete and whole.</returns>
    /// <exception cref="IOException">Something cannot be read, or a process works in the folder.</exception>
    public static IReadOnlyList<string> Problems(string folder)
    {
        FolderLock.ThrowIfHeld(folder, RunFolder.RunFile);
        List<string> problems = [.. RunCheck.Problems(folder)];
        RunRecord record;
        try { record = RunRecord.Read(Path.Combine(folder, RunFolder.RunFile)); }
        catch (IOException) { return problems; } // said above
        if (record.Status != RunStatus.Running && File.Exists(Path.Combine(folder, RunFolder.ExperimentFile)))
            problems.AddRange(ContentProblems(folder, record));
        return problems;
    }

    private static IEnumerable<string> ContentProblems(string folder, RunRecord record)
    {
        string path = Path.Combine(folder, RunFolder.ExperimentFile);
        Faults ofRecord = new(Path.Combine(folder, RunFolder.RunFile)), ofExperiment = new(path);
        using IPairSums sums = DeviceCatalog.Open("reference", Precision.Double, threads: 1); // sums nothing: a flow names its columns
        Experiment experiment;
        Cloud start;
        Flow flow;
        Observable[] observables;
        try
        {
            experiment = ExperimentReader.Read(path, []);
            new RunSize(experiment).CheckMemory();
            start = experiment.Draw();
            Interaction interaction = experiment.Interaction.Pair with { Unit = experiment.Time.Unit };
            flow = new Flow(interaction, experiment.Gauge, start, sums, 1, experiment.Layer)
            {
                Scheme = experiment.Interaction.Scheme, Tangents = experiment.Tangents,
            };
            observables = [.. experiment.Record.Observables.Select(name => Observable.All[name](flow))];
        }
        catch (Exception e) when (e is ConfigurationException or ArgumentException or NotSupportedException)
        {
            return [e.Message.StartsWith(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}"];
        }

        CompareExperiment(experiment, record, ofExperiment, ofRecord);
        Dictionary<string, Faults> found = [];
        string table = SnapshotsOf(experiment, record);
        SnapshotCheck snapshots = new(experiment, start, record, flow, Of(table));
        List<(string Name, TableCheck Check)> tables =
        [
            (table, snapshots),
            (RunFolder.ObservablesFile,
                new ObservableCheck(experiment, record, observables, table, snapshots.Means, Of(RunFolder.ObservablesFile))),
        ];
        // Steps of a run that does not come to its end go beyond its last recorded time, and so do mergers.
        double last = record.Status == RunStatus.Complete ? record.TimeReached : experiment.Time.Horizon;
        if (experiment.Time.Merge is not null)
            tables.Add((RunFolder.MergersFile, new MergerCheck(start, last, Of(RunFolder.MergersFile))));
        if (experiment.Record.Plateaus)
            tables.Add((RunFolder.PlateausFile, new PlateauCheck(start.Replicas, Of(RunFolder.PlateausFile))));
        IEnumerable<string> copies = InputFiles.Copied(experiment).Copies.Select(c => c.Name);
        string package = Path.Combine(folder, RunFolder.PackageFile);
        IEnumerable<string> expected = tables.Select(t => t.Name).Append(RunFolder.PackageFile).Concat(copies);
        foreach (string name in expected.Except(record.Files.Select(f => f.Name)))
            ofRecord.Add($"it lists no {name}, which a run of this experiment writes");
        foreach ((string name, TableCheck check) in tables)
            if (File.Exists(Path.Combine(folder, name))) check.Read(Path.Combine(folder, name));
        if (File.Exists(package))
            PackageCheck.Read(package, record, tables.Select(t => (t.Name, t.Check.Columns)), Of(RunFolder.PackageFile));
        return [.. new[] { ofExperiment, ofRecord }.Concat(found.Values).SelectMany(f => f.Sentences)];

        Faults Of(string name) => found[name] = new Faults(Path.Combine(folder, name));
    }

    // Parquet where the run is complete and was to have it; one that fails when all is done but its run.json has it, too.
    private static string SnapshotsOf(Experiment experiment, RunRecord record) => experiment.Record.Format == SnapshotFormat.Parquet
        && (record.Status == RunStatus.Complete || record.Files.Any(f => f.Name == SnapshotFiles.Parquet))
        ? SnapshotFiles.Parquet : SnapshotFiles.Csv;

    // What is resolved, and what run.json repeats.
    private static void CompareExperiment(Experiment experiment, RunRecord record, Faults ofExperiment, Faults ofRecord)
    {
        if (experiment.Device == "auto" || experiment.Summation == Summation.Auto || experiment.Tolerance is null)
            ofExperiment.Add($"it is not resolved: device, summation and tolerance are those that the run took");
        Compare("seed", $"{record.Seed}", $"{experiment.Seed}");
        Compare("device", record.Device, experiment.Device);
        Compare("precision", record.Precision, experiment.Precision.ToString().ToLowerInvariant());
        Compare("timeUnit", record.TimeUnit ?? "one", experiment.Time.Unit.ToString().ToLowerInvariant());
        if (record.Status == RunStatus.Complete && record.Reason is null && record.TimeReached != experiment.Time.Horizon)
            ofRecord.Add($"timeReached is {record.TimeReached}; the horizon of the experiment is {experiment.Time.Horizon}");

        void Compare(string what, string said, string expected)
        {
            if (said != expected) ofRecord.Add($"{what} is {Quoted.Short(said)}; {RunFolder.ExperimentFile} has {expected}");
        }
    }
}
