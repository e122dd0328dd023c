using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The transition of first order under noise: kappa rises and falls, and the mean jumps at two places. No single run: a
/// table.</summary>
internal sealed class HysteresisStudy() : Study(21, "hysteresis", "A transition that jumps: hysteresis under noise")
{
    private const string Table = "hysteresis.csv";
    private const double Lowest = 0.76, Highest = 1.1, Spacing = 0.02;
    private static readonly (int Dimension, double Beta, double Step)[] Systems = [(2, 6, 0.002), (3, 4, 0.01)];
    private static readonly string[] Directions = ["falling", "rising"];

    private static readonly Column[] TableColumns =
    [
        new("dimension", ColumnType.Integer, "Dimension d of the space."),
        new("rising", ColumnType.Integer, "1 while kappa rises, 0 while it falls."),
        new("ratio", ColumnType.Number, "kappa over its critical value."),
        new("seed", ColumnType.Integer, "Seed of the cloud."),
        new("mean", ColumnType.Number, "Root mean square of |m| over the second half of the stay at this kappa."),
    ];

    public override string Introduction(bool quick) =>
        $"Unnormalised attention under noise (2/κ)^{{1/2}}, exponential profile, β = {Systems[0].Beta} on S^{{1}} and {Systems[1].Beta} on "
            + $"S^{{2}}, above the tricritical values 2.447 and 1.816. {Tokens(quick)} tokens, {Seeds(quick)} seeds. κ rises in steps of "
            + $"{Spacing} of its critical value, and falls again in the same steps; each stay lasts {Stay(quick)} κ_{{c}}/(d − 1). "
            + "For n → ∞ the uniform law is stable up to κ_{c}, the ordered one from the spinodal on, and at coexistence between the two "
            + "both have one free energy. What a cloud does there depends on where it comes from.";

