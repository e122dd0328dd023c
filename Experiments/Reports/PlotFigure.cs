using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Experiments.Reports;

/// <summary>Single figures at the widths of a journal's columns, from files alone.</summary>
/// <param name="columns">1: 86 mm; 2: 178 mm.</param>
internal sealed class PlotFigure(int columns)
{
    /// <summary>The width in print.</summary>
    public double Millimetres => columns == 1 ? 86 : 178;

    // One unit is the same length in print for both, so that text is of 8 pt.
    private double Width => columns == 1 ? 396 : 820;

    /// <summary>Columns of observables against time, of one run or of several.</summary>
    /// <exception cref="ConfigurationException">There is no such column.</exception>
    public string Observables(IReadOnlyList<Observed> runs, IReadOnlyList<string> names)
    {
        string[] known = [.. runs.SelectMany(r => r.Table.Columns).Distinct()];
        ChartPanel[] panels = [.. ObservableCharts.Scalars(runs, Chosen(names, known))];
        int perRow = Math.Min(panels.Length, columns == 1 ? 1 : 3);
        return new Chart("Observables against time", string.Join(", ", panels.Select(p => p.Title)),
            [.. panels.Select(p => panels.Length == 1 ? p with { Title = "", Y = p.Y with { Label = p.Title } } : p)])
        {
            Width = Width, PerRow = perRow, PlotHeight = perRow == 1 ? 220 : 170, DarkMode = false,
        }.Render();
    }

    /// <summary>Columns of observables over the parameters of a sweep.</summary>
    /// <exception cref="ConfigurationException">There is no such column, or no parameter that is a number.</exception>
    public string Sweep(string folder, IReadOnlyList<string> names)
    {
        SweepPoints points = SweepPoints.Read(folder);
        if (points.Ended.Count == 0) throw new ConfigurationException($"{folder}: no point of the sweep has ended.");
        if (points.Parameters is not [{ IsNumber: true }, ..])
            throw new ConfigurationException($"{folder}: no parameter of the sweep is a number, so there is no axis; 'collect' makes "
                + $"its table.");
        if (points.Parameters.Count > 2)
            throw new ConfigurationException($"{folder}: a figure shows two parameters, this sweep has {points.Parameters.Count}: "
                + string.Join(", ", points.Parameters.Select(p => p.Key)) + "; its report has a figure for each combination of the "
                    + "others.");
        return SweepCharts.Draw(points, Chosen(names, points.Observables), new Dictionary<string, string>(), Width, darkMode: false);
    }

    /// <summary>Tokens: of one run at chosen times, of several at their ends.</summary>
    /// <exception cref="ConfigurationException">There are none, or of several dimensions.</exception>
    public string Tokens(IReadOnlyList<ReportedRun> runs)
    {
        if (runs.FirstOrDefault(r => r.Seen.Tokens.Snapshots.Count == 0) is { } empty)
            throw new ConfigurationException($"{empty.Folder}: there are no snapshots in it.");
        if (runs.Select(r => r.Seen.Tokens.Dimension).Distinct().Count() > 1)
            throw new ConfigurationException("--tokens: the runs are of several dimensions; give those of one.");
        int perRow = columns == 1 ? 2 : runs.Count == 1 ? 4 : 3;
        SphereFigure style = new() { PerRow = perRow, PanelWidth = Math.Floor(Width / perRow), DarkMode = false };
        return runs.Count == 1 ? TokenFigures.Times(runs[0].Seen, style).Svg
            : TokenFigures.Ends([.. runs.Select(r => r.Seen)], [.. runs.Select(r => r.Name)], style).Svg;
    }

    /// <summary>The observables of an analysis.</summary>
    public static Observed OfAnalysis(string folder)
    {
        AnalysisRecord record = AnalysisRecord.Read(Path.Combine(folder, AnalysisFolder.RecordFile));
        return new Observed(record.Name ?? "", MeanTable.Read(Path.Combine(folder, AnalysisFolder.ObservablesFile)))
        {
            Alerts = record.Alerts, TimeName = record.TimeName ?? "t",
        };
    }

    /// <summary>The figure as an SVG file of its width in print.</summary>
    public string Printed(string svg)
    {
        int start = svg.IndexOf(" width=\"", StringComparison.Ordinal), end = svg.IndexOf(" viewBox=\"", StringComparison.Ordinal);
        string[] box = svg[(end + 10)..svg.IndexOf('"', end + 10)].Split(' ');
        double height = Millimetres * double.Parse(box[3], CultureInfo.InvariantCulture)
            / double.Parse(box[2], CultureInfo.InvariantCulture);
        return Text.Of($"{svg[..start]} width=\"{Millimetres}mm\" height=\"{height:0.##}mm\"{svg[end..]}");
    }

    // Those named; the first where none is.
    private static string[] Chosen(IReadOnlyList<string> names, IReadOnlyList<string> known)
    {
        foreach (string name in names.Where(n => !known.Contains(n)))
            throw new ConfigurationException($"--observable {Quoted.Short(name)}: unknown; {Names.Hint(name, known)}");
        return names.Count > 0 ? [.. names] : known.Count > 0 ? [known[0]] : throw new ConfigurationException("there are no observables.");
    }
}
