namespace AttentionFlow.Solver.Configuration;

/// <summary>What an experiment fulfils beyond the range of each value: the rules of its parts, and here those that join sections.</summary>
internal static class ExperimentRules
{
    private const double MostSteps = 1e15, MostNoisySteps = 1e9;

    /// <summary>The most times at which something is recorded.</summary>
    public const double MostTimes = 1e7;

    // A square matrix of this size is one array.
    private static readonly int LargestMatrix = (int)Math.Sqrt(Array.MaxLength);

    /// <summary>Refuses an experiment whose values do not fit together; the first rule that fails is the error.</summary>
    public static void Check(Experiment experiment)
    {
        foreach ((string where, string? why) in Size(experiment).Concat(Parts(experiment)).Concat(Replicas(experiment))
            .Concat(Code(experiment.Interaction)).Concat(Degree(experiment)).Concat(Noise(experiment)).Concat(Redraw(experiment))
            .Concat(Time(experiment.Time)).Concat(Unit(experiment)).Concat(Record(experiment)).Concat(Selection(experiment)))
            if (why is not null) throw ConfigurationException.At(where, why + ".");
    }

    // One array holds the coordinates of all replicas.
    private static IEnumerable<(string Where, string? Why)> Size(Experiment experiment)
    {
        (int replicas, int count, int dimension) = (experiment.Replicas, experiment.Tokens.Count, experiment.Tokens.Dimension);
        double numbers = (double)replicas * count * dimension;
        yield return (replicas >= Math.Max(count, dimension) ? "$.replicas" : count >= dimension ? "$.tokens.count" : "$.tokens.dimension",
            numbers <= Array.MaxLength ? null
                : Text.Of($"replicas x count x dimension = {numbers:G4} is too large; at most {Array.MaxLength} coordinates are possible"));
        if (dimension <= LargestMatrix) yield break;
        Matrices matrices = experiment.Interaction.Matrices;
        bool isPlain = matrices is { Query: IdentityMatrix, Key: IdentityMatrix, Value: IdentityMatrix or ProductMatrix }
            && experiment.Interaction.Perceptron is null;
        string? square = experiment.Record.Observables.FirstOrDefault(o => o is "covariance" or "ranks");
        if (!isPlain || square is not null)
            yield return ("$.tokens.dimension",
                Text.Of($"{dimension} is too large for {(isPlain ? $"the observable '{square}'" : "matrices")}, ")
                + Text.Of($"of d^2 numbers; at most {LargestMatrix} is possible"));
    }

    // What each part says of its setting.
    private static IEnumerable<(string Where, string? Why)> Parts(Experiment experiment)
    {
        Setting setting = experiment.Setting;
        InteractionSection interaction = experiment.Interaction;
        yield return ("$.tokens.initial", experiment.Tokens.Initial.WhyNot(setting));
        yield return ("$.labels", experiment.Labels.WhyNot(setting));
        yield return ("$.interaction.gauge", interaction.Gauge.WhyNot(setting));
        Layer prompted = new() { Prompts = interaction.Prompts, Pin = interaction.Pin };
        yield return ("$.interaction.normalization", prompted.WhyNotNormalized(setting.Interaction));
        yield return ("$.interaction.prompts", interaction.Prompts?.WhyNot(setting));
        yield return ("$.interaction.pin", interaction.Pin?.WhyNot(setting));
        yield return ("$.interaction.matrices.query", interaction.Matrices.Query.WhyNot(setting));
        yield return ("$.interaction.matrices.key", interaction.Matrices.Key.WhyNot(setting));
        yield return ("$.interaction.matrices.value", interaction.Matrices.Value.WhyNot(setting));
        if (interaction.Perceptron is { } perceptron)
        {
            Setting one = setting with { Heads = 1 };
            yield return ("$.interaction.perceptron.inner", perceptron.Inner.WhyNot(one));
            yield return ("$.interaction.perceptron.outer", perceptron.Outer?.WhyNot(one));
            yield return ("$.interaction.perceptron.bias", perceptron.WhyNot(one));
        }
        yield return ("$.interaction.code", interaction.Code.WhyNot(setting));
        yield return ("$.time.until", experiment.Time.Until?.WhyNot);
    }

