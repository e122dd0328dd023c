using System.Collections;

namespace AttentionFlow.Kernels.Model;

/// <summary>A list that cannot change and equals another one with equal entries: records that hold lists compare by value.</summary>
[CollectionBuilder(typeof(Sequence), nameof(Sequence.Of))]
public sealed class Sequence<T> : IReadOnlyList<T>, IEquatable<Sequence<T>>
{
    private readonly T[] _items;

    internal Sequence(T[] items) => _items = items;

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public T this[int index] => _items[index];

    /// <summary>A copy of an array.</summary>
    public static implicit operator Sequence<T>(T[] items) => new([.. items]);

    /// <summary>The entries.</summary>
    public static implicit operator ReadOnlySpan<T>(Sequence<T> items) => items._items;

    /// <inheritdoc/>
    public bool Equals(Sequence<T>? other) => other is not null && Enumerable.SequenceEqual(_items, other._items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sequence<T>);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, Count > 0 ? _items[0] : default, Count > 0 ? _items[^1] : default);

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", _items)}]";
}

/// <summary>Makes sequences from collection expressions.</summary>
public static class Sequence
{
    /// <summary>The sequence of these items.</summary>
    public static Sequence<T> Of<T>(ReadOnlySpan<T> items) => new(items.ToArray());
}
