using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// Holds a JSON tree against the metadata of the records and refuses the first thing that does not fit, saying where it is. On the way it
/// writes whole numbers plainly, scales unit vectors to length 1 and makes file paths absolute, so that what is left deserialises.
/// </summary>
internal sealed class StrictWalk(string folder)
{
    /// <summary>The tree of an experiment file, checked and made plain in place.</summary>
    public void Check(JsonObject root) => Object(root, typeof(Experiment), "$");

    /// <summary>The value of a key, checked and made plain; null only where the key may be null.</summary>
    public JsonNode? Value(JsonNode? node, JsonPropertyInfo property, string path) =>
        node is null && property.IsSetNullable ? null : Value(node, property.PropertyType, property, path);

    private JsonNode Value(JsonNode? node, Type type, JsonPropertyInfo property, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Points))
            return IsText(node) ? Text(node, type, property, path)
                : node is JsonObject ? Object(node, typeof(TargetLaw), path) : List(node, typeof(Sequence<double>), property, path);
        if (type == typeof(string) || ExperimentSchema.AllowedNames(type, null) is not null) return Text(node, type, property, path);
        if (type == typeof(bool))
            return node?.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? node : throw Wrong(node, "true or false", path);
        if (type == typeof(double)) return Number(node, property, path);
        if (type == typeof(int)) return Whole(node, property, int.MaxValue, path);
        if (type == typeof(ulong)) return Whole(node, property, ulong.MaxValue, path);
        if (ExperimentSchema.ElementType(type) is { } element) return List(node, element, property, path);
        if (node is JsonObject part && ExperimentSchema.DefaultKind(property) is { } standard)
            part.TryAdd(ExperimentSchema.KindKey(type)!, standard);
        return Object(node, type, path, property.Attribute<NotKindAttribute>()?.Kinds ?? []);
    }

    private JsonObject Object(JsonNode? node, Type type, string path, IReadOnlyList<string>? notKinds = null)
    {
        string? kindKey = ExperimentSchema.KindKey(type);
        if (node is not JsonObject found) throw Wrong(node, kindKey is null ? "an object" : $"an object with '{kindKey}'", path);
        string? kind = null;
        Type concrete = type;
        if (kindKey is not null) (kind, concrete) = Kind(found, type, $"{path}.{kindKey}", kindKey, notKinds ?? []);

        IList<JsonPropertyInfo> properties = ExperimentSchema.Options.GetTypeInfo(concrete).Properties;
        foreach (JsonPropertyInfo property in properties)
        {
            if (!found.TryGetPropertyValue(property.Name, out JsonNode? child)) continue;
            JsonNode? plain = Value(child, property, $"{path}.{property.Name}");
            if (!ReferenceEquals(plain, child)) found[property.Name] = plain;
        }
        string[] known = [.. properties.Select(p => p.Name), .. kindKey is null ? Array.Empty<string>() : [kindKey]];
        if (found.Select(p => p.Key).FirstOrDefault(k => !known.Contains(k)) is { } key)
            throw ConfigurationException.At($"{path}.{Quoted.Short(key)}", UnknownKey(key, path, known, type, kind));
        if (properties.FirstOrDefault(p => p.IsRequired && !found.ContainsKey(p.Name)) is { } missing)
            throw ConfigurationException.At($"{path}.{missing.Name}", "this key is missing; it has no default.");
        return found;
    }

    private static (string Kind, Type Type) Kind(
        JsonObject node, Type type, string path, string kindKey, IReadOnlyList<string> notKinds)
    {
        IReadOnlyList<JsonDerivedType> kinds = ExperimentSchema.Kinds(type);
        string[] all = [.. kinds.Select(k => (string)k.TypeDiscriminator!)], known = [.. all.Except(notKinds)];
        if (!node.TryGetPropertyValue(kindKey, out JsonNode? value))
        {
            string? given = node.Select(p => p.Key).FirstOrDefault(key => Owners(type, key).Any());
            throw ConfigurationException.At(path, "this key is missing; known"
                + (given is null ? $": {string.Join(", ", known)}." : $" for '{given}': {string.Join(", ", Owners(type, given))}."));
        }
        if (!IsText(value)) throw Wrong(value, "a name", path);
        string name = value!.GetValue<string>();
        int index = Array.IndexOf(all, name);
        if (index < 0) throw ConfigurationException.At(path, $"{Quoted.Of(name)} is unknown; {Names.Hint(name, known)}");
        if (notKinds.Contains(name))
            throw ConfigurationException.At(path, $"'{name}' is not possible here; known: {string.Join(", ", known)}.");
        return (name, kinds[index].DerivedType);
    }

    // The kinds of a part that have a key.
    private static IEnumerable<string> Owners(Type type, string key) => ExperimentSchema.Kinds(type)
        .Where(k => ExperimentSchema.Options.GetTypeInfo(k.DerivedType).Properties.Any(p => p.Name == key))
        .Select(k => (string)k.TypeDiscriminator!);

    private static string UnknownKey(string key, string path, string[] known, Type type, string? kind)
    {
        if (Owners(type, key).FirstOrDefault() is { } owner) return $"unknown key for '{kind}'; it belongs to '{owner}'.";
        // A key of this name elsewhere is likelier than another name here, unless that is but a letter off.
        string? same = Names.Nearest(key, known, most: 1) ?? ExperimentSchema.PathTo(key, path);
        return (same ?? Names.Nearest(key, known) ?? ExperimentSchema.PathNear(key, path)) is { } nearest
            ? $"unknown key; did you mean '{nearest}'?" : $"unknown key; known: {string.Join(", ", known)}.";
    }

    private JsonArray List(JsonNode? node, Type element, JsonPropertyInfo property, string path)
    {
        if (node is not JsonArray list)
        {
            bool points = property.PropertyType == typeof(Points) && element != typeof(double);
            throw Wrong(node, points ? "a list of points, the path of a CSV file or a law" : element == typeof(double) ? "a list of numbers"
                : "a list", path);
        }
        for (int i = 0; i < list.Count; i++)
        {
            JsonNode plain = Value(list[i], element, property, $"{path}[{i}]");
            if (!ReferenceEquals(plain, list[i])) list[i] = plain;
        }
        if (element == typeof(double) && property.Attribute<UnitVectorAttribute>() is not null) Normalize(list, path);
        return list;
    }

    private static void Normalize(JsonArray list, string path)
    {
        double[] x = [.. list.Select(c => c!.GetValue<double>())], unit = [.. x];
        double length = Sphere.Rescale(unit);
        if (!(Math.Abs(length - 1) <= Sphere.FileTolerance))
        {
            string shown = length.ToString("G6", CultureInfo.InvariantCulture);
            throw ConfigurationException.At(path, $"this vector has length {shown}; a unit vector is expected.");
        }
        for (int k = 0; k < x.Length; k++)
            if (unit[k] != x[k]) list[k] = unit[k];
    }

    private JsonNode Text(JsonNode? node, Type type, JsonPropertyInfo property, string path)
    {
        if (!IsText(node)) throw Wrong(node, "text", path);
        string text = node!.GetValue<string>();
        if (ExperimentSchema.AllowedNames(type, property) is { } names && !names.Contains(text))
            throw ConfigurationException.At(path, $"{Quoted.Of(text)} is unknown; {Names.Hint(text, names)}");
        if (property.Attribute<FilePathAttribute>() is null) return node;
        if (text.Length == 0 || text.Contains('\0')) throw ConfigurationException.At(path, "this is not the path of a file.");
        return Path.GetFullPath(text, folder);
    }

    private static JsonNode Number(JsonNode? node, JsonPropertyInfo property, string path)
    {
        if (!IsNumber(node)) throw Wrong(node, "a number", path);
        string shown = node!.ToJsonString();
        double value = double.Parse(shown, CultureInfo.InvariantCulture);
        shown = Quoted.Short(shown);
        if (!double.IsFinite(value)) throw ConfigurationException.At(path, $"{shown} is too large for a number of 64 bits.");
        if (property.Attribute<QuantityAttribute>()?.WhyNot(value, shown) is { } why) throw ConfigurationException.At(path, why + ".");
        return node;
    }

    // 1e3 and 20.0 are whole, too; they are written as 1000 and 20.
    private static JsonNode Whole(JsonNode? node, JsonPropertyInfo property, ulong largest, string path)
    {
        if (!IsNumber(node)) throw Wrong(node, "a whole number", path);
        Number(node, property, path);
        string shown = node!.ToJsonString();
        bool fits = decimal.TryParse(shown, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value);
        if (fits && value != decimal.Truncate(value))
            throw ConfigurationException.At(path, $"{shown} is not whole; a whole number is expected.");
        if (!fits || value > largest)
            throw ConfigurationException.At(path, $"{shown} is too large; at most {largest} is possible.");
        return shown.All(char.IsAsciiDigit) ? node : JsonValue.Create((ulong)value);
    }

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    private static bool IsNumber(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number;

    private static ConfigurationException Wrong(JsonNode? node, string expected, string path)
    {
        string found = node?.GetValueKind() switch
        {
            JsonValueKind.String => $"\"{Quoted.Short(node.GetValue<string>())}\" is text",
            JsonValueKind.Number => $"{Quoted.Short(node.ToJsonString())} is a number",
            JsonValueKind.True or JsonValueKind.False => $"{node.ToJsonString()} is a truth value",
            JsonValueKind.Object => "this is an object",
            JsonValueKind.Array => "this is a list",
            _ => "null is no value",
        };
        return ConfigurationException.At(path, $"{found}; {expected} is expected.");
    }
}
