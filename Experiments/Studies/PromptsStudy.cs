using System.Globalization;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Experiments.Studies;

/// <summary>Prompts against the pull of the other tokens: when two prompts at the poles hold a cloud apart, and how near a token comes to the prompt of its own label.</summary>
public sealed class PromptsStudy : Study
{
    private static readonly double[] Betas = [0.5, 1, 2];
    private static readonly double[] Ratios = [0.5, 0.7, 0.85, 0.93, 1.07, 1.15, 1.4, 2];
    private static readonly double[] Tilts = [10, 20, 30, 40, 50, 60, 70];
    private static readonly double[] NearCritical = [0.9, 0.97, 1.03, 1.1];
    private static readonly double[] Strengths = [0.55, 1, 2];
    private static readonly double[] Angles = [10, 20, 30, 40, 50, 60, 70, 80];

    /// <inheritdoc/>
    public override string Name => "prompts";

    /// <inheritdoc/>
    public override string Heading => "Prompts against the pull of the others";

    /// <inheritdoc/>
    public override string Introduction(bool quick) =>
        "Frozen prompts, unnormalised attention on S^{2}. Two prompts ±z of weight λ/2 each, seen by all: two halves, each tilted by φ from its pole towards the other, obey φ′ = sin φ (cos φ e^{−β cos 2φ} − λ sinh(β cos φ)). A cloud split in "
        + "halves stays so iff λ > λ_{c} = e^{−β}/sinh β (0.313035 at β = 1), and from a tilt φ_{0} iff λ > cos φ_{0} e^{−β cos 2φ_{0}}/sinh(β cos φ_{0}); else all gather in a point. Labelled prompts: half of the tokens sees a prompt at the angle a to "
        + "the middle, half one at −a, each of strength λ. Each half ends at the angle θ with (1/2) e^{β cos 2θ} sin 2θ = λ e^{β cos(a − θ)} sin(a − θ): the others' pull against that of its prompt.";

    /// <inheritdoc/>
    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        return
        [
            .. from beta in Betas
               from ratio in Ratios
               select Run($"prompts-split-beta{beta}-{ratio}", "prompts-antipodal", quick, Set("interaction.beta", beta), Set("interaction.prompts.strength", ratio * Critical(beta, 0)),
                   $"replicas={(quick ? 2 : 6)}", Set("time.horizon", 400 * Math.Exp(beta) / Math.E)),
            .. from tilt in Tilts
               from ratio in NearCritical
               select Run($"prompts-tilted-{tilt}-{ratio}", "prompts-antipodal", quick, Set("interaction.prompts.strength", ratio * Critical(1, Radians(tilt))),
                   $"tokens.initial={{\"law\":\"clusters\",\"centres\":[{Point(tilt)},{Point(180 - tilt)}],\"spread\":0}}", "time.horizon=200"),
            .. from strength in Strengths
               from angle in Angles
               select Run($"prompts-labelled-{strength}-{angle}", "prompts-labelled", quick, Set("interaction.prompts.strength", strength),
                   $"interaction.prompts.points=[{Point(90 - angle)},{Point(90 + angle)}]", $"tokens.initial={{\"law\":\"clusters\",\"centres\":[{Point(90 - angle)},{Point(90 + angle)}],\"spread\":0.2}}", "time.horizon=60"),
        ];

        static string Set(string path, double value) => $"{path}={value.ToString("R", CultureInfo.InvariantCulture)}";

        // At an angle to the z axis, degrees, in the plane y = 0.
        static string Point(double degrees) => string.Create(CultureInfo.InvariantCulture, $"[{Math.Sin(Radians(degrees)):R},0,{Math.Cos(Radians(degrees)):R}]");

