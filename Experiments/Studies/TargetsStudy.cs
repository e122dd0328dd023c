using MathNet.Numerics.Integration;

namespace AttentionFlow.Experiments.Studies;

/// <summary>
/// Laws as limits: distance of transport from the tokens to the law they are made for, against n, for grid and independent labels, on an
/// orbit and on the sphere.
/// </summary>
internal sealed class TargetsStudy() : Study(13, "targets", "Laws as limits")
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
        new("arc", "arc", "phase-field", ["interaction.gauge.target={\"law\":\"arc\",\"from\":0,\"to\":2}"], new ArcLaw(0, Arc))
        {
            Grid = OrbitRadius * Arc / 4, Independent = OrbitRadius * Arc * Math.Sqrt(2 / Math.PI) * Math.PI / 8,
        },
        new("vonMises", "von Mises", "phase-field", [], new VonMisesLaw(0, Concentration)) { Grid = OrbitRadius * Math.PI / 2 },
        new("greatCircle", "great circle", "prefix-law", ["interaction.gauge.targets={\"law\":\"greatCircle\",\"normal\":[0.6,0,0.8]}"],
            null)
        {
            Grid = Math.PI / 6, Independent = Math.PI / 4 * Math.Sqrt(2 / Math.PI) * Math.PI
                * GaussLegendreRule.Integrate(p => Math.Sqrt(p * (1 - p)) * Math.Sin(Math.PI * p), 0, 1, 128),
        },
    ];

    /// <summary>
    /// A law: the stored experiment that aims at it, with settings, the law on an orbit (null: the great circle), and the constants of its
    /// distances: Grid/n, Independent/n^{1/2}; 0 where none is predicted.
    /// </summary>
    private sealed record Target(string Name, string Label, string Stored, string[] Settings, CircleLaw? Orbit)
    {
        public double Grid { get; init; }
        public double Independent { get; init; }
        public bool IsVonMises => Orbit is VonMisesLaw;
    }

    private sealed record TargetRun(Target Target, string Labels, int Tokens) : PlannedRun(
        $"targets-{Target.Name}-{Labels}-n{Tokens}", Target.Stored,
        [
            .. Target.Settings, $"labels.law={Labels}", $"tokens.count={Tokens}", $"replicas={(Labels == "grid" ? 1 : 12)}",
            "time.horizon=30", "time.method=tsit5", "time.step=null", "time.tolerance=1e-8",
            "record.snapshots=1", "record.observations=2", "record.observables=[\"mean\",\"limit\"]",
        ]);

    private sealed record PinnedRun(double Strength) : PlannedRun($"targets-pinned-{Strength}", "rotary-pinned",
        $"interaction.pin.strength={Strength}", $"time.horizon={PinnedTime / Strength / Math.E}", "tokens.count=16", "replicas=12",
        "time.method=tsit5", "time.step=null", "time.tolerance=1e-10",
        "record.snapshots=1", "record.observations=41", "record.observables=[\"mean\"]");

    public override string Introduction(bool quick) =>
        "Any law on an orbit by a phase field (Theorem 2), any law on the sphere by prefix targets (Theorem 4): the flow carries token i "
            + "to Ψ(s_{i})^{T} u, so that n tokens are a sample of the law, as good as their labels. "
        + "β = 1, unnormalised attention, mirror pairs in the gauge frame, which fix u. On the orbit of u (radius 0.866): uniform on an "
        + "arc of 2 radians, and von Mises' law with κ = 2; measured is W_{1} along the orbit. On the sphere: "
        + "a great circle, a target a token; measured is the sliced W_{1}. Grid labels: r L/(4n) for a law on a length L of angles, from "
        + "midpoints of equal shares, and π/(6n) for the great circle, where the two halves of the circle lie on each other in "
        + "projection. Independent labels: E∫|F_{n} − F| = (2/πn)^{1/2} ∫ (F(1 − F))^{1/2}, F the distribution function. "
        + "From independent starts u is a matter of chance; a pinning prompt of strength λ at u = (√3/2, 0, 1/2) in the gauge frame turns "
        + "the cloud there, and |m_{z} − u_{z}| falls like e^{−λ e^{β} t} (full-turn rotary code, 16 tokens).";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from target in Targets
           from labels in LabelLaws
           from power in Enumerable.Range(4, quick ? 3 : 6)
           select new TargetRun(target, labels, 1 << power),
        .. Strengths.Select(strength => new PinnedRun(strength)),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Point[] points = [.. plan.OfType<TargetRun>().Select(run => Measure(run, folder))];
        Pinned[] pinned = [.. plan.OfType<PinnedRun>().Select(run => new Pinned(run.Strength, run.Observations(folder)))];
        Point[] sphere = [.. points.Where(p => p.Target.Orbit is null)], orbit = [.. points.Except(sphere)];
        string svg = new Chart("Laws as limits", "Distance of transport against n on logarithmic axes for laws on an orbit and on the "
            + "sphere: slope -1 for grid labels, -1/2 for independent ones, on dashed predictions. (c): pinned clouds approach their "
            + "height at the predicted rate.",
            [Panel("on an orbit", "W_{1}", orbit, 0), Panel("on the sphere: great circle", "sliced W_{1}", sphere, 4), Panel(pinned)])
        {
            Notes = ["Labels on the grid, or independent: mean over 12 seeds, bars: 5 to 95 % of seeds. No constant is "
                + "predicted for von Mises' law with independent labels. (c): median over 12 seeds; the dashed line has the predicted "
                + "slope."],
        }.Render();
        return new Findings([.. Facts(points), .. pinned.Select(p => p.Rate())],
            new Picture("targets", svg, "Distance from n tokens at the end of a run to the law that the auxiliary variable "
                + "stands for. Dashed: predicted, constants included; for von Mises' law with grid labels, whose rare tails need many "
                + "tokens, for n → ∞. Signs in (a) and (b): mean over seeds; bars: 5 to 95 % of them. (c): median over seeds."));
    }

    private static IEnumerable<Fact> Facts(Point[] points)
    {
        yield return new Fact("largest distance of a token to its limit", "Theorems 2 and 4", 0, points.Max(p => p.Limit), 1e-6);
        foreach (Point p in points.Where(p => !p.Target.IsVonMises).GroupBy(p => (p.Target, p.IsGrid)).Select(g => g.MaxBy(p => p.Tokens)!))
        {
            double power = p.IsGrid ? p.Tokens : Math.Sqrt(p.Tokens);
            // On the sphere the phase of the two halves against each other is averaged over 128 directions, each with a relative deviation
            // of about a half. A seed of independent labels scatters likewise.
            double tolerance = !p.IsGrid ? 4 * 0.5 / Math.Sqrt(p.Distances.Length)
                : p.Target.Orbit is not null ? 1.0 / Nodes : 4 * 0.5 / Math.Sqrt(128);
            yield return new Fact(
                $"{p.Target.Name}, {p.Labels} labels, n = {p.Tokens}: distance times {(p.IsGrid ? "n" : "n^{1/2}")}, over the predicted "
                    + "constant",
                p.IsGrid ? "midpoints of equal shares" : "E∫|F_{n} − F|", 1, power * p.Distances.Average() / p.Constant, tolerance);
        }
        Point vonMises = points.Where(p => p.Target.IsVonMises && p.IsGrid).MaxBy(p => p.Tokens)!;
        yield return new Fact($"von Mises, grid labels, n = {vonMises.Tokens}: |m|", "c^{2} + (1 − c^{2})(I_{1}(κ)/I_{0}(κ))^{2}, c = "
            + "1/2; the tails weigh less than a token",
            Math.Sqrt(0.25 + 0.75 * Math.Pow(Bessel.I(1, Concentration) / Bessel.I(0, Concentration), 2)), vonMises.Mean,
            0.5 / vonMises.Tokens);
    }

    private static ChartPanel Panel(string title, string quantity, Point[] points, int colour)
    {
        double[] sizes = [.. points.Select(p => (double)p.Tokens).Distinct().Order()], range = [sizes[0] / 1.4, sizes[^1] * 1.4];
        List<Series> series = [];
        foreach ((int place, IGrouping<(Target Target, bool IsGrid), Point> curve) in points.GroupBy(p => (p.Target, p.IsGrid)).Index())
        {
            bool grid = curve.Key.IsGrid;
            double constant = curve.First().Constant;
            if (constant > 0) series.Add(Series.Predicted(range, n => constant / (grid ? n : Math.Sqrt(n))));
            series.Add(Series.Measured($"{curve.Key.Target.Label}, {(grid ? "grid" : "independent")}", Palette.Series(place + colour),
                (Sign)(1 + place % 4), curve.Select(p => (double)p.Tokens), curve.Select(p => p.Distances.Average()))
                .Between(curve.Select(p => Statistics.Quantile(p.Distances, 0.05)),
                    curve.Select(p => Statistics.Quantile(p.Distances, 0.95))));
        }
        double[] all = [.. points.SelectMany(p => p.Distances)];
        return new ChartPanel(title, new Axis("number of tokens n", range[0], range[1], Log: true),
            new Axis(quantity, all.Min() / 1.6, all.Max() * 1.6, Log: true), series);
    }

    private static ChartPanel Panel(Pinned[] pinned)
    {
        return new("pinning prompt", new Axis("λ e^{β} t", -0.4, PinnedTime + 0.4), new Axis("|m_{z} − u_{z}|", 1e-8, 2, Log: true),
        [
            Series.Predicted([0, PinnedTime], t => Math.Exp(-t)),
            // Each strength at other times, so that all are seen.
            .. pinned.Select((p, i) =>
                Series.Measured($"λ = {p.Strength}", Palette.Note, (Sign)(1 + i), Third(p.Scaled, i), Third(p.Errors, i)) with
                {
                    Filled = true, SignSize = 0.8,
                }),
        ]);

        static IEnumerable<double> Third(double[] values, int first) => values.Where((_, k) => k % 3 == first);
    }

    private static Point Measure(TargetRun run, string folder)
    {
        int n = run.Tokens;
        IReadOnlyDictionary<string, double[]> tokens = run.Snapshots(folder);
        ObservationTable table = run.Observations(folder);
        double[] weights = Even(n), lawWeights = Even(Nodes * n);
        Func<int, double> distance;
        if (run.Target.Orbit is { } law)
        {
            double[] quantiles = [.. Enumerable.Range(0, Nodes * n).Select(k => law.Quantile((k + 0.5) / (Nodes * n)))];
            distance = r => OrbitRadius * CircleWasserstein.Distance(
                [.. Enumerable.Range(r * n, n).Select(i => Math.Atan2(tokens["x1"][i], tokens["x0"][i]))], weights, quantiles, lawWeights);
        }
        else
        {
            double[] positions = PlannedRun.Positions(tokens);
            double[] circle = [.. new GreatCircleTargets([0.6, 0, 0.8]).Draw(Nodes * n, seed: 0).SelectMany(g => g)];
            distance = r => SlicedWasserstein.Distance(positions.AsSpan(3 * r * n, 3 * n), weights, circle, lawWeights, 3);
        }
        return new Point(run.Target, run.Labels, n, [.. Enumerable.Range(0, table.Replicas).Select(distance)],
            table.Last("limit_distance").Max(), table.Last("mean_norm")[0]);

        static double[] Even(int count) => [.. Enumerable.Repeat(1.0 / count, count)];
    }

    /// <summary>A strength of the pinning prompt: time in units of its rate lambda e^beta, and the median over seeds of |m_z -
    /// u_z|.</summary>
    private sealed class Pinned(double strength, ObservationTable table)
    {
        public double Strength => strength;
        public double[] Scaled { get; } = [.. table.Times.Select(t => t * strength * Math.E)];
        public double[] Errors { get; } = [.. table.Times.Select(t => Median(table.AtTime("mean2", t)))];

        // Between 8 and 14 units, where most seeds are near u: a' = -lambda e^{beta cos a} sin a for the angle a to it.
        public Fact Rate()
        {
            int from = Array.FindIndex(Scaled, s => s >= 8), to = Array.FindIndex(Scaled, s => s >= 14);
            return new Fact($"pinned, λ = {strength}: rate of |m_{{z}} − u_{{z}}|, median over seeds, over λ e^{{β}}",
                "a′ = −λ e^{β cos a} sin a, a the angle to u", 1, Math.Log(Errors[from] / Errors[to]) / (Scaled[to] - Scaled[from]), 0.05);
        }

        private static double Median(double[] heights)
        {
            double[] errors = [.. heights.Select(z => Math.Abs(z - 0.5)).Order()];
            return (errors[(errors.Length - 1) / 2] + errors[errors.Length / 2]) / 2;
        }
    }

    /// <summary>A run's end: the distance of every seed, the largest of a token to its limit, and |m|.</summary>
    private sealed record Point(Target Target, string Labels, int Tokens, double[] Distances, double Limit, double Mean)
    {
        public bool IsGrid => Labels == "grid";
        public double Constant => IsGrid ? Target.Grid : Target.Independent;
    }
}
