namespace AttentionFlow.Experiments.Studies;

/// <summary>Order out of noise: the length of the mean token against the strength of the attraction, on circle and sphere.</summary>
internal sealed class NoiseStudy() : Study(7, "noise", "Noise against attraction")
{
    public override string Introduction(bool quick) =>
        $"Tokens with the linear profile under Brownian motion of strength (2/κ)^{{1/2}}, {Tokens(quick)} tokens and {Seeds(quick)} seeds "
            + $"on S^{{1}} and S^{{2}}. Up to κ = d the uniform law is stable and |m| only the "
        + "noise of finite n, of mean square 1/(n(1 − κ/d)); beyond, |m| = A_{d}(κ|m|), continuous at the transition. Measured is the "
        + "root mean square of |m| over the second half of the runs and over seeds.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. PlannedRun.Of("noise", point => $"noise-d{point.Experiment.Tokens.Dimension}-{RatioOf(point.Experiment)}",
            If(quick, $"tokens.count={Tokens(quick)}", $"replicas={Seeds(quick)}")),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Point[] points = [.. plan.Select(run => new Point(run, folder))];
        string svg = new Chart("Noise against attraction", "Length of the mean token against kappa/d on circle and sphere: measured signs "
            + "on the curves of the self-consistent length.",
            [.. points.GroupBy(p => p.Dimension).Select(Panel)])
        {
            Notes = ["Bars: four standard errors over seeds, most of them smaller than the signs."],
        }.Render();
        return new Findings(points.SelectMany(Facts), new Picture("noise", svg, $"The length of the mean of {points[0].Tokens} "
            + $"tokens under noise, {points[0].Seeds} seeds: below κ = d of order n^{{−1/2}}, above it the solution of |m| = "
            + $"A_{{d}}(κ|m|)."));
    }

    // Written as a multiple of 0.1.
    private static double RatioOf(Experiment experiment) => Math.Round(experiment.Noise!.Kappa / experiment.Tokens.Dimension, 6);

    private static int Tokens(bool quick) => quick ? 128 : 256;

    private static int Seeds(bool quick) => quick ? 8 : 16;

    private static ChartPanel Panel(IGrouping<int, Point> points)
    {
        int d = points.Key, n = points.First().Tokens;
        double[] fine = [.. Enumerable.Range(0, 201).Select(i => 0.3 + 3.9 * i / 200)], ordered = [.. fine.Where(r => r > 1)];
        double[] disordered = [.. fine.Where(r => r <= 0.9)];
        return new ChartPanel($"S^{{{d - 1}}}", new Axis("κ/d", 0.3, 4.2), new Axis("|m|", 0, 1),
        [
            Series.Predicted([1, .. ordered], [0, .. ordered.Select(r => NoisyFlow.MeanNorm(d, r * d))], "|m| = A_{d}(κ|m|)"),
            Series.Predicted(disordered, r => 1 / Math.Sqrt(n * (1 - r)), "(n(1 − κ/d))^{−1/2}", Palette.Vermilion),
            Series.Measured("measured", Palette.Blue, Sign.Disc, points.Select(p => p.Ratio), points.Select(p => p.Length))
                .Between(points.Select(p => p.Length - 4 * p.Error), points.Select(p => p.Length + 4 * p.Error)),
        ])
        { SharesY = d == 3 };
    }

    // Near the transition |m| is of order n^{-1/4}: no prediction there.
    private static IEnumerable<Fact> Facts(Point p)
    {
        string at = $"S^{{{p.Dimension - 1}}}, κ/d = {p.Ratio}";
        if (p.Ratio <= 0.6)
            yield return new Fact($"{at}: n |m|^{{2}}, mean over time and seeds", "1/(1 − κ/d)", 1 / (1 - p.Ratio),
                p.Tokens * p.Length * p.Length, p.Tokens * 2 * p.Length * 4 * p.Error);
        if (p.Ratio >= 1.5)
            yield return new Fact($"{at}: root mean square of |m|", "|m| = A_{d}(κ|m|)",
                NoisyFlow.MeanNorm(p.Dimension, p.Ratio * p.Dimension), p.Length, 4 * p.Error + 2.0 / p.Tokens);
    }

    /// <summary>The root mean square of |m| over the second half of the runs at one kappa, with its standard error over seeds.</summary>
    private sealed class Point
    {
        public Point(PlannedRun run, string folder)
        {
            ObservationTable table = run.Observations(folder);
            (Dimension, Ratio) = (run.Experiment.Tokens.Dimension, RatioOf(run.Experiment));
            (Tokens, Seeds) = (run.Experiment.Tokens.Count, table.Replicas);
            double[][] late =
                [.. table.Times.Where(t => t > run.Experiment.Time.Horizon / 2).Select(t => table.AtTime("mean_norm", t))];
            double[] squares = [.. Enumerable.Range(0, Seeds).Select(r => late.Average(m => m[r] * m[r]))];
            double mean = squares.Average();
            Length = Math.Sqrt(mean);
            Error = Math.Sqrt(squares.Sum(s => (s - mean) * (s - mean)) / (Seeds * (Seeds - 1.0))) / (2 * Length);
        }

        public int Dimension { get; }
        public int Tokens { get; }
        public int Seeds { get; }
        public double Ratio { get; }
        public double Length { get; }
        public double Error { get; }
    }
}
