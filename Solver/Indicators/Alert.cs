using System.Globalization;

namespace AttentionFlow.Solver;

/// <summary>A warning level that a run crossed: an entry of <c>alerts</c> in run.json.</summary>
/// <param name="Sign">What it is a sign of.</param>
/// <param name="Indicator">The column, or <c>step</c> for the time step.</param>
/// <param name="Time">The first recorded time at which it was crossed in some replica.</param>
/// <param name="Replica">That replica, the first of them where there are several.</param>
/// <param name="Replicas">Replicas in which it was crossed by the end of the run.</param>
/// <param name="Value">The value there.</param>
/// <param name="Level">The level.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record Alert(string Sign, string Indicator, double Time, int Replica, int Replicas, double Value, double Level, string Advice)
{
    /// <summary>The value to four digits, or to as many more as tell it from the level.</summary>
    public string ShownValue()
    {
        int digits = 4;
        while (digits < 17 && Text(Value, digits) == Text(Level, digits)) digits++;
        return Text(Value, digits);

        static string Text(double value, int digits) => value.ToString($"G{digits}", CultureInfo.InvariantCulture);
    }
}
