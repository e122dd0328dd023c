using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Sweeps;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>Measures a trajectory snapshot by snapshot and writes tables; of the trajectory it holds two snapshots.</summary>
/// <param name="request">What is asked.</param>
/// <param name="folder">Where the tables go.</param>
public sealed class TrajectoryAnalysis(AnalysisRequest request, AnalysisFolder folder) : IDisposable
{
    // Of vectors with more coordinates tables get too wide.
    private const int ManyCoordinates = 16;

    /// <summary>The mean cosine of tokens of different replicas, and by how much that of a replica's own exceeds it.</summary>
    public const string Anisotropy = "anisotropy";

    /// <summary>Mean and standard deviation of the lengths that tokens had before they were scaled.</summary>
    public const string Radius = "radius";

    /// <summary><see cref="SnapshotChange"/>, a table of its own.</summary>
    public const string Changes = "changes";

    /// <summary><see cref="ClusterLives"/>, a table of its own.</summary>
    public const string Lives = "cluster_lives";

    /// <summary><see cref="CosineHistogram"/>, a table of its own.</summary>
    public const string Cosines = "cosines";

    private static readonly Column[] AnisotropyColumns =
    [
        new("anisotropy", ColumnType.Number, "Mean of <x_i, x_j> over pairs of tokens of different replicas: what all have in common."),
        new("adjusted_cosine", ColumnType.Number, "Mean of <x_i, x_j> over different tokens of the replica, less the anisotropy."),
    ];

    private static readonly Column[] RadiusColumns =
    [
        new("radius_mean", ColumnType.Number, "Mean of the radii r_i, weighted by m_i."),
        new("radius_deviation", ColumnType.Number, "Standard deviation of the radii r_i, weighted by m_i."),
    ];

    private static readonly Column Time = new("time", ColumnType.Number, "Time of the snapshot, as the source has it.");

    private readonly OpenDevices _devices = new();
    private readonly List<FlowGroup> _groups = [];
    private readonly SortedDictionary<string, string> _leftOut = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, CrossingTimes> _crossings = [];
    private readonly AlertWatch _watch = new();
    private readonly CosineHistogram _histogram = new();
    private ClusterLives? _lives;
    private CsvTable? _observables, _changes, _cosines;
    private string[] _names = [];
    private bool _hasAnisotropy, _hasRadius;
    private Snapshot? _before;
    private (string Reason, double Time)? _reason;
    private double _first;
    private long _tokens, _compared, _notCompared;

    /// <summary>What can be asked for beside the observables of runs.</summary>
    public static IReadOnlyList<string> OfTrajectories { get; } = [Radius, Anisotropy, Changes, Lives, Cosines];

    /// <summary>Looks at the next snapshot.</summary>
    /// <exception cref="ConfigurationException">Something that was asked for cannot be measured.</exception>
    public void See(Snapshot snapshot, CancellationToken stop)
    {
        List<IReadOnlyList<TokenSet>> parts = Parts(snapshot);
        Update(snapshot, parts);
        bool needsDrift = _groups[0].Observables.Any(o => o.NeedsDrift) || request.Experiment?.Time.Until?.Speed is not null;
        int width = _observables!.Columns.Count, row = 0;
        double[] rows = new double[snapshot.Replicas.Count * width];
        List<string?> holds = [];
        for (int g = 0; g < parts.Count; g++)
        {
            Frame frame = _groups[g].FrameAt(snapshot, parts[g], needsDrift, stop);
            Measure(frame, parts[g], _groups[g].Observables, rows.AsSpan(row * width));
            if (_reason is null && request.Experiment?.Time.Until is { } until) holds.Add(until.Holds(frame, left: null));
            row += parts[g].Count;
        }
        if (_hasRadius) MeasureRadius(snapshot, rows, width);
        if (_hasAnisotropy) MeasureAnisotropy(snapshot, rows, width);
        if (holds.Count > 0 && holds.All(h => h is not null)) _reason = (holds[0]!, snapshot.Time);
        Append(rows, snapshot.Time);
        for (int r = 0; r < snapshot.Replicas.Count; r++)
        {
            TokenSet set = snapshot.Replicas[r];
            _tokens += set.Count;
            See(set.Replica, snapshot.Time, rows.AsSpan(r * width, width));
            _lives?.See(snapshot.Time, set, snapshot.Dimension);
            _cosines?.Append(_histogram.Rows(snapshot.Time, set, snapshot.Dimension));
            if (_changes is null || _before?.Of(set.Replica) is not { } earlier) continue;
            if (!set.HasTokensOf(earlier))
            {
                _notCompared++;
                continue;
            }
            _compared++;
            (double rms, double largest) = SnapshotChange.Displacement(set, earlier, snapshot.Dimension);
            _changes.Append([snapshot.Time, set.Replica, _before.Time, rms, largest, SnapshotChange.Cka(set, earlier, snapshot.Dimension)]);
        }
        if (_before is null) _first = snapshot.Time;
        _before = snapshot;
    }

