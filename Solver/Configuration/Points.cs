using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionFlow.Solver.Configuration;

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

/// <summary>A list that cannot change and equals another one with equal entries, so that records that hold lists compare by value.</summary>
internal sealed class Sequence<T> : IReadOnlyList<T>, IEquatable<Sequence<T>>
{
    private readonly T[] items;

    /// <summary>A copy of <paramref name="items"/>.</summary>
    public Sequence(params IEnumerable<T> items) => this.items = [.. items];

    /// <inheritdoc/>
    public int Count => items.Length;

    /// <inheritdoc/>
    public T this[int index] => items[index];

    /// <inheritdoc/>
    public bool Equals(Sequence<T>? other) => other is not null && items.SequenceEqual(other.items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sequence<T>);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (T item in items) hash.Add(item);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)items).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", items)}]";
}

/// <summary>Copies of the lists that records are given.</summary>
internal static class Sequence
{
    /// <summary>A copy that compares by value; null stays null.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(items))]
    public static Sequence<T>? Of<T>(IReadOnlyList<T>? items) => items is null ? null : items as Sequence<T> ?? new(items);

    /// <summary>A copy of a list of points that compares by value.</summary>
    public static Sequence<IReadOnlyList<double>> OfPoints(IReadOnlyList<IReadOnlyList<double>> points) => new(points.Select(p => Of(p)));
}
