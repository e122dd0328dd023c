namespace AttentionFlow.Solver;

/// <summary>A value of a column that an observable's author holds for a sign of trouble.</summary>
/// <param name="Column">The column.</param>
/// <param name="Sign">What it is a sign of, for example "rank collapse".</param>
/// <param name="Level">The level.</param>
/// <param name="Below">True when values below the level warn, false when values above it do.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record WarningLevel(string Column, string Sign, double Level, bool Below, string Advice)
{
    /// <summary>True when this value warns.</summary>
    public bool IsCrossedBy(double value) => Below ? value < Level : value > Level;
}

/// <summary>A warning level that a run crossed: an entry of <c>alerts</c> in run.json.</summary>
/// <param name="Sign">What it is a sign of.</param>
/// <param name="Indicator">The column, or <c>step</c> for the time step.</param>
/// <param name="Time">The first recorded time at which it was crossed in some replica.</param>
/// <param name="Replica">That replica, the first of them where there are several.</param>
/// <param name="Replicas">Replicas in which it was crossed by the end of the run.</param>
/// <param name="Value">The value there.</param>
/// <param name="Level">The level.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record Alert(string Sign, string Indicator, double Time, int Replica, int Replicas, double Value, double Level, string Advice);
