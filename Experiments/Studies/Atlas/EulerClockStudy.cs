using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>How late the published clock is: explicit steps of 0.1, x + h A returned to the sphere, beside the flow.</summary>
internal sealed class EulerClockStudy() : Study(32, "euler-clock", "The clock of explicit steps")
{
    private const string Table = "euler-clock.csv";
    private const int Tokens = 32;
    private static readonly bool[] Ways = [false, true];
    private const double Level = Clusters.Delta * (Tokens - 1) / Tokens, H = 0.1;

    private static readonly Column[] TableColumns =
    [
        new("dimension", ColumnType.Integer, "Dimension of the space."),
        new("beta", ColumnType.Number, "Inverse temperature."),
        new("replica", ColumnType.Integer, "Replica, from 0."),
        new("time", ColumnType.Number, "Time to collapse by layers x + h A, h = 0.1 counted as time."),
    ];

    private sealed record Clock(Experiment Drawn) : PlannedRun($"euler-clock-{Drawn.Time.Method.Name}-d{DimensionOf(Drawn)}"
        + $"-beta{Drawn.Interaction.Beta}", Drawn)
    {
        public bool IsFlow => Experiment.Time.Method.IsAdaptive;
        public int Dimension => DimensionOf(Experiment);
        public double Beta => Experiment.Interaction.Beta;

        /// <summary>Time to collapse, one a replica.</summary>
        public double[] Times(string folder)
        {
            ObservationTable table = Observations(folder);
            double[][] gaps = [.. table.Times.Select(t => table.AtTime("gap_second", t))];
            return [.. Enumerable.Range(0, table.Replicas).Select(r => Crossing(table.Times, [.. gaps.Select(g => g[r])]))];
        }

        private static int DimensionOf(Experiment e) => e.Tokens.Initial is SpanLaw span ? span.Ambient : e.Tokens.Dimension;
    }

    /// <summary>x + h A returned to the sphere is Euler's step h along P A/(1 + h &lt;x, A&gt;).</summary>
    private sealed record LayerScheme : Scheme
    {
        public override (double Scale, double Growth) At(double radius, double along, double length) => (1 + H * along, 0);

