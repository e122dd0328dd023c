using AttentionFlow.Solver.Response;
using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Singular values of dx(t)/dx(0) under normalisation schemes, codes, a prompt and noise.</summary>
internal sealed class GradientsStudy() : Study(22, "gradients", "Gradients through depth")
{
    private const double Late = 20, Strength = 0.5, Alpha = 0.5;

    private static readonly Kind[] Schemes =
    [
        new("post", "e^{−t}", t => t),
        new("pre", "1/r, dr/dt = 1", null),
        new("peri", "1/r, dr/dt = 1", null),
        new("nGPT", $"e^{{−αt}}, α = {Alpha}", t => Alpha * t),
        new("sqrt", "e^{−2(t + 1)^{1/2}}", t => 2 * Math.Sqrt(t + 1)),
    ];

    private static readonly Kind[] Others =
    [
        new("no code", "e^{−t}", t => t),
        new("rotary", "e^{−t}", t => t),
        new("logits-only", "", null),
        new("additive", "", null),
        new("prompt", "e^{−t}", t => t),
        new("noise", "", null),
    ];

    /// <summary>A system: the law of its smallest singular value in the last stage, and the time in which that is an exponential of rate 1;
    /// null where that is the logarithm of the radius, or no law is known.</summary>
    private sealed record Kind(string Name, string Law, Func<double, double>? Time)
    {
        public string Title => Name == "no code" ? "post" : Name;
    }

    /// <summary>What was measured of a system.</summary>
    /// <param name="Smallest">The time in which the smallest singular value is an exponential of rate 1; null where that is not known.
    /// </param>
    /// <param name="Largest">The rate of the largest.</param>
    private sealed record Depth(Kind Kind, ObservationTable Table, Func<double, double>? Smallest, double Largest)
    {
        /// <summary>A column on from its median at <see cref="Late"/>, e^{-(T(t) - T(Late))}.</summary>
        public Series Continued(string column, Func<double, double> time)
        {
            double start = Quantile(Table.AtTime(column, Late), 0.5);
            return Series.Predicted([.. Grid(Late, Table.Times[^1] - Late, 40)], t => start * Math.Exp(time(Late) - time(t)),
                "predicted rate of the last stage");
        }

        public double Rate(string column, Func<double, double> time)
        {
            double[] times = [.. Table.Times.Where(t => t >= Late)];
            return -Slope(times.Select(time), times.Select(t => Math.Log(Quantile(Table.AtTime(column, t), 0.5))));
        }
    }

    public override string Introduction(bool quick) =>
        $"Softmax attention at β = 1 from {(quick ? 5 : 11)} clouds of 32 tokens on S^{{2}} that carry 8 tangent vectors: the singular "
            + "values of dx(t)/dx(0) say by how much disturbances of the input, and gradients on their way back, grow or vanish. At a "
            + "point two rotations keep the value 1, and all others fall like e^{−t} (post), 1/r with dr/dt = 1 (pre, peri), e^{−αt}, "
            + $"α = {Alpha} (nGPT) and e^{{−2(t + 1)^{{1/2}}}} (sqrt). A rotary code turns coordinates and changes no rate. Where a "
            + $"prompt of strength λ = {Strength} or an additive code fixes the limit, rotations are disturbances like others: at a "
            + "prompt they fall like e^{−λt/(1 + λ)}; under an additive code the leading eigenvalue of the drift's derivative at the "
            + "limit says how.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. PlannedRun.Of("gradients", point => $"gradients-{point["title"]}", If(quick, "replicas=5"))];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Depth[] schemes = [.. Schemes.Select(Read)], others = [.. Others.Select(Read)];
        string svg = new Chart("Gradients through depth", "Smallest and largest singular value of the derivative of the state against "
            + "time: on the left for five normalisation schemes, on the right for codes, a prompt and noise; predicted rates dashed.",
            [
                Smallest("smallest, by scheme", schemes),
                Smallest("smallest, by code", others) with { SharesY = true },
                Largest("largest, by scheme", schemes, 0.8),
                Largest("largest, by code", others, 1e-6),
            ])
        {
            PerRow = 2, PlotHeight = 230, Notes = ["Lines: median over seeds; bands: 5 to 95 % of seeds."],
        }.Render();
        return new Findings(Facts(schemes, others), new Picture("gradients", svg, "Singular values of dx(t)/dx(0) along 8 tangent vectors, "
            + $"{schemes[0].Table.Replicas} seeds of 32 tokens: the smallest (a), (b), the largest (c), (d). Bands: 5 to 95 % of "
            + $"seeds. Dashed, on from the median at t = {Late}: the laws of a point, and for the largest of the additive code the "
            + "leading eigenvalue of the drift's derivative at the limit. pre and peri nearly coincide in (a), no code, rotary and "
            + "prompt in (b); in (c) all schemes keep their rotations."));

