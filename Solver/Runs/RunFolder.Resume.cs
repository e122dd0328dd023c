using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>The files of a run that is to go on are not those that it wrote.</summary>
public sealed class DamagedRunException : IOException
{
    internal DamagedRunException(string message) : base(message) { }
}

// Runs that go on: their checkpoints.
public sealed partial class RunFolder
{
    /// <summary>The run that was in the folder, where this one goes on with it.</summary>
    public RunRecord? Before { get; private init; }

    /// <summary>Takes the folder of a run that is to go on, for this process alone; changes no file in it.</summary>
    /// <returns>Null where no run has begun in it.</returns>
    /// <exception cref="FolderNotEmptyException">There is something in it that is no run.</exception>
    /// <exception cref="IOException">Another process runs in the folder; or its files are not those of the run.</exception>
    public static RunFolder? Reopen(string path) => WholeFile.Guard(path, () =>
    {
        FolderLock held = FolderLock.Take(path, RunFile);
        try
        {
            string run = Path.Combine(held.Folder, RunFile);
            if (!File.Exists(run))
            {
                if (FolderLock.IsNotEmpty(held.Folder)) throw new FolderNotEmptyException(path, before: null);
                held.Dispose();
                return null;
            }
            RunRecord before = RunRecord.Read(run);
            RunFolder folder = new(held.Folder, [], held, [], []) { Before = before };
            if (!File.Exists(folder.PathOf(ExperimentFile))) return folder;
            folder._experiment = FileRecord.Of(folder.PathOf(ExperimentFile));
            folder._inputs = [.. before.Files.Where(f => Configuration.InputFiles.CopyNames.Contains(f.Name))];
            if (!before.Experiments.Contains(folder._experiment.Sha256))
                throw new DamagedRunException($"{path}: {ExperimentFile} is not the one that the run began with, so the run cannot go on; "
                    + "put that back, or start anew with --overwrite");
            foreach (FileRecord input in folder._inputs)
                if (!input.IsAt(folder.PathOf(input.Name)))
                    throw new DamagedRunException($"{path}: {input.Name} is not the one that the run began with, so the run cannot go on");
            return folder;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    });

    /// <summary>Whether the run in it, which is to go on, came so far as to write its experiment.json.</summary>
    public bool HasExperiment => _experiment is not null;

    /// <summary>The newest checkpoint whose tables are as they were; null where there is none.</summary>
    /// <exception cref="IOException">There are some, and none of them can be used: why the newest cannot.</exception>
    public Checkpoint? FindCheckpoint()
    {
        IOException? first = null;
        foreach (string name in CheckpointNames.Where(name => File.Exists(PathOf(name))))
            try
            {
                Checkpoint checkpoint = Checkpoint.Open(PathOf(name));
                try
                {
                    if (!Before!.Experiments.Contains(checkpoint.Header.ExperimentSha256))
                        throw new IOException($"{PathOf(name)}: this is a checkpoint of another experiment");
                    if (checkpoint.Header.Precision != Before.Precision)
                        throw new IOException($"{PathOf(name)}: this is a checkpoint in {checkpoint.Header.Precision} precision");
                    foreach (FileRecord table in checkpoint.Header.Tables) CheckTable(table);
                    return checkpoint;
                }
                catch
                {
                    checkpoint.Dispose();
                    throw;
                }
            }
            catch (IOException error)
            {
                first ??= error;
            }
        return first is null ? null : throw new DamagedRunException(first.Message);
    }

    // A parquet file is whole, so where there is one it has what snapshots.csv had, or its part that is being made again.
    private void CheckTable(FileRecord table)
    {
        string parquet = PathOf(SnapshotFiles.Parquet);
        if (table.Name == SnapshotsFile && File.Exists(parquet)) HashedFile.CheckText(parquet, table);
        else HashedFile.Check(PathOf(table.Name), table);
    }

    // Once its text is on the disk, snapshots.parquet goes.
    private void FromParquet()
    {
        string parquet = PathOf(SnapshotFiles.Parquet);
        WholeFile.DropPart(parquet);
        if (!File.Exists(parquet)) return;
        using (Stream text = SnapshotFiles.OpenText(parquet))
        using (FileStream part = WholeFile.OpenPart(PathOf(SnapshotsFile)))
            WholeFile.Guard(part.Name, () =>
            {
                text.CopyTo(part);
                part.Flush(flushToDisk: true);
                return 0;
            });
        File.Delete(parquet);
    }

    /// <summary>Says in run.json that the run goes on, and where; makes snapshots.csv again of snapshots.parquet.</summary>
    /// <param name="checkpoint">Where.</param>
    /// <param name="record">What is known of the run.</param>
    /// <param name="experiment">The text of experiment.json where it is to be another one; null: it stays.</param>
    public RunRecord GoOn(Checkpoint checkpoint, RunRecord record, string? experiment)
    {
        using Lock.Scope ending = _ending.EnterScope();
        ThrowIfCut();
        if (experiment is not null) _experiment = WholeFile.RecordOf(ExperimentFile, experiment);
        _earlier = checkpoint;
        record = record with
        {
            Status = RunStatus.Running,
            ExperimentSha256 = _experiment!.Sha256,
            Process = Environment.ProcessId,
            End = null,
            Files = [_experiment, .. _inputs],
        };
        WholeFile.WriteText(PathOf(RunFile), record.ToJson());
        if (experiment is not null) WholeFile.WriteText(PathOf(ExperimentFile), experiment);
        FromParquet();
        return record;
    }

    /// <summary>Writes a checkpoint, and keeps the one before.</summary>
    /// <param name="state">The state of the run.</param>
    /// <param name="record">What is known of the run.</param>
    /// <param name="patience">How long to wait for a moment in which the state is at rest.</param>
    /// <returns>False where there was none, or the run has ended.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    public bool WriteCheckpoint(RunState state, RunRecord record, TimeSpan patience)
    {
        bool isWritten = false;
        state.TryWrite(patience, archive =>
        {
            using Lock.Scope ending = _ending.EnterScope();
            if (_finished is not null || _cut || _experiment is null) return;
            FileRecord[] tables = [.. _tables.Select(t => t.Table.Commit(t.Table.RowsIn(archive)))];
            Checkpoint.Write(PathOf(CheckpointFile), PathOf(PreviousCheckpointFile),
                new CheckpointHeader(_experiment.Sha256, record.Precision, record.ProgramVersion, tables, []), archive);
            foreach ((CsvTable table, string _, IReadOnlyList<string> _) in _tables) table.StaysPartial = true;
            isWritten = true;
        });
        return isWritten;
    }
}
