using System.Text;
using System.Text.Json.Nodes;

namespace AttentionFlow.Experiments.Commands;

/// <summary>The keys of the experiment file as tables in Markdown, one a section, from the schema.</summary>
public static class KeyTables
{
    private const string Head = "| key | type | default | range | meaning |\n|---|---|---|---|---|\n";

    /// <summary>The tables, as they stand in docs/experiments.md.</summary>
    public static string Text()
    {
        JsonObject keys = JsonNode.Parse(ExperimentSchema.Text)!.AsObject();
        StringBuilder text = new(Head);
        foreach (string row in Section(keys, "", plain: true)) text.Append(row);
        foreach ((string key, JsonNode? section) in keys["properties"]!.AsObject().Where(p => !IsPlain(p.Value!.AsObject())))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n`{key}`: {Meaning(section!.AsObject())}\n\n{Head}");
            IEnumerable<string> rows = section.AsObject().ContainsKey("properties")
                ? Section(section.AsObject(), key + ".", plain: false) : Member(key, "", section.AsObject(), false);
            foreach (string row in rows) text.Append(row);
        }
        return text.ToString();
    }

    /// <summary>The keys of the sweep file and of a range in it.</summary>
    public static string Sweep()
    {
        JsonObject sweep = JsonNode.Parse(SweepSchema.Text)!.AsObject();
        JsonObject range = sweep["$defs"]!["values"]!["anyOf"]![1]!.AsObject();
        return Table(sweep) + $"\nA range: {Meaning(range)}\n\n" + Table(range);

        static string Table(JsonObject keys) => "| key | type | meaning |\n|---|---|---|\n" + string.Concat(
            from p in keys["properties"]!.AsObject()
            let required = IsRequired(keys, p.Key) ? ", required" : ""
            select $"| `{p.Key}` | {Type(p.Value!.AsObject())}{required} | {Meaning(p.Value!.AsObject())} |\n");

        static string Type(JsonObject value) => value.ContainsKey("anyOf") ? "text or experiment"
            : value["enum"] is JsonArray names ? Names(names.Select(name => (string)name!))
            : (string)value["type"]! is "array" ? "list of objects" : TypeOf(value);
    }

    private static bool IsPlain(JsonObject value) => !value.ContainsKey("properties") && !value.ContainsKey("anyOf");

    private static IEnumerable<string> Section(JsonObject section, string prefix, bool plain)
    {
        foreach ((string key, JsonNode? node) in section["properties"]!.AsObject().Where(p => !plain || IsPlain(p.Value!.AsObject())))
        {
            JsonObject value = node!.AsObject();
            string path = prefix + key;
            if (value.ContainsKey("properties"))
            {
                yield return $"| `{path}` | section | {(value["type"] is JsonArray ? "`null`" : "")} |  | {Meaning(value)} |\n";
                foreach (string row in Section(value, path + ".", plain: false)) yield return row;
            }
            else
                foreach (string row in Member(path, "", value, IsRequired(section, key))) yield return row;
        }
    }

    // A value, or the kinds of one; points have a row of their own and then the kinds of their laws.
    private static IEnumerable<string> Member(string path, string owners, JsonObject value, bool required)
    {
        JsonObject law = value["anyOf"]?.AsArray().OfType<JsonObject>().LastOrDefault(v => v.ContainsKey("anyOf")) ?? value;
        if (law != value || !value.ContainsKey("anyOf")) yield return Row($"`{path}`{owners}", value, required);
        if (law["anyOf"] is JsonArray kinds)
            foreach (string row in Kinds(law, kinds, KindKey(kinds), path)) yield return row;
    }

    // The one key that is a constant in every kind.
    private static string KindKey(JsonArray kinds) =>
        kinds[0]!["properties"]!.AsObject().First(p => p.Value!.AsObject().ContainsKey("const")).Key;

    private static IEnumerable<string> Kinds(JsonObject value, JsonArray kinds, string kindKey, string path)
    {
        string[] names = [.. kinds.Select(k => (string)k!["properties"]![kindKey]!["const"]!)];
        string standard = value["default"]?[kindKey] is { } name ? $"`\"{name}\"`"
            : value.ContainsKey("default") ? "`null`" : "required";
        string meaning = string.Join(" ", names.Zip(kinds, (n, k) => $"`{n}`: {Meaning(k!.AsObject())}").Prepend(Meaning(value)));
        yield return $"| `{path}.{kindKey}` | name | {standard} | {Names(names)} | {meaning.TrimStart()} |\n";
        // A key that several kinds share has one row.
        IEnumerable<(string Name, JsonObject Kind, string Key, JsonObject Member)> members =
            from kind in kinds.Select(k => k!.AsObject())
            from p in kind["properties"]!.AsObject()
            where p.Key != kindKey
            select ((string)kind["properties"]![kindKey]!["const"]!, kind, p.Key, p.Value!.AsObject());
        foreach (IGrouping<(string, string), (string Name, JsonObject, string, JsonObject)> shared in
            members.GroupBy(m => (m.Key, m.Member.ToJsonString())))
        {
            (string _, JsonObject owner, string key, JsonObject member) = shared.First();
            string owners = string.Join(", ", shared.Select(m => $"`{m.Name}`"));
            foreach (string row in Member($"{path}.{key}", $" ({owners})", member, IsRequired(owner, key))) yield return row;
        }
    }

    private static string Row(string name, JsonObject value, bool required)
    {
        string standard = required ? "required"
            : $"`{value["default"]?.ToJsonString().Replace(",", ", ", StringComparison.Ordinal) ?? "null"}`";
        return $"| {name} | {TypeOf(value)} | {standard} | {Range(value)} | {Meaning(value)} |\n";
    }

    private static string Meaning(JsonObject value) => ((string?)value["description"] ?? "")
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static bool IsRequired(JsonObject owner, string key) => owner["required"]?.AsArray().Any(name => (string)name! == key) ?? false;

    private static string TypeOf(JsonObject value)
    {
        if (value.ContainsKey("anyOf")) return "points, path or law";
        if (value.ContainsKey("enum")) return "name";
        string type = value["type"] is JsonArray types ? (string)types[0]! : (string)value["type"]!;
        return type switch
        {
            "integer" => "whole number",
            "string" => "text",
            "boolean" => "true or false",
            "array" => TypeOf(value["items"]!.AsObject()) switch
            {
                "number" => "list of numbers",
                "name" => "list of names",
                _ => "list of points",
            },
            _ => type,
        };
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
