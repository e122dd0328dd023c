using AttentionFlow.Experiments.Figures;

namespace AttentionFlow.Experiments.Studies;

/// <summary>A collapse gap against time over many seeds.</summary>
/// <param name="System">Name of the system, "baseline", "rotary", "prefix": its name in the legend.</param>
/// <param name="Tokens">Number of tokens n: the panel it is drawn in.</param>
/// <param name="Time">Times, rising.</param>
/// <param name="Median">Median over seeds at each time.</param>
/// <param name="Low">Lower quantile over seeds.</param>
/// <param name="High">Upper quantile over seeds.</param>
public sealed record GapCurve(string System, int Tokens, double[] Time, double[] Median, double[] Low, double[] High);

/// <summary>A sample, one value a seed, that is held against the uniform law on [0,1].</summary>
/// <param name="Values">The values, in any order.</param>
public sealed record UniformSample(double[] Values)
{
    /// <summary>Kolmogorov distance to the uniform law, the largest difference of distribution functions. NaN if a value is.</summary>
    public double Distance
    {
        get
        {
            var sorted = Values.Order().ToArray();
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
public sealed record Figure2
{
    private static readonly Sign[] Signs = [Sign.Disc, Sign.Square, Sign.Triangle, Sign.Diamond];

    /// <summary>The time marked by a vertical line; NaN for none.</summary>
    public double PaperHorizon { get; init; } = 20;

    /// <summary>Lower end of the gap's axis.</summary>
    public double Floor { get; init; } = 1e-16;

    /// <summary>What the vertical axis of the gap measures.</summary>
    public string GapLabel { get; init; } = "collapse gap G_{energy}";

    /// <summary>What the lines and bands are.</summary>
    public string BandNote { get; init; } = "Lines: median over seeds; bands: 5 to 95 % of seeds.";

    /// <summary>What the sample beside the gaps is.</summary>
    public string SampleLabel { get; init; } = "|m| at the horizon, rotary";

    /// <summary>Level of the acceptance band around the uniform law.</summary>
    public double Level { get; init; } = 0.001;

    /// <summary>Draws the figure; an empty sample leaves its panel out.</summary>
    public string Render(IReadOnlyList<GapCurve> curves, UniformSample meanNorms)
    {
        var systems = curves.Select(curve => curve.System).Distinct().ToArray();
        var panels = new List<ChartPanel>();
        foreach (var group in curves.GroupBy(curve => curve.Tokens).OrderBy(group => group.Key))
            panels.Add(GapPanel($"n = {group.Key}", [.. group], systems) with { SharesY = panels.Count > 0 });
        if (meanNorms.Values.Length > 0) panels.Add(LawPanel(meanNorms));
        var chart = new Chart(
            "Collapse gap against time, and the law of the mean over seeds",
            $"Logarithmic collapse gap against time for {string.Join(", ", systems)}, one panel per number of tokens; beside it the "
                + "distribution over seeds of the length of the mean token.",
            panels)
        { Notes = [BandNote] };
        return chart.Render();
    }

    private ChartPanel GapPanel(string title, IReadOnlyList<GapCurve> curves, string[] systems)
    {
        double top = curves.SelectMany(curve => curve.High.Concat(curve.Median)).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        double end = curves.Max(curve => curve.Time[^1]);
        string horizon = $"paper's horizon t = {Numbers.ForPeople(PaperHorizon)}";
        return new ChartPanel(
            title,
            new Axis("time t", 0, end) { Ticks = 3 },
            new Axis(GapLabel, Floor, 3 * Math.Max(1, Math.Pow(10, Math.Ceiling(Math.Log10(top))))) { Log = true, Ticks = 6 },
            [.. curves.Select(curve =>
            {
                int index = Array.IndexOf(systems, curve.System);
                return new Series(curve.System, Palette.ForSystem(curve.System, index), curve.Time, curve.Median)
                {
                    Low = curve.Low,
                    High = curve.High,
                    Sign = Signs[index % Signs.Length],
                };
            })])
        {
            References = PaperHorizon < end ? [new Reference(PaperHorizon, horizon) { Vertical = true, Dash = "2 3" }] : [],
        };
    }

    private ChartPanel LawPanel(UniformSample sample)
    {
        var sorted = sample.Values.Where(double.IsFinite).Order().ToArray();
        int n = sorted.Length;
        double critical = sample.CriticalDistance(Level);
        double[] grid = [0, critical, 1 - critical, 1];
        var law = new Series("law U[0,1]", Palette.Prediction, [0, 1], [0, 1]) { Dashed = true, Width = 1.4 };
        var band = new Series($"accepted at {Numbers.ForPeople(100 * Level)} %: D < {critical:F3}", Palette.Frame, grid, grid)
        {
            Low = [.. grid.Select(x => Math.Max(0, x - critical))],
            High = [.. grid.Select(x => Math.Min(1, x + critical))],
            Width = 0,
        };
        var seeds = new Series($"{n} seeds, Kolmogorov distance D = {sample.Distance:F3}", Palette.Blue,
            [0, .. sorted, 1], [0, .. Enumerable.Range(1, n).Select(i => (double)i / n), 1])
        { Steps = true };
        var values = new Axis(SampleLabel, 0, 1) { Ticks = 2 };
        return new ChartPanel("rotary: law over seeds", values, new Axis("share of seeds below", 0, 1), [band, law, seeds]);
    }
}
