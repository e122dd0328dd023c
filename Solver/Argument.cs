using System.Runtime.CompilerServices;

namespace AttentionFlow.Solver;

/// <summary>Refuses arguments at which a function has no value.</summary>
internal static class Argument
{
    /// <summary>Throws unless from &lt;= value &lt;= to; NaN is refused.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When it does not.</exception>
    public static void Within(double value, double from, double to, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= from && value <= to))
            throw new ArgumentOutOfRangeException(name, value, to == double.MaxValue
                ? FormattableString.Invariant($"a finite number of at least {from} is expected")
                : FormattableString.Invariant($"it must lie in [{from}, {to}]"));
    }

    /// <summary>Throws unless the value is finite and at least <paramref name="from"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When it is not.</exception>
    public static void AtLeast(double from, double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        Within(value, from, double.MaxValue, name);

    /// <summary>Throws unless the value is finite and positive.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When it is not.</exception>
    public static void Positive(double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        Within(value, double.Epsilon, double.MaxValue, name);
}
