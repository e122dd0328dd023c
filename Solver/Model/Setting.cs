namespace AttentionFlow.Solver.Model;

/// <summary>What a part of an experiment is judged in, and draws from what it leaves open.</summary>
/// <param name="Tokens">n.</param>
/// <param name="Dimension">d.</param>
public readonly record struct Setting(int Tokens, int Dimension)
{
    /// <summary>The labels that parts will see; none by default.</summary>
    public IEnumerable<double> Labels { get; init; } = [];

    /// <summary>beta, profile, coupling, normalisation, mask.</summary>
    public Interaction Interaction { get; init; } = new(1);

    /// <summary>Heads of the layer.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>tau, after which random matrices are drawn anew; null: never.</summary>
    public double? Redraw { get; init; }

    /// <summary>Why a vector does not lie in R^d, or null; null stands for a vector that does.</summary>
    internal string? WhyNot(Sequence<double>? vector, string name) =>
        vector is null || vector.Count == Dimension ? null
            : $"{name} has {Text.Plural(vector.Count, "coordinate")}, the tokens {Dimension}";

    /// <summary>Why these are no points of R^d, or null.</summary>
    internal string? WhyNot(IReadOnlyList<Sequence<double>> points, string noun)
    {
        if (points.Count == 0) return $"at least one {noun} is needed";
        foreach (Sequence<double> point in points)
            if (WhyNot(point, $"a {noun}") is { } why) return why;
        return null;
    }
}

/// <summary>Sentences with numbers in them, whatever the culture of the machine.</summary>
internal static class Text
{
    public static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Plural(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
