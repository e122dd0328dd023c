namespace AttentionFlow.Solver;

/// <summary>Watches measured values for the warning levels of the observables they belong to.</summary>
public sealed class AlertWatch
{
    private readonly Dictionary<WarningLevel, (Alert First, HashSet<int> Replicas)> _crossed = [];

    /// <summary>The levels crossed so far, in the order of time; of each the first crossing.</summary>
    public IReadOnlyList<Alert> Alerts => [.. _crossed.Values.Select(c => c.First with { Replicas = c.Replicas.Count }).OrderBy(a => a.Time)];

    /// <summary>Looks at what an observable measured, [R, columns]; times rise from call to call.</summary>
    public void See(Observable observable, double time, ReadOnlySpan<double> values)
    {
        foreach (WarningLevel warning in observable.Warnings)
        {
            int columns = observable.Columns.Count, column = 0;
            while (observable.Columns[column].Name != warning.Column) column++;
            for (int r = 0; r * columns < values.Length; r++)
            {
                double value = values[r * columns + column];
                if (!warning.IsCrossedBy(value)) continue;
                if (!_crossed.ContainsKey(warning))
                    _crossed[warning] = (new Alert(warning.Sign, warning.Column, time, r, 1, value, warning.Level, warning.Advice), []);
                _crossed[warning].Replicas.Add(r);
            }
        }
    }
}
