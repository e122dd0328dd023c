namespace AttentionFlow.Experiments.Studies;

/// <summary>Work against precision of every method: the largest token error at all recorded times against evaluations.</summary>
internal sealed class WorkPrecisionStudy() : Study(10, "work-precision", "Work and precision")
{
    // Steps for fixed methods, tolerances for adaptive ones; recording times are 1/4 apart.
    private static readonly Dictionary<string, double[]> Accuracies = new()
    {
        ["euler"] = [0.05, 0.025, 0.0125, 0.00625, 0.003125],
        ["heun"] = [0.125, 0.0625, 0.03125, 0.015625],
        ["rk4"] = [0.25, 0.125, 0.0625, 0.03125],
        ["tsit5"] = [1e-2, 1e-3, 3e-4, 6e-5, 1e-5, 1e-6, 1e-7, 1e-8],
    };

    private sealed record MethodRun(Tableau Method, double Accuracy, string[] Reduced) : PlannedRun(
        $"work-precision-{Method.Name}-{Accuracy}", "work-precision",
        [
            .. Reduced, .. Method.IsAdaptive ? (string[])[$"time.tolerance={Accuracy}"]
                : [$"time.method={Method.Name}", "time.tolerance=null", $"time.step={Accuracy}"],
        ]);

    public override string Introduction(bool quick) =>
        $"One cloud of {(quick ? 64 : 512)} tokens on S^{{2}}, softmax attention, β = 9, to t = 20. The error is the largest distance of "
            + $"a token from its place in a run with a tolerance of 10^{{−12}}, over 81 recorded times; "
        + "the work is the number of evaluations of the drift. Fixed steps end on the recorded times; tsit5 passes by and shows them by "
        + "dense output.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string[] reduced = If(quick, "tokens.count=64");
        return
        [
            new PlannedRun("work-precision-reference", "work-precision", reduced),
            .. Tableau.All.SelectMany(method => Accuracies[method.Name].Select(accuracy => new MethodRun(method, accuracy, reduced))),
        ];
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        double[][] exact = Positions(plan[0], folder);
        Curve[] curves =
        [
            .. plan.OfType<MethodRun>().GroupBy(run => run.Method)
                .Select(runs => new Curve(runs.Key, [.. runs.Select(run => Measure(run, folder, exact))])),
        ];
        string svg = new Chart("Work and precision", "The largest error against evaluations on logarithmic axes, one line a method, "
            + "falling with its order.", [Panel(curves)])
        { PlotHeight = 330 }.Render();
        return new Findings(Facts(curves), new Picture("work-precision", svg, "The largest token error at all "
            + "recorded times against evaluations, one sign a run; the slopes are fitted to the last three runs. Tsit5 reaches any error "
            + "with the fewest evaluations."));
    }

    private static ChartPanel Panel(Curve[] curves) => new("",
        new Axis("evaluations of the drift", 50, 1e4, Log: true), new Axis("largest error of a token", 1e-9, 1, Log: true),
        [
            .. curves.SelectMany((c, i) => (Series[])
            [
                new Series("", Palette.Series(i), c.Work, c.Errors) { Width = 1.4 },
                Series.Measured($"{c.Method.Name}, slope {Numbers.ForPeople(c.Slope, 0.1)}", Palette.Series(i), (Sign)(1 + i), c.Work,
                    c.Errors),
            ]),
        ]);

    private static IEnumerable<Fact> Facts(Curve[] curves)
    {
        foreach (Curve curve in curves)
            yield return new Fact($"{curve.Method.Name}: slope of log error against log evaluations", $"order {curve.Method.Order}",
                -curve.Method.Order, curve.Slope, curve.Method.IsAdaptive ? 1 : 0.3);
        Curve tsit5 = curves.Single(c => c.Method.IsAdaptive);
        yield return Fact.AtMost("tsit5: evaluations for an error below 6 × 10^{−4}", "bound", 140, tsit5.WorkFor(6e-4));
        yield return Fact.AtMost("tsit5: evaluations for an error below 10^{−4}", "bound", 190, tsit5.WorkFor(1e-4));
        yield return new Fact("steps at which the energy fell, methods of order 4 and more", "dE/dt ≥ 0", 0,
            curves.Where(c => c.Method.Order >= 4).Sum(c => c.Drops), 0);
    }

    private static (double Work, double Error, double Drops) Measure(PlannedRun run, string folder, double[][] exact)
    {
        double error = 0;
        double[][] seen = Positions(run, folder);
        for (int row = 0; row < exact[0].Length; row++)
        {
            double square = 0;
            for (int c = 0; c < exact.Length; c++) square += (seen[c][row] - exact[c][row]) * (seen[c][row] - exact[c][row]);
            error = Math.Max(error, Math.Sqrt(square));
        }
        return (run.Record(folder).Evaluations, error, run.Observations(folder).Last("energy_drops").Sum());
    }

    private static double[][] Positions(PlannedRun run, string folder)
    {
        IReadOnlyDictionary<string, double[]> table = run.Snapshots(folder);
        return [table["x0"], table["x1"], table["x2"]];
    }

    /// <summary>One method.</summary>
    private sealed class Curve(Tableau method, (double Work, double Error, double Drops)[] points)
    {
        public Tableau Method => method;
        public double[] Work { get; } = [.. points.Select(p => p.Work)];
        public double[] Errors { get; } = [.. points.Select(p => p.Error)];
        public double Drops => points.Sum(p => p.Drops);

        /// <summary>Of the last three points, where the leading term of the error is alone.</summary>
        public double Slope => Statistics.Slope(Work[^3..].Select(w => Math.Log(w)), Errors[^3..].Select(e => Math.Log(e)));

        /// <summary>The fewest evaluations of a run with an error below this.</summary>
        public double WorkFor(double error) =>
            points.Where(p => p.Error < error).Select(p => p.Work).DefaultIfEmpty(double.PositiveInfinity).Min();
    }
}
