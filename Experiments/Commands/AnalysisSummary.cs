using System.Text.Json.Nodes;
using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>analyze</c> says on standard output: sentences and a table, or JSON.</summary>
/// <param name="folder">The folder that was written, as it was named.</param>
/// <param name="record">The analysis.</param>
/// <param name="context">The command.</param>
internal sealed class AnalysisSummary(string folder, AnalysisRecord record, CommandContext context)
{
    /// <summary>Writes it, and alerts as warnings.</summary>
    public void Write()
    {
        MeanTable table = MeanTable.Read(Path.Combine(folder, AnalysisFolder.ObservablesFile));
        if (context.Json)
        {
            JsonObject json = JsonNode.Parse(record.ToJson())!.AsObject();
            json["folder"] = folder;
            json["last"] = new JsonObject(
                table.Columns.Select(c => KeyValuePair.Create(c, (JsonNode?)JsonValue.Create(table.Mean(c)[^1]))));
            context.Output.Write(json.ToJsonString(new() { WriteIndented = true, NewLine = "\n" }) + "\n");
            return;
        }
        string replicas = table.Replicas == 1 ? "" : $" of {table.Replicas} replicas";
        context.Output.WriteLine($"{Text.Plural(record.Snapshots, "snapshot")}{replicas}, "
            + $"{record.Tokens} tokens in all, d = {record.Dimension}: {Quoted.Line(folder)}");
        if (record.FittedBeta is { } beta)
            context.Output.WriteLine(Text.Of($"fitted beta {beta:G6}, which explains {record.FittedShare:P1} of the logits"));
        string[] shown = [.. table.Columns.Where(c => !MeanTable.IsComponent(c))];
        string mean = table.Replicas == 1 ? "" : ", mean of replicas";
        bool isOne = record.Snapshots == 1;
        if (shown.Length > 0) context.Output.Write(TextTable.Render(
            isOne ? ["column", $"value{mean}"]
                : ["column", Text.Of($"t = {record.Times[0]:G6}{mean}"), Text.Of($"t = {record.Times[1]:G6}")],
            shown.Select(c => (string[])[c, Show(table.Mean(c)[0]), .. isOne ? [] : new[] { Show(table.Mean(c)[^1]) }])));
        foreach (CrossingRecord crossing in record.Crossings)
            context.Output.WriteLine(Text.Of($"{crossing.Condition}, replica {crossing.Replica}")
                + (record.Replicas is { } names ? $" ({Quoted.Short(names[crossing.Replica])}): " : ": ")
                + (crossing.Time is { } time ? Text.Of($"t = {time:G6}") : "not crossed"));
        if (record.Reason is not null) context.Output.WriteLine(Text.Of($"{record.Reason} from t = {record.ReasonTime:G6} on"));
        if (record.Advice is not null) context.Warn(record.Advice);
        foreach (IGrouping<string, KeyValuePair<string, string>> why in record.LeftOut.GroupBy(l => l.Value))
            context.Say($"attentionflow: left out: {string.Join(", ", why.Select(l => l.Key))}: {why.Key}");
        if (record.Alerts.Count > 0)
            context.Warn(string.Join("; ", record.Alerts.Select(a => Text.Of($"{a.Sign} from t = {a.Time:G4} ({a.Indicator} ")
                + Text.Of($"{a.ShownValue()}, level {a.Level:G4}; {Text.Plural(a.Replicas, "replica")})"))));
    }

    private static string Show(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}

/// <summary>A table by time and replica: means over replicas, and quartiles.</summary>
internal sealed class MeanTable
{
    private readonly IReadOnlyDictionary<string, double[]> _table;
    private readonly int[][] _rows;

    private MeanTable(IReadOnlyDictionary<string, double[]> table)
    {
        _table = table;
        double[] times = table["time"];
        _rows = [.. Enumerable.Range(0, times.Length).GroupBy(i => times[i]).Select(g => g.ToArray())];
        Times = [.. _rows.Select(r => times[r[0]])];
        Columns = [.. table.Keys.Where(c => c is not ("time" or "replica"))];
    }

    /// <summary>The times.</summary>
    public double[] Times { get; }

    /// <summary>All columns but time and replica.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The most replicas at a time.</summary>
    public int Replicas => _rows.Max(r => r.Length);

    /// <summary>Reads a table that fits in memory.</summary>
    public static MeanTable Read(string path) => new(CsvData.Read(path));

    /// <summary>Whether a column is one of many of a vector: mean3.</summary>
    public static bool IsComponent(string column) => char.IsAsciiDigit(column[^1]);

    /// <summary>The mean over replicas at each time.</summary>
    public double[] Mean(string column) => [.. _rows.Select(rows => rows.Average(i => _table[column][i]))];

    /// <summary>A quantile over replicas at each time, 0 to 1.</summary>
    public double[] Quantile(string column, double share) => [.. _rows.Select(rows =>
    {
        double[] sorted = [.. rows.Select(i => _table[column][i]).Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    })];
}
