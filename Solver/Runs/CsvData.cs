using CsvHelper;

namespace AttentionFlow.Solver.Runs;

/// <summary>Reads tables of numbers back, by column name; of a parquet file, the CSV text of it.</summary>
public static class CsvData
{
    /// <summary>The names in the header.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Header(string path) => WholeFile.Guard(path, () =>
    {
        using CsvReader reader = Open(path);
        return HeaderOf(reader);
    });

    /// <summary>All columns of a table that fits in memory.</summary>
    /// <exception cref="IOException">The file cannot be read, or a field is not a number.</exception>
    public static IReadOnlyDictionary<string, double[]> Read(string path) => Collect(path, null, 0);

    /// <summary>All columns of the rows in which <paramref name="column"/> equals <paramref name="value"/>: one snapshot, say.</summary>
    /// <exception cref="IOException">The file cannot be read, or a field is not a number.</exception>
    public static IReadOnlyDictionary<string, double[]> ReadWhere(string path, string column, double value) => Collect(path, column, value);

    /// <summary>Streams the rows of some columns through <paramref name="take"/>; the memory does not grow with the file.</summary>
    /// <exception cref="IOException">The file cannot be read, a column is missing, or a field is not a number.</exception>
    public static void ReadRows(string path, IReadOnlyList<string> columns, TakeRow take) => Stream(path, columns, null, 0, take);

    private static Dictionary<string, double[]> Collect(string path, string? where, double value)
    {
        IReadOnlyList<string> names = Header(path);
        List<double>[] lists = names.Select(_ => new List<double>()).ToArray();
        Stream(path, names, where, value, row =>
        {
            for (int c = 0; c < lists.Length; c++) lists[c].Add(row[c]);
            return true;
        });
        return Enumerable.Range(0, lists.Length).ToDictionary(c => names[c], c => lists[c].ToArray());
    }

    private static void Stream(
        string path, IReadOnlyList<string> columns, string? where, double value, TakeRow take) => WholeFile.Guard(path, () =>
    {
        using CsvReader reader = Open(path);
        string[] header = HeaderOf(reader);
        Dictionary<string, int> places = Enumerable.Range(0, header.Length).ToDictionary(c => header[c]);
        int filter = where is null ? -1 : IndexOf(where);
        int[] indices = columns.Select(IndexOf).ToArray();
        double[] row = new double[indices.Length];
        while (reader.Read())
        {
            if (filter >= 0 && Number(reader, header, filter) != value) continue;
            for (int c = 0; c < indices.Length; c++) row[c] = Number(reader, header, indices[c]);
            if (!take(row)) break;
        }
        return 0;

        int IndexOf(string column) => places.TryGetValue(column, out int index) ? index
            : throw new IOException($"there is no column {column} among {string.Join(", ", header)}");
    });

    /// <summary>A table, strictly.</summary>
    internal static CsvReader Open(string path) => CsvReader.Create(SnapshotFiles.OpenText(path), new CsvReaderOptions
    {
        Separator = ',', FieldCountMismatch = CsvFieldCountHandling.Throw, MalformedData = CsvMalformedDataHandling.Throw,
    });

    /// <summary>The names in the header, each once.</summary>
    internal static string[] HeaderOf(CsvReader reader)
    {
        string[] names = [.. reader.Headers];
        if (names.Length == 0) throw new IOException("there is no header");
        if (names.Distinct().Count() != names.Length) throw new IOException("two columns have the same name");
        return names;
    }

    private static double Number(CsvReader reader, string[] header, int column) =>
        reader.TryParse<double>(column, out double value) && double.IsFinite(value)
            ? value
            : throw new IOException(
                $"column {header[column]} of row {reader.RowNumber} is '{reader.GetString(column)}'; it must be a finite number");
}
