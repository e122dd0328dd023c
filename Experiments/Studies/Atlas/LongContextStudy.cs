using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>One attention layer over a long context: the critical beta among tokens that share a direction, and among independent keys. No
/// run in time: tables.</summary>
internal sealed class LongContextStudy() : Study(34, "long-context", "Long contexts: how beta must grow with n")
{
    private const string LayersTable = "long-context-layers.csv", KeysTable = "long-context-keys.csv";
    private const double Cosine = 0.5;
    private static readonly int[] Sizes = [8, 32, 128, 512];
    private static readonly int[] Dimensions = [2, 3, 5];
    private static readonly double[] Kappas = [0.5, 1, 2, 5, 10, 20, 50, 100, 200];

    private static readonly Column[] LayersColumns =
    [
        new("tokens", ColumnType.Integer, "Number of tokens n, all at the cosine 0.5, d = n."),
        new("strength", ColumnType.Number, "gamma (1 - g), beta = gamma log n: 1 is critical."),
        new("angle", ColumnType.Number, "Angle of different tokens after the layer over that before."),
    ];

    private static readonly Column[] KeysColumns =
    [
        new("dimension", ColumnType.Integer, "d; keys are uniform on S^{d-1}."),
        new("keys", ColumnType.Integer, "Number of keys n."),
        new("seed", ColumnType.Integer, "Seed of the keys."),
        new("kappa", ColumnType.Number, "Mean number of keys with beta (1 - <q, k>) below 1; 1 is critical."),
        new("squares", ColumnType.Number, "Sum of the squared attention weights of the query."),
    ];

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        "How must β grow with the context so that attention stays neither flat nor a single key? Tokens that all have the cosine g = "
            + $"{Cosine} [arXiv 2510.05554]: at β = γ log n one layer takes them together for γ(1 − g) < 1 and leaves them for γ(1 − "
            + "g) > 1, and the closed form at every n is that of Equiangular.LayerCosine. A query among independent uniform keys in a "
            + "fixed dimension [arXiv 2605.08505]: the critical β is of the order n^{2/(d−1)}, and the mean of the squared weights "
            + "Σ_{j} p_{j}^{2} tends to a function of κ, the mean number of keys with β(1 − ⟨q, k⟩) < 1, alone. For n keys it is an "
            + "integral as well (NearestKeys.MeanSquares), which the limit misses by a share of the order 1/β.";

    public override double TabulatedPairs(bool quick) => Sizes.Sum(n => (double)n * n * Strengths(quick).Length)
        + Dimensions.Length * Kappas.Length * Contexts(quick).Sum(n => (double)n * Seeds(quick));

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
        using CsvTable layers = new(Path.Combine(folder, LayersTable), LayersColumns),
            keys = new(Path.Combine(folder, KeysTable), KeysColumns);
        foreach (int n in Sizes)
        {
            Cloud cloud = new EquiangularLaw(Cosine).Draw(1, n, n, 1);
            foreach (double strength in Strengths(quick))
            {
                double[] output = new Length.Layer(Beta(strength, n), cloud, sums, threads, stop).Output();
                // All pairs are alike.
                double chord = Sphere.Distance(output.AsSpan(0, n), output.AsSpan(n, n));
                layers.Append([n, strength, 2 * Math.Asin(chord / 2) / Math.Acos(Cosine)]);
                progress.Advance((double)n * n, $"n = {n}");
            }
        }
        foreach (int d in Dimensions)
            foreach (int n in Contexts(quick))
                for (int seed = 1; seed <= Seeds(quick); seed++)
                {
                    double[] k = new UniformLaw().Draw(1, n, d, (ulong)seed).Positions;
                    foreach (double kappa in Kappas) keys.Append([d, n, seed, kappa, Squares(d, n, NearestKeys.Beta(d, kappa, n), k)]);
                    progress.Advance((double)n * Kappas.Length, $"d = {d}, n = {n}");
                }
        layers.Complete();
        keys.Complete();

