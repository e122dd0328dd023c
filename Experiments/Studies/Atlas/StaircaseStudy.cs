namespace AttentionFlow.Experiments.Studies.Atlas;

/// <summary>The staircase of arXiv 2410.06833: five tokens at large beta merge one by one, after times exponential in beta.</summary>
internal sealed class StaircaseStudy() : Study(31, "staircase", "Staircase: from saddle to saddle")
{
    private const string Table = "staircase.csv", Mergers = "staircase-mergers.csv", Independent = "pairs that pull each other alone";
    private const double Spacing = 1e-3;
    private static readonly double[] Betas = [500, 1000, 1500, 2000, 3000, 4000];
    private static readonly double Unit = Math.Log(2000) / (2 * Math.Sqrt(2000));
    private static readonly double[] Start = [0, 0.5 * Unit, 2 * Unit, 4 * Unit, 7 * Unit];

    private static readonly Column[] TableColumns =
    [
        new("beta", ColumnType.Number, "Inverse temperature."),
        new("length", ColumnType.Number, "Length of the path of all tokens."),
        new("log_time", ColumnType.Number, "Natural logarithm of the time, in units of e^(-beta)."),
        new("energy", ColumnType.Number, "Energy over that of a point."),
    ];

    private static readonly Column[] MergerColumns = [.. TableColumns[..3], new("left", ColumnType.Integer, "Clusters left.")];

    public override StudyGroup Group => StudyGroup.Atlas;

