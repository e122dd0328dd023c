using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AttentionFlow.Solver.Runs;

/// <summary>What a checkpoint is of, and what is in it.</summary>
/// <param name="ExperimentSha256">SHA-256 of experiment.json.</param>
/// <param name="Precision">Arithmetic of the pair sums.</param>
/// <param name="ProgramVersion">Version of the program that wrote it.</param>
/// <param name="Tables">The beginnings of the tables that belong to it; they were on the disk before it.</param>
/// <param name="Lists">Names and lengths of the lists of numbers that follow.</param>
public sealed record CheckpointHeader(string ExperimentSha256, string Precision, string ProgramVersion,
    IReadOnlyList<FileRecord> Tables, IReadOnlyList<CheckpointList> Lists);

/// <summary>A list of numbers in a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Count">How many numbers it has.</param>
public sealed record CheckpointList(string Name, int Count);

/// <summary>
/// A checkpoint: a line with the version of the format, a line of JSON, <see cref="CheckpointHeader"/>, the numbers of all lists as
/// little-endian doubles, and the SHA-256 of all that.
/// </summary>
public sealed class Checkpoint : Archive, IDisposable
{
    private const string FirstLine = "AttentionFlow checkpoint 1\n";

    private readonly FileStream _file;
    private readonly Dictionary<string, (int Count, long At)> _lists = [];

    private Checkpoint(FileStream file, CheckpointHeader header)
    {
        (_file, Header) = (file, header);
        long at = file.Position;
        foreach ((string name, int count) in header.Lists)
        {
            _lists[name] = (count, at);
            at += (long)count * sizeof(double);
        }
    }

    /// <summary>What it says of itself.</summary>
    public CheckpointHeader Header { get; }

    /// <summary>The time of the flow at which it goes on.</summary>
    public double Time
    {
        get
        {
            double time = 0;
            Within("motion", archive => archive.Number("time", ref time));
            return time;
        }
    }

    /// <summary>When it was written, UTC.</summary>
    public DateTime Written => File.GetLastWriteTimeUtc(_file.Name);

    /// <inheritdoc/>
    public override bool IsReading => true;

    /// <summary>Writes one, and keeps the one that was there under another name.</summary>
    /// <exception cref="IOException">It could not be written; the one before is as it was.</exception>
    public static void Write(string path, string previous, CheckpointHeader header, MemoryArchive state) => WholeFile.Guard(path, () =>
    {
        header = header with { Lists = [.. state.Lists.Select(list => new CheckpointList(list.Key, list.Value.Length))] };
        using HashedFile file = HashedFile.Open(path, null);
        file.Write(Encoding.UTF8.GetBytes(FirstLine + JsonSerializer.Serialize(header, OutputJson.Compact.CheckpointHeader) + "\n"));
        // Most lists are short.
        BufferedStream buffered = new(file, 1 << 16);
        foreach ((string _, Memory<double> values) in state.Lists) buffered.Write(MemoryMarshal.AsBytes(values.Span));
        buffered.Flush();
        file.Write(Convert.FromHexString(file.Record("", 0).Sha256));
        file.Finish(path, previous);
        return 0;
    });

    /// <summary>Opens one.</summary>
    /// <exception cref="IOException">It cannot be read, or is damaged, or of another version.</exception>
    public static Checkpoint Open(string path) => WholeFile.Guard(path, () =>
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            CheckIsWhole(file);
            file.Position = 0;
            if (Line(file) != FirstLine.TrimEnd())
                throw new IOException($"this is not a checkpoint of this version of the program, '{FirstLine.TrimEnd()}'");
            CheckpointHeader header = JsonSerializer.Deserialize(Line(file), OutputJson.Compact.CheckpointHeader)!;
            return new Checkpoint(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    /// <summary>The file as numbers, for other processes: how many bytes, then eight of them in each.</summary>
    public double[] ToNumbers()
    {
        double[] numbers = new double[1 + (_file.Length + sizeof(double) - 1) / sizeof(double)];
        numbers[0] = _file.Length;
        _file.Position = 0;
        _file.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan(1))[..(int)_file.Length]);
        return numbers;
    }

    /// <summary>The checkpoint of these numbers, in a temporary file; null of none.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static Checkpoint? Of(double[] numbers)
    {
        if (numbers.Length == 0) return null;
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, MemoryMarshal.AsBytes(numbers.AsSpan(1))[..(int)numbers[0]]);
            return Open(path);
        }
        finally
        {
            File.Delete(path); // the open file stays
        }
    }

    /// <inheritdoc/>
    protected override int LengthOf(string name) =>
        _lists.TryGetValue(name, out (int Count, long At) list) ? list.Count
            : throw new IOException($"{_file.Name}: there is no '{name}' in it; the state is that of another experiment or version");

    /// <inheritdoc/>
    protected override void Exchange(string name, Memory<double> values)
    {
        if (LengthOf(name) != values.Length)
            throw new IOException($"{_file.Name}: '{name}' has {LengthOf(name)} numbers, not {values.Length}");
        _file.Position = _lists[name].At;
        _file.ReadExactly(MemoryMarshal.AsBytes(values.Span));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void CheckIsWhole(FileStream file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        long left = file.Length - SHA256.HashSizeInBytes;
        for (int count; left > 0 && (count = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length))) > 0; left -= count)
            hash.AppendData(buffer, 0, count);
        byte[] given = new byte[SHA256.HashSizeInBytes];
        if (left != 0 || file.ReadAtLeast(given, given.Length, throwOnEndOfStream: false) < given.Length
            || !hash.GetHashAndReset().AsSpan().SequenceEqual(given))
            throw new IOException("this checkpoint is damaged");
    }

    private static string Line(FileStream file)
    {
        List<byte> line = [];
        for (int b; (b = file.ReadByte()) >= 0 && b != '\n';) line.Add((byte)b);
        return Encoding.UTF8.GetString([.. line]);
    }
}