    private static IEnumerable<(string Where, string? Why)> Replicas(Experiment experiment)
    {
        if (experiment.Replicas == 1 || experiment.DiffersByReplica) yield break;
        string file = experiment.Tokens.Initial is FileLaw
            ? "draw them: $.tokens.initial.jitter, such as 0.01, turns every token by an angle, $.tokens.initial.sample takes so many rows "
                + "at random; or leave this key out" : "leave this key out";
        yield return ("$.replicas", $"nothing is drawn at random for a replica, so {experiment.Replicas} would be copies of one; {file}");
    }

    private static IEnumerable<(string Where, string? Why)> Code(InteractionSection interaction)
    {
        if (interaction is { Code: LogitsOnlyCode, Gauge: IdentityGauge })
            yield return ("$.interaction.code.kind", "'logitsOnly' turns the logits by the gauge, and $.interaction.gauge.kind is 'none'");
    }

    private static IEnumerable<(string Where, string? Why)> Noise(Experiment experiment)
    {
        TimeSection time = experiment.Time;
        if (experiment.Interaction.Noise is not { } noise) yield break;
        yield return ("$.interaction.noise", noise.WhyNot);
        if (experiment.Record.Plateaus) yield return ("$.record.plateaus", "under noise the energy does not rise; leave this key out");
        if (experiment.Interaction.Scheme is not PostScheme)
            yield return ("$.interaction.noise", "noise goes with the scheme 'post' only; leave one of the two out");
        if (time.Method.IsAdaptive)
            yield return ("$.time.method", $"'{time.Method.Name}' estimates its error, which means nothing along a rough path; "
                + "under noise use 'heun'");
        if (time.Horizon / time.Step > MostNoisySteps)
            yield return ("$.time.step", Text.Of($"{time.Step} is too small; noise numbers at most {MostNoisySteps:G4} steps"));
        if (experiment.Record.Observables.FirstOrDefault(o => o is "energy_drops" or "limit" or "law_distance") is { } ordered)
            yield return ("$.record.observables", ordered == "energy_drops"
                ? "noise lowers the energy at any step, so 'energy_drops' says nothing; leave it out"
                : $"under noise tokens come to no limit; leave '{ordered}' out");
    }

    // Whoever meets several meets them at once, with the observables, which the flow alone would refuse.
    private static IEnumerable<(string Where, string? Why)> Redraw(Experiment experiment)
    {
        List<(string Where, string Why)> found = experiment.Redraw is { } redraw ? [.. Misfits(experiment, redraw)] : [];
        string[] lost = [.. experiment.Record.Observables.Where(o => o is "energy" or "energy_ratio" or "energy_drops" or "speed")];
        if (found.Count > 0 && lost.Length > 0 && !experiment.Record.HasDefaultObservables)
            found.Add(("$.record.observables", "where matrices are redrawn no energy rises and the drift jumps; leave "
                + $"{string.Join(", ", lost.Select(o => $"'{o}'"))} out"));
        if (found.Count == 1) yield return found[0];
        if (found.Count > 1)
            yield return ("$.time.redraw", $"{found.Count} keys do not go with it. "
                + string.Join(". ", found.Select(f => $"{f.Where}: {f.Why}")));
    }

