using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The Toeplitz coupling c + cos: the branch of latitude circles against c and beta, and where independent starts end
/// instead.</summary>
internal sealed class ToeplitzStudy() : Study(12, "toeplitz", "Toeplitz coupling: circles that lift, and folded arcs")
{
    private static readonly double[] Constants = [0, 0.1, 0.15, 0.22, 0.25, 0.3, 0.35, 0.4, 0.45, 0.55, 0.6, 0.7];
    private static readonly double[] Betas = [0.5, 1, 1.25, 1.65, 1.75, 2, 2.25, 2.5, 3];

    // Time runs as e^beta; just above lift-off independent starts take long.
    private sealed record StateRun(double Beta, double Constant, bool FromCircle, bool Quick) : PlannedRun(
        $"toeplitz-{(FromCircle ? "circle" : "iid")}-beta{Beta}-c{Constant}", "toeplitz-circle",
        [
            $"interaction.beta={Beta}", $"interaction.coupling.constant={Constant}",
            $"time.horizon={Math.Exp(1 - Beta) * (Beta > ToeplitzCircle.CriticalBeta ? 3000 : 300)}",
            .. If(!FromCircle, "tokens.initial.law=uniform", $"replicas={(Quick ? 6 : 20)}"), .. If(Quick, "tokens.count=48"),
        ]);

