using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// One <c>--set path=value</c>, or a key of a sweep: an edit of the JSON tree of an experiment file before it is read. The value of a
/// setting is JSON where it parses, else text. Objects on the way are created; an absent one starts with its default kind. A new kind
/// drops the members of the old one.
/// </summary>
internal sealed class Override
{
    private readonly string _origin;
    private readonly string[] _steps;
    private readonly Func<JsonPropertyInfo?, string, JsonNode?> _value;
    private string _affects;

    /// <summary>Parses <c>path=value</c>.</summary>
    public Override(string text)
    {
        _origin = $"--set {Quoted.Short(text, 120)}";
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string path = (equals < 0 ? "" : text[..equals]).Trim();
        if (path.StartsWith("$.", StringComparison.Ordinal)) path = path[2..];
        _steps = Steps(path);
        if (equals < 0 || !IsPath(path))
            throw new ConfigurationException($"{_origin}: a setting has the form path=value, for example interaction.beta=2.");
        string value = text[(equals + 1)..].Trim();
        _value = (property, place) => ParseValue(value, property, place);
        _affects = $"$.{path}";
    }

    /// <summary>A key and its value.</summary>
    /// <param name="path">The key.</param>
    /// <param name="value">Gives the value, of what is known of the key, null for nothing, and its place.</param>
    /// <param name="origin">Says in errors where both stand.</param>
    public Override(string path, Func<JsonPropertyInfo?, string, JsonNode?> value, string origin) =>
        (_origin, _steps, _value, _affects) = (origin, Steps(path), value, $"$.{path}");

    /// <summary>Whether a text may be the path of a key.</summary>
    public static bool IsPath(string path) => Steps(path).All(step => step.Length > 0);

    /// <summary>True when an error at <paramref name="location"/> is about what this setting wrote or what it created on the way.</summary>
    public bool Concerns(string? location) =>
        location is not null && (Contains(location, _affects) || Contains(_affects, location));

    /// <summary>The same error, naming this setting.</summary>
    public ConfigurationException Blame(ConfigurationException error) => error.Within(_origin);

    /// <summary>Edits <paramref name="root"/>.</summary>
    public void Apply(JsonObject root)
    {
        JsonNode node = root;
        Type? type = typeof(Experiment);
        string path = "$";
        foreach (string step in _steps[..^1])
        {
            JsonPropertyInfo? property = Property(node, type, step);
            JsonNode? child = Get(node, step, path);
            path = Join(path, step);
            if (child is null)
            {
                Put(node, step, child = Fresh(property));
                if (property is not null && ExperimentSchema.KindKey(property.PropertyType) is not null && child.AsObject().Count == 0)
                    _affects = path;
            }
            type = step[0] == '[' ? type is null ? null : ExperimentSchema.ElementType(type) : property?.PropertyType;
            // Points that are an object are a law.
            if (type == typeof(Points)) type = typeof(TargetLaw);
            node = child;
        }
        string last = _steps[^1];
        Get(node, last, path);
        JsonNode? parsed = _value(Property(node, type, last), Join(path, last));
        if (type is not null && node is JsonObject owner && ExperimentSchema.KindKey(type) == last)
        {
            _affects = path;
            if (owner[last]?.ToString() != parsed?.ToString()) DropMembers(owner, type);
        }
        Put(node, last, parsed);
    }

    private static string[] Steps(string path) => path.Replace("[", ".[", StringComparison.Ordinal).Split('.');

    // True when inner is outer or lies in it.
    private static bool Contains(string outer, string inner) =>
        inner.StartsWith(outer, StringComparison.Ordinal) && (inner.Length == outer.Length || inner[outer.Length] is '.' or '[');

    private static string Join(string path, string step) => step[0] == '[' ? path + step : $"{path}.{step}";

    // The metadata of a key of a node, null when it has none (a list's entry, an unknown key or kind: the reader will complain).
    private static JsonPropertyInfo? Property(JsonNode node, Type? type, string key) =>
        type is null || node is not JsonObject owner ? null : Members(owner, type).FirstOrDefault(p => p.Name == key);

    private static IEnumerable<JsonPropertyInfo> Members(JsonObject owner, Type type)
    {
        if (ExperimentSchema.KindKey(type) is not { } kindKey) return ExperimentSchema.Options.GetTypeInfo(type).Properties;
        string? kind = owner[kindKey]?.ToString();
        Type? concrete = ExperimentSchema.Kinds(type).FirstOrDefault(k => (string?)k.TypeDiscriminator == kind).DerivedType;
        return concrete is null ? [] : ExperimentSchema.Options.GetTypeInfo(concrete).Properties;
    }

    private static void DropMembers(JsonObject owner, Type type)
    {
        foreach (JsonPropertyInfo member in Members(owner, type).ToArray()) owner.Remove(member.Name);
    }

    // An empty object; where the default has a kind, of that kind.
    private static JsonObject Fresh(JsonPropertyInfo? property)
    {
        JsonObject fresh = [];
        if (property is not null && ExperimentSchema.DefaultKind(property) is { } kind)
            fresh[ExperimentSchema.KindKey(property.PropertyType)!] = kind;
        return fresh;
    }

    private JsonNode? Get(JsonNode node, string step, string path)
    {
        if (step[0] != '[')
            return node is JsonObject owner
                ? owner[step]
                : throw Blame(ConfigurationException.At(path, $"this is not an object; it has no {Quoted.Of(step)}."));
        if (node is not JsonArray list) throw Blame(ConfigurationException.At(path, $"this is not a list; it has no {step}."));
        int index = Index(step);
        return index >= 0 && index < list.Count
            ? list[index]
            : throw Blame(ConfigurationException.At(path, $"this list has {list.Count} entries, counted from 0; it has no {step}."));
    }

    // After Get, which has refused what has no such step.
    private static void Put(JsonNode node, string step, JsonNode? child)
    {
        if (node is JsonObject owner) owner[step] = child;
        else node.AsArray()[Index(step)] = child;
    }

    private static int Index(string step) =>
        step[^1] == ']' && int.TryParse(step[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1;

    private JsonNode? ParseValue(string value, JsonPropertyInfo? property, string path)
    {
        JsonNode? parsed;
        try
        {
            parsed = StrictJson.Parse(value, path);
        }
        catch (JsonException)
        {
            // .5, 2. and +1 are numbers to everybody but JSON.
            bool isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            return isNumber && double.IsFinite(number) && property?.PropertyType != typeof(string)
                ? JsonValue.Create(number) : JsonValue.Create(value);
        }
        catch (ConfigurationException e)
        {
            throw Blame(e);
        }
        bool isText = parsed?.GetValueKind() == JsonValueKind.String;
        return property?.PropertyType == typeof(string) && !isText ? JsonValue.Create(value) : parsed;
    }
}
