using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>Leaders under a causal mask: tokens far from all earlier ones stay, and the others gather at them.</summary>
internal sealed class LeadersStudy() : Study(33, "leaders", "Causal masks: leaders and parked cars")
{
    private const double Shown = 64, Early = 20;

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        "Softmax attention on the circle under a causal mask, 200 independent tokens [arXiv 2411.04990]. A token further than δ = "
            + "4β^{−1/2} from all earlier ones is a strong Rényi centre: nothing it can see pulls it. One further than δ from all "
            + "earlier centres is a Rényi centre: cars of length δ that park at random. Of n tokens (1 − (1 − δ/π)^{n})π/δ are strong "
            + "on average, and about θ(nδ/2π) 2π/δ are centres, θ Rényi's density of parked cars (RandomParking.Centres). Others "
            + "gather at centres, and clusters are about as many. How far a strong centre can move in a time is bounded by its distance "
            + "from earlier tokens, whose law is that of strong centres at another δ.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. PlannedRun.Of("leaders", point => $"leaders-beta{point["interaction.beta"]}", If(quick, "replicas=12", "time.step=0.5"))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Leaders[] all = [.. plan.Select(run => new Leaders(run, folder))];
        Leaders shown = all.Single(l => l.Beta == Shown);
        string svg = new Chart("Leaders under a causal mask", "(a) Angles of tokens against time, leaders marked. (b) Number of "
            + "clusters against time at three beta, between the predicted numbers of centres. (c) Distance of leaders and of other "
            + "tokens from their start.",
            [Paths(shown), Numbers(all), Distances(shown)])
        {
            PlotHeight = 270,
            Notes = ["(a): one seed, every other token. (b): mean over seeds; bands: 5 to 95 % of seeds; dashed, in the "
                + "colour of each β: predicted. (c): nine of ten tokens are nearer."],
        }.Render();
        return new Findings(all.SelectMany(Facts), new Picture("leaders", svg, $"Causal attention among {shown.Tokens} tokens on the "
            + $"circle, {shown.Seeds} seeds. (a): one cloud at β = {Shown}. (b): clusters against time, mean over seeds; dashed, in the "
            + "colour of each β: the mean number of Rényi centres, above, and of strong ones, below. (c): how far nine of ten "
            + "tokens are from their start at most; δ = 4β^{−1/2} dotted."));
    }

    private static ChartPanel Paths(Leaders l)
    {
        int[] order = [.. Enumerable.Range(0, l.Tokens).Where(i => i % 2 == 0 || l.Kinds[0][i] > 0).OrderBy(i => l.Kinds[0][i])];
        string[] names = ["tokens", "Rényi centres", "strong centres"], colours = [Palette.Edge, Palette.Blue, Palette.Vermilion];
        return new ChartPanel($"one cloud, β = {l.Beta}", new Axis("time t", 0, l.Times[^1]), new Axis("angle", -0.2, 6.5),
        [
            .. order.Select(i => (Kind: l.Kinds[0][i], Path: l.Path(0, i))).Select(p =>
                new Series(names[p.Kind], colours[p.Kind], l.Times, p.Path) { Width = p.Kind > 0 ? 2 : 0.6 }),
        ]);
    }

    private static ChartPanel Numbers(Leaders[] all)
    {
        double[] times = all[0].Table.Times[1..];
        return new ChartPanel("clusters", new Axis("time t", times[0], times[^1], Log: true), new Axis("number of "
            + "clusters", 1, 60, Log: true),
        [
            .. all.SelectMany((l, i) => (Series[])
            [
                Series.Predicted([times[0], times[^1]], _ => l.PredictedCentres, "", Palette.Series(i)),
                Series.Predicted([times[0], times[^1]], _ => l.PredictedStrong, "", Palette.Series(i)),
                new Series($"β = {l.Beta}", Palette.Series(i), times, [.. times.Select(t => l.Table.AtTime("clusters", t).Average())])
                {
                    Low = l.Table.Quantile("clusters", 0.05)[1..], High = l.Table.Quantile("clusters", 0.95)[1..], Sign = (Sign)(1 + i),
                },
            ]),
        ]);
    }

    private static ChartPanel Distances(Leaders l)
    {
        string[] names = ["other tokens", "other centres", "strong centres"];
        string[] colours = [Palette.Edge, Palette.Blue, Palette.Vermilion];
        return new ChartPanel("way from the start", new Axis("time t", 0, l.Times[^1]), new Axis("angle", 1e-4, 5, Log: true),
            [
                .. names.Select((name, kind) => new Series(name, colours[kind], l.Times[1..], l.Ninetieth(kind)[1..])
                {
                    Sign = (Sign)(1 + kind),
                }),
            ])
        {
            References = [new Reference(l.Delta, "δ") { Dash = "2 3" }],
        };
    }

    private static IEnumerable<Fact> Facts(Leaders l)
    {
        double[] centres = [.. l.Kinds.Select(k => (double)k.Count(kind => kind > 0))];
        double[] strong = [.. l.Kinds.Select(k => (double)k.Count(s => s == 2))];
        yield return new Fact($"β = {l.Beta}: Rényi centres of the clouds, "
            + "mean", "RandomParking.Centres", l.PredictedCentres, centres.Average(),
            4 * Deviation(centres) / Math.Sqrt(l.Seeds));
        yield return new Fact($"β = {l.Beta}: strong centres, mean", "(1 − (1 − δ/π)^{n})π/δ", l.PredictedStrong, strong.Average(),
            4 * Deviation(strong) / Math.Sqrt(l.Seeds));
        yield return new Fact($"β = {l.Beta}: largest way of the first token", "it sees itself alone", 0, l.First, 1e-12);
        double clusters = l.Table.AtTime("clusters", Early).Average();
        yield return Fact.AtLeast($"β = {l.Beta}: clusters at t = {Early}, mean", "not fewer than strong "
            + "centres", l.PredictedStrong, clusters);
        // More of them stay than are beyond the reach of all n tokens: tokens before them are fewer, and most are further away.
        yield return Fact.AtLeast($"β = {l.Beta}: strong centres within δ/100 of their start until t = {Early}, mean",
            "(1 − (1 − a/π)^{n})π/a, n t sin(a) e^{−β(1 − cos a)} = δ/100", l.PredictedResting(Early, l.Delta / 100),
            l.Resting(Early, l.Delta / 100));
    }

    /// <summary>The runs at one beta.</summary>
    private sealed class Leaders
    {
        // [time, seed, token].
        private readonly double[] _angles;

        public Leaders(PlannedRun run, string folder)
        {
            (Beta, Tokens, Table) = (run.Experiment.Interaction.Beta, run.Experiment.Tokens.Count, run.Observations(folder));
            IReadOnlyDictionary<string, double[]> snapshots = run.Snapshots(folder);
            Times = [.. snapshots["time"].Distinct()];
            _angles = [.. snapshots["x0"].Zip(snapshots["x1"], (x, y) => Math.Atan2(y, x))];
            Kinds = [.. Enumerable.Range(0, Seeds).Select(Classified)];
        }

        public double Beta { get; }
        public int Tokens { get; }
        public ObservationTable Table { get; }
        public int Seeds => Table.Replicas;
        public double[] Times { get; }
        public double Delta => 4 / Math.Sqrt(Beta);
        public double PredictedCentres => RandomParking.Centres(Tokens, Delta / (2 * Math.PI));
        public double PredictedStrong => RandomParking.StrongCentres(Tokens, Delta / (2 * Math.PI));

        /// <summary>Of each token of a seed: 2 for a strong centre, 1 for another centre, 0 else.</summary>
        public int[][] Kinds { get; }

        /// <summary>The largest way of the first token.</summary>
        public double First => Enumerable.Range(0, Times.Length).Max(k => Enumerable.Range(0, Seeds).Max(s => Way(k, s, 0)));

        /// <summary>
        /// How many strong centres have no earlier token within the angle a, on average; n tokens at a or beyond move another by less than
        /// the way in that time, if they stay there.
        /// </summary>
        public double PredictedResting(double time, double way)
        {
            // The pull falls with the angle from beta^{-1/2} on.
            double reach = Quadrature.Root(a => Tokens * time * Math.Sin(a) * Math.Exp(-Beta * (1 - Math.Cos(a))) - way, Delta, Math.PI);
            return RandomParking.StrongCentres(Tokens, reach / (2 * Math.PI));
        }

        /// <summary>How many strong centres a cloud has, on average, that are within the way of their start all the time.</summary>
        public double Resting(double time, double way)
        {
            int[] until = [.. Enumerable.Range(0, Times.Length).Where(k => Times[k] <= time)];
            return Enumerable.Range(0, Seeds).Average(s => Enumerable.Range(0, Tokens).Count(i =>
                Kinds[s][i] == 2 && until.All(k => Way(k, s, i) < way)));
        }

        /// <summary>The angle of a token against time, without jumps.</summary>
        public double[] Path(int seed, int token)
        {
            double[] path = new double[Times.Length];
            for (int k = 0; k < path.Length; k++)
            {
                double angle = At(k, seed, token), before = k == 0 ? Math.PI : path[k - 1];
                path[k] = angle + 2 * Math.PI * Math.Round((before - angle) / (2 * Math.PI));
            }
            return path;
        }

        /// <summary>The way that nine of ten tokens of a kind do not exceed, at every time.</summary>
        public double[] Ninetieth(int kind) => [.. Times.Select((_, k) => Quantile([.. Enumerable.Range(0, Seeds).SelectMany(s =>
            Enumerable.Range(0, Tokens).Where(i => Kinds[s][i] == kind).Select(i => Way(k, s, i)))], 0.9))];

        private double At(int time, int seed, int token) => _angles[(time * Seeds + seed) * Tokens + token];

        private double Way(int time, int seed, int token) => Apart(At(time, seed, token), At(0, seed, token));

        private int[] Classified(int seed)
        {
            int[] kinds = new int[Tokens];
            for (int i = 0; i < Tokens; i++)
            {
                int[] near = [.. Enumerable.Range(0, i).Where(j => Apart(At(0, seed, i), At(0, seed, j)) <= Delta)];
                kinds[i] = near.Length == 0 ? 2 : near.All(j => kinds[j] == 0) ? 1 : 0;
            }
            return kinds;
        }

        private static double Apart(double a, double b) => Math.Abs(Math.IEEERemainder(a - b, 2 * Math.PI));
    }
}