    /// <summary>What there is to be said when all snapshots were seen.</summary>
    /// <param name="record">What is known of the analysis.</param>
    /// <exception cref="ConfigurationException">There were none.</exception>
    public AnalysisRecord End(AnalysisRecord record)
    {
        if (_before is null) throw new ConfigurationException($"{record.Sources[0].Name}: there are no tokens in it.");
        _lives?.End();
        if (_notCompared > 0)
            _leftOut[Changes] = $"{_notCompared} of {_compared + _notCompared} times the tokens of a replica are not those of the snapshot "
                + "before; its clusters begin anew there";
        return record with
        {
            Snapshots = _before.Number + 1,
            Times = [_first, _before.Time],
            Dimension = _before.Dimension,
            Tokens = _tokens,
            LeftOut = new Dictionary<string, string>(_leftOut),
            Alerts = _watch.Alerts,
            Crossings = [.. _crossings.SelectMany(c => request.When.Select((w, i) => new CrossingRecord($"{w}", c.Key, c.Value.Times[i])))],
            Reason = _reason?.Reason,
            ReasonTime = _reason?.Time,
        };
    }

    /// <summary>Closes the devices.</summary>
    public void Dispose() => _devices.Dispose();

    private void Append(double[] rows, double time)
    {
        try
        {
            _observables!.Append(rows);
        }
        catch (NonFiniteException e)
        {
            throw new ConfigurationException(Text.Of($"at time {time}, {e.Column} is beyond the range of doubles; take a smaller ")
                + "interaction.beta, interaction.normalization=softmax, or others of --observables.");
        }
    }

    private void See(int replica, double time, ReadOnlySpan<double> row)
    {
        if (request.When.Count == 0) return;
        if (!_crossings.TryGetValue(replica, out CrossingTimes? times))
            _crossings[replica] = times = new(request.When, [.. _observables!.Columns.Select(c => c.Name)]);
        times.See(time, row);
    }

    // Neighbours of as many tokens each.
    private static List<IReadOnlyList<TokenSet>> Parts(Snapshot snapshot)
    {
        List<IReadOnlyList<TokenSet>> parts = [];
        for (int r = 0; r < snapshot.Replicas.Count;)
        {
            TokenSet[] same = [.. snapshot.Replicas.Skip(r).TakeWhile(s => s.Count == snapshot.Replicas[r].Count)];
            parts.Add(same);
            r += same.Length;
        }
        return parts;
    }

    // Flows that fit; the columns, at the first snapshot.
    private void Update(Snapshot snapshot, List<IReadOnlyList<TokenSet>> parts)
    {
        if (_groups.Count > parts.Count) _groups.RemoveRange(parts.Count, _groups.Count - parts.Count);
        for (int g = 0; g < parts.Count; g++)
        {
            if (g < _groups.Count && _groups[g].Fits(parts[g])) continue;
            FlowGroup group = FlowGroup.Of(request, parts[g], snapshot.Dimension, _devices);
            if (_observables is null) Choose(group, snapshot);
            else
                group.Observables = [.. _names.Select(name => Make(name, group)
                    ?? throw new ConfigurationException(Text.Of($"at time {snapshot.Time}, {name}: {_leftOut[name]}; ask for the ")
                        + "others with --observables."))];
            if (g < _groups.Count) _groups[g] = group;
            else _groups.Add(group);
        }
    }

