using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>All that a run needs, before anything is written.</summary>
/// <param name="Experiment">The experiment with device, summation and tolerances resolved.</param>
/// <param name="Cloud">The initial cloud, which the run moves.</param>
/// <param name="Flow">The flow.</param>
/// <param name="Sums">The device; not owned.</param>
/// <param name="Observables">What is measured, in the order of the columns.</param>
internal sealed record PreparedRun(Experiment Experiment, Cloud Cloud, Flow Flow, IPairSums Sums, IReadOnlyList<Observable> Observables)
{
    private const double ManySteps = 1e6, ManyFixedSteps = 1e8;

    private double? FixedStep => Experiment.Time.Step;

    private string? StepAdvice => FixedStep is { } step ? Stability.Advice(Flow.CollapseRate, Experiment.Time.Method, step) : null;

    // Tokens that have met but go on apart keep the steps at the limit of stability.
    private string? HorizonAdvice
    {
        get
        {
            TimeSection time = Experiment.Time;
            if (FixedStep is { } length)
                return time.Horizon / length > ManyFixedSteps
                    ? Text.Of($"{time.Horizon / length:G2} steps of {length:G4}; take longer ones, a shorter horizon, or \"tsit5\"") : null;
            double steps = time.Horizon * Flow.CollapseRate / time.Method.StabilityLimit;
            if (time.Merge is not null || !(steps > ManySteps)) return null;
            InteractionSection interaction = Experiment.Interaction;
            bool grows = !interaction.Normalization.IsBounded && interaction.Profile != Profile.Linear && time.Unit == TimeUnit.One;
            string unit = !grows ? "" : interaction.Scheme is PostScheme
                ? "\"softmax\", \"unit\": \"collapse\" (times in units of e^(-beta)), " : "\"softmax\", ";
            return Text.Of($"up to {steps:G2} steps: near collapse tokens close in at the rate {Flow.CollapseRate:G2}, and ")
                + Text.Of($"{time.Method.Name} needs steps of {time.Method.StabilityLimit / Flow.CollapseRate:G2} there; ")
                + $"take {unit}\"merge\", or a shorter horizon";
        }
    }

    private string? NoiseAdvice =>
        Experiment.Noise is { } noise ? Stability.Advice(noise, FixedStep!.Value, Cloud.Dimension) : null;

    /// <summary>A step that is too long for the flow, or for the noise.</summary>
    public IEnumerable<Alert> StepAlerts
    {
        get
        {
            if (StepAdvice is { } fast) yield return Alert(Stability.LargestStep(Flow.CollapseRate, Experiment.Time.Method), fast);
            if (NoiseAdvice is { } rough) yield return Alert(Stability.LargestStep(Experiment.Noise!, Cloud.Dimension), rough);

            Alert Alert(double level, string what) => new("step too large", "step", 0, 0, Cloud.Replicas, FixedStep!.Value, level, what);
        }
    }

    /// <summary>Refuses what the flow cannot do.</summary>
    /// <exception cref="ConfigurationException">Tokens that cannot merge, plateaus of an energy that does not rise.</exception>
    public void Check()
    {
        if (Simulation.WhyNot(Flow, Experiment.Time.Method, Experiment.Time.Control) is { } whyNot) throw Refused("$.time.merge", whyNot);
        if (Experiment.Record.Plateaus && Flow.WhyNoEnergy is { } why) throw Refused("$.record.plateaus", why);
        if (Experiment.Record.Plateaus && double.IsInfinity(Flow.LargestEnergy))
            throw Refused("$.record.plateaus", "the energy of a point is beyond the range of doubles at this beta");

        static ConfigurationException Refused(string where, string why) => ConfigurationException.At(where, $"{why}; leave this key out.");
    }

    /// <summary>What would be done better, null for nothing.</summary>
    /// <param name="sums">Advice about the pair sums.</param>
    /// <param name="leftOut">Observables that are missing, and why.</param>
    public string? Advice(string? sums, string? leftOut)
    {
        InteractionSection interaction = Experiment.Interaction;
        string? equal = interaction.Heads > 1 && interaction.Matrices.AreShared
            ? $"{interaction.Heads} heads with the same matrices are one head at {interaction.Heads} times the cost; "
                + "set 1, or draw a matrix for every head" : null;
        string? idle = Experiment.IsRandom || Experiment.Seed == new Experiment().Seed ? null
            : "nothing is drawn at random here, so the seed changes nothing"
                + (Experiment.Tokens.Initial is FileLaw ? "; $.tokens.initial.jitter and $.tokens.initial.sample draw from the file" : "");
        (string Where, string? What)[] advices =
        [
            ("seed", idle), ("time.step", StepAdvice), ("time.horizon", HorizonAdvice), ("time.step", NoiseAdvice),
            ("interaction.heads", equal), ("tolerance", sums), ("record.observables", leftOut),
        ];
        string[] given = [.. advices.Where(a => a.What is not null).Select(a => $"$.{a.Where}: {a.What}")];
        return given.Length > 0 ? string.Join("; ", given) : null;
    }

    /// <summary>Runs it.</summary>
    public RunResult Simulate(IReadOnlyList<IObserver> observers, int threads, CancellationToken stop)
    {
        TimeSection time = Experiment.Time;
        Simulation simulation = new(Flow, time.Method, time.Control, time.Horizon, threads)
        {
            Noise = Experiment.Noise, Until = time.Until,
        };
        return simulation.Run(Cloud, observers, stop);
    }
}
