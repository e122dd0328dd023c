using System.Text.Json.Nodes;
using AttentionFlow.Experiments.Reports;
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
