using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>The phase diagrams of arXiv 2312.10794: the share of close pairs over beta and time, dimension by dimension, and the time of
/// orthogonal tokens that it tends to.</summary>
internal sealed class PhaseDiagramsStudy() : Study(30, "phase-diagrams", "Phase diagrams: which pairs have come together")
{
    private const string Shares = "phase-diagrams", Times = "phase-times", OrthogonalTokens = "orthogonal tokens, d → ∞";
    private const int Tokens = 32;

    /// <summary>A run of a dimension, in which its tokens may stand as their span.</summary>
    private sealed record Diagram(string Sweep, string Variant, Experiment Drawn) : PlannedRun($"{Sweep}-{Text(Drawn)}{Variant}", Drawn)
    {
        public int Dimension => DimensionOf(Experiment);
        public Normalization Normalization => Experiment.Interaction.Normalization;
        public double Beta => Experiment.Interaction.Beta;
        public double Predicted => CollapseTime(Normalization, Beta);

        /// <summary>The mean over replicas at every time.</summary>
        public (double[] Times, double[] Shares) Mean(string folder)
        {
            ObservationTable table = Observations(folder);
            return (table.Times, [.. table.Times.Select(t => table.AtTime("close_pairs", t).Average())]);
        }

        /// <summary>When half of a replica's pairs have come together, a time a replica, linear between observations.</summary>
        public double[] CrossingTimes(string folder)
        {
            ObservationTable table = Observations(folder);
            double[][] shares = [.. table.Times.Select(t => table.AtTime("close_pairs", t))];
            return [.. Enumerable.Range(0, table.Replicas).Select(Crossing)];

            double Crossing(int replica)
            {
                int after = Array.FindIndex(shares, s => s[replica] >= 0.5);
                if (after <= 0) return double.PositiveInfinity;
                (double low, double high) = (shares[after - 1][replica], shares[after][replica]);
                return table.Times[after - 1] + (0.5 - low) / (high - low) * (table.Times[after] - table.Times[after - 1]);
            }
        }

        private static int DimensionOf(Experiment e) => e.Tokens.Initial is SpanLaw span ? span.Ambient : e.Tokens.Dimension;

