using System.Security.Cryptography;
using System.Text;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>All that a run needs, before anything is written.</summary>
/// <param name="Experiment">The experiment with device, summation and tolerances resolved.</param>
/// <param name="Cloud">The initial cloud, which the run moves.</param>
/// <param name="Flow">The flow.</param>
/// <param name="Sums">The device.</param>
/// <param name="Observables">What is measured, in the order of the columns.</param>
internal sealed record PreparedRun(Experiment Experiment, Cloud Cloud, Flow Flow, IPairSums Sums, IReadOnlyList<Observable> Observables)
    : IDisposable
{
    private const double ManySteps = 1e6, ManyFixedSteps = 1e8;

    /// <summary>Draws the cloud, opens the device, makes flow and observables, and refuses what cannot be run.</summary>
    /// <param name="experiment">As it was read.</param>
    /// <param name="threads">Threads of the pair sums and of the per-token work.</param>
    /// <param name="advice">What would be done better; null for nothing.</param>
    /// <exception cref="ConfigurationException">The experiment cannot be run as it stands.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not available.</exception>
    public static PreparedRun Of(Experiment experiment, int threads, out string? advice)
    {
        RunSize size = new(experiment);
        size.CheckMemory();
        Cloud cloud = experiment.Draw();
        Interaction interaction = experiment.Interaction.Pair with { Unit = experiment.Time.Unit };
        Layer layer = experiment.Layer;
        Scheme scheme = experiment.Interaction.Scheme;
        double budget = Stability.ErrorBudget(experiment.Time.Control, experiment.Time.Horizon,
            scheme.CollapseRate(layer.CollapseRate(interaction)), interaction.Beta);
        // Stored with the run.
        ((string device, Summation summation), double tolerance, PairProblem problem, RowColumns force) =
            ChosenSums.Of(experiment, cloud, interaction, budget);
        IPairSums sums = DeviceCatalog.Open(device, experiment.Precision, threads, summation, tolerance);
        try
        {
            Flow flow = MakeFlow(() => new Flow(interaction, experiment.Gauge, cloud, sums, threads, layer)
            {
                Scheme = scheme, Tangents = experiment.Tangents,
            }, summation, sums);
            // Of the exponential profile squares are kept by their logarithms.
            if (double.IsInfinity(interaction.Profile.IsGeneral ? flow.CollapseRate * flow.CollapseRate : flow.CollapseRate))
                throw ExperimentRules.TooFast(experiment);
            string? far = AdviceOn(sums.Plan(problem, force), tolerance, budget);
            (IReadOnlyDictionary<string, Observable> observables, string? leftOut) = MakeObservables(experiment.Record, flow);
            PreparedRun run = new(experiment with
            {
                Device = device,
                Summation = summation,
                Tolerance = tolerance,
                Time = experiment.Time with { Tolerance = (experiment.Time.Control as AdaptiveStep)?.Tolerance },
                Record = experiment.Record with { Observables = [.. observables.Keys] },
            }, cloud, flow, sums, [.. observables.Values])
            { Size = size };
            run.Check();
            advice = run.Advice(far, leftOut);
            return run;
        }
        catch
        {
            sums.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that all ranks of a shared device run the same experiment.</summary>
    /// <exception cref="DeviceFailedException">Some rank was given another than rank 0.</exception>
    public void CheckRanks()
    {
        if (!DeviceCatalog.IsShared(Experiment.Device)) return;
        byte[] text = Encoding.UTF8.GetBytes(ExperimentReader.Write(InputFiles.Copied(Experiment).Experiment));
        Sums.FromFirst(() => [], same: BitConverter.ToUInt64(SHA256.HashData(text)));
    }

    /// <summary>Closes the device.</summary>
    public void Dispose() => Sums.Dispose();

    /// <summary>What it takes of memory and disk.</summary>
    public required RunSize Size { get; init; }

    private double? FixedStep => Experiment.Time.Step;

    // Brownian matrices move tokens by the root of a step.
    private string? StepAdvice => FixedStep is { } step && Experiment.Interaction.Matrices.Value is not BrownianMatrix
        ? Stability.Advice(Flow.CollapseRate, Experiment.Time.Method, step) : null;

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
            bool grows = !interaction.Normalization.IsBounded && interaction.Profile == Profile.Exponential
                && interaction.Beta > 0 && time.Unit == TimeUnit.One;
            string unit = !grows ? "" : interaction.Scheme is PostScheme
                ? "\"softmax\", \"unit\": \"collapse\" (times in units of e^(-beta)), " : "\"softmax\", ";
            return Text.Of($"up to {steps:G2} steps: near collapse tokens close in at the rate {Flow.CollapseRate:G2}, and ")
                + Text.Of($"{time.Method.Name} needs steps of {time.Method.StabilityLimit / Flow.CollapseRate:G2} there; ")
                + $"take {unit}\"time.merge\", or a shorter horizon";
        }
    }

    private string? NoiseAdvice =>
        Experiment.Noise is { } noise ? Stability.Advice(noise, FixedStep!.Value, Cloud.Dimension) : null;

    private string? RedrawAdvice => Flow.Layer.Redraw is { } redraw ? Stability.Advice(redraw, Cloud.Dimension) : null;

    /// <summary>A step that is too long for the flow, or for the noise.</summary>
    public IEnumerable<Alert> StepAlerts
    {
        get
        {
            if (StepAdvice is { } fast) yield return Alert(Stability.LargestStep(Flow.CollapseRate, Experiment.Time.Method), fast);
            if (NoiseAdvice is { } rough) yield return Alert(Stability.LargestNoisyStep(Experiment.Noise!.Rate(Cloud.Dimension)), rough);
            if (RedrawAdvice is { } far) yield return Alert(Stability.LargestNoisyStep(Stability.BrownianRate(Cloud.Dimension)), far);

            Alert Alert(double level, string what) => new("step too large", "step", 0, 0, Cloud.Replicas, FixedStep!.Value, level, what);
        }
    }

    /// <summary>Refuses what the flow cannot do.</summary>
    /// <exception cref="ConfigurationException">Tokens that cannot merge, plateaus of an energy that does not rise.</exception>
    private void Check()
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
    private string? Advice(string? sums, string? leftOut)
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
            ("time.redraw", RedrawAdvice),
            ("interaction.heads", equal), ("tolerance", sums), ("record.observables", leftOut),
        ];
        string[] given = [.. advices.Where(a => a.What is not null).Select(a => $"$.{a.Where}: {a.What}")];
        return given.Length > 0 ? string.Join("; ", given) : null;
    }

    /// <summary>Runs it.</summary>
    public RunResult Simulate(IReadOnlyList<IObserver> observers, RunState state, int threads, CancellationToken stop)
    {
        TimeSection time = Experiment.Time;
        Simulation simulation = new(Flow, time.Method, time.Control, time.Horizon, threads)
        {
            Noise = Experiment.Noise, Until = time.Until, State = state,
        };
        return simulation.Run(Cloud, observers, stop);
    }

    private static Flow MakeFlow(Func<Flow> make, Summation summation, IPairSums sums)
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            throw ConfigurationException.At("$.interaction", error.Message);
        }
        catch (NotSupportedException error)
        {
            throw summation is Summation.Fast or Summation.Coalesced
                ? ConfigurationException.At("$.summation", $"{error.Message}; \"auto\" sums directly where it must")
                : ConfigurationException.At("$.device",
                    $"{error.Message}; the device \"{(sums.Name == "cpu" ? "reference" : "cpu")}\" can do it");
        }
    }

    // In the order of the columns; and why some that were not asked for are missing.
    private static (OrderedDictionary<string, Observable> Observables, string? LeftOut) MakeObservables(RecordSection record, Flow flow)
    {
        OrderedDictionary<string, Observable> made = [];
        List<string> reasons = [];
        foreach (string name in record.Observables)
            try
            {
                made.Add(name, Observable.All[name](flow));
            }
            catch (UnrepresentableException error) when (record.HasDefaultObservables)
            {
                reasons.Add($"\"{name}\" is left out: {error.Message}");
            }
            catch (NotSupportedException) when (record.HasDefaultObservables && flow.WhyNoEnergy is not null)
            {
                reasons.Add($"\"{name}\" is left out: {flow.WhyNoEnergy}");
            }
            catch (NotSupportedException error)
            {
                string beyond = error is UnrepresentableException ? $"; leave \"{name}\" out" : "";
                string why = error.Message + beyond;
                throw ConfigurationException.At("$.record.observables",
                    why.Contains($"\"{name}\"", StringComparison.Ordinal) ? why : $"\"{name}\": {why}");
            }
        return (made, reasons.Count > 0 ? string.Join("; ", reasons) : null);
    }

    // Of sums that were asked for; auto keeps the budget.
    private static string? AdviceOn(Plan plan, double tolerance, double budget) =>
        plan.Method != SumMethod.Harmonic || tolerance <= budget ? plan.Advice : string.Create(CultureInfo.InvariantCulture,
            $"over the whole run, errors of up to {tolerance:G2} of Z in the sums may add up to more than a fifth of the tolerance of a "
            + $"step; {budget:G1}, or \"summation\": \"auto\", keeps them below");
}
