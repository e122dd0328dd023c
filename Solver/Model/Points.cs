using System.Collections;
using System.Runtime.CompilerServices;

namespace AttentionFlow.Solver.Model;

/// <summary>Rows of a CSV file.</summary>
/// <param name="Count">Number of rows n, of each replica.</param>
/// <param name="Dimension">Number of coordinates d.</param>
/// <param name="Positions">Coordinates, row by row, [R, n, d].</param>
/// <param name="Labels">A label per row, or null without a column 'label'.</param>
/// <param name="Weights">A positive weight per row, summing to 1 in each replica, or null without a column 'weight'.</param>
public sealed record CloudData(int Count, int Dimension, Sequence<double> Positions, Sequence<double>? Labels, Sequence<double>? Weights)
{
    /// <summary>R, the clouds of n rows that follow one another; more than one in snapshots of a run only.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>A positive radius per row, or null without a column 'radius'.</summary>
    public Sequence<double>? Radii { get; init; }
}

/// <summary>A part whose numbers may be in a CSV file that the experiment names.</summary>
public interface IFilePart
{
    /// <summary>The path, absolute once read; null: its numbers are elsewhere.</summary>
    string? Path { get; }

    /// <summary>The same part with another path.</summary>
    IFilePart At(string path);
}

/// <summary>
/// Points of the sphere: a list, the rows of a CSV file, or taken from a law. A label sees one of them, by its share of [0, 1) or by its
/// number.
/// </summary>
[CollectionBuilder(typeof(Points), nameof(Of))]
public sealed record Points : IReadOnlyList<Sequence<double>>, IFilePart
{
    private Sequence<Sequence<double>>? _list;

    private Points() { }

    /// <inheritdoc/>
    public string? Path { get; private init; }

    /// <summary>The law from which they are taken; null: they are listed or in a file.</summary>
    public TargetLaw? Law { get; private init; }

    /// <summary>The weights that the file has; null: none.</summary>
    public Sequence<double>? Weights { get; private init; }

    /// <inheritdoc/>
    public int Count => List.Count;

    /// <inheritdoc/>
    public Sequence<double> this[int index] => List[index];

    private Sequence<Sequence<double>> List =>
        _list ?? throw new InvalidOperationException(
            Law is null ? $"{Path} has not been read" : "the points of a law are drawn in the setting of a run");

    /// <summary>These points.</summary>
    public static Points Of(ReadOnlySpan<Sequence<double>> points) => new() { _list = [.. points] };

    /// <summary>These points.</summary>
    public static implicit operator Points(double[][] points) => [.. points];

    /// <summary>Points of this law.</summary>
    public static implicit operator Points(TargetLaw law) => new() { Law = law };

    /// <summary>Points of the CSV file <paramref name="path"/>, which is yet to be read.</summary>
    public static Points In(string path) => new() { Path = path };

    /// <summary>The points with the rows of their file.</summary>
    public Points With(CloudData rows) => this with
    {
        _list = [.. rows.Positions.Chunk(rows.Dimension)],
        Weights = rows.Weights,
    };

    /// <inheritdoc/>
    public IFilePart At(string path) => this with { Path = path };

    /// <summary>The points, drawn where they are of a law: as many as it says, else as tokens.</summary>
    public Points In(in Setting setting) => Law is null ? this : (Points)Law.Draw(Law.Count ?? setting.Tokens, setting.Seed);

    /// <summary>The point that a label sees: in [0, 1) by the points' shares, a whole number k >= 1 sees point k; -1: none.</summary>
    internal int IndexOf(double label, Sequence<double>? weights) =>
        label >= 0 && label < 1 ? Shares.Of(label, weights ?? Weights, Count)
        : label >= 1 && label == Math.Floor(label) && label < Count ? (int)label : -1;

    /// <summary>Why these are no points of the setting, one for each weight, one for each label, or null.</summary>
    internal string? WhyNot(in Setting setting, Sequence<double>? weights, string noun, IEnumerable<double> labels)
    {
        if (Law?.WhyNot(setting) is { } unlawful) return unlawful;
        if (_list is not null && (setting.WhyNot(_list, noun) ?? WhyNotUnit(noun)) is { } why) return why;
        int count = _list?.Count ?? Law?.Count ?? setting.Tokens;
        if (Weights is not null && weights is not null)
            return $"{Path} has a column 'weight' already; leave the weights here or there out";
        if (weights is not null && weights.Count != count)
            return $"{Text.Plural(weights.Count, "weight")} for {Text.Plural(count, noun)}; each {noun} needs one";
        if (weights?.Any(w => !(w > 0 && double.IsFinite(w))) == true) return $"the weights of the {noun}s must be positive";
        if (Shares.WhyNot(weights) is { } lost) return lost;
        foreach (double label in labels)
            if (!(label is >= 0 and < 1 || label >= 1 && label == Math.Floor(label) && label < count))
                return Text.Of($"label {label} sees no {noun}: it must lie in [0, 1) or be a whole number below {count}");
        return null;
    }

    /// <inheritdoc/>
    public IEnumerator<Sequence<double>> GetEnumerator() => List.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private string? WhyNotUnit(string noun)
    {
        foreach (Sequence<double> point in List)
            if (!(Math.Abs(Sphere.Norm(point) - 1) <= 1e-9))
                return Text.Of($"a {noun} has length {Sphere.Norm(point):G6}; a unit vector is expected");
        return null;
    }
}
