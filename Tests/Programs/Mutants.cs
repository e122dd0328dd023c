using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Program;

/// <summary>Experiment files and cloud files, each spoilt in a few random ways that follow from its number.</summary>
internal sealed class Mutants
{
    private static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "2", "3", "0.5", "1e-3", "7.25", "1e6", "1e15", "-1e300", "1e308", "1.7976931348623157e308", "1e309", "5e-324", "1e-300", "2147483647", "2147483648",
        "-2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "NaN", "Infinity", "-Infinity", "0x10", "1e", "00", "1.0", "46341", "65537",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "\u001b[31mred", "a\0b", "e\u0301\u202e", "\ud800", "c.csv", "/", "..", "/dev/null", "{}", "null", "'\"\\", new('x', 5000), "cpu", "auto", "cuda", "tpu:9", "energy", "mean", "softmax", "heun",
    ];

    private static readonly string[] Clouds =
    [
        "x0,x1,x2\n1,0,0\n0,1,0\n0,0,1\n", "x0,x1\n1,0\n0,1\n-1,0\n", "x0,x1,x2,label,weight\n1,0,0,0.1,1\n0,1,0,0.5,1\n0,0.6,0.8,0.9,2\n0.6,0,0.8,0.95,0.25\n",
        "x0,x1,x2,weight\n1,0,0,1\n0,1,0,2e3\n", "label,x2,x1,x0\n0.5,1,0,0\n0.25,0,-1,0\n0.75,0,0,1\n", "x0,x1,x2\n0.5,2,0.25\n-1,0,3\n0,1e-9,0\n",
        "snapshot,time,replica,token,label,x0,x1,x2\n0,0,0,0,0.5,1,0,0\n0,0,0,1,0.75,0,1,0\n", "token,x0,x1,x2,weight\n0,1,0,0,2\n1,0,1,0,3\n",
        "time,replica,token,label,weight,x0,x1,x2,radius\n2,0,0,0.25,0.5,1,0,0,1\n2,0,1,0.75,0.5,0,1,0,2\n2,1,0,0.25,0.25,0,0,1,1\n2,1,1,0.75,0.75,0,0.6,0.8,3\n",
    ];

    private readonly string[] _experiments;
    private readonly Key[] _keys;

    // A key, and the kinds that sections above it must have for it.
    private sealed record Key(string[] Steps, JsonObject Schema, (string[] Section, string Key, JsonObject Kind)[] Kinds);

