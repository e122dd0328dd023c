using System.Diagnostics;
using System.Globalization;
using AttentionFlow.Kernels;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Model;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>Runs one experiment into a folder.</summary>
/// <param name="threads">Threads of the pair sums and of the per-token work.</param>
/// <param name="progress">Is told how far the run has come.</param>
/// <param name="warn">Takes advice given before the run.</param>
public sealed class ExperimentRun(int threads, IProgressDisplay progress, Action<string> warn)
{
    /// <summary>Runs <paramref name="experiment"/>; whatever happens after the folder is made, run.json says how far it got.</summary>
    /// <returns>run.json as written.</returns>
    /// <exception cref="ConfigurationException">The experiment cannot be run as it stands; nothing was written.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not available, then nothing was written; or its memory does not suffice.</exception>
    /// <exception cref="DeviceFailedException">The device failed at work.</exception>
    /// <exception cref="FolderNotEmptyException">There is something in the folder.</exception>
    /// <exception cref="IOException">Reading or writing failed.</exception>
    public RunRecord Execute(Experiment experiment, string folder, bool overwrite, CancellationToken stop)
    {
        CheckMemory(experiment);
        Interaction interaction = ExperimentBuilder.Interaction(experiment);
        Gauge gauge = ExperimentBuilder.Gauge(experiment);
        Layer layer = LayerBuilder.Layer(experiment);
        Cloud cloud = ExperimentBuilder.Cloud(experiment, gauge);
        Tableau method = Tableau.Find(experiment.Time.Method)!;
        StepControl step = ExperimentBuilder.Step(experiment.Time);
        Noise? noise = ExperimentBuilder.Noise(experiment);
        double tolerance = experiment.Tolerance ?? (experiment.Precision == Precision.Double ? 1e-10 : 1e-6);
        PairProblem problem = PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights, cloud.Labels);
        Scheme scheme = experiment.Interaction.Scheme.Build();
        // Stored with the run. Only some flows do with forces along the sphere alone.
        Choice choice = new Choice(experiment.Device, experiment.Summation)
            .Resolve(problem, layer.HasPlainTokens && !scheme.NeedsOutput, experiment.Precision, tolerance);
        (string device, Summation summation) = choice.WhyNot is { } unfit ? throw ConfigurationException.At("$.summation", unfit) : choice;
        using IPairSums sums = DeviceCatalog.Open(device, experiment.Precision, threads, summation, tolerance);
        Flow flow = MakeFlow(() => new Flow(interaction, gauge, cloud, sums, threads, layer) { Scheme = scheme }, summation);
        List<Observable> observables = [.. experiment.Record.Observables.Select(name => MakeObservable(name, flow))];
        if (Simulation.WhyNot(flow, method, step) is { } whyNot) throw ConfigurationException.At("$.time.merge", $"{whyNot}; leave this key out.");
        if (experiment.Record.Plateaus && flow.WhyNoEnergy is { } why) throw ConfigurationException.At("$.record.plateaus", $"{why}; leave this key out.");
        string? stepAdvice = step is FixedStep { Length: double length } ? Stability.Advice(flow.CollapseRate, method, length) : null;
        string? noiseAdvice = noise is null ? null : Stability.Advice(noise, ((FixedStep)step).Length, cloud.Dimension);
        string?[] advices =
        [
            stepAdvice is not null ? $"$.time.step: {stepAdvice}" : null,
            noiseAdvice is not null ? $"$.time.step: {noiseAdvice}" : null,
            EqualHeads(experiment.Interaction) ? $"$.interaction.heads: {experiment.Interaction.Heads} heads with the same matrices are one head at {experiment.Interaction.Heads} times the cost; set 1, or draw a matrix for every head" : null,
            sums.Plan(problem, RowColumns.Force).Advice is { } far ? $"$.tolerance: {far}" : null,
        ];
        List<Alert> stepAlerts = [];
        if (stepAdvice is not null) AlertStep(Stability.LargestStep(flow.CollapseRate, method), stepAdvice);
        if (noiseAdvice is not null) AlertStep(Stability.LargestStep(noise!, cloud.Dimension), noiseAdvice);
        string? advice = advices.Any(a => a is not null) ? string.Join("; ", advices.OfType<string>()) : null;
        if (advice is not null) warn(advice);

