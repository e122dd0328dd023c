using System.Diagnostics;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
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
    /// <exception cref="DeviceUnavailableException">The device is not available, then nothing was written; or its memory does not
    /// suffice.</exception>
    /// <exception cref="DeviceFailedException">The device failed at work.</exception>
    /// <exception cref="FolderNotEmptyException">There is something in the folder.</exception>
    /// <exception cref="IOException">Reading or writing failed.</exception>
    public RunRecord Execute(Experiment experiment, string folder, bool overwrite, CancellationToken stop)
    {
        CheckMemory(experiment);
        Cloud cloud = experiment.Draw();
        Interaction interaction = experiment.Interaction.Pair;
        Layer layer = experiment.Layer;
        Scheme scheme = experiment.Interaction.Scheme;
        double tolerance = experiment.Tolerance ?? (experiment.Precision == Precision.Double ? 1e-10 : 1e-6);
        PairProblem problem = PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights,
            cloud.Labels);
        // Stored with the run. Only some flows do with forces along the sphere alone.
        Choice choice = new Choice(experiment.Device, experiment.Summation)
            .Resolve(problem, layer.HasPlainTokens && !scheme.NeedsOutput, experiment.Precision, tolerance);
        if (choice.WhyNot is { } unfit) throw ConfigurationException.At("$.summation", unfit);
        (string device, Summation summation) = choice;
        using IPairSums sums = DeviceCatalog.Open(device, experiment.Precision, threads, summation, tolerance);
        Flow flow = MakeFlow(() => new Flow(interaction, experiment.Gauge, cloud, sums, threads, layer) { Scheme = scheme }, summation);
        string? far = sums.Plan(problem, RowColumns.Force).Advice;
        PreparedRun run = new(experiment with
        {
            Device = device,
            Summation = summation,
            Tolerance = tolerance,
            Time = experiment.Time with { Tolerance = (experiment.Time.Control as AdaptiveStep)?.Tolerance },
        }, cloud, flow, sums, MakeObservables(experiment, flow));
        run.Check();
        if (run.Advice(far) is { } advice) warn(advice);
        return Run(run, run.Advice(far), folder, overwrite, stop);
    }

    private RunRecord Run(PreparedRun run, string? advice, string folder, bool overwrite, CancellationToken stop)
    {
        (Experiment stored, IReadOnlyList<(string, string)> inputs) = InputFiles.Copied(run.Experiment);
        using RunFolder target = RunFolder.Create(folder, overwrite, inputs);
        RunRecord record = target.Start(ExperimentReader.Write(stored), new RunRecord
        {
            Advice = advice, Seed = stored.Seed, Device = stored.Device, Threads = threads,
            Precision = stored.Precision.ToString().ToLowerInvariant(),
        });
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            CsvTable table = target.OpenObservables(run.Observables.SelectMany(o => o.Columns));
            ObservableWriter writer = new(table, stored.Times.Observations, run.Observables);
            RunResult result = run.Simulate(Observers(run, writer, target), threads, stop);
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
                Summation = stored.Summation == Summation.Direct ? new SummationRecord("direct")
                    : SummationRecord.Of(run.Sums.Statistics, stored.Tolerance!.Value),
                Alerts = [.. run.StepAlerts, .. writer.Alerts],
                WallSeconds = Math.Round(watch.Elapsed.TotalSeconds, 3),
            };
            return target.Finish(record, stored.Title);
        }
        catch (Exception error)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, stored.Title);
            throw;
        }
    }

    private List<IObserver> Observers(PreparedRun run, ObservableWriter writer, RunFolder target)
    {
        (Experiment experiment, Cloud cloud, Flow flow) = (run.Experiment, run.Cloud, run.Flow);
        List<IObserver> observers =
        [
            .. run.Observables.OfType<IObserver>(),
            writer,
            new SnapshotWriter(target.OpenSnapshots(cloud.Dimension, flow.Scheme.HasRadius), experiment.Times.Snapshots,
                experiment.Record.Tokens ?? cloud.Tokens),
            new ProgressObserver(progress, experiment, run.Sums),
        ];
        if (experiment.Time.Merge is not null) observers.Add(new MergerWriter(target.OpenMergers()));
        if (experiment.Record.Plateaus) observers.Add(new PlateauWriter(target.OpenPlateaus(), flow));
        return observers;
    }

    /// <summary>Ordered pairs of tokens of one evaluation of the drift: replicas x heads x tokens^2.</summary>
    public static double PairsPerEvaluation(Experiment experiment) =>
        (double)experiment.Replicas * experiment.Interaction.Heads * experiment.Tokens.Count * experiment.Tokens.Count;

    /// <summary>Ordered pairs that a run of this experiment sums for the drift; a first guess where the steps are adaptive.</summary>
    public static double Pairs(Experiment experiment)
    {
        const double evaluationsOfAnAdaptiveRun = 300;
        (double[] snapshots, double[] observations) = experiment.Times;
        if (experiment.Time.Step is not { } step)
            return PairsPerEvaluation(experiment) * (evaluationsOfAnAdaptiveRun + observations.Length);
        double steps = 0, last = 0;
        foreach (double time in snapshots.Concat(observations).Order())
        {
            // As in FixedMotion: times closer than 1e-9 of a step are one.
            if (time <= last + 1e-9 * step) continue;
            steps += Math.Max(1, Math.Ceiling((time - last) / step - 1e-9));
            last = time;
        }
        int between = experiment.Interaction.Noise?.Splitting == Splitting.Strang ? 1 : 0;
        return PairsPerEvaluation(experiment) * (1 + steps * (experiment.Time.Method.B.Length + between));
    }

    // Beyond the memory the system would end the program without a word.
    private static void CheckMemory(Experiment experiment)
    {
        const double gigabyte = 1 << 30;
        double needed = Memory(experiment) / gigabyte, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / gigabyte;
        if (needed > available)
            throw ConfigurationException.At("$.tokens.count", string.Create(CultureInfo.InvariantCulture,
                $"{experiment.Replicas} x {experiment.Tokens.Count} tokens in dimension {experiment.Tokens.Dimension} need about "
                + $"{needed:F0} GB of memory; there are {available:F0} GB."));
    }

    // Per token: x, y, force, stage and one drift a stage, each with d numbers; labels, weights and their copies, sums. Adaptive steps: two
    // more states and two more drifts.
    private static double Memory(Experiment experiment) => sizeof(double) * (double)experiment.Replicas * experiment.Tokens.Count
        * (experiment.Tokens.Dimension * (4 + experiment.Time.Method.B.Length + (experiment.Time.Step is null ? 4 : 0)) + 10);

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

    private static List<Observable> MakeObservables(Experiment experiment, Flow flow)
    {
        try
        {
            return [.. experiment.Record.Observables.Select(name => Observable.All[name](flow))];
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
