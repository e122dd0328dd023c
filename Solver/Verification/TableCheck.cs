using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>What is wrong with one file: of each kind of fault the first, and how many more there are.</summary>
internal sealed class Faults(string path)
{
    private readonly OrderedDictionary<string, (string Sentence, long Count)> _found = [];

    /// <summary>A sentence each, the file first.</summary>
    public IEnumerable<string> Sentences =>
        _found.Values.Select(f => f.Sentence + (f.Count > 1 ? $" (and {f.Count - 1} more like it)" : ""));

    /// <summary>Adds a fault of a row, counted from 1 after the header.</summary>
    public void Add(string kind, long row, FormattableString what) => Add(kind, $"{path}, row {row}: {FormattableString.Invariant(what)}");

    /// <summary>Adds a fault of the whole file.</summary>
    public void Add(FormattableString what) => Add(what.Format, $"{path}: {FormattableString.Invariant(what)}");

    private void Add(string kind, string sentence) =>
        _found[kind] = _found.TryGetValue(kind, out (string First, long Count) before) ? (before.First, before.Count + 1) : (sentence, 1);
}

/// <summary>Reads a table of a run row by row and holds it against what the run must have written.</summary>
/// <param name="columns">Its columns.</param>
/// <param name="found">Takes what is wrong.</param>
internal abstract class TableCheck(IReadOnlyList<Column> columns, Faults found)
{
    /// <summary>The columns that it must have.</summary>
    public IReadOnlyList<Column> Columns => columns;

    /// <summary>What is wrong with it.</summary>
    protected Faults Found => found;

    /// <summary>Reads the file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Read(string path)
    {
        try { ReadLines(path); }
        catch (ParquetContentException e) { found.Add($"{e.Problem}"); }
    }

    private void ReadLines(string path)
    {
        double[] values = new double[columns.Count];
        string expected = string.Join(',', columns.Select(c => c.Name));
        long row = -1;
        foreach (string line in WholeFile.Guard(path, () => SnapshotFiles.Lines(path)))
            if (++row == 0)
            {
                if (line == expected) continue;
                found.Add($"the header is {Quoted.Short(line, 200)}; the experiment gives {expected}");
                return;
            }
            else if (Parse(line, row, values)) See(row, values);
        if (row < 0) found.Add($"it is empty; the experiment gives the header {expected}");
        else End(row);
    }

    /// <summary>Looks at a row, counted from 1.</summary>
    protected abstract void See(long row, double[] values);

    /// <summary>Looks at the whole: so many rows.</summary>
    protected abstract void End(long rows);

    // A number is written with the fewest digits that read back as the same double, a whole one without a point.
    private bool Parse(string line, long row, double[] values)
    {
        Span<char> written = stackalloc char[32];
        int c = 0;
        foreach (Range range in line.AsSpan().Split(','))
        {
            if (c == values.Length) break;
            ReadOnlySpan<char> field = line.AsSpan(range);
            bool isNumber = double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && double.IsFinite(value);
            bool isInteger = columns[c].Type == ColumnType.Integer;
            if (!isNumber || (isInteger && value != Math.Truncate(value)))
            {
                found.Add($"number {c}", row,
                    $"{columns[c].Name} is '{Quoted.Short(field.ToString())}'; a {(isInteger ? "whole" : "finite")} number is needed");
                return false;
            }
            int length;
            if (isInteger) ((long)value).TryFormat(written, out length, default, CultureInfo.InvariantCulture);
            else value.TryFormat(written, out length, default, CultureInfo.InvariantCulture);
            if (!field.SequenceEqual(written[..length]))
                found.Add($"digits {c}", row,
                    $"{columns[c].Name} is written {Quoted.Short(field.ToString())}; a run writes {written[..length].ToString()}");
            values[c++] = value;
        }
        int fields = line.AsSpan().Count(',') + 1;
        if (fields != columns.Count) found.Add("fields", row, $"{fields} fields; the header has {columns.Count}");
        return fields == columns.Count;
    }
}
