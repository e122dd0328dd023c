using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>The folder already holds something that is not to be replaced unasked: a matter of arguments, not of the disk.</summary>
public sealed class FolderNotEmptyException : Exception
{
    internal FolderNotEmptyException(string path, RunRecord? before)
        : base($"{path}: the folder is not empty{Killed(before)}; give {HowTo(before)}another --out") { }

    /// <summary>A file that is not to be replaced.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="what">What made the files that may be replaced: a run, a reproduce.</param>
    public FolderNotEmptyException(string file, string what)
        : base($"{file}: no earlier {what} wrote this file as it is, so it is not replaced; move it, or give another --out") { }

    private static string HowTo(RunRecord? before) =>
        (before is { Status: RunStatus.Running or RunStatus.Stopped or RunStatus.Failed } ? "--resume to go on with it, " : "")
        + (before is null ? "--overwrite to write into it all the same, or " : "--overwrite to replace the run in it, or ");

    private static string Killed(RunRecord? before) => before is not { Status: RunStatus.Running } killed ? ""
        : string.Create(CultureInfo.InvariantCulture, $", and the run in it, of {killed.Start:yyyy-MM-dd HH:mm:ss} UTC, was killed");
}

/// <summary>
/// The folder of a run, locked while it is under way. Order of writing: copies of what the run reads, run.json (status running),
/// experiment.json, the tables while the run goes on, then datapackage.json, and last run.json, which vouches for all of them.
/// </summary>
public sealed partial class RunFolder : IDisposable
{
    /// <summary>The experiment, resolved.</summary>
    public const string ExperimentFile = "experiment.json";

    /// <summary>The tokens.</summary>
    public const string SnapshotsFile = SnapshotFiles.Csv;

    /// <summary>The observables.</summary>
    public const string ObservablesFile = "observables.csv";

    /// <summary>The mergers of tokens, where tokens merge.</summary>
    public const string MergersFile = "mergers.csv";

    /// <summary>The energy plateaus, where they are asked for.</summary>
    public const string PlateausFile = "plateaus.csv";

    /// <summary>The provenance.</summary>
    public const string RunFile = "run.json";

    /// <summary>The description of the tables.</summary>
    public const string PackageFile = "datapackage.json";

    /// <summary>The state from which the run goes on.</summary>
    public const string CheckpointFile = "checkpoint.bin";

    /// <summary>The checkpoint before that, while the run is under way.</summary>
    public const string PreviousCheckpointFile = "checkpoint.previous.bin";

    internal static readonly string[] TableNames = [SnapshotsFile, SnapshotFiles.Parquet, ObservablesFile, MergersFile, PlateausFile];
    private static readonly string[] CheckpointNames = [CheckpointFile, PreviousCheckpointFile];

    private readonly List<(CsvTable Table, string Title, IReadOnlyList<string> Key)> _tables = [];
    private readonly IReadOnlyList<InputCopy> _sources;
    private readonly FolderLock _lock;
    private readonly string[] _replaced, _stale;
    private readonly Lock _ending = new();
    private FileRecord[] _inputs = [];
    private FileRecord? _experiment;
    private Checkpoint? _earlier;
    private RecordSection? _form;
    private FileRecord? _parquet;
    private RunRecord? _finished;
    private bool _cut;

    private RunFolder(string path, IReadOnlyList<InputCopy> sources, FolderLock held, string[] replaced, string[] stale) =>
        (FullPath, _sources, _lock, _replaced, _stale) = (path, sources, held, replaced, stale);

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>The bytes of the files that this run replaces.</summary>
    public long ReplacedBytes => _replaced.Sum(name => new FileInfo(PathOf(name)).Length);

