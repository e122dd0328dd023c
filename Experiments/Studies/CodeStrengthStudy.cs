using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The strength of the code: mean and collapse gap of rotary limits against the turn w over the labels, from none to two
/// turns.</summary>
internal sealed class CodeStrengthStudy() : Study(11, "code-strength", "Strength of the code")
{
    private const double Beta = 1;

    public override string Introduction(bool quick) =>
        "A rotary code that turns by w over the labels [0, 1], β = 1, unnormalised attention, independent uniform starts on S^{2}. The "
            + "limit is an arc of the latitude circle at height c = ⟨u, axis⟩, u the point that the "
        + "cloud of the gauge frame contracts to: |m|^{2} = c^{2} + (1 − c^{2}) sinc^{2}, sinc = sin(w/2)/(w/2), and E_{1} = (1/β) "
        + "∫_{0}^{1} (1 − v) e^{β(c² + (1 − c²) cos wv)} dv. Each seed has its own c, "
        + "uniform on [0, 1] up to its sign. At w = 0 this is the baseline, which collapses: the code works by its turn, continuously.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. PlannedRun.Of("code-strength", point => $"code-strength-{point.Number}", If(quick, "tokens.count=32", "replicas=20"))
            .Where((_, i) => !quick || i % 2 == 0),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Turn[] turns = [.. plan.Select(run => new Turn(((RotaryGauge)run.Experiment.Gauge).Speeds[0], run.Observations(folder)))];
        int n = plan[0].Experiment.Tokens.Count;
        string svg = new Chart("Strength of a rotary code",
            "(a): the part of the mean in the plane of the code against the turn, on a squared sinc. (b): the squared mean, averaged "
                + "over seeds. (c): the collapse gap, averaged over seeds. All on their dashed predictions.",
            [
                Panel("mean in the code's plane", "(|m|^{2} − c^{2})/(1 − c^{2})", turns, t => t.InPlane,
                    w => Energies.PartTurnMeanSquared(w, 0), 1),
                Panel("mean token", "|m|^{2}", turns, t => t.MeanSquared, MeanOverHeights, 1),
                Panel("collapse gap", "G_{energy}", turns, t => t.Gap, w => Energies.MeanRotaryGap(Beta, w), turns.Max(t => t.Gap.Max())),
            ])
        {
            PlotHeight = 220,
            Notes = ["Signs: mean over seeds; bars: 5 to 95 % of seeds, which differ in the height c = ⟨u, axis⟩ of their limit. In (a), "
                + "with "
                + "each seed's own c, all seeds coincide."],
        }.Render();
        return new Findings(Facts(turns, n), new Picture("code-strength", svg, $"Limits of {turns[0].Gap.Length} seeds "
            + $"of {n} tokens for each turn w of the code, against the formulas: in (a) with the height c of each seed's own limit, else "
            + $"averaged "
            + "over c uniform on [0, 1]. Signs: mean over seeds; bars: 5 to 95 % of them."));
    }

    private static double MeanOverHeights(double w) => 1.0 / 3 + 2.0 / 3 * Energies.PartTurnMeanSquared(w, 0);

    private static ChartPanel Panel(
        string title, string quantity, Turn[] turns, Func<Turn, double[]> measured, Func<double, double> predicted, double top) =>
        new(title, new Axis("turns w/2π", -0.06, 2.06) { Ticks = 4 }, new Axis(quantity, -0.04 * top, 1.06 * top),
        [
            Series.Predicted(Grid(0, 2, 200), x => predicted(2 * Math.PI * x)),
            Series.Measured("measured", Palette.Blue, Sign.Disc, turns.Select(t => t.W / (2 * Math.PI)),
                turns.Select(t => measured(t).Average()))
                .Between(turns.Select(t => Quantile(measured(t), 0.05)), turns.Select(t => Quantile(measured(t), 0.95))),
        ]);

    private static IEnumerable<Fact> Facts(Turn[] turns, int n)
    {
        const double unfinished = 1e-6; // what a slow seed may still be away from its limit
        yield return new Fact($"largest distance of a token to its limit at t = 30, {turns.Length} turns", "Theorem 1: x* = Ψ^{T} u", 0,
            turns.Max(t => t.Distance.Max()), 1e-3);
        // Midpoint sums over the labels: the sum of e^{iws} is larger than the integral by (w/2n)/sin(w/2n), E_1 differs by at most
        // (k(1)/2)/(6 n^2).
        yield return new Fact("largest ||m|^{2} − predicted| with the seed's own c", "c^{2} + (1 − c^{2}) sinc^{2}; sums over n labels", 0,
            turns.Max(t => LargestDifference(t.MeanSquared, t.Heights.Select(c => Energies.PartTurnMeanSquared(t.W, c)))),
            0.34 / n / n + unfinished);
        yield return new Fact("largest |G_{energy} − predicted| with the seed's own c", "e^{β}/(2β) − energy of the arc; sums over n "
            + "labels", 0,
            turns.Max(t => LargestDifference(t.Gap, t.Heights.Select(c => Math.E / 2 - Energies.LatitudeArc(Beta, c, t.W)))),
            Math.E / 11.9 / n / n + unfinished);
        foreach (Turn t in turns.Where(t => t.W > 0 && Math.Abs(t.W / Math.PI - Math.Round(t.W / Math.PI)) < 1e-9))
        {
            double deviation = (1 - Energies.PartTurnMeanSquared(t.W, 0)) * Math.Sqrt(4.0 / 45 / t.Gap.Length);
            yield return new Fact($"w = {Math.Round(t.W / Math.PI)}π: mean of |m|^{{2}} over seeds", "1/3 + (2/3) sinc^{2}; four standard "
                + "errors", MeanOverHeights(t.W), t.MeanSquared.Average(), 4 * deviation);
        }
        yield return new Fact("w = 0: largest G_{energy}", "the baseline collapses", 0, turns[0].Gap.Max(), unfinished);
    }

    /// <summary>The seeds at one turn w; heights are c = m_z, exact because the code leaves z alone.</summary>
    private sealed record Turn(double W, ObservationTable Table)
    {
        public double[] Heights { get; } = Table.Last("mean2");
        public double[] MeanSquared { get; } = [.. Table.Last("mean_norm").Select(m => m * m)];
        public double[] Gap { get; } = Table.Last("gap_energy");
        public double[] Distance { get; } = Table.Last("limit_distance");
        public double[] InPlane => [.. MeanSquared.Zip(Heights, (m, c) => (m - c * c) / (1 - c * c))];
    }
}
