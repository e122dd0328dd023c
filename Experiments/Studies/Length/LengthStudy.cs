namespace AttentionFlow.Experiments.Studies.Length;

/// <summary>
/// Collapse by length: indicators of one attention layer and of its output against n and temperature, and the critical law of long
/// contexts. No run in time: tables.
/// </summary>
internal sealed class LengthStudy() : Study(14, "length", "Collapse by length")
{
    private const string LayersTable = "length-layers.csv", LawTable = "length-law.csv";
    private const double Cosine = 0.2;
    private const int Dimension = 3;
    private static readonly double[] Betas = [1, 4, 16];
    private static readonly double[] Strengths = [0.5, 1, 2];
    private static readonly string[] Indicators = ["low-pass norm", "entropy", "cosine after", "residual after"];
    private static readonly string[] Colours = [Palette.Vermilion, Palette.Blue, Palette.Green];

    private static readonly Column[] LayersColumns =
    [
        new("equiangular", ColumnType.Integer, "1: all pairs of tokens at the cosine 0.2, d = n; 0: independent uniform tokens on S^2."),
        new("beta", ColumnType.Number, "Inverse temperature."),
        new("tokens", ColumnType.Integer, "Number of tokens n."),
        new("seed", ColumnType.Integer, "Seed of the cloud."),
        new("low_pass", ColumnType.Number, "Low-pass norm of the layer."),
        new("attention_entropy", ColumnType.Number, "Mean attention entropy of the layer."),
        new("residual", ColumnType.Number, "Residual of the layer's output."),
        new("mean_cosine", ColumnType.Number, "Mean cosine of the layer's output."),
        new("gain", ColumnType.Number, "|m| of the layer's output over |m| of its input."),
    ];

    private static readonly Column[] LawColumns =
    [
        new("strength", ColumnType.Number, "gamma (1 - g): 1 is critical."),
        new("tokens", ColumnType.Integer, "Number of tokens n."),
        new("cosine", ColumnType.Number, "Cosine of different tokens after one layer at beta = gamma log n."),
    ];

    public override string Introduction(bool quick) =>
        $"One softmax layer without skip connection, x′_{{i}} = Σ_{{j}} A_{{ij}} x_{{j}}, returned to the sphere. Independent uniform "
            + $"tokens on S^{{2}}, and equiangular ones: all cosines g = {Cosine}, as long inputs whose "
        + "embeddings share a direction, in as many dimensions as tokens. Temperature scaling by τ is β/τ. The more tokens, the lower the "
        + "low-pass norm, after 2410.24200; but whether the output collapses depends on the input. Equiangular: "
        + "the new cosine is (g + q)/(g + q + (1 − g)s^{2}), s the low-pass norm, q = (1 − g)(1 − s^{2})/n, and goes to 1 with n at any "
        + "fixed β. Independent: the noise of the mean grows by the factor 1 + (d − 1)/β, and the "
        + "cosine falls like 1/n. To keep equiangular tokens apart β must grow like γ log n: the new cosine tends to 1, 4g/(1 + 3g) or g "
        + "for γ below, at and above 1/(1 − g).";

    public override double TabulatedPairs(bool quick) =>
        Betas.Length * (Seeds(quick) * IndependentSizes(quick).Sum(Square) + EquiangularSizes(quick).Sum(Square))
            + Strengths.Length * EquiangularSizes(quick).Sum(Square);

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
        using CsvTable layers = new(Path.Combine(folder, LayersTable), LayersColumns),
            law = new(Path.Combine(folder, LawTable), LawColumns);
        foreach (double beta in Betas)
        {
            foreach (int n in IndependentSizes(quick))
                for (int seed = n + 1; seed <= n + Seeds(quick); seed++) // no cloud begins like another
                    layers.Append([0, beta, n, seed, .. Measure(beta, new UniformLaw().Draw(1, n, Dimension, (ulong)seed), n)]);
            foreach (int n in EquiangularSizes(quick)) layers.Append([1, beta, n, 1, .. Measure(beta, Equal(n), n)]);
        }
        foreach (double strength in Strengths)
            foreach (int n in EquiangularSizes(quick)) law.Append([strength, n, Measure(CriticalBeta(strength, n), Equal(n), n)[3]]);
        layers.Complete();
        law.Complete();

