using MathNet.Numerics.Integration;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Metastability: the staircase of the energy to t = 1e8, merger times against closed forms, and block coupling against its
/// bound.</summary>
internal sealed class LongTimesStudy() : Study(9, "long-times", "Long times: metastable clusters and when they merge")
{
    private const string Integral = "predicted: integral over the angle";
    private const double Across = 0.1, RightAngle = Math.PI / 2, HalfWay = Math.PI / 4;
    private const string ThreeCentres = "[[0.70710678,0.70710678,0],[0.70710678,0,0.70710678],[0,0.70710678,0.70710678]]";
    private static readonly int[] Betas = [2, 4, 6, 8, 10, 12, 14, 16];

    private enum Kind { Stairs, Two, Three, Blocks }

    private sealed record KindRun(Kind Kind, string Stored, string Variant, string[] Settings)
        : PlannedRun(Stored + Variant, Stored, Settings);

    public override string Introduction(bool quick) =>
        $"Softmax attention on S^{{2}}. {(quick ? 66 : 512)} independent uniform tokens at β = 16 form clusters by t = 20, which then "
            + $"attract each other with e^{{−β(1−cos σ)}}: each merger takes exponentially longer than those before. "
        + "Tokens that have come closer than 10^{−6} go on as one weighted token, so steps grow with the time. The same cloud in the "
        + "gauge frame under a rotary code must climb the same stairs. Then two clusters at 90 degrees and three at 60, whose merger "
        + "times are "
        + $"integrals, and two clusters in different blocks with a coupling of {Across} between them, which cannot merge but approach "
        + "each other no faster than Theorem 5 allows.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string[] reduced = If(quick, "tokens.count=66");
        return
        [
            Stair(""), Stair("-rotary", "interaction.gauge={\"kind\":\"rotary\"}"), Stair("-finer", "time.tolerance=1e-8"),
            .. Betas.Select(beta => Clusters(Kind.Two, "", beta)),
            .. Betas.Select(beta => Clusters(Kind.Three, "-three", beta, $"tokens.count={(quick ? 66 : 510)}",
                $"tokens.initial.centres={ThreeCentres}")),
            // Evenly spaced observations: |m| is read between them.
            .. Betas.Select(beta =>
                Clusters(Kind.Blocks, "-blocks", beta, $"interaction.coupling={{\"kind\":\"block\",\"across\":{Across}}}",
                "labels={\"law\":\"blocks\",\"count\":2}", $"time.horizon={1.5 * HalfWayTime(beta)}", "time.until=null",
                "record.spacing=linear", "record.first=null")),
        ];

        PlannedRun Stair(string variant, params string[] settings) =>
            new KindRun(Kind.Stairs, "long-times", variant, [.. reduced, .. settings]);

        PlannedRun Clusters(Kind kind, string variant, int beta, params string[] settings) =>
            new KindRun(kind, "two-clusters", $"{variant}-beta{beta}", [.. reduced, $"interaction.beta={beta}", .. settings]);
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        ILookup<Kind, KindRun> runs = plan.Cast<KindRun>().ToLookup(run => run.Kind);
        Stairs[] stairs = [.. runs[Kind.Stairs].Select(run => new Stairs(run, folder))];
        double[] two = [.. runs[Kind.Two].Select(MergerTime)], three = [.. runs[Kind.Three].Select(MergerTime)];
        double[] apart = [.. runs[Kind.Blocks].Select(run => TimeToHalfWay(run.Observations(folder)))];
        string staircase = new Chart("Metastable staircase", "The energy climbs from plateau to plateau, each on the sum of the squared "
            + "masses of its clusters; rotary and baseline agree.",
            [EnergyPanel(stairs[0], stairs[1]), CountPanel(stairs[0], stairs[1])])
        { PerRow = 2, PlotHeight = 400, Notes = ["E_{point} = e^{β}/(2β), β = 16: the energy of all tokens at one point."] }.Render();
        string times = new Chart("Merger times against beta", "(a) Merger times of two and three clusters on their closed forms. (b) "
            + "Block coupling above its bound.", [TimesPanel(two, three), BlocksPanel(apart)])
        { PerRow = 2, PlotHeight = 270 }.Render();
        return new Findings([.. StairFacts(stairs[0], stairs[1], stairs[2]), .. TimeFacts(two, three, apart)],
            new Picture("long-times", staircase, "(a) Energy against time in units of E_{point}, that of all tokens at one "
                + "point; dashed the levels Σ m_{k}^{2} of the clusters left on each plateau after t = 30, with their values. (b) Tokens "
                + "left."),
            new Picture("merge-times", times, "(a) Time to the merger of two equal clusters at 90 degrees and of three "
                + "at 60; dashed the integral of the angle's inverse speed. " + $"(b) Time in which two clusters of different blocks, "
                    + $"coupling {Across}, "
                + "halve their right angle, with its integral and, below both, the bound of Theorem 5. One run each, so no bars."));

