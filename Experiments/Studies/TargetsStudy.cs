using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Laws as limits: distance of transport from the tokens to the law they are made for, against n, for grid and independent labels, on an orbit and on the sphere.</summary>
public sealed class TargetsStudy : Study
{
    private const double Arc = 2, Concentration = 2;

    // lambda e^beta t at the end of the pinned runs.
    private const double PinnedTime = 16;

    // Points that stand for the law, a token: their own distance to it is this much smaller.
    private const int Nodes = 32;
    private static readonly double OrbitRadius = Math.Sqrt(3) / 2;
    private static readonly string[] LabelLaws = ["grid", "uniform"];
    private static readonly double[] Strengths = [0.05, 0.1, 0.2];

    private static readonly Target[] Targets =
    [
        new("arc", "phase-field", "interaction.gauge.target={\"law\":\"arc\",\"from\":0,\"to\":2}")
        {
            Grid = OrbitRadius * Arc / 4, Independent = OrbitRadius * Arc * Math.Sqrt(2 / Math.PI) * Math.PI / 8,
        },
        new("vonMises", "phase-field") { Grid = OrbitRadius * Math.PI / 2 },
        new("greatCircle", "prefix-law", "interaction.gauge.targets={\"law\":\"greatCircle\",\"normal\":[0.6,0,0.8]}")
        {
            Grid = Math.PI / 6, Independent = Math.PI / 4 * Math.Sqrt(2 / Math.PI) * Math.PI * MathNet.Numerics.Integration.GaussLegendreRule.Integrate(p => Math.Sqrt(p * (1 - p)) * Math.Sin(Math.PI * p), 0, 1, 128),
        },
    ];

    /// <inheritdoc/>
    public override string Name => "targets";