        private static string Text(Experiment e) =>
            $"{Short(e.Interaction.Normalization).ToLowerInvariant()}-d{DimensionOf(e)}-beta{e.Interaction.Beta}";
    }

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        $"The share of pairs with ⟨x_{{i}}, x_{{j}}⟩ > 0.999 among {Tokens} independent uniform tokens, over β and t, averaged over "
            + $"{(quick ? 8 : 256)} replicas: figures of arXiv 2312.10794, after its authors' program (the same n, level, β up to 9, t up "
            + "to 30 under softmax). Theirs takes projected steps of 0.1 (see euler-clock), these runs adaptive ones. In dimensions 128 "
            + "and 1024 the tokens are turned into their span, of 32 dimensions, which changes no cosine. As d → ∞ independent tokens "
            + "become orthogonal, and all cosines follow one equation; dashed: the time T(β) at which it passes 0.999.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string[] reduced = If(quick, "replicas=8");
        Diagram[] shares = [.. PlannedRun.Of(Shares, _ => "", reduced).Select(run => new Diagram(Shares, "", run.Experiment))
            .Where(run => !quick || run.Beta % 1 == 0)];
        return
        [
            .. shares,
            .. PlannedRun.Of(Shares, _ => "", [.. reduced, "time.tolerance=1e-7"])
                .Select(run => new Diagram(Shares, "-finer", run.Experiment))
                .Where(run => run is { Dimension: 3, Beta: 4, Normalization.IsBounded: true }),
            .. PlannedRun.Of(Times, _ => "", reduced).Select(run => new Diagram(Times, "", run.Experiment)),
            .. PlannedRun.Of(Times, _ => "", [.. reduced, "tokens.dimension=128", "tokens.initial={\"law\":\"uniform\"}"])
                .Select(run => new Diagram(Times, "-whole", run.Experiment)).Where(run => run is { Beta: 4, Normalization.IsBounded: true })
                .Take(1),
        ];
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Diagram[] runs = [.. plan.Cast<Diagram>()];
        Diagram[] diagrams = [.. runs.Where(run => run is { Sweep: Shares, Variant: "" })];
        Collapse[] collapses = [.. runs.Where(run => run is { Sweep: Times, Variant: "" }).Select(run => new Collapse(run, folder))];
        Collapse whole = new(runs.Single(run => run.Variant == "-whole"), folder);
        string cells = new Chart("Phase diagrams", "Share of pairs of tokens that are close, over time to the right and beta upwards, for "
            + "softmax on the left and unnormalised attention on the right, dimension 2 to 1024 downwards; the edge between none and all "
            + "tends to a dashed curve as the dimension grows.",
            [.. diagrams.GroupBy(run => (run.Dimension, run.Normalization)).OrderBy(g => g.Key.Dimension)
                .ThenByDescending(g => g.Key.Normalization.IsBounded).Select(g => Panel([.. g], folder))])
        {
            PerRow = 2, PlotHeight = 144,
        }.Render();
        string times = new Chart("Time to collapse in high dimension", "(a): median time to collapse against beta on the dashed curve of "
            + "orthogonal tokens. (b), (c): over that time; it falls below 1 at large beta, sooner in dimension 128 than in 1024.",
            [TimesPanel(collapses), RatioPanel(collapses, Normalization.Softmax),
                RatioPanel(collapses, Normalization.Unnormalized) with { SharesY = true }])
        {
            Notes = ["Signs: median over replicas; bars: 5 to 95 % of replicas."],
        }.Render();
        return new Findings(Facts(diagrams, runs.Single(run => run.Variant == "-finer"), collapses, whole, folder),
            new Picture("phase-diagrams", cells, $"The share of pairs with ⟨x_{{i}}, x_{{j}}⟩ > 0.999 among {Tokens} independent tokens, "
                + "softmax (SA) and unnormalised (USA), in five dimensions. Dashed: T(β) of orthogonal tokens."),
            new Picture("phase-times", times, "(a) When half of the pairs have come together, on T(β), dashed: above SA, below "
                + "USA. (b), (c) The same over T(β); dashed: exp(−β^{2}/2d), the first effect of starting cosines that are not 0 but of "
                + "variance 1/d. Signs: median over replicas; bars: 5 to 95 % of replicas."));
    }

    private static string Short(Normalization normalization) => normalization.IsBounded ? "SA" : "USA";

    private static double CollapseTime(Normalization normalization, double beta) =>
        Equiangular.Time(normalization, beta, Tokens, 0, 1 - Clusters.Delta);

    // In high dimension the pull between tokens begins as e^{beta c}, c of variance 1/d: more than 1 in the mean.
    private static double FirstEffect(double beta, int dimension) => Math.Exp(-beta * beta / (2 * dimension));

    private static ChartPanel Panel(Diagram[] runs, string folder)
    {
        (double Beta, (double[] Times, double[] Shares) Mean)[] rows =
            [.. runs.OrderBy(run => run.Beta).Select(run => (run.Beta, run.Mean(folder)))];
        double[] times = rows[0].Mean.Times, betas = [.. rows.Select(row => row.Beta)];
        double[,] values = new double[betas.Length, times.Length];
        for (int row = 0; row < betas.Length; row++)
            for (int k = 0; k < times.Length; k++) values[row, k] = rows[row].Mean.Shares[k];
        double[] fine = Grid(0, 9, 90);
        Normalization normalization = runs[0].Normalization;
        return new ChartPanel($"{Short(normalization)}, d = {runs[0].Dimension}",
            new Axis("time t", 0, times[^1]), new Axis("β", 0, 9) { Ticks = 4 },
            [Series.Predicted(fine.Select(beta => CollapseTime(normalization, beta)), fine, OrthogonalTokens, Palette.Vermilion)
                with { Width = 2.2 }])
        {
            Cells = new Cells("share of close pairs, 0 to 1", Edges(times), Edges(betas), values),
        };

        // Of cells around evenly spaced places.
        static double[] Edges(double[] places) =>
            [.. Enumerable.Range(0, places.Length + 1).Select(k => places[0] + (k - 0.5) * (places[^1] - places[0]) / (places.Length - 1))];
    }

    private static ChartPanel TimesPanel(Collapse[] collapses)
    {
        double[] fine = Grid(0, 9.3, 93);
        return new ChartPanel("time to collapse", new Axis("β", -0.3, 9.3), new Axis("t", 0.3, 400, Log: true),
        [
            .. collapses.Select(c => c.Run.Normalization).Distinct()
                .Select(normalization => Series.Predicted(fine, beta => CollapseTime(normalization, beta), OrthogonalTokens)
                    // Where there is room above the curve.
                    with { Tag = Short(normalization), TagAt = normalization.IsBounded ? 0.33 : 0.84 }),
            .. Measured(collapses, c => c.Run.Predicted),
        ]);
    }

    private static ChartPanel RatioPanel(Collapse[] collapses, Normalization normalization)
    {
        Collapse[] own = [.. collapses.Where(c => c.Run.Normalization == normalization)];
        return new ChartPanel($"{Short(normalization)}, over T(β)", new Axis("β", -0.3, 9.3), new Axis("", 0.4, 1.1),
        [
            .. own.Select(c => c.Run.Dimension).Distinct().Select((d, i) =>
                Series.Predicted(Grid(0, 9.3, 93), beta => FirstEffect(beta, d), "exp(−β^{2}/2d)", Palette.Series(i))),
            .. Measured(own, _ => 1),
        ]);
    }

    // Ratios to T(beta), in some unit.
    private static IEnumerable<Series> Measured(Collapse[] collapses, Func<Collapse, double> unit) =>
        collapses.GroupBy(c => c.Run.Dimension).SelectMany((ofDimension, place) => ofDimension.GroupBy(c => c.Run.Normalization)
            .Select(group => Series.Measured($"d = {ofDimension.Key}", Palette.Series(place),
                place == 0 ? Sign.Square : Sign.Disc, group.Select(c => c.Run.Beta), group.Select(c => unit(c) * c.Ratio(0.5)))
                .Between(group.Select(c => unit(c) * c.Ratio(0.05)), group.Select(c => unit(c) * c.Ratio(0.95)))));

    private static IEnumerable<Fact> Facts(
        Diagram[] diagrams, Diagram finer, Collapse[] collapses, Collapse whole, string folder)
    {
        foreach (Collapse c in collapses.Where(c => c.Run.Dimension == 1024 && c.Run.Beta % 2 == 0 || c.Run.Beta == 9))
        {
            // Beyond the first effect, of order beta^2/d as well; and the error of a median.
            double first = FirstEffect(c.Run.Beta, c.Run.Dimension);
            yield return new Fact($"{c.Name}: median time to collapse over that of orthogonal tokens",
                "equiangular equation, exp(−β^{2}/2d)", first, c.Ratio(0.5),
                1 - first + 4 * 1.25 * c.Deviation / Math.Sqrt(c.Ratios.Length) + 0.002);
        }
        foreach (Collapse c in collapses.Where(c => c.Run.Beta == 0 && c.Run.Normalization.IsBounded))
        {
            // log((n-1) g + 1) grows at the rate 2, and the mean cosine g of n(n-1)/2 pairs at the start has the variance 2/(d n (n-1)).
            double spread = Math.Sqrt((Tokens - 1) / (2.0 * Tokens * c.Run.Dimension)) / c.Run.Predicted;
            yield return new Fact($"{c.Name}: standard deviation of the same over replicas", "((n − 1)/2nd)^{1/2}/T", spread, c.Deviation,
                spread * (0.05 + 4 / Math.Sqrt(2.0 * c.Ratios.Length)));
        }
        Collapse span = collapses.Single(c => c.Run.Dimension == 128 && c.Run.Beta == whole.Run.Beta && c.Run.Normalization.IsBounded);
        yield return new Fact($"{span.Name}: median in the span over that in all 128 dimensions", "the flow knows cosines alone", 1,
            span.Ratio(0.5) / whole.Ratio(0.5), 4 * 1.25 * Math.Sqrt(2) * span.Deviation / Math.Sqrt(span.Ratios.Length));
        Diagram coarse = diagrams.Single(run => run is { Dimension: 3, Beta: 4 } && run.Normalization == finer.Normalization);
        yield return new Fact($"SA, d = 3, β = 4: largest change of the mean share when the tolerance is 10^{{−7}} in place of 10^{{−3}}",
            "the tolerance does not show", 0, LargestDifference(coarse.Mean(folder).Shares, finer.Mean(folder).Shares), 0.005);
    }

    /// <summary>Times to collapse of the replicas of a run, over that of orthogonal tokens.</summary>
    private sealed class Collapse(Diagram run, string folder)
    {
        public Diagram Run => run;
        public double[] Ratios { get; } = [.. run.CrossingTimes(folder).Select(t => t / run.Predicted)];
        public double Deviation => Statistics.Deviation(Ratios);
        public string Name =>
            $"{Short(run.Normalization)}, d = {run.Dimension}, β = {run.Beta}";

        public double Ratio(double share) => Quantile(Ratios, share);
    }
}
