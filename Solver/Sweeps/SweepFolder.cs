using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;
using CsvHelper;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>How far a point of a sweep is.</summary>
public enum PointStatus
{
    /// <summary>It has not begun.</summary>
    Waiting,
    /// <summary>Under way, or killed.</summary>
    Running,
    /// <summary>Stopped before its end.</summary>
    Stopped,
    /// <summary>Done, its files as long as run.json says.</summary>
    Complete,
    /// <summary>Its numbers ceased to be finite.</summary>
    Diverged,
    /// <summary>An error ended it.</summary>
    Failed,
}

/// <summary>
/// The folder of a sweep: a run folder a point, named by the hash of its experiment, points.csv, which says what is where, and sweep.json.
/// Several processes may work in it.
/// </summary>
public sealed class SweepFolder
{
    /// <summary>A row a point: its number, its folder, its parameters.</summary>
    public const string PointsFile = "points.csv";

    /// <summary>The sweep, its base in it.</summary>
    public const string SweepFile = "sweep.json";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _path;

    /// <summary>A folder, which may not be there yet.</summary>
    public SweepFolder(string path) => _path = path;

    /// <summary>The path of the points' table.</summary>
    public string Points => Path.Combine(_path, PointsFile);

    /// <summary>The path of the folder of a point.</summary>
    public string FolderOf(SweepPoint point) => Path.Combine(_path, point.Hash);

    /// <summary>How far a point is.</summary>
    public PointStatus StatusOf(SweepPoint point) => StatusOf(FolderOf(point)).Status;

    /// <summary>How far the run in a folder is, and its run.json; null where there is none that can be read.</summary>
    public static (PointStatus Status, RunRecord? Record) StatusOf(string folder)
    {
        string path = Path.Combine(folder, RunFolder.RunFile);
        RunRecord record;
        try
        {
            if (!File.Exists(path)) return (PointStatus.Waiting, null);
            record = RunRecord.Read(path);
        }
        catch (IOException)
        {
            return (PointStatus.Waiting, null);
        }
        return (record.Status switch
        {
            RunStatus.Complete => IsWhole(folder, record) ? PointStatus.Complete : PointStatus.Waiting,
            RunStatus.Stopped => PointStatus.Stopped,
            RunStatus.Diverged => PointStatus.Diverged,
            RunStatus.Failed => PointStatus.Failed,
            _ => PointStatus.Running,
        }, record);
    }

    /// <summary>Makes the folder where there is none and writes sweep.json and points.csv, where they are not there already.</summary>
    /// <exception cref="ConfigurationException">There is something else in the folder, or a sweep with other points: one may grow, but not
    /// shrink.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(Sweep sweep)
    {
        (string Path, string Text)[] files = [(Path.Combine(_path, SweepFile), sweep.Text), (Points, Table(sweep))];
        long deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
            try
            {
                if (files.All(f => Holds(f.Path, f.Text))) return;
                using FolderLock held = FolderLock.Take(_path, SweepFile);
                CheckEarlier(sweep);
                foreach ((string path, string text) in files) WholeFile.WriteText(path, text);
            }
            catch (IOException e) when (FolderInUseException.IsCauseOf(e) && Environment.TickCount64 < deadline)
            {
                Thread.Sleep(20); // another process writes the same
            }
    }

    /// <summary>The text of points.csv.</summary>
    public static string Table(Sweep sweep)
    {
        using StringWriter text = new();
        using (CsvWriter csv = CsvWriter.Create(text, new CsvWriterOptions { NewLine = "\n" }))
        {
            foreach (string heading in (string[])["point", "folder", .. sweep.Keys]) csv.WriteField(heading);
            csv.EndRecord();
            foreach (SweepPoint point in sweep.Points)
            {
                csv.WriteField(point.Number);
                csv.WriteField(point.Hash);
                foreach (string key in sweep.Keys) csv.WriteField(point[key]);
                csv.EndRecord();
            }
        }
        return text.ToString();
    }

    private void CheckEarlier(Sweep sweep)
    {
        if (!File.Exists(Points))
        {
            string[] own = [SweepFile, PointsFile, SweepFile + WholeFile.PartSuffix, PointsFile + WholeFile.PartSuffix];
            if (FolderLock.IsNotEmpty(_path, own))
                throw new ConfigurationException($"{_path}: the folder is not empty and holds no sweep; give another --out.");
            return;
        }
        SweepTable earlier = SweepTable.Read(_path);
        HashSet<string> hashes = [.. sweep.Points.Select(p => p.Hash)];
        SweepRow[] gone = [.. earlier.Rows.Where(row => !hashes.Contains(row.Folder))];
        if (gone.Length > 0)
            throw new ConfigurationException($"{_path}: {gone.Length} of the {earlier.Rows.Count} points of the sweep in this folder are "
                + $"not in this one, first {gone[0].Folder} ({earlier.Shown(gone[0])}); a sweep may get more points, but loses none: give "
                + "another --out.");
    }

    private static bool Holds(string path, string text) => File.Exists(path) && File.ReadAllText(path) == text;

    private static bool IsWhole(string folder, RunRecord record) =>
        record.Files.Any(f => f.Name == RunFolder.ExperimentFile && f.Sha256 == record.ExperimentSha256
            && f.IsAt(Path.Combine(folder, f.Name)))
        && record.Files.All(f => new FileInfo(Path.Combine(folder, f.Name)) is { Exists: true } file && file.Length == f.Bytes);
}