    private static IEnumerable<(string Where, string Why)> Misfits(Experiment experiment, Redraw redraw)
    {
        (TimeSection time, RecordSection record) = (experiment.Time, experiment.Record);
        if (!redraw.Laws.AreRandom)
            yield return ("$.time.redraw", "no matrix is random; leave this key out, or set "
                + "$.interaction.matrices.value to { \"kind\": \"brownian\" }");
        if (time.Method.IsAdaptive)
            yield return ("$.time.method", $"'{time.Method.Name}' chooses its steps, which must end where "
                + "matrices are redrawn; use 'euler'");
        else if (redraw.WhyNot(time.Step!.Value) is { } why) yield return ("$.time.step", why);
        if (experiment.Interaction.Scheme is not PostScheme)
            yield return ("$.time.redraw", "redrawn matrices go with the scheme 'post' only; leave one of the two out");
        if (time.Until?.Speed is not null)
            yield return ("$.time.until.speed", "where matrices are redrawn tokens do not slow down; leave this key out");
        if (!redraw.IsAt(time.Horizon))
            yield return ("$.time.horizon", Text.Of($"{time.Horizon} is no multiple of $.time.redraw, {redraw.Interval}"));
        else
        {
            (double[] snapshots, double[] observations) = experiment.Times;
            if (Times("snapshots", record.Snapshots, snapshots) is { } early) yield return early;
            if (Times("observations", record.Observations, observations) is { } late) yield return late;
        }
        if (record.Plateaus) yield return ("$.record.plateaus", "where matrices are redrawn no energy rises; leave this key out");

        (string, string)? Times(string key, int count, double[] times) => times.All(redraw.IsAt) ? null
            : ($"$.record.{key}", Text.Of($"the time {times.First(t => !redraw.IsAt(t))} is no multiple of $.time.redraw, ")
                + Text.Of($"{redraw.Interval}; those of {redraw.EvenCount(count, time.Horizon)} {key}, evenly spaced, are"));
    }

    private static IEnumerable<(string Where, string? Why)> Selection(Experiment experiment)
    {
        InteractionSection interaction = experiment.Interaction;
        if (interaction.Selection == 0) yield break;
        yield return ("$.interaction.selection", experiment.Layer.WhyNotSelection(interaction.Pair));
        if (experiment.Device is not ("auto" or "cpu" or "reference"))
            yield return ("$.device", $"pairs whose weights move are summed on the device 'cpu' or 'reference', not '{experiment.Device}'");
        if (experiment.Summation is Summation.Fast or Summation.Coalesced)
            yield return ("$.summation", "pairs whose weights move are summed directly; use 'direct' or 'auto'");
        if (experiment.Time.Merge is not null)
            yield return ("$.time.merge", "tokens whose weights move do not merge; leave this key or $.interaction.selection out");
    }

    private static IEnumerable<(string Where, string? Why)> Time(TimeSection time)
    {
        string name = time.Method.Name;
        if (time.Method.IsAdaptive && time.Step is not null)
            yield return ("$.time.step", $"'{name}' chooses its own steps, by $.time.tolerance; leave this key out, or set it to null");
        if (!time.Method.IsAdaptive && time.Tolerance is not null)
            yield return ("$.time.tolerance", $"'{name}' takes fixed steps, of $.time.step; leave this key out, or set it to null");
        if (!time.Method.IsAdaptive && time.Merge is not null)
            yield return ("$.time.merge", $"'{name}' takes fixed steps; merging needs a method that chooses them: tsit5");
        if (time.Step > time.Horizon)
            yield return ("$.time.step",
                Text.Of($"{time.Step} is longer than the run; the time step must be at most the horizon {time.Horizon}"));
        if (time.Horizon / time.Step > MostSteps)
            yield return ("$.time.step",
                Text.Of($"{time.Step} is too small; a run to the horizon {time.Horizon} would take {time.Horizon / time.Step:G4} steps")
                + ", and double precision cannot tell so many times apart");
    }

    private static IEnumerable<(string Where, string? Why)> Degree(Experiment experiment)
    {
        InteractionSection interaction = experiment.Interaction;
        if (interaction.Degree is not null && interaction.Profile is not PolynomialProfile)
            yield return ("$.interaction.degree",
                $"the profile '{interaction.Profile}' has no degree; leave this key out or set \"profile\": \"polynomial\"");
        // Only then do the matrices count.
        if (interaction.Pair.Profile.WhyNotPositive(double.PositiveInfinity) is not null)
            yield return ("$.interaction.normalization", experiment.Layer.WhyNotNormalized(interaction.Pair));
    }

    private static IEnumerable<(string Where, string? Why)> Unit(Experiment experiment)
    {
        if (experiment.Time.Unit != TimeUnit.One && WhyNotCollapse(experiment) is { } flow)
            yield return ("$.time.unit", $"'collapse' is not for this flow: {flow}; leave this key out");
    }

