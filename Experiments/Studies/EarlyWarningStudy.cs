namespace AttentionFlow.Experiments.Studies;

/// <summary>Early warning: all indicators along a run that collapses, one that a rotary code keeps open, and one of high beta, with the
/// alerts of each.</summary>
internal sealed class EarlyWarningStudy() : Study(15, "early-warning", "Early warning")
{
    private const double HighBeta = 100, Height = 0.5;

    private sealed record TraceRun(string Kind, string Title, double Beta, string[] Settings) : PlannedRun(
        $"early-warning-{Kind}", "indicators", ["replicas=1", "time.horizon=20", $"interaction.beta={Beta}", .. Settings]);

    public override string Introduction(bool quick) =>
        $"All indicators along three runs of softmax attention on S^{{2}}, {(quick ? 32 : 64)} tokens: the baseline at β = 1, a rotary "
            + $"code at β = 1 from mirror pairs about u = (√3/2, 0, 1/2), and the baseline at β = {HighBeta}. "
        + "Vertical lines are the alerts of run.json. The rank collapses with the tokens, and its alert leads: 1 − |m|^{2} falls from "
        + "0.01 like e^{−2t}, so that it reaches 10^{−6} 4.6 later. Under the rotary code "
        + "the tokens end on a circle, and no alert is raised, although the attention is as flat as at a point: attention sees the gauge "
        + "frame, which collapses. At high β a token attends to itself and few others from the beginning, "
        + "and the entropy says so at once; the flow then stands almost still, with clusters of near tokens.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        string[] reduced = If(quick, "tokens.count=32");
        return
        [
            new TraceRun("collapse", "collapse, β = 1", 1, reduced),
            new TraceRun("rotary", "rotary, β = 1", 1,
            [
                .. reduced, "interaction.gauge.kind=rotary",
                "tokens.initial={\"law\":\"symmetric\",\"axis\":[0.8660254037844386,0,0.5]}",
            ]),
            new TraceRun("high-beta", $"high β = {HighBeta}", HighBeta, reduced),
        ];
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Trace[] traces = [.. plan.Cast<TraceRun>().Select(run => new Trace(run, folder))];
        string svg = new Chart("Early warning", "Indicators against time along a run that collapses, one with a rotary code, and one of "
            + "high beta; alerts as vertical lines with names, predicted final values dotted.",
            [.. Enumerable.Range(0, 4).SelectMany(row => traces.Select((t, column) => t.Panel(row, column > 0)))])
        {
            PerRow = 3, PlotHeight = 180,
            Notes =
                ["Vertical lines: alerts. Dashed: predicted final values, of a point on the left and of the latitude circle in the "
                    + "middle."],
        }.Render();
        return new Findings(Facts(traces), new Picture("early-warning", svg, "All indicators along three runs of one seed each, alerts "
            + "as vertical lines: that of (f), (i) and (l) is at t = 0. (a)–(c): entropies of attention; (d)–(f): effective numbers of "
            + "tokens and of directions; (g)–(i): shares between 0 and 1; (j)–(l): speed and collapse gap."));
    }

    private static IEnumerable<Fact> Facts(Trace[] traces)
    {
        (Trace collapse, Trace rotary, Trace high) = (traces[0], traces[1], traces[2]);
        yield return Only("collapse", collapse, "rank collapse");
        yield return new Fact("rotary: alerts", "none", 0, rotary.Alerts.Length, 0);
        yield return Only("high β", high, "entropy collapse");
        double alert = collapse.Alerts[0].Time, open = collapse.At("gap_second", alert);
        double late = collapse.Table.Times.First(t => collapse.At("gap_second", t) < 1e-6);
        // The law is asymptotic: at a gap of 0.01 the rate differs from its limit by as much. Times are recorded every 0.1.
        yield return new Fact("collapse: time from the alert to a gap 1 − |m|^{2} of 10^{−6}", "log(gap at the alert/10^{−6})/2",
            Math.Log(open / 1e-6) / 2, late - alert, 0.15);
        foreach (Trace t in traces.Take(2))
        {
            yield return new Fact($"{t.Kind}: attention entropy at the end", "all gauge positions coincide: log n",
                Math.Log(collapse.Tokens), t.Last("attention_entropy_mean"), 1e-6);
            yield return new Fact($"{t.Kind}: low-pass norm at the end", "0", 0, t.Last("low_pass"), 1e-3);
        }
        foreach (string column in (string[])["residual", "stable_rank", "effective_rank"])
        {
            yield return new Fact($"collapse: {column} at the end", "a point", collapse.Predicted(column), collapse.Last(column), 1e-4);
            yield return new Fact($"rotary: {column} at the end", "latitude circle at height 1/2",
                rotary.Predicted(column), rotary.Last(column), 1e-4);
        }
        foreach (Trace t in traces)
            yield return new Fact($"{t.Kind}: steps at which the energy fell", "the flow climbs", 0, t.Last("energy_drops"), 0);
        yield return Fact.AtMost("high β: largest entropy floor − least entropy", "at most 0", 0,
            high.Table.Times.Max(t => high.At("entropy_floor", t) - high.At("attention_entropy_min", t)), 1e-9);

        static Fact Only(string name, Trace trace, string sign) => new($"{name}: alerts", $"{sign}, nothing else", 1,
            trace.Alerts.Count(a => a.Sign == sign) == 1 ? trace.Alerts.Length : double.NaN, 0);
    }

    /// <summary>One of the three runs.</summary>
    private sealed class Trace(TraceRun run, string folder)
    {
        private static readonly (string Quantity, (string Label, string Column)[] Lines)[] Rows =
        [
            ("entropy",
                [("mean entropy", "attention_entropy_mean"), ("least entropy", "attention_entropy_min"),
                    ("entropy floor", "entropy_floor")]),
            ("effective number",
                [("participation", "participation"), ("stable rank", "stable_rank"), ("effective rank", "effective_rank"),
                    ("sink", "sink")]),
            ("share",
            [
                ("low-pass norm", "low_pass"), ("residual", "residual"), ("mean cosine", "mean_cosine"), ("one-hot rows", "one_hot_rows"),
                ("flat rows", "flat_rows"),
            ]),
            ("speed, gap", [("speed", "speed"), ("gap 1 − |m|^{2}", "gap_second")]),
        ];

        public string Kind => run.Kind;
        public int Tokens => run.Experiment.Tokens.Count;
        public ObservationTable Table { get; } = run.Observations(folder);
        public Alert[] Alerts { get; } = [.. run.Record(folder).Alerts];

        public double Last(string column) => Table.Last(column)[0];

        public double At(string column, double time) => Table.AtTime(column, time)[0];

        // Moments of the latitude circle at height 1/2: 1/4 along the axis, 3/8 twice. NaN where nothing is predicted.
        public double Predicted(string column)
        {
            bool point = Kind == "collapse";
            double side = Math.Sqrt((1 - Height * Height) / 2);
            double[] roots = point ? [1] : [Height, side, side];
            return Kind == "high-beta" ? double.NaN : column switch
            {
                "attention_entropy_mean" => Math.Log(Tokens),
                "participation" => Tokens,
                "sink" or "flat_rows" => 1,
                "low_pass" or "one_hot_rows" => 0,
                "residual" => point ? 0 : Math.Sqrt(1 - Height * Height),
                "stable_rank" => 1 / roots.Max(s => s * s),
                "effective_rank" => Math.Exp(-roots.Sum(s => s / roots.Sum() * Math.Log(s / roots.Sum()))),
                "mean_cosine" => point ? 1 : (Tokens * Height * Height - 1) / (Tokens - 1),
                _ => double.NaN,
            };
        }

        public ChartPanel Panel(int row, bool shared)
        {
            double end = Table.Times[^1];
            (string quantity, (string Label, string Column)[] lines) = Rows[row];
            Axis y = row switch
            {
                0 => new Axis(quantity, -0.2, 1.08 * Math.Log(Tokens)),
                1 => new Axis(quantity, 0.8, 1.4 * Tokens, Log: true),
                2 => new Axis(quantity, -0.1, 1.1),
                _ => new Axis(quantity, 1e-8, 3, Log: true),
            };
            return new ChartPanel(row > 0 ? "" : run.Title, new Axis(row == 3 ? "time t" : "", -0.08 * end, 1.03 * end) { Ticks = 4 }, y,
            [
                .. lines.Select((line, i) => (line.Label, line.Column, Place: Rows.Take(row).Sum(r => r.Lines.Length) + i)).Select(line =>
                    // No two of all rows have both the same colour and the same sign.
                    new Series(line.Label, Palette.Series(line.Place), Table.Times, Table.Quantile(line.Column, 0.5))
                    {
                        Sign = (Sign)(1 + (line.Place + line.Place / 6) % 4),
                    }),
            ])
            {
                SharesY = shared,
                References =
                [
                    .. Alerts.Select(a => new Reference(a.Time, "alert") { Vertical = true, Tag = row == 1 ? a.Sign : "", Dash = "" }),
                    .. lines.Select(line => Predicted(line.Column)).Where(double.IsFinite).Distinct()
                        .Select(value => new Reference(value, "predicted at the end")),
                ],
            };
        }
    }
}