        double Squares(int d, int n, double beta, double[] k)
        {
            double[] query = [.. new double[d - 1], 1], weights = [.. Enumerable.Repeat(1.0, n)];
            RowSums rows = sums.Sum(
                PairProblem.Difference(1, 1, n, d, new Interaction(beta), query, k, weights, new double[1], new double[n]),
                RowColumns.Squares, stop);
            // Where all weights are below the range of doubles, the nearest key has all.
            return rows.Squares[0] > 0 ? rows.Squares[0] / (rows.Z[0] * rows.Z[0]) : 1;
        }
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        IReadOnlyDictionary<string, double[]> layers = CsvData.Read(Path.Combine(folder, LayersTable));
        Context[] contexts = Context.Read(Path.Combine(folder, KeysTable));
        string svg = new Chart("Long contexts", "(a) Angle of different tokens after one layer over that before, against the strength "
            + "of the logarithmic scaling: a step that sharpens with n. (b) Mean sum of squared weights of a query among independent "
            + "keys, on the curve of so many keys, and for long contexts on one curve for each dimension.",
            [Angles(layers), Weights(contexts)])
        {
            PerRow = 2, PlotHeight = 270,
            Notes = ["(b): mean over seeds; full signs: ten times as many keys as open ones."],
        }.Render();
        return new Findings(Facts(layers, contexts), new Picture("long-context", svg, "One attention layer over n tokens. (a): tokens "
            + $"at the cosine g = {Cosine}, β = γ log n: the angle after the layer over the angle before, on its closed form (dashed); "
            + "the limit for n → ∞ is a step at 1. (b): a query among n independent uniform keys on S^{d−1}: the mean of Σ_{j} "
            + "p_{j}^{2} against κ, which falls like n β^{−(d−1)/2}; dashed: of so many keys; solid: the limit of long contexts, a Poisson "
            + "process of keys. "
            + "Attention is one key at the left, an average over many at the right."));
    }

    private static double[] Strengths(bool quick) => Grid(0, 2, quick ? 10 : 20);

    private static int[] Contexts(bool quick) => quick ? [100, 1000] : [1000, 10_000];

    private static int Seeds(bool quick) => quick ? 100 : 300;

    private static double Beta(double strength, double n) => strength / (1 - Cosine) * Math.Log(n);

    private static double Angle(double strength, double n) =>
        Math.Acos(Math.Min(Equiangular.LayerCosine(n, Beta(strength, n), Cosine), 1)) / Math.Acos(Cosine);

    private static ChartPanel Angles(IReadOnlyDictionary<string, double[]> layers)
    {
        int[] sizes = [.. layers["tokens"].Select(n => (int)n).Distinct()];
        return new ChartPanel("tokens that share a direction", new Axis("γ(1 − g), β = γ log n", 0, 2), new Axis("angle "
            + "after/before", 0, 1.08),
        [
            .. sizes.Select(n => Series.Predicted(Grid(0, 2, 100), s => Angle(s, n))),
            .. sizes.Select((n, i) => Series.Measured($"n = {n}", Palette.Series(i), (Sign)(1 + i % 4),
                Of("strength", n), Of("angle", n))),
        ])
        {
            References = [new Reference(1, "critical") { Vertical = true, Dash = "2 3" }],
        };

        IEnumerable<double> Of(string column, int n) => layers[column].Where((_, row) => layers["tokens"][row] == n);
    }

    private static ChartPanel Weights(Context[] contexts)
    {
        double[] kappas = [.. Grid(Math.Log(0.4), Math.Log(250 / 0.4), 30).Select(Math.Exp)];
        return new ChartPanel("independent keys", new Axis("κ, keys with β(1 − ⟨q, k⟩) < 1", 0.4, 250, Log: true),
            new Axis("mean of Σ p^{2}", 3e-4, 1.3, Log: true),
        [
            .. Dimensions.Select(d => new Series("limit n → ∞", Palette.Edge, kappas,
                [.. kappas.Select(kappa => NearestKeys.MeanSquares(d, kappa))]) { Width = 1 }),
            .. contexts.GroupBy(c => (c.Dimension, c.Keys)).Select(g =>
                Series.Predicted(g.Select(c => c.Kappa), g.Select(c => c.Predicted))),
            .. contexts.GroupBy(c => (c.Dimension, c.Keys)).Select(g => Series.Measured(
                g.Key.Keys == contexts.Max(c => c.Keys) ? $"d = "
                    + $"{g.Key.Dimension}" : "", Palette.Series(Array.IndexOf(Dimensions, g.Key.Dimension)),
                (Sign)(1 + Array.IndexOf(Dimensions, g.Key.Dimension)), g.Select(c => c.Kappa), g.Select(c => c.Mean)) with
            {
                Filled = g.Key.Keys == contexts.Max(c => c.Keys), SignSize = g.Key.Keys == contexts.Max(c => c.Keys) ? 0.7 : 1.2,
            }),
        ]);
    }

    private static IEnumerable<Fact> Facts(IReadOnlyDictionary<string, double[]> layers, Context[] contexts)
    {
        yield return new Fact("equiangular: largest |angle after/before − predicted|", "(g + q)/(g + q + (1 − g)s^{2})", 0,
            LargestDifference(layers["angle"], layers["strength"].Zip(layers["tokens"], Angle)), 1e-6);
        const string Source = "n ∫ s ψ (1 − φ)^{n−1} ds";
        foreach (int d in Dimensions)
        {
            Context[] one = [.. contexts.Where(c => c.Dimension == d)];
            Context critical = one.Single(c => c.Kappa == 1 && c.Keys == one.Max(k => k.Keys));
            yield return new Fact($"d = {d}, {critical.Keys} keys: mean of Σ p^{{2}} at the critical β, κ = 1", Source,
                critical.Predicted, critical.Mean, 4 * critical.Error);
            yield return new Fact($"d = {d}: largest |mean − predicted| over κ and both n, in standard errors", Source, 0,
                one.Max(c => Math.Abs(c.Mean - c.Predicted) / c.Error), 4);
        }
    }

    /// <summary>Seeds of a query among keys.</summary>
    /// <param name="Mean">Of the sum of squared weights.</param>
    /// <param name="Error">Its standard error.</param>
    private sealed record Context(int Dimension, int Keys, double Kappa, double Mean, double Error)
    {
        public double Predicted { get; } = NearestKeys.MeanSquares(Dimension, NearestKeys.Beta(Dimension, Kappa, Keys), Keys);

        public static Context[] Read(string file)
        {
            IReadOnlyDictionary<string, double[]> table = CsvData.Read(file);
            return
            [
                .. Enumerable.Range(0, table["seed"].Length)
                    .GroupBy(row => (table["dimension"][row], table["keys"][row], table["kappa"][row]))
                    .Select(g => (g.Key, Values: g.Select(row => table["squares"][row]).ToArray()))
                    .Select(g => new Context((int)g.Key.Item1, (int)g.Key.Item2, g.Key.Item3, g.Values.Average(),
                        Deviation(g.Values) / Math.Sqrt(g.Values.Length))),
            ];
        }
    }
}
