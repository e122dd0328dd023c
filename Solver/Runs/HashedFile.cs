using System.Security.Cryptography;

namespace AttentionFlow.Solver.Runs;

/// <summary>A NAME.part that is only added to, and its SHA-256 as it grows.</summary>
internal sealed class HashedFile : Stream
{
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private HashedFile(FileStream file) => _file = file;

    /// <summary>A new one, or one that goes on where an earlier one was committed.</summary>
    /// <exception cref="IOException">It cannot be written, or does not begin with what was committed.</exception>
    public static HashedFile Open(string path, FileRecord? earlier)
    {
        if (earlier is null) return new HashedFile(WholeFile.OpenPart(path));
        return WholeFile.Guard(path, () =>
        {
            string part = path + WholeFile.PartSuffix;
            if (!File.Exists(part)) File.Move(path, part);
            HashedFile file = new(new FileStream(part, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
            try
            {
                Read(file._file, earlier, file._hash);
                file._file.SetLength(earlier.Bytes);
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        });
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _file.Length;

    /// <inheritdoc/>
    public override long Position { get => _file.Position; set => throw new NotSupportedException(); }

    /// <summary>What was written so far.</summary>
    public FileRecord Record(string name, long rows) =>
        new(name, rows, _file.Length, Convert.ToHexStringLower(_hash.GetCurrentHash()));

    /// <summary>The header and the first rows of a table that has more.</summary>
    public FileRecord Beginning(string name, long rows)
    {
        using FileStream file = new(_file.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        for (long left = rows + 1; left > 0;)
        {
            int count = file.Read(buffer), length = 0;
            if (count == 0) throw new IOException($"there are not {rows} rows");
            for (; length < count && left > 0; length++)
                if (buffer[length] == '\n') left--;
            hash.AppendData(buffer, 0, length);
            bytes += length;
        }
        return new FileRecord(name, rows, bytes, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _file.Write(buffer);
        _hash.AppendData(buffer);
    }

    /// <inheritdoc/>
    public override void Flush() => _file.Flush();

    /// <summary>Waits until the disk has it.</summary>
    public void Flush(bool flushToDisk) => _file.Flush(flushToDisk);

    /// <summary>Brings it to the disk and gives it its name.</summary>
    /// <param name="path">The name.</param>
    /// <param name="previous">Where a file of this name goes; null: it is replaced.</param>
    public void Finish(string path, string? previous = null)
    {
        _file.Flush(flushToDisk: true);
        if (previous is not null && File.Exists(path)) File.Move(path, previous, overwrite: true);
        WholeFile.Finish(_file, path);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>Makes sure that NAME.part, or where there is none NAME, begins with what was committed.</summary>
    /// <exception cref="IOException">It does not, or cannot be read.</exception>
    public static void Check(string path, FileRecord earlier)
    {
        string part = path + WholeFile.PartSuffix;
        CheckText(File.Exists(part) ? part : path, earlier);
    }

    /// <summary>Makes sure that a table, or the text of one in parquet, begins with what was committed.</summary>
    /// <exception cref="IOException">It does not, or cannot be read.</exception>
    public static void CheckText(string path, FileRecord earlier) => WholeFile.Guard(path, () =>
    {
        using Stream file = SnapshotFiles.OpenText(path);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Read(file, earlier, hash);
        return 0;
    });

    private static void Read(Stream file, FileRecord earlier, IncrementalHash hash)
    {
        byte[] buffer = new byte[1 << 16];
        long left = earlier.Bytes;
        for (int count; left > 0 && (count = file.Read(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)))) > 0; left -= count)
            hash.AppendData(buffer, 0, count);
        if (left > 0 || Convert.ToHexStringLower(hash.GetCurrentHash()) != earlier.Sha256)
            throw new IOException($"its first {earlier.Bytes} bytes are not those that the checkpoint vouches for");
    }
}
