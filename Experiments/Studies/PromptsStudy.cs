using static AttentionFlow.Experiments.Studies.Statistics;

namespace AttentionFlow.Experiments.Studies;

/// <summary>
/// Prompts against the pull of the other tokens: when two prompts at the poles hold a cloud apart, and how near a token comes to the prompt
/// of its own label.
/// </summary>
internal sealed class PromptsStudy() : Study(17, "prompts", "Prompts against the pull of the others")
{
    private static readonly double[] Betas = [0.5, 1, 2];
    private static readonly double[] Ratios = [0.5, 0.7, 0.85, 0.93, 1.07, 1.15, 1.4, 2];
    private static readonly double[] Tilts = [10, 20, 30, 40, 50, 60, 70];
    private static readonly double[] NearCritical = [0.9, 0.97, 1.03, 1.1];
    private static readonly double[] Strengths = [0.55, 1, 2];
    private static readonly double[] Angles = [10, 20, 30, 40, 50, 60, 70, 80];

    private enum Kind { Split, Tilted, Labelled }

    /// <summary>A run: weight of both prompts or strength of each, and in degrees the tilt of the halves or the angle of their
    /// prompts.</summary>
    private sealed record PromptRun(Kind Kind, string Variant, double Beta, double Strength, double Degrees, bool Quick, string[] Settings)
        : PlannedRun($"prompts-{Variant}", Kind == Kind.Labelled ? "prompts-labelled" : "prompts-antipodal",
        [
            $"interaction.beta={Beta}", $"interaction.prompts.strength={Strength}", .. Settings, $"tokens.count={(Quick ? 32 : 64)}",
            "time.method=tsit5", "time.step=null", "time.tolerance=1e-8",
            "record={\"snapshots\":1,\"observations\":2,\"observables\":[\"mean\",\"speed\"]}",
        ]);

    public override string Introduction(bool quick) =>
        "Frozen prompts, unnormalised attention on S^{2}. Two prompts ±z of weight λ/2 each, seen by all: two halves, each tilted by φ "
            + "from its pole towards the other, obey φ′ = sin φ (cos φ e^{−β cos 2φ} − λ sinh(β cos φ)). A cloud split in "
        + "halves stays so iff λ > λ_{c} = e^{−β}/sinh β (0.313035 at β = 1), and from a tilt φ_{0} iff λ > cos φ_{0} e^{−β cos "
        + "2φ_{0}}/sinh(β cos φ_{0}); else all gather in a point. Labelled prompts: half of the tokens sees a prompt at the angle a to "
        + "the middle, half one at −a, each of strength λ. Each half ends at the angle θ with (1/2) e^{β cos 2θ} sin 2θ = λ e^{β cos(a − "
        + "θ)} sin(a − θ): the others' pull against that of its prompt.";

    public override IReadOnlyList<PlannedRun> Plan(bool quick) =>
    [
        .. from beta in Betas
           from ratio in Ratios
           select new PromptRun(Kind.Split, $"split-beta{beta}-{ratio}", beta, ratio * Critical(beta, 0), 0, quick,
               [$"replicas={(quick ? 2 : 6)}", $"time.horizon={400 * Math.Exp(beta) / Math.E}"]),
        .. from tilt in Tilts
           from ratio in NearCritical
           select new PromptRun(Kind.Tilted, $"tilted-{tilt}-{ratio}", 1, ratio * Critical(1, Radians(tilt)), tilt, quick,
               [Halves(Point(tilt), Point(180 - tilt), 0), "time.horizon=200"]),
        .. from strength in Strengths
           from angle in Angles
           let points = (Above: Point(90 - angle), Below: Point(90 + angle))
           select new PromptRun(Kind.Labelled, $"labelled-{strength}-{angle}", 1, strength, angle, quick,
               [$"interaction.prompts.points=[{points.Above},{points.Below}]", Halves(points.Above, points.Below, 0.2), "time.horizon=60"]),
    ];

