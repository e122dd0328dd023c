using System.Globalization;
using System.Reflection;

namespace AttentionFlow.Kernels.Model;

/// <summary>A part that comes in kinds: its records with a <see cref="KindAttribute"/>, in the assembly of this one.</summary>
/// <param name="key">The key of the experiment file that tells them apart.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KindsAttribute(string key) : Attribute
{
    /// <summary>The key of the experiment file that tells the kinds apart.</summary>
    public string Key { get; } = key;
}

/// <summary>
/// A kind that an experiment file may choose. What has a <see cref="System.ComponentModel.DescriptionAttribute"/> in such a record is a key
/// of the file.
/// </summary>
/// <param name="name">Its name in the file.</param>
/// <param name="place">Its place among its kinds, from 0, in lists and in the schema; without one it comes last.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KindAttribute(string name, int place = int.MaxValue) : Attribute
{
    /// <summary>Its name in the file.</summary>
    public string Name { get; } = name;

    /// <summary>Its place among its kinds.</summary>
    public int Place { get; } = place;

    /// <summary>The name of a part in the file; that of its type where it has no kind.</summary>
    public static string NameOf(object part) => part.GetType().GetCustomAttribute<KindAttribute>()?.Name ?? part.GetType().Name;
}

/// <summary>What a number is called in messages, and its range. On a list it holds for every entry.</summary>
/// <param name="name">With its article: <c>the inverse temperature</c>.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
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
    public string? WhyNot(double value, string shown)
    {
        string low = value < 0 && (AtLeast == 0 || Above == 0) ? "negative" : "too small";
        if (AtLeast == AtMost && value != AtLeast) return Sentence(shown, value < AtLeast ? low : "too large", "", AtLeast);
        if (value < AtLeast) return Sentence(shown, low, "at least ", AtLeast);
        if (value <= Above) return Sentence(shown, low, "above ", Above);
        return value > AtMost ? Sentence(shown, "too large", "at most ", AtMost) : null;
    }

    private string Sentence(string shown, string fault, string relation, double bound) =>
        string.Create(CultureInfo.InvariantCulture, $"{shown} is {fault}; {Name} must be {relation}{bound}");
}

/// <summary>The names that a text, an enumeration or every entry of a list may take.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public class OneOfAttribute(params string[] names) : Attribute
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; } = names;
}

/// <summary>Kinds that are not for this place; errors do not list them.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NotKindAttribute(params string[] kinds) : Attribute
{
    /// <summary>The kinds.</summary>
    public IReadOnlyList<string> Kinds { get; } = kinds;
}

/// <summary>A point of the unit sphere, or a list of such points: of length 1 within 1e-6, then scaled to length 1.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UnitVectorAttribute : Attribute;

/// <summary>The path of a file, relative to the experiment file; the reader makes it absolute.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class FilePathAttribute : Attribute;
