using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionFlow.Experiments.Configuration;

/// <summary>Points of the sphere, written as a list or as the path of a CSV file; exactly one of the two is set.</summary>
[JsonConverter(typeof(Converter))]
public sealed record Points
{
    /// <summary>The points of a CSV file, see <see cref="CloudFile"/>.</summary>
    public Points(string path) => Path = path;

    /// <summary>These points.</summary>
    public Points(params IReadOnlyList<IReadOnlyList<double>> list) => List = Sequence.OfPoints(list);

    /// <summary>The path of the CSV file, absolute once read.</summary>
    public string? Path { get; }

    /// <summary>The points themselves.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? List { get; }

    private sealed class Converter : JsonConverter<Points>
    {
        public override Points? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new(reader.GetString()!)
                : new(JsonSerializer.Deserialize<IReadOnlyList<IReadOnlyList<double>>>(ref reader, options)!);

        public override void Write(Utf8JsonWriter writer, Points value, JsonSerializerOptions options)
        {
            if (value.Path is not null) writer.WriteStringValue(value.Path);
            else JsonSerializer.Serialize(writer, value.List, options);
        }
    }
}
