using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>How fast tokens collapse under each normalisation scheme.</summary>
internal sealed class SchemesStudy() : Study(36, "schemes", "Normalisation schemes")
{
    // Before, the tokens gather; after, gaps end in rounding. pre and peri: r = t + c, so the exponent between 50 and 100 is 2 up to about
    // 2 c/70.
    private static readonly Clock[] Clocks =
    [
        new("post", "e^{−2t}", t => t, 8, 16, 0.01),
        new("nGPT", "e^{−2αt}, α = 1", t => t, 8, 16, 0.01),
        new("sqrt", "e^{−4(t + 1)^{1/2}}", t => 2 * Math.Sqrt(t + 1), 20, 80, 0.01),
        new("pre", "t^{−2}", t => Math.Log(t), 50, 100, 0.06),
        new("peri", "t^{−2}", t => Math.Log(t), 50, 100, 0.06),
    ];

    /// <summary>A scheme: the clock in which its collapse is exponential with rate 2, and the times between which that is
    /// measured.</summary>
    private sealed record Clock(string Scheme, string Law, Func<double, double> Time, double From, double To, double Tolerance)
    {
        /// <summary>The law of the last stage on from the measured gap at <see cref="From"/>.</summary>
        public Series Continued(ObservationTable table, double until)
        {
            double start = table.Times.First(t => t >= From), gap = table.AtTime("gap_second", start)[0];
            return Series.Predicted([.. Grid(start, Math.Max(until, start) - start, 100)],
                t => gap * Math.Exp(-2 * (Time(t) - Time(start))),
                "predicted law of the last stage");
        }
    }

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        "Softmax attention at β = 1 from one cloud of 64 tokens under the schemes of arXiv 2510.22026: dx_{i}/dt = P A_{i}/s_{i} with s = "
            + "1 (post), r (pre), r|A| (peri), |A|/α (nGPT) and (t + 1)^{1/2} (sqrt). In the last stage "
        + "|A| = 1 and r = t + const, so 1 − |m|^{2} falls like e^{−2t}, t^{−2}, t^{−2}, e^{−2αt} and e^{−4(t + 1)^{1/2}}: pre- and "
        + "peri-norm collapse far later.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. PlannedRun.Of("schemes", point => $"schemes-{point["interaction.scheme.kind"]}")];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        ObservationTable[] tables = [.. Clocks.Select(clock => plan.Single(run => SchemeOf(run) == clock.Scheme).Observations(folder))];
        string svg = new Chart("Collapse under normalisation schemes", "One minus the squared length of the mean token against time for "
            + "five schemes, on two logarithmic axes and on one; the predicted laws of the last stage dashed.",
            [
                Panel("logarithmic time", new Axis("time t", 0.1, 100, Log: true), tables),
                Panel("linear time", new Axis("time t", 0, 40), tables) with { SharesY = true },
            ]).Render();
        return new Findings(Clocks.Zip(tables, Measured), new Picture("schemes", svg, "The gap 1 − |m|^{2} of one cloud under five "
            + "schemes, one seed: a straight line in (a) is a power of t, in (b) an exponential. Dashed: the laws of the last stage, "
            + "e^{−2t} "
            + "(post, nGPT), e^{−4(t + 1)^{1/2}} (sqrt) and t^{−2} (pre, peri), on from the measured gap at a late time. pre and peri "
            + "coincide."));
    }

    private static string SchemeOf(PlannedRun run) => KindAttribute.NameOf(run.Experiment.Interaction.Scheme);

    private static ChartPanel Panel(string title, Axis time, ObservationTable[] tables) =>
        new(title, time, new Axis("1 − |m|^{2}", 1e-15, 1, Log: true),
        [
            .. Clocks.Zip(tables, (clock, table) => (clock.Scheme, table.Times, Gaps: table.Quantile("gap_second", 0.5)))
                .Select((c, i) => new Series(c.Scheme, Palette.Series(i), c.Times[1..], c.Gaps[1..])
                {
                    Sign = (Sign)(1 + i % 4),
                    // Two that coincide: the one behind is broad.
                    Width = c.Scheme == "peri" ? 6 : 2.2,
                }).OrderBy(s => s.Label != "peri"),
            .. Clocks.Zip(tables, (clock, table) => clock.Continued(table, time.Max)),
        ]);

    private static Fact Measured(Clock clock, ObservationTable table)
    {
        double[] times = [.. table.Times.Where(t => t >= clock.From && t <= clock.To)];
        double rate = -Slope(times.Select(clock.Time), times.Select(t => Math.Log(table.AtTime("gap_second", t)[0])));
        return new Fact($"{clock.Scheme}: rate of 1 − |m|^{{2}} in its own clock, t from {clock.From} to {clock.To}",
            $"last stage {clock.Law}", 2, rate, clock.Tolerance);
    }
}