    // Why its times are not counted in e^(-beta).
    private static string? WhyNotCollapse(Experiment experiment)
    {
        InteractionSection interaction = experiment.Interaction;
        return interaction.Normalization.IsBounded
            ? $"under '{interaction.Normalization}' tokens close in at the rate 1 whatever beta"
            : interaction.Profile == Profile.Linear ? "with the linear profile tokens close in at the rate 1 whatever beta"
            : interaction.Profile.IsGeneral ? $"with the profile '{interaction.Profile}' no rate grows like e^beta"
            : interaction.Beta < 0 ? "with a negative beta it is far tokens that are fastest"
            : interaction.Scheme is not PostScheme ? "it goes with the scheme 'post' only"
            : interaction.Noise is not null ? "noise has a time of its own, kappa"
            : experiment.Time.Redraw is not null ? "matrices are redrawn in a time of their own" : null;
    }

    /// <summary>Says that tokens would close in on each other faster than doubles can tell, and what helps.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="what">What no double is: the rate, or something of it.</param>
    public static ConfigurationException TooFast(Experiment experiment, string what = "is")
    {
        double beta = experiment.Interaction.Beta;
        string unit = WhyNotCollapse(experiment) is not null ? ""
            : ", or times in units of e^(-beta), \"time\": { \"unit\": \"collapse\" }";
        string size = beta < 0 ? "abs(beta)" : "beta";
        string growth = experiment.Interaction.Profile.IsGeneral ? $"with {size}" : $"like e^{size}";
        return ConfigurationException.At("$.interaction.beta", Text.Of($"at {beta} the rate at which tokens close in on each other, which ")
            + $"grows {growth}, {what} beyond the range of doubles; use \"softmax\"{unit}.");
    }

    /// <summary>How many recording times a run that was made longer would have, where that is too many.</summary>
    public static double? TooManyTimes(Experiment experiment)
    {
        RecordSection record = experiment.Record;
        if (record.Horizons is not { Count: > 0 } horizons) return null;
        (double first, double horizon) = (horizons[0], experiment.Time.Horizon);
        int count = Math.Max(record.Snapshots, record.Observations);
        double times = record.Spacing == Spacing.Linear ? horizon / first * count
            : count * (1 + Math.Log(horizon / first) / Math.Log(first / record.First!.Value));
        return times > MostTimes ? times : null;
    }

    private static IEnumerable<(string Where, string? Why)> Record(Experiment experiment)
    {
        RecordSection record = experiment.Record;
        if (record.Tokens > experiment.Tokens.Count)
            yield return ("$.record.tokens", $"{record.Tokens} is more than the {experiment.Tokens.Count} tokens of $.tokens.count");
        double[] horizons = [.. record.Horizons ?? [], experiment.Time.Horizon];
        if (horizons.Zip(horizons.Skip(1)).Any(pair => !(pair.First < pair.Second)))
            yield return ("$.record.horizons", Text.Of($"earlier horizons rise, and are below the horizon {experiment.Time.Horizon}"));
        if (TooManyTimes(experiment) is { } times)
            yield return ("$.record.horizons", Text.Of($"the recording times would go on by the same rule, to {times:G2} of them; ")
                + Text.Of($"at most {MostTimes:G2} are written"));
        if (record.Spacing == Spacing.Logarithmic && record.First >= experiment.Time.Horizon)
            yield return ("$.record.first",
                Text.Of($"{record.First} is too late; the first logarithmic time must be below the horizon {experiment.Time.Horizon}"));
        if (record.Spacing == Spacing.Linear && record.First is not null)
            yield return ("$.record.first", "only logarithmic spacing has a first time; leave it out or set \"spacing\": \"logarithmic\"");
        string? carried = record.Observables.FirstOrDefault(o => o is "gradient" or "lyapunov");
        if (carried is not null && experiment.Time.Merge is not null)
            yield return ("$.record.observables", $"{Motion.Tangents.NotMerging}; leave '{carried}' or $.time.merge out");
        if (carried is null && record.Tangents is not null)
            yield return ("$.record.tangents", "only the observables 'gradient' and 'lyapunov' look at tangent vectors; leave it out");
        if (record.Observables.GroupBy(o => o).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return ("$.record.observables", $"'{twice.Key}' is listed twice");
    }
}
