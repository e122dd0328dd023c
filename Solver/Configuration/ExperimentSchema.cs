using System.ComponentModel;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using AttentionFlow.Kernels.Model;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The experiment file as JSON sees it: options, metadata and the JSON schema, all derived from the records and their attributes.</summary>
public static class ExperimentSchema
{
    internal static readonly JsonSerializerOptions Options = MakeOptions();

    private static readonly Lazy<string> LazyText = new(MakeText);

    /// <summary>The JSON schema (draft 2020-12), indented, without a final line break; stored as <c>data/experiment.schema.json</c>.</summary>
    public static string Text => LazyText.Value;

    internal static T? Attribute<T>(this JsonPropertyInfo property) where T : Attribute =>
        property.AttributeProvider?.GetCustomAttributes(typeof(T), false).OfType<T>().FirstOrDefault();

    /// <summary>The kinds of a polymorphic type, empty for any other.</summary>
    internal static IReadOnlyList<JsonDerivedType> Kinds(Type type) =>
        Options.GetTypeInfo(type).PolymorphismOptions is { } polymorphism ? [.. polymorphism.DerivedTypes] : [];

    /// <summary>The key that tells the kinds of a polymorphic type apart, null for any other.</summary>
    internal static string? KindKey(Type type) => Options.GetTypeInfo(type).PolymorphismOptions?.TypeDiscriminatorPropertyName;

    /// <summary>The element type of a list of the records, null for any other type.</summary>
    internal static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>What a property is when its key is left out.</summary>
    internal static JsonNode? Default(JsonPropertyInfo property)
    {
        Type owner = property.DeclaringType.IsAbstract ? Kinds(property.DeclaringType)[0].DerivedType : property.DeclaringType;
        return JsonSerializer.SerializeToNode(property.Get!(Activator.CreateInstance(owner)!), property.PropertyType, Options);
    }

    /// <summary>The names a text or enumeration may take, null for free text.</summary>
    internal static IReadOnlyList<string>? AllowedNames(Type type, JsonPropertyInfo? property)
    {
        if (property?.Attribute<OneOfAttribute>() is { } oneOf) return oneOf.Names;
        if (type == typeof(Normalization)) return [.. Normalization.All.Select(n => n.Name)];
        return type.IsEnum ? [.. Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)] : null;
    }

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
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false), new NamedConverter<Normalization>() },
        };
        options.MakeReadOnly();
        return options;
    }

    private static string MakeText()
    {
        JsonObject schema = Exported(typeof(Experiment));
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema.ToJsonString(Options);
    }

    private static JsonObject Exported(Type type) =>
        (JsonObject)Options.GetJsonSchemaAsNode(type, new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Complete });

    // Adds what the exporter does not know to the schema of one property or type.
    private static JsonObject Complete(JsonSchemaExporterContext context, JsonNode node)
    {
        if (node is not JsonObject schema) schema = context.TypeInfo.Type == typeof(Points) ? PointsSchema() : [];
        JsonPropertyInfo? property = context.PropertyInfo;
        string? description = property?.Attribute<DescriptionAttribute>()?.Description
            ?? context.TypeInfo.Type.GetCustomAttribute<DescriptionAttribute>()?.Description;
        if (description is not null) schema.Insert(0, "description", description);
        if (property is null) return schema;

        JsonObject scalar = schema;
        while (scalar["items"] is JsonObject items) scalar = items;
        if (AllowedNames(context.TypeInfo.Type, property) is { } names) scalar["enum"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]);
        if (property.Attribute<QuantityAttribute>() is { } quantity)
        {
            SetBound("minimum", quantity.AtLeast);
            SetBound("exclusiveMinimum", quantity.Above);
            SetBound("maximum", quantity.AtMost);
        }
        // A section has no default of its own: each of its keys has.
        if (!property.IsRequired && !schema.ContainsKey("properties")) schema["default"] = Default(property);
        return schema;

        void SetBound(string key, double bound)
        {
            if (!double.IsNaN(bound)) scalar[key] = bound;
        }
    }

    private static JsonObject PointsSchema()
    {
        JsonObject list = new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "number" } } };
        return new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, list, Exported(typeof(TargetLawSpec))) };
    }
}

/// <summary>A value that is chosen by name, as its name.</summary>
internal sealed class NamedConverter<T> : JsonConverter<T> where T : INamed<T>
{
    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        string? name = reader.GetString();
        return T.All.Single(value => value.Name == name);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}
