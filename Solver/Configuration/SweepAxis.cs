using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace AttentionFlow.Solver.Configuration;

/// <summary>What varies together in a sweep: the entries of a list, the rows of a zip or the values of one key of a grid.</summary>
internal sealed class SweepAxis
{
    private const int MostPoints = 1_000_000;

    private readonly IReadOnlyList<IReadOnlyList<SweepValue>> _entries;

    private SweepAxis(IReadOnlyList<IReadOnlyList<SweepValue>> entries) => _entries = entries;

    /// <summary>How many entries it has.</summary>
    public int Length => _entries.Count;

    /// <summary>The values of an entry.</summary>
    public IReadOnlyList<SweepValue> this[int entry] => _entries[entry];

    /// <summary>The axes of a sweep file, the slowest first: list, zip, the keys of the grid.</summary>
    /// <exception cref="ConfigurationException">A value is not what it should be, or a key is in two axes.</exception>
    public static SweepAxis[] Of(JsonObject root, StrictWalk walk)
    {
        List<SweepAxis> axes = [];
        if (root[SweepSchema.List] is { } list) axes.Add(OfList(list, walk));
        if (root[SweepSchema.Zip] is { } zip) axes.Add(OfZip(Section(zip, "$.zip"), walk));
        if (root[SweepSchema.Grid] is { } grid)
            axes.AddRange(Section(grid, "$.grid").Select(p => p.Key).ToArray()
                .Select(key => new SweepAxis([.. Values(grid.AsObject(), "$.grid", key, walk).Select(v => (SweepValue[])[v])])));
        Dictionary<string, string> seen = [];
        foreach (SweepAxis axis in axes)
            foreach (SweepValue value in axis._entries.SelectMany(e => e).DistinctBy(v => v.Key))
                if (!seen.TryAdd(value.Key, value.Where))
                    throw ConfigurationException.At(value.Where, $"this key is set twice; it stands in {seen[value.Key]}, too.");
        return [.. axes];
    }

    /// <summary>How many points axes of these lengths have.</summary>
    public static int Count(int[] lengths)
    {
        double points = lengths.Aggregate(1.0, (product, length) => product * length);
        return points <= MostPoints ? (int)points : throw ConfigurationException.At("$.grid",
            Text.Of($"{points:G4} points are too many; at most {MostPoints} are possible."));
    }

    /// <summary>The entry of every axis at a point.</summary>
    public static int[] Indices(int number, int[] lengths)
    {
        int[] indices = new int[lengths.Length];
        for (int axis = lengths.Length - 1; axis >= 0; axis--) (number, indices[axis]) = Math.DivRem(number, lengths[axis]);
        return indices;
    }

    private static SweepAxis OfList(JsonNode node, StrictWalk walk)
    {
        if (node is not JsonArray { Count: > 0 } list)
            throw ConfigurationException.At("$.list", "a list of at least one object is expected.");
        return new SweepAxis([.. list.Select((entry, i) => (SweepValue[])
            [.. Section(entry, $"$.list[{i}]").Select(p => new SweepValue($"$.list[{i}]", p.Key, p.Value, walk))])]);
    }

    private static SweepAxis OfZip(JsonObject zip, StrictWalk walk)
    {
        SweepValue[][] columns = [.. zip.Select(p => p.Key).ToArray().Select(key => Values(zip, "$.zip", key, walk))];
        if (columns.FirstOrDefault(c => c.Length != columns[0].Length) is { } other)
            throw ConfigurationException.At(other[0].Where, $"{Text.Plural(other.Length, "value")}, where {columns[0][0].Key} has "
                + $"{columns[0].Length}; the keys of a zip go side by side.");
        return new SweepAxis([.. Enumerable.Range(0, columns[0].Length).Select(i => (SweepValue[])[.. columns.Select(c => c[i])])]);
    }

    private static JsonObject Section(JsonNode? node, string where) => node is JsonObject { Count: > 0 } section ? section
        : throw ConfigurationException.At(where, "an object with at least one key of the experiment is expected.");

    private static SweepValue[] Values(JsonObject section, string where, string key, StrictWalk walk)
    {
        string place = $"{where}.{Quoted.Short(key)}";
        IEnumerable<JsonNode?> values = section[key] switch
        {
            JsonArray { Count: > 0 } list => list,
            JsonObject range => SweepRange.Values(range, place),
            _ => throw ConfigurationException.At(place, "a list of at least one value is expected, or a range: "
                + "{ \"from\": 1, \"count\": 50 }."),
        };
        return [.. values.Select(value => new SweepValue(where, key, value, walk))];
    }
}

/// <summary>A value of a key of a sweep.</summary>
/// <param name="section">The place of the object that has the key.</param>
/// <param name="key">The key, as <c>--set</c> takes it.</param>
/// <param name="value">The value.</param>
/// <param name="walk">Makes it plain.</param>
internal sealed class SweepValue(string section, string key, JsonNode? value, StrictWalk walk)
{
    private bool _isPlain;

    /// <summary>Where it stands.</summary>
    public string Where => $"{section}.{Quoted.Short(Key)}";

    /// <summary>The key.</summary>
    public string Key { get; } = Override.IsPath(key) ? key
        : throw ConfigurationException.At($"{section}.{Quoted.Short(key)}", "this is no key of an experiment, such as interaction.beta.");

    /// <summary>The value, once a point was read with paths absolute.</summary>
    public JsonNode? Value { get; private set; } = value;

    /// <summary>The edit of an experiment's tree that sets it.</summary>
    public Override Edit(int point) =>
        new(Key, Plain, $"point {point}, {Where} = {Quoted.Short(SweepSchema.Shown(Value))}");

    private JsonNode? Plain(JsonPropertyInfo? property, string path)
    {
        if (_isPlain || property is null) return Value?.DeepClone();
        JsonNode? plain = walk.Value(Value?.DeepClone(), property, path);
        if (Value?.Parent is JsonArray list && !JsonNode.DeepEquals(plain, Value)) list[list.IndexOf(Value)] = plain?.DeepClone();
        else if (Value?.Parent is JsonObject owner && !JsonNode.DeepEquals(plain, Value)) owner[Key] = plain?.DeepClone();
        (Value, _isPlain) = (plain?.DeepClone(), true);
        return plain;
    }
}
