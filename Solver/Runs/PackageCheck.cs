using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

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
        Dictionary<string, JsonNode> resources;
        try
        {
            JsonNode? root = WholeFile.Guard(path, () => JsonNode.Parse(File.ReadAllText(path)));
            resources = root!["resources"]!.AsArray().ToDictionary(r => (string)r!["path"]!, r => r!);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            found.Add($"it is no data package: {Quoted.Line(e.Message)}");
            return;
        }
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
