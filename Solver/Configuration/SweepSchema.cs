using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The sweep file as JSON sees it.</summary>
public static class SweepSchema
{
    internal const string Title = "title", Base = "base", List = "list", Zip = "zip", Grid = "grid";

    internal const int MostValues = 1_000_000;

    /// <summary>The keys of a sweep file, in its order.</summary>
    internal static readonly IReadOnlyList<string> Keys = [ExperimentSchema.SchemaKey, Title, Base, List, Zip, Grid];

    /// <summary>
    /// The JSON schema (draft 2020-12), indented, without a final line break; stored as <c>data/sweep.schema.json</c>, beside that of the
    /// experiment, to which it refers.
    /// </summary>
    public static string Text { get; } = new JsonObject
    {
        ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
        ["description"] = "An AttentionFlow sweep: one experiment with many values of some of its keys. Its points are the entries of "
            + "'list', times those of 'zip', times the grid, whose first key varies slowest.",
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["required"] = new JsonArray(Base),
        ["properties"] = new JsonObject
        {
            [ExperimentSchema.SchemaKey] = Of("string", "Where an editor finds the JSON schema of this file; not read."),
            [Title] = Of("string", "One line for people."),
            [Base] = new JsonObject
            {
                ["description"] = "What all points share: an experiment, the path of its file, relative to that of the sweep, or the name "
                    + "of a stored one.",
                ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["$ref"] = "experiment.schema.json" }),
            },
            [List] = Of("array", "Points one by one: objects of keys and a value each.",
                new() { ["minItems"] = 1, ["items"] = new JsonObject { ["type"] = "object", ["minProperties"] = 1 } }),
            [Zip] = Values("Keys that vary side by side: lists or ranges of the same length."),
            [Grid] = Values("Keys that vary independently of each other: every combination of their values is a point."),
        },
        ["$defs"] = new JsonObject { ["values"] = new JsonObject { ["anyOf"] = new JsonArray(ListOfValues(), Range()) } },
    }.ToJsonString(ExperimentSchema.Options);

    /// <summary>A value as tables and messages show it: text plainly, the rest as JSON.</summary>
    internal static string Shown(JsonNode? value) => value is null ? "null"
        : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString(Compact);

    private static JsonSerializerOptions Compact { get; } = new(ExperimentSchema.Options) { WriteIndented = false };

    private static JsonObject Of(string type, string description, JsonObject? more = null)
    {
        JsonObject schema = new() { ["description"] = description, ["type"] = type };
        foreach ((string key, JsonNode? value) in more ?? []) schema[key] = value?.DeepClone();
        return schema;
    }

    private static JsonObject Values(string description) => Of("object", description,
        new() { ["minProperties"] = 1, ["additionalProperties"] = new JsonObject { ["$ref"] = "#/$defs/values" } });

    private static JsonObject ListOfValues() => Of("array", "The values, one by one.", new() { ["minItems"] = 1 });

    private static JsonObject Range() => Of("object",
        "Numbers in a row. With 'to' they are spread evenly from 'from' to 'to', without it each is 'step' above the one before.", new()
        {
            ["additionalProperties"] = false,
            ["required"] = new JsonArray("from", "count"),
            ["properties"] = new JsonObject
            {
                ["from"] = Of("number", "The first."),
                ["to"] = Of("number", "The last."),
                ["count"] = Of("integer", "How many.", new() { ["minimum"] = 1, ["maximum"] = MostValues }),
                ["step"] = Of("number", "From one to the next, where there is no 'to'.", new() { ["default"] = 1 }),
                ["scale"] = Of("string", "Evenly spread in the number, or in its logarithm.",
                    new() { ["enum"] = new JsonArray("linear", "log"), ["default"] = "linear" }),
            },
        });
}
