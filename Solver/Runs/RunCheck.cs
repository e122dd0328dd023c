using System.Security.Cryptography;
using System.Text.Json;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>Whether the files of a run are those that run.json lists.</summary>
public static class RunCheck
{
    // What only a run writes. Copies of inputs are no sign: their names are anybody's.
    private static readonly string[] Own =
        [RunFolder.ExperimentFile, .. RunFolder.TableNames, RunFolder.PackageFile];

    internal static IReadOnlyList<string> Problems(string folder)
    {
        string run = Path.Combine(folder, RunFolder.RunFile);
        if (!File.Exists(run)) return [$"{run}: missing; this is not the folder of a run, or the run never started"];
        RunRecord record;
        try { record = RunRecord.Read(run); }
        catch (IOException e) { return [e.Message]; }
        List<string> problems = new List<string>();
        if (record.Status != RunStatus.Complete)
            problems.Add($"{run}: the status is {record.Status.ToString().ToLowerInvariant()}, not complete");
        FileRecord? experiment = record.Files.FirstOrDefault(f => f.Name == RunFolder.ExperimentFile);
        if (record.Status != RunStatus.Running && experiment?.Sha256 != record.ExperimentSha256)
            problems.Add($"{run}: experimentSha256 is not the SHA-256 listed for {RunFolder.ExperimentFile}");
        foreach (FileRecord file in record.Files)
        {
            // Only names of this folder: run.json may come from elsewhere.
            if (Path.GetFileName(file.Name) == file.Name)
                problems.AddRange(Problems(Path.Combine(folder, file.Name), file, RunFolder.RunFile));
            else problems.Add($"{run}: '{file.Name}' is not the name of a file in the folder of the run");
        }
        if (record.Status != RunStatus.Running)
            problems.AddRange(Own.Except(record.Files.Select(f => f.Name)).Select(name => Path.Combine(folder, name)).Where(File.Exists)
                .Select(path => $"{path}: {RunFolder.RunFile} does not list it; it is not of this run"));
        problems.AddRange(Directory.EnumerateFiles(folder, "*" + WholeFile.PartSuffix).Order(StringComparer.Ordinal)
            .Select(part => $"{part}: half-written; the run that wrote it is under way or was killed"));
        return problems;
    }

    /// <summary>Whether the files in a folder are those that a record in it lists as its <c>files</c>, of an analysis or of a
    /// trace.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="list">The name of the record.</param>
    /// <returns>What is wrong, a sentence each.</returns>
    /// <exception cref="IOException">A file cannot be read, or a process works in the folder.</exception>
    public static IReadOnlyList<string> ProblemsOfList(string folder, string list)
    {
        FolderLock.ThrowIfHeld(folder, list);
        string path = Path.Combine(folder, list);
        FileRecord[] files;
        try
        {
            using JsonDocument json = WholeFile.Guard(path, () => JsonDocument.Parse(File.ReadAllText(path)));
            files = [.. json.RootElement.GetProperty("files").EnumerateArray().Select(f => f.Deserialize(OutputJson.Readable.FileRecord)!)];
            if (files.Any(f => f is not { Name: not null, Sha256: not null })) throw new JsonException("a file has no name or hash");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [$"{path}: it lists no files: {Quoted.Line(e.Message)}"];
        }
        return [.. files.SelectMany(f => Path.GetFileName(f.Name) == f.Name ? Problems(Path.Combine(folder, f.Name), f, list)
            : [$"{path}: '{f.Name}' is not the name of a file in this folder"])];
    }

    /// <summary>What is wrong with one file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="file">What it must be.</param>
    /// <param name="list">The name of the file that says so.</param>
    /// <returns>A sentence each.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<string> Problems(string path, FileRecord file, string list)
    {
        if (!File.Exists(path))
        {
            yield return $"{path}: missing";
            yield break;
        }
        (long lines, long bytes, string? sha256) = Measure(path);
        if (bytes != file.Bytes) yield return $"{path}: {bytes} bytes; {list} says {file.Bytes}";
        if (sha256 != file.Sha256) yield return $"{path}: the SHA-256 is {sha256}; {list} says {file.Sha256}";
        if (file.Rows is not { } rows) yield break;
        string? problem = null;
        long found = lines - 1;
        if (SnapshotFiles.IsParquet(path))
            try { found = ParquetData.Rows(path); }
            catch (ParquetContentException e) { problem = e.Message; }
        if (problem is not null) yield return problem;
        else if (found != rows) yield return $"{path}: {found} rows after the header; {list} says {rows}";
    }

    /// <summary>One pass. No field of ours contains a line break, so lines are rows.</summary>
    internal static (long Lines, long Bytes, string Sha256) Measure(string path) => WholeFile.Guard(path, () =>
    {
        using FileStream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long lines = 0, bytes = 0;
        for (int count; (count = file.Read(buffer)) > 0; bytes += count)
        {
            Span<byte> part = buffer.AsSpan(0, count);
            hash.AppendData(part);
            lines += part.Count((byte)'\n');
        }
        return (lines, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    });
}
