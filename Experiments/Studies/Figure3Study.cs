using System.Globalization;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Figure 3: six clouds at the horizon with their predicted limits, and their energies.</summary>
public sealed class Figure3Study : Study
{
    private const double PaperHorizon = 20;
    private static readonly string[] Systems = ["baseline", "distance", "toeplitz", "rotary", "path", "prefix"];

    /// <inheritdoc/>
    public override string Name => "figure3";

    /// <inheritdoc/>
    public override string Heading => "Figure 3: the limit pictures the auxiliary variable";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        $"One cloud each on S^{{2}}, β = 1, unnormalised attention, projected Heun steps of {(quick ? "0.02" : "0.01")}. Rotary code, rotary path and prefix start from mirror pairs in the "
        + "gauge frame, which fixes the otherwise random direction u: their limit is known to the last token. Distance bias and Toeplitz coupling approach their "
        + "limit slowly; they run to t = 100, and the paper's t = 20 is shown too.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. Systems.Select(s => new PlannedRun($"figure3-{s}", StoredExperiments.Load($"figure3-{s}", quick ? ["tokens.count=96", "time.step=0.02"] : [])))];

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Evaluated[] runs = [.. plan.Select(run => new Evaluated(run, Path.Combine(folder, run.Name)))];
        string spheres = new Figure3().Render([.. runs.Select(run => run.Panel())]);
        string early = new Figure3 { Columns = 2, Title = "The two slow clouds at the paper's horizon" }
            .Render([.. runs.Where(run => run.Experiment.Time.Horizon > PaperHorizon).Select(run => run.Panel(PaperHorizon))]);
        string energies = new EnergyFigure { Until = 30 }.Render([.. runs.Select(run => new EnergyCurve(run.Title, run.Observed.Times, run.Observed.Quantile("energy", 0.5), run.EnergyLimit))]);
        return new Findings(
        [
            new FinishedFigure("3", "figure3", spheres, "Six clouds at the end of their runs, coloured by label; predicted limits under the tokens."),
            new FinishedFigure("3, earlier", "figure3-t20", early, "(b) and (c) at the paper's horizon t = 20, on their way to the limits above."),
            new FinishedFigure("3, energies", "energy", energies, "Energies of the six runs, with the energies of the predicted limits dashed; drawn up to t = 30."),
        ], [.. runs.SelectMany(run => run.Checks())]);
    }

    /// <summary>One of the six, read back.</summary>
    private sealed class Evaluated
    {
        private readonly string _folder;
        private readonly Interaction _interaction;
        private readonly Gauge _gauge;
        private readonly Cloud _start;

        public Evaluated(PlannedRun run, string folder)
        {
            (_folder, Experiment) = (folder, run.Experiment);
            _interaction = run.Experiment.Interaction.Pair;
            _gauge = run.Experiment.Gauge;
            _start = run.Experiment.Draw();
            Observed = new ObservationTable(folder);
        }

        public Experiment Experiment { get; }

        public ObservationTable Observed { get; }

        public string Title => Experiment.Title.Replace("Figure 3 ", "", StringComparison.Ordinal);

        /// <summary>k(1)/2 times the mean of b for a point in the gauge frame, the circle's energy for the Toeplitz cosine.</summary>
        public double EnergyLimit => _interaction.Coupling is ToeplitzCoupling ? ToeplitzCircle.Energy(_interaction.Beta, 0, _interaction.Beta)
            : _interaction.DiracEnergy * _start.Labels.Average(s => _start.Labels.Average(t => _interaction.Coupling.Value(s, t)));

        public SpherePanel Panel(double? time = null)
        {
            double[] x = Positions(time), limit = Predicted(x);
            bool curve = _interaction.Coupling is ToeplitzCoupling || _gauge is RotaryGauge or PathGauge;
            return new SpherePanel(time is null ? Title : $"{Title} at t = {time}", 3, x, _start.Labels)
            {
                PredictedCurves = curve ? [[.. limit, .. limit[..3]]] : [],
                PredictedPoints = _gauge is PrefixGauge prefix ? [.. prefix.Targets.SelectMany(g => g)] : curve ? [] : limit[..3],
                Facts = Facts(x, limit, time ?? Experiment.Time.Horizon),
            };
        }

        public IEnumerable<Check> Checks()
        {
            double horizon = Experiment.Time.Horizon;
            string at = $"{Title}, t = {horizon}";
            double[] x = Positions(null);
            yield return new Check($"{at}: energy E", _interaction.Coupling is ToeplitzCoupling ? "I_{1}(1)/2" : _interaction.Coupling is DistanceCoupling ? "k(1)/2 times the mean of b" : "gauge equivalence: k(1)/2",
                EnergyLimit, Observed.Last("energy")[0], 1e-9);
            bool slow = horizon > PaperHorizon;
            yield return new Check($"{at}: largest distance to the best-fitting limit", Source, 0, Observed.Last("limit_distance")[0], slow ? 1e-6 : 1e-9);
            if (Experiment.Tokens.Initial is SymmetricLaw)
                yield return new Check($"{at}: largest |x_{{i}} − x*_{{i}}|, u known", _gauge is PrefixGauge ? "Theorem 4: x* = G" : "x* = Ψ^{T} u, symmetric start", 0, Largest(x, Exact()), 1e-9);
            if (_gauge is RotaryGauge)
            {
                yield return new Check($"{at}: |m|", "|u_{z}|", 0.5, Observed.Last("mean_norm")[0], 1e-9);
                yield return new Check($"{at}: G_{{energy}}", "e/2 − e^{c²} I_{0}(1−c²)/2, c = u_{z}", Math.E / 2 - Energies.LatitudeCircle(1, 0.5), Observed.Last("gap_energy")[0], 1e-9);
            }
            if (_interaction.Coupling is ToeplitzCoupling)
                foreach ((int k, double expected) in new[] { (0, 0.5), (1, 0.5), (2, 0.0) })
                    yield return new Check($"{at}: covariance eigenvalue {k + 1}", "great circle: 1/2, 1/2, 0", expected, Observed.Last($"covariance{k}")[0], 1e-6);
            if (_interaction.Coupling is DistanceCoupling || (_gauge is IdentityGauge && _interaction.Coupling is OneCoupling))
                yield return new Check($"{at}: G_{{energy}}", "collapse: 0", 0, Observed.Last("gap_energy")[0], 1e-12);
        }

        private string Source => _interaction.Coupling switch
        {
            ToeplitzCoupling => "great circle",
            DistanceCoupling => "Proposition 11: a point",
            _ => _gauge switch { RotaryGauge => "Theorem 1: latitude circle", PathGauge => "wavy curve Ψ^{T} u", PrefixGauge => "Theorem 4: targets", _ => "a point" },
        };

        private string[] Facts(double[] x, double[] limit, double time)
        {
            string what = _interaction.Coupling is ToeplitzCoupling ? "a great circle" : _gauge switch { RotaryGauge => "a latitude circle", PathGauge => "a wavy curve", PrefixGauge => "its targets", _ => "a point" };
            return [$"predicted limit: {what}", string.Create(CultureInfo.InvariantCulture, $"t = {time}, largest distance {Numbers.Scientific(Largest(x, limit), 2)}")];
        }

        private double[] Positions(double? time)
        {
            string path = Path.Combine(_folder, RunFolder.SnapshotsFile);
            int last = Experiment.Record.Snapshots - 1;
            int snapshot = time is null ? last : (int)Math.Round(time.Value / Experiment.Time.Horizon * last);
            IReadOnlyDictionary<string, double[]> rows = CsvData.ReadWhere(path, "snapshot", snapshot);
            return [.. Enumerable.Range(0, rows["x0"].Length).SelectMany(i => new[] { rows["x0"][i], rows["x1"][i], rows["x2"][i] })];
        }

        // The limit that theory gives with the direction that fits the cloud best, in the frame of x.
        private double[] Predicted(double[] x)
        {
            GaugeFrame frame = _gauge.Prepare(_start.Labels, 3);
            double[] y = new double[x.Length];
            frame.Enter(x, y, 0, _start.Tokens);
            double[] limit = PredictedLimit.For(_interaction, 3, out string? why)?.Fit(y, _start.Labels, _start.Weights, _start.Labels, 3) ?? throw new NotSupportedException(why);
            frame.Leave(limit, limit, 0, _start.Tokens);
            return limit;
        }

        // The limit with u known from the symmetric start: x*_i = Psi_i^T u.
        private double[] Exact()
        {
            Sequence<double> u = ((SymmetricLaw)Experiment.Tokens.Initial).Axis!;
            double[] limit = [.. Enumerable.Repeat(u, _start.Tokens).SelectMany(c => c)];
            _gauge.Prepare(_start.Labels, 3).Leave(limit, limit, 0, _start.Tokens);
            return limit;
        }

        private static double Largest(double[] x, double[] limit) =>
            Enumerable.Range(0, x.Length / 3).Max(i => Sphere.Distance(x.AsSpan(3 * i, 3), limit.AsSpan(3 * i, 3)));
    }
}