    // At an angle to the z axis, degrees, in the plane y = 0.
    private static string Point(double degrees) => $"[{Math.Sin(Radians(degrees))},0,{Math.Cos(Radians(degrees))}]";

    private static string Halves(string one, string other, double spread) =>
        $"tokens.initial={{\"law\":\"clusters\",\"centres\":[{one},{other}],\"spread\":{spread}}}";

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        ILookup<Kind, PromptRun> runs = plan.Cast<PromptRun>().ToLookup(run => run.Kind);
        Split[] splits = [.. runs[Kind.Split].Select(Ends)], tilted = [.. runs[Kind.Tilted].Select(Ends)];
        Labelled[] labelled = [.. runs[Kind.Labelled].Select(run =>
            new Labelled(run.Strength, run.Degrees, Limits(run.Snapshots(folder))))];
        string svg = new Chart("Prompts against the pull of the others",
            "(a): length of the mean against the weight of two antipodal prompts, from one to zero at the dashed thresholds. (b): "
                + "which tilted halves come back, beside the dashed basin. (c): limiting angle against the angle of the token's own "
                + "prompt, on dashed curves.",
            [SplitPanel(splits), BasinPanel(tilted), LabelledPanel(labelled)])
        {
            PerRow = 3, PlotHeight = 250, Notes = ["(a): a sign for every seed, from halves scattered about the poles; thresholds λ_{c} "
                + "= e^{−β}/sinh β. All tokens of "
                + "a half end at one angle."],
        }.Render();
        return new Findings(Facts(splits, tilted, labelled), new Picture("prompts", svg, "Antipodal prompts hold a split cloud "
            + "above a threshold (a) that rises with the tilt of the halves (b); two labelled prompts at ±a part the "
            + "tokens the more the stronger they are (c). Dashed: predicted."));

        Split Ends(PromptRun run) => new(run.Beta, run.Strength, run.Degrees, run.Observations(folder).Last("mean_norm"));

