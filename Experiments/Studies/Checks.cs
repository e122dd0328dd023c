using System.Text.Json.Serialization;
using AttentionFlow.Experiments.Figures;

namespace AttentionFlow.Experiments.Studies;

/// <summary>How a measured number is held against the expected one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Comparison>))]
public enum Comparison
{
    /// <summary>|measured - expected| &lt;= tolerance.</summary>
    Within,
    /// <summary>measured &lt;= expected + tolerance.</summary>
    AtMost,
    /// <summary>measured >= expected - tolerance.</summary>
    AtLeast,
}

/// <summary>A row of the table measured against predicted. Anything that is not finite fails.</summary>
/// <param name="Quantity">What was measured, in <see cref="Notation"/>.</param>
/// <param name="Source">Where the prediction comes from.</param>
/// <param name="Expected">The predicted value or bound.</param>
/// <param name="Measured">The measured value.</param>
/// <param name="Tolerance">How far the two may differ, in the direction that <see cref="Comparison"/> forbids.</param>
[JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
public sealed record Check(string Quantity, string Source, double Expected, double Measured, double Tolerance)
{
    /// <summary>The headings of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Headings { get; } =
        ["quantity", "source", "predicted", "measured", "difference", "tolerance", "verdict"];

    /// <summary>How the two are compared.</summary>
    public Comparison Comparison { get; init; } = Comparison.Within;

    /// <summary>Measured minus expected.</summary>
    public double Difference => Measured - Expected;

    /// <summary>Whether the check holds; false when a number is not finite.</summary>
    public bool Passed => double.IsFinite(Expected) && double.IsFinite(Measured) && double.IsFinite(Tolerance) && Comparison switch
    {
        Comparison.AtMost => Difference <= Tolerance,
        Comparison.AtLeast => Difference >= -Tolerance,
        _ => Math.Abs(Difference) <= Tolerance,
    };

    private bool IsBound => Comparison != Comparison.Within && Tolerance == 0;

    /// <summary>"pass" or "FAIL".</summary>
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

    /// <summary>The row for a console.</summary>
    public IReadOnlyList<string> PlainCells() => [.. Cells().Select(Notation.ToPlain)];

    /// <summary>One line about all: "12 of 13 checks pass".</summary>
    public static string Summary(IReadOnlyCollection<Check> checks) => checks.Count == 0
        ? "no checks"
        : checks.All(check => check.Passed)
            ? $"all {checks.Count} checks pass"
            : $"{checks.Count(check => check.Passed)} of {checks.Count} checks pass, {checks.Count(check => !check.Passed)} FAIL";
}
