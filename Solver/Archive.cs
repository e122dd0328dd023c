namespace AttentionFlow.Solver;

/// <summary>
/// Named lists of numbers in which the parts of a run write down all that their next step depends on, and from which they read it back:
/// one description serves both ways.
/// </summary>
public abstract class Archive
{
    private string _prefix = "";

    /// <summary>Whether values are read rather than written.</summary>
    public abstract bool IsReading { get; }

    /// <summary>How many numbers a list has.</summary>
    /// <exception cref="IOException">There is no such list.</exception>
    protected abstract int LengthOf(string name);

    /// <summary>Reads a list into all of <paramref name="values"/>, or writes it: <paramref name="values"/> itself, which is then not to
    /// change until the archive is done with.</summary>
    /// <exception cref="IOException">There is no such list, or it has another length.</exception>
    protected abstract void Exchange(string name, Memory<double> values);

    /// <summary>What <paramref name="keep"/> names lies within <paramref name="part"/>.</summary>
    public void Within(string part, Action<Archive> keep)
    {
        string before = _prefix;
        _prefix = $"{before}{part}/";
        keep(this);
        _prefix = before;
    }

    /// <summary>A number.</summary>
    public void Number(string name, ref double value)
    {
        double[] one = [value];
        Exchange(_prefix + name, one);
        value = one[0];
    }

    /// <summary>A whole number below 2^53.</summary>
    public void Whole(string name, ref long value)
    {
        double number = value;
        Number(name, ref number);
        value = (long)number;
    }

    /// <summary>A whole number.</summary>
    public void Whole(string name, ref int value)
    {
        long number = value;
        Whole(name, ref number);
        value = (int)number;
    }

    /// <summary>Yes or no.</summary>
    public void Flag(string name, ref bool value)
    {
        double number = value ? 1 : 0;
        Number(name, ref number);
        value = number != 0;
    }

    /// <summary>A short list of any length, which is copied.</summary>
    public void List(string name, ref double[] values)
    {
        values = IsReading ? new double[LengthOf(_prefix + name)] : [.. values];
        Exchange(_prefix + name, values);
    }

    /// <summary>Whole numbers.</summary>
    public void List(string name, ref int[] values)
    {
        double[] numbers = [.. values.Select(v => (double)v)];
        List(name, ref numbers);
        values = [.. numbers.Select(v => (int)v)];
    }

    /// <summary>A text, or null.</summary>
    public void Text(string name, ref string? text)
    {
        double[] letters = text is null ? [] : [.. text.Select(c => (double)c)];
        List(name, ref letters);
        text = letters.Length == 0 ? null : string.Concat(letters.Select(c => (char)c));
    }

    /// <summary>Entries first..first+count-1 of a large array: read in place; written as they are when the archive is written.</summary>
    public void Array(string name, double[] values, int first, int count) => Exchange(_prefix + name, values.AsMemory(first, count));
}

/// <summary>An archive in memory: written, then read as often as one likes.</summary>
public sealed class MemoryArchive : Archive
{
    private readonly OrderedDictionary<string, Memory<double>> _lists;

    /// <summary>An empty one, to be written.</summary>
    public MemoryArchive() : this([], isReading: false) { }

    private MemoryArchive(OrderedDictionary<string, Memory<double>> lists, bool isReading) => (_lists, IsReading) = (lists, isReading);

    /// <inheritdoc/>
    public override bool IsReading { get; }

    /// <summary>The lists, in the order in which they were written.</summary>
    public IReadOnlyList<KeyValuePair<string, Memory<double>>> Lists => _lists;

    /// <summary>Adds the lists of another.</summary>
    public void Add(MemoryArchive other)
    {
        foreach ((string name, Memory<double> values) in other._lists) _lists.Add(name, values);
    }

    /// <summary>The same, to be read.</summary>
    public MemoryArchive ToRead() => new(_lists, isReading: true);

    /// <inheritdoc/>
    protected override int LengthOf(string name) => _lists[name].Length;

    /// <inheritdoc/>
    protected override void Exchange(string name, Memory<double> values)
    {
        if (!IsReading) _lists.Add(name, values);
        else if (_lists[name].Length == values.Length) _lists[name].CopyTo(values);
        else throw new IOException($"{name} has {_lists[name].Length} numbers, not {values.Length}");
    }
}
