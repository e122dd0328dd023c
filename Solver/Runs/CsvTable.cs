using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using AttentionFlow.Solver.Observables;
using CsvHelper;

namespace AttentionFlow.Solver.Runs;

/// <summary>
/// A CSV file that is written while the solver goes on: rows are copied into pooled buffers, and a thread behind a bounded queue formats
/// and hashes them into <c>NAME.part</c>. <see cref="Complete"/> renames that to NAME, so whatever carries the final name is whole. One
/// caller at a time, but for <see cref="Cut"/>.
/// </summary>
public sealed class CsvTable : IDisposable
{
    /// <summary>Half a megabyte a buffer, 8 MB in the queue: a snapshot of 1e5 tokens on S^2 (8e5 values) fits without waiting.</summary>
    private const int BufferValues = 1 << 16;
    private const int QueuedBuffers = 16;

    private const double LargestInteger = 1L << 53;

    private readonly string _path;
    private readonly bool[] _isInteger;
    private readonly BlockingCollection<(double[] Values, int Count)> _queue = new(QueuedBuffers);
    private readonly FileStream _file;
    private readonly SHA256 _sha = SHA256.Create();
    private readonly CryptoStream _hashed;
    private readonly CsvWriter _writer;
    private readonly Thread _thread;
    private volatile Exception? _failure;
    private FileRecord? _record;
    private readonly Lock _gate = new();
    private bool _ended, _cut;

    /// <summary>Creates NAME.part beside <paramref name="path"/> and writes the header.</summary>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public CsvTable(string path, IReadOnlyList<Column> columns)
    {
        if (columns.Count == 0) throw new ArgumentException("a table has at least one column", nameof(columns));
        if (columns.Select(c => c.Name).Distinct().Count() != columns.Count)
            throw new ArgumentException($"{Path.GetFileName(path)}: two columns have the same name", nameof(columns));
        (_path, Columns) = (path, columns);
        _isInteger = [.. columns.Select(c => c.Type == ColumnType.Integer)];
        _file = WholeFile.OpenPart(path);
        _hashed = new CryptoStream(_file, _sha, CryptoStreamMode.Write, leaveOpen: true);
        _writer = CsvWriter.Create(_hashed, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true);
        _thread = new Thread(Drain) { IsBackground = true, Name = "writes " + Name };
        _thread.Start();
    }

    /// <summary>Name of the file.</summary>
    public string Name => Path.GetFileName(_path);

    /// <summary>The columns.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>Rows appended so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Appends whole rows, row-major. The numbers are copied; the call waits only while the queue is full.</summary>
    /// <exception cref="NonFiniteException">A value is not finite; nothing of this call is written.</exception>
    /// <exception cref="IOException">An earlier row could not be written.</exception>
    /// <exception cref="OperationCanceledException">The table was cut.</exception>
    public void Append(ReadOnlySpan<double> rows)
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (_cut) throw new OperationCanceledException($"{Name} was cut");
        ObjectDisposedException.ThrowIf(_ended, this);
        ThrowIfFailed();
        Check(rows);
        int step = Math.Max(1, BufferValues / Columns.Count) * Columns.Count;
        for (int start = 0; start < rows.Length; start += step)
        {
            ReadOnlySpan<double> part = rows.Slice(start, Math.Min(step, rows.Length - start));
            double[] values = ArrayPool<double>.Shared.Rent(part.Length);
            part.CopyTo(values);
            _queue.Add((values, part.Length));
        }
        Rows += rows.Length / Columns.Count;
    }

    /// <summary>What is appended within belongs together: <see cref="Cut"/> waits for the end of it.</summary>
    public Lock.Scope Together() => _gate.EnterScope();

    /// <summary>Refuses further rows, of whatever thread.</summary>
    public void Cut()
    {
        using Lock.Scope scope = _gate.EnterScope();
        _cut = true;
    }

    /// <summary>
    /// Writes what is queued, flushes it to the disk and gives the file its final name. Called again, it says the same again.
    /// </summary>
    /// <exception cref="IOException">A row could not be written; there is no file of the final name.</exception>
    public FileRecord Complete()
    {
        if (_record is not null) return _record;
        ObjectDisposedException.ThrowIf(_ended, this);
        _queue.CompleteAdding();
        _thread.Join();
        if (_failure is null) Try(Finish);
        ThrowIfFailed();
        Dispose();
        return _record!;
    }

    /// <summary>Without <see cref="Complete"/> before it: drops what was written.</summary>
    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        if (!_queue.IsAddingCompleted) _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
        _file.Dispose(); // unbuffered, so nothing is left to fail; the writer and the hash hold memory only
        _sha.Dispose();
        WholeFile.DropPart(_path);
    }

    private void Check(ReadOnlySpan<double> rows)
    {
        int width = Columns.Count;
        if (rows.Length % width != 0)
            throw new ArgumentException($"{Name}: {rows.Length} values are not whole rows of {width} columns", nameof(rows));
        int c = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            double value = rows[i];
            if (!double.IsFinite(value)) throw new NonFiniteException(Name, Columns[c].Name, RowOf(i), value);
            if (_isInteger[c] && !(Math.Abs(value) <= LargestInteger && value == Math.Truncate(value)))
                throw new ArgumentException($"{Name}: column {Columns[c].Name} of row {RowOf(i)} holds whole numbers, not {value:R}",
                    nameof(rows));
            if (++c == width) c = 0;
        }

        long RowOf(int i) => Rows + i / width + 1;
    }

    /// <summary>The thread: after a failure it goes on emptying the queue, so that nobody waits for it in vain.</summary>
    private void Drain()
    {
        Try(() =>
        {
            foreach (Column column in Columns) _writer.WriteField(column.Name);
            _writer.EndRecord();
        });
        foreach ((double[]? values, int count) in _queue.GetConsumingEnumerable())
        {
            if (_failure is null) Try(() => Write(values.AsSpan(0, count)));
            ArrayPool<double>.Shared.Return(values);
        }
    }

    private void Finish()
    {
        _writer.Dispose();
        _hashed.FlushFinalBlock();
        FileRecord record = new FileRecord(Name, Rows, _file.Length, Convert.ToHexStringLower(_sha.Hash!));
        WholeFile.Finish(_file, _path);
        _record = record;
    }

    private void Try(Action write)
    {
        try { write(); }
        catch (Exception e) { _failure = e; }
    }

    private void Write(ReadOnlySpan<double> rows)
    {
        for (int start = 0; start < rows.Length; start += _isInteger.Length)
        {
            for (int c = 0; c < _isInteger.Length; c++)
            {
                if (_isInteger[c]) _writer.WriteField((long)rows[start + c]);
                else _writer.WriteField(rows[start + c]);
            }
            _writer.EndRecord();
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new IOException(WholeFile.Sentence(_path, failure), failure);
    }
}

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
}

/// <summary>A value that is not finite was about to be written: the numbers have diverged.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    internal NonFiniteException(string file, string column, long row, double value)
        : base(string.Create(
            CultureInfo.InvariantCulture, $"{file}: column {column} of row {row} would be {value}"))
    {
        (Column, Row) = (column, row);
    }

    /// <summary>The column's name.</summary>
    public string Column { get; }

    /// <summary>The row of the file, counted from 1 after the header.</summary>
    public long Row { get; }
}