    /// <summary>
    /// Creates the folder of a run, or takes that of an earlier one, for this run alone; changes no file in it. A file is replaced only if
    /// the run.json there lists it, with this length and SHA-256; a killed run owns its tables, too.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="overwrite">Whether there may be something in it.</param>
    /// <param name="inputs">Every file that the run reads; its source may be the very file of its name in the folder.</param>
    /// <exception cref="FolderNotEmptyException">There is something in it and <paramref name="overwrite"/> is false, or a file in it that
    /// is not of an earlier run has the name of one of this run.</exception>
    /// <exception cref="IOException">Another process runs in the folder, or it cannot be created or changed.</exception>
    public static RunFolder Create(string path, bool overwrite, params IReadOnlyList<InputCopy> inputs) =>
        WholeFile.Guard(path, () =>
    {
        FolderLock held = FolderLock.Take(path, RunFile);
        string full = held.Folder;
        try
        {
            RunRecord? before = Earlier(Path.Combine(full, RunFile));
            if (!overwrite && FolderLock.IsNotEmpty(full)) throw new FolderNotEmptyException(path, before);
            string[] names = [RunFile, PackageFile, ExperimentFile, .. CheckpointNames, .. TableNames, .. inputs.Select(i => i.Name)];
            string[] all = [.. names.Union(InputFiles.CopyNames)], own = [.. all.Where(name => IsOwn(full, name, before))];
            bool ownsParts = before is not null || held.WasLeft;
            foreach (string name in names.Except(own).Concat(ownsParts ? [] : names.Select(name => name + WholeFile.PartSuffix)))
                if (WholeFile.IsThere(Path.Combine(full, name)))
                    throw new FolderNotEmptyException(Path.Combine(path, name), "run");
            return new RunFolder(full, inputs, held, own, ownsParts ? all : []);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    });

    /// <summary>
    /// Copies the files that the run reads, and only then removes those of an earlier run; writes experiment.json, and run.json with the
    /// status running. Killed at any point, the folder holds files that run.json lists, or parts.
    /// </summary>
    /// <param name="experiment">The text of experiment.json.</param>
    /// <param name="record">What is known of the run.</param>
    /// <returns>The record with the hash of the experiment, to be passed on to <see cref="Finish"/> with what has changed.</returns>
    /// <exception cref="OperationCanceledException">The run was cut.</exception>
    public RunRecord Start(string experiment, RunRecord record)
    {
        foreach (string name in _stale) WholeFile.DropPart(PathOf(name));
        _inputs = [.. _sources.Select(i =>
            i.Text is { } text ? WholeFile.WritePart(PathOf(i.Name), text) : WholeFile.CopyPart(i.Source, PathOf(i.Name)))];
        using Lock.Scope ending = _ending.EnterScope();
        ThrowIfCut();
        foreach (string name in _replaced.Where(name => name != RunFile)) File.Delete(PathOf(name));
        FileRecord text = WholeFile.RecordOf(ExperimentFile, experiment);
        record = record with
        {
            Status = RunStatus.Running,
            ExperimentSha256 = text.Sha256,
            Process = Environment.ProcessId,
            End = null,
            Files = [text, .. _inputs],
        };
        WholeFile.WriteText(PathOf(RunFile), record.ToJson());
        WholeFile.WriteText(PathOf(ExperimentFile), experiment);
        foreach (FileRecord input in _inputs) WholeFile.Rename(PathOf(input.Name));
        _experiment = text;
        return record;
    }

    /// <summary>
    /// Opens snapshots.csv, with a column for radii where tokens have them; <see cref="Finish"/> completes it and, where the run is
    /// complete and <paramref name="form"/> asks for it, makes snapshots.parquet of it.
    /// </summary>
    public CsvTable OpenSnapshots(int dimension, bool hasRadius = false, RecordSection? form = null, bool hasWeight = false)
    {
        _form = form;
        return Open(SnapshotsFile, "Tokens of every replica at the times recorded", RunColumns.Snapshots(dimension, hasRadius, hasWeight),
            RunColumns.SnapshotKey);
    }

    /// <summary>Opens observables.csv with the columns time, replica and these; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenObservables(IEnumerable<Column> columns) =>
        Open(ObservablesFile, "Observables of every replica at the times recorded", RunColumns.Observables(columns),
            RunColumns.ObservableKey);

    /// <summary>Opens mergers.csv; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenMergers() => Open(MergersFile, "Mergers of tokens", RunColumns.Mergers, RunColumns.MergerKey);

    /// <summary>Opens plateaus.csv; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenPlateaus() => Open(PlateausFile, "Energy plateaus", RunColumns.Plateaus, RunColumns.PlateauKey);

    /// <summary>
    /// Completes the tables, then writes datapackage.json, and last run.json with its final status and the list of files; the folder is
    /// then free for others. A folder that another thread has finished stays as it is.
    /// </summary>
    /// <param name="record">The final record. A table that cannot be completed is left out where the status is failed, else an
    /// error.</param>
    /// <param name="title">Title of the experiment.</param>
    /// <returns>The record as written.</returns>
    /// <exception cref="IOException">A file could not be written.</exception>
    public RunRecord Finish(RunRecord record, string title)
    {
        lock (_ending) return _finished ??= Complete(record, title);
    }

    /// <summary>
    /// As <see cref="Finish"/>, while another thread still writes: its next row throws an <see cref="OperationCanceledException"/>. Null
    /// where the run has not started; the folder then is as it was.
    /// </summary>
    public RunRecord? Cut(RunRecord record, string title)
    {
        lock (_ending)
        {
            _cut = true;
            foreach ((CsvTable table, string _, IReadOnlyList<string> _) in _tables) table.Cut();
            if (_experiment is not null) return _finished ??= Complete(record, title);
        }
        Dispose();
        return null;
    }

    private RunRecord Complete(RunRecord record, string title)
    {
        if (_experiment is null) throw new InvalidOperationException("the run was never started");
        List<TableDescription> tables = new List<TableDescription>();
        foreach ((CsvTable? table, string? about, IReadOnlyList<string>? key) in _tables)
        {
            try { tables.Add(new TableDescription(about, key, table.Columns, table.Complete())); }
            catch (IOException) when (record.Status == RunStatus.Failed) { table.Dispose(); }
        }
        ToParquet(tables, record.Status);
        FileRecord package = WholeFile.WriteText(PathOf(PackageFile), DataPackage.Text(title, tables));
        // What diverged would only diverge again.
        if (record.Status == RunStatus.Diverged) File.Delete(PathOf(CheckpointFile));
        if (record.Status is RunStatus.Complete or RunStatus.Diverged) File.Delete(PathOf(PreviousCheckpointFile));
        record = record with
        {
            ExperimentSha256 = _experiment.Sha256,
            Process = null,
            End = record.End ?? RunRecord.Now(),
            Files =
            [
                _experiment, .. _inputs, .. tables.Select(t => t.File), package,
                .. CheckpointNames.Select(PathOf).Where(File.Exists).Select(FileRecord.Of),
            ],
        };
        // Without it a run that is killed here goes on from the parquet file.
        if (_parquet is not null) File.Delete(PathOf(SnapshotsFile));
        WholeFile.WriteText(PathOf(RunFile), record.ToJson());
        _tables.Clear();
        _lock.Dispose();
        return record;
    }

    // The snapshots of a run that is complete; of one that failed after that, too.
    private void ToParquet(List<TableDescription> tables, RunStatus status)
    {
        int at = tables.FindIndex(t => t.File.Name == SnapshotsFile);
        if (at < 0 || _form?.Format != SnapshotFormat.Parquet || (status != RunStatus.Complete && _parquet is null)) return;
        _parquet ??= ParquetTable.Write(PathOf(SnapshotsFile), PathOf(SnapshotFiles.Parquet), tables[at].Columns, _form.Digits);
        tables[at] = tables[at] with { File = _parquet };
    }

    /// <summary>
    /// Without <see cref="Finish"/> before it: drops the tables; run.json keeps the status running. The folder is then free for others.
    /// </summary>
    public void Dispose()
    {
        using Lock.Scope ending = _ending.EnterScope();
        foreach ((CsvTable? table, string _, IReadOnlyList<string> _) in _tables) table.Dispose();
        _tables.Clear();
        if (_finished is not null) return;
        foreach (InputCopy input in _sources) WholeFile.DropPart(PathOf(input.Name));
        _lock.Dispose();
    }

    /// <summary>Compares run.json with the files beside it.</summary>
    /// <returns>What is wrong, a sentence each; nothing when the run is complete and whole.</returns>
    /// <exception cref="IOException">A file that is there cannot be read.</exception>
    public static IReadOnlyList<string> Verify(string path) => RunCheck.Problems(path);

    private CsvTable Open(string name, string title, IReadOnlyList<Column> columns, IReadOnlyList<string> key)
    {
        using Lock.Scope ending = _ending.EnterScope();
        ThrowIfCut();
        CsvTable table = new(PathOf(name), columns, _earlier?.Header.Tables.Single(t => t.Name == name))
        {
            StaysPartial = _earlier is not null,
        };
        _tables.Add((table, title, key));
        return table;
    }

    private void ThrowIfCut()
    {
        if (_cut) throw new OperationCanceledException("the run was cut");
    }

    // Null where there is no run.json, or one that is not of a run.
    private static RunRecord? Earlier(string path)
    {
        try { return File.Exists(path) ? RunRecord.Read(path) : null; }
        catch (IOException) { return null; }
    }

    private static bool IsOwn(string folder, string name, RunRecord? before)
    {
        string path = Path.Combine(folder, name);
        if (before is null || !File.Exists(path)) return false;
        bool isUnderWay = before.Status is RunStatus.Running or RunStatus.Failed
            && (TableNames.Contains(name) || CheckpointNames.Contains(name) || name == PackageFile);
        return name == RunFile || isUnderWay || before.Files.Any(f => f.Name == name && f.IsAt(path));
    }

    private string PathOf(string name) => Path.Combine(FullPath, name);
}