    /// <inheritdoc/>
    public override string Heading => "Laws as limits";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        "Any law on an orbit by a phase field (Theorem 2), any law on the sphere by prefix targets (Theorem 4): the flow carries token i to Ψ(s_{i})^{T} u, so that n tokens are a sample of the law, as good as their labels. "
        + "β = 1, unnormalised attention, mirror pairs in the gauge frame, which fix u. On the orbit of u (radius 0.866): uniform on an arc of 2 radians, and von Mises' law with κ = 2; measured is W_{1} along the orbit. On the sphere: "
        + "a great circle, a target a token; measured is the sliced W_{1}. Grid labels: r L/(4n) for a law on a length L of angles, from midpoints of equal shares, and π/(6n) for the great circle, where the two halves of the circle lie on each other in "
        + "projection. Independent labels: E∫|F_{n} − F| = (2/πn)^{1/2} ∫ (F(1 − F))^{1/2}, F the distribution function. "
        + "From independent starts u is a matter of chance; a pinning prompt of strength λ at u = (√3/2, 0, 1/2) in the gauge frame turns the cloud there, and |m_{z} − u_{z}| falls like e^{−λ e^{β} t} (full-turn rotary code, 16 tokens).";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from target in Targets
           from labels in LabelLaws
           from n in Enumerable.Range(4, quick ? 3 : 6).Select(power => 1 << power)
           select new PlannedRun($"targets-{target.Name}-{labels}-n{n}", StoredExperiments.Load(target.Stored,
           [
               .. target.Settings, $"labels.law={labels}", $"tokens.count={n}", $"replicas={(labels == "grid" ? 1 : 12)}", "time.horizon=30", "time.method=tsit5", "time.step=null", "time.tolerance=1e-8",
               "record.snapshots=1", "record.observations=2", "record.observables=[\"mean\",\"limit\"]",
           ])),
        .. Strengths.Select(strength => new PlannedRun(FormattableString.Invariant($"targets-pinned-{strength}"), StoredExperiments.Load("rotary-pinned",
        [
            FormattableString.Invariant($"interaction.pin.strength={strength}"), FormattableString.Invariant($"time.horizon={PinnedTime / strength / Math.E:R}"), "tokens.count=16", "replicas=12", "time.method=tsit5", "time.step=null",
            "time.tolerance=1e-10", "record.snapshots=1", "record.observations=41", "record.observables=[\"mean\"]",
        ]))),
    ];

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Point[] points = [.. plan.SkipLast(Strengths.Length).Select(run => Measure(run, Path.Combine(folder, run.Name)))];
        Pinned[] pinned = [.. Strengths.Zip(plan.TakeLast(Strengths.Length), (strength, run) => new Pinned(strength, new ObservationTable(Path.Combine(folder, run.Name))))];
        string svg = new Chart("Laws as limits", "Distance of transport against n on logarithmic axes for laws on an orbit and on the sphere: slope -1 for grid labels, -1/2 for independent ones, on dashed predictions. Right: pinned clouds approach their height at the predicted rate.",
            [Panel("on an orbit", "W_{1}", points, "arc", "vonMises"), Panel("on the sphere: great circle", "sliced W_{1}", points, "greatCircle"), Panel(pinned)])
        {
            Notes = ["Labels on the grid, or independent: mean over 12 seeds, bars from the least to the largest. No constant is predicted for von Mises' law with independent labels. Right: median over 12 seeds; the dashed line has the predicted slope."],
        }.Render();
        return new Findings([new FinishedFigure("targets", "targets", svg, "Distance from n tokens at the end of a run to the law that the auxiliary variable stands for. Dashed: predicted, constants included; for von Mises' law with grid labels, whose rare tails need many tokens, for n → ∞.")],
            [.. Checks(points), .. pinned.Select(p => p.Check())]);
    }

    private static IEnumerable<Check> Checks(Point[] points)
    {
        yield return new Check("largest distance of a token to its limit", "Theorems 2 and 4", 0, points.Max(p => p.Limit), 1e-6);
        foreach (Point p in points.Where(p => p.Target.Name != "vonMises").GroupBy(p => (p.Target, p.Labels)).Select(g => g.MaxBy(p => p.Tokens)!))
        {
            bool grid = p.Labels == "grid";
            double power = grid ? p.Tokens : Math.Sqrt(p.Tokens), predicted = grid ? p.Target.Grid : p.Target.Independent;
            // On the sphere the phase of the two halves against each other is averaged over 128 directions, each with a relative deviation of about a half. A seed of independent labels scatters likewise.
            double tolerance = !grid ? 4 * 0.5 / Math.Sqrt(p.Distances.Length) : p.Target.Name == "arc" ? 1.0 / Nodes : 4 * 0.5 / Math.Sqrt(128);
            yield return new Check($"{p.Target.Name}, {p.Labels} labels, n = {p.Tokens}: distance times {(grid ? "n" : "n^{1/2}")}, over the predicted constant", grid ? "midpoints of equal shares" : "E∫|F_{n} − F|", 1,
                power * p.Distances.Average() / predicted, tolerance);
        }
        Point vonMises = points.Where(p => p.Target.Name == "vonMises" && p.Labels == "grid").MaxBy(p => p.Tokens)!;
        yield return new Check($"von Mises, grid labels, n = {vonMises.Tokens}: |m|", "c^{2} + (1 − c^{2})(I_{1}(κ)/I_{0}(κ))^{2}, c = 1/2; the tails weigh less than a token",
            Math.Sqrt(0.25 + 0.75 * Math.Pow(Bessel.I(1, Concentration) / Bessel.I(0, Concentration), 2)), vonMises.Mean, 0.5 / vonMises.Tokens);
    }

    private static ChartPanel Panel(string title, string quantity, Point[] points, params string[] names)
    {
        Point[] shown = [.. points.Where(p => names.Contains(p.Target.Name))];
        double[] sizes = [.. shown.Select(p => (double)p.Tokens).Distinct().Order()], range = [sizes[0] / 1.4, sizes[^1] * 1.4];
        List<Series> series = [];
        foreach ((int place, IGrouping<(Target Target, string Labels), Point> curve) in shown.GroupBy(p => (p.Target, p.Labels)).Index())
        {
            bool grid = curve.Key.Labels == "grid";
            if ((grid ? curve.Key.Target.Grid : curve.Key.Target.Independent) is > 0 and double constant)
                series.Add(new Series("predicted", Palette.Prediction, range, [.. range.Select(n => constant / (grid ? n : Math.Sqrt(n)))]) { Dashed = true, Width = 1.4 });
            string law = curve.Key.Target.Name switch { "arc" => "arc", "vonMises" => "von Mises", _ => "great circle" };
            series.Add(new Series($"{law}, {(grid ? "grid" : "independent")}", Palette.Series(place + (names.Length == 1 ? 4 : 0)), [.. curve.Select(p => (double)p.Tokens)], [.. curve.Select(p => p.Distances.Average())])
            {
                Points = true, Sign = (Sign)(1 + place % 4), Low = [.. curve.Select(p => p.Distances.Min())], High = [.. curve.Select(p => p.Distances.Max())],
            });
        }
        double[] all = [.. shown.SelectMany(p => p.Distances)];
        return new ChartPanel(title, new Axis("number of tokens n", range[0], range[1]) { Log = true }, new Axis(quantity, all.Min() / 1.6, all.Max() * 1.6) { Log = true }, series);
    }

    private static ChartPanel Panel(Pinned[] pinned) => new("pinning prompt", new Axis("λ e^{β} t", -0.4, PinnedTime + 0.4), new Axis("|m_{z} − u_{z}|", 1e-8, 2) { Log = true },
    [
        new Series("predicted", Palette.Prediction, [0, PinnedTime], [1, Math.Exp(-PinnedTime)]) { Dashed = true, Width = 1.4 },
        // Each strength at other times, so that all are seen.
        .. pinned.Select((p, i) => new Series(FormattableString.Invariant($"λ = {p.Strength}"), Palette.Series(i), Third(p.Scaled, i), Third(p.Errors, i)) { Points = true, Sign = (Sign)(1 + i) }),
    ]);

    private static double[] Third(double[] values, int first) => [.. values.Where((_, k) => k % 3 == first)];

    private static Point Measure(PlannedRun run, string folder)
    {
        Experiment experiment = run.Experiment;
        int n = experiment.Tokens.Count;
        IReadOnlyDictionary<string, double[]> tokens = CsvData.Read(Path.Combine(folder, RunFolder.SnapshotsFile));
        ObservationTable table = new(folder);
        double[] weights = Even(n), lawWeights = Even(Nodes * n);
        Func<int, double> distance;
        if (experiment.Interaction.Gauge is PhaseGauge)
        {
            CircleLaw law = run.Name.Contains("arc", StringComparison.Ordinal) ? new ArcLaw(0, Arc) : new VonMisesLaw(0, Concentration);
            double[] quantiles = [.. Enumerable.Range(0, Nodes * n).Select(k => law.Quantile((k + 0.5) / (Nodes * n)))];
            distance = r => OrbitRadius * CircleWasserstein.Distance([.. Enumerable.Range(r * n, n).Select(i => Math.Atan2(tokens["x1"][i], tokens["x0"][i]))], weights, quantiles, lawWeights);
        }
        else
        {
            double[] circle = [.. new GreatCircleTargets([0.6, 0, 0.8]).Draw(Nodes * n, seed: 0).SelectMany(g => g)];
            distance = r => SlicedWasserstein.Distance([.. Enumerable.Range(r * n, n).SelectMany(i => new[] { tokens["x0"][i], tokens["x1"][i], tokens["x2"][i] })], weights, circle, lawWeights, 3);
        }
        string[] name = run.Name.Split('-');
        return new Point(Targets.Single(t => t.Name == name[1]), name[2], n, [.. Enumerable.Range(0, table.Replicas).Select(distance)], table.Last("limit_distance").Max(), table.Last("mean_norm")[0]);

        static double[] Even(int count) => [.. Enumerable.Repeat(1.0 / count, count)];
    }

    /// <summary>A law: the stored experiment that aims at it, with settings, and the constants of its distances: Grid/n, Independent/n^{1/2}; 0 where none is predicted.</summary>
    private sealed record Target(string Name, string Stored, params string[] Settings)
    {
        public double Grid { get; init; }
        public double Independent { get; init; }
    }

    /// <summary>A strength of the pinning prompt: time in units of its rate lambda e^beta, and the median over seeds of |m_z - u_z|.</summary>
    private sealed class Pinned(double strength, ObservationTable table)
    {
        public double Strength => strength;
        public double[] Scaled { get; } = [.. table.Times.Select(t => t * strength * Math.E)];
        public double[] Errors { get; } = [.. table.Times.Select(t => Median(table.AtTime("mean2", t)))];

        // Between 8 and 14 units, where most seeds are near u: a' = -lambda e^{beta cos a} sin a for the angle a to it.
        public Check Check()
        {
            int from = Array.FindIndex(Scaled, s => s >= 8), to = Array.FindIndex(Scaled, s => s >= 14);
            return new Check(FormattableString.Invariant($"pinned, λ = {strength}: rate of |m_{{z}} − u_{{z}}|, median over seeds, over λ e^{{β}}"), "a′ = −λ e^{β cos a} sin a, a the angle to u", 1,
                Math.Log(Errors[from] / Errors[to]) / (Scaled[to] - Scaled[from]), 0.05);
        }

        private static double Median(double[] heights)
        {
            double[] errors = [.. heights.Select(z => Math.Abs(z - 0.5)).Order()];
            return (errors[(errors.Length - 1) / 2] + errors[errors.Length / 2]) / 2;
        }
    }

    private sealed record Point(Target Target, string Labels, int Tokens, double[] Distances, double Limit, double Mean);
}
