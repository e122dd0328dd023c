using System.Globalization;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The conditions that join several values of an experiment. The first one that fails is the error.</summary>
internal static class ExperimentChecks
{
    private const double MostSteps = 1e15;

    private sealed record Problem(string Where, string Sentence);

    /// <summary>Refuses an experiment whose values, each in its range, do not fit together.</summary>
    public static void Check(Experiment experiment)
    {
        Problem? first = Size(experiment)
            .Concat(Initial(experiment.Tokens))
            .Concat(Labels(experiment))
            .Concat(Gauge(experiment))
            .Concat(Interaction(experiment.Interaction))
            .Concat(Prompts(experiment))
            .Concat(Matrices(experiment))
            .Concat(Code(experiment.Interaction))
            .Concat(Noise(experiment))
            .Concat(Time(experiment.Time))
            .Concat(Record(experiment))
            .FirstOrDefault();
        if (first is not null) throw ConfigurationException.At(first.Where, first.Sentence);
    }

    // One array holds the coordinates of all replicas.
    private static IEnumerable<Problem> Size(Experiment experiment)
    {
        (int replicas, int count, int dimension) = (experiment.Replicas, experiment.Tokens.Count, experiment.Tokens.Dimension);
        double numbers = (double)replicas * count * dimension;
        string where = replicas >= Math.Max(count, dimension) ? "$.replicas" : count >= dimension ? "$.tokens.count" : "$.tokens.dimension";
        if (numbers > Array.MaxLength)
            yield return new(where, Text($"replicas x count x dimension = {numbers:G4} is too large; at most {Array.MaxLength} coordinates are possible."));
    }

    private static IEnumerable<Problem> Initial(TokensSpec tokens)
    {
        const string at = "$.tokens.initial";
        int n = tokens.Count, d = tokens.Dimension;
        switch (tokens.Initial)
        {
            case CapInitialSpec cap:
                return Length($"{at}.axis", cap.Axis, d);
            case VonMisesFisherInitialSpec law:
                return Length($"{at}.mean", law.Mean, d);
            case SymmetricInitialSpec symmetric:
                return Length($"{at}.axis", symmetric.Axis, d);
            case ClustersInitialSpec clusters:
                return List($"{at}.centres", clusters.Centres, d);
            case EquiangularInitialSpec when n > d:
                return [new($"{at}.law", $"{n} tokens can not be equiangular in dimension {d}; $.tokens.count must be at most $.tokens.dimension.")];
            case EquiangularInitialSpec equiangular when !((n - 1) * equiangular.Cosine >= -1):
                return [new($"{at}.cosine", Text($"{equiangular.Cosine} is too small; with {n} tokens the cosine must be at least -1/(n-1) = {-1.0 / (n - 1)}."))];
            default:
                return [];
        }
    }

    private static IEnumerable<Problem> Labels(Experiment experiment)
    {
        int n = experiment.Tokens.Count;
        if (experiment.Labels is BlocksLabelsSpec blocks && blocks.Count > n)
            yield return new("$.labels.count", $"{blocks.Count} blocks are more than the {n} tokens.");
        if (experiment.Labels is FileLabelsSpec && experiment.Tokens.Initial is not FileInitialSpec)
            yield return new("$.labels.law", "'file' needs the initial law 'file', whose column 'label' it reads.");
    }

    private static IEnumerable<Problem> Gauge(Experiment experiment)
    {
        const string at = "$.interaction.gauge";
        int d = experiment.Tokens.Dimension, planes = d / 2;
        switch (experiment.Interaction.Gauge)
        {
            case RotaryGaugeSpec { Speeds.Count: int given } when given != planes:
                string odd = d % 2 == 1 ? ", and the odd last axis is left alone" : "";
                return [new($"{at}.speeds", $"{Plural(given, "speed")} for {Plural(planes, "plane")}: dimension {d} needs {Plural(planes, "speed")}{odd}.")];
            case PhaseGaugeSpec phase:
                return Phase(phase.Target, experiment.Labels);
            case PathGaugeSpec when d != 3:
                return [new($"{at}.kind", $"'path' needs dimension 3, but $.tokens.dimension is {d}.")];
            case PrefixGaugeSpec prefix:
                return Length($"{at}.base", prefix.Base, d).Concat(Points($"{at}.targets", prefix.Targets, prefix.Weights, "target", experiment, experiment.Labels));
            default:
                return [];
        }
    }

