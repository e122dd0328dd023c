using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// The experiment file as JSON sees it: options, metadata and the JSON schema, all derived from the records and their attributes. A
/// property of a record is a key when it, or the constructor's parameter of its name, has a description.
/// </summary>
public static class ExperimentSchema
{
    internal static readonly JsonSerializerOptions Options = MakeOptions();

    /// <summary>The key by which a file names its schema for an editor.</summary>
    internal const string SchemaKey = "$schema";

    private static readonly Lazy<string> LazyText = new(MakeText);
    private static readonly Lazy<string[]> LazyPaths = new(() => [.. Paths(typeof(Experiment), "").Distinct()]);

    /// <summary>
    /// The JSON schema (draft 2020-12), indented, without a final line break; stored as <c>data/experiment.schema.json</c>.
    /// </summary>
    public static string Text => LazyText.Value;

    internal static T? Attribute<T>(this JsonPropertyInfo property) where T : Attribute =>
        property.AttributeProvider?.GetCustomAttributes(typeof(T), true).OfType<T>().FirstOrDefault()
            ?? Parameter(property)?.GetCustomAttribute<T>();

    /// <summary>The kinds of a part, empty for any other type.</summary>
    internal static IReadOnlyList<JsonDerivedType> Kinds(Type type) =>
        Options.GetTypeInfo(type).PolymorphismOptions is { } kinds ? [.. kinds.DerivedTypes] : [];

    /// <summary>The key that tells the kinds of a part apart, null for any other type.</summary>
    internal static string? KindKey(Type type) => Options.GetTypeInfo(type).PolymorphismOptions?.TypeDiscriminatorPropertyName;

    /// <summary>The element type of a list of the records, null for any other type.</summary>
    internal static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Sequence<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>What a property is when its key is left out.</summary>
    internal static JsonNode? Default(JsonPropertyInfo property)
    {
        Type owner = property.DeclaringType;
        object? value = HasDefaults(owner) ? property.Get!(Activator.CreateInstance(owner)!)
            : Parameter(property) is { HasDefaultValue: true } p ? p.DefaultValue : null;
        return JsonSerializer.SerializeToNode(value, property.PropertyType, Options);
    }

