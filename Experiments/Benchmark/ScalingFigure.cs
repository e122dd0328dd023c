using AttentionFlow.Experiments.Figures;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>The time of one evaluation against n, direct and harmonic, on circle and sphere: a table and a figure.</summary>
internal static class ScalingFigure
{
    // The order of the legend.
    private static readonly (string Implementation, string Precision, double? Tolerance, string Label, string Colour, Sign Sign)[] Sums =
    [
        ("cpu", "double", null, "direct, double", Palette.Vermilion, Sign.Disc), ("cpu", "single", null, "direct, single", Palette.Orange, Sign.Square),
        ("harmonic", "double", BenchCase.Tight, "harmonic, 10^{−10}", Palette.Blue, Sign.Triangle), ("harmonic", "double", BenchCase.Loose, "harmonic, 10^{−6}", Palette.Green, Sign.Diamond),
    ];

    /// <summary>The headings of <see cref="Rows"/>.</summary>
    public static string[] Headings { get; } = ["d", "n", .. Sums.Select(sums => Notation.ToPlain(sums.Label) + " ms")];

    /// <summary>A row for each d and n: milliseconds of one evaluation on all threads, empty where it was left out.</summary>
    public static IEnumerable<string[]> Rows(BenchReport report) => Measured(report).GroupBy(r => (r.Dimension, r.Tokens)).Select(group =>
        (string[])[$"{group.Key.Dimension}", $"{group.Key.Tokens}",
            .. Sums.Select(sums => group.FirstOrDefault(r => Is(r, sums.Implementation, sums.Precision, sums.Tolerance)) is { } row ? Milliseconds(row.Seconds) : "")]);

    /// <summary>The figure, one panel for each d: measured signs, dashed on by n^2 where direct sums would take too long.</summary>
    public static string Render(BenchReport report)
    {
        BenchRow[] rows = [.. Measured(report)];
        double[] sizes = [.. rows.Select(r => (double)r.Tokens).Distinct().Order()];
        Axis seconds = new("time of one evaluation in s", 0.5 * rows.Min(r => r.Seconds), 1e3, Log: true);
        List<ChartPanel> panels = [];
        foreach (int d in rows.Select(r => r.Dimension).Distinct())
        {
            List<Series> series = [];
            foreach (var sums in Sums)
            {
                BenchRow[] own = [.. rows.Where(r => r.Dimension == d && Is(r, sums.Implementation, sums.Precision, sums.Tolerance))];
                if (own.Length == 0) continue;
                (double[] n, double[] times) = ([.. own.Select(r => (double)r.Tokens)], [.. own.Select(r => r.Seconds)]);
                if (sums.Tolerance is null && n[^1] < sizes[^1])
                    series.Add(new Series("", sums.Colour, [n[^1], sizes[^1]], [times[^1], times[^1] * Math.Pow(sizes[^1] / n[^1], 2)]) { Dashed = true, Width = 1.4 });
                series.Add(new Series("", sums.Colour, n, times) { Width = 1.4 });
                series.Add(new Series(sums.Label, sums.Colour, n, times) { Points = true, Sign = sums.Sign });
            }
            panels.Add(new ChartPanel($"S^{{{d - 1}}}", new Axis("number of tokens n", sizes[0] / 1.6, sizes[^1] * 1.6, Log: true) { Ticks = 6 }, seconds, series) { SharesY = panels.Count > 0 });
        }
        BenchMachine m = report.Machine;
        return new Chart("Time of one evaluation against the number of tokens", "Logarithmic axes: direct sums grow as the square of the number of tokens, harmonic sums linearly; on circle and sphere.", panels)
        {
            Notes = [$"All forces and partition functions, β = {report.Beta}, uniform tokens, {m.Threads} thread(s), {m.VectorBits}-bit vectors, {m.Date}; medians. Dashed: continued as n^{{2}}, not measured."],
        }.Render();
    }

    private static IEnumerable<BenchRow> Measured(BenchReport report) => report.Rows.Where(r => r.Threads == report.Machine.Threads && r.Dimension is 2 or 3);

    private static bool Is(BenchRow row, string implementation, string precision, double? tolerance) =>
        row.Implementation == implementation && row.Precision == precision && row.Tolerance == tolerance;

    private static string Milliseconds(double seconds) => $"{seconds * 1e3:G3}" is var text && !text.Contains('E', StringComparison.Ordinal)
        ? text : $"{seconds * 1e3:F0}";
}
