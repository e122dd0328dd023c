using System.Security.Cryptography;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>Whether the files of a run are what run.json says.</summary>
internal static class RunCheck
{
    public static IReadOnlyList<string> Problems(string folder)
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
            if (Path.GetFileName(file.Name) == file.Name) problems.AddRange(Problems(Path.Combine(folder, file.Name), file));
            else problems.Add($"{run}: '{file.Name}' is not the name of a file in the folder of the run");
        }
        problems.AddRange(Directory.EnumerateFiles(folder, "*" + WholeFile.PartSuffix).Order(StringComparer.Ordinal)
            .Select(part => $"{part}: half-written; the run that wrote it is under way or was killed"));
        return problems;
    }

    private static IEnumerable<string> Problems(string path, FileRecord file)
    {
        if (!File.Exists(path))
        {
            yield return $"{path}: missing";
            yield break;
        }
        (long lines, long bytes, string? sha256) = Measure(path);
        if (bytes != file.Bytes) yield return $"{path}: {bytes} bytes; {RunFolder.RunFile} says {file.Bytes}";
        if (sha256 != file.Sha256) yield return $"{path}: the SHA-256 is {sha256}; {RunFolder.RunFile} says {file.Sha256}";
        if (file.Rows is { } rows && lines - 1 != rows)
            yield return $"{path}: {lines - 1} rows after the header; {RunFolder.RunFile} says {rows}";
    }

    /// <summary>One pass. No field of ours contains a line break, so lines are rows.</summary>
    public static (long Lines, long Bytes, string Sha256) Measure(string path) => WholeFile.Guard(path, () =>
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
