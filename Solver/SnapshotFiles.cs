namespace AttentionFlow.Solver;

/// <summary>The table of a run's tokens, which is one of two files.</summary>
public static class SnapshotFiles
{
    /// <summary>As CSV: while the run is under way, and after it unless the experiment asks for the other.</summary>
    public const string Csv = "snapshots.csv";

    /// <summary>As parquet: of a run that is complete.</summary>
    public const string Parquet = "snapshots.parquet";

    /// <summary>The path of the one that a folder has, parquet first, which is whole; where it has none, that of the CSV file.</summary>
    public static string In(string folder)
    {
        string parquet = Path.Combine(folder, Parquet);
        return File.Exists(parquet) ? parquet : Path.Combine(folder, Csv);
    }

    /// <summary>Whether this is the name of one of them.</summary>
    public static bool IsOne(string name) => name is Csv or Parquet;

    /// <summary>Whether a file of this name is read as parquet.</summary>
    public static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text of a table: of a CSV file as it stands, of a parquet file as the CSV file of the same numbers.</summary>
    /// <exception cref="IOException">It cannot be read; a parquet file may also say so when it is read.</exception>
    public static Stream OpenText(string path) => IsParquet(path) ? new ParquetText(path)
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);

    /// <summary>The lines of that text, the header first.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<string> Lines(string path)
    {
        using StreamReader reader = new(OpenText(path));
        while (reader.ReadLine() is { } line) yield return line;
    }
}