    public override double TabulatedPairs(bool quick) => Systems.Sum(s => 2.0 * Ratios().Length * Seeds(quick)
        * Math.Ceiling(Horizon(s, quick) / s.Step) * 2 * Tokens(quick) * Tokens(quick));

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        progress.Begin(Name);
        using CsvTable table = new(Path.Combine(folder, Table), TableColumns);
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Single, threads, Summation.Direct);
        foreach ((int Dimension, double Beta, double Step) system in Systems)
        {
            (int d, double critical) = (system.Dimension, NoisyFlow.CriticalKappa(new(system.Beta), system.Dimension));
            Cloud cloud = new UniformLaw().Draw(Seeds(quick), Tokens(quick), d, seed: 1);
            double[] ratios = Ratios();
            for (int k = 0; k < 2 * ratios.Length; k++)
            {
                bool rising = k < ratios.Length;
                double ratio = rising ? ratios[k] : ratios[2 * ratios.Length - 1 - k];
                Flow flow = new(new Interaction(system.Beta), new IdentityGauge(), cloud, sums, threads);
                SecondHalf mean = new(cloud.Replicas, Horizon(system, quick));
                RunResult result = new Simulation(flow, Methods.Heun, system.Step, Horizon(system, quick), threads)
                {
                    Noise = new Noise(ratio * critical) { Seed = (ulong)(k + 1) },
                }.Run(cloud, [mean], stop);
                stop.ThrowIfCancellationRequested();
                for (int r = 0; r < cloud.Replicas; r++) table.Append([d, rising ? 1 : 0, ratio, r + 1, mean.RootMeanSquare(r)]);
                progress.Advance((double)result.Evaluations * cloud.Replicas * cloud.Tokens * cloud.Tokens, $"d = {d}, κ/κ_c = {ratio:F2}");
            }
        }
        table.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(folder, Table));
        Loop[] loops = [.. Systems.Select(s => new Loop(s.Dimension, s.Beta, table))];
        string svg = new Chart("Hysteresis under noise", "(a), (b): the mean against kappa while it rises and while it falls, two branches "
            + "between the spinodal and the critical kappa, on the theory's. (c): spinodal and coexistence against beta.",
            [.. loops.Select((loop, i) => loop.Panel() with { SharesY = i > 0 }), Diagram()])
        {
            Notes = ["Signs: mean over seeds of the root mean square of |m| over half a stay; bars: 5 to 95 % of seeds."],
        }.Render();
        return new Findings(loops.SelectMany(loop => loop.Facts()), new Picture("hysteresis", svg, "(a), (b) The mean of clouds while κ "
            + "rises and while it falls; dashed: theory for n → ∞, with the unstable branch that joins the two. (c) The spinodal and the κ "
            + "of coexistence over the critical κ, against β; both begin at the tricritical β. Bars: 5 to 95 % of seeds."));
    }

    private static int Tokens(bool quick) => quick ? 200 : 400;

    private static int Seeds(bool quick) => quick ? 2 : 4;

    // In units of kappa_c/(d - 1), the time in which the uniform law forgets.
    private static double Stay(bool quick) => quick ? 10 : 60;

    private static double Horizon((int Dimension, double Beta, double Step) s, bool quick) =>
        Stay(quick) * NoisyFlow.CriticalKappa(new(s.Beta), s.Dimension) / (s.Dimension - 1);

    // Multiples of the spacing.
    private static double[] Ratios() =>
        [.. Enumerable.Range(0, 1 + (int)Math.Round((Highest - Lowest) / Spacing)).Select(k => Math.Round(Lowest + k * Spacing, 6))];

    private static ChartPanel Diagram() => new("where it jumps", new Axis("β", 1.5, 8.5), new Axis("κ/κ_{c}", 0.4, 1.02),
    [
        .. Systems.SelectMany((s, i) =>
        {
            double first = NoisyFlow.TricriticalBeta(s.Dimension);
            // Closer where the curves begin.
            double[] betas = [.. Grid(0, 1, 9).Select(share => first + 1e-3 + (8 - first) * Math.Pow(share, 1.5))];
            OrderedBranch[] branches = [.. betas.Select(beta => new OrderedBranch(new(beta), s.Dimension))];
            return new[]
            {
                new Series($"spinodal, S^{{{s.Dimension - 1}}}", Palette.Series(i), betas,
                    [.. branches.Select(b => b.Spinodal!.KappaRatio)]),
                Series.Predicted(betas, branches.Select(b => b.Coexistence!.KappaRatio), $"coexistence, S^{{{s.Dimension - 1}}}",
                    Palette.Series(i)),
            };
        }),
    ]);

    /// <summary>The mean squares of |m| at a hundred times of the second half of a run.</summary>
    private sealed class SecondHalf(int replicas, double horizon) : IObserver
    {
        private readonly double[] _squares = new double[replicas];
        private int _times;

        public double NextTime => horizon * (100 + _times) / 200;

        public bool NeedsDrift => false;

        public void Observe(in Frame frame)
        {
            double[] mean = new double[frame.Flow.Dimension];
            for (int r = 0; r < replicas; r++)
            {
                Mean.Of(frame.Positions, frame.Flow.Weights, r * frame.Flow.Tokens, frame.Flow.Tokens, mean);
                _squares[r] += Sphere.Dot(mean, mean);
            }
            _times++;
        }

        public double RootMeanSquare(int replica) => Math.Sqrt(_squares[replica] / _times);
    }

    /// <summary>Both ways of one system.</summary>
    private sealed class Loop
    {
        private readonly int _dimension;
        private readonly double _beta, _critical;
        private readonly OrderedBranch _branch;
        private readonly OrderedLaw _spinodal, _coexistence;
        // By direction and kappa over its critical value: a mean a seed.
        private readonly SortedDictionary<double, double[]>[] _means;

        public Loop(int dimension, double beta, IReadOnlyDictionary<string, double[]> table)
        {
            (_dimension, _beta, _critical) = (dimension, beta, NoisyFlow.CriticalKappa(new(beta), dimension));
            _branch = new OrderedBranch(new(beta), dimension);
            (_spinodal, _coexistence) = (_branch.Spinodal!, _branch.Coexistence!);
            _means = [.. Enumerable.Range(0, 2).Select(rising => new SortedDictionary<double, double[]>(Enumerable
                .Range(0, table["mean"].Length).Where(i => table["dimension"][i] == dimension && table["rising"][i] == rising)
                .GroupBy(i => table["ratio"][i]).ToDictionary(rows => rows.Key, rows => rows.Select(i => table["mean"][i]).ToArray())))];
        }

        public ChartPanel Panel()
        {
            OrderedLaw[] unstable = [.. Grid(0.02, 0.98, 16).Select(share => _branch.At(share * _spinodal.Entropy))];
            double[] stable = [.. Grid(_spinodal.KappaRatio, Highest - _spinodal.KappaRatio, 16).Skip(1)];
            return new ChartPanel($"S^{{{_dimension - 1}}}, β = {_beta}", new Axis("κ/κ_{c}", Lowest - 0.02, Highest + 0.02),
                new Axis("|m|", 0, 1),
            [
                Series.Predicted([_spinodal.KappaRatio, .. stable], [_spinodal.Mean, .. stable.Select(Ordered)], "theory, stable"),
                Series.Predicted([Lowest, 1], [0, 0], "theory, stable"),
                Series.Predicted([.. unstable.Select(law => law.KappaRatio)], [.. unstable.Select(law => law.Mean)], "theory, unstable",
                    Palette.Vermilion),
                .. Directions.Select((name, i) => Series.Measured($"κ {name}", Palette.Series(i), i == 0 ? Sign.Square : Sign.Disc,
                    _means[i].Keys, _means[i].Values.Select(m => m.Average()))
                    .Between(_means[i].Values.Select(m => Quantile(m, 0.05)), _means[i].Values.Select(m => Quantile(m, 0.95)))),
            ])
            {
                References = [new Reference(_coexistence.KappaRatio, "coexistence") { Vertical = true, Dash = "2 3" }],
            };
        }

        public IEnumerable<Fact> Facts()
        {
            string at = $"S^{{{_dimension - 1}}}, β = {_beta}";
            // A cloud near the spinodal leaves it by its own fluctuations, before it ends.
            double[] ordered = [.. _means[0].Keys.Where(x => x >= _coexistence.KappaRatio + Spacing)];
            double[] off = [.. ordered.SelectMany(x => _means[0][x].Select(m => m - Ordered(x)))];
            // And a share of order 1/n, from fluctuations and the steps.
            yield return new Fact($"{at}: m − theory above coexistence while κ falls, averaged over κ and seeds", "p = e^{κ k*p}/Z", 0,
                off.Average(), 4 * Deviation(off) / Math.Sqrt(off.Length) + 0.005);
            double both = _means[0].Keys.MinBy(x => Math.Abs(x - _coexistence.KappaRatio));
            yield return Fact.AtLeast($"{at}: median |m| while κ falls over that while it rises, κ/κ_{{c}} = {both}, near coexistence",
                "hysteresis: both laws are stable", 1.5, Median(_means[0][both]) / Median(_means[1][both]));
            yield return Between($"{at}: κ/κ_{{c}} down to which there is order, κ falling", "between spinodal and coexistence",
                _spinodal.KappaRatio, _coexistence.KappaRatio, _means[0].First(pair => Median(pair.Value) > _spinodal.Mean / 2).Key);
            yield return Between($"{at}: κ/κ_{{c}} from which on there is order, κ rising", "between coexistence and the critical κ",
                _coexistence.KappaRatio, 1, _means[1].First(pair => Median(pair.Value) > _spinodal.Mean).Key);

            // Within the spacing of the kappa that were tried, two of them where a cloud is on its way.
            static Fact Between(string quantity, string source, double low, double high, double measured) =>
                new(quantity, source, (low + high) / 2, measured, (high - low) / 2 + 2 * Spacing);
        }

        private double Ordered(double ratio) => _branch.Under(ratio * _critical)!.Mean;
    }
}
