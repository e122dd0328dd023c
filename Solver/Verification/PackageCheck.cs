using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>datapackage.json: does it describe the tables that are there?</summary>
internal static class PackageCheck
{
    /// <summary>Compares it with run.json and with the columns of the tables.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="record">run.json.</param>
    /// <param name="tables">Name and columns of every table of the run.</param>
    /// <param name="found">Takes what is wrong.</param>
    public static void Read(string path, RunRecord record, IEnumerable<(string Name, IReadOnlyList<Column> Columns)> tables, Faults found)
    {
        try
        {
            JsonNode? root = WholeFile.Guard(path, () => JsonNode.Parse(File.ReadAllText(path)));
            IEnumerable<JsonNode> resources = (root?["resources"] as JsonArray ?? []).OfType<JsonObject>();
            Compare(resources.DistinctBy(r => Text(r["path"])).ToDictionary(r => Text(r["path"])), record, tables, found);
        }
        // It is no JSON, or asks for members of something that has none.
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            found.Add($"it is no data package: {Quoted.Line(e.Message)}");
        }
    }

    private static void Compare(Dictionary<string, JsonNode> resources, RunRecord record,
        IEnumerable<(string Name, IReadOnlyList<Column> Columns)> tables, Faults found)
    {
        foreach ((string name, IReadOnlyList<Column> columns) in tables)
        {
            FileRecord? file = record.Files.FirstOrDefault(f => f.Name == name);
            if (!resources.Remove(name, out JsonNode? resource) || file is null)
            {
                found.Add($"it describes no {name}");
                continue;
            }
            if (Text(resource["hash"]) != "sha256:" + file.Sha256 || Text(resource["bytes"]) != $"{file.Bytes}")
                found.Add($"{name} has another hash or length here than in {RunFolder.RunFile}");
            string expected = string.Join(", ", columns.Select(c => $"{c.Name} ({c.Type.ToString().ToLowerInvariant()})"));
            JsonArray fields = resource["schema"]?["fields"] as JsonArray ?? [];
            string described = string.Join(", ", fields.Select(f => $"{Text(f?["name"])} ({Text(f?["type"])})"));
            if (described != expected) found.Add($"{name} has the fields {Quoted.Short(described, 200)}; the experiment gives {expected}");
        }
        foreach (string name in resources.Keys)
            found.Add($"it describes {Quoted.Short(name)}, which a run of this experiment does not write");
    }

    private static string Text(JsonNode? node) => node?.ToString() ?? "";
}
