using System.Globalization;

namespace AttentionFlow.Solver.Configuration;

/// <summary>What a number is called in messages, and its range. On a list it holds for every entry.</summary>
/// <param name="name">With its article: <c>the inverse temperature</c>.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class QuantityAttribute(string name) : Attribute
{
    /// <summary>What the number is called in messages.</summary>
    public string Name { get; } = name;

    /// <summary>Inclusive lower bound; NaN = none.</summary>
    public double AtLeast { get; init; } = double.NaN;

    /// <summary>Exclusive lower bound; NaN = none.</summary>
    public double Above { get; init; } = double.NaN;

    /// <summary>Inclusive upper bound; NaN = none.</summary>
    public double AtMost { get; init; } = double.NaN;

    /// <summary>Null when <paramref name="value"/> is in range, else the sentence that says why not.</summary>
    internal string? Problem(double value, string shown)
    {
        string low = value < 0 && (AtLeast == 0 || Above == 0) ? "negative" : "too small";
        if (AtLeast == AtMost && value != AtLeast) return Sentence(shown, value < AtLeast ? low : "too large", "", AtLeast);
        if (value < AtLeast) return Sentence(shown, low, "at least ", AtLeast);
        if (value <= Above) return Sentence(shown, low, "above ", Above);
        if (value > AtMost) return Sentence(shown, "too large", "at most ", AtMost);
        return null;
    }

    /// <summary>The sentence for a value outside a bound.</summary>
    internal string Sentence(string shown, string fault, string relation, double bound) =>
        string.Create(CultureInfo.InvariantCulture, $"{shown} is {fault}; {Name} must be {relation}{bound}.");
}

/// <summary>The names a text, an enumeration or every entry of a list may take.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class OneOfAttribute(params string[] names) : Attribute
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; } = names;
}

/// <summary>A name from <see cref="Names.Methods"/>.</summary>
public sealed class MethodNameAttribute() : OneOfAttribute(Configuration.Names.Methods);

/// <summary>A name from <see cref="Names.Observables"/>.</summary>
public sealed class ObservableNameAttribute() : OneOfAttribute(Configuration.Names.Observables);

/// <summary>A name from <see cref="Names.Profiles"/>.</summary>
public sealed class ProfileNameAttribute() : OneOfAttribute(Configuration.Names.Profiles);

/// <summary>A kind that is not for this place; errors do not list it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotKindAttribute(string kind) : Attribute
{
    /// <summary>The kind.</summary>
    public string Kind { get; } = kind;
}

/// <summary>A point of the unit sphere, or a list of such points: of length 1 within <see cref="UnitVectors.Tolerance"/>, then renormalised.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UnitVectorAttribute : Attribute;

/// <summary>The path of a file, relative to the experiment file; the reader makes it absolute.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FilePathAttribute : Attribute;
