namespace AttentionFlow.Solver.Observables;

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

/// <summary>Watches measured values for the warning levels of the observables they belong to.</summary>
public sealed class AlertWatch
{
    private readonly Lock _lock = new();
    private readonly Dictionary<WarningLevel, (Alert First, HashSet<int> Replicas)> _crossed = [];

    /// <summary>The levels crossed so far, in the order of time; of each the first crossing. For any thread.</summary>
    public IReadOnlyList<Alert> Alerts
    {
        get
        {
            lock (_lock) return [.. _crossed.Values.Select(c => c.First with { Replicas = c.Replicas.Count }).OrderBy(a => a.Time)];
        }
    }

    /// <summary>Writes, or reads, which of these levels were crossed, when and where.</summary>
    public void Keep(Archive archive, IEnumerable<WarningLevel> levels)
    {
        using Lock.Scope scope = _lock.EnterScope();
        int number = 0;
        foreach (WarningLevel level in levels)
        {
            // Time, replica and value of the first crossing, then the replicas.
            double[] crossing = _crossed.TryGetValue(level, out (Alert First, HashSet<int> Replicas) c)
                ? [c.First.Time, c.First.Replica, c.First.Value, .. c.Replicas.Order()] : [];
            archive.List($"level{number++}", ref crossing);
            if (archive.IsReading && crossing.Length > 0)
                _crossed[level] = (First(level, crossing[0], (int)crossing[1], crossing[2]), [.. crossing[3..].Select(r => (int)r)]);
        }
    }

    /// <summary>Looks at what an observable measured, [R, columns]; times rise from call to call.</summary>
    /// <param name="observable">The observable.</param>
    /// <param name="time">When.</param>
    /// <param name="values">What it measured.</param>
    /// <param name="replicaOf">The number of a replica; null where they are 0, 1, ...</param>
    public void See(Observable observable, double time, ReadOnlySpan<double> values, Func<int, int>? replicaOf = null)
    {
        using Lock.Scope scope = _lock.EnterScope();
        foreach (WarningLevel warning in observable.Warnings)
        {
            int columns = observable.Columns.Count, column = 0;
            while (observable.Columns[column].Name != warning.Column) column++;
            for (int r = 0; r * columns < values.Length; r++)
            {
                double value = values[r * columns + column];
                if (!warning.IsCrossedBy(value)) continue;
                int replica = replicaOf?.Invoke(r) ?? r;
                if (!_crossed.ContainsKey(warning)) _crossed[warning] = (First(warning, time, replica, value), []);
                _crossed[warning].Replicas.Add(replica);
            }
        }
    }

    private static Alert First(WarningLevel level, double time, int replica, double value) =>
        new(level.Sign, level.Column, time, replica, 1, value, level.Level, level.Advice);
}

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
