using AttentionFlow.Tests.Output;
using DuckDB.NET.Data;

namespace AttentionFlow.Tests.Docs;

/// <summary>Runs the queries of docs/files.md and docs/batch.md, as they stand there. A project of its own: DuckDB is large.</summary>
public sealed class DocumentedQueriesTests : FolderFixture
{
    [Test]
    public void TheLengthsOfTheMeans()
    {
        SmallRun run = new();
        run.Write(Folder["run"]);
        ParquetTable.Write(Folder["run/snapshots.csv"], Folder["run/snapshots.parquet"], RunColumns.Snapshots(3), null);
        foreach ((string name, int block) in new[] { (SnapshotFiles.Csv, 0), (SnapshotFiles.Parquet, 1) })
        {
            double[][] rows = Query("files.md", name, Folder[$"run/{name}"], block, of: 2);
            Assert.That(rows.Select(r => r[0]), Is.EqualTo(Enumerable.Range(0, SmallRun.Replicas)));
            Assert.That(rows.Select(r => r[1]), Is.EqualTo(run.FinalLengths).Within(1e-14));
        }
    }

    /// <summary>Another reader finds the same bits in our file, in every encoding and compression that it uses.</summary>
    [Test]
    public void DuckDbReadsTheSameNumbers([Values(null, 4)] int? digits)
    {
        Random random = new(1);
        double[] extremes = [-0.0, double.Epsilon, double.MaxValue, -1e-300, 1.0 / 3];
        using (CsvTable csv = new(Folder["t.csv"], RunColumns.Snapshots(2)))
        {
            for (int i = 0; i < 5000; i++) csv.Append([i / 100, 0.1 * (i / 100), i % 2, i, random.NextDouble(), Number(i), Number(i + 1)]);
            csv.Complete();
        }
        ParquetTable.Write(Folder["t.csv"], Folder["t.parquet"], RunColumns.Snapshots(2), digits);
        double[][] rows = Rows($"SELECT snapshot, time, replica, token, label, x0, x1 FROM '{Folder["t.parquet"]}'");
        Assert.That(rows.SelectMany(r => r).Select(BitConverter.DoubleToInt64Bits),
            Is.EqualTo(CsvData.Read(Folder["t.csv"]) is var columns ? Enumerable.Range(0, 5000).SelectMany(i => columns.Values.Select(c => BitConverter.DoubleToInt64Bits(c[i]))) : []));
        Assert.That(Rows($"SELECT count(*) FROM parquet_schema('{Folder["t.parquet"]}') WHERE repetition_type = 'REQUIRED' AND type IN ('INT64', 'DOUBLE')")[0][0], Is.EqualTo(7));

        double Number(int i) => i < extremes.Length ? extremes[i] : Digits.Round(random.NextDouble(), digits ?? 17);
    }

    /// <summary>What DuckDB writes by default, nullable columns with dictionaries among them, and in its second version of the format.</summary>
    [TestCase(""), TestCase(", COMPRESSION zstd"), TestCase(", PARQUET_VERSION v2"), TestCase(", COMPRESSION gzip, ROW_GROUP_SIZE 2048")]
    public void AFileOfDuckDbIsRead(string options)
    {
        Rows($"""
            COPY (SELECT i::INTEGER AS i, i::BIGINT AS l, (i % 3)::UTINYINT AS few, sin(i) AS x, sin(i)::FLOAT AS f, 'a' AS name, (i % 10) * 0.1::DOUBLE AS tenths FROM range(5000) t(i))
            TO '{Folder["t.parquet"]}' (FORMAT parquet{options})
            """);
        int at = 0;
        ParquetData.ReadRows(Folder["t.parquet"], ["f", "x", "few", "l", "i", "tenths"], row =>
        {
            Assert.That(row.ToArray(), Is.EqualTo(new double[] { (float)Math.Sin(at), Math.Sin(at), at % 3, at, at, at % 10 * 0.1 }).Within(1e-7));
            at++;
            return true;
        });
        Assert.That(at, Is.EqualTo(5000));
    }

    [Test]
    public void TheMediansOfASweep()
    {
        File.WriteAllText(Folder["runs.csv"], "point,interaction.beta,seed,replica,speed<0.001\n0,1,1,0,2.5\n1,1,2,0,4.5\n2,1,3,0,3\n3,8,1,0,\n4,8,2,0,10\n");
        Assert.That(Query("batch.md", "runs.csv", Folder["runs.csv"]), Is.EqualTo(new double[][] { [1, 3, 3], [8, 1, 10] }));
    }

    private static double[][] Query(string page, string name, string path, int block = 0, int of = 1)
    {
        string[] queries = [.. Repository.Blocks(Repository.Text("docs", page), "sql")];
        Assert.That(queries, Has.Length.EqualTo(of));
        Assert.That(queries[block], Does.Contain($"'{name}'"));
        return Rows(queries[block].Replace($"'{name}'", $"'{path}'", StringComparison.Ordinal));
    }

    private static double[][] Rows(string query)
    {
        using DuckDBConnection connection = new("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = query;
        using DuckDBDataReader reader = command.ExecuteReader();
        List<double[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(c => Convert.ToDouble(reader.GetValue(c), CultureInfo.InvariantCulture))]);
        return [.. rows];
    }
}