        Depth Read(Kind kind)
        {
            PlannedRun run = plan.Single(p => p.Experiment.Title == kind.Title);
            return new Depth(kind, run.Observations(folder), kind.Time ?? LogRadius(run, folder),
                kind.Name is "prompt" or "additive" ? LeadingRate(run.Experiment) : 0);
        }
    }

    // Backwards from the mean radius at the end, where all grow at rate 1. Null for a scheme without a radius.
    private static Func<double, double>? LogRadius(PlannedRun run, string folder)
    {
        if (run.Experiment.Title is not ("pre" or "peri")) return null;
        IReadOnlyDictionary<string, double[]> snapshots = run.Snapshots(folder);
        double end = run.Experiment.Time.Horizon;
        double radius = snapshots["radius"].Where((_, row) => snapshots["time"][row] == end).Average();
        return t => Math.Log(radius - (end - t));
    }

    private static double LeadingRate(Experiment experiment)
    {
        using ResponseState limit = ResponseState.Of(experiment, null, replica: 0, threads: 1, CancellationToken.None);
        return -Spectrum.Of(limit.Jacobian(), limit.Cloud.Positions, 1).Modes[0].Value.Real;
    }

    private static ChartPanel Smallest(string title, Depth[] depths) =>
        Panel(title, depths, "", new Axis("smallest singular value", 1e-14, 3, Log: true), "gradient_min", d => d.Smallest);

    private static ChartPanel Largest(string title, Depth[] depths, double lowest) =>
        Panel(title, depths, "time t", new Axis("largest singular value", lowest, 12, Log: true), "gradient_max",
            d => d.Kind.Name == "noise" ? null : t => d.Largest * t);

    private static ChartPanel Panel(
        string title, Depth[] depths, string time, Axis y, string column, Func<Depth, Func<double, double>?> predicted) =>
        new(title, new Axis(time, 0, depths[0].Table.Times[^1]), y,
        [
            .. depths.Select((d, i) => new Series(d.Kind.Name, Palette.Series(i), d.Table.Times, d.Table.Quantile(column, 0.5))
            {
                Low = d.Table.Quantile(column, 0.05), High = d.Table.Quantile(column, 0.95), Sign = (Sign)(1 + i % 4),
            }),
            .. depths.Where(d => predicted(d) is not null).Select(d => d.Continued(column, predicted(d)!)),
        ]);

    private static IEnumerable<Fact> Facts(Depth[] schemes, Depth[] others)
    {
        foreach (Depth d in schemes.Concat(others))
        {
            if (d.Kind.Name is "no code" or "noise") continue;
            if (d.Smallest is { } time)
                yield return new Fact($"{d.Kind.Name}: rate of the smallest singular value in its own clock, t ≥ {Late}", d.Kind.Law, 1,
                    d.Rate("gradient_min", time), d.Kind.Time is null ? 0.03 : 0.001);
            (string law, double expected) = d.Kind.Name switch
            {
                "prompt" => ("λ/(1 + λ)", Strength / (1 + Strength)),
                "additive" => ("leading eigenvalue at the limit", d.Largest),
                _ => ("rotations stay", 0),
            };
            yield return new Fact($"{d.Kind.Name}: rate of the largest, t ≥ {Late}", law, expected, d.Rate("gradient_max", t => t), 0.005);
        }
    }
}