    private void Choose(FlowGroup group, Snapshot snapshot)
    {
        if (group.Flow.Dimension > ManyCoordinates && request.Observables is null)
            foreach (string wide in (string[])["mean", "covariance"])
                _leftOut[wide] = $"it has a column for each of {group.Flow.Dimension} coordinates; ask for it with --observables";
        string[] asked = [.. request.Observables ?? [.. Observable.All.Keys.Except(_leftOut.Keys), .. OfTrajectories]];
        _hasAnisotropy = asked.Contains(Anisotropy) && snapshot.Replicas.Count > 1;
        _hasRadius = asked.Contains(Radius) && snapshot.Replicas.All(s => s.Radii is not null);
        if (asked.Contains(Radius) && !_hasRadius)
            _leftOut[Radius] = "the source has no column 'radius', and --normalize was not asked for";
        if (asked.Contains(Anisotropy) && !_hasAnisotropy) _leftOut[Anisotropy] = "it compares replicas, and there is one";
        List<(string Name, Observable Made)> made = [];
        foreach (string name in asked.Except(OfTrajectories))
            if (Make(name, group) is { } observable) made.Add((name, observable));
        if (request.Observables is not null && _leftOut.Count > 0)
            throw new ConfigurationException($"--observables: {_leftOut.First().Key}: {_leftOut.First().Value}.");
        (_names, group.Observables) = ([.. made.Select(m => m.Name)], [.. made.Select(m => m.Made)]);
        Column[] columns = [.. made.SelectMany(m => m.Made.Columns),
            .. _hasRadius ? RadiusColumns : [], .. _hasAnisotropy ? AnisotropyColumns : []];
        _observables = folder.Open(AnalysisFolder.ObservablesFile, "Observables of every replica at the times of the snapshots",
            [Time, .. RunColumns.Observables(columns).Skip(1)], [.. RunColumns.ObservableKey]);
        if (asked.Contains(Changes))
            _changes = folder.Open(AnalysisFolder.ChangesFile, "What changed from snapshot to snapshot", SnapshotChange.Columns,
                "time", "replica");
        if (asked.Contains(Cosines))
            _cosines = folder.Open(AnalysisFolder.CosinesFile, "Cosines of pairs of tokens", CosineHistogram.Columns,
                "time", "replica", "from");
        if (asked.Contains(Lives))
            _lives = new(folder.Open(AnalysisFolder.ClustersFile, "Lives of clusters", ClusterLives.Columns, "replica", "cluster"));
        foreach (Crossing crossing in request.When)
            if (columns.All(c => c.Name != crossing.Column))
                throw new ConfigurationException($"--when {crossing}: there is no column '{crossing.Column}'; "
                    + Names.Hint(crossing.Column, [.. columns.Select(c => c.Name)]));
    }

    // Null where it cannot be had; then it is known why.
    private Observable? Make(string name, FlowGroup group)
    {
        try
        {
            Observable observable = Observable.All[name](group.Flow);
            string? why = observable is IObserver || observable.NeedsTangents ? "it follows the steps of a run, which snapshots do not show"
                : request.Experiment is null && observable.NeedsInteraction
                    ? "it needs an interaction: --experiment FILE, or --set interaction.beta=.." : null;
            if (why is null) return observable;
            _leftOut[name] = why;
        }
        catch (NotSupportedException e)
        {
            _leftOut[name] = e.Message;
        }
        return null;
    }

    private void Measure(in Frame frame, IReadOnlyList<TokenSet> sets, IReadOnlyList<Observable> observables, Span<double> rows)
    {
        int width = _observables!.Columns.Count, column = 2;
        for (int r = 0; r < sets.Count; r++) (rows[r * width], rows[r * width + 1]) = (frame.Time, sets[r].Replica);
        foreach (Observable observable in observables)
        {
            int count = observable.Columns.Count;
            double[] values = new double[sets.Count * count];
            observable.Measure(frame, values);
            _watch.See(observable, frame.Time, values, r => sets[r].Replica);
            for (int r = 0; r < sets.Count; r++) values.AsSpan(r * count, count).CopyTo(rows[(r * width + column)..]);
            column += count;
        }
    }

    private void MeasureRadius(Snapshot snapshot, double[] rows, int width)
    {
        int at = width - (_hasAnisotropy ? AnisotropyColumns.Length : 0) - RadiusColumns.Length;
        for (int r = 0; r < snapshot.Replicas.Count; r++)
        {
            TokenSet set = snapshot.Replicas[r];
            if (set.Radii is not { } radii) continue;
            double[] weights = set.Weights ?? [.. Enumerable.Repeat(1.0 / set.Count, set.Count)];
            double mean = CompensatedSum.Of(weights, radii);
            double square = CompensatedSum.Of(weights, [.. radii.Select(x => (x - mean) * (x - mean))]);
            (rows[r * width + at], rows[r * width + at + 1]) = (mean, Math.Sqrt(square));
        }
    }

    // (|sum_r m_r|^2 - sum_r |m_r|^2)/(R (R - 1)), m_r the mean token of replica r: no pair is looked at.
    private static void MeasureAnisotropy(Snapshot snapshot, double[] rows, int width)
    {
        int d = snapshot.Dimension, replicas = snapshot.Replicas.Count;
        double[] sum = new double[d], mean = new double[d], own = new double[replicas];
        double squares = 0;
        for (int r = 0; r < replicas; r++)
        {
            TokenSet set = snapshot.Replicas[r];
            double[] weights = set.Weights ?? [.. Enumerable.Repeat(1.0 / set.Count, set.Count)];
            Mean.Of(set.Positions, weights, 0, set.Count, mean);
            Sphere.AddScaled(sum, 1, mean);
            double square = Sphere.Dot(mean, mean);
            squares += square;
            own[r] = set.Count == 1 ? 1 : (set.Count * square - 1) / (set.Count - 1);
        }
        double anisotropy = replicas == 1 ? 0 : (Sphere.Dot(sum, sum) - squares) / (replicas * (replicas - 1.0));
        for (int r = 0; r < replicas; r++)
            (rows[(r + 1) * width - 2], rows[(r + 1) * width - 1]) = (anisotropy, own[r] - anisotropy);
    }
}