    /// <summary>The names that a text, an enumeration or a named value may take, null for free text.</summary>
    internal static IReadOnlyList<string>? AllowedNames(Type type, JsonPropertyInfo? property) =>
        property?.Attribute<OneOfAttribute>() is { } oneOf ? oneOf.Names
        : Options.GetConverter(type) is IValueConverter { Names: { } known } ? known
        : type.IsEnum ? [.. Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)] : null;

    /// <summary>The kind that a part takes where it names none, null for none and for any other value.</summary>
    internal static string? DefaultKind(JsonPropertyInfo property) =>
        KindKey(property.PropertyType) is { } key ? (string?)Default(property)?[key] : null;

    /// <summary>Where in an experiment file a key has this name, letter case ignored, first; null: nowhere.</summary>
    /// <param name="key">The name.</param>
    /// <param name="section">Where it was looked for, <c>$.interaction</c>; of a section in a section only keys above and below count.
    /// </param>
    internal static string? PathTo(string key, string section) =>
        Beside(section).FirstOrDefault(p => p.EndsWith($".{key}", StringComparison.OrdinalIgnoreCase));

    /// <summary>The path to the key whose name is nearest to this one, null where none is near.</summary>
    internal static string? PathNear(string key, string section) => key.Length < 5 ? null // few letters are near to many names
        : Names.Nearest(key, Beside(section).Select(p => p[(p.LastIndexOf('.') + 1)..])) is { } name ? PathTo(name, section) ?? name : null;

    private static IEnumerable<string> Beside(string section) => LazyPaths.Value.Where(path =>
    {
        string owner = $"$.{path}"[..(path.LastIndexOf('.') + 3)];
        return section.Count(c => c == '.') < 2 || $"{section}.".StartsWith(owner, StringComparison.Ordinal)
            || owner.StartsWith($"{section}.", StringComparison.Ordinal);
    });

    private static IEnumerable<string> Paths(Type type, string prefix)
    {
        type = type == typeof(Points) ? typeof(TargetLaw) : Nullable.GetUnderlyingType(type) ?? type;
        if (Options.GetTypeInfo(type).Kind != JsonTypeInfoKind.Object) return [];
        Type[] records = Kinds(type) is { Count: > 0 } kinds ? [.. kinds.Select(k => k.DerivedType)] : [type];
        IEnumerable<string> keys = records.SelectMany(r => Options.GetTypeInfo(r).Properties)
            .SelectMany(p => (string[])[prefix + p.Name, .. Paths(p.PropertyType, $"{prefix}{p.Name}.")]);
        return KindKey(type) is { } kind ? [prefix + kind, .. keys] : keys;
    }

    private static bool IsNullable(ParameterInfo parameter) =>
        new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;

    private static bool HasDefaults(Type type) => !type.IsAbstract && type.GetConstructor([]) is not null;

    private static ParameterInfo? Parameter(JsonPropertyInfo property) =>
        property.AttributeProvider is not MemberInfo { DeclaringType: { } owner } member ? null
            : owner.GetConstructors().SelectMany(c => c.GetParameters()).FirstOrDefault(p => p.Name == member.Name);

    private static JsonSerializerOptions MakeOptions()
    {
        JsonSerializerOptions options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            WriteIndented = true,
            NewLine = "\n",
            AllowOutOfOrderMetadataProperties = true,
            RespectNullableAnnotations = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { FindKinds, KeepKeys } },
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false), new ValueConverters() },
        };
        options.MakeReadOnly();
        return options;
    }

    private static void FindKinds(JsonTypeInfo info)
    {
        if (info.Type.GetCustomAttribute<KindsAttribute>() is not { } kinds) return;
        info.PolymorphismOptions = new() { TypeDiscriminatorPropertyName = kinds.Key };
        IEnumerable<(Type Type, KindAttribute? Kind)> found =
            info.Type.Assembly.GetTypes().Where(t => t.IsSubclassOf(info.Type)).Select(t => (t, t.GetCustomAttribute<KindAttribute>()));
        foreach ((Type type, KindAttribute? kind) in found.OrderBy(f => f.Kind?.Place).ThenBy(f => f.Kind?.Name, StringComparer.Ordinal))
            if (kind is not null) info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, kind.Name));
    }

    private static void KeepKeys(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object) return;
        for (int i = info.Properties.Count - 1; i >= 0; i--)
        {
            JsonPropertyInfo property = info.Properties[i];
            if (property.Attribute<DescriptionAttribute>() is null) info.Properties.RemoveAt(i);
            else if (!HasDefaults(info.Type) && Parameter(property) is { HasDefaultValue: false } given && !IsNullable(given))
                property.IsRequired = true;
        }
    }

    private static string MakeText()
    {
        JsonObject schema = Exported(typeof(Experiment));
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema["properties"]!.AsObject().Insert(0, SchemaKey, new JsonObject
        {
            ["description"] = "Where an editor finds the JSON schema of this file; not read.", ["type"] = "string",
        });
        return schema.ToJsonString(Options);
    }

    private static JsonObject Exported(Type type) =>
        (JsonObject)Options.GetJsonSchemaAsNode(type, new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Complete });

    // Adds what the exporter does not know to the schema of one property or type. It loses properties with a converter and a default.
    private static JsonObject Complete(JsonSchemaExporterContext context, JsonNode node)
    {
        JsonObject schema = node as JsonObject ?? [];
        foreach (JsonPropertyInfo member in context.TypeInfo.Properties)
            if (schema["properties"] is JsonObject members && Options.GetConverter(member.PropertyType) is IValueConverter)
                members[member.Name] = Described(ValueSchema(member.PropertyType, member.IsSetNullable), member.PropertyType, member);
        // It also requires what has no default and may be null.
        foreach (JsonPropertyInfo member in context.TypeInfo.Properties.Where(p => !p.IsRequired))
            if (schema["required"]?.AsArray() is { } required && required.FirstOrDefault(name => (string)name! == member.Name) is { } free)
                required.Remove(free);
        return Described(schema, context.TypeInfo.Type, context.PropertyInfo);
    }

    private static JsonObject Described(JsonObject schema, Type type, JsonPropertyInfo? property)
    {
        string? description = property?.Attribute<DescriptionAttribute>()?.Description
            ?? type.GetCustomAttribute<DescriptionAttribute>()?.Description;
        if (description is not null) schema.Insert(0, "description", description);
        if (property is null) return schema;

        JsonObject scalar = schema;
        while (scalar["items"] is JsonObject items) scalar = items;
        if (AllowedNames(type, property) is { } names) scalar["enum"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]);
        if (property.Attribute<QuantityAttribute>() is { } quantity)
        {
            SetBound("minimum", quantity.AtLeast);
            SetBound("exclusiveMinimum", quantity.Above);
            SetBound("maximum", quantity.AtMost);
        }
        schema.Remove("default");
        if (schema["anyOf"] is JsonArray kinds && KindKey(type) is { } key) SetKinds(schema, kinds, key, property);
        // A section has no default of its own: each of its keys has.
        if (!property.IsRequired && !schema.ContainsKey("properties")) schema["default"] = Default(property);
        return schema;

        void SetBound(string key, double bound)
        {
            if (!double.IsNaN(bound)) scalar[key] = bound;
        }
    }

    // The kinds that the property may have; one that it has by default need not be named.
    private static void SetKinds(JsonObject schema, JsonArray kinds, string key, JsonPropertyInfo property)
    {
        IReadOnlyList<string> not = property.Attribute<NotKindAttribute>()?.Kinds ?? [];
        kinds.RemoveAll(kind => not.Contains(NameOf(kind!)));
        if (DefaultKind(property) is not { } standard) return;
        schema.Remove("required");
        foreach (JsonObject kind in kinds.OfType<JsonObject>().Where(k => NameOf(k) != standard))
        {
            if (kind["required"] is JsonArray required) required.Insert(0, key);
            else kind.Insert(kind.IndexOf("additionalProperties"), "required", new JsonArray(key));
        }

        string NameOf(JsonNode kind) => (string)kind["properties"]![key]!["const"]!;
    }

    // Values with converters of their own.
    private static JsonObject ValueSchema(Type type, bool nullable)
    {
        if (type == typeof(Points))
        {
            JsonObject points = ValueSchema(typeof(Sequence<Sequence<double>>), false);
            return new() { ["anyOf"] = new JsonArray(OfType("string"), points, Exported(typeof(TargetLaw))) };
        }
        if (ElementType(type) is not { } element) return type == typeof(double) ? OfType("number") : OfType("string");
        JsonObject list = new() { ["type"] = nullable ? new JsonArray("array", "null") : "array" };
        list["items"] = ValueSchema(element, false);
        return list;

        static JsonObject OfType(string name) => new() { ["type"] = name };
    }
}
