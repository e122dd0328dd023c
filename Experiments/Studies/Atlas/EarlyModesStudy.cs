using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>Which ripple of the uniform law wins, against beta.</summary>
internal sealed class EarlyModesStudy() : Study(35, "early-modes", "Early modes: which ripple wins")
{
    private const double Shown = 5, Disturbance = 0.1;
    private const int Highest = 6;

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        $"Softmax attention on the circle from {(quick ? 1024 : 2048)} independent tokens [arXiv 2410.23228]. In the linear phase the "
            + "ripple of degree l of their noise grows like e^{g_{l}t}, g_{l} = l^{2} I_{l}(β)/(β I_{0}(β)), and the fastest degree l* "
            + "is said to give the metastable state its period. Squared amplitudes of noise are exponentially distributed, so the "
            + "fastest wins by chance alone: with probability ∫ e^{−x} Π_{k ≠ l} (1 − e^{−x μ_{l}/μ_{k}}) dx degree l is the "
            + $"strongest, μ_{{l}} = e^{{2g_{{l}}t}}, at the time when the density is disturbed by a mean square of {Disturbance}. At "
            + "β = 5 the fastest is l* = 3.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) => [.. PlannedRun.Of("early-modes",
        point => $"early-modes-beta{point["interaction.beta"]}", If(quick, "replicas=60", "tokens.count=1024"))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Modes[] all = [.. plan.Select(run => new Modes(run.Experiment, run.Observations(folder)))];
        string svg = new Chart("Early modes", "(a) Root mean square amplitude of six degrees against time at beta = 5, on "
            + "exponentials. (b) The mean degree that is the strongest against beta. (c) The share of seeds in which it is the fastest.",
            [Amplitudes(all.Single(m => m.Beta == Shown)), Winners(all), Shares(all)])
        {
            PlotHeight = 260, Notes = ["(b): bars: 5 to 95 % of seeds. (c): bars: two standard errors."],
        }.Render();
        return new Findings(all.SelectMany(Facts), new Picture("early-modes", svg, $"The noise of {all[0].Tokens} independent tokens "
            + $"on the circle, {all[0].Seeds} seeds. (a): amplitudes at β = {Shown}; dashed: e^{{g_{{l}}t}}. (b): the degree that is "
            + $"the strongest when the density is disturbed by a mean square of {Disturbance}, mean over seeds; dashed: predicted "
            + "mean; thin steps: the fastest. (c): how often the fastest is the strongest."));
    }

    private static ChartPanel Amplitudes(Modes m)
    {
        double[] times = m.Table.Times;
        double start = 1 / Math.Sqrt(m.Tokens);
        return new ChartPanel($"amplitudes, β = {m.Beta}", new Axis("time t", 0, times[^1]), new Axis("rms amplitude "
            + "a_{l}", 0.8 * start, 1.2, Log: true),
        [
            .. Enumerable.Range(1, Highest).SelectMany(l => (Series[])
            [
                Series.Predicted([.. times.Where(t => start * Math.Exp(m.Rate(l) * t) < 0.6)], t => start * Math.Exp(m.Rate(l) * t)),
                new Series($"l = {l}", Palette.Series(l - 1), times, [.. times.Select(t => m.Amplitude(l, t))])
                {
                    Sign = (Sign)(1 + (l - 1) % 4),
                },
            ]),
        ]);
    }

    private static ChartPanel Winners(Modes[] all)
    {
        double[] fine = [.. Grid(Math.Log(0.8), Math.Log(50 / 0.8), 200).Select(Math.Exp)];
        return new ChartPanel("strongest degree", new Axis("inverse temperature β", 0.8, 50, Log: true), new Axis("degree l", 0, 13),
        [
            new Series("fastest degree l*", Palette.Prediction, fine, [.. fine.Select(beta => (double)Modes.FastestAt(beta))])
            {
                Width = 1, Steps = true,
            },
            Series.Predicted(all.Select(m => m.Beta), all.Select(m => m.PredictedMean)),
            Series.Measured("measured", Palette.Blue, Sign.Disc, all.Select(m => m.Beta), all.Select(m => m.Winners.Average()))
                .Between(all.Select(m => Quantile(m.Winners, 0.05)), all.Select(m => Quantile(m.Winners, 0.95))),
        ]);
    }

    private static ChartPanel Shares(Modes[] all) =>
        new("the fastest wins", new Axis("inverse temperature β", 0.8, 50, Log: true), new Axis("share of seeds", 0, 1.05),
        [
            Series.Predicted(all.Select(m => m.Beta), all.Select(m => m.PredictedShare)),
            Series.Measured("measured", Palette.Blue, Sign.Disc, all.Select(m => m.Beta), all.Select(m => m.Share))
                .Between(all.Select(m => m.Share - 2 * m.ShareError), all.Select(m => m.Share + 2 * m.ShareError)),
        ]);

    private static IEnumerable<Fact> Facts(Modes m)
    {
        yield return new Fact($"β = {m.Beta}: share of seeds in which degree {m.Fastest}, the fastest, is the strongest",
            "∫ e^{−x} Π (1 − e^{−x μ_{l}/μ_{k}}) dx", m.PredictedShare, m.Share, 4 * m.ShareError);
        yield return new Fact($"β = {m.Beta}: mean of the strongest degree", "the same", m.PredictedMean, m.Winners.Average(),
            4 * m.PredictedDeviation / Math.Sqrt(m.Seeds));
    }

    /// <summary>The runs at one beta.</summary>
    private sealed class Modes
    {
        private readonly IReadOnlyList<double> _chances;

        public Modes(Experiment experiment, ObservationTable table)
        {
            (Beta, Tokens, Table) = (experiment.Interaction.Beta, experiment.Tokens.Count, table);
            (double time, _chances) = Growth.Strongest(Softmax(Beta), Tokens, Disturbance);
            double[][] degrees = [.. Enumerable.Range(1, SpectrumObservable.Degrees).Select(l => table.AtTime($"spectrum{l}", time))];
            Winners = [.. Enumerable.Range(0, Seeds).Select(s => 1.0 + Enumerable.Range(0, degrees.Length).MaxBy(l => degrees[l][s]))];
        }

        public double Beta { get; }
        public int Tokens { get; }
        public ObservationTable Table { get; }
        public int Seeds => Table.Replicas;

        /// <summary>The strongest degree of every seed.</summary>
        public double[] Winners { get; }

        public int Fastest => FastestAt(Beta);
        public double Share => Winners.Count(l => l == Fastest) / (double)Seeds;
        public double ShareError => Math.Sqrt(PredictedShare * (1 - PredictedShare) / Seeds);
        public double PredictedShare => _chances[Fastest - 1];
        public double PredictedMean => _chances.Select((chance, l) => chance * (l + 1)).Sum();

        public double PredictedDeviation => Math.Sqrt(_chances.Select((chance, l) => chance * Math.Pow(l + 1 - PredictedMean, 2)).Sum());

        public double Rate(int degree) => Growth.Rate(Softmax(Beta), 2, degree);

        /// <summary>Root mean square over seeds.</summary>
        public double Amplitude(int degree, double time) => Math.Sqrt(Table.AtTime($"spectrum{degree}", time).Average(a => a * a));

        public static int FastestAt(double beta) =>
            Enumerable.Range(1, SpectrumObservable.Degrees).MaxBy(l => Growth.Rate(Softmax(beta), 2, l));

        private static Interaction Softmax(double beta) => new(beta) { Normalization = Normalization.Softmax };
    }
}
