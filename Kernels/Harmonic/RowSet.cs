using System.Collections;

namespace AttentionFlow.Kernels.Harmonic;

/// <summary>Rows in rising order: a range, or a list.</summary>
internal sealed class RowSet : IEnumerable<int>
{
    private readonly int _first;
    private readonly int[]? _rows;

    private RowSet(int first, int count, int[]? rows) => (_first, Count, _rows) = (first, count, rows);

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>The rows [first, first + count).</summary>
    public static RowSet Range(int first, int count) => new(first, count, null);

    /// <summary>These rows, in any order.</summary>
    public static RowSet List(IEnumerable<int> rows)
    {
        int[] sorted = [.. rows];
        Array.Sort(sorted);
        return new(0, sorted.Length, sorted);
    }

    /// <summary>The rows for which a condition holds, and the others.</summary>
    public (RowSet Yes, RowSet No) Split(Func<int, bool> condition) =>
        (List(this.Where(condition)), List(this.Where(row => !condition(row))));

    /// <summary>The row at a place.</summary>
    public int this[int at] => _rows is null ? _first + at : _rows[at];

    /// <summary>The rows at these places when they are a list; empty for a range.</summary>
    public ReadOnlySpan<int> Listed(int at, int count) => _rows is null ? [] : _rows.AsSpan(at, count);

    /// <summary>True for a range.</summary>
    public bool IsRange => _rows is null;

    /// <summary>The replicas these rows belong to, of <paramref name="tokens"/> rows each, rising.</summary>
    public int[] Replicas(int tokens) => [.. Parts(int.MaxValue, tokens).Select(part => this[part.At] / tokens)];

    /// <summary>The places cut into pieces of at most <paramref name="most"/> rows of one replica each.</summary>
    public List<(int At, int Count)> Parts(int most, int tokens)
    {
        List<(int, int)> parts = [];
        for (int at = 0; at < Count;)
        {
            int end = this[at] / tokens * tokens + tokens, count = 0;
            if (_rows is null) count = Math.Min(Math.Min(most, end - this[at]), Count - at);
            else
                while (count < most && at + count < Count && _rows[at + count] < end) count++;
            parts.Add((at, count));
            at += count;
        }
        return parts;
    }

    /// <summary>The longest ranges of neighbours.</summary>
    public IEnumerable<(int First, int Count)> Runs()
    {
        for (int at = 0; at < Count;)
        {
            int first = this[at], count = 1;
            while (at + count < Count && this[at + count] == first + count) count++;
            yield return (first, count);
            at += count;
        }
    }

    public IEnumerator<int> GetEnumerator()
    {
        for (int at = 0; at < Count; at++) yield return this[at];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
