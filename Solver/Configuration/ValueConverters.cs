using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Converters of the values that are no records of keys: sequences, points, and values chosen by name.</summary>
internal sealed class ValueConverters : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => ConverterFor(typeToConvert) is not null;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(ConverterFor(typeToConvert)!)!;

    private static Type? ConverterFor(Type type) => type == typeof(Points) ? typeof(PointsConverter)
        : ExperimentSchema.ElementType(type) is { } element ? typeof(SequenceConverter<>).MakeGenericType(element)
        : type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(INamed<>)
            && i.GenericTypeArguments[0] == type)
            ? typeof(NamedConverter<>).MakeGenericType(type) : null;
}

/// <summary>One of these converters.</summary>
internal interface IValueConverter
{
    /// <summary>All names of a value chosen by name, null for any other.</summary>
    IReadOnlyList<string>? Names => null;
}

internal sealed class NamedConverter<T> : JsonConverter<T>, IValueConverter where T : class, INamed<T>
{
    public IReadOnlyList<string> Names { get; } = [.. T.All.Select(value => value.Name)];

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? name = reader.GetString();
        return T.All.FirstOrDefault(value => value.Name == name) ?? throw new JsonException($"'{name}' is unknown");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}

internal sealed class SequenceConverter<T> : JsonConverter<Sequence<T>>, IValueConverter
{
    public override Sequence<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<T[]>(ref reader, options)!;

    public override void Write(Utf8JsonWriter writer, Sequence<T> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize<IEnumerable<T>>(writer, value, options);
}

internal sealed class PointsConverter : JsonConverter<Points>, IValueConverter
{
    public override Points Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => Points.In(reader.GetString()!),
        JsonTokenType.StartObject => JsonSerializer.Deserialize<TargetLaw>(ref reader, options)!,
        _ => Points.Of(JsonSerializer.Deserialize<Sequence<double>[]>(ref reader, options)!),
    };

    public override void Write(Utf8JsonWriter writer, Points value, JsonSerializerOptions options)
    {
        if (value.Path is not null) writer.WriteStringValue(value.Path);
        else if (value.Law is not null) JsonSerializer.Serialize(writer, value.Law, options);
        else JsonSerializer.Serialize<IEnumerable<Sequence<double>>>(writer, [.. value], options);
    }
}