        double MergerTime(PlannedRun run) => run.Read(folder, RunFolder.MergersFile)["time"][^1];
    }

    private static IEnumerable<Fact> StairFacts(Stairs baseline, Stairs rotary, Stairs finer)
    {
        foreach ((string name, Stairs stairs) in new[] { ("baseline", baseline), ("rotary", rotary) })
        {
            yield return Fact.AtMost($"{name}: full evaluations to t = 10^{{8}}", "bound", 700, stairs.Record.Evaluations);
            yield return new Fact($"{name}: steps at which the energy fell", "dE/dt ≥ 0", 0, stairs.Observed.Last("energy_drops").Sum(), 0);
            yield return new Fact($"{name}: largest |E/E_{{point}} − Σ m_{{k}}^{{2}}| on {stairs.Levels.Length} plateaus",
                "clusters far apart: e^{−β(1−cos σ)} between them", 0, stairs.LargestMiss, 1e-3);
        }
        yield return new Fact("largest |E_{rotary} − E_{baseline}|/E_{point}", "gauge equivalence", 0,
            rotary.Observed.LargestDifference(baseline.Observed, "energy_ratio"), 1e-6);
        yield return new Fact("rotary and baseline: largest relative difference of the last merger times", "gauge equivalence", 0,
            baseline.LargestTimeDifference(rotary), 1e-6);
        yield return new Fact("tolerances 10^{−6} and 10^{−8}: the same", "an error e of an angle moves a merger by β e of its time", 0,
            baseline.LargestTimeDifference(finer), 3e-4);
    }

    private static IEnumerable<Fact> TimeFacts(double[] two, double[] three, double[] apart)
    {
        foreach ((int beta, double time) in Betas.Zip(two))
            yield return Ratio($"two clusters, β = {beta}: time to merger over the closed form", "integral over the angle", time,
                Exact(2, beta), 1e-6 * beta);
        foreach ((int beta, double time) in Betas.Zip(three))
            yield return Ratio($"three clusters, β = {beta}: time to merger over the closed form", "integral over the cosine, K = 3", time,
                Exact(3, beta), 1e-5 * beta);
        foreach ((int beta, double time) in Betas.Zip(apart))
        {
            yield return Ratio($"two blocks, β = {beta}: time to half the angle over the closed form", "integral over the angle", time,
                HalfWayTime(beta), 1e-3);
            yield return Fact.AtLeast($"two blocks, β = {beta}: the same time over the bound", "2605.30229, Theorem 5", 1,
                time / TwoClusters.Bound(beta, Across, RightAngle, HalfWay));
        }

        static Fact Ratio(string quantity, string source, double measured, double exact, double tolerance) =>
            new(quantity, source, 1, measured / exact, tolerance);
    }

    // From 90 degrees, or 60 between three, to the merging distance 1e-4.
    private static double Exact(int clusters, double beta)
    {
        const double distance = 1e-4;
        if (clusters == 2) return TwoClusters.Time(Normalization.Softmax, beta, 1, RightAngle, 2 * Math.Asin(distance / 2));
        // In the logarithm of 1 - g the integrand is smooth down to small distances, |x - y|^2/2 = 1 - g.
        return GaussLegendreRule.Integrate(u => Math.Exp(u) / Equiangular.Slope(Normalization.Softmax, beta, clusters, 1 - Math.Exp(u)),
            Math.Log(distance * distance / 2), Math.Log(0.5), 256);
    }

    private static double HalfWayTime(double beta) => TwoClusters.Time(Normalization.Softmax, beta, Across, RightAngle, HalfWay);

    // |m| = cos(angle/2) rises through its value at half the angle: linearly between observations.
    private static double TimeToHalfWay(ObservationTable table)
    {
        double[] means = table.Quantile("mean_norm", 0.5);
        double level = Math.Cos(HalfWay / 2);
        int after = Array.FindIndex(means, m => m >= level);
        double share = (level - means[after - 1]) / (means[after] - means[after - 1]);
        return table.Times[after - 1] + share * (table.Times[after] - table.Times[after - 1]);
    }

    private static ChartPanel EnergyPanel(Stairs baseline, Stairs rotary)
    {
        return new("energy", TimeAxis(baseline), new Axis("E/E_{point}", 0, 0.55),
            [Line(baseline, "baseline", 4), Line(rotary, "rotary", 1.6)])
        {
            References =
            [
                .. baseline.Levels.Select((level, k) => new Reference(level, k == 0 ? "Σ m_{k}^{2}" : "")
                {
                    Tag = Numbers.ForPeople(level, 1e-2),
                }),
            ],
        };

        static Series Line(Stairs stairs, string name, double width) => new(name, Palette.ForSystem(name, 0), stairs.Observed.Times[1..],
            stairs.Observed.Quantile("energy_ratio", 0.5)[1..])
        { Width = width };
    }

    private static ChartPanel CountPanel(Stairs baseline, Stairs rotary)
    {
        return new("tokens left after mergers", TimeAxis(baseline), new Axis("", 1, 1000, Log: true),
            [Count(baseline, "baseline", 4), Count(rotary, "rotary", 1.6)]);

        static Series Count(Stairs stairs, string name, double width) => new(name, Palette.ForSystem(name, 0),
            [stairs.Observed.Times[1], .. stairs.Times, stairs.Observed.Times[^1]], [stairs.Left[0] + 1, .. stairs.Left, stairs.Left[^1]])
        { Width = width, Steps = true };
    }

    // Two decades more than the run: room for the levels' numbers.
    private static Axis TimeAxis(Stairs stairs) => new("time t", stairs.Observed.Times[1], 100 * stairs.Observed.Times[^1], Log: true);

    private static ChartPanel TimesPanel(double[] two, double[] three) => new("two and three clusters",
        new Axis("inverse temperature β", 0, 18), new Axis("time to merger", 5, 1e6, Log: true),
        [
            Series.Predicted(Fine(), b => Exact(2, b), Integral), Series.Predicted(Fine(), b => Exact(3, b), Integral),
            Points("two clusters, 90°", 0, two), Points("three clusters, 60°", 1, three),
        ]);

    private static ChartPanel BlocksPanel(double[] apart) => new($"two blocks, coupling {Across}",
        new Axis("inverse temperature β", 0, 18), new Axis("time to half the angle", 1, 1e7, Log: true),
        [
            Series.Predicted(Fine(), HalfWayTime, Integral),
            new Series("no sooner than this: bound of Theorem 5", Palette.Purple, Fine(),
                [.. Fine().Select(b => TwoClusters.Bound(b, Across, RightAngle, HalfWay))]),
            Points("two blocks", 2, apart),
        ]);

    private static double[] Fine() => [.. Enumerable.Range(4, 29).Select(k => k / 2.0)];

    private static Series Points(string label, int place, double[] times) =>
        Series.Measured(label, Palette.Series(place), (Sign)(1 + place), Betas.Select(b => (double)b), times);

    /// <summary>A long run: its stairs and who merged when.</summary>
    private sealed class Stairs
    {
        // Before this time the energy is flat because nothing has begun; mergers after it are between clusters.
        private const double Formed = 30;

        public Stairs(PlannedRun run, string folder)
        {
            (Record, Observed) = (run.Record(folder), run.Observations(folder));
            double pointEnergy = run.Experiment.Interaction.Pair.DiracEnergy;
            IReadOnlyDictionary<string, double[]> mergers = run.Read(folder, RunFolder.MergersFile);
            IReadOnlyDictionary<string, double[]> plateaus = run.Read(folder, RunFolder.PlateausFile);
            (Times, Left) = (mergers["time"], mergers["left"]);
            (double[] starts, double[] ends) = (plateaus["start"], plateaus["end"]);
            int[] stairs = [.. Enumerable.Range(0, starts.Length).Where(k => starts[k] > Formed)];
            Levels = [.. stairs.Select(k => Level(mergers, run.Experiment.Tokens.Count, Math.Sqrt(starts[k] * ends[k])))];
            LargestMiss = Levels.Zip(stairs, (level, k) => Math.Abs(plateaus["energy"][k] / pointEnergy - level))
                .DefaultIfEmpty(double.NaN).Max();
        }

        public RunRecord Record { get; }
        public ObservationTable Observed { get; }

        /// <summary>Times of the mergers.</summary>
        public double[] Times { get; }

        /// <summary>Tokens left after them.</summary>
        public double[] Left { get; }

        /// <summary>Sum m_k^2 on every plateau.</summary>
        public double[] Levels { get; }

        /// <summary>Largest |E/E_point - level| over the plateaus.</summary>
        public double LargestMiss { get; }

        /// <summary>Of the mergers between clusters: relative.</summary>
        public double LargestTimeDifference(Stairs other) => Times.Length != other.Times.Length ? double.NaN
            : Times.Zip(other.Times, (a, b) => b > 2 * Formed ? Math.Abs(a - b) / b : 0).Max();

        private static double Level(IReadOnlyDictionary<string, double[]> mergers, int tokens, double time)
        {
            double sum = 1.0 / tokens;
            for (int k = 0; k < mergers["time"].Length && mergers["time"][k] <= time; k++)
                sum += 2 * mergers["mass_token"][k] * mergers["mass_into"][k];
            return sum;
        }
    }
}
