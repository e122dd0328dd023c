namespace AttentionFlow.Experiments.Studies.Figure3;

/// <summary>Figure 3: six clouds at the horizon with their predicted limits, and their energies.</summary>
internal sealed class Figure3Study() : Study(3, "figure3", "Figure 3 of the paper: the limit pictures the auxiliary variable")
{
    private const double PaperHorizon = 20;
    private static readonly string[] Systems = ["baseline", "distance", "toeplitz", "rotary", "path", "prefix"];

    /// <summary>A smaller cloud with more snapshots, for the moving picture.</summary>
    private sealed record MovingRun(string System) : PlannedRun($"figure3-{System}-moving", $"figure3-{System}",
        $"tokens.count={Tokens}", "time.step=0.02",
        "record={\"snapshots\":16,\"spacing\":\"logarithmic\",\"first\":0.3,\"observations\":2,\"observables\":[\"limit\"]}")
    {
        public const int Tokens = 80;
    }

    public override StudyGroup Group => StudyGroup.Paper;

    public override string Introduction(bool quick) =>
        $"One cloud each on S^{{2}}, β = 1, unnormalised attention, projected Heun steps of {(quick ? "0.02" : "0.01")}. Rotary code, "
            + "rotary path and prefix start from mirror pairs in the "
        + "gauge frame, which fixes the otherwise random direction u: their limit is known to the last token. Distance bias and Toeplitz "
        + "coupling approach their "
        + "limit slowly; they run to t = 100, and the paper's t = 20 is shown too.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. Systems.Select(s => new PlannedRun($"figure3-{s}", $"figure3-{s}", If(quick, $"tokens.count={MovingRun.Tokens}",
            "time.step=0.02"))),
        .. Systems.Select(s => new MovingRun(s)),
    ];

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Evaluated[] runs = [.. plan.Where(run => run is not MovingRun).Select(run => new Evaluated(run, folder))];
        Evaluated[] moving = [.. plan.OfType<MovingRun>().Select(run => new Evaluated(run, folder))];
        string spheres = new SphereFigure().Render([.. runs.Select(run => run.Panel())]);
        string early = new SphereFigure { PerRow = 2, Title = "The two slow clouds at the paper's horizon" }
            .Render([.. runs.Where(run => run.IsSlow).Select(run => run.Panel(PaperHorizon))]);
        string glance = new SphereFigure { PerRow = 4, PanelWidth = 205, Title = "With and without a code" }.Render(
        [
            runs[0].Glance(0, "no code: start", "independent tokens"), runs[0].Glance(null, "no code: end", "one point"),
            runs[3].Glance(0, "rotary code: start", "independent mirror pairs"),
            runs[3].Glance(null, "rotary code: end", "a circle in the order of the labels"),
        ]);
        string motion = MovingFigure.Render([.. moving.Select(run => run.Motion())], "From the start to t = 20, in (b) and (c) to t = 100; "
            + "the clock is logarithmic.");
        string energies = EnergyFigure.Render([.. runs.Select(run => run.Energy())], until: PaperHorizon);
        return new Findings(runs.SelectMany(run => run.Facts()),
            new Picture("figure3", spheres, "Figure 3 of the paper: six clouds at the end of their runs, coloured by label; predicted "
                + "limits under the "
                + "tokens."),
            new Picture("figure3-t20", early, "The two slow clouds at the paper's horizon t = 20, on their way to "
                + "the limits of the figure before."),
            new Picture("energy", energies, "Energies of the six runs up to the paper's horizon t = 20, with the energies "
                + "of the predicted limits dashed."),
            new Picture("at-a-glance", glance, "Without a code all tokens end in one point. Under a rotary code they end on a "
                + "circle, each at the place of its label: the limit is a picture of the law of the labels."),
            new Picture("figure3-moving", motion, $"The six clouds with {MovingRun.Tokens} tokens, from the start to the end of "
                + "their runs."));
    }

    /// <summary>One of the six, read back.</summary>
    private sealed class Evaluated
    {
        private readonly string _folder;
        private readonly PlannedRun _run;
        private readonly ObservationTable _observed;
        private readonly Interaction _interaction;
        private readonly Gauge _gauge;
        private readonly Cloud _start;

        public Evaluated(PlannedRun run, string folder)
        {
            (_run, _folder) = (run, folder);
            _interaction = run.Experiment.Interaction.Pair;
            _gauge = run.Experiment.Gauge;
            _start = run.Experiment.Draw();
            _observed = run.Observations(folder);
        }

        public bool IsSlow => Horizon > PaperHorizon;
        private double Horizon => _run.Experiment.Time.Horizon;
        private string Title => _run.Experiment.Title.Replace("Figure 3 ", "", StringComparison.Ordinal);

        // Without the letter that the figure itself puts before it.
        private string System => Title[(Title.IndexOf(')', StringComparison.Ordinal) + 1)..].TrimStart();
        private bool IsCircle => _interaction.Coupling.Smallest < 0;
        private bool IsPlain => _interaction.Coupling.IsOne;

        /// <summary>k(1)/2 times the mean of b for a point in the gauge frame, the circle's energy for the Toeplitz cosine.</summary>
        private double EnergyLimit => IsCircle ? ToeplitzCircle.Energy(_interaction.Beta, 0, _interaction.Beta)
            : _interaction.DiracEnergy * _start.Labels.Average(s => _start.Labels.Average(t => _interaction.Coupling.Value(s, t)));

        public EnergyCurve Energy() => new(System, _observed.Times, _observed.Quantile("energy", 0.5), EnergyLimit);

        public SpherePanel Panel(double? time = null)
        {
            double[] x = Positions(time), limit = Predicted(x);
            bool curve = IsCircle || _gauge is RotaryGauge or PathGauge;
            // The step from the last label to the first is one like the others.
            bool closed = curve && Step(_start.Tokens - 1, 0) < 2 * Enumerable.Range(1, _start.Tokens - 1).Max(i => Step(i - 1, i));
            string what = IsCircle ? "a great circle" : _gauge switch
            {
                RotaryGauge => "a latitude circle",
                PathGauge => "a wavy curve",
                PrefixGauge => "its targets",
                _ => "a point",
            };
            double Step(int i, int j) => Sphere.Distance(limit.AsSpan(3 * i, 3), limit.AsSpan(3 * j, 3));
            return new SpherePanel(time is null ? System : $"{System} at t = {time}", 3, x, _start.Labels)
            {
                Cyclic = closed, PredictedCurves = curve ? [closed ? [.. limit, .. limit[..3]] : limit] : [],
                PredictedPoints = _gauge is PrefixGauge prefix ? [.. prefix.Targets.SelectMany(g => g)] : curve ? [] : limit[..3],
                Lines =
                [
                    $"predicted limit: {what}",
                    $"t = {time ?? Horizon}, largest distance {Numbers.Scientific(Largest(x, limit), 2)}",
                ],
            };
        }

        /// <summary>The cloud at a time; at the horizon, the default, with its limit.</summary>
        public SpherePanel Glance(double? time, string title, string line)
        {
            SpherePanel panel = Panel(time) with { Title = title, Lines = [line], Cyclic = true, Camera = new Camera(30, 25) };
            return time is null ? panel : panel with { PredictedCurves = [], PredictedPoints = [] };
        }

        public MovingPanel Motion()
        {
            double[] x = PlannedRun.Positions(_run.Snapshots(_folder));
            return new MovingPanel(Panel() with { Title = Title[(Title.IndexOf(')', StringComparison.Ordinal) + 1)..].Trim() },
                [.. x.Chunk(3 * _start.Tokens)]);
        }

        public IEnumerable<Fact> Facts()
        {
            string at = $"{Title}, t = {Horizon}";
            yield return new Fact($"{at}: energy E", IsCircle ? "I_{1}(1)/2" : IsPlain
                ? "gauge equivalence: k(1)/2" : "k(1)/2 times the mean of b", EnergyLimit, Last("energy"), 1e-9);
            yield return new Fact($"{at}: largest distance to the best-fitting limit", Source, 0, Last("limit_distance"),
                IsSlow ? 1e-6 : 1e-9);
            if (_run.Experiment.Tokens.Initial is SymmetricLaw symmetric)
                yield return new Fact($"{at}: largest |x_{{i}} − x*_{{i}}|, u known",
                    _gauge is PrefixGauge ? "Theorem 4: x* = G" : "x* = Ψ^{T} u, symmetric start", 0,
                    Largest(Positions(null), Exact(symmetric.Axis!)), 1e-9);
            if (_gauge is RotaryGauge)
            {
                yield return new Fact($"{at}: |m|", "|u_{z}|", 0.5, Last("mean_norm"), 1e-9);
                yield return new Fact($"{at}: G_{{energy}}", "e/2 − e^{c²} I_{0}(1−c²)/2, c = u_{z}",
                    Math.E / 2 - Energies.LatitudeCircle(1, 0.5), Last("gap_energy"), 1e-9);
            }
            if (IsCircle)
                foreach ((int k, double expected) in new[] { (0, 0.5), (1, 0.5), (2, 0.0) })
                    yield return new Fact($"{at}: covariance eigenvalue {k + 1}", "great circle: 1/2, 1/2, 0", expected,
                        Last($"covariance{k}"), 1e-6);
            if (!IsCircle && (!IsPlain || _gauge is IdentityGauge))
                yield return new Fact($"{at}: G_{{energy}}", "collapse: 0", 0, Last("gap_energy"), 1e-12);
        }

        private string Source => IsCircle ? "great circle" : !IsPlain ? "Proposition 11: a point" : _gauge switch
        {
            RotaryGauge => "Theorem 1: latitude circle",
            PathGauge => "wavy curve Ψ^{T} u",
            PrefixGauge => "Theorem 4: targets",
            _ => "a point",
        };

        private double Last(string column) => _observed.Last(column)[0];

        private double[] Positions(double? time)
        {
            int last = _run.Experiment.Record.Snapshots - 1;
            int snapshot = time is null ? last : (int)Math.Round(time.Value / Horizon * last);
            string path = SnapshotFiles.In(Path.Combine(_folder, _run.Name));
            return PlannedRun.Positions(CsvData.ReadWhere(path, "snapshot", snapshot));
        }

        // The limit that theory gives with the direction that fits the cloud best, in the frame of x.
        private double[] Predicted(double[] x)
        {
            PreparedGauge frame = _gauge.Prepare(_start.Labels, 3);
            double[] y = new double[x.Length];
            frame.Enter(x, y, 0, _start.Tokens);
            double[] limit = PredictedLimit.For(_interaction, 3, out string? why)?.Fit(y, _start.Labels, _start.Weights, _start.Labels, 3)
                ?? throw new NotSupportedException(why);
            frame.Leave(limit, limit, 0, _start.Tokens);
            return limit;
        }

        // The limit with u known from the symmetric start: x*_i = Psi_i^T u.
        private double[] Exact(IReadOnlyList<double> u)
        {
            double[] limit = [.. Enumerable.Repeat(u, _start.Tokens).SelectMany(c => c)];
            _gauge.Prepare(_start.Labels, 3).Leave(limit, limit, 0, _start.Tokens);
            return limit;
        }

        private static double Largest(double[] x, double[] limit) =>
            Enumerable.Range(0, x.Length / 3).Max(i => Sphere.Distance(x.AsSpan(3 * i, 3), limit.AsSpan(3 * i, 3)));
    }
}
