namespace AttentionFlow.Experiments.Reports;

/// <summary>
/// A sequence of unknown length, of which some members are kept at even distances: at least <paramref name="least"/> where there are as
/// many, fewer than twice that, and always the first and the last.
/// </summary>
internal sealed class Thinned<T>(int least)
{
    private readonly List<T> _kept = [];
    private T? _last;
    private long _count, _stride = 1;

    /// <summary>How many there were.</summary>
    public long Count => _count;

    /// <summary>Takes the next one.</summary>
    public void Add(T item)
    {
        _last = item;
        if (_count++ % _stride != 0) return;
        _kept.Add(item);
        if (_kept.Count < 2 * least) return;
        for (int i = 0; i < least; i++) _kept[i] = _kept[2 * i];
        _kept.RemoveRange(least, _kept.Count - least);
        _stride *= 2;
    }

    /// <summary>Those kept.</summary>
    public IReadOnlyList<T> Kept => _count > 0 && (_count - 1) % _stride != 0 ? [.. _kept, _last!] : _kept;
}
