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
    private volatile Func<RunRecord?>? _cut;

    /// <summary>Runs <paramref name="experiment"/>; whatever happens after the folder is made, run.json says how far it got.</summary>
    /// <returns>run.json as written.</returns>
    /// <exception cref="ConfigurationException">The experiment cannot be run as it stands; nothing was written.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not available, then nothing was written; or its memory does not
    /// suffice.</exception>
    /// <exception cref="DeviceFailedException">The device failed at work.</exception>
    /// <exception cref="FolderNotEmptyException">There is something in the folder.</exception>
    /// <exception cref="IOException">Reading or writing failed, or another process runs in the folder.</exception>
    public RunRecord Execute(Experiment experiment, string folder, bool overwrite, CancellationToken stop)
    {
        RunSize size = new(experiment);
        size.CheckMemory();
        Cloud cloud = experiment.Draw();
        Interaction interaction = experiment.Interaction.Pair with { Unit = experiment.Time.Unit };
        Layer layer = experiment.Layer;
        Scheme scheme = experiment.Interaction.Scheme;
        double tolerance = experiment.Tolerance ?? (experiment.Precision == Precision.Double ? 1e-10 : 1e-6);
        double budget = Stability.ErrorBudget(experiment.Time.Control, experiment.Time.Horizon,
            scheme.CollapseRate(layer.CollapseRate(interaction)), interaction.Beta);
        PairProblem problem = PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights,
            cloud.Labels);
        // Only some flows do with forces along the sphere alone.
        RowColumns force = scheme.NeedsOutput || layer.TurnsRadialForce ? RowColumns.Force | RowColumns.Radial : RowColumns.Force;
        // Stored with the run.
        (Choice choice, tolerance) = new Choice(experiment.Device, experiment.Summation)
            .Resolve(problem, layer.HasSelfForm ? force : null, experiment.Precision, tolerance, budget);
        if (choice.WhyNot is { } unfit) throw ConfigurationException.At("$.summation", unfit);
        (string device, Summation summation) = choice;
        using IPairSums sums = DeviceCatalog.Open(device, experiment.Precision, threads, summation, tolerance);
        Flow flow = MakeFlow(() => new Flow(interaction, experiment.Gauge, cloud, sums, threads, layer) { Scheme = scheme }, summation);
        if (double.IsInfinity(flow.CollapseRate))
            throw ConfigurationException.At("$.interaction.beta", Text.Of($"at {interaction.Beta} the rate at which tokens close ")
                + "in on each other, which grows like e^beta, is beyond the range of doubles; use \"softmax\", or times in units of "
                + "e^(-beta), \"time\": { \"unit\": \"collapse\" }.");
        string? far = AdviceOn(sums.Plan(problem, force), tolerance, budget);
        (IReadOnlyDictionary<string, Observable> observables, string? leftOut) = MakeObservables(experiment.Record, flow);
        PreparedRun run = new(experiment with
        {
            Device = device,
            Summation = summation,
            Tolerance = tolerance,
            Time = experiment.Time with { Tolerance = (experiment.Time.Control as AdaptiveStep)?.Tolerance },
            Record = experiment.Record with { Observables = [.. observables.Keys] },
        }, cloud, flow, sums, [.. observables.Values]);
        run.Check();
        string? advice = run.Advice(far, leftOut);
        if (advice is not null) warn(advice);
        return Run(run, advice, size, folder, overwrite, stop);
    }

    private RunRecord Run(PreparedRun run, string? advice, RunSize size, string folder, bool overwrite, CancellationToken stop)
    {
        (Experiment stored, IReadOnlyList<(string, string)> inputs) = InputFiles.Copied(run.Experiment);
        using RunFolder target = RunFolder.Create(folder, overwrite, inputs);
        if (size.CheckDisk(target.FullPath, run.Observables.Sum(o => o.Columns.Count), target.ReplacedBytes) is { } large) warn(large);
        RunRecord record = new()
        {
            Advice = advice, Seed = stored.Seed, Device = stored.Device, Threads = threads,
            Precision = stored.Precision.ToString().ToLowerInvariant(),
            TimeUnit = stored.Time.Unit == TimeUnit.One ? null : stored.Time.Unit.ToString().ToLowerInvariant(),
        };
        try
        {
            _cut = () => target.Cut(record, stored.Title);
            return Run(run, target, target.Start(ExperimentReader.Write(stored), record), stored, stop);
        }
        finally
        {
            _cut = null;
        }
    }

    /// <summary>
    /// For a process that ends without waiting for <see cref="Execute"/>: ends the run in the folder, from another thread. The rows
    /// recorded so far are kept, and run.json says stopped.
    /// </summary>
    /// <returns>run.json as written; null where no run has begun to write.</returns>
    /// <exception cref="IOException">A file could not be written.</exception>
    public RunRecord? Cut() => _cut?.Invoke();

    private RunRecord Run(PreparedRun run, RunFolder target, RunRecord record, Experiment stored, CancellationToken stop)
    {
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            CsvTable table = target.OpenObservables(run.Observables.SelectMany(o => o.Columns));
            ObservableWriter writer = new(table, stored.Times.Observations, run.Observables);
            _cut = () => target.Cut(Stopped(record, run, writer) with { WallSeconds = Seconds(watch) }, stored.Title);
            RunResult result = run.Simulate(Observers(run, writer, target), threads, stop);
            record = record with
            {
                Status = result.Status,
                Advice = result.Advice ?? run.Sums.Statistics.Advice ?? record.Advice,
                Reason = result.Reason,
                Steps = result.Steps,
                RejectedSteps = result.Rejected,
                Evaluations = result.Evaluations,
                ObservationEvaluations = result.ObservationEvaluations,
                TimeReached = result.Time,
                Summation = SummationRecord.Of(run.Sums.Statistics, run.Flow.HardEvaluations,
                    stored.Summation == Summation.Direct ? null : stored.Tolerance),
                Alerts = [.. run.StepAlerts, .. writer.Alerts],
                WallSeconds = Seconds(watch),
            };
            return target.Finish(record, stored.Title);
        }
        catch (Exception error)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, stored.Title);
            throw;
        }
    }

    private static double Seconds(Stopwatch watch) => Math.Round(watch.Elapsed.TotalSeconds, 3);

    // A run that is cut is as far as its last recorded time.
    private static RunRecord Stopped(RunRecord record, PreparedRun run, ObservableWriter writer) => record with
    {
        Status = RunStatus.Stopped,
        TimeReached = writer.LastObserved.Time,
        Steps = writer.LastObserved.Steps,
        Evaluations = run.Flow.Evaluations,
        Advice = Simulation.StoppedAt(writer.LastObserved.Time, run.Experiment.Time.Horizon),
        Alerts = [.. run.StepAlerts, .. writer.Alerts],
    };

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
