namespace AttentionFlow.Experiments.Reports;

/// <summary>What was observed of a run or of a trajectory, for charts.</summary>
/// <param name="Name">Of the run, for the legend.</param>
/// <param name="Table">The observables.</param>
internal sealed record Observed(string Name, MeanTable Table)
{
    /// <summary>What the columns come to in the end, where theory says so.</summary>
    public IReadOnlyDictionary<string, double> Predicted { get; init; } = new Dictionary<string, double>();

    /// <summary>Warning levels that were crossed.</summary>
    public IReadOnlyList<Alert> Alerts { get; init; } = [];

    /// <summary>What the times are.</summary>
    public string TimeName { get; init; } = "time t";
}

/// <summary>Charts of observables against time, a panel for each column or vector, a line for each run.</summary>
internal static class ObservableCharts
{
    /// <summary>The runs that can be told apart in one panel.</summary>
    public const int MostRuns = 8;

    private const int MostComponents = 6;

    /// <summary>Of runs, in their order: the hues of trajectory.html.</summary>
    public static readonly string[] Colours =
        [Palette.Blue, Palette.Vermilion, Palette.Green, Palette.Purple, Palette.Ochre, Palette.Sky];
    private const double LowShare = 0.05, HighShare = 0.95;

    /// <summary>What bands are.</summary>
    public const string Bands = "Lines are medians over replicas, bands reach from 5 to 95 % of them.";

    /// <summary>A panel for each of these columns.</summary>
    public static IReadOnlyList<ChartPanel> Scalars(IReadOnlyList<Observed> runs, IEnumerable<string> columns) =>
        [.. columns.Select(column => Panel(column, runs, [.. runs.Select((run, i) => (run, i))
            .Where(r => r.run.Table.Columns.Contains(column))
            .SelectMany(r => Line(r.run, column, runs.Count > 1 ? r.run.Name : "", r.i))], [column]))];

    /// <summary>A panel for each vector of one run, its first components as lines.</summary>
    public static IReadOnlyList<ChartPanel> Vectors(Observed run) =>
        [.. run.Table.Vectors.Select(vector => Panel(vector.Key, [run],
            [.. vector.Take(MostComponents).SelectMany((column, i) => Line(run, column, column[vector.Key.Length..], i))],
            [.. vector.Take(MostComponents)]))];

    /// <summary>The panels below each other in rows of so many.</summary>
    public static string Draw(string title, IReadOnlyList<ChartPanel> panels, int perRow = 3) =>
        new Chart(title, $"A panel for each of {string.Join(", ", panels.Select(p => p.Title))}, against time.",
            [.. panels.Select((p, i) => i >= panels.Count - perRow ? p : p with { X = p.X with { Label = "" } })])
        {
            PerRow = Math.Min(perRow, panels.Count), PlotHeight = 130,
        }.Render();

    /// <summary>The axis of times; those that are spread evenly in their logarithm leave 0 out.</summary>
    public static Axis TimeAxis(IReadOnlyList<Observed> runs)
    {
        double last = runs.Max(r => r.Table.Times[^1]);
        double[] firsts = [.. runs.Select(r => r.Table.Times.FirstOrDefault(t => t > 0)).Where(t => t > 0)];
        string name = runs[0].TimeName;
        return runs.All(IsLogarithmic) ? new Axis(name, firsts.Min(), last, Log: true)
            : Axis.Around(name, runs.SelectMany(r => r.Table.Times), spare: 0.02);

        // The middle one of many times lies far below the middle.
        static bool IsLogarithmic(Observed run) => run.Table.Times is { Length: > 3 } times && times[0] >= 0
            && times[times.Length / 2] < 0.1 * times[^1] && times.First(t => t > 0) < 0.01 * times[^1];
    }

    private static ChartPanel Panel(string title, IReadOnlyList<Observed> runs, IReadOnlyList<Series> lines, IReadOnlyList<string> columns)
    {
        double[] predicted = [.. columns.SelectMany(c => runs.Where(r => r.Predicted.ContainsKey(c))
            .Select(r => r.Predicted[c])).Distinct()];
        Axis value = ValueAxis([.. lines.SelectMany(l => l.Y.Concat(l.Low ?? []).Concat(l.High ?? [])), .. predicted]);
        Alert[] alerts = [.. runs.SelectMany(r => r.Alerts).Where(a => columns.Contains(a.Indicator))];
        return new ChartPanel(title, TimeAxis(runs), value, lines)
        {
            References =
            [
                .. predicted.Where(p => !value.Log || p >= value.Min).Select(p => new Reference(p, "predicted limit")),
                .. alerts.Select(a => a.Level).Distinct().Where(l => l >= value.Min && l <= value.Max)
                    .Select(l => new Reference(l, "warning level") { Dash = "1 3" }),
                .. alerts.Where(a => a.Time > 0).Select(a => new Reference(a.Time, "alert") { Vertical = true, Dash = "2 3" }),
            ],
        };
    }

    private static IEnumerable<Series> Line(Observed run, string column, string label, int index)
    {
        Series line = new(label, Colours[index % Colours.Length], run.Table.Times, run.Table.Quantile(column, 0.5))
        {
            Width = 1.6, Sign = label.Length > 0 ? (Sign)(1 + index % 4) : Sign.None,
        };
        yield return run.Table.Replicas == 1 ? line
            : line.Between(run.Table.Quantile(column, LowShare), run.Table.Quantile(column, HighShare));
    }

    /// <summary>
    /// An axis around the finite values; logarithmic for positive ones that fall by many decades, as gaps do: what rounding makes of zero
    /// lies below it.
    /// </summary>
    public static Axis ValueAxis(double[] values)
    {
        values = [.. values.Where(double.IsFinite)];
        if (values.Length == 0) return Axis.Around("", values);
        double most = values.Max(), least = values.Min();
        double[] positive = [.. values.Where(v => v > 1e-16 * most)];
        return most > 0 && least > -1e-12 * most && positive.Min() < 1e-5 * most && positive.Count(v => v < 0.01 * most) > 2
            ? new Axis("", positive.Min() / 2, most * 2, Log: true) { Ticks = 4 } : Axis.Around("", values);
    }
}