    public override string Introduction(bool quick) =>
        "Five tokens of the circle at 0, 1/2, 2, 4 and 7 times log(2000)/(2·2000^{1/2}), unnormalised attention: figure and starts of "
            + "arXiv 2410.06833, whose authors' program moves tokens by v/|v|, that is by the length of their path. Here the time is kept "
            + "as "
            + "well, by its logarithm, because it passes 10^{130} at β = 4000. Near clusters of masses m and m′ at the angle σ close in at "
            + "the rate (m + m′) e^{−β(1 − cos σ)} sin σ, so each merger is an integral, as if there were no third. At β = 500, where "
            + "doubles hold the time, a run of the solver with mergers must meet them at the same times.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) => [.. PlannedRun.Of("staircase", _ => "staircase")];

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using CsvTable table = new(Path.Combine(folder, Table), TableColumns);
        using CsvTable mergers = new(Path.Combine(folder, Mergers), MergerColumns);
        foreach (double beta in Betas)
        {
            StaircasePath path = new(beta, Start, quick ? 2e-4 : 2e-5);
            double energy = 0;
            for (double next = 0; path.Clusters > 1;)
            {
                stop.ThrowIfCancellationRequested();
                int clusters = path.Clusters;
                path.Step();
                if (path.Clusters < clusters) mergers.Append([beta, path.Length, path.LogTime, path.Clusters]);
                if (path.Length < next && Math.Abs(path.Energy - energy) < 0.01 && path.Clusters == clusters) continue;
                (next, energy) = (path.Length + Spacing, path.Energy);
                table.Append([beta, path.Length, path.LogTime, energy]);
            }
        }
        table.Complete();
        mergers.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(folder, Table));
        IReadOnlyDictionary<string, double[]> mergers = CsvData.Read(Path.Combine(folder, Mergers));
        string svg = new Chart("Staircase of five tokens", "(a): energy against the logarithm of time, a staircase for each beta, on "
            + "dashed ones. (b): against the length of the path, where the stairs of all beta "
            + "stand at the same places, and that of beta = 500 rises visibly before the others.",
            [Panel("against time", new Axis("log_{10} t", -1, 145), t => t / Math.Log(10), "log_time", step => step.LogHalf),
                Panel("against the length of the path", new Axis("length", 0, 0.84), s => s, "length", step => step.Length)
                    with { SharesY = true }])
            .Render();
        return new Findings(Facts(plan.Single().Read(folder, RunFolder.MergersFile), mergers), new Picture("staircase", svg,
            "Energy of five tokens over that of a point. (a) Against time, in units of e^{−β}. (b) Against the length of the path of all "
            + "tokens. Dashed: Σ m_{k}^{2} with mergers at the times and lengths of pairs that pull each other alone."));

        ChartPanel Panel(string title, Axis x, Func<double, double> scale, string column, Func<Merger, double> place) =>
            new(title, x, new Axis("E/E_{point}", 0.1, 1.05),
            [
                .. Betas.Select((beta, i) =>
                {
                    int[] rows = Rows(table, beta);
                    return new Series($"β = {beta}", Palette.Series(i), [.. rows.Select(row => scale(table[column][row])), x.Max],
                        [.. rows.Select(row => table["energy"][row]), 1]);
                }),
                .. Betas.Select(beta =>
                {
                    Merger[] predicted = Predicted(beta);
                    return Series.Predicted([x.Min, .. predicted.Select(m => scale(place(m))), x.Max],
                        [0.2, .. predicted.Select(m => m.Level), 1], Independent) with { Steps = true };
                }),
            ]);
    }

    private static int[] Rows(IReadOnlyDictionary<string, double[]> table, double beta) =>
        [.. Enumerable.Range(0, table["beta"].Length).Where(row => table["beta"][row] == beta)];

    private static IEnumerable<Fact> Facts(IReadOnlyDictionary<string, double[]> run, IReadOnlyDictionary<string, double[]> path)
    {
        foreach (double beta in Betas)
        {
            int[] rows = Rows(path, beta);
            Merger[] predicted = Predicted(beta);
            for (int k = 0; beta == 500 && k < rows.Length; k++)
                yield return new Fact($"β = 500, merger {k + 1}: log of its time along the path less that of the solver's run",
                    "the same flow", 0, path["log_time"][rows[k]] - Math.Log(run["time"][k]), 2e-3);
            // A third cluster matters by e^{-beta (cos s - cos s')} at least: little where gaps differ, hence not the first mergers at 500.
            for (int k = beta == 500 ? 2 : 1; k < rows.Length; k++)
                yield return new Fact($"β = {beta}, merger {k + 1}: log of its time", Independent, predicted[k].LogTime,
                    path["log_time"][rows[k]], beta == 500 ? 0.5 : 0.1);
            yield return new Fact($"β = {beta}: length of the path", Independent, predicted[^1].Length, path["length"][rows[^1]],
                0.01 * predicted[^1].Length);
        }
    }

    /// <param name="LogTime">Until the two are 10^{-6} apart.</param>
    /// <param name="LogHalf">Until the energy has risen by half of its step.</param>
    /// <param name="Level">Energy after it.</param>
    private sealed record Merger(double LogTime, double LogHalf, double Length, double Level);

    /// <summary>Neighbours meet when their integral from the birth of the later one says, whatever others do.</summary>
    private static Merger[] Predicted(double beta)
    {
        List<(double Angle, double Mass, double Born)> clusters = [.. Start.Select(a => (a, 1.0 / Start.Length, double.NegativeInfinity))];
        List<Merger> mergers = [];
        double length = 0, level = 1.0 / Start.Length;
        while (clusters.Count > 1)
        {
            int at = Enumerable.Range(1, clusters.Count - 1).MinBy(i => Met(clusters[i - 1], clusters[i], 1e-6));
            ((double a, double m, double born), (double b, double n, double since)) = (clusters[at - 1], clusters[at]);
            length += Math.Sqrt(Start.Length * m * n / (m + n)) * (b - a);
            level += 2 * m * n;
            double time = Met(clusters[at - 1], clusters[at], 1e-6);
            mergers.Add(new Merger(time, Met(clusters[at - 1], clusters[at], Math.Acos(1 - Math.Log(2) / beta)), length, level));
            clusters[at - 1] = ((m * a + n * b) / (m + n), m + n, time);
            clusters.RemoveAt(at);
        }
        return [.. mergers];

        double Met((double Angle, double Mass, double Born) one, (double Angle, double Mass, double Born) other, double near)
        {
            double gap = other.Angle - one.Angle, below = StaircasePath.Below(gap);
            if (gap <= near) return Math.Max(one.Born, other.Born);
            // sigma = gap e^{-w}.
            double integral = Quadrature.FromZero(w =>
            {
                double sigma = gap * Math.Exp(-w);
                return Math.Exp(beta * (StaircasePath.Below(sigma) - below)) * sigma / Math.Sin(sigma);
            }, Math.Log(gap / near), 1 / (beta * below));
            return StaircasePath.LogSum(Math.Max(one.Born, other.Born), beta * below + Math.Log(integral / (one.Mass + other.Mass)));
        }
    }
}
