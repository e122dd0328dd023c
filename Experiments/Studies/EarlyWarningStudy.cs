using System.Globalization;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Early warning: all indicators along a run that collapses, one that a rotary code keeps open, and one of high beta, with the alerts of each.</summary>
public sealed class EarlyWarningStudy : Study
{
    private const double HighBeta = 100, Height = 0.5;
    private static readonly string[] Runs = ["collapse", "rotary", "high-beta"];

    /// <inheritdoc/>
    public override string Name => "early-warning";

    /// <inheritdoc/>
    public override string Heading => "Early warning";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        $"All indicators along three runs of softmax attention on S^{{2}}, {(quick ? 32 : 64)} tokens: the baseline at β = 1, a rotary code at β = 1 from mirror pairs about u = (√3/2, 0, 1/2), and the baseline at β = {HighBeta}. "
        + "Vertical lines are the alerts of run.json. The rank collapses with the tokens, and its alert leads: 1 − |m|^{2} falls from 0.01 like e^{−2t}, so that it reaches 10^{−6} 4.6 later. Under the rotary code "
        + "the tokens end on a circle, and no alert is raised, although the attention is as flat as at a point: attention sees the gauge frame, which collapses. At high β a token attends to itself and few others from the beginning, "
        + "and the entropy says so at once; the flow then stands almost still, with clusters of near tokens.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. Runs.Select(name => new PlannedRun($"early-warning-{name}", StoredExperiments.Load("indicators",
        [
            "replicas=1", "time.horizon=20", $"interaction.beta={(name == "high-beta" ? HighBeta : 1)}", .. quick ? ["tokens.count=32"] : Array.Empty<string>(),
            .. name == "rotary" ? ["interaction.gauge.kind=rotary", "tokens.initial={\"law\":\"symmetric\",\"axis\":[0.8660254037844386,0,0.5]}"] : Array.Empty<string>(),
        ]))),
    ];

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Trace[] traces = [.. plan.Zip(Runs).Select(p => new Trace(p.Second, p.First.Experiment, Path.Combine(folder, p.First.Name)))];
        string svg = new Chart("Early warning", "Indicators against time along a run that collapses, one with a rotary code, and one of high beta; alerts as vertical lines with names, predicted final values dotted.",
            [.. Enumerable.Range(0, 4).SelectMany(row => traces.Select((t, column) => t.Panel(row, column > 0)))])
        {
            Columns = 3, PlotHeight = 180,
            Notes = ["Vertical lines: alerts. Dashed: predicted final values; left and middle those of a point and of the latitude circle."],
        }.Render();
        string caption = "All indicators along three runs, alerts as vertical lines. Rows: entropies of attention; effective numbers of tokens and of directions; shares between 0 and 1; speed and collapse gap.";
        return new Findings([new FinishedFigure("early warning", "early-warning", svg, caption)], [.. Checks(traces)]);
    }

    private static IEnumerable<Check> Checks(Trace[] traces)
    {
        (Trace collapse, Trace rotary, Trace high) = (traces[0], traces[1], traces[2]);
        double log = Math.Log(collapse.Tokens);
        yield return new Check("collapse: alerts", "rank collapse, nothing else", 1, collapse.Alerts.Count(a => a.Sign == "rank collapse") == 1 ? collapse.Alerts.Length : double.NaN, 0);
        yield return new Check("rotary: alerts", "none", 0, rotary.Alerts.Length, 0);
        yield return new Check("high β: alerts", "entropy collapse, nothing else", 1, high.Alerts.Count(a => a.Sign == "entropy collapse") == 1 ? high.Alerts.Length : double.NaN, 0);
        double alert = collapse.Alerts[0].Time, open = collapse.At("gap_second", alert), late = collapse.Table.Times.First(t => collapse.At("gap_second", t) < 1e-6);
        // The law is asymptotic: at a gap of 0.01 the rate differs from its limit by as much. Times are recorded every 0.1.
        yield return new Check("collapse: time from the alert to a gap 1 − |m|^{2} of 10^{−6}", "log(gap at the alert/10^{−6})/2", Math.Log(open / 1e-6) / 2, late - alert, 0.15);
        foreach (Trace t in traces.Take(2))
        {
            yield return new Check($"{t.Name}: attention entropy at the end", "all gauge positions coincide: log n", log, t.Last("attention_entropy_mean"), 1e-6);
            yield return new Check($"{t.Name}: low-pass norm at the end", "0", 0, t.Last("low_pass"), 1e-3);
        }
        foreach (string column in new[] { "residual", "stable_rank", "effective_rank" })
        {
            yield return new Check($"collapse: {column} at the end", "a point", Predicted("collapse", column, collapse.Tokens), collapse.Last(column), 1e-4);
            yield return new Check($"rotary: {column} at the end", "latitude circle at height 1/2", Predicted("rotary", column, rotary.Tokens), rotary.Last(column), 1e-4);
        }
        foreach (Trace t in traces) yield return new Check($"{t.Name}: steps at which the energy fell", "the flow climbs", 0, t.Last("energy_drops"), 0);
        yield return new Check($"high β: largest entropy floor − least entropy", "at most 0", 0, high.Table.Times.Max(t => high.At("entropy_floor", t) - high.At("attention_entropy_min", t)), 1e-9) { Comparison = Comparison.AtMost };
    }

    // Moments of the latitude circle at height 1/2: 1/4 along the axis, 3/8 twice. NaN where nothing is predicted.
    private static double Predicted(string run, string column, int n)
    {
        bool point = run == "collapse";
        double[] roots = point ? [1] : [Height, Math.Sqrt((1 - Height * Height) / 2), Math.Sqrt((1 - Height * Height) / 2)];
        return run == "high-beta" ? double.NaN : column switch
        {
            "attention_entropy_mean" => Math.Log(n),
            "participation" => n,
            "sink" or "flat_rows" => 1,
            "low_pass" or "one_hot_rows" => 0,
            "residual" => point ? 0 : Math.Sqrt(1 - Height * Height),
            "stable_rank" => 1 / roots.Max(s => s * s),
            "effective_rank" => Math.Exp(-roots.Sum(s => s / roots.Sum() * Math.Log(s / roots.Sum()))),
            "mean_cosine" => point ? 1 : (n * Height * Height - 1) / (n - 1),
            _ => double.NaN,
        };
    }

    /// <summary>One of the three runs.</summary>
    private sealed class Trace
    {
        private static readonly (string Quantity, (string Label, string Column)[] Lines)[] Rows =
        [
            ("entropy", [("mean entropy", "attention_entropy_mean"), ("least entropy", "attention_entropy_min"), ("entropy floor", "entropy_floor")]),
            ("effective number", [("participation", "participation"), ("stable rank", "stable_rank"), ("effective rank", "effective_rank"), ("sink", "sink")]),
            ("share", [("low-pass norm", "low_pass"), ("residual", "residual"), ("mean cosine", "mean_cosine"), ("one-hot rows", "one_hot_rows"), ("flat rows", "flat_rows")]),
            ("speed, gap", [("speed", "speed"), ("gap 1 − |m|^{2}", "gap_second")]),
        ];

        public Trace(string name, Experiment experiment, string folder)
        {
            (Name, Tokens, Beta, Table) = (name, experiment.Tokens.Count, experiment.Interaction.Beta, new ObservationTable(folder));
            Alerts = [.. RunRecord.Read(Path.Combine(folder, RunFolder.RunFile)).Alerts];
        }

        public string Name { get; }

        public int Tokens { get; }

        public double Beta { get; }

        public ObservationTable Table { get; }

        public Alert[] Alerts { get; }

        public double Last(string column) => Table.Last(column)[0];

        public double At(string column, double time) => Table.AtTime(column, time)[0];

        public ChartPanel Panel(int row, bool shared)
        {
            double end = Table.Times[^1];
            Axis y = row switch
            {
                0 => new Axis(Rows[0].Quantity, -0.2, 1.08 * Math.Log(Tokens)),
                1 => new Axis(Rows[1].Quantity, 0.8, 1.4 * Tokens) { Log = true },
                2 => new Axis(Rows[2].Quantity, -0.1, 1.1),
                _ => new Axis(Rows[3].Quantity, 1e-8, 3) { Log = true },
            };
            string title = row > 0 ? "" : Name switch
            {
                "collapse" => "collapse, β = 1",
                "rotary" => "rotary, β = 1",
                _ => string.Create(CultureInfo.InvariantCulture, $"high β = {Beta}"),
            };
            return new ChartPanel(title, new Axis(row == 3 ? "time t" : "", -0.03 * end, 1.03 * end) { Ticks = 4 }, y,
                [.. Rows[row].Lines.Select((line, i) => new Series(line.Label, Palette.Series(i), Table.Times, Table.Quantile(line.Column, 0.5)) { Sign = (Sign)(i % 5) })])
            {
                SharesY = shared,
                References =
                [
                    .. Alerts.Select(a => new Reference(a.Time, "alert") { Vertical = true, Tag = row == 1 ? a.Sign : "", Dash = "" }),
                    .. Rows[row].Lines.Select(line => Predicted(Name, line.Column, Tokens)).Where(double.IsFinite).Distinct().Select(value => new Reference(value, "predicted at the end") { Dash = "6 4" }),
                ],
            };
        }
    }
}
