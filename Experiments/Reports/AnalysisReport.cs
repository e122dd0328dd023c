using AttentionFlow.Experiments.Pages;
using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Experiments.Reports;

/// <summary>The page of an analysis, from its tables alone.</summary>
internal static class AnalysisReport
{
    private const int MostLives = 200;

    /// <summary>The page.</summary>
    /// <param name="folder">Where the tables are, and the page will be.</param>
    /// <param name="record">The analysis.</param>
    /// <param name="seen">The tokens, where they are there; trajectory.html then is beside the page.</param>
    public static string Html(string folder, AnalysisRecord record, SeenTrajectory? seen)
    {
        string name = record.Name ?? "a trajectory";
        MeanTable table = MeanTable.Read(Path.Combine(folder, AnalysisFolder.ObservablesFile));
        HtmlReport page = new($"Analysis of {name}");
        string replicas = table.Replicas == 1 ? "one replica" : $"{table.Replicas} replicas";
        page.Paragraph($"{record.Snapshots} snapshots of {replicas} in {record.Dimension} dimensions, times "
            + $"{Numbers.ForPeople(record.Times[0])} to {Numbers.ForPeople(record.Times[1])}; {record.Tokens} tokens in all."
            + (record.FittedBeta is { } beta ? $" β = {Numbers.ForPeople(beta)}, the slope of the logits on the cosines, which explains "
                + $"{Numbers.ForPeople(100 * record.FittedShare ?? 0)} % of them." : ""));
        if (record.Advice is not null) page.Warning($"{record.Advice}.");
        page.Alerts("Warning levels that were crossed.", [.. record.Alerts.Select(a => (name, a))]);
        if (record.Crossings.Count > 0)
            page.Table("When levels were first crossed, on a straight line between snapshots.", ["level", "replica", "time"],
                record.Crossings.Select(c => (string[])
                    [c.Condition, $"{c.Replica}", c.Time is { } t ? Numbers.ForPeople(t) : "not crossed"]));
        if (seen is { Tokens.Snapshots.Count: > 0 })
        {
            (string svg, string caption) = TokenFigures.Times(seen);
            page.Section("Tokens").Links([(TrajectoryPage.File, TrajectoryPage.File, "the same to be turned and played")])
                .Figure(svg, caption);
        }
        Observed observed = new(name, table) { Alerts = record.Alerts, TimeName = record.TimeName ?? "t" };
        RunReport.AddObservables(page, [observed]);
        if (record.Snapshots > 1) AddChanges(page, folder, observed);
        AddCosines(page, folder, table);
        RunReport.AddNumbers(page, observed);
        if (record.LeftOut.Count > 0)
            page.Table("Not measured, and why.", ["observable", "why"], record.LeftOut.Select(l => (string[])[l.Key, l.Value]));
        return page.Section("Where it comes from").Provenance(Provenance(record)).ToHtml();
    }

    private static IEnumerable<KeyValuePair<string, string>> Provenance(AnalysisRecord record)
    {
        string sources = string.Join(", ", record.Sources.Take(3).Select(s => $"{s.Name} ({s.Bytes} bytes, SHA-256 {s.Sha256[..12]}..)"));
        yield return new("sources", sources + (record.Sources.Count > 3 ? $" and {record.Sources.Count - 3} more" : ""));
        if (record.Map is not null) yield return new("columns", record.Map);
        if (record.Replicas is { } names) yield return new("replicas", Quoted.Short(string.Join(", ", names), 400));
        yield return new("points", record.Normalized ? "scaled to length 1" : "as they are");
        yield return new("version", $"{record.ProgramVersion}, build {record.Build}");
        yield return new("date", record.Start.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        yield return new("time", Text.Of($"{record.WallSeconds} s"));
    }

    private static void AddChanges(HtmlReport page, string folder, Observed observed)
    {
        string changes = Path.Combine(folder, AnalysisFolder.ChangesFile);
        if (new FileInfo(changes) is { Exists: true } && File.ReadLines(changes).Skip(1).Any())
            page.Section("From snapshot to snapshot").Figure(
                ObservableCharts.Draw("Changes", ObservableCharts.Scalars([observed with { Table = MeanTable.Read(changes) }],
                    ["displacement", "displacement_max", "cka"])),
                "How far tokens moved since the snapshot before, and linear CKA of the two.");
        AddLives(page, folder, ObservableCharts.TimeAxis([observed]));
    }

    private static void AddLives(HtmlReport page, string folder, Axis time)
    {
        string path = Path.Combine(folder, AnalysisFolder.ClustersFile);
        if (!File.Exists(path)) return;
        IReadOnlyDictionary<string, double[]> lives = CsvData.Read(path);
        int count = lives["cluster"].Length;
        if (count == 0) return;
        int[] shown = [.. Enumerable.Range(0, count).OrderByDescending(i => lives["end"][i] - lives["start"][i]).Take(MostLives)];
        Axis size = new("tokens of a cluster", 1.5, 1.5 * lives["tokens_most"].Max(), Log: true);
        Series Life(int i) => new("", lives["into"][i] < 0 ? Palette.Blue : Palette.Vermilion,
            [lives["start"][i], lives["end"][i]], [lives["tokens_most"][i], lives["tokens_most"][i]])
        { Width = 1.4 };
        page.Section("Clusters").Figure(
            new Chart("Lives of clusters", "A line for each cluster from its first to its last snapshot, at the most tokens it had.",
            [
                new ChartPanel("", time, size,
                [
                    new("there at the end, or dissolved", Palette.Blue, [], []), new("became part of another", Palette.Vermilion, [], []),
                    .. shown.Select(Life),
                ]),
            ]).Render(),
            $"Clusters of two tokens and more, closer than 2.56 degrees in chains, from first to last snapshot, at the most tokens they had"
                + (count > MostLives ? $"; the {MostLives} of {count} that lived longest." : "."));
    }

    private static void AddCosines(HtmlReport page, string folder, MeanTable table)
    {
        if (!File.Exists(Path.Combine(folder, AnalysisFolder.CosinesFile))) return;
        double[] at = [.. new[] { table.Times[0], table.Times[table.Times.Length / 2], table.Times[^1] }.Distinct()];
        List<Series> series = [];
        double highest = 0;
        for (int k = 0; k < at.Length; k++)
        {
            IReadOnlyDictionary<string, double[]> rows = CsvData.ReadWhere(Path.Combine(folder, AnalysisFolder.CosinesFile), "time", at[k]);
            (double From, double Share)[] bins = [.. rows["from"].Zip(rows["share"]).GroupBy(b => b.First)
                .Select(b => (b.Key, b.Average(r => r.Second))).OrderBy(b => b.Key)];
            highest = Math.Max(highest, bins.Max(b => b.Share));
            series.Add(new Series($"t = {Numbers.ForPeople(at[k])}", Palette.Series(k), [.. bins.Select(b => b.From), 1],
                [.. bins.Select(b => b.Share), bins[^1].Share])
            { Steps = true });
        }
        page.Section("Cosines of pairs").Figure(
            new Chart("Cosines of pairs", "Shares of the pairs of tokens by their cosine, at three times.",
            [
                new ChartPanel("", new Axis("cosine of two tokens", -1, 1), new Axis("share of pairs", 0, 1.05 * highest), series),
            ]).Render(),
            $"Shares of pairs in {CosineHistogram.Bins} bins of equal width{(table.Replicas > 1 ? ", means over replicas" : "")}.");
    }
}