        public override double CollapseRate(double rate) => rate / (1 + H * rate);
    }

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        $"Time to collapse, 1 − |m|^{{2}} < 10^{{−3}}(1 − 1/n), of n = {Tokens} tokens under softmax, {Replicas(quick)} replicas. The "
            + "programs of arXiv 2312.10794 move x to x + hA, returned to the sphere, h = 0.1, A the attention output before its "
            + "projection, and count h as time: a layer of a network. That is Euler's step along P A/(1 + h⟨x, A⟩), slower than the flow P "
            + "A by a factor of up to 1 + h, because ⟨x, A⟩ tends to 1 near clusters. In the last stage a step multiplies distances by "
            + "1/(1 + h) in place of e^{−h}, so the clock there is late by h/log(1 + h) − 1 = 4.9 %, and waits in clusters are late by h, "
            + "10 %. Euler's own step x + h P A multiplies by 1 − h, and is early by 5.1 % in the last stage. Predicted: both maps of "
            + "orthogonal tokens, which stay equiangular.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
        [.. PlannedRun.Of("euler-clock", _ => "", $"replicas={Replicas(quick)}").Select(run => new Clock(run.Experiment))];

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using CsvTable table = new(Path.Combine(folder, Table), TableColumns);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads, Summation.Direct);
        foreach (Clock run in Plan(quick).Cast<Clock>().Where(run => !run.IsFlow))
        {
            Experiment e = run.Experiment;
            Cloud cloud = e.Tokens.Initial.Draw(e.Replicas, e.Tokens.Count, e.Tokens.Dimension, e.Seed);
            Flow flow = new(e.Interaction.Pair, new IdentityGauge(), cloud, sums, threads) { Scheme = new LayerScheme() };
            Gaps gaps = new();
            new Simulation(flow, Methods.Euler, H, e.Time.Horizon, threads).Run(cloud, [gaps], stop);
            stop.ThrowIfCancellationRequested();
            for (int r = 0; r < cloud.Replicas; r++)
                table.Append([run.Dimension, run.Beta, r, Crossing([.. gaps.Times], [.. gaps.Values.Select(g => g[r])])]);
        }
        table.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Clock[] runs = [.. plan.Cast<Clock>()];
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(folder, Table));
        Late[] all =
        [
            .. runs.Where(run => run.IsFlow).SelectMany(flow =>
            {
                double[] exact = flow.Times(folder);
                Clock euler = runs.Single(run => !run.IsFlow && run.Dimension == flow.Dimension && run.Beta == flow.Beta);
                double[] layers = [.. Enumerable.Range(0, table["time"].Length)
                    .Where(i => table["dimension"][i] == flow.Dimension && table["beta"][i] == flow.Beta).Select(i => table["time"][i])];
                return new[] { Of(true, euler.Times(folder)), Of(false, layers) };

                Late Of(bool isProjected, double[] times) =>
                    new(flow.Dimension, flow.Beta, isProjected, [.. times.Zip(exact, (a, b) => a / b - 1)]);
            }),
        ];
        double[] betas = Grid(0, 8, 80);
        string svg = new Chart("The clock of explicit steps", "How much later than the flow tokens collapse by explicit steps of 0.1, "
            + "against beta: layers are late by 2 to 10 percent, Euler's steps early or late by a few, both on dashed predictions.",
            [
                new ChartPanel("", new Axis("β", -0.3, 8), new Axis("time to collapse/that of the flow − 1", -0.04, 0.11),
                [
                    .. Ways.Select(p => Series.Predicted(betas, beta => Predicted(beta, p), "orthogonal tokens")),
                    .. all.GroupBy(late => (late.IsProjected, late.Dimension)).Select(group => Series.Measured(
                        $"{(group.Key.IsProjected ? "Euler, x + hPA" : "layers, x + hA")}, d = {group.Key.Dimension}",
                        group.Key.IsProjected ? Palette.Blue : Palette.Vermilion, group.Key.Dimension == 8 ? Sign.Square : Sign.Disc,
                        group.Select(late => late.Beta + (late.Dimension == 8 ? -0.08 : 0.08)), group.Select(late => late.At(0.5)))
                        .Between(group.Select(late => late.At(0.05)), group.Select(late => late.At(0.95)))),
                ]),
            ])
        {
            Width = 560, PlotHeight = 280, Notes = ["Signs: median over replicas; bars: 5 to 95 % of replicas."],
        }.Render();
        return new Findings(Facts(all), new Picture("euler-clock", svg, "By how much tokens collapse later, by explicit steps of h = 0.1, "
            + "than under the flow from the same start. Dashed: the maps of orthogonal tokens. Signs: median over replicas; "
            + "bars: 5 to 95 %."));
    }

    private static int Replicas(bool quick) => quick ? 8 : 64;

    private static IEnumerable<Fact> Facts(Late[] all) =>
        all.Where(late => late.Dimension == 128).Select(late => new Fact(
            $"{(late.IsProjected ? "Euler" : "layers")}, d = 128, β = {late.Beta}: median lateness", "map of orthogonal tokens",
            Predicted(late.Beta, late.IsProjected), late.At(0.5), 0.005));

    private static double Predicted(double beta, bool isProjected)
    {
        double g = 0, before = 0;
        int steps = 0;
        for (; g < 1 - Clusters.Delta; steps++) (before, g) = (g, Equiangular.Step(Normalization.Softmax, beta, Tokens, g, H, isProjected));
        double time = Crossing([H * (steps - 1), H * steps], [Gap(before), Gap(g)]);
        return time / Equiangular.Time(Normalization.Softmax, beta, Tokens, 0, 1 - Clusters.Delta) - 1;

        static double Gap(double g) => (1 - g) * (Tokens - 1) / Tokens;
    }

    // Between two observations the gap falls exponentially.
    private static double Crossing(double[] times, double[] gaps)
    {
        int after = Array.FindIndex(gaps, gap => gap < Level);
        return after <= 0 ? double.PositiveInfinity : times[after - 1] + (times[after] - times[after - 1])
            * Math.Log(gaps[after - 1] / Level) / Math.Log(gaps[after - 1] / gaps[after]);
    }

    private sealed record Late(int Dimension, double Beta, bool IsProjected, double[] Shares)
    {
        public double At(double share) => Quantile(Shares, share);
    }

    /// <summary>1 - |m|^2 of every replica after every step.</summary>
    private sealed class Gaps : IObserver
    {
        public List<double> Times { get; } = [];
        public List<double[]> Values { get; } = [];
        public double NextTime => H * Times.Count;
        public bool NeedsDrift => false;

        public void Observe(in Frame frame)
        {
            (Flow flow, double[] positions) = (frame.Flow, frame.Positions);
            Times.Add(frame.Time);
            Values.Add([.. Enumerable.Range(0, flow.Replicas).Select(r =>
                Mean.Variance(positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension))]);
        }
    }
}
