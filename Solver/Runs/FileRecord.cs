using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Runs;

/// <summary>A file of a run as run.json vouches for it.</summary>
/// <param name="Name">Its name in the folder of the run.</param>
/// <param name="Rows">Rows after the header; null for a file that is not a table.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hexadecimal.</param>
public sealed record FileRecord(string Name, long? Rows, long Bytes, string Sha256)
{
    /// <summary>The record of the file at a path.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileRecord Of(string path)
    {
        (long _, long bytes, string sha256) = RunCheck.Measure(path);
        return new FileRecord(Path.GetFileName(path), null, bytes, sha256);
    }

    /// <summary>Whether the file at a path has this length and these bytes.</summary>
    public bool IsAt(string path) => new FileInfo(path) is { Exists: true } file && file.Length == Bytes && Of(path).Sha256 == Sha256;

    /// <summary>Whether this is the copy that a run would keep of what it reads.</summary>
    internal bool IsOf(InputCopy input) => Name == input.Name
        && (input.Text is { } text ? WholeFile.RecordOf(Name, text).Sha256 == Sha256 : IsAt(input.Source));
}