    public override string Introduction(bool quick) =>
        "The coupling c + cos 2π(s′ − s) on S^{2}, unnormalised attention. Among latitude circles that the label runs through once, with "
            + "x = β r^{2} for the radius r, the energy is e^{β−x}(c I_{0}(x) + I_{1}(x))/(2β). "
        + "Its maximum leaves the flat circle, r = 1, at c = 0.1937 for β = 1 and at β_{c} = 1.545127 for c = 0, where |m| = (1 − "
        + "β_{c}/β)^{1/2} beyond; at c = 1/2 the circle has shrunk to a point. Runs that start near "
        + "a circle follow this branch. Independent uniform starts end on it where it is flat, and for large c; in between some, and well "
        + "beyond lift-off all, "
        + "end on a folded arc instead: in a plane through the centre, the label runs along it forth and back. At c = 0 most arcs have "
        + "more energy than the circle, at c > 0 less.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from at in (IEnumerable<(double Beta, double Constant)>)
               [.. Constants.Select(c => (1.0, c)), .. Betas.Where(b => b != 1).Select(b => (b, 0.0))]
           from circle in (bool[])[true, false]
           select new StateRun(at.Beta, at.Constant, circle, quick),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        State[] states = [.. plan.Cast<StateRun>().Select(run => new State(run, folder))];
        State[] byConstant = [.. states.Where(s => s.Beta == 1)], byBeta = [.. states.Where(s => s.Constant == 0).OrderBy(s => s.Beta)];
        string svg = new Chart("Toeplitz coupling", "Length of the mean and energy against the constant of the coupling and against beta: "
            + "circles on their dashed branch, independent starts mostly above it in energy.", Panels(byConstant, byBeta))
        {
            PerRow = 2, PlotHeight = 190,
        }.Render();
        State[] shown =
        [
            .. states.Where(s => (s.Beta, s.Constant) is (2, 0) or (1, 0.3)).OrderBy(s => s.Constant).ThenBy(s => s.FromCircle ? 0 : 1),
        ];
        string spheres = new SphereFigure { PerRow = 4, PanelWidth = 205, Title = "Circles and folded arcs" }
            .Render([.. shown.Select(s => s.Sphere())]);
        return new Findings(Facts(states),
            new Picture("toeplitz", svg, $"Ends of runs with {plan[0].Experiment.Tokens.Count} tokens: two seeds near a "
                + $"circle (discs), {byConstant.Max(s => s.Means.Length)} independent starts (diamonds), side by side about their place, "
                + "and the branch of circles (dashed). Energies in units of k(1): a point of coupling c has c/2."),
            new Picture("toeplitz-clouds", spheres, "The two kinds of ends, with their energies: beyond lift-off, β = "
                + "2, and with c = 0.3 at β = 1."));
    }

    // E/k(1) of the best circle.
    private static double CircleEnergy(double beta, double constant)
    {
        double x = beta * Math.Pow(ToeplitzCircle.Radius(new Interaction(beta), constant), 2);
        return ToeplitzCircle.Energy(beta, constant, x) * beta / Math.Exp(beta);
    }

    private static ChartPanel[] Panels(State[] byConstant, State[] byBeta)
    {
        double critical = ToeplitzCircle.CriticalBeta;
        Axis constants = new("constant c of the coupling, β = 1", -0.03, 0.73), betas = new("inverse temperature β, c = 0", 0.4, 3.1);
        const string energy = "E/k(1)", above = "(E − circle's E)/k(1)";
        return
        [
            Of("|m| against c", "|m|", s => s.Means, c => ToeplitzCircle.MeanNorm(new Interaction(1), c)),
            At("|m| against β: lift-off", "|m|", s => s.Means, b => b < critical ? 0 : Math.Sqrt(1 - critical / b)),
            Of("", energy, s => s.Energies, c => CircleEnergy(1, c)), At("", energy, s => s.Energies, b => CircleEnergy(b, 0)),
            Of("", above, s => s.Above, _ => 0), At("", above, s => s.Above, _ => 0),
        ];

        ChartPanel Of(string title, string quantity, Func<State, double[]> measured, Func<double, double> predicted) =>
            Panel(title, constants, quantity, byConstant, s => s.Constant, measured, predicted);

        ChartPanel At(string title, string quantity, Func<State, double[]> measured, Func<double, double> predicted) =>
            Panel(title, betas, quantity, byBeta, s => s.Beta, measured, predicted);
    }

    private static ChartPanel Panel(
        string title, Axis x, string quantity, State[] states, Func<State, double> place, Func<State, double[]> measured,
        Func<double, double> predicted)
    {
        double[] fine = [.. Grid(x.Min, x.Max - x.Min, 300).Where(v => v >= 0)];
        return new ChartPanel(title, x, Axis.Around(quantity, fine.Select(predicted).Concat(states.SelectMany(measured))),
        [
            Of("independent starts", Palette.Vermilion, Sign.Diamond, states.Where(s => !s.FromCircle), 0.02 * (x.Max - x.Min)) with
            {
                SignSize = 0.6,
            },
            Series.Predicted(fine, predicted, "predicted circle"),
            Of("started near a circle", Palette.Blue, Sign.Disc, states.Where(s => s.FromCircle), 0),
        ]);

        // Seeds stand side by side by their values, within so much of their place.
        Series Of(string label, string colour, Sign sign, IEnumerable<State> from, double spread) => Series.Measured(label, colour, sign,
            from.SelectMany(s => measured(s).Select((_, k) => place(s) + spread * (2 * k / Math.Max(1.0, measured(s).Length - 1) - 1))),
            from.SelectMany(s => measured(s).Order()));
    }

    private static IEnumerable<Fact> Facts(State[] states)
    {
        State[] circles = [.. states.Where(s => s.FromCircle)], free = [.. states.Where(s => !s.FromCircle)];
        foreach ((string sweep, State[] of) in new[]
        {
            ("c-sweep at β = 1", circles.Where(s => s.Beta == 1).ToArray()), ("β-sweep at c = 0", [.. circles.Where(s => s.Constant == 0)]),
        })
        {
            yield return new Fact($"{sweep}, near a circle: largest ||m| − predicted|", "maximiser of e^{β−x}(c I_{0} + I_{1})/(2β)", 0,
                of.Max(s => s.Means.Max(m => Math.Abs(m - ToeplitzCircle.MeanNorm(new Interaction(s.Beta), s.Constant)))), 1e-3);
            yield return new Fact($"{sweep}, near a circle: largest |E/k(1) − predicted|", "its maximum", 0,
                of.Max(s => s.Above.Max(Math.Abs)), 1e-6);
        }
        State above = circles.Single(s => s.Beta == 2);
        yield return new Fact("β = 2, near a circle: |m|", "(1 − 1.545127/2)^{1/2}", Math.Sqrt(1 - 1.545127 / 2), above.Means[0], 1e-3);
        State flat = free.Single(s => (s.Beta, s.Constant) == (1, 0)), folded = free.Single(s => s.Beta == 2);
        yield return new Fact("independent starts at β = 1, c = 0: seeds on the great circle", "the only limit seen", flat.Means.Length,
            flat.Distances.Count(d => d < 0.01), 0);
        yield return new Fact("independent starts at β = 2, c = 0: seeds on the predicted circle", "folded arcs instead", 0,
            folded.Distances.Count(d => d < 0.01), 0);
        yield return Fact.AtLeast("independent starts at β = 2, c = 0: median of E/k(1), against the circle's",
            "folded arcs have more energy", CircleEnergy(2, 0), Median(folded.Energies));
        yield return new Fact("independent starts at β = 2, c = 0: median of the least eigenvalue of Σ m_{i} x_{i} x_{i}^{T}",
            "an arc in a plane through the centre: 0", 0, Median(folded.OffPlane), 1e-3);
    }

    /// <summary>The ends of the seeds of one run.</summary>
    private sealed class State
    {
        private readonly Interaction _interaction;
        private readonly double[] _positions, _labels;

        public State(StateRun run, string folder)
        {
            (Beta, Constant, FromCircle) = (run.Beta, run.Constant, run.FromCircle);
            _interaction = run.Experiment.Interaction.Pair;
            ObservationTable table = run.Observations(folder);
            (Means, Distances) = (table.Last("mean_norm"), table.Last("limit_distance"));
            Energies = [.. table.Last("energy").Select(e => e * Beta / Math.Exp(Beta))];
            IReadOnlyDictionary<string, double[]> tokens = run.Snapshots(folder);
            int n = run.Experiment.Tokens.Count;
            (_positions, _labels) = (PlannedRun.Positions(tokens), tokens["label"][..n]);
            double[] weights = [.. Enumerable.Repeat(1.0 / n, _positions.Length / 3)];
            OffPlane = [.. Means.Select((_, r) => Mean.Eigenvalues(Mean.SecondMoment(_positions, weights, r * n, n, new double[3]))[2])];
        }

        public double Beta { get; }
        public double Constant { get; }
        public bool FromCircle { get; }
        public double[] Means { get; }
        public double[] Distances { get; }

        /// <summary>E/k(1).</summary>
        public double[] Energies { get; }

        /// <summary>The same, less that of the best circle.</summary>
        public double[] Above => [.. Energies.Select(e => e - CircleEnergy(Beta, Constant))];
        public double[] OffPlane { get; }

        // The first seed, of independent starts the first that is not on the circle.
        public SpherePanel Sphere()
        {
            int seed = FromCircle ? 0 : Math.Max(0, Array.FindIndex(Distances, d => d > 0.01)), n = _labels.Length;
            double[] x = _positions[(3 * seed * n)..(3 * (seed + 1) * n)];
            double[] circle = PredictedLimit.For(_interaction, 3, out _)!.Fit(x, _labels, [.. _labels.Select(_ => 1.0 / n)], _labels, 3);
            return new SpherePanel(FromCircle ? "circle" : "folded arc", 3, x, _labels)
            {
                PredictedCurves = FromCircle ? [[.. circle, .. circle[..3]]] : [],
                Lines =
                [
                    $"β = {Beta}, c = {Constant}", FromCircle ? "started near a circle" : "independent start",
                    $"E/k(1) = {Energies[seed]:F4}, |m| = {Means[seed]:F3}",
                ],
            };
        }
    }
}
