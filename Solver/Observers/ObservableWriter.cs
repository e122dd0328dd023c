namespace AttentionFlow.Solver;

/// <summary>Measures observables and writes them to observables.csv: one row per time and replica.</summary>
/// <param name="table">A table with the columns <see cref="RunColumns.Observables"/> of these observables.</param>
/// <param name="times">When.</param>
/// <param name="observables">What, in the order of the columns.</param>
public sealed class ObservableWriter(CsvTable table, IReadOnlyList<double> times, IReadOnlyList<Observable> observables) : TimedObserver(times)
{
    private readonly AlertWatch _watch = new();

    /// <summary>The warning levels that what was written crossed.</summary>
    public IReadOnlyList<Alert> Alerts => _watch.Alerts;

    /// <inheritdoc/>
    public override bool NeedsDrift => observables.Any(o => o.NeedsDrift);

    /// <inheritdoc/>
    protected override void Record(in Frame frame)
    {
        int replicas = frame.Flow.Replicas, width = 2 + observables.Sum(o => o.Columns.Count), column = 2;
        double[] rows = new double[replicas * width];
        for (int r = 0; r < replicas; r++) (rows[r * width], rows[r * width + 1]) = (frame.Time, r);
        foreach (Observable observable in observables)
        {
            int count = observable.Columns.Count;
            double[] values = new double[replicas * count];
            observable.Measure(frame, values);
            _watch.See(observable, frame.Time, values);
            for (int r = 0; r < replicas; r++) values.AsSpan(r * count, count).CopyTo(rows.AsSpan(r * width + column));
            column += count;
        }
        table.Append(rows);
    }
}
