using System.Text;

namespace AttentionFlow.Solver;

/// <summary>
/// The rows of a parquet file as CSV text, made while it is read: a header, then every number in the fewest digits that read back as the
/// same double, which are those of <c>CsvTable</c>. So whatever reads, checks or hashes the CSV file can read this.
/// </summary>
internal sealed class ParquetText : Stream
{
    private const int NumberBytes = 32;

    private readonly IEnumerator<double[][]> _groups;
    private readonly byte[] _line;
    private ReadOnlyMemory<byte> _left;
    private double[][]? _group;
    private int _row;

    /// <exception cref="IOException">The file cannot be read.</exception>
    public ParquetText(string path)
    {
        IReadOnlyList<string> names = ParquetData.Header(path);
        _left = Encoding.UTF8.GetBytes(string.Join(',', names) + "\n");
        _line = new byte[NumberBytes * names.Count];
        _groups = ParquetData.Groups(path, names).GetEnumerator();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int filled = 0;
        while (filled < buffer.Length && (_left.Length > 0 || NextLine()))
        {
            int count = Math.Min(_left.Length, buffer.Length - filled);
            _left.Span[..count].CopyTo(buffer[filled..]);
            (_left, filled) = (_left[count..], filled + count);
        }
        return filled;
    }

    private bool NextLine()
    {
        while (_group is null || _row == _group[0].Length)
        {
            if (!_groups.MoveNext()) return false;
            (_group, _row) = (_groups.Current, 0);
        }
        int at = 0;
        foreach (double[] column in _group)
        {
            column[_row].TryFormat(_line.AsSpan(at), out int length, default, CultureInfo.InvariantCulture);
            at += length;
            _line[at++] = (byte)',';
        }
        _line[at - 1] = (byte)'\n';
        _row++;
        _left = _line.AsMemory(0, at);
        return true;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _groups.Dispose();
        base.Dispose(disposing);
    }
}
