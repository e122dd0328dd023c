using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>A causal mask: all tokens come to where the first one stands, at one rate, the later in the row the later in time.</summary>
internal sealed class CausalStudy() : Study(18, "causal", "Causal mask: all come to the first")
{
    private static readonly int[] Positions = [2, 3, 6, 16, 64];
    private const double Shown = 50;
    private static readonly int[] Times = [10, 20, 30, 50];

    public override string Introduction(bool quick) =>
        "Token i sees the tokens j ≤ i, softmax attention with V = 1 on S^{2} at β = 1. The first sees itself alone and stays; all others "
            + "come to it, x_{i}(t) → x_{1}(0) [arXiv 2411.04990]. Token 2 is a scalar equation, half of that of two "
        + "clusters. Near the limit δ_{i}′ = (1/i) Σ_{j<i} δ_{j} − (1 − 1/i)δ_{i}: the eigenvalues are −(1 − 1/i), the slowest is that of "
        + "token 2, and its eigenvector is i − 1. So all tokens have the rate 1/2 in the end, and "
        + "token i is i − 1 times as far away as token 2, in its direction: the second token lags, and the later ones lag behind it.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) => [new("causal", "causal", If(quick, "replicas=5"))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Distances distances = new(plan.Single(), folder);
        string svg = new Chart("Causal mask",
            "(a): distance to the first token against time for five positions, on dashed lines of one "
                + "rate. (b): the distance in units of that of token 2 against the position, on the dashed line i - 1.",
            [TimePanel(distances), RatioPanel(distances)])
        {
            PerRow = 2, Notes = [$"Lines: median over {distances.Seeds} seeds."],
        }.Render();
        return new Findings(Facts(distances), new Picture("causal", svg, $"Distance of token i to x_{{1}}(0) under a "
            + $"causal mask, {distances.Seeds} seeds of {distances.Tokens} tokens. Lines: median over seeds. Dashed in (a): token 2 from "
            + $"its equation, and i − "
            + "1 times that for the others; in (b): i − 1."));
    }

    private static ChartPanel TimePanel(Distances d)
    {
        (double[] times, double[] second) = d.SecondToken(Median(d.At(0, 2)));
        // Beyond this distance a token is not in its last stage.
        const double near = 0.3;
        double[] shown = d.Times[..(d.Index(Shown) + 1)];
        List<Series> series = [];
        foreach (int i in Positions)
        {
            int[] last = [.. Enumerable.Range(0, times.Length).Where(k => i == 2 || (i - 1) * second[k] < near)];
            series.Add(Series.Predicted(last.Select(k => times[k]), last.Select(k => (i - 1) * second[k])));
        }
        foreach ((int place, int i) in Positions.Index())
            series.Add(new Series($"i = {i}", Palette.Series(place), shown, [.. shown.Select((_, k) => Median(d.At(k, i)))])
            {
                Sign = (Sign)(1 + place % 4),
            });
        return new ChartPanel("distance to the first token", new Axis("time t", 0, Shown),
            new Axis("|x_{i}(t) − x_{1}(0)|", 1e-11, 3, Log: true), series);
    }

    private static ChartPanel RatioPanel(Distances d)
    {
        double[] positions = [.. Enumerable.Range(2, d.Tokens - 1).Select(i => (double)i)];
        return new ChartPanel("in units of token 2", new Axis("position i", 1.9, 1.05 * d.Tokens, Log: true),
            new Axis("|x_{i} − x_{1}|/|x_{2} − x_{1}|", 0.5, 200, Log: true),
        [
            .. Times.Select((time, place) => new Series($"t = {time}", Palette.Note, positions,
                [.. positions.Select(i => Median(d.Ratios(time, (int)i)))]) { Sign = (Sign)(1 + place), Filled = true, Width = 1.4 }),
            Series.Predicted(positions, i => i - 1, "i − 1"),
        ]);
    }

    private static IEnumerable<Fact> Facts(Distances d)
    {
        int end = d.Times.Length - 1, middle = d.Index(20);
        yield return new Fact($"largest |x_{{i}}(t) − x_{{1}}(0)| at t = {d.Times[^1]}, all tokens and seeds", "2411.04990: 0", 0,
            Enumerable.Range(2, d.Tokens - 1).Max(i => d.At(end, i).Max()), 1e-8);
        yield return new Fact("distance that token 1 has moved", "it sees itself alone", 0, d.At(end, 1).Max(), 1e-15);
        yield return new Fact("token 2 at t = 20: largest |time of its equation to there/20 − 1|", "quadrature of dθ/θ′", 0,
            d.At(0, 2).Zip(d.At(middle, 2), (from, to) => Math.Abs(d.TimeOfSecond(from, to) / d.Times[middle] - 1)).Max(), 1e-5);
        foreach (int i in Positions.Skip(1))
            yield return new Fact($"|x_{{{i}}} − x_{{1}}|/|x_{{2}} − x_{{1}}|/{i - 1} at t = {Shown}, median over seeds",
                "eigenvector i − 1; the next one is (i − 1)(i − 2)/2 and falls like e^{−t/6} against it", 1,
                Median(d.Ratios(Shown, i)) / (i - 1), 4 * (i - 2) * Math.Exp(-Shown / 6));
    }

    /// <summary>|x_i(t) - x_1(0)|, positions counted from 1.</summary>
    private sealed class Distances
    {
        private readonly double _beta;
        private readonly double[] _distances;

        public Distances(PlannedRun run, string folder)
        {
            (_beta, Tokens) = (run.Experiment.Interaction.Beta, run.Experiment.Tokens.Count);
            IReadOnlyDictionary<string, double[]> table = run.Snapshots(folder);
            Seeds = (int)table["replica"].Max() + 1;
            double[][] x = [table["x0"], table["x1"], table["x2"]];
            _distances = [.. x[0].Select((_, row) =>
            {
                int first = row / Tokens % Seeds * Tokens;
                return Math.Sqrt(x.Sum(c => (c[row] - c[first]) * (c[row] - c[first])));
            })];
            Times = [.. table["time"].Where((_, row) => row % (Tokens * Seeds) == 0)];
        }

        public int Tokens { get; }
        public int Seeds { get; }
        public double[] Times { get; }

        public int Index(double time) => Enumerable.Range(0, Times.Length).MinBy(k => Math.Abs(Times[k] - time));

        /// <summary>One value a seed.</summary>
        public double[] At(int index, int position) =>
            [.. Enumerable.Range(0, Seeds).Select(seed => _distances[(index * Seeds + seed) * Tokens + position - 1])];

        public double[] Ratios(double time, int position) => [.. At(Index(time), position).Zip(At(Index(time), 2), (a, b) => a / b)];

        /// <summary>Time in which token 2 comes from one distance to another; of two clusters both move, hence the factor 2.</summary>
        public double TimeOfSecond(double from, double to) =>
            2 * TwoClusters.Time(Normalization.Softmax, _beta, 1, 2 * Math.Asin(from / 2), 2 * Math.Asin(to / 2));

        /// <summary>Distance of token 2 against time, from its equation.</summary>
        public (double[] Times, double[] Distances) SecondToken(double from)
        {
            double[] distances = [.. Enumerable.Range(0, 121).Select(k => from * Math.Pow(10, -k / 11.0))];
            return ([.. distances.Select((d, k) => k == 0 ? 0 : TimeOfSecond(from, d))], distances);
        }
    }
}
