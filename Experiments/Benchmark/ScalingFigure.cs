namespace AttentionFlow.Experiments.Benchmark;

/// <summary>The time of one evaluation against n, direct and harmonic, on circle and sphere: a table and a figure.</summary>
internal static class ScalingFigure
{
    private static readonly Line[] Lines = // in the order of the legend
    [
        new("cpu", "double", null, "direct, double", Palette.Vermilion, Sign.Disc),
        new("cpu", "single", null, "direct, single", Palette.Ochre, Sign.Square),
        new("harmonic", "double", BenchCase.Tight, "harmonic, 10^{−10}", Palette.Blue, Sign.Triangle),
        new("harmonic", "double", BenchCase.Loose, "harmonic, 10^{−6}", Palette.Green, Sign.Diamond),
    ];

    private sealed record Line(string Implementation, string Precision, double? Tolerance, string Label, string Colour, Sign Sign)
    {
        public bool IsOf(BenchRow row) =>
            row.Implementation == Implementation && row.Precision == Precision && row.Tolerance == Tolerance;
    }

    /// <summary>The headings of <see cref="Rows"/>.</summary>
    public static string[] Headings { get; } = ["d", "n", .. Lines.Select(line => Notation.ToPlain(line.Label) + " ms")];

    /// <summary>A row for each d and n: milliseconds of one evaluation on all threads, empty where it was left out.</summary>
    public static IEnumerable<string[]> Rows(BenchReport report) => Measured(report).GroupBy(r => (r.Dimension, r.Tokens)).Select(group =>
        (string[])[$"{group.Key.Dimension}", $"{group.Key.Tokens}",
            .. Lines.Select(line => group.FirstOrDefault(line.IsOf) is { } row ? Milliseconds(row.Seconds) : "")]);

    /// <summary>The figure, one panel for each d: measured signs, dashed on by n^2 where direct sums would take too long.</summary>
    public static string Render(BenchReport report)
    {
        BenchRow[] rows = [.. Measured(report)];
        double[] sizes = [.. rows.Select(r => (double)r.Tokens).Distinct().Order()];
        Axis tokens = new("number of tokens n", sizes[0] / 1.6, sizes[^1] * 1.6, Log: true) { Ticks = 6 };
        Axis seconds = new("time of one evaluation in s", 0.5 * rows.Min(r => r.Seconds), 1e3, Log: true);
        BenchMachine m = report.Machine;
        return new Chart("Time of one evaluation against the number of tokens",
            "Logarithmic axes: direct sums grow as the square of the number of tokens, harmonic sums linearly; on circle and sphere.",
            [
                .. rows.GroupBy(r => r.Dimension).Select((of, place) =>
                    new ChartPanel($"S^{{{of.Key - 1}}}", tokens, seconds,
                        [.. Lines.SelectMany(line => Of(line, [.. of.Where(line.IsOf)], sizes[^1]))])
                    {
                        SharesY = place > 0,
                    }),
            ])
        {
            Notes =
            [
                $"All forces and partition functions, β = {report.Beta}, uniform tokens, {Numbers.Count(m.Threads, "thread")}, "
                    + $"{m.VectorBits}-bit vectors, "
                    + $"{m.Date}; medians. Dashed: continued as n^{{2}}, not measured.",
            ],
        }.Render();
    }

    private static IEnumerable<Series> Of(Line line, BenchRow[] rows, double largest)
    {
        if (rows.Length == 0) yield break;
        (double[] n, double[] times) = ([.. rows.Select(r => (double)r.Tokens)], [.. rows.Select(r => r.Seconds)]);
        if (line.Tolerance is null && n[^1] < largest)
            yield return Series.Predicted([n[^1], largest], [times[^1], times[^1] * Math.Pow(largest / n[^1], 2)], "", line.Colour);
        yield return new Series("", line.Colour, n, times) { Width = 1.4 };
        yield return Series.Measured(line.Label, line.Colour, line.Sign, n, times);
    }

    private static IEnumerable<BenchRow> Measured(BenchReport report) =>
        report.Rows.Where(r => r.Threads == report.Machine.Threads && r.Dimension is 2 or 3);

    private static string Milliseconds(double seconds) =>
        $"{seconds * 1e3:G3}" is var text && !text.Contains('E', StringComparison.Ordinal) ? text : $"{seconds * 1e3:F0}";
}
