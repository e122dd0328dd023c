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
        double[][] rows = Query("files.md", "snapshots.csv", Folder["run/snapshots.csv"]);
        Assert.That(rows.Select(r => r[0]), Is.EqualTo(Enumerable.Range(0, SmallRun.Replicas)));
        Assert.That(rows.Select(r => r[1]), Is.EqualTo(run.FinalLengths).Within(1e-14));
    }

    [Test]
    public void TheMediansOfASweep()
    {
        File.WriteAllText(Folder["runs.csv"], "point,interaction.beta,seed,replica,speed<0.001\n0,1,1,0,2.5\n1,1,2,0,4.5\n2,1,3,0,3\n3,8,1,0,\n4,8,2,0,10\n");
        Assert.That(Query("batch.md", "runs.csv", Folder["runs.csv"]), Is.EqualTo(new double[][] { [1, 3, 3], [8, 1, 10] }));
    }

    private static double[][] Query(string page, string name, string path)
    {
        string query = Repository.Blocks(Repository.Text("docs", page), "sql").Single();
        Assert.That(query, Does.Contain($"'{name}'"));
        using DuckDBConnection connection = new("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = query.Replace($"'{name}'", $"'{path}'", StringComparison.Ordinal);
        using DuckDBDataReader reader = command.ExecuteReader();
        List<double[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(c => Convert.ToDouble(reader.GetValue(c), CultureInfo.InvariantCulture))]);
        return [.. rows];
    }
}