        static Cloud Equal(int n) => new EquiangularLaw(Cosine).Draw(1, n, n, 1);

        double[] Measure(double beta, Cloud cloud, int n)
        {
            double[] measured = new Layer(beta, cloud, sums, threads, stop).Measure();
            progress.Advance(Square(n), $"β = {beta:G3}, n = {n}");
            return measured;
        }
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Curve[] curves = Curve.Read(Path.Combine(folder, LayersTable));
        string svg = new Chart("Collapse by length",
            "Low-pass norm and entropy of one attention layer, growth of the mean or cosine and residual of its output, against the "
                + "number of tokens at three temperatures; independent tokens left, equiangular ones right; on dashed predictions.",
            [.. Enumerable.Range(0, 2 * Indicators.Length).Select(k => Panel(equiangular: k % 2 == 1, k / 2, curves))])
        {
            PerRow = 2, PlotHeight = 165,
            Notes = ["Signs: mean over seeds; bars: 5 to 95 % of seeds. Dashed: for every n on the right and for the entropy; else the law "
                + "for n → ∞, the residual's where the mean after the layer is small."],
        }.Render();
        LawPoint[] law = LawPoint.Read(Path.Combine(folder, LawTable));
        return new Findings([.. Facts(curves), .. LawFacts(law)],
            new Picture("length", svg, $"One softmax layer of independent tokens on S^{{2}} (left) and of tokens at the cosine "
                + $"{Cosine} (right). The low-pass norm falls with n on both sides, but only tokens that share a direction are drawn "
                + "together more the more there are."),
            new Picture("length-law", LawChart(law), "The cosine after one layer at β = γ log n, input cosine g = "
                + $"{Cosine}: below, at and above γ(1 − g) = 1. Signs: layers that were computed; dashed: closed form; dotted: its "
                    + $"limits for n → ∞, one for each strength."));
    }

    private static int Seeds(bool quick) => quick ? 4 : 8;

    private static int[] IndependentSizes(bool quick) => [10, 30, 100, 300, 1000, .. quick ? Array.Empty<int>() : [3000]];

    private static int[] EquiangularSizes(bool quick) => [8, 16, 32, 64, 128, .. quick ? Array.Empty<int>() : [256, 512]];

    private static double Square(int n) => (double)n * n;

    // gamma log n.
    private static double CriticalBeta(double strength, double n) => strength / (1 - Cosine) * Math.Log(n);

    private static double LawCosine(double strength, double n) => Equiangular.LayerCosine(n, CriticalBeta(strength, n), Cosine);

    // Independent tokens: the mean entropy for every n, else laws for n to infinity, the residual where |m|^2 after the layer is at most a
    // tenth; closed forms of equiangular ones. Independent tokens have the growth of |m| in place of the cosine, which is as small as its
    // noise.
    private static double Predicted(bool equiangular, int indicator, double beta, double n)
    {
        double gap = beta * (1 - Cosine), mean = UniformAttention.LayerMeanGain(Dimension, beta);
        return (equiangular, indicator) switch
        {
            (true, 0) => Equiangular.LowPass(n, gap),
            (true, 1) => Equiangular.AttentionEntropy(n, gap),
            (true, 2) => Equiangular.LayerCosine(n, beta, Cosine),
            (true, _) => Math.Sqrt((1 - Equiangular.LayerCosine(n, beta, Cosine)) * (n - 1) / n),
            (_, 0) => UniformAttention.LowPass(Dimension, beta),
            (_, 1) => UniformAttention.MeanEntropy(Dimension, beta, (int)Math.Round(n)),
            (_, 2) => mean,
            _ => mean * mean > 0.1 * n ? double.NaN : Math.Sqrt(1 - mean * mean / n),
        };
    }

    private static double[] Between(double from, double to, int steps) =>
        [.. Enumerable.Range(0, steps + 1).Select(k => from * Math.Pow(to / from, k / (double)steps))];

    private static ChartPanel Panel(bool equiangular, int indicator, Curve[] curves)
    {
        Curve[] shown = [.. curves.Where(c => c.Equiangular == equiangular)];
        double[] sizes = shown[0].Sizes;
        Axis y = (equiangular, indicator) switch
        {
            (_, 1) => new Axis(Indicators[1], -0.3, 9),
            (false, 2) => new Axis("|m| after/before", -0.15, 3.3),
            _ => new Axis(Indicators[indicator], -0.05, 1.08),
        };
        int column = !equiangular && indicator == 2 ? 4 : indicator;
        return new ChartPanel(indicator > 0 ? "" : equiangular ? $"equiangular, cosine {Cosine}" : "independent, S^{2}",
            new Axis(indicator == 3 ? "number of tokens n" : "", sizes[0] / 1.5, sizes[^1] * 1.5, Log: true), y,
        [
            .. shown.SelectMany((curve, i) => (Series[])
            [
                Series.Predicted(Between(sizes[0], sizes[^1], 50), n => Predicted(equiangular, indicator, curve.Beta, n)),
                Series.Measured($"β = {curve.Beta}", Colours[i], (Sign)(1 + i), sizes, curve.Values[column].Select(v => v.Average()))
                    .Between(curve.Values[column].Select(v => Statistics.Quantile(v, 0.05)),
                        curve.Values[column].Select(v => Statistics.Quantile(v, 0.95))),
            ]),
        ]);
    }

    private static string LawChart(LawPoint[] law) => new Chart("Long contexts", "Cosine of different tokens after one layer at beta = "
        + "gamma log n against n, on dashed closed forms that tend to three limits.",
        [
            new ChartPanel("", new Axis("number of tokens n", 6, 3000, Log: true), new Axis("cosine after one layer", 0, 1.08),
            [
                .. law.GroupBy(p => p.Strength).SelectMany((of, i) => (Series[])
                [
                    Series.Predicted(Between(6, 3000, 80), n => LawCosine(of.Key, n)),
                    Series.Measured($"γ(1 − g) = {of.Key}", Colours[i], (Sign)(1 + i), of.Select(p => p.Tokens), of.Select(p => p.Cosine)),
                ]),
            ])
            {
                References =
                [
                    new Reference(1, "limit for n → ∞") { Tag = "1", Dash = "2 3" },
                    new Reference(4 * Cosine / (1 + 3 * Cosine), "") { Tag = "4g/(1 + 3g) = 0.5", Dash = "2 3" },
                    new Reference(Cosine, "") { Tag = "g = 0.2", Dash = "2 3" },
                ],
            },
        ])
    { Width = 640 }.Render();

    private static IEnumerable<Fact> Facts(Curve[] curves)
    {
        for (int k = 0; k < Indicators.Length; k++)
        {
            string source = k switch
            {
                0 => "(1 − e^{−D})/(1 + (n − 1)e^{−D})",
                1 => "entropy at D = β(1 − g)",
                _ => "(g + q)/(g + q + (1 − g)s^{2})",
            };
            yield return new Fact($"equiangular: largest |{Indicators[k]} − predicted|", source, 0,
                curves.Where(c => c.Equiangular).Max(c => Statistics.LargestDifference(
                    c.Values[k].Select(v => v[0]), c.Sizes.Select(n => Predicted(true, k, c.Beta, n)))), k == 0 ? 1e-3 : 1e-9);
        }
        foreach (Curve c in curves.Where(c => !c.Equiangular))
        {
            double n = c.Sizes[^1], gain = UniformAttention.LayerMeanGain(Dimension, c.Beta);
            // Sampling adds to the largest singular value a few times (participation share/n)^{1/2}: the row noise of the matrix.
            double noise = 3 / Math.Sqrt(n * UniformAttention.ParticipationShare(Dimension, c.Beta));
            string at = $"independent, β = {c.Beta}, n = {n}";
            yield return new Fact($"{at}: low-pass norm", "A_{d}(β) for n → ∞", Predicted(false, 0, c.Beta, n), c.Values[0][^1].Average(),
                noise);
            yield return new Fact($"{at}: entropy, less log n", "log λ_{0} − β A_{d} for n → ∞",
                UniformAttention.EntropyBelowLogTokens(Dimension, c.Beta), c.Values[1][^1].Average() - Math.Log(n), noise * noise);
            yield return new Fact($"independent, β = {c.Beta}: largest |entropy − predicted|/standard error over {c.Sizes.Length} n",
                "E log Z + E Σ w β(1 − t)/Z", 0, c.Values[1].Zip(c.Sizes, (v, size) => Math.Abs(v.Average() - Predicted(false, 1, c.Beta,
                    size)) * Math.Sqrt(v.Length) / Statistics.Deviation(v)).Max(), 5);
            // The other ripples of the noise change it by about (n share)^{-1/2}, each seed otherwise.
            yield return new Fact($"{at}: |m| after the layer over |m| before, mean over seeds", "1 + (d − 1)/β", gain,
                c.Values[4][^1].Average(), gain * noise);
        }
    }

    private static IEnumerable<Fact> LawFacts(LawPoint[] law)
    {
        yield return new Fact("β = γ log n: largest |cosine after one layer − predicted|", "(g + q)/(g + q + (1 − g)s^{2})", 0,
            law.Max(p => Math.Abs(p.Cosine - LawCosine(p.Strength, p.Tokens))), 1e-9);
        double[] limits = [1, 4 * Cosine / (1 + 3 * Cosine), Cosine];
        foreach ((double strength, double limit) in Strengths.Zip(limits))
        {
            LawPoint last = law.Last(p => p.Strength == strength);
            double n = last.Tokens, power = Math.Pow(n, -Math.Abs(1 - strength));
            // Off the critical line s^2 misses 0 or 1 by about n^{-2(1 - strength)} or 2 n^{1 - strength}; on it s = (1 - 1/n)/(2 - 1/n)
            // and q = O(1/n).
            yield return new Fact($"γ(1 − g) = {strength}, n = {n}: cosine after one layer",
                strength switch { < 1 => "1 for n → ∞", 1 => "4g/(1 + 3g)", _ => "g for n → ∞" }, limit, last.Cosine,
                strength < 1 ? (1 - Cosine) / Cosine * power * power : strength > 1 ? 2 * power : 2 / n);
        }
    }

    /// <summary>What was measured at one beta: values by indicator (low pass, entropy, mean cosine, residual, gain), size and
    /// seed.</summary>
    private sealed record Curve(bool Equiangular, double Beta, double[] Sizes, double[][][] Values)
    {
        public static Curve[] Read(string path)
        {
            IReadOnlyDictionary<string, double[]> table = CsvData.Read(path);
            string[] columns = ["low_pass", "attention_entropy", "mean_cosine", "residual", "gain"];
            return
            [
                .. from row in Enumerable.Range(0, table["tokens"].Length)
                   group row by (table["equiangular"][row], table["beta"][row]) into rows
                   let sizes = rows.GroupBy(row => table["tokens"][row]).ToArray()
                   select new Curve(rows.Key.Item1 == 1, rows.Key.Item2, [.. sizes.Select(of => of.Key)],
                       [.. columns.Select(c => sizes.Select(of => of.Select(row => table[c][row]).ToArray()).ToArray())]),
            ];
        }
    }

    /// <summary>A layer at the critical temperature.</summary>
    private sealed record LawPoint(double Strength, double Tokens, double Cosine)
    {
        public static LawPoint[] Read(string path)
        {
            IReadOnlyDictionary<string, double[]> table = CsvData.Read(path);
            return [.. table["strength"].Select((strength, row) => new LawPoint(strength, table["tokens"][row], table["cosine"][row]))];
        }
    }
}
