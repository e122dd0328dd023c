using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Tests.Output;
using NUnit.Framework;

namespace AttentionFlow.Tests.Docs;

/// <summary>docs/experiments.md against the schema, the stored experiments and the exit codes.</summary>
public sealed class ExperimentsPageTests
{
    private static readonly string Page = Repository.Text("docs", "experiments.md");

    /// <summary>The first four cells of each row of the tables of keys, as the schema has them.</summary>
    public static IEnumerable<string> Rows => Section(JsonNode.Parse(ExperimentSchema.Text)!.AsObject(), "");

    [TestCaseSource(nameof(Rows))]
    public void EveryKeyHasItsRow(string row) => Assert.That(Page.Split('\n').Count(line => line.StartsWith(row, StringComparison.Ordinal)), Is.EqualTo(1));

    [Test]
    public void NoKeyIsInvented()
    {
        string keys = Page.Split("## Settings on the command line")[0];
        Assert.That(keys.Split('\n').Count(line => line.StartsWith("| `", StringComparison.Ordinal)), Is.EqualTo(Rows.Count()));
    }

    [Test]
    public void EveryStoredExperimentLoadsAndIsDescribed()
    {
        Assert.That(StoredExperiments.Names, Is.Not.Empty);
        foreach (string name in StoredExperiments.Names)
        {
            Assert.That(StoredExperiments.Load(name).Title, Is.Not.Empty);
            Assert.That(Page, Does.Contain($"| `{name}` |"));
        }
    }

    [Test]
    public void EveryExitCodeIsListed()
    {
        foreach (FieldInfo code in typeof(ExitCodes).GetFields()) Assert.That(Page, Does.Contain($"\n| {code.GetRawConstantValue()} |"), code.Name);
    }

    [Test]
    public void TheExampleWithACloudReads()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["own.csv"], Repository.Blocks(Page, "csv").Single());
        File.WriteAllText(folder["own.json"], Repository.Blocks(Page, "jsonc").Single());
        Experiment experiment = ExperimentReader.Read(folder["own.json"], []);
        Assert.That((experiment.Tokens.Count, experiment.Tokens.Dimension), Is.EqualTo((3, 3)));
        Assert.That(experiment.Labels, Is.TypeOf<ListedLabels>());
        Assert.That(experiment.Draw().Weights, Is.EqualTo(new[] { 0.25, 0.25, 0.5 }));
    }

    private static IEnumerable<string> Section(JsonObject section, string prefix)
    {
        foreach ((string key, JsonNode? node) in section["properties"]!.AsObject())
        {
            JsonObject value = node!.AsObject();
            string path = prefix + key;
            if (value.ContainsKey("properties"))
                foreach (string row in Section(value, path + ".")) yield return row;
            else
                foreach (string row in Member(path, "", value, IsRequired(section, key))) yield return row;
        }
    }

    private static IEnumerable<string> Kinds(JsonObject value, JsonArray kinds, string kindKey, string path)
    {
        string[] names = [.. kinds.Select(k => (string)k!["properties"]![kindKey]!["const"]!)];
        string standard = value["default"]?[kindKey] is { } name0 ? $"`\"{name0}\"`" : "required";
        yield return $"| `{path}.{kindKey}` | name | {standard} | {Names(names)} | ";
        // A key that several kinds share has one row.
        foreach (var shared in names.Zip(kinds.Select(k => k!.AsObject()))
            .SelectMany(k => k.Second["properties"]!.AsObject().Where(p => p.Key != kindKey).Select(p => (Name: k.First, Kind: k.Second, p.Key, Member: p.Value!.AsObject())))
            .GroupBy(m => (m.Key, m.Member.ToJsonString())))
        {
            string owners = string.Join(", ", shared.Select(m => $"`{m.Name}`"));
            foreach (string row in Member($"{path}.{shared.Key.Key}", $" ({owners})", shared.First().Member, IsRequired(shared.First().Kind, shared.Key.Key))) yield return row;
        }
    }

    // A value, or the kinds of one; points have a row of their own and then the kinds of their laws.
    private static IEnumerable<string> Member(string path, string owners, JsonObject value, bool required)
    {
        JsonObject law = value["anyOf"]?.AsArray().OfType<JsonObject>().LastOrDefault(v => v.ContainsKey("anyOf")) ?? value;
        if (law != value || !value.ContainsKey("anyOf")) yield return Row($"`{path}`{owners}", value, required);
        if (law["anyOf"] is JsonArray kinds)
            foreach (string row in Kinds(law, kinds, (string)law["required"]![0]!, path)) yield return row;
    }

    private static string Row(string name, JsonObject value, bool required)
    {
        string standard = required ? "required" : $"`{value["default"]?.ToJsonString(Spaced).Replace(",", ", ", StringComparison.Ordinal) ?? "null"}`";
        return $"| {name} | {TypeOf(value)} | {standard} | {Range(value)} | ";
    }

    private static JsonSerializerOptions Spaced { get; } = new() { WriteIndented = false };

    private static bool IsRequired(JsonObject owner, string key) => owner["required"]?.AsArray().Any(name => (string)name! == key) ?? false;

    private static string TypeOf(JsonObject value)
    {
        if (value["$ref"] is { } same) return TypeOf(At((string)same!));
        if (value.ContainsKey("anyOf")) return "points, path or law";
        if (value.ContainsKey("enum")) return "name";
        string type = value["type"] is JsonArray types ? (string)types[0]! : (string)value["type"]!;
        return type switch
        {
            "integer" => "whole number",
            "string" => "text",
            "boolean" => "true or false",
            "array" => TypeOf(value["items"]!.AsObject()) switch { "number" => "list of numbers", "name" => "list of names", _ => "list of points" },
            _ => type,
        };
    }

    // The schema of a list that appears again is a JSON pointer to its first appearance.
    private static JsonObject At(string pointer)
    {
        JsonNode node = JsonNode.Parse(ExperimentSchema.Text)!;
        foreach (string step in pointer.Split('/')[1..]) node = (node is JsonArray list ? list[int.Parse(step, CultureInfo.InvariantCulture)] : node[step])!;
        return node.AsObject();
    }

    private static string Range(JsonObject value)
    {
        while (value["items"] is JsonObject items) value = items;
        if (value["enum"] is JsonArray names) return Names(names.Select(name => (string)name!));
        if (value["minimum"] is { } least && value["maximum"] is { } most && (double)least == (double)most) return Number(least);
        List<string> bounds = [];
        if (value["minimum"] is { } minimum) bounds.Add($"at least {Number(minimum)}");
        if (value["exclusiveMinimum"] is { } above) bounds.Add($"above {Number(above)}");
        if (value["maximum"] is { } maximum) bounds.Add($"at most {Number(maximum)}");
        return string.Join("; ", bounds);
    }

    private static string Number(JsonNode bound) => ((double)bound).ToString("R", CultureInfo.InvariantCulture);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"`{name}`"));
}
