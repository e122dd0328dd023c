using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Plateaus;

/// <summary>How many metastable clusters form on the circle, against beta.</summary>
internal sealed class PlateausStudy() : Study(6, "plateaus", "Plateaus: the number of metastable clusters")
{
    private const double Lasting = 1.5;
    private const int Samples = 200;
    private static readonly int[] Betas = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    private static readonly int[] Traced = [4, 16, 64, 256];

    public override string Introduction(bool quick) =>
        $"Softmax attention on S^{{1}} from {(quick ? "2048" : "8192")} independent uniform tokens. Each degree l of their noise grows at "
            + "the rate g_{l} = l^{2} I_{l}(β)/(β I_{0}(β)), fastest at l*, which tends to (2β)^{1/2} for large β. When the density is "
        + "disturbed by its own size, Σ_{l} (2/n)(e^{2g_{l}t} − 1) = 1, the velocity is still a mixture of degrees, a Gaussian field with "
        + "amplitudes a_{l} = (g_{l}/l) e^{g_{l}t}: (Σ l^{2} a_{l}^{2}/Σ a_{l}^{2})^{1/2} points attract (Rice's formula), fewer than l*. "
        + "These points with the masses of their basins, moved as clusters by the same flow, merge where two are near or one is light; "
        + $"their mean number over {Samples} samples of the field is the prediction. Clusters that are left pull their neighbours with "
            + $"about "
        + "e^{−π²} of Z whatever β is, so they stay long. Counted are the components of the graph of tokens closer than 2.56 degrees. "
        + "The plateau of a seed is the first count, after the uniform cloud has broken up, that lasts while the time grows by the "
        + $"factor {Lasting}. Fast sums with a tolerance of 10^{{−10}} are used beyond the β at which they "
        + "resolve the pull of antipodal clusters, e^{−2β}: the pulls that matter here are far stronger.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. Betas.Select(beta => new PlannedRun($"plateaus-beta{beta}", "plateaus",
            [$"interaction.beta={beta}", .. If(quick, "tokens.count=2048", "replicas=8")])),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Result[] results = [.. plan.Select(run => new Result(run.Experiment, run.Observations(folder)))];
        string svg = new Chart("Plateaus of the number of clusters",
            "(a) Number of clusters against time for some beta. (b) The plateau against beta on logarithmic axes. (c) The same over "
                + "the square root of 2 beta, with the fastest degree, the number of points that attract, and what is left of them.",
            [Traces(results), Law(results), Shares(results)])
        {
            PlotHeight = 250,
            Notes = ["(a): median over seeds. (b), (c): mean over seeds; bars: 5 to 95 % of seeds."],
        }.Render();
        return new Findings(Facts(results), new Picture("plateaus", svg, "(a) Connected components against time; lone tokens "
            + $"between forming clusters count too, hence the peaks. (b) The plateau against β, {results[0].Plateaus.Length} seeds for "
            + "each; bars: 5 to 95 % of seeds. (c) The same over (2β)^{1/2}, the law for large β and many tokens. The noise of "
            + $"{results[0].Tokens} tokens leaves fewer points that attract than the fastest degree has, and some of these merge at "
                + $"once."));
    }

    private static ChartPanel Traces(Result[] results)
    {
        Result[] traced = [.. results.Where(r => Traced.Contains((int)r.Beta))];
        double[] times = traced[0].Table.Times[1..];
        return new ChartPanel("clusters against time", new Axis("time t", times[0], times[^1], Log: true),
            new Axis("number of clusters", 0.8, 50, Log: true),
        [
            .. traced.Select((r, i) => new Series($"β = {r.Beta}", Palette.Series(i), times, r.Table.Quantile("clusters", 0.5)[1..])
            {
                Sign = (Sign)(1 + i % 4),
            }),
        ]);
    }

    private static ChartPanel Law(Result[] results)
    {
        double[] betas = [.. results.Select(r => r.Beta)];
        return new ChartPanel("plateau against β", new Axis("inverse temperature β", 0.7, 370, Log: true),
            new Axis("clusters on the plateau", 0.8, 50, Log: true),
        [
            Series.Predicted([0.7, 370], beta => Math.Sqrt(2 * beta), "(2β)^{1/2}"),
            Bars(results, betas, _ => 1),
        ]);
    }

    // Over (2 beta)^{1/2}.
    private static ChartPanel Shares(Result[] results)
    {
        double[] betas = [.. results.Select(r => r.Beta)], fine = [.. Grid(Math.Log(0.7), Math.Log(370 / 0.7), 60).Select(Math.Exp)];
        return new ChartPanel("over (2β)^{1/2}", new Axis("inverse temperature β", 0.7, 370, Log: true), new Axis("", 0.5, 1.2),
        [
            Series.Measured("fastest degree l*", Palette.Vermilion, Sign.Square, betas, results.Select(r => r.Fastest / Unit(r.Beta))),
            Series.Predicted(fine, beta => Growth.BreakUp(new Interaction(beta) { Normalization = Normalization.Softmax },
                results[0].Tokens).Number / Unit(beta), "points that attract", Palette.Vermilion),
            Series.Predicted(betas, results.Select(r => r.Left.Average() / Unit(r.Beta)), "predicted, after mergers"),
            Bars(results, betas, Unit),
        ]);
    }

    private static double Unit(double beta) => Math.Sqrt(2 * beta);

    private static Series Bars(Result[] results, double[] betas, Func<double, double> unit) =>
        Series.Measured("measured", Palette.Blue, Sign.Disc, betas, results.Select(r => r.Mean / unit(r.Beta)))
            .Between(results.Select(r => Quantile(r.Plateaus, 0.05) / unit(r.Beta)),
                results.Select(r => Quantile(r.Plateaus, 0.95) / unit(r.Beta)));

    private static IEnumerable<Fact> Facts(Result[] results)
    {
        int seeds = results.Sum(r => r.Plateaus.Length);
        yield return new Fact($"runs, of {seeds}, with a plateau", $"a count that lasts while t grows {Lasting} times", seeds,
            results.Sum(r => r.Plateaus.Count(double.IsFinite)), 0);
        foreach (Result r in results)
            yield return new Fact($"β = {r.Beta}: mean number of clusters on the plateau", "points that attract, less mergers",
                r.Left.Average(), r.Mean, 4 * Deviation(r.Left) * Math.Sqrt(1.0 / r.Plateaus.Length + 1.0 / Samples));
        Result[] large = [.. results.Where(r => r.Beta >= 8)];
        yield return new Fact("exponent of the plateau in β, from β = 8 on", "law β^{1/2}", 0.5,
            Slope(large.Select(r => Math.Log(r.Beta)), large.Select(r => Math.Log(r.Mean))), 0.05);
    }

    /// <summary>The runs at one beta.</summary>
    private sealed class Result
    {
        public Result(Experiment experiment, ObservationTable table)
        {
            (Table, Beta) = (table, experiment.Interaction.Beta);
            Interaction interaction = experiment.Interaction.Pair;
            Fastest = Enumerable.Range(1, 100).MaxBy(l => Growth.Rate(interaction, experiment.Tokens.Dimension, l));
            double[][] counts = [.. table.Times.Select(t => table.AtTime("clusters", t))];
            (double Count, double Start)[] plateaus =
                [.. Enumerable.Range(0, table.Replicas).Select(seed => Plateau([.. counts.Select(c => c[seed])], table.Times))];
            (Tokens, Plateaus) = (experiment.Tokens.Count, [.. plateaus.Select(p => p.Count)]);
            Left = new ClusterModel(interaction, Tokens).Counts(Lasting * Median([.. plateaus.Select(p => p.Start)]), Samples);
        }

        public ObservationTable Table { get; }
        public double Beta { get; }
        public int Fastest { get; }
        public int Tokens { get; }

        /// <summary>What theory has left when half of the plateaus have lasted: one a sample of <see cref="ClusterModel"/>.</summary>
        public double[] Left { get; }

        /// <summary>One a seed; NaN for none.</summary>
        public double[] Plateaus { get; }
        public double Mean => Plateaus.Average();

        // 1 where the cloud never breaks up: it has contracted to a point.
        private static (double Count, double Start) Plateau(double[] counts, double[] times)
        {
            int start = Array.FindIndex(counts, c => c > 1);
            if (start < 0) return (1, times[^1]);
            for (int k = start; k < counts.Length; k++)
            {
                if (counts[k] != counts[start]) start = k;
                if (times[k] >= Lasting * times[start]) return (counts[k], times[start]);
            }
            return (double.NaN, double.NaN);
        }
    }
}
