using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Response;

/// <summary>
/// The folder of a linear response, locked while it is under way: tables, experiment.json, datapackage.json, and last response.json, which
/// vouches for all of them.
/// </summary>
public sealed class ResponseFolder : IDisposable
{
    /// <summary>What it was, and the hashes of the files.</summary>
    public const string RecordFile = "response.json";

    /// <summary>Eigenvalues.</summary>
    public const string EigenvaluesFile = "eigenvalues.csv";

    /// <summary>Their vectors.</summary>
    public const string ModesFile = "modes.csv";

    /// <summary>The tokens.</summary>
    public const string StateFile = "state.csv";

    /// <summary>A branch of equilibria.</summary>
    public const string BranchFile = "branch.csv";

    /// <summary>Its figure.</summary>
    public const string FigureFile = "branch.svg";

    private static readonly string[] Names = [RecordFile, EigenvaluesFile, ModesFile, StateFile, BranchFile, FigureFile,
        RunFolder.ExperimentFile, RunFolder.PackageFile];

    private readonly FolderLock _lock;
    private readonly bool _isNew;
    private readonly List<TableDescription> _tables = [];

    private ResponseFolder(FolderLock held, bool isNew) => (_lock, _isNew) = (held, isNew);

    /// <summary>Takes a folder, which is made where there is none, for this process.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="overwrite">Whether there may be an earlier response in it, which is replaced.</param>
    /// <exception cref="FolderNotEmptyException">There is something in it, or a file that no response wrote as it is.</exception>
    /// <exception cref="IOException">Another process works in it, or it cannot be made.</exception>
    public static ResponseFolder Create(string path, bool overwrite) => WholeFile.Guard(path, () =>
    {
        bool isNew = !Directory.Exists(path);
        FolderLock held = FolderLock.Take(path, RecordFile);
        try
        {
            if (!overwrite && FolderLock.IsNotEmpty(held.Folder)) throw new FolderNotEmptyException(path, before: null);
            string record = Path.Combine(held.Folder, RecordFile);
            IReadOnlyList<FileRecord> earlier = File.Exists(record) ? ResponseRecord.Read(record).Files : [];
            foreach (string name in Names.Where(name => name != RecordFile))
            {
                string file = Path.Combine(held.Folder, name);
                if (WholeFile.IsThere(file) && !earlier.Any(f => f.Name == name && f.IsAt(file)))
                    throw new FolderNotEmptyException(Path.Combine(path, name), "linearize");
            }
            return new ResponseFolder(held, isNew);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    });

    /// <summary>Writes a table, [rows, columns].</summary>
    public void Write(string name, string title, IReadOnlyList<Column> columns, IReadOnlyList<string> key, ReadOnlySpan<double> rows)
    {
        // An earlier response stays until there is another.
        if (_tables.Count == 0)
            foreach (string earlier in Names) File.Delete(Path.Combine(_lock.Folder, earlier));
        using CsvTable table = new(Path.Combine(_lock.Folder, name), columns);
        table.Append(rows);
        _tables.Add(new(title, key, columns, table.Complete()));
    }

    /// <summary>Writes datapackage.json, experiment.json and other texts, and last response.json.</summary>
    public void Finish(string title, Experiment experiment, ResponseRecord record, params IReadOnlyList<(string Name, string Text)> texts)
    {
        FileRecord[] written = [.. texts.Prepend((RunFolder.ExperimentFile, ExperimentReader.Write(experiment)))
            .Prepend((RunFolder.PackageFile, DataPackage.Text(title, _tables)))
            .Select(t => WholeFile.WriteText(Path.Combine(_lock.Folder, t.Item1), t.Item2))];
        record = record with { Files = [.. _tables.Select(t => t.File), .. written] };
        WholeFile.WriteText(Path.Combine(_lock.Folder, RecordFile), record.ToJson());
    }

    /// <summary>Frees the folder, and drops one that was made for nothing.</summary>
    public void Dispose()
    {
        string folder = _lock.Folder;
        _lock.Dispose();
        if (_isNew && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
    }
}