        // The first half of the labels sees the prompt above the plane z = 0.
        static double[] Limits(IReadOnlyDictionary<string, double[]> tokens) =>
            [.. tokens["x2"].Select((z, i) => Math.Asin(Math.Clamp(z, -1, 1)) * (tokens["label"][i] < 0.5 ? 1 : -1) * 180 / Math.PI)];
    }

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    /// <summary>The weight above which halves tilted by phi come back; at phi = 0, the threshold of the split itself.</summary>
    private static double Critical(double beta, double tilt) =>
        Math.Cos(tilt) * Math.Exp(-beta * Math.Cos(2 * tilt)) / Math.Sinh(beta * Math.Cos(tilt));

    // The prompt's angle a in degrees at which a half ends at theta: its own pull e^{cos psi} sin psi, psi = a - theta, rises up to
    // cos psi = (5^{1/2} - 1)/2; beta = 1, strength from 1/2 on.
    private static double PromptAngle(double strength, double degrees)
    {
        double theta = Radians(degrees), low = 0, high = Math.Acos((Math.Sqrt(5) - 1) / 2);
        double pull = Math.Exp(Math.Cos(2 * theta)) * Math.Sin(2 * theta) / (2 * strength);
        for (int k = 0; k < 60; k++)
        {
            double middle = (low + high) / 2;
            if (Math.Exp(Math.Cos(middle)) * Math.Sin(middle) < pull) low = middle;
            else high = middle;
        }
        return (theta + low) * 180 / Math.PI;
    }

    private static ChartPanel SplitPanel(Split[] splits)
    {
        return new("antipodal prompts", new Axis("weight λ of both prompts", 0.015, 3, Log: true), new Axis("|m| at the end", -0.05, 1.05),
            [.. Betas.Select((beta, place) => Of(beta, place, [.. splits.Where(s => s.Beta == beta)]))])
        {
            References =
                [.. Betas.Select((beta, place) => new Reference(Critical(beta, 0), place == 0 ? "threshold λ_{c}" : "")
                {
                    Vertical = true, Tag = $"λ_{{c}}, β = {beta}", TagAt = 0.8,
                })],
        };

        static Series Of(double beta, int place, Split[] of) => Series.Measured($"β = {beta}", Palette.Series(place), (Sign)(1 + place),
            of.SelectMany(s => s.Means.Select(_ => s.Strength)), of.SelectMany(s => s.Means));
    }

    private static ChartPanel BasinPanel(Split[] tilted)
    {
        return new ChartPanel("tilted halves, β = 1", new Axis("tilt φ_{0}, degrees", 0, 76), new Axis("weight λ of both prompts", 0, 2.8),
        [
            Series.Predicted(Grid(0, 75, 150), t => Critical(1, Radians(t))),
            Of("apart at the end", Palette.Blue, Sign.Disc, [.. tilted.Where(t => t.Means[0] < 0.5)]),
            Of("in a point at the end", Palette.Vermilion, Sign.Diamond, [.. tilted.Where(t => t.Means[0] >= 0.5)]),
        ]);

        static Series Of(string label, string colour, Sign sign, Split[] of) =>
            Series.Measured(label, colour, sign, of.Select(t => t.Tilt), of.Select(t => t.Strength));
    }

    private static ChartPanel LabelledPanel(Labelled[] labelled)
    {
        double[] fine = [.. Enumerable.Range(1, 899).Select(k => k / 10.0)];
        List<Series> series = [new Series("at its prompt", Palette.Edge, [0, 90], [0, 90])];
        foreach ((int place, IGrouping<double, Labelled> of) in labelled.GroupBy(l => l.Strength).Index())
        {
            (double X, double Y)[] curve = [.. fine.Select(theta => (PromptAngle(of.Key, theta), theta)).Where(p => p.Item1 <= 90)];
            series.Add(Series.Predicted(curve.Select(p => p.X), curve.Select(p => p.Y)));
            series.Add(Series.Measured($"λ = {of.Key}", Palette.Series(place + 2), (Sign)(1 + place),
                of.Select(l => l.Prompt), of.Select(l => l.Limit.Average())));
        }
        return new ChartPanel("labelled prompts, β = 1", new Axis("angle a of its prompt, degrees", 0, 90),
            new Axis("angle θ of the token", 0, 90), series);
    }

    private static IEnumerable<Fact> Facts(Split[] splits, Split[] tilted, Labelled[] labelled)
    {
        foreach (double beta in Betas)
        {
            string at = $"antipodal prompts, β = {beta}";
            yield return new Fact($"{at}: least |m| from 0.5 to 0.93 λ_{{c}}", "all in a point", 1, Lengths(r => r < 1).Min(), 1e-3);
            yield return new Fact($"{at}: largest |m| from 1.07 to 2 λ_{{c}}", "halves at the poles", 0, Lengths(r => r > 1).Max(), 1e-3);

            IEnumerable<double> Lengths(Func<double, bool> side) =>
                splits.Where(s => s.Beta == beta && side(s.Strength / Critical(beta, 0))).SelectMany(s => s.Means);
        }
        yield return new Fact($"tilted halves that end on the other side than predicted, of {tilted.Length}", "λ against cos φ_{0} e^{−β "
            + "cos 2φ_{0}}/sinh(β cos φ_{0})", 0, tilted.Count(t => t.Means[0] < 0.5 != t.Strength > Critical(1, Radians(t.Tilt))), 0);
        yield return new Fact($"labelled prompts: largest |a(θ) − a| in degrees over {labelled.Length} runs",
            "a(θ) from the balance of the pulls", 0,
            labelled.Max(l => l.Limit.Max(theta => Math.Abs(PromptAngle(l.Strength, theta) - l.Prompt))), 1e-3);
    }

    /// <summary>Lengths of the mean at the end, one a seed; the tilt in degrees.</summary>
    private sealed record Split(double Beta, double Strength, double Tilt, double[] Means);

    /// <summary>Angles to the middle in degrees, that of its prompt and those of the tokens at the end, both towards the prompt.</summary>
    private sealed record Labelled(double Strength, double Prompt, double[] Limit);
}
