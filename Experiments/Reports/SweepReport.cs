using AttentionFlow.Experiments.Pages;
using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Experiments.Reports;

/// <summary>The page of a sweep, which may be under way, from the files of its points.</summary>
internal static class SweepReport
{
    private const int MostEnds = 12, MostOthers = 6, MostRows = 60;

    /// <summary>The page.</summary>
    /// <param name="folder">The folder of the sweep.</param>
    /// <param name="title">Of the sweep.</param>
    /// <param name="pageFolder">Where the page will be.</param>
    /// <param name="stop">Ends the reading.</param>
    public static string Html(string folder, string title, string pageFolder, CancellationToken stop)
    {
        SweepPoints points = SweepPoints.Read(folder);
        HtmlReport page = new(title);
        string over = string.Join(", ", points.Parameters.Select(p => $"{p.Key} ({p.Values.Count})").DefaultIfEmpty("seeds"));
        page.Paragraph($"A sweep of {points.Count} points over {over}: "
            + $"{string.Join(", ", points.Statuses.Select(s => $"{s.Count} {s.Status}"))}.");
        string from = Path.GetRelativePath(pageFolder, folder);
        page.Links([(Path.Combine(from, SweepFolder.PointsFile), SweepFolder.PointsFile, "which point is where"),
            (Path.Combine(from, SweepFolder.SweepFile), SweepFolder.SweepFile, "the sweep")]);
        if (points.Ended.Count == 0) return page.Paragraph("No point has ended yet.").ToHtml();
        AddCharts(page, points);
        AddEnds(page, folder, points, stop);
        AddNumbers(page, points);
        return page.Section("How this was made").Paragraph("The table behind it, a row for each point:")
            .Command($"attentionflow collect "
                + $"{Quoted.ForShell(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))}").ToHtml();
    }

    private static void AddCharts(HtmlReport page, SweepPoints points)
    {
        if (points.Observables.Count == 0 || points.Parameters is not [{ IsNumber: true }, ..]) return;
        page.Section("Last values");
        IReadOnlyList<IReadOnlyDictionary<string, string>> others = points.Combinations(points.Parameters.Skip(SweepCharts.Shown(points)));
        foreach (IReadOnlyDictionary<string, string> other in others.Take(MostOthers))
            page.Figure(SweepCharts.Draw(points, points.Observables, other), $"Observables at the ends of runs{Where(other)}. "
                + $"{SweepCharts.Meaning(points)}");
        if (others.Count > MostOthers)
            page.Paragraph($"There are {others.Count - MostOthers} more combinations of the other parameters; the table of 'collect' "
                + $"has all.");

        static string Where(IReadOnlyDictionary<string, string> other) =>
            other.Count == 0 ? "" : " with " + string.Join(", ", other.Select(o => $"{o.Key} = {o.Value}"));
    }

    // Evenly chosen among the combinations of parameters.
    private static void AddEnds(HtmlReport page, string folder, SweepPoints points, CancellationToken stop)
    {
        int count = Math.Min(MostEnds, points.Ended.Count);
        (SeenTrajectory Seen, string Title)[] seen = [.. Enumerable.Range(0, count)
            .Select(k => points.Ended[k * points.Ended.Count / count]).Select(p => (
            SeenTrajectory.Read(TrajectorySource.OfFolder(Path.Combine(folder, p.Folder)), count, stop),
            string.Join(", ", points.Parameters.Select(q => $"{q.Name} = {p.Values[q.Key]}").DefaultIfEmpty(p.Folder))))
            .Where(s => s.Item1.Tokens.Snapshots.Count > 0)];
        if (seen.Length == 0) return;
        page.Section("Tokens at the ends");
        foreach (IGrouping<int, (SeenTrajectory Seen, string Title)> group in seen.GroupBy(s => s.Seen.Tokens.Dimension))
        {
            (string svg, string caption) = TokenFigures.Ends([.. group.Select(g => g.Seen)], [.. group.Select(g => g.Title)]);
            page.Figure(svg, caption + (count < points.Ended.Count ? $" {count} of {points.Ended.Count} combinations of parameters." : ""));
        }
    }

    private static void AddNumbers(HtmlReport page, SweepPoints points)
    {
        IReadOnlyList<IReadOnlyDictionary<string, string>> rows = points.Combinations(points.Parameters);
        page.Section("Numbers").Table("Medians of last values over seeds and replicas"
            + (rows.Count > MostRows ? $", the first {MostRows} of {rows.Count} combinations." : "."),
            [.. points.Parameters.Select(p => p.Key), "values", .. points.Observables],
            rows.Take(MostRows).Select(row => (string[])
            [
                .. row.Values, $"{points.Observables.Select(o => points.Last(o, row).Length).DefaultIfEmpty().Max()}",
                .. points.Observables.Select(o => points.Last(o, row) is { Length: > 0 } last
                    ? Numbers.ForPeople(MathNet.Numerics.Statistics.Statistics.Median(last)) : ""),
            ]));
    }
}
