using MathNet.Numerics.Statistics;

namespace AttentionFlow.Experiments.Reports;

/// <summary>
/// A table by time and replica: means and quantiles over replicas. Of many times some hundreds are kept, at even distances, the first and
/// the last among them.
/// </summary>
internal sealed class MeanTable
{
    private const int Least = 400;

    // [time][replica][column]
    private readonly double[][][] _rows;

    private MeanTable(IReadOnlyList<string> columns, IReadOnlyList<(double Time, double[][] Rows)> times)
    {
        Columns = columns;
        Times = [.. times.Select(t => t.Time)];
        _rows = [.. times.Select(t => t.Rows)];
    }

    /// <summary>The times.</summary>
    public double[] Times { get; }

    /// <summary>All columns but time and replica.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The columns that are not of a vector.</summary>
    public IEnumerable<string> Scalars => Columns.Where(c => !IsComponent(c));

    /// <summary>The columns of each vector, by what their names have in common.</summary>
    public IEnumerable<IGrouping<string, string>> Vectors => Columns.Where(IsComponent).GroupBy(Stem);

    /// <summary>The most replicas at a time.</summary>
    public int Replicas => _rows.Max(r => r.Length);

    /// <summary>Reads a table.</summary>
    /// <exception cref="IOException">It cannot be read, or has no rows.</exception>
    public static MeanTable Read(string path)
    {
        string[] columns = [.. CsvData.Header(path).Where(c => c is not ("time" or "replica"))];
        Thinned<(double, double[][])> times = new(Least);
        List<double[]> rows = [];
        double time = double.NaN;
        CsvData.ReadRows(path, ["time", .. columns], row =>
        {
            if (row[0] != time) Flush();
            time = row[0];
            rows.Add([.. row[1..]]);
            return true;
        });
        Flush();
        return times.Count > 0 ? new MeanTable(columns, times.Kept) : throw new IOException($"{path}: there are no rows in it");

        void Flush()
        {
            if (rows.Count > 0) times.Add((time, [.. rows]));
            rows.Clear();
        }
    }

    /// <summary>Whether a column is one of many of a vector: mean3.</summary>
    public static bool IsComponent(string column) => char.IsAsciiDigit(column[^1]);

    /// <summary>The mean over replicas at each time.</summary>
    public double[] Mean(string column)
    {
        int c = IndexOf(column);
        return [.. _rows.Select(rows => rows.Average(row => row[c]))];
    }

    /// <summary>A quantile over replicas at each time, 0 to 1.</summary>
    public double[] Quantile(string column, double share)
    {
        int c = IndexOf(column);
        return [.. _rows.Select(rows => rows.Select(row => row[c]).QuantileCustom(share, QuantileDefinition.R7))];
    }

    // mean0, mean1, ... are components of mean; mean_norm is not.
    private static string Stem(string column) => column.TrimEnd("0123456789".ToCharArray());

    private int IndexOf(string column)
    {
        for (int c = 0; c < Columns.Count; c++)
            if (Columns[c] == column) return c;
        throw new ArgumentException($"There is no column {column}.", nameof(column));
    }
}