        TimeSpec time = experiment.Time with { Tolerance = (step as AdaptiveStep)?.Tolerance };
        (Experiment stored, (string, string)[] inputs) = WithInputs(experiment with { Device = device, Summation = summation, Tolerance = tolerance, Time = time });
        using RunFolder target = RunFolder.Create(folder, overwrite, inputs);
        RunRecord record = target.Start(ExperimentReader.Write(stored), new RunRecord
        {
            Advice = advice, Seed = experiment.Seed, Device = device, Precision = experiment.Precision.ToString().ToLowerInvariant(), Threads = threads,
        });
        (double[] snapshotTimes, double[] observationTimes) = ExperimentBuilder.Times(experiment);
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            ObservableWriter writer = new(target.OpenObservables(observables.SelectMany(o => o.Columns)), observationTimes, observables);
            List<IObserver> observers =
            [
                .. observables.OfType<IObserver>(),
                writer,
                new SnapshotWriter(target.OpenSnapshots(cloud.Dimension, flow.Scheme.HasRadius), snapshotTimes, experiment.Record.Tokens ?? cloud.Tokens),
                new ProgressObserver(progress, experiment, sums),
            ];
            if (experiment.Time.Merge is not null) observers.Add(new MergerWriter(target.OpenMergers()));
            if (experiment.Record.Plateaus) observers.Add(new PlateauWriter(target.OpenPlateaus(), flow));
            Simulation simulation = new(flow, method, step, experiment.Time.Horizon, threads) { Noise = noise, Until = ExperimentBuilder.Until(experiment.Time) };
            RunResult result = simulation.Run(cloud, observers, stop);
            record = record with
            {
                Status = result.Status,
                Advice = result.Advice ?? advice,
                Reason = result.Reason,
                Steps = result.Steps,
                RejectedSteps = result.Rejected,
                Evaluations = result.Evaluations,
                ObservationEvaluations = result.ObservationEvaluations,
                TimeReached = result.Time,
                Summation = summation == Summation.Direct ? new SummationRecord("direct") : SummationRecord.Of(sums.Statistics, tolerance),
                Alerts = [.. stepAlerts, .. writer.Alerts],
                WallSeconds = Math.Round(watch.Elapsed.TotalSeconds, 3),
            };
            return target.Finish(record, experiment.Title);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DeviceUnavailableException or DeviceFailedException)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, experiment.Title);
            throw;
        }

        void AlertStep(double level, string what) => stepAlerts.Add(new("step too large", "step", 0, 0, cloud.Replicas, ((FixedStep)step).Length, level, what));
    }

    /// <summary>Ordered pairs of tokens of one evaluation of the drift: replicas x heads x tokens^2.</summary>
    public static double PairsPerEvaluation(Experiment experiment) =>
        (double)experiment.Replicas * experiment.Interaction.Heads * experiment.Tokens.Count * experiment.Tokens.Count;

    /// <summary>Ordered pairs that a run of this experiment sums for the drift; a first guess where the steps are adaptive.</summary>
    public static double Pairs(Experiment experiment)
    {
        const double evaluationsOfAnAdaptiveRun = 300;
        (double[] snapshots, double[] observations) = ExperimentBuilder.Times(experiment);
        if (experiment.Time.Step is not { } step) return PairsPerEvaluation(experiment) * (evaluationsOfAnAdaptiveRun + observations.Length);
        double steps = 0, last = 0;
        foreach (double time in snapshots.Concat(observations).Order())
        {
            // As in FixedMotion: times closer than 1e-9 of a step are one.
            if (time <= last + 1e-9 * step) continue;
            steps += Math.Max(1, Math.Ceiling((time - last) / step - 1e-9));
            last = time;
        }
        int between = experiment.Interaction.Noise?.Splitting == Splitting.Strang ? 1 : 0;
        return PairsPerEvaluation(experiment) * (1 + steps * (Tableau.Find(experiment.Time.Method)!.B.Length + between));
    }

    // The files that the experiment reads travel with the run, under names of their own.
    private static (Experiment Stored, (string Name, string Source)[] Inputs) WithInputs(Experiment experiment)
    {
        List<(string, string)> inputs = [];
        if (experiment.Tokens.Initial is FileInitialSpec cloud)
        {
            inputs.Add((RunFolder.CloudFile, cloud.Path));
            experiment = experiment with { Tokens = experiment.Tokens with { Initial = cloud with { Path = RunFolder.CloudFile } } };
        }
        if (experiment.Interaction.Gauge is PrefixGaugeSpec { Targets.Path: { } path } prefix)
        {
            inputs.Add((RunFolder.TargetsFile, path));
            experiment = experiment with { Interaction = experiment.Interaction with { Gauge = prefix with { Targets = new Points(RunFolder.TargetsFile) } } };
        }
        if (experiment.Interaction.Prompts is { Points.Path: { } points } prompts)
        {
            inputs.Add((RunFolder.PromptsFile, points));
            experiment = experiment with { Interaction = experiment.Interaction with { Prompts = prompts with { Points = new Points(RunFolder.PromptsFile) } } };
        }
        MatricesSpec matrices = experiment.Interaction.Matrices;
        matrices = new() { Query = Here(matrices.Query, RunFolder.QueryFile), Key = Here(matrices.Key, RunFolder.KeyFile), Value = Here(matrices.Value, RunFolder.ValueFile) };
        return (experiment with { Interaction = experiment.Interaction with { Matrices = matrices } }, [.. inputs]);

        MatrixSpec Here(MatrixSpec matrix, string name)
        {
            if (matrix is not FileMatrixSpec file) return matrix;
            inputs.Add((name, file.Path));
            return new FileMatrixSpec { Path = name };
        }
    }

    private static bool EqualHeads(InteractionSpec interaction) => interaction.Heads > 1
        && new[] { interaction.Matrices.Query, interaction.Matrices.Key, interaction.Matrices.Value }.All(m => m is IdentityMatrixSpec or DiagonalMatrixSpec or ProductMatrixSpec);

    // Beyond the memory the system would end the program without a word.
    private static void CheckMemory(Experiment experiment)
    {
        const double gigabyte = 1 << 30;
        double needed = Memory(experiment) / gigabyte, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / gigabyte;
        if (needed > available)
            throw ConfigurationException.At("$.tokens.count", string.Create(CultureInfo.InvariantCulture,
                $"{experiment.Replicas} x {experiment.Tokens.Count} tokens in dimension {experiment.Tokens.Dimension} need about {needed:F0} GB of memory; there are {available:F0} GB."));
    }

    // Per token: x, y, force, stage and one drift a stage, each with d numbers; labels, weights and their copies, sums. Adaptive steps: two more states and two more drifts.
    private static double Memory(Experiment experiment) => sizeof(double) * (double)experiment.Replicas * experiment.Tokens.Count
        * (experiment.Tokens.Dimension * (4 + Tableau.Find(experiment.Time.Method)!.B.Length + (experiment.Time.Step is null ? 4 : 0)) + 10);

    private static Flow MakeFlow(Func<Flow> make, Summation summation)
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
                : ConfigurationException.At("$.device", $"{error.Message}; the device \"reference\" can do it");
        }
    }

    private static Observable MakeObservable(string name, Flow flow)
    {
        try
        {
            return Observable.All[name](flow);
        }
        catch (NotSupportedException error)
        {
            throw ConfigurationException.At("$.record.observables", error.Message);
        }
    }

    private static void TryToSayFailed(RunFolder folder, RunRecord record, string title)
    {
        try
        {
            folder.Finish(record, title);
        }
        catch (IOException)
        {
            // The disk that refused the rows may refuse the record too; run.json then still says "running".
        }
    }
}
