using AttentionFlow.Solver.Runs;
using CsvHelper;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>points.csv, read back.</summary>
/// <param name="Keys">The keys that vary.</param>
/// <param name="Rows">The points.</param>
public sealed record SweepTable(IReadOnlyList<string> Keys, IReadOnlyList<SweepRow> Rows)
{
    /// <summary>Reads the table of the sweep in a folder.</summary>
    /// <exception cref="IOException">There is none, or it is no such table.</exception>
    public static SweepTable Read(string folder)
    {
        string path = Path.Combine(folder, SweepFolder.PointsFile);
        return WholeFile.Guard(path, () =>
        {
            if (!File.Exists(path)) throw new IOException("there is no such file; this is not the folder of a sweep");
            using CsvReader reader = CsvData.Open(path);
            string[] header = CsvData.HeaderOf(reader);
            if (header is not ["point", "folder", ..]) throw new IOException("this is not the points of a sweep");
            List<SweepRow> rows = [];
            while (reader.Read())
            {
                string name = reader.GetString(1);
                if (Path.GetFileName(name) != name || name.Length == 0) throw new IOException($"'{name}' is not the name of a folder");
                rows.Add(new(int.Parse(reader.GetString(0), CultureInfo.InvariantCulture), name,
                    [.. Enumerable.Range(2, header.Length - 2).Select(c => reader.GetString(c))]));
            }
            return new SweepTable(header[2..], rows);
        });
    }

    /// <summary><c>interaction.beta = 2, seed = 1</c>.</summary>
    public string Shown(SweepRow row) =>
        string.Join(", ", Keys.Zip(row.Values).Where(p => p.Second.Length > 0).Select(p => $"{p.First} = {p.Second}"));
}

/// <summary>A point of a sweep.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Folder">The name of its folder.</param>
/// <param name="Values">The values of the keys that vary; empty where the point does not set one.</param>
public sealed record SweepRow(int Number, string Folder, IReadOnlyList<string> Values);
