using System.Collections;

namespace AttentionFlow.Experiments.Configuration;

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
