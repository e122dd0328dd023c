using System.Text.RegularExpressions;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>A level of an observable, whose crossing is asked for: <c>gap_energy&lt;1e-3</c>.</summary>
/// <param name="Column">The observable's column.</param>
/// <param name="Below">Whether the value is to be below the level, else above.</param>
/// <param name="Level">The level.</param>
public sealed partial record Crossing(string Column, bool Below, double Level)
{
    /// <summary>Reads a condition; null where it is none.</summary>
    public static Crossing? Parse(string text) =>
        Form().Match(text) is { Success: true } match
        && double.TryParse(match.Groups["level"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double level)
        && double.IsFinite(level) ? new(match.Groups["column"].Value, match.Groups["sign"].Value == "<", level) : null;

    /// <summary>Whether a value is on the far side of the level.</summary>
    public bool Holds(double value) => Below ? value < Level : value > Level;

    /// <summary>
    /// The time at which a straight line from the last recorded value on this side of the level to the first on the far side meets it:
    /// <c>t0 + (level - v0)/(v1 - v0) (t1 - t0)</c>.
    /// </summary>
    public double Between((double Time, double Value) before, (double Time, double Value) after) =>
        before.Time + (Level - before.Value) / (after.Value - before.Value) * (after.Time - before.Time);

    /// <inheritdoc/>
    public override string ToString() => Column + (Below ? "<" : ">") + Level.ToString("R", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*(?<column>[A-Za-z_][A-Za-z_0-9]*)\s*(?<sign>[<>])\s*(?<level>[-+.0-9eE]+)\s*$")]
    private static partial Regex Form();
}

/// <summary>When one replica first crossed each of some levels.</summary>
/// <param name="when">The levels.</param>
/// <param name="columns">The columns of the rows to be seen; a level of another column is never crossed.</param>
public sealed class CrossingTimes(IReadOnlyList<Crossing> when, IReadOnlyList<string> columns)
{
    private readonly int[] _columns = [.. when.Select(c => columns.ToList().IndexOf(c.Column))];
    private readonly double[] _values = new double[when.Count];
    private double _time = double.NaN;

    /// <summary>The times, null for a level that was not crossed.</summary>
    public double?[] Times { get; } = new double?[when.Count];

    /// <summary>Looks at a row; times rise from call to call.</summary>
    public void See(double time, ReadOnlySpan<double> row)
    {
        for (int i = 0; i < when.Count; i++)
        {
            if (Times[i] is not null || _columns[i] < 0) continue;
            double value = row[_columns[i]];
            if (when[i].Holds(value)) Times[i] = double.IsNaN(_time) ? time : when[i].Between((_time, _values[i]), (time, value));
            _values[i] = value;
        }
        _time = time;
    }
}
