using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>observables.csv against its experiment, the snapshots and the alerts of run.json.</summary>
/// <param name="experiment">The experiment.</param>
/// <param name="record">What run.json says of the run.</param>
/// <param name="observables">What it measures.</param>
/// <param name="snapshots">The name of the table of snapshots.</param>
/// <param name="means">The mean token of snapshots, by time and replica.</param>
/// <param name="found">Takes what is wrong.</param>
internal sealed class ObservableCheck(
    Experiment experiment, RunRecord record, IReadOnlyList<Observable> observables, string snapshots,
    IReadOnlyDictionary<(double Time, int Replica), CompensatedSum[]> means, Faults found)
    : TableCheck(RunColumns.Observables(observables.SelectMany(o => o.Columns)), found)
{
    // Sums of the same weights and coordinates, compensated: a few roundings apart, and as many for the tokens that became one.
    // Rounded coordinates, each by so much of its size, add up to no more than that.
    private const double SameMean = 1e-12;

    private readonly double _sameMean = SameMean + Digits.Error(experiment.Record.Digits);
    private readonly RecordedTimes _times = new(experiment, record, experiment.Times.Observations);
    private readonly AlertWatch _watch = new();
    private readonly double[][] _rows = new double[experiment.Replicas][];
    private double _time;

    /// <inheritdoc/>
    protected override void See(long row, double[] v)
    {
        int replicas = experiment.Replicas, replica = (int)((row - 1) % replicas);
        if (v[1] != replica) Found.Add("order", row, $"the replica is {v[1]}; {replica} is next");
        if (replica == 0) _times.See((int)((row - 1) / replicas), _time = v[0], row, Found);
        else if (v[0] != _time) Found.Add("times", row, $"the time is {v[0]}; that of replica 0 is {_time}");
        CompareMeans(row, replica, v);
        _rows[replica] = [.. v];
        if (replica == replicas - 1 && _rows.All(r => r is not null)) Watch();
    }

    /// <inheritdoc/>
    protected override void End(long rows)
    {
        int replicas = experiment.Replicas;
        if (rows % replicas != 0) Found.Add($"{rows} rows are not whole times of {replicas} replicas");
        _times.End((int)((rows + replicas - 1) / replicas), Found);
        string[] listed = [.. record.Alerts.Where(a => a.Indicator != "step").Select(Text)], seen = [.. _watch.Alerts.Select(Text)];
        foreach (string alert in listed.Except(seen)) Found.Add($"no row crosses the level of the alert {alert} of {RunFolder.RunFile}");
        foreach (string alert in seen.Except(listed)) Found.Add($"{RunFolder.RunFile} does not list the alert {alert}");

        static string Text(Alert a) => FormattableString.Invariant(
            $"'{a.Sign}' ({a.Indicator} {a.Value} at t = {a.Time} in {a.Replicas} replicas, first {a.Replica})");
    }

    private void CompareMeans(long row, int replica, double[] v)
    {
        if (!means.TryGetValue((v[0], replica), out CompensatedSum[]? mean)) return;
        for (int c = 0; c < Columns.Count; c++)
            if (Columns[c].Name.StartsWith("mean", StringComparison.Ordinal) && int.TryParse(Columns[c].Name.AsSpan(4), out int k)
                && !(Math.Abs(v[c] - mean[k].Value) <= _sameMean))
                Found.Add("mean", row,
                    $"{Columns[c].Name} is {v[c]}; the tokens of {snapshots} at this time have {mean[k].Value}");
    }

    // The levels that were crossed, as the run looked at them.
    private void Watch()
    {
        int column = 2;
        foreach (Observable observable in observables)
        {
            int count = observable.Columns.Count, first = column;
            _watch.See(observable, _time, [.. _rows.SelectMany(r => r.Skip(first).Take(count))]);
            column += count;
        }
    }
}
