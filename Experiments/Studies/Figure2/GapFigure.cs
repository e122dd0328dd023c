namespace AttentionFlow.Experiments.Studies.Figure2;

/// <summary>A collapse gap against time over many seeds, quantiles at every time.</summary>
/// <param name="System">Name of the system, "baseline", "rotary", "prefix": its name in the legend.</param>
/// <param name="Tokens">Number of tokens n: the panel it is drawn in.</param>
internal sealed record GapCurve(string System, int Tokens, double[] Time, double[] Median, double[] Low, double[] High);

/// <summary>A sample, one value a seed in any order, that is held against the uniform law on [0,1].</summary>
internal sealed record UniformSample(double[] Values)
{
    /// <summary>Kolmogorov distance to the uniform law, the largest difference of distribution functions. NaN if a value is.</summary>
    public double Distance
    {
        get
        {
            double[] sorted = [.. Values.Order()];
            if (sorted.Length == 0 || sorted.Any(double.IsNaN)) return double.NaN;
            double distance = 0;
            for (int i = 0; i < sorted.Length; i++)
            {
                double law = Math.Clamp(sorted[i], 0, 1);
                distance = Math.Max(distance, Math.Max((i + 1.0) / sorted.Length - law, law - (double)i / sorted.Length));
            }
            return distance;
        }
    }

    /// <summary>
    /// The distance that a sample of the law exceeds with probability alpha: sqrt(log(2/alpha)/2) over (sqrt n + 0.12 + 0.11/sqrt n)
    /// (Kolmogorov's law with Stephens' correction). n = 100, alpha = 0.001: 0.1925.
    /// </summary>
    public double CriticalDistance(double alpha)
    {
        double root = Math.Sqrt(Values.Length);
        return Math.Sqrt(Math.Log(2 / alpha) / 2) / (root + 0.12 + 0.11 / root);
    }
}

/// <summary>The paper's figure 2: gap against time, one panel per n, and the law of |m| over seeds beside it.</summary>
internal static class GapFigure
{
    /// <summary>The time that a vertical line marks: where the paper ends.</summary>
    public const double PaperHorizon = 20;

    // Lower end of the gap's axis, and level of the acceptance band around the uniform law.
    private const double Floor = 1e-16, Level = 0.001;

    /// <summary>Draws the figure; an empty sample leaves its panel out.</summary>
    public static string Render(IReadOnlyList<GapCurve> curves, UniformSample meanNorms, string sampleLabel)
    {
        string[] systems = [.. curves.Select(curve => curve.System).Distinct()];
        List<ChartPanel> panels = [];
        IGrouping<int, GapCurve>[] sizes = [.. curves.GroupBy(curve => curve.Tokens).OrderBy(group => group.Key)];
        panels.AddRange(sizes.Select((of, i) => GapPanel($"n = {of.Key}", [.. of], systems, log: true) with { SharesY = i > 0 }));
        if (meanNorms.Values.Length > 0) panels.Add(LawPanel(meanNorms, sampleLabel));
        panels.AddRange(sizes.Select((of, i) => GapPanel($"n = {of.Key}, linear", [.. of], systems, log: false) with { SharesY = i > 0 }));
        return new Chart("Collapse gap against time, and the law of the mean over seeds",
            $"Logarithmic collapse gap against time for {string.Join(", ", systems)}, one panel per number of tokens, below the same on a "
                + "linear axis; beside them the distribution over seeds of the length of the mean token.",
            panels)
        {
            PerRow = sizes.Length + (meanNorms.Values.Length > 0 ? 1 : 0), PlotHeight = 190,
            Notes = ["Lines: median over seeds; bands: 5 to 95 % of seeds."],
        }.Render();
    }

    private static ChartPanel GapPanel(string title, IReadOnlyList<GapCurve> curves, string[] systems, bool log)
    {
        double top = curves.SelectMany(curve => curve.High.Concat(curve.Median)).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        double end = curves.Max(curve => curve.Time[^1]);
        double upper = 3 * Math.Max(1, Math.Pow(10, Math.Ceiling(Math.Log10(top))));
        return new ChartPanel(title, new Axis("time t", 0, end) { Ticks = 3 },
            log ? new Axis("collapse gap G_{energy}", Floor, upper, Log: true) { Ticks = 6 }
                : new Axis("collapse gap G_{energy}", 0, 1.05 * top),
            [.. curves.Select(curve => Line(curve, Array.IndexOf(systems, curve.System)))])
        {
            References = PaperHorizon < end
                ? [new Reference(PaperHorizon, $"paper's horizon t = {PaperHorizon}") { Vertical = true, Dash = "2 3" }] : [],
        };

        static Series Line(GapCurve curve, int index) =>
            (new Series(curve.System, Palette.ForSystem(curve.System, index), curve.Time, curve.Median) { Sign = (Sign)(1 + index % 4) })
                .Between(curve.Low, curve.High);
    }

    private static ChartPanel LawPanel(UniformSample sample, string label)
    {
        double[] sorted = [.. sample.Values.Where(double.IsFinite).Order()];
        int n = sorted.Length;
        double critical = sample.CriticalDistance(Level);
        double[] grid = [0, critical, 1 - critical, 1];
        Series band = new($"accepted at {Numbers.ForPeople(100 * Level)} %: D < {critical:F3}", Palette.Edge, grid, grid) { Width = 0 };
        Series seeds = new($"{n} seeds, Kolmogorov distance D = {sample.Distance:F3}", Palette.Blue,
            [0, .. sorted, 1], [0, .. Enumerable.Range(1, n).Select(i => (double)i / n), 1])
        { Steps = true };
        return new ChartPanel("rotary: law over seeds", new Axis(label, 0, 1) { Ticks = 2 }, new Axis("share of seeds below", 0, 1),
        [
            band.Between(grid.Select(x => Math.Max(0, x - critical)), grid.Select(x => Math.Min(1, x + critical))),
            Series.Predicted([0, 1], [0, 1], "law U[0,1]"),
            seeds,
        ]);
    }
}
