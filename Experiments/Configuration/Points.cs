using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionFlow.Experiments.Configuration;

/// <summary>Points of the sphere, written as a list, as the path of a CSV file or as a law; exactly one of the three is set.</summary>
[JsonConverter(typeof(Converter))]
public sealed record Points
{
    /// <summary>The points of a CSV file, see <see cref="CloudFile"/>.</summary>
    public Points(string path) => Path = path;

    /// <summary>These points.</summary>
    public Points(params IReadOnlyList<IReadOnlyList<double>> list) => List = Sequence.OfPoints(list);

    /// <summary>Points taken from this law.</summary>
    public Points(TargetLawSpec law) => Law = law;

    /// <summary>The path of the CSV file, absolute once read.</summary>
    public string? Path { get; }

    /// <summary>The points themselves.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? List { get; }

    /// <summary>The law from which they are taken.</summary>
    public TargetLawSpec? Law { get; }

    private sealed class Converter : JsonConverter<Points>
    {
        public override Points? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.String => new(reader.GetString()!),
                JsonTokenType.StartObject => new(JsonSerializer.Deserialize<TargetLawSpec>(ref reader, options)!),
                _ => new(JsonSerializer.Deserialize<IReadOnlyList<IReadOnlyList<double>>>(ref reader, options)!),
            };

        public override void Write(Utf8JsonWriter writer, Points value, JsonSerializerOptions options)
        {
            if (value.Path is not null) writer.WriteStringValue(value.Path);
            else if (value.Law is not null) JsonSerializer.Serialize(writer, value.Law, options);
            else JsonSerializer.Serialize(writer, value.List, options);
        }
    }
}
