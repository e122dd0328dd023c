using System.Text.Json.Serialization;

namespace AttentionFlow.Experiments.Figures;

/// <summary>How a measured number is held against the expected one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Comparison>))]
internal enum Comparison
{
    /// <summary>|measured - expected| &lt;= tolerance.</summary>
    Within,
    /// <summary>measured &lt;= expected + tolerance.</summary>
    AtMost,
    /// <summary>measured >= expected - tolerance.</summary>
    AtLeast,
}

/// <summary>A row of the table measured against predicted, in <see cref="Notation"/>. Anything that is not finite fails.</summary>
/// <param name="Tolerance">How far the two may differ, in the direction that <see cref="Comparison"/> forbids.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
internal sealed record Fact(string Quantity, string Source, double Expected, double Measured, double Tolerance)
{
    public static IReadOnlyList<string> Headings { get; } =
        ["quantity", "source", "predicted", "measured", "difference", "tolerance", "verdict"];

    public Comparison Comparison { get; init; } = Comparison.Within;
    public double Difference => Measured - Expected;

    public bool Passed => double.IsFinite(Expected) && double.IsFinite(Measured) && double.IsFinite(Tolerance) && Comparison switch
    {
        Comparison.AtMost => Difference <= Tolerance,
        Comparison.AtLeast => Difference >= -Tolerance,
        _ => Math.Abs(Difference) <= Tolerance,
    };

    private bool IsBound => Comparison != Comparison.Within && Tolerance == 0;
    public string Verdict => Passed ? "pass" : "FAIL";

    /// <summary>The row for people, in <see cref="Notation"/>.</summary>
    public IReadOnlyList<string> Cells()
    {
        string sign = Comparison switch { Comparison.AtMost => "≤ ", Comparison.AtLeast => "≥ ", _ => "" };
        return
        [
            Quantity, Source, sign + Numbers.ForPeople(Expected, Tolerance), Numbers.ForPeople(Measured, Tolerance),
            // Against a bound there is only one side.
            IsBound ? "" : Numbers.ForPeople(Difference), IsBound ? "" : Numbers.ForPeople(Tolerance), Verdict,
        ];
    }

    public IReadOnlyList<string> PlainCells() => [.. Cells().Select(Notation.ToPlain)];

    /// <summary>measured &lt;= bound.</summary>
    public static Fact AtMost(string quantity, string source, double bound, double measured, double tolerance = 0) =>
        new(quantity, source, bound, measured, tolerance) { Comparison = Comparison.AtMost };

    /// <summary>measured >= bound.</summary>
    public static Fact AtLeast(string quantity, string source, double bound, double measured) =>
        new(quantity, source, bound, measured, 0) { Comparison = Comparison.AtLeast };

    /// <summary>One line about all: "12 of 13 checks pass".</summary>
    public static string Summary(IReadOnlyCollection<Fact> facts) => facts.Count == 0
        ? "no checks"
        : facts.All(fact => fact.Passed)
            ? $"all {facts.Count} checks pass"
            : $"{facts.Count(fact => fact.Passed)} of {facts.Count} checks pass, {facts.Count(fact => !fact.Passed)} FAIL";
}
