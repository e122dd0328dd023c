using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>An observer of a list of times.</summary>
/// <param name="times">Rising.</param>
public abstract class TimedObserver(IReadOnlyList<double> times) : IObserver
{
    private double _last = double.NaN;
    private long _step;

    /// <summary>The last time observed and the steps until then; 0 before the first.</summary>
    public (double Time, long Steps) LastObserved => (double.IsNaN(_last) ? 0 : _last, _step);

    /// <summary>How many times have been observed.</summary>
    protected int Seen { get; private set; }

    /// <inheritdoc/>
    public double NextTime => Seen < times.Count ? times[Seen] : double.PositiveInfinity;

    /// <inheritdoc/>
    public virtual bool NeedsDrift => true;

    /// <inheritdoc/>
    public virtual bool NeedsTangents => false;

    /// <inheritdoc/>
    public void Observe(in Frame frame)
    {
        Record(frame);
        (_last, _step) = (frame.Time, frame.Step);
        Seen++;
    }

    /// <summary>The last time of a run that ends before the next time of the list.</summary>
    public void Ended(in Frame frame)
    {
        if (Seen < times.Count && frame.Time != _last) Observe(frame);
    }

    /// <inheritdoc/>
    public virtual void Keep(Archive archive)
    {
        (double last, int seen) = (_last, Seen);
        archive.Number("last", ref last);
        archive.Whole("step", ref _step);
        archive.Whole("seen", ref seen);
        (_last, Seen) = (last, seen);
    }

    /// <summary>Records one time.</summary>
    protected abstract void Record(in Frame frame);
}

/// <summary>Measures observables and writes them to observables.csv: one row per time and replica.</summary>
/// <param name="table">A table with the columns <see cref="RunColumns.Observables"/> of these observables.</param>
/// <param name="times">When.</param>
/// <param name="observables">What, in the order of the columns.</param>
public sealed class ObservableWriter(CsvTable table, IReadOnlyList<double> times, IReadOnlyList<Observable> observables)
    : TimedObserver(times)
{
    private readonly AlertWatch _watch = new();

    /// <summary>The warning levels that what was written crossed.</summary>
    public IReadOnlyList<Alert> Alerts => _watch.Alerts;

    /// <inheritdoc/>
    public override bool NeedsDrift => observables.Any(o => o.NeedsDrift);

    /// <inheritdoc/>
    public override bool NeedsTangents => observables.Any(o => o.NeedsTangents);

    /// <inheritdoc/>
    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        table.Keep(archive);
        _watch.Keep(archive, observables.SelectMany(o => o.Warnings));
    }

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

/// <summary>Writes positions to snapshots.csv: rows by snapshot, replica, token, of evenly spread tokens.</summary>
public sealed class SnapshotWriter : TimedObserver
{
    private const int RowsAtOnce = 4096;

    private readonly CsvTable _table;
    private readonly int _tokens;
    private readonly int? _digits;

