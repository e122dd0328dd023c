using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Analysis;

/// <summary>
/// The folder of an analysis, locked while it is under way: tables, datapackage.json, and last analysis.json, which vouches for all of
/// them. An earlier analysis stays until this one is done.
/// </summary>
public sealed class AnalysisFolder : IDisposable
{
    /// <summary>The provenance.</summary>
    public const string RecordFile = "analysis.json";

    /// <summary>Observables, by time and replica.</summary>
    public const string ObservablesFile = RunFolder.ObservablesFile;

    /// <summary>What changed from snapshot to snapshot.</summary>
    public const string ChangesFile = "changes.csv";

    /// <summary>The lives of clusters.</summary>
    public const string ClustersFile = "clusters.csv";

    /// <summary>Histograms of cosines.</summary>
    public const string CosinesFile = "cosines.csv";

    /// <summary>beta by time and head, where logits are given.</summary>
    public const string FitFile = "fit.csv";

    /// <summary>Numbers and names of replicas, where they have names.</summary>
    public const string ReplicasFile = "replicas.csv";

    /// <summary>The page.</summary>
    public const string ReportFile = "report.html";

    private static readonly string[] Names = [RecordFile, ObservablesFile, ChangesFile, ClustersFile, CosinesFile, FitFile, ReplicasFile,
        ReportFile,
        RunFolder.ExperimentFile, RunFolder.PackageFile];

    private readonly FolderLock _lock;
    private readonly IReadOnlyList<FileRecord> _earlier;
    private readonly List<(CsvTable Table, string Title, IReadOnlyList<string> Key)> _tables = [];
    private readonly bool _isNew;

    private AnalysisFolder(FolderLock held, IReadOnlyList<FileRecord> earlier, bool isNew) =>
        (_lock, _earlier, _isNew) = (held, earlier, isNew);

    /// <summary>Where it is.</summary>
    public string FullPath => _lock.Folder;

    /// <summary>Takes a folder, which is made where there is none, for this process.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="overwrite">Whether there may be an earlier analysis in it, which is replaced.</param>
    /// <exception cref="FolderNotEmptyException">There is something in it, or a file that no analysis wrote as it is.</exception>
    /// <exception cref="IOException">Another process works in it, or it cannot be made.</exception>
    public static AnalysisFolder Create(string path, bool overwrite) => WholeFile.Guard(path, () =>
    {
        bool isNew = !Directory.Exists(path);
        FolderLock held = FolderLock.Take(path, RecordFile);
        try
        {
            if (!overwrite && FolderLock.IsNotEmpty(held.Folder)) throw new FolderNotEmptyException(path, before: null);
            string record = Path.Combine(held.Folder, RecordFile);
            IReadOnlyList<FileRecord> earlier = File.Exists(record) ? AnalysisRecord.Read(record).Files : [];
            foreach (string name in Names.Where(name => name != RecordFile))
            {
                string file = Path.Combine(held.Folder, name);
                bool isOurs = earlier.Any(f => f.Name == name && f.IsAt(file));
                if (WholeFile.IsThere(file) && !isOurs) throw new FolderNotEmptyException(Path.Combine(path, name), "analyze");
            }
            return new AnalysisFolder(held, earlier, isNew);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    });

    /// <summary>Opens a table, which <see cref="Finish"/> completes.</summary>
    public CsvTable Open(string name, string title, IReadOnlyList<Column> columns, params IReadOnlyList<string> key)
    {
        CsvTable table = new(Path.Combine(FullPath, name), columns);
        _tables.Add((table, title, key));
        return table;
    }

    /// <summary>Completes the tables; writes datapackage.json and other texts, and last analysis.json.</summary>
    /// <param name="title">A title of the analysis.</param>
    /// <param name="record">What is known of it.</param>
    /// <param name="texts">Name and text of other files, which may be made of the tables; null for none.</param>
    /// <returns>The record as written.</returns>
    public AnalysisRecord Finish(string title, AnalysisRecord record, IEnumerable<(string Name, string Text)>? texts = null)
    {
        TableDescription[] tables = [.. _tables.Select(t => new TableDescription(t.Title, t.Key, t.Table.Columns, t.Table.Complete()))];
        (string Name, string Text) package = (RunFolder.PackageFile, DataPackage.Text(title, tables));
        FileRecord[] written = [.. (texts ?? []).Prepend(package)
            .Select(t => WholeFile.WriteText(Path.Combine(FullPath, t.Name), t.Text))];
        record = record with { Files = [.. tables.Select(t => t.File), .. written] };
        WholeFile.WriteText(Path.Combine(FullPath, RecordFile), record.ToJson());
        foreach (string name in _earlier.Select(f => f.Name).Except(record.Files.Select(f => f.Name)).Where(Names.Contains))
            File.Delete(Path.Combine(FullPath, name));
        return record;
    }

    /// <summary>Frees the folder; drops tables that were not completed, and a folder that was made for nothing.</summary>
    public void Dispose()
    {
        foreach ((CsvTable table, string _, IReadOnlyList<string> _) in _tables) table.Dispose();
        _lock.Dispose();
        if (_isNew && Directory.Exists(FullPath) && !Directory.EnumerateFileSystemEntries(FullPath).Any()) Directory.Delete(FullPath);
    }
}