        static PlannedRun Run(FormattableString name, string stored, bool quick, params string[] settings) => new(FormattableString.Invariant(name), StoredExperiments.Load(stored,
        [
            .. settings, $"tokens.count={(quick ? 32 : 64)}", "time.method=tsit5", "time.step=null", "time.tolerance=1e-8", "record={\"snapshots\":1,\"observations\":2,\"observables\":[\"mean\",\"speed\"]}",
        ]));
    }

    /// <inheritdoc/>
    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        Split[] splits = [.. Of("prompts-split").Select(run => new Split(run.Experiment.Interaction.Beta, run.Experiment.Interaction.Prompts!.Strength, 0, Means(run)))];
        Split[] tilted = [.. Of("prompts-tilted").Select(run => new Split(1, run.Experiment.Interaction.Prompts!.Strength, double.Parse(run.Name.Split('-')[2], CultureInfo.InvariantCulture), Means(run)))];
        Labelled[] labelled = [.. Of("prompts-labelled").Select(run => new Labelled(run.Experiment.Interaction.Prompts!.Strength, double.Parse(run.Name.Split('-')[3], CultureInfo.InvariantCulture), Path.Combine(folder, run.Name)))];
        string svg = new Chart("Prompts against the pull of the others",
            "Left: length of the mean against the weight of two antipodal prompts, from one to zero at the dashed thresholds. Middle: which tilted halves come back, beside the dashed basin. Right: limiting angle against the angle of the token's own prompt, on dashed curves.",
            [SplitPanel(splits), BasinPanel(tilted), LabelledPanel(labelled)])
        {
            Columns = 3, PlotHeight = 250, Notes = ["Left: from halves scattered about the poles; thresholds e^{−β}/sinh β. All tokens of a half end at one angle."],
        }.Render();
        const string caption = "Antipodal prompts hold a split cloud above a threshold (left) that rises with the tilt of the halves (middle, β = 1); two labelled prompts at ±a part the tokens the more the stronger they are (right, β = 1).";
        return new Findings([new FinishedFigure("prompts", "prompts", svg, caption)], [.. Checks(splits, tilted, labelled)]);

        IEnumerable<PlannedRun> Of(string kind) => plan.Where(run => run.Name.StartsWith(kind, StringComparison.Ordinal));

        double[] Means(PlannedRun run) => new ObservationTable(Path.Combine(folder, run.Name)).Last("mean_norm");
    }

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    /// <summary>The weight above which halves tilted by phi come back; at phi = 0, the threshold of the split itself.</summary>
    private static double Critical(double beta, double tilt) => Math.Cos(tilt) * Math.Exp(-beta * Math.Cos(2 * tilt)) / Math.Sinh(beta * Math.Cos(tilt));

    // The prompt's angle a at which a half ends at theta: its own pull e^{cos psi} sin psi, psi = a - theta, rises up to cos psi = (5^{1/2} - 1)/2; beta = 1, strength from 1/2 on.
    private static double PromptAngle(double strength, double theta)
    {
        double pull = Math.Exp(Math.Cos(2 * theta)) * Math.Sin(2 * theta) / (2 * strength), low = 0, high = Math.Acos((Math.Sqrt(5) - 1) / 2);
        for (int k = 0; k < 60; k++)
        {
            double middle = (low + high) / 2;
            if (Own(middle) < pull) low = middle;
            else high = middle;
        }
        return theta + low;

        static double Own(double psi) => Math.Exp(Math.Cos(psi)) * Math.Sin(psi);
    }

    private static ChartPanel SplitPanel(Split[] splits) => new("antipodal prompts", new Axis("weight λ of both prompts", 0.015, 3) { Log = true }, new Axis("|m| at the end", -0.05, 1.05),
        [.. Betas.Select((beta, place) => new Series(string.Create(CultureInfo.InvariantCulture, $"β = {beta}"), Palette.Series(place), [.. Points(splits, beta).Select(p => p.X)], [.. Points(splits, beta).Select(p => p.Y)]) { Points = true, Sign = (Sign)(1 + place) })])
    {
        References = [.. Betas.Select((beta, place) => new Reference(Critical(beta, 0), place == 0 ? "threshold" : "") { Vertical = true })],
    };

    private static IEnumerable<(double X, double Y)> Points(Split[] splits, double beta) => splits.Where(s => s.Beta == beta).SelectMany(s => s.Means.Select(m => (s.Strength, m)));

    private static ChartPanel BasinPanel(Split[] tilted)
    {
        double[] fine = [.. Enumerable.Range(0, 151).Select(k => k / 2.0)];
        return new ChartPanel("tilted halves, β = 1", new Axis("tilt φ_{0}, degrees", 0, 76), new Axis("λ", 0, 2.8),
        [
            new Series("predicted", Palette.Prediction, fine, [.. fine.Select(t => Critical(1, Radians(t)))]) { Dashed = true, Width = 1.4 },
            Of("apart at the end", Palette.Blue, Sign.Disc, tilted.Where(t => t.Means[0] < 0.5)),
            Of("in a point at the end", Palette.Vermilion, Sign.Diamond, tilted.Where(t => t.Means[0] >= 0.5)),
        ]);

        static Series Of(string label, string colour, Sign sign, IEnumerable<Split> of) => new(label, colour, [.. of.Select(t => t.Tilt)], [.. of.Select(t => t.Strength)]) { Points = true, Sign = sign };
    }

    private static ChartPanel LabelledPanel(Labelled[] labelled)
    {
        double[] fine = [.. Enumerable.Range(1, 899).Select(k => k / 10.0)];
        List<Series> series = [new Series("at its prompt", Palette.Grid, [0, 90], [0, 90])];
        foreach ((int place, IGrouping<double, Labelled> of) in labelled.GroupBy(l => l.Strength).Index())
        {
            (double X, double Y)[] curve = [.. fine.Select(theta => (PromptAngle(of.Key, Radians(theta)) * 180 / Math.PI, theta)).Where(p => p.Item1 <= 90)];
            series.Add(new Series("predicted", Palette.Prediction, [.. curve.Select(p => p.X)], [.. curve.Select(p => p.Y)]) { Dashed = true, Width = 1.4 });
            series.Add(new Series(string.Create(CultureInfo.InvariantCulture, $"λ = {of.Key}"), Palette.Series(place + 2), [.. of.Select(l => l.Prompt)], [.. of.Select(l => l.Limit.Average())]) { Points = true, Sign = (Sign)(1 + place) });
        }
        return new ChartPanel("labelled prompts, β = 1", new Axis("angle a of its prompt, degrees", 0, 90), new Axis("angle θ of the token", 0, 90), series);
    }

    private static IEnumerable<Check> Checks(Split[] splits, Split[] tilted, Labelled[] labelled)
    {
        foreach (double beta in Betas)
        {
            (double[] below, double[] above) = (Lengths(r => r < 1), Lengths(r => r > 1));
            string at = string.Create(CultureInfo.InvariantCulture, $"antipodal prompts, β = {beta}");
            yield return new Check($"{at}: least |m| from 0.5 to 0.93 λ_{{c}}", "all in a point", 1, below.Min(), 1e-3);
            yield return new Check($"{at}: largest |m| from 1.07 to 2 λ_{{c}}", "halves at the poles", 0, above.Max(), 1e-3);

            double[] Lengths(Func<double, bool> side) => [.. splits.Where(s => s.Beta == beta && side(s.Strength / Critical(beta, 0))).SelectMany(s => s.Means)];
        }
        yield return new Check($"tilted halves that end on the other side than predicted, of {tilted.Length}", "λ against cos φ_{0} e^{−β cos 2φ_{0}}/sinh(β cos φ_{0})", 0,
            tilted.Count(t => t.Means[0] < 0.5 != t.Strength > Critical(1, Radians(t.Tilt))), 0);
        yield return new Check($"labelled prompts: largest |a(θ) − a| in degrees over {labelled.Length} runs", "a(θ) from the balance of the pulls", 0,
            labelled.Max(l => l.Limit.Max(theta => Math.Abs(PromptAngle(l.Strength, Radians(theta)) * 180 / Math.PI - l.Prompt))), 1e-3);
    }

    private sealed record Split(double Beta, double Strength, double Tilt, double[] Means);

    /// <summary>Angles to the middle in degrees, that of its prompt and those of the tokens at the end, both towards the prompt.</summary>
    private sealed record Labelled(double Strength, double Prompt, string Folder)
    {
        public double[] Limit { get; } = Read(CsvData.Read(Path.Combine(Folder, RunFolder.SnapshotsFile)));

        // The first half of the labels sees the prompt above the plane z = 0.
        private static double[] Read(IReadOnlyDictionary<string, double[]> tokens) =>
            [.. tokens["x2"].Select((z, i) => Math.Asin(Math.Clamp(z, -1, 1)) * (tokens["label"][i] < 0.5 ? 1 : -1) * 180 / Math.PI)];
    }
}