    private static IEnumerable<Problem> Phase(CircleLawSpec target, LabelsSpec labels)
    {
        const string at = "$.interaction.gauge.target";
        if (target is ArcSpec arc && !(arc.To > arc.From && arc.To - arc.From <= 2 * Math.PI * (1 + 1e-12)))
            yield return new($"{at}.to", Text($"{arc.To} is no end for an arc from {arc.From}; it must be above that by at most a turn, {2 * Math.PI}."));
        if (target is AtomsSpec { Angles.Count: 0 })
            yield return new($"{at}.angles", "this list is empty; at least one angle is needed.");
        if (target is AtomsSpec { Weights: { } weights } atoms && weights.Count != atoms.Angles.Count)
            yield return new($"{at}.weights", $"{Plural(weights.Count, "weight")} for {Plural(atoms.Angles.Count, "angle")}; each angle needs one.");
        if (labels is BlocksLabelsSpec { Count: > 2 } blocks)
            yield return new("$.labels.law", $"'blocks' gives the labels 0 to {blocks.Count - 1}; the phase gauge needs labels in [0, 1], such as 'grid'.");
    }

    // Points that a label or all tokens see: the targets of a prefix gauge, prompts. Without labels all are seen.
    private static IEnumerable<Problem> Points(string at, Points points, IReadOnlyList<double>? weights, string noun, Experiment experiment, LabelsSpec? labels)
    {
        string atWeights = at[..at.LastIndexOf('.')] + ".weights";
        int d = experiment.Tokens.Dimension;
        int? count = points.Law is { } law ? law.Count ?? experiment.Tokens.Count : points.List?.Count;
        if (points.Path is { } path)
        {
            CloudData file = CloudFile.At(at, () => CloudFile.ReadUnit(path));
            count = file.Count;
            if (file.Dimension != d)
                yield return new(at, $"{path} has {Plural(file.Dimension, "coordinate")}, but $.tokens.dimension is {d}.");
            if (file.Weights is not null && weights is not null)
                yield return new(atWeights, $"{path} has a column 'weight' already; leave one of the two out.");
        }
        foreach (Problem problem in List(at, points.List, d).Concat(Law(at, points.Law, d))) yield return problem;
        if (weights is not null && weights.Count != count)
            yield return new(atWeights, $"{Plural(weights.Count, "weight")} for {Plural(count ?? 0, noun)}; each {noun} needs one.");
        if (labels is BlocksLabelsSpec blocks && blocks.Count > count)
            yield return new("$.labels.count", $"{blocks.Count} blocks for {Plural(count ?? 0, noun)}{(noun == "target" ? " of the prefix gauge" : "")}; each block needs one.");
    }

    private static IEnumerable<Problem> Law(string at, TargetLawSpec? law, int d)
    {
        switch (law)
        {
            case VonMisesFisherTargetsSpec single:
                return Length($"{at}.mean", single.Mean, d);
            case MixtureTargetsSpec mixture when mixture.Concentrations.Count != mixture.Means.Count:
                return [new($"{at}.concentrations", $"{Plural(mixture.Concentrations.Count, "concentration")} for {Plural(mixture.Means.Count, "mean")}; each component needs one.")];
            case MixtureTargetsSpec { Weights: { } weights } mixture when weights.Count != mixture.Means.Count:
                return [new($"{at}.weights", $"{Plural(weights.Count, "weight")} for {Plural(mixture.Means.Count, "mean")}; each component needs one.")];
            case MixtureTargetsSpec mixture:
                return List($"{at}.means", mixture.Means, d);
            case GreatCircleTargetsSpec when d != 3:
                return [new($"{at}.law", $"'greatCircle' needs dimension 3, but $.tokens.dimension is {d}.")];
            case GreatCircleTargetsSpec circle:
                return Length($"{at}.normal", circle.Normal, d);
            default:
                return [];
        }
    }

