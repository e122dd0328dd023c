using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Experiments.Commands;

/// <summary>
/// The folder of <c>reproduce</c>: figures and pages in it, runs and tables in its folder runs. reproduce.json lists the figures, pages and
/// tables; the runs list their own. What is not listed there, as it is, is not replaced.
/// </summary>
internal sealed class ReproduceFolder : IDisposable
{
    public const string ManifestFile = "reproduce.json";
    public const string RunsFolder = "runs";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly FolderLock _lock;
    private readonly Dictionary<string, FileRecord> _files;
    private readonly DateTime _start = DateTime.UtcNow;

    private ReproduceFolder(string path, FolderLock held, IEnumerable<FileRecord> files)
    {
        (Path, _lock, _files) = (path, held, files.ToDictionary(f => f.Name));
        WriteManifest(Environment.ProcessId);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Where the folders of the runs and the tables are.</summary>
    public string Runs => System.IO.Path.Combine(Path, RunsFolder);

    /// <summary>Takes a folder, which is made where there is none, for this process.</summary>
    /// <exception cref="FolderNotEmptyException">There is a figure, page or table in it that no reproduce wrote.</exception>
    /// <exception cref="IOException">Another process works in it, or it cannot be written.</exception>
    public static ReproduceFolder Open(string path)
    {
        FolderLock held = FolderLock.Take(path, ManifestFile);
        try
        {
            Manifest? earlier = ReadManifest(System.IO.Path.Combine(path, ManifestFile));
            // One that was killed owns what it may have written since.
            string? foreign = earlier is { Process: not null } ? null : Names(path).FirstOrDefault(name =>
                earlier is null || !earlier.Files.Any(f => f.Name == name && f.IsAt(System.IO.Path.Combine(path, name))));
            if (foreign is not null) throw new FolderNotEmptyException(System.IO.Path.Combine(path, foreign), "reproduce");
            return new ReproduceFolder(path, held, earlier?.Files ?? []);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Compares reproduce.json with the files it lists.</summary>
    /// <returns>What is wrong, a sentence each.</returns>
    /// <exception cref="IOException">A file cannot be read, or another process works in the folder.</exception>
    public static IReadOnlyList<string> Problems(string path)
    {
        FolderLock.ThrowIfHeld(path, ManifestFile);
        string manifest = System.IO.Path.Combine(path, ManifestFile);
        Manifest? read;
        try { read = ReadManifest(manifest); }
        catch (FolderNotEmptyException) { read = null; }
        if (read is null) return [$"{manifest}: this is not the list of a reproduce"];
        return
        [
            .. read.Process is null ? Array.Empty<string>() : [$"{manifest}: the process that wrote the folder was killed"],
            .. read.Files.SelectMany(f => f.Name.Split('/') is [not ("" or "..")] or [RunsFolder, not ("" or "..")]
                ? RunCheck.Problems(System.IO.Path.Combine(path, f.Name), f, ManifestFile)
                : [$"{manifest}: '{f.Name}' is not the name of a file of a reproduce"]),
        ];
    }

    /// <summary>Lets a study write its tables, and lists them.</summary>
    public void Tabulate(Study study, bool quick, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        Directory.CreateDirectory(Runs);
        study.Tabulate(quick, Runs, threads, progress, stop);
        foreach (string name in Names(Path).Where(IsTable))
            _files[name] = FileRecord.Of(System.IO.Path.Combine(Path, name)) with { Name = name };
        WriteManifest(Environment.ProcessId);
    }

    /// <summary>Writes a figure or a page.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        _files[name] = WholeFile.WriteText(path, text);
        return path;
    }

    /// <summary>Frees the folder.</summary>
    public void Dispose()
    {
        WriteManifest(process: null);
        _lock.Dispose();
    }

    private void WriteManifest(int? process) => WholeFile.WriteText(System.IO.Path.Combine(Path, ManifestFile),
        JsonSerializer.Serialize(new Manifest(process, _start, [.. _files.Values]), Options) + "\n");

    // Null where there is none; a file of this name that is something else is not to be replaced.
    private static Manifest? ReadManifest(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            if (JsonSerializer.Deserialize<Manifest>(File.ReadAllText(path), Options) is { Files: not null } manifest
                && manifest.Files.All(f => f is { Name: not null, Sha256: not null })) return manifest;
        }
        catch (JsonException)
        {
        }
        throw new FolderNotEmptyException(path, "reproduce");
    }

    // What a reproduce might replace, by its path in the folder.
    private static string[] Names(string path)
    {
        string runs = System.IO.Path.Combine(path, RunsFolder);
        return [.. Files(path).Where(name => IsOf(name, ".svg") || IsOf(name, ".html")),
            .. Directory.Exists(runs) ? Files(runs).Select(name => "runs/" + name).Where(IsTable) : []];

        static IEnumerable<string> Files(string folder) =>
            Directory.EnumerateFiles(folder).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal);
    }

    private static bool IsTable(string name) => IsOf(name, ".csv");

    private static bool IsOf(string name, string ending) => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(ending + ".part", StringComparison.OrdinalIgnoreCase);

    /// <param name="Process">The process that works in the folder; null when it has ended.</param>
    private sealed record Manifest(int? Process, DateTime Start, IReadOnlyList<FileRecord> Files);
}
