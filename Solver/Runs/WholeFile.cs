using System.Security.Cryptography;
using System.Text;
using CsvHelper;

namespace AttentionFlow.Solver.Runs;

/// <summary>Files that are whole or absent: written as NAME.part, flushed to the disk, then renamed onto NAME.</summary>
public static class WholeFile
{
    internal const string PartSuffix = ".part";

    internal static FileStream OpenPart(string path) =>
        Guard(path, () => new FileStream(path + PartSuffix, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));

    internal static void Finish(FileStream part, string path)
    {
        part.Flush(flushToDisk: true);
        part.Dispose();
        File.Move(path + PartSuffix, path, overwrite: true);
    }

    /// <summary>Writes a text as UTF-8.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static FileRecord WriteText(string path, string text) => Guard(path, () =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using (FileStream part = OpenPart(path))
        {
            part.Write(bytes);
            Finish(part, path);
        }
        return new FileRecord(Path.GetFileName(path), null, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    });

    /// <summary>Copies a file, whole; a file onto itself is left as it is.</summary>
    internal static FileRecord Copy(string source, string target)
    {
        if (Path.GetFullPath(source) != target)
        {
            Guard(source, () =>
            {
                using FileStream from = File.OpenRead(source);
                using FileStream part = OpenPart(target);
                from.CopyTo(part);
                Finish(part, target);
                return 0;
            });
        }
        return Guard(target, () =>
        {
            using FileStream file = File.OpenRead(target);
            return new FileRecord(Path.GetFileName(target), null, file.Length, Convert.ToHexStringLower(SHA256.HashData(file)));
        });
    }

    internal static void DropPart(string path)
    {
        try { File.Delete(path + PartSuffix); }
        catch (Exception e) when (IsOfFiles(e)) { } // whoever drops a file has its own error to report
    }

    /// <summary>Runs <paramref name="work"/> and names the file in whatever the system throws.</summary>
    internal static T Guard<T>(string path, Func<T> work)
    {
        try { return work(); }
        catch (Exception e) when (IsOfFiles(e) && e is not NamedFileException) { throw new NamedFileException(Sentence(path, e), e); }
    }

    internal static string Sentence(string path, Exception e) => $"{path}: {e.Message}";

    private static bool IsOfFiles(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException or CsvFormatException;

    private sealed class NamedFileException(string message, Exception inner) : IOException(message, inner);
}