    private static IEnumerable<Problem> Interaction(InteractionSpec interaction)
    {
        double? prompts = new[] { interaction.Prompts?.Strength, interaction.Pin?.Strength }.Min();
        if (interaction.Normalization.WhyNot(interaction.Coupling.Build(), prompts) is { } why) yield return new("$.interaction.normalization", $"{why}.");
    }

    private static IEnumerable<Problem> Prompts(Experiment experiment)
    {
        int d = experiment.Tokens.Dimension;
        InteractionSpec interaction = experiment.Interaction;
        if (interaction.Prompts is not { } prompts) return Length("$.interaction.pin.point", interaction.Pin?.Point, d);
        LabelsSpec? labels = prompts.Seen == SeenPrompts.Labelled ? experiment.Labels : null;
        return Points("$.interaction.prompts.points", prompts.Points, prompts.Weights, "prompt", experiment, labels).Concat(Length("$.interaction.pin.point", interaction.Pin?.Point, d));
    }

    private static IEnumerable<Problem> Matrices(Experiment experiment)
    {
        (int d, int heads, MatricesSpec matrices) = (experiment.Tokens.Dimension, experiment.Interaction.Heads, experiment.Interaction.Matrices);
        foreach ((string name, MatrixSpec matrix) in new[] { ("query", matrices.Query), ("key", matrices.Key), ("value", matrices.Value) })
        {
            string at = $"$.interaction.matrices.{name}";
            if (matrix is ProductMatrixSpec && name != "value") yield return new($"{at}.kind", $"'product' is Q^T K, for the value alone, not for the {name}.");
            if (matrix is DiagonalMatrixSpec { Entries.Count: int entries } && entries != d)
                yield return new($"{at}.entries", entries == 1 ? $"1 entry, but $.tokens.dimension is {d}." : $"{entries} entries, but $.tokens.dimension is {d}.");
            if (matrix is not FileMatrixSpec file) continue;
            double[,] rows = CloudFile.ReadMatrix($"{at}.path", file.Path);
            (int r, int c) = (rows.GetLength(0), rows.GetLength(1));
            if (c != d || (r != d && r != heads * d))
                yield return new($"{at}.path", $"{file.Path} has {Plural(r, "row")} of {Plural(c, "number")}; dimension {d} needs {d} rows of {d}{(heads > 1 ? $", or {heads * d} for {heads} heads" : "")}.");
        }
    }

    private static IEnumerable<Problem> Code(InteractionSpec interaction)
    {
        const string at = "$.interaction.code.kind";
        if (interaction.Code is LogitsOnlyCodeSpec && interaction.Gauge is NoGaugeSpec)
            yield return new(at, "'logitsOnly' turns the logits by the gauge, and $.interaction.gauge.kind is 'none'.");
        if (interaction.Code is ConcatenatedCodeSpec && (interaction.Beta == 0 || interaction.Profile == Profile.Linear.Name))
            yield return new(at, "'concatenated' needs the exponential profile and beta above 0.");
    }

