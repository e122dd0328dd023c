using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Order out of noise: the length of the mean token against the strength of the attraction, on circle and sphere.</summary>
public sealed class NoiseStudy : Study
{
    private static readonly int[] Dimensions = [2, 3];
    private static readonly double[] Ratios = [0.4, 0.6, 0.8, 1, 1.2, 1.5, 2, 3, 4];

    /// <inheritdoc/>
    public override string Name => "noise";

    /// <inheritdoc/>
    public override string Heading => "Noise against attraction";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        $"Tokens with the linear profile under Brownian motion of strength (2/κ)^{{1/2}}, {Tokens(quick)} tokens and {Seeds(quick)} seeds on S^{{1}} and S^{{2}}. Up to κ = d the uniform law is stable and |m| only the "
        + "noise of finite n, of mean square 1/(n(1 − κ/d)); beyond, |m| = A_{d}(κ|m|), continuous at the transition. Measured is the root mean square of |m| over the second half of the runs and over seeds.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from d in Dimensions
           from ratio in Ratios
           select new PlannedRun(FormattableString.Invariant($"noise-d{d}-{ratio}"), StoredExperiments.Load("noisy-transition",
               [$"tokens.dimension={d}", FormattableString.Invariant($"interaction.noise.kappa={ratio * d}"), $"tokens.count={Tokens(quick)}", $"replicas={Seeds(quick)}", "record.snapshots=1"])),
    ];

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Point[] points = [.. plan.Select(run => new Point(run, folder))];
        string svg = new Chart("Noise against attraction", "Length of the mean token against kappa/d on circle and sphere: measured signs on the curves of the self-consistent length.",
            [.. points.GroupBy(p => p.Dimension).Select(Panel)])
        {
            Notes = ["Bars: four standard errors over seeds, most of them smaller than the signs."],
        }.Render();
        string caption = $"The length of the mean of {points[0].Tokens} tokens under noise, {points[0].Seeds} seeds: below κ = d of order n^{{−1/2}}, above it the solution of |m| = A_{{d}}(κ|m|).";
        return new Findings([new FinishedFigure("7", "noise", svg, caption)], [.. points.SelectMany(Checks)]);
    }

    private static int Tokens(bool quick) => quick ? 128 : 256;

    private static int Seeds(bool quick) => quick ? 8 : 16;

    private static ChartPanel Panel(IGrouping<int, Point> points)
    {
        int d = points.Key, n = points.First().Tokens;
        double[] fine = [.. Enumerable.Range(0, 201).Select(i => 0.3 + 3.9 * i / 200)], ordered = [.. fine.Where(r => r > 1)], disordered = [.. fine.Where(r => r <= 0.9)];
        return new ChartPanel($"S^{{{d - 1}}}", new Axis("κ/d", 0.3, 4.2), new Axis("|m|", 0, 1),
        [
            new Series("|m| = A_{d}(κ|m|)", Palette.Prediction, [1, .. ordered], [0, .. ordered.Select(r => NoisyFlow.MeanNorm(d, r * d))]) { Dashed = true, Width = 1.4 },
            new Series("(n(1 − κ/d))^{−1/2}", Palette.Vermilion, disordered, [.. disordered.Select(r => 1 / Math.Sqrt(n * (1 - r)))]) { Dashed = true, Width = 1.4 },
            new Series("measured", Palette.Blue, [.. points.Select(p => p.Ratio)], [.. points.Select(p => p.Length)])
            {
                Points = true, Sign = Sign.Disc, Low = [.. points.Select(p => p.Length - 4 * p.Error)], High = [.. points.Select(p => p.Length + 4 * p.Error)],
            },
        ])
        { SharesY = d == 3 };
    }

    // Near the transition |m| is of order n^{-1/4}: no prediction there.
    private static IEnumerable<Check> Checks(Point p)
    {
        string at = FormattableString.Invariant($"S^{{{p.Dimension - 1}}}, κ/d = {p.Ratio}");
        if (p.Ratio <= 0.6)
            yield return new Check($"{at}: n |m|^{{2}}, mean over time and seeds", "1/(1 − κ/d)", 1 / (1 - p.Ratio), p.Tokens * p.Length * p.Length, p.Tokens * 2 * p.Length * 4 * p.Error);
        if (p.Ratio >= 1.5)
            yield return new Check($"{at}: root mean square of |m|", "|m| = A_{d}(κ|m|)", NoisyFlow.MeanNorm(p.Dimension, p.Ratio * p.Dimension), p.Length, 4 * p.Error + 2.0 / p.Tokens);
    }

    /// <summary>The root mean square of |m| over the second half of the runs at one kappa, with its standard error over seeds.</summary>
    private sealed class Point
    {
        public Point(PlannedRun run, string folder)
        {
            ObservationTable table = new(Path.Combine(folder, run.Name));
            (Dimension, Tokens, Seeds) = (run.Experiment.Tokens.Dimension, run.Experiment.Tokens.Count, table.Replicas);
            Ratio = Math.Round(run.Experiment.Interaction.Noise!.Kappa / Dimension, 6);
            double[][] late = [.. table.Times.Where(t => t > run.Experiment.Time.Horizon / 2).Select(t => table.AtTime("mean_norm", t))];
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
