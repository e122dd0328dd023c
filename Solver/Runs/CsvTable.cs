using System.Buffers;
using System.Collections.Concurrent;
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
    private readonly BlockingCollection<(double[] Values, int Count, TaskCompletionSource<FileRecord>? Commit)> _queue = new(QueuedBuffers);
    private readonly HashedFile _file;
    private readonly CsvWriter _writer;
    private readonly bool _hasHeader;
    private readonly Thread _thread;
    private volatile Exception? _failure;
    private FileRecord? _record;
    private readonly Lock _gate = new();
    private bool _ended, _cut;

    /// <summary>
    /// Creates NAME.part beside <paramref name="path"/> and writes the header; or goes on where an earlier table was committed, and drops
    /// what comes after that.
    /// </summary>
    /// <param name="path">The file that <see cref="Complete"/> makes.</param>
    /// <param name="columns">At least one, of different names.</param>
    /// <param name="earlier">What was committed of NAME.part, or where there is none of NAME; null for a new table.</param>
    /// <exception cref="IOException">The file cannot be created; or it does not begin with what was committed.</exception>
    public CsvTable(string path, IReadOnlyList<Column> columns, FileRecord? earlier = null)
    {
        if (columns.Count == 0) throw new ArgumentException("a table has at least one column", nameof(columns));
        if (columns.Select(c => c.Name).Distinct().Count() != columns.Count)
            throw new ArgumentException($"{Path.GetFileName(path)}: two columns have the same name", nameof(columns));
        (_path, Columns) = (path, columns);
        _isInteger = [.. columns.Select(c => c.Type == ColumnType.Integer)];
        (_file, _hasHeader, Rows) = (HashedFile.Open(path, earlier), earlier is not null, earlier?.Rows ?? 0);
        _writer = CsvWriter.Create(_file, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true);
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
            _queue.Add((values, part.Length, null));
        }
        Rows += rows.Length / Columns.Count;
    }

    /// <summary>Writes how many rows there are; reading, there are as many as were committed.</summary>
    public void Keep(Archive archive)
    {
        long rows = Rows;
        archive.Whole(RowsName, ref rows);
    }

    /// <summary>How many rows there were when an archive was written.</summary>
    public long RowsIn(MemoryArchive archive) =>
        (long)archive.Lists.Single(list => list.Key.EndsWith("/" + RowsName, StringComparison.Ordinal)).Value.Span[0];

    private string RowsName => "rows of " + Name;

    /// <summary>Brings the first rows to the disk.</summary>
    /// <param name="rows">How many, at most <see cref="Rows"/>.</param>
    /// <returns>The beginning of the file that they are.</returns>
    /// <exception cref="IOException">A row could not be written.</exception>
    public FileRecord Commit(long rows)
    {
        TaskCompletionSource<FileRecord> commit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.EnterScope())
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            _queue.Add(([], 0, commit));
        }
        FileRecord all = commit.Task.GetAwaiter().GetResult();
        ThrowIfFailed();
        return all.Rows == rows ? all : WholeFile.Guard(_path, () => _file.Beginning(Name, rows));
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

    /// <summary>Whether NAME.part stays where the table is not completed: a checkpoint may go on from it.</summary>
    public bool StaysPartial { get; set; }

    /// <summary>Without <see cref="Complete"/> before it: drops what was written, unless it <see cref="StaysPartial"/>.</summary>
    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        if (!_queue.IsAddingCompleted) _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
        _file.Dispose(); // unbuffered, so nothing is left to fail; the writer and the hash hold memory only
        if (!StaysPartial || _record is not null) WholeFile.DropPart(_path);
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
        if (!_hasHeader)
            Try(() =>
            {
                foreach (Column column in Columns) _writer.WriteField(column.Name);
                _writer.EndRecord();
            });
        long rows = Rows;
        foreach ((double[] values, int count, TaskCompletionSource<FileRecord>? commit) in _queue.GetConsumingEnumerable())
        {
            if (_failure is null) Try(() => Write(values.AsSpan(0, count)));
            rows += count / Columns.Count;
            if (commit is null) ArrayPool<double>.Shared.Return(values);
            else
            {
                if (_failure is null) Try(() => _writer.Flush());
                if (_failure is null) Try(() => _file.Flush(flushToDisk: true));
                commit.SetResult(_file.Record(Name, rows));
            }
        }
    }

    private void Finish()
    {
        _writer.Dispose();
        FileRecord record = _file.Record(Name, Rows);
        _file.Finish(_path);
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
