using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Order out of noise: the length of the mean token against the strength of the attraction, on circle and sphere.</summary>
internal sealed class NoiseStudy() : Study(7, "noise", "Noise against attraction")
{
    public override string Introduction(bool quick) =>
        $"Tokens with the linear profile under Brownian motion of strength (2/κ)^{{1/2}}, {Tokens(quick)} tokens and {Seeds(quick)} seeds "
            + $"on S^{{1}} and S^{{2}}. For n → ∞ the uniform law is stable up to κ = d, and beyond |m| = A_{{d}}(κ|m|), continuous at the "
        + "transition. A finite cloud smooths it: its late law is Gibbs' law e^{κn|m|²/2}, a mixture of independent tokens in a random "
        + "field of length r, and E|m|^{2} = 1/n + (1 − 1/n) E A_{d}(κr)^{2}, one integral, exact for every n and κ. Measured is the root "
        + "mean square of |m| over the second half of the runs and over seeds.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. PlannedRun.Of("noise", point => $"noise-d{point.Experiment.Tokens.Dimension}-{RatioOf(point.Experiment)}",
            If(quick, $"tokens.count={Tokens(quick)}", $"replicas={Seeds(quick)}")),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Point[] points = [.. plan.Select(run => new Point(run, folder))];
        string svg = new Chart("Noise against attraction", "Length of the mean token against kappa/d on circle and sphere: measured signs "
            + "on the exact curve for their number of tokens; the curve for infinitely many has a corner at 1.",
            [.. points.GroupBy(p => p.Dimension).Select(Panel)])
        {
            Notes = ["Signs: root mean square over time and seeds. Bars: 5 to 95 % of seeds."],
        }.Render();
        return new Findings(points.SelectMany(Facts), new Picture("noise", svg, $"The length of the mean of {points[0].Tokens} "
            + $"tokens under noise, {points[0].Seeds} seeds. Near the transition a finite cloud lies off the limit n → ∞, by as much as "
                + $"its "
            + "own law says. Bars: 5 to 95 % of seeds, each the root mean square over time."));
    }

    // Written as a multiple of 0.1.
    private static double RatioOf(Experiment experiment) => Math.Round(experiment.Noise!.Kappa!.Value / experiment.Tokens.Dimension, 6);

    private static int Tokens(bool quick) => quick ? 128 : 256;

    private static int Seeds(bool quick) => quick ? 8 : 16;

    private static ChartPanel Panel(IGrouping<int, Point> points)
    {
        int d = points.Key, n = points.First().Tokens;
        double[] fine = [.. Grid(0.3, 3.9, 195)];
        return new ChartPanel($"S^{{{d - 1}}}", new Axis("κ/d", 0.3, 4.2), new Axis("|m|", 0, 1),
        [
            Series.Predicted(fine, r => NoisyFlow.MeanNorm(d, r * d), "n → ∞: |m| = A_{d}(κ|m|)", Palette.Vermilion),
            Series.Predicted(fine, r => Math.Sqrt(NoisyFlow.MeanSquare(d, r * d, n)), $"n = {n}, exact"),
            Series.Measured($"measured, n = {n}", Palette.Blue, Sign.Disc, points.Select(p => p.Ratio), points.Select(p => p.Length))
                .Between(points.Select(p => Quantile(p.Lengths, 0.05)), points.Select(p => Quantile(p.Lengths, 0.95))),
        ])
        { SharesY = d == 3 };
    }

    private static IEnumerable<Fact> Facts(Point p)
    {
        string at = $"S^{{{p.Dimension - 1}}}, κ/d = {p.Ratio}";
        double kappa = p.Ratio * p.Dimension, exact = Predicted(kappa);
        // A token returns to the mean at the rate |m|. Splitting a step h makes its spread, so the temperature 1/kappa, larger by (h
        // |m|)^2/3.
        double warmer = Predicted(kappa * (1 - Math.Pow(p.Step * exact, 2) / 3));
        yield return new Fact($"{at}: root mean square of |m|", "Gibbs' law of n tokens", exact, p.Length, 4 * p.Error + exact - warmer);
        if (p.Ratio >= 1.5)
            yield return new Fact($"{at}: the same", "|m| = A_{d}(κ|m|), n → ∞", NoisyFlow.MeanNorm(p.Dimension, kappa), p.Length,
                4 * p.Error + 2.0 / p.Tokens);

        double Predicted(double k) => Math.Sqrt(NoisyFlow.MeanSquare(p.Dimension, k, p.Tokens));
    }

    /// <summary>The root mean square of |m| over the second half of the runs at one kappa, with its standard error over seeds.</summary>
    private sealed class Point
    {
        public Point(PlannedRun run, string folder)
        {
            ObservationTable table = run.Observations(folder);
            (Dimension, Ratio) = (run.Experiment.Tokens.Dimension, RatioOf(run.Experiment));
            (Tokens, Seeds, Step) = (run.Experiment.Tokens.Count, table.Replicas, run.Experiment.Time.Step!.Value);
            double[][] late =
                [.. table.Times.Where(t => t > run.Experiment.Time.Horizon / 2).Select(t => table.AtTime("mean_norm", t))];
            double[] squares = [.. Enumerable.Range(0, Seeds).Select(r => late.Average(m => m[r] * m[r]))];
            double mean = squares.Average();
            Lengths = [.. squares.Select(Math.Sqrt)];
            Length = Math.Sqrt(mean);
            Error = Math.Sqrt(squares.Sum(s => (s - mean) * (s - mean)) / (Seeds * (Seeds - 1.0))) / (2 * Length);
        }

        public int Dimension { get; }
        public int Tokens { get; }
        public int Seeds { get; }
        public double Ratio { get; }
        public double Step { get; }
        public double Length { get; }

        /// <summary>The same of each seed.</summary>
        public double[] Lengths { get; }
        public double Error { get; }
    }
}
