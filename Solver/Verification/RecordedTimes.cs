using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Verification;

/// <summary>The times of a table against the recording times of its experiment.</summary>
/// <remarks>
/// A run shows itself at the times of both tables, and fixed steps take times closer than 1e-9 of a step for one: so a time must be one of
/// either list, that near to its own. Logarithmic times come from a power, which C libraries round differently: they may differ by 1e-15.
/// A run that time.until ended has one time more, the last.
/// </remarks>
internal sealed class RecordedTimes(Experiment experiment, RunRecord record, IReadOnlyList<double> times)
{
    private readonly double[] _all = [.. experiment.Times.Snapshots.Concat(experiment.Times.Observations).Order()];
    private readonly double _same = 1e-9 * (experiment.Time.Step ?? 0);
    private readonly double _rounding = experiment.Record.Spacing == Spacing.Linear ? 0 : 1e-15;
    private double _last = double.NaN;

    /// <summary>Looks at the time number <paramref name="index"/>, from 0.</summary>
    public void See(int index, double time, long row, Faults found)
    {
        bool isLater = !(time <= _last), isBefore = index < times.Count ? time < times[index] : index == times.Count;
        _last = time;
        if (index < times.Count && IsOf(time, times[index])) return;
        if (record.Reason is not null && time == record.TimeReached && isLater && isBefore) return;
        if (index < times.Count) found.Add("time", row, $"the time is {time}; recording time {index} of the experiment is {times[index]}");
        else found.Add("time", row, $"the time {time} is one too many; the experiment has {times.Count} recording times");
    }

    /// <summary>Looks at the end: so many times.</summary>
    public void End(int count, Faults found)
    {
        if (record.Status == RunStatus.Complete && record.Reason is null && count < times.Count)
            found.Add($"there are rows of {count} times; the experiment has {times.Count} recording times, and the run is complete");
        else if (record.Status == RunStatus.Complete && _last != record.TimeReached)
            found.Add($"the last time is {_last}; the run reached {record.TimeReached} after {RunFolder.RunFile}");
        else if (_last > record.TimeReached)
            found.Add($"the last time is {_last}; the run reached only {record.TimeReached} after {RunFolder.RunFile}");
    }

    private bool IsOf(double time, double expected)
    {
        int at = Array.BinarySearch(_all, time);
        if (at < 0) at = ~at;
        bool isListed = new[] { at - 1, at }.Any(i => i >= 0 && i < _all.Length && Math.Abs(_all[i] - time) <= _rounding * time);
        return isListed && Math.Abs(time - expected) <= _same + _rounding * expected;
    }
}