    public Mutants()
    {
        _experiments = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "data", "experiments"), "*.json").Concat(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "data", "examples"), "*.json")).Order(StringComparer.Ordinal).Select(p => Small(File.ReadAllText(p)))];
        _keys = [.. Keys(JsonNode.Parse(ExperimentSchema.Text)!.AsObject(), [], [])];
    }

    /// <summary>The bytes of an experiment file, and of the cloud file c.csv that it may name.</summary>
    public (byte[] Experiment, byte[] Cloud) this[int number]
    {
        get
        {
            Random random = new(number);
            string experiment = Pick(random, _experiments), cloud = Pick(random, Clouds);
            bool spoilCloud = random.Next(5) == 0;
            if (random.Next(2) == 0) experiment = WithMean(experiment);
            if (spoilCloud) experiment = WithFiles(experiment, random);
            for (int k = random.Next(1, 6); k > 0; k -= 2)
            {
                if (spoilCloud) cloud = Spoilt(cloud, random);
                else experiment = random.Next(6) == 0 ? Spoilt(experiment, random) : Changed(experiment, random);
            }
            return (Encoded(experiment, random, !spoilCloud), Encoded(cloud, random, spoilCloud));
        }
    }

    // A run of milliseconds.
    private static string Small(string text)
    {
        JsonObject root = JsonNode.Parse(text, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.AsObject();
        JsonObject tokens = Section(root, "tokens"), record = Section(root, "record"), time = Section(root, "time");
        root["replicas"] = Math.Min(2, (int?)root["replicas"] ?? 1);
        if ((string?)tokens["initial"]?["law"] == "file") tokens["initial"]!["path"] = "c.csv";
        else tokens["count"] = Math.Min(12, (int?)tokens["count"] ?? 12);
        (record["observations"], record["snapshots"]) = (3, 2);
        record.Remove("tokens");
        time["horizon"] = 0.2;
        if (time["step"] is not null) time["step"] = 0.1;
        if (record["first"] is not null) record["first"] = 0.1;
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static JsonObject Section(JsonObject root, string name)
    {
        if (root[name] is not JsonObject section) root[name] = section = [];
        return section;
    }

    // Every flow has a mean; many have no energy and no known limit.
    private static string WithMean(string text)
    {
        JsonObject root = JsonNode.Parse(text)!.AsObject();
        Section(root, "record")["observables"] = new JsonArray("mean");
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    // Files where there may be files.
    private static string WithFiles(string text, Random random)
    {
        JsonObject root = JsonNode.Parse(text)!.AsObject(), interaction = Section(root, "interaction");
        if (random.Next(2) == 0) Section(root, "tokens")["initial"] = JsonNode.Parse("""{ "law": "file", "path": "c.csv", "normalize": true }""");
        else if (random.Next(3) == 0) interaction["prompts"] = JsonNode.Parse("""{ "points": "c.csv" }""");
        else if (random.Next(2) == 0) interaction["gauge"] = JsonNode.Parse("""{ "kind": "prefix", "targets": "c.csv" }""");
        else interaction["matrices"] = JsonNode.Parse("""{ "value": { "kind": "file", "path": "c.csv" } }""");
        Section(root, "tokens").Remove("count");
        Section(root, "tokens").Remove("dimension");
        root.Remove("labels");
        if (random.Next(6) == 0)
        {
            Section(root, "tokens")["initial"] = JsonNode.Parse("""{ "law": "snapshot", "run": "r", "path": "c.csv" }""");
            root.Remove("replicas");
        }
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    // Bytes, lines, numbers.
    private static string Spoilt(string text, Random random)
    {
        if (text.Length == 0) return "x";
        int at = random.Next(text.Length);
        string[] lines = text.Split('\n');
        int line = random.Next(lines.Length), other = random.Next(lines.Length);
        switch (random.Next(9))
        {
            case 0: return text[..at];
            case 1: return text.Remove(at, 1);
            case 2: return text.Insert(at, ((char)random.Next(1, 256)).ToString());
            case 3: return text.Insert(at, Pick(random, (string[])["\0", ",", ";", "\"", "\n", "\t", "{", "]", "\u001b[2J", "\uFEFF", "#", "-", "e"]));
            case 4: return string.Join('\n', lines.Where((_, i) => i != line));
            case 5: return string.Join('\n', [.. lines[..line], lines[line], .. lines[line..]]);
            case 6:
                (lines[line], lines[other]) = (lines[other], lines[line]);
                return string.Join('\n', lines);
            case 7: return text.Replace(Pick(random, (string[])[",", ".", "\n", ":", " ", "x", "1"]), Pick(random, (string[])["", ";", "\t", ",", "\r\n", "\r"]), StringComparison.Ordinal);
            default:
                Match[] numbers = Regex.Matches(text, @"-?\d[\d.eE+-]*").ToArray();
                if (numbers.Length == 0) return text + text;
                Match number = Pick(random, numbers);
                return text[..number.Index] + Pick(random, Numbers) + text[(number.Index + number.Length)..];
        }
    }

    // Keys: another value, none, a new one, another name, twice.
    private string Changed(string text, Random random)
    {
        JsonObject root;
        try
        {
            root = JsonNode.Parse(text)!.AsObject();
            _ = Objects(root).Count(); // a key that appears twice throws when it is looked at
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return Spoilt(text, random);
        }
        Key chosen = Pick(random, _keys);
        string value = Value(chosen.Schema, random);
        if (random.Next(6) > 0)
        {
            Set(root, chosen, Parsed(value));
            return root.ToJsonString();
        }
        JsonObject owner = Pick(random, [.. Objects(root)]);
        if (owner.Count == 0) return Spoilt(text, random);
        string key = Pick(random, [.. owner.Select(p => p.Key)]);
        switch (random.Next(4))
        {
            case 0: owner.Remove(key); break;
            case 1: owner[key] = Parsed(value); break;
            case 2: owner[key + "s"] = owner[key]?.DeepClone(); break;
            default: return text.Replace($"\"{key}\"", $"\"{key}\": {value}, \"{key}\"", StringComparison.Ordinal);
        }
        return root.ToJsonString();
    }

    // Mostly what the key may be.
    private static string Value(JsonObject schema, Random random)
    {
        if (random.Next(8) == 0) return random.Next(2) == 0 ? Pick(random, Numbers) : JsonSerializer.Serialize(Pick(random, Texts));
        if (random.Next(4) == 0 && schema["default"] is { } usual) return usual.ToJsonString();
        if (random.Next(4) == 0 && schema["minimum"] is { } least) return least.ToJsonString();
        if (random.Next(4) == 0 && schema["maximum"] is { } most) return most.ToJsonString();
        if (schema["const"] is { } kind) return kind.ToJsonString();
        if (schema["properties"] is not null || schema["anyOf"] is not null) return random.Next(8) == 0 ? "null" : Filler(schema);
        if (schema["items"] is not JsonObject items) return Scalar(schema, random);
        if (items["items"] is null) return $"[{string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => Scalar(items, random)))}]";
        return Pick(random, (string[])["[[1,0,0],[0,0.6,0.8]]", "[[0,1,0]]", "[[1,0],[0,-1]]", "[[]]", "[]"]);
    }

    private static string Scalar(JsonObject schema, Random random) =>
        schema["enum"] is JsonArray names ? Pick(random, [.. names])?.ToJsonString() ?? "null" : (schema["type"]?.ToJsonString() ?? "") switch
        {
            string t when t.Contains("boolean", StringComparison.Ordinal) => random.Next(2) == 0 ? "true" : "false",
            string t when t.Contains("string", StringComparison.Ordinal) => JsonSerializer.Serialize(Pick(random, Texts)),
            string t when t.Contains("integer", StringComparison.Ordinal) => Pick(random, (string[])["1", "2", "3", "5", "8", "20", "1e3", Pick(random, Numbers)]),
            _ => Pick(random, (string[])["0", "1", "2", "0.5", "1e-3", "-1", "0.1", "6.28", "30", "1e4", "1e-9", Pick(random, Numbers)]),
        };

    // A value that fits, in dimension 3.
    private static string Filler(JsonObject schema)
    {
        JsonObject[] kinds = [.. schema["anyOf"]?.AsArray().OfType<JsonObject>() ?? []];
        if (kinds.Any(k => (string?)k["type"] == "string")) return "\"c.csv\"";
        if (kinds.Length > 0) return Filler(kinds[0]);
        if (schema["const"] is { } name) return name.ToJsonString();
        if (schema["properties"] is JsonObject members)
            return $"{{{string.Join(',', members.Where(m => m.Value!["const"] is not null || m.Value["default"] is null).Select(m => $"\"{m.Key}\":{Filler(m.Value!.AsObject())}"))}}}";
        if (schema["items"] is JsonObject items) return items["items"] is null ? "[0.6,0,0.8]" : "[[1,0,0],[0,0.6,0.8]]";
        return schema["type"]?.ToJsonString().Contains("string", StringComparison.Ordinal) == true ? "\"c.csv\"" : "1";
    }

    private static JsonNode? Parsed(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    // Sections on the way are made, of the kinds that have the key.
    private static void Set(JsonObject root, Key key, JsonNode? value)
    {
        foreach ((string[] section, string name, JsonObject kind) in key.Kinds)
        {
            JsonObject changed = At(root, section);
            if ((changed[name] as JsonValue)?.ToJsonString() == kind["properties"]![name]!["const"]!.ToJsonString()) continue;
            changed.Clear();
            foreach ((string member, JsonNode? filled) in JsonNode.Parse(Filler(kind))!.AsObject()) changed[member] = filled?.DeepClone();
        }
        At(root, key.Steps[..^1])[key.Steps[^1]] = value;
    }

    private static JsonObject At(JsonObject root, string[] steps) => steps.Aggregate(root, Section);

    private static IEnumerable<JsonObject> Objects(JsonObject root) =>
        [root, .. root.Select(p => p.Value).OfType<JsonObject>().SelectMany(Objects)];

    private static IEnumerable<Key> Keys(JsonObject schema, string[] steps, (string[], string, JsonObject)[] kinds)
    {
        foreach (JsonObject kind in schema["anyOf"]?.AsArray().OfType<JsonObject>() ?? [])
        {
            string? name = kind["properties"]?.AsObject().FirstOrDefault(p => p.Value!["const"] is not null).Key;
            foreach (Key key in Keys(kind, steps, name is null ? kinds : [.. kinds, (steps, name, kind)])) yield return key;
        }
        foreach ((string name, JsonNode? node) in schema["properties"]?.AsObject() ?? [])
        {
            yield return new([.. steps, name], node!.AsObject(), kinds);
            foreach (Key key in Keys(node.AsObject(), [.. steps, name], kinds)) yield return key;
        }
    }

    private static byte[] Encoded(string text, Random random, bool spoil) => (spoil ? random.Next(40) : 9) switch
    {
        0 => [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)],
        1 => Encoding.Unicode.GetBytes(text),
        2 => [.. Encoding.BigEndianUnicode.GetPreamble(), .. Encoding.BigEndianUnicode.GetBytes(text)],
        3 => Encoding.Latin1.GetBytes(text + "\u00e9"),
        4 => [.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes(text)],
        5 => [.. Encoding.UTF8.GetBytes(text), 0, 0xff, 0x80],
        _ => Encoding.UTF8.GetBytes(text),
    };

    private static T Pick<T>(Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
