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
