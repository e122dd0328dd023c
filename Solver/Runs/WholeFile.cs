using System.Security.Cryptography;
using System.Text;
using CsvHelper;

namespace AttentionFlow.Solver.Runs;

/// <summary>Files that are whole or absent: written as NAME.part, flushed to the disk, then renamed onto NAME.</summary>
public static class WholeFile
{
    internal const string PartSuffix = ".part";

    private const string NotTwice =
        "this was read once, and is empty now; a run keeps a copy of what it reads, so give it a file, not a pipe";

    internal static FileStream OpenPart(string path) =>
        Guard(path, () => new FileStream(path + PartSuffix, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));

    internal static void Finish(FileStream part, string path)
    {
        part.Flush(flushToDisk: true);
        part.Dispose();
        File.Move(path + PartSuffix, path, overwrite: true);
    }

    /// <summary>Makes sure that a file can be written.</summary>
    /// <exception cref="IOException">It cannot, or its part is there: somebody else's, or left by a process that was killed.</exception>
    public static void CheckWritable(string path)
    {
        string part = path + PartSuffix;
        if (IsThere(part)) throw new IOException($"{part}: this file is in the way of {path}; move it");
        Guard(path, () =>
        {
            new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
            return 0;
        });
    }

    /// <summary>Writes a text as UTF-8.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static FileRecord WriteText(string path, string text)
    {
        FileRecord record = WritePart(path, text);
        Rename(path);
        return record;
    }

    /// <summary>Writes bytes.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteBytes(string path, byte[] bytes) => Guard(path, () =>
    {
        using FileStream part = OpenPart(path);
        part.Write(bytes);
        Finish(part, path);
        return 0;
    });

    /// <summary>Writes a text into the part of a file, which <see cref="Rename"/> makes whole.</summary>
    internal static FileRecord WritePart(string path, string text) => Guard(path, () =>
    {
        using FileStream part = OpenPart(path);
        part.Write(Encoding.UTF8.GetBytes(text));
        part.Flush(flushToDisk: true);
        return RecordOf(Path.GetFileName(path), text);
    });

    /// <summary>The record of a file that holds this text.</summary>
    internal static FileRecord RecordOf(string name, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new FileRecord(name, null, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Copies a file into the part of another, which <see cref="Rename"/> makes whole.</summary>
    internal static FileRecord CopyPart(string source, string target) => Guard(source, () =>
    {
        // A pipe that was read has length 0, and opening it would wait for a writer.
        if (new FileInfo(source) is { LinkTarget: null, Length: 0 }) throw new IOException(NotTwice);
        using FileStream from = File.OpenRead(source);
        using FileStream part = OpenPart(target);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        for (int count; (count = from.Read(buffer)) > 0; bytes += count)
        {
            hash.AppendData(buffer, 0, count);
            part.Write(buffer, 0, count);
        }
        if (bytes == 0) throw new IOException(NotTwice);
        part.Flush(flushToDisk: true);
        return new FileRecord(Path.GetFileName(target), null, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    });

    internal static void Rename(string path) => Guard(path, () =>
    {
        File.Move(path + PartSuffix, path, overwrite: true);
        return 0;
    });

    /// <summary>Whether there is something of this name: a file, a folder or a link, even one that leads nowhere.</summary>
    public static bool IsThere(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    internal static void DropPart(string path)
    {
        try { File.Delete(path + PartSuffix); }
        catch (Exception e) when (IsOfFiles(e)) { } // whoever drops a file has its own error to report
    }

    /// <summary>Runs <paramref name="work"/> and names the file in whatever the system throws.</summary>
    internal static T Guard<T>(string path, Func<T> work)
    {
        try { return work(); }
        catch (Exception e) when (IsOfFiles(e) && e is not (NamedFileException or DamagedRunException))
        {
            throw new NamedFileException(Sentence(path, e), e);
        }
    }

    internal static string Sentence(string path, Exception e) => $"{path}: {e.Message}";

    private static bool IsOfFiles(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException or CsvFormatException;

    private sealed class NamedFileException(string message, Exception inner) : IOException(message, inner);
}
