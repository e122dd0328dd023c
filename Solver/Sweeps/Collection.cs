using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>
/// The points of a sweep in one table. Cells are text, whole numbers, numbers, or null for nothing. Points that have not ended have their
/// parameters and their status.
/// </summary>
public sealed class Collection
{
    private readonly SweepTable _table;
    private readonly (SweepRow Point, PointStatus Status, RunRecord? Run, string Observables, string[] Columns)[] _points;
    private readonly string[] _columns;

    private Collection(string folder, SweepTable table)
    {
        _table = table;
        _points = [.. table.Rows.Select(row =>
        {
            (PointStatus status, RunRecord? run) = SweepFolder.StatusOf(Path.Combine(folder, row.Folder));
            string path = Path.Combine(folder, row.Folder, RunFolder.ObservablesFile);
            return (row, status, run, path, Header(path));
        })];
        _columns = [.. _points.SelectMany(p => p.Columns).Distinct()];
    }

    /// <summary>The columns of all points' observables, each once, without time and replica.</summary>
    public IReadOnlyList<string> Observables => _columns;

    /// <summary>The keys that vary.</summary>
    public IReadOnlyList<string> Keys => _table.Keys;

    /// <summary>Reads points.csv and what there is of the points.</summary>
    /// <exception cref="IOException">The folder is not that of a sweep, or a file in it cannot be read.</exception>
    public static Collection Read(string folder) => new(folder, SweepTable.Read(folder));

    /// <summary>
    /// A row for each replica of each point: parameters, status, the last row of the observables, the number and the signs of the run's
    /// alerts, when levels were first crossed, and the time spent on the run.
    /// </summary>
    public (IReadOnlyList<string> Columns, IEnumerable<object?[]> Rows) Summary(IReadOnlyList<Crossing> when)
    {
        string[] columns = ["point", "folder", .. _table.Keys, "status", "replica", "time", .. _columns, "alerts", "alert_signs",
            .. when.Select(c => c.ToString()), "wall_seconds"];
        return (columns, _points.SelectMany(p => Last(p.Observables, p.Columns, when).Select(last => (object?[])
            [.. Front(p.Point), p.Status.ToString().ToLowerInvariant(), .. last.Cells,
                p.Run?.Alerts.Count, p.Run is null ? null : string.Join("; ", p.Run.Alerts.Select(a => a.Sign).Distinct()),
                .. last.Times, p.Run?.WallSeconds])));
    }

    /// <summary>All rows of the observables of all points, the parameters in front.</summary>
    public (IReadOnlyList<string> Columns, IEnumerable<object?[]> Rows) Long()
    {
        string[] columns = ["point", "folder", .. _table.Keys, "time", "replica", .. _columns];
        return (columns, _points.Where(p => p.Columns.Length > 0).SelectMany(p =>
        {
            List<object?[]> rows = [];
            int[] places = Places(p.Columns);
            CsvData.ReadRows(p.Observables, ["time", "replica", .. p.Columns], row =>
            {
                rows.Add([.. Front(p.Point), row[0], (long)row[1], .. Spread(row[2..], places)]);
                return true;
            });
            return rows;
        }));
    }

    private static object?[] Front(SweepRow point) => [(long)point.Number, point.Folder, .. point.Values];

    // The cells of replica, time and observables, and the times of the crossings, of each replica; of none, once nothing.
    private IEnumerable<(object?[] Cells, object?[] Times)> Last(string path, string[] own, IReadOnlyList<Crossing> when)
    {
        SortedDictionary<int, Replica> replicas = [];
        if (own.Length > 0)
            CsvData.ReadRows(path, ["time", "replica", .. own], row =>
            {
                int number = (int)row[1];
                if (!replicas.TryGetValue(number, out Replica? replica))
                    replicas[number] = replica = new(own.Length, new(when, own));
                replica.See(row[0], row[2..]);
                return true;
            });
        if (replicas.Count == 0) return [(new object?[2 + _columns.Length], new object?[when.Count])];
        int[] places = Places(own);
        return replicas.Select(r => ((object?[])[(long)r.Key, r.Value.Time, .. Spread(r.Value.Values, places)],
            (object?[])[.. r.Value.Crossings.Times.Select(t => (object?)t)]));
    }

    private int[] Places(string[] own) => [.. own.Select(column => Array.IndexOf(_columns, column))];

    private object?[] Spread(ReadOnlySpan<double> values, int[] places)
    {
        object?[] cells = new object?[_columns.Length];
        for (int c = 0; c < places.Length; c++) cells[places[c]] = values[c];
        return cells;
    }

    private static string[] Header(string path)
    {
        try { return [.. CsvData.Header(path).Where(column => column is not ("time" or "replica"))]; }
        catch (IOException) when (!File.Exists(path)) { return []; } // it has not ended, or begins again
    }

    // The last row of a replica so far, and when it first crossed each level.
    private sealed class Replica(int columns, CrossingTimes crossings)
    {
        public double Time { get; private set; } = double.NaN;

        public double[] Values { get; } = new double[columns];

        public CrossingTimes Crossings => crossings;

        public void See(double time, ReadOnlySpan<double> values)
        {
            crossings.See(time, values);
            Time = time;
            values.CopyTo(Values);
        }
    }
}
