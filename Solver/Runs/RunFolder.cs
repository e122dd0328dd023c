using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>The folder already holds something that is not to be replaced unasked: a matter of arguments, not of the disk.</summary>
public sealed class FolderNotEmptyException : Exception
{
    internal FolderNotEmptyException(string path)
        : base($"{path}: the folder is not empty; give --overwrite to replace the run in it, or another --out") { }
}

/// <summary>
/// The folder of a run. Order of writing: experiment.json, run.json (status running), the tables while the run goes on, then
/// datapackage.json, and last run.json, which vouches for all of them.
/// </summary>
public sealed class RunFolder : IDisposable
{
    /// <summary>The experiment, resolved.</summary>
    public const string ExperimentFile = "experiment.json";

    /// <summary>The tokens.</summary>
    public const string SnapshotsFile = "snapshots.csv";

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

    /// <summary>In the order in which they are removed: what vouches goes first.</summary>
    private static readonly string[] Names =
    [
        RunFile, PackageFile, SnapshotsFile, ObservablesFile, MergersFile, PlateausFile, ExperimentFile,
        .. Configuration.InputFiles.CopyNames,
    ];

    private readonly List<(CsvTable Table, string Title, IReadOnlyList<string> Key)> _tables = [];
    private readonly FileRecord[] _inputs;
    private FileRecord? _experiment;

    private RunFolder(string path, FileRecord[] inputs) => (FullPath, _inputs) = (path, inputs);

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>
    /// Creates the folder of a run, or empties it of the files of an earlier run, and of nothing else; then copies the files the run reads.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="overwrite">Whether there may be something in it.</param>
    /// <param name="inputs">Name in the folder and source of every file that the run reads; a source may be that very file.</param>
    /// <exception cref="FolderNotEmptyException">There is something in it and <paramref name="overwrite"/> is false.</exception>
    /// <exception cref="IOException">The folder cannot be created or changed.</exception>
    public static RunFolder Create(string path, bool overwrite, params IReadOnlyList<(string Name, string Source)> inputs) =>
        WholeFile.Guard(path, () =>
    {
        string full = Path.GetFullPath(path);
        for (string? above = full; above is not null; above = Path.GetDirectoryName(above))
            if (File.Exists(above)) throw new IOException($"{(above == full ? "this" : above)} is a file; --out names a folder");
        try { Directory.CreateDirectory(full); }
        // The system names a file that it did not find.
        catch (Exception e) when (e is FileNotFoundException
            or DirectoryNotFoundException)
        { throw new IOException("this folder cannot be created", e); }
        if (!overwrite && Directory.EnumerateFileSystemEntries(full).Any()) throw new FolderNotEmptyException(path);
        foreach (string name in Names)
        {
            string file = Path.Combine(full, name);
            if (!inputs.Any(i => Path.GetFullPath(i.Source) == file)) File.Delete(file);
            File.Delete(file + WholeFile.PartSuffix);
        }
        return new RunFolder(full, [.. inputs.Select(i => WholeFile.Copy(i.Source, Path.Combine(full, i.Name)))]);
    });

    /// <summary>Writes experiment.json, and run.json with the status running.</summary>
    /// <returns>The record with the hash of the experiment, to be passed on to <see cref="Finish"/> with what has changed.</returns>
    public RunRecord Start(string experiment, RunRecord record)
    {
        _experiment = WholeFile.WriteText(PathOf(ExperimentFile), experiment);
        record = record with { Status = RunStatus.Running, ExperimentSha256 = _experiment.Sha256, End = null, Files = [] };
        WholeFile.WriteText(PathOf(RunFile), record.ToJson());
        return record;
    }

    /// <summary>Opens snapshots.csv, with a column for radii where tokens have them; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenSnapshots(int dimension, bool hasRadius = false) =>
        Open(SnapshotsFile, "Tokens of every replica at the times recorded", RunColumns.Snapshots(dimension, hasRadius),
            RunColumns.SnapshotKey);

    /// <summary>Opens observables.csv with the columns time, replica and these; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenObservables(IEnumerable<Column> columns) =>
        Open(ObservablesFile, "Observables of every replica at the times recorded", RunColumns.Observables(columns),
            RunColumns.ObservableKey);

    /// <summary>Opens mergers.csv; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenMergers() => Open(MergersFile, "Mergers of tokens", RunColumns.Mergers, RunColumns.MergerKey);

    /// <summary>Opens plateaus.csv; <see cref="Finish"/> completes it.</summary>
    public CsvTable OpenPlateaus() => Open(PlateausFile, "Energy plateaus", RunColumns.Plateaus, RunColumns.PlateauKey);

    /// <summary>
    /// Completes the tables, then writes datapackage.json, and last run.json with its final status and the list of files.
    /// </summary>
    /// <param name="record">The final record. A table that cannot be completed is left out where the status is failed, else an
    /// error.</param>
    /// <param name="title">Title of the experiment.</param>
    /// <returns>The record as written.</returns>
    /// <exception cref="IOException">A file could not be written.</exception>
    public RunRecord Finish(RunRecord record, string title)
    {
        if (_experiment is null) throw new InvalidOperationException("the run was never started");
        List<TableDescription> tables = new List<TableDescription>();
        foreach ((CsvTable? table, string? about, IReadOnlyList<string>? key) in _tables)
        {
            try { tables.Add(new TableDescription(about, key, table.Columns, table.Complete())); }
            catch (IOException) when (record.Status == RunStatus.Failed) { table.Dispose(); }
        }
        _tables.Clear();
        FileRecord package = WholeFile.WriteText(PathOf(PackageFile), DataPackage.Text(title, tables));
        record = record with
        {
            End = record.End
            ?? RunRecord.Now(),
            Files = [_experiment, .. _inputs, .. tables.Select(t => t.File), package]
        };
        WholeFile.WriteText(PathOf(RunFile), record.ToJson());
        return record;
    }

    /// <summary>Without <see cref="Finish"/> before it: drops the tables; run.json keeps the status running.</summary>
    public void Dispose()
    {
        foreach ((CsvTable? table, string _, IReadOnlyList<string> _) in _tables) table.Dispose();
        _tables.Clear();
    }

    /// <summary>Compares run.json with the files beside it.</summary>
    /// <returns>What is wrong, a sentence each; nothing when the run is complete and whole.</returns>
    /// <exception cref="IOException">A file that is there cannot be read.</exception>
    public static IReadOnlyList<string> Verify(string path) => RunCheck.Problems(path);

    private CsvTable Open(string name, string title, IReadOnlyList<Column> columns, IReadOnlyList<string> key)
    {
        CsvTable table = new CsvTable(PathOf(name), columns);
        _tables.Add((table, title, key));
        return table;
    }

    private string PathOf(string name) => Path.Combine(FullPath, name);
}
