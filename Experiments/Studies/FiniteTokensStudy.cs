using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The error of one evaluation of the drift at finite n against the mean field in closed form. No run in time: a table.</summary>
internal sealed class FiniteTokensStudy() : Study(5, "finite-n", "Finite n against the mean field")
{
    private const string Table = "finite-n.csv";
    private const double Beta = 4, Concentration = 2, Tolerance = 1e-10;
    private static readonly int[] Dimensions = [2, 3];

    private static readonly Column[] TableColumns =
    [
        new("dimension", ColumnType.Integer, "Dimension d of the space."),
        new("tokens", ColumnType.Integer, "Number of tokens n."),
        new("seed", ColumnType.Integer, "Seed of the cloud."),
        new("error", ColumnType.Number, "Root mean square over tokens of |dx_i/dt - v(x_i)|, v the drift for n to infinity."),
    ];

    public override string Introduction(bool quick) =>
        $"Independent tokens of the von Mises-Fisher law, density proportional to e^{{κ⟨μ,x⟩}} with κ = {Concentration}, on S^{{1}} and "
            + $"S^{{2}}; softmax attention at β = {Beta}. For n → ∞ the drift is known: "
        + "v(x) = κ A(r)/r P_{x} μ with r = |β x + κ μ| and A = I_{d/2}/I_{d/2−1}. Measured is the root mean square over tokens of "
        + "|dx_{i}/dt − v(x_{i})| in one evaluation. The drift is a ratio of two sample "
        + "means, so its error falls like C n^{−1/2}; the dashed line has the constant C of the asymptotic variance, without a fit.";

    public override double TabulatedPairs(bool quick) => Dimensions.Length * Seeds(quick) * Sizes(quick).Sum(n => (double)n * n);

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        progress.Begin(Name);
        using CsvTable table = new(Path.Combine(folder, Table), TableColumns);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads, Summation.Auto, Tolerance);
        foreach (int d in Dimensions)
            foreach (int n in Sizes(quick))
                for (int seed = 1; seed <= Seeds(quick); seed++)
                {
                    stop.ThrowIfCancellationRequested();
                    table.Append([d, n, seed, Error(d, n, (ulong)seed, sums, threads, stop)]);
                    progress.Advance((double)n * n, $"d = {d}, n = {n}, seed {seed}");
                }
        table.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(folder, Table));
        Axis range = new("r.m.s. error of the drift over tokens", 0.5 * table["error"].Min(), 2 * table["error"].Max(), Log: true);
        List<ChartPanel> panels = [];
        List<Fact> facts = [];
        foreach (int d in Dimensions)
        {
            int[] rows = [.. Enumerable.Range(0, table["tokens"].Length).Where(row => table["dimension"][row] == d)];
            double[] sizes = [.. rows.Select(row => table["tokens"][row]).Distinct()];
            double[][] errors =
                [.. sizes.Select(n => rows.Where(row => table["tokens"][row] == n).Select(row => table["error"][row]).ToArray())];
            double constant = new VonMisesFisher(d, Concentration).SamplingError(Beta);
            panels.Add(Panel(d, sizes, errors, constant, range) with { SharesY = panels.Count > 0 });
            facts.AddRange(Facts(d, sizes, errors, constant));
        }
        string svg = new Chart("Error of the drift at finite n", "Logarithmic axes: the error of one evaluation of the drift falls along "
            + "the dashed line of slope -1/2, on the circle and on the sphere.", panels)
        {
            Notes = ["Error: |dx_{i}/dt − v(x_{i})|, root mean square over tokens. Signs: the same over seeds, too; bars: 5 to 95 % of "
                + "seeds."],
        }.Render();
        return new Findings(facts, new Picture("finite-n", svg, "Error of one evaluation of the softmax drift against the mean "
            + $"field, root mean square over tokens; β = {Beta}, von Mises-Fisher tokens with κ = {Concentration}, "
                + $"{table["seed"].Max()} seeds for "
            + "each n; bars: 5 to 95 % of seeds."));
    }

    private static int Seeds(bool quick) => quick ? 8 : 16;

    private static int[] Sizes(bool quick) =>
        [100, 300, 1000, 3000, 10_000, .. quick ? Array.Empty<int>() : [30_000, 100_000, 300_000, 1_000_000]];

    private static double Error(int d, int n, ulong seed, IPairSums sums, int threads, CancellationToken stop)
    {
        VonMisesFisher law = new(d, Concentration);
        Cloud cloud = new VonMisesFisherLaw(Sphere.Axis(d, d - 1), Concentration).Draw(1, n, d, seed);
        double[] drift = new double[cloud.Positions.Length];
        new Flow(new Interaction(Beta) { Normalization = Normalization.Softmax }, new IdentityGauge(), cloud, sums, threads)
            .Drift(cloud.Positions, drift, stop);
        double squares = 0;
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<double> x = cloud.Token(i), v = drift.AsSpan(i * d, d);
            double cosine = x[d - 1], g = law.Drift(Beta, cosine);
            for (int c = 0; c < d; c++) squares += Math.Pow(v[c] - g * ((c == d - 1 ? 1 : 0) - cosine * x[c]), 2);
        }
        return Math.Sqrt(squares / n);
    }

    private static double RootMeanSquare(IEnumerable<double> values) => Math.Sqrt(values.Average(v => v * v));

    private static ChartPanel Panel(int d, double[] sizes, double[][] errors, double constant, Axis range) => new(
        $"S^{{{d - 1}}}", new Axis("number of tokens n", sizes[0] / 1.6, sizes[^1] * 1.6, Log: true), range,
        [
            Series.Predicted([sizes[0], sizes[^1]], n => constant / Math.Sqrt(n), "C n^{−1/2}, C predicted"),
            Series.Measured("measured", Palette.Blue, Sign.Disc, sizes, errors.Select(RootMeanSquare))
                .Between(errors.Select(e => Quantile(e, 0.05)), errors.Select(e => Quantile(e, 0.95))),
        ]);

    private static IEnumerable<Fact> Facts(int d, double[] sizes, double[][] errors, double constant)
    {
        int seeds = errors[0].Length;
        // From n = 1000 on: below, the token's own share of its sum, about e^beta/(n Z), still counts. One slope for each seed.
        int first = Array.FindIndex(sizes, n => n >= 1000);
        double[] slopes =
            [.. Enumerable.Range(0, seeds).Select(seed =>
                Slope(sizes[first..].Select(n => Math.Log(n)), errors[first..].Select(e => Math.Log(e[seed]))))];
        double mean = slopes.Average(), error = Math.Sqrt(slopes.Sum(s => (s - mean) * (s - mean)) / (seeds - 1) / seeds);
        yield return new Fact($"S^{{{d - 1}}}: slope of log error against log n, {seeds} seeds, standard error "
            + $"{Numbers.ForPeople(error, 0.01)}", "a mean of n independent terms", -0.5, mean, 4 * error);
        // The error field of a cloud has a few independent degrees of freedom, so a seed's mean square scatters by about a half.
        double ratio = RootMeanSquare(errors[first..].SelectMany((e, k) =>
            e.Select(value => value * Math.Sqrt(sizes[first + k]) / constant)));
        yield return new Fact($"S^{{{d - 1}}}: error times n^{{1/2}} over the predicted constant, n ≥ 1000", "asymptotic variance of a "
            + "ratio of means", 1, ratio, 4 * 0.25 / Math.Sqrt(seeds * (sizes.Length - first)));
    }
}