    private static IEnumerable<Problem> Noise(Experiment experiment)
    {
        const string at = "$.interaction.noise";
        const double mostSteps = 1e9;
        TimeSpec time = experiment.Time;
        if (experiment.Interaction.Noise is null) yield break;
        if (experiment.Record.Plateaus)
            yield return new("$.record.plateaus", "under noise the energy does not rise; leave this key out.");
        if (experiment.Interaction.Scheme is not PostSchemeSpec)
            yield return new(at, "noise goes with the scheme 'post' only; leave one of the two out.");
        if (Tableau.Find(time.Method)!.IsAdaptive)
            yield return new("$.time.method", $"'{time.Method}' estimates its error, which means nothing along a rough path; under noise use 'heun' with a $.time.step.");
        if (time.Horizon / time.Step > mostSteps)
            yield return new("$.time.step", Text($"{time.Step} is too small; noise numbers at most {mostSteps:G4} steps."));
        if (experiment.Record.Observables.FirstOrDefault(o => o is "energy_drops" or "limit" or "law_distance") is { } ordered)
            yield return new("$.record.observables", ordered == "energy_drops"
                ? "noise lowers the energy at any step, so 'energy_drops' says nothing; leave it out." : $"under noise tokens come to no limit; leave '{ordered}' out.");
    }

    private static IEnumerable<Problem> Time(TimeSpec time)
    {
        bool adaptive = Tableau.Find(time.Method)!.IsAdaptive;
        if (adaptive && time.Step is not null)
            yield return new("$.time.step", $"'{time.Method}' chooses its own steps, by $.time.tolerance; leave this key out, or set it to null.");
        if (!adaptive && time.Step is null)
            yield return new("$.time.step", $"this key is missing; '{time.Method}' takes steps of this length.");
        if (!adaptive && time.Tolerance is not null)
            yield return new("$.time.tolerance", $"'{time.Method}' takes fixed steps, of $.time.step; leave this key out, or set it to null.");
        if (!adaptive && time.Merge is not null)
            yield return new("$.time.merge", $"'{time.Method}' takes fixed steps; merging needs a method that chooses them: tsit5.");
        if (time.Until is { Clusters: null, Speed: null, Gap: null })
            yield return new("$.time.until", "this section is empty; known: clusters, speed, gap.");
        if (time.Step > time.Horizon)
            yield return new("$.time.step", Text($"{time.Step} is longer than the run; the time step must be at most the horizon {time.Horizon}."));
        if (time.Horizon / time.Step > MostSteps)
            yield return new("$.time.step", Text($"{time.Step} is too small; a run to the horizon {time.Horizon} would take {time.Horizon / time.Step:G4} steps, and double precision cannot tell so many times apart."));
    }

    private static IEnumerable<Problem> Record(Experiment experiment)
    {
        RecordSpec record = experiment.Record;
        if (record.Tokens > experiment.Tokens.Count)
            yield return new("$.record.tokens", $"{record.Tokens} is more than the {experiment.Tokens.Count} tokens of $.tokens.count.");
        if (record.Spacing == Spacing.Logarithmic && record.First is null)
            yield return new("$.record.first", "this key is missing; logarithmic spacing needs the first time after 0.");
        if (record.Spacing == Spacing.Logarithmic && record.First >= experiment.Time.Horizon)
        {
            string problem = Text($"{record.First} is too late; the first logarithmic time must be below the horizon {experiment.Time.Horizon}.");
            yield return new("$.record.first", problem);
        }
        if (record.Spacing == Spacing.Linear && record.First is not null)
            yield return new("$.record.first", "only logarithmic spacing has a first time; leave it out or set \"spacing\": \"logarithmic\".");
        if (record.Observables.GroupBy(o => o).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return new("$.record.observables", $"'{twice.Key}' is listed twice.");
    }

    private static IEnumerable<Problem> List(string where, IReadOnlyList<IReadOnlyList<double>>? points, int d)
    {
        if (points?.Count == 0) yield return new(where, "this list is empty; at least one point is needed.");
        for (int i = 0; i < points?.Count; i++)
            foreach (Problem problem in Length($"{where}[{i}]", points[i], d)) yield return problem;
    }

    private static IEnumerable<Problem> Length(string where, IReadOnlyList<double>? x, int d)
    {
        if (x is not null && x.Count != d) yield return new(where, $"this vector has {Plural(x.Count, "coordinate")}, but $.tokens.dimension is {d}.");
    }

    private static string Plural(int count, string noun) => Text($"{count} {noun}{(count == 1 ? "" : "s")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