    /// <summary>Writes to a table with the columns <see cref="RunColumns.Snapshots"/>.</summary>
    /// <param name="table">The table.</param>
    /// <param name="times">When.</param>
    /// <param name="tokens">How many tokens of a replica to keep, k = 0, 1, ..: the tokens floor(k n / tokens).</param>
    /// <param name="digits">Significant digits of coordinates and radii; null: all of a double.</param>
    public SnapshotWriter(CsvTable table, IReadOnlyList<double> times, int tokens, int? digits = null) : base(times) =>
        (_table, _tokens, _digits) = (table, tokens, digits);

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        _table.Keep(archive);
    }

    /// <inheritdoc/>
    protected override void Record(in Frame frame)
    {
        Flow flow = frame.Flow;
        bool hasWeight = flow.Layer.HasMovingWeights;
        int d = flow.Dimension, rounded = RunColumns.FirstRounded + d + (flow.Scheme.HasRadius ? 1 : 0);
        int width = rounded + (hasWeight ? 1 : 0), filled = 0;
        double[] buffer = new double[Math.Min(RowsAtOnce, flow.Replicas * _tokens) * width];
        using Lock.Scope whole = _table.Together();
        for (int r = 0; r < flow.Replicas; r++)
            for (int k = 0; k < _tokens; k++)
            {
                int token = (int)((long)k * flow.Tokens / _tokens), row = r * flow.Tokens + token;
                Span<double> target = buffer.AsSpan(filled, width);
                (target[0], target[1], target[2], target[3], target[4]) = (Seen, frame.Time, r, token, flow.Labels[row]);
                frame.Positions.AsSpan(row * d, d).CopyTo(target[RunColumns.FirstRounded..]);
                if (flow.Scheme.HasRadius) target[rounded - 1] = frame.Radii[row];
                if (hasWeight) target[rounded] = flow.Weights[row];
                if (_digits is { } digits)
                    foreach (ref double number in target[RunColumns.FirstRounded..rounded]) number = Digits.Round(number, digits);
                filled += width;
                if (filled < buffer.Length) continue;
                _table.Append(buffer);
                filled = 0;
            }
        if (filled > 0) _table.Append(buffer.AsSpan(0, filled));
    }
}

/// <summary>Writes mergers to mergers.csv as they happen: in the order of time for each replica.</summary>
/// <param name="table">A table with the columns <see cref="RunColumns.Mergers"/>.</param>
public sealed class MergerWriter(CsvTable table) : IObserver
{
    /// <inheritdoc/>
    public bool NeedsDrift => false;

    /// <inheritdoc/>
    public void Merged(in Merger merger) =>
        table.Append([merger.Time, merger.Replica, merger.Token, merger.Into, merger.MassToken, merger.MassInto, merger.Left]);

    /// <inheritdoc/>
    public void Keep(Archive archive) => table.Keep(archive);
}

/// <summary>
/// Writes energy plateaus to plateaus.csv: spans of time, at least a factor 2 long, in which t dE/dt stays below a hundredth of k(1)/2 at
/// the end of every step. In a metastable run each is a stair: the energy of a number of clusters that hardly move.
/// </summary>
public sealed class PlateauWriter : IObserver
{
    internal const double Shortest = 2;
    private const double Flat = 0.01;

    private readonly CsvTable _table;
    private readonly Span?[] _open;

    private sealed record Span(double Start, double End, double Energy, double Slope);

    /// <summary>Writes to a table with the columns <see cref="RunColumns.Plateaus"/>.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public PlateauWriter(CsvTable table, Flow flow)
    {
        EnergyObservable.ThrowIfNone(flow);
        (_table, _open) = (table, new Span?[flow.Replicas]);
    }

    /// <inheritdoc/>
    public bool NeedsDrift => false;

    /// <inheritdoc/>
    public void Stepped(in Step step)
    {
        if (step.Time == 0) return;
        double slope = step.Time * step.Rate;
        if (!(slope < Flat * step.Flow.Interaction.DiracEnergy)) Close(step.Replica);
        else if (_open[step.Replica] is not { } open) _open[step.Replica] = new Span(step.Time, step.Time, step.Energy, slope);
        else _open[step.Replica] = slope < open.Slope ? new Span(open.Start, step.Time, step.Energy, slope) : open with { End = step.Time };
    }

    /// <inheritdoc/>
    public void Ended(in Frame frame)
    {
        for (int r = 0; r < _open.Length; r++) Close(r);
    }

    /// <inheritdoc/>
    public void Keep(Archive archive)
    {
        _table.Keep(archive);
        for (int r = 0; r < _open.Length; r++)
        {
            double[] span = _open[r] is { } open ? [open.Start, open.End, open.Energy, open.Slope] : [];
            archive.List($"span{r}", ref span);
            _open[r] = span.Length == 0 ? null : new Span(span[0], span[1], span[2], span[3]);
        }
    }

    private void Close(int replica)
    {
        if (_open[replica] is { } open && open.End >= Shortest * open.Start) _table.Append([replica, open.Start, open.End, open.Energy]);
        _open[replica] = null;
    }
}
