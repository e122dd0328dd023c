using System.Diagnostics;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Runs;

/// <summary>Runs one experiment into a folder.</summary>
/// <param name="threads">Threads of the pair sums and of the per-token work.</param>
/// <param name="progress">Is told how far the run has come.</param>
/// <param name="warn">Takes advice given before the run.</param>
public sealed class ExperimentRun(int threads, IProgressDisplay progress, Action<string> warn)
{
    // For the moment in which the state of a run that does not come back is at rest.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.2);

    private volatile Func<RunRecord?>? _cut;
    private volatile bool _isCheckpointAsked, _isEnding;

    /// <summary>Time between two checkpoints; one more is written where the run stops or ends.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Takes what is to be said of a run that goes on.</summary>
    public Action<string> Say { get; init; } = _ => { };

    /// <summary>What is said of a run that was stopped: how it goes on.</summary>
    public string GoesOnBy { get; init; } = "--resume goes on from there";

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
        using PreparedRun run = PreparedRun.Of(experiment, threads, out string? advice);
        if (advice is not null) warn(advice);
        (Experiment stored, IReadOnlyList<InputCopy> inputs) = InputFiles.Copied(run.Experiment);
        using RunFolder target = RunFolder.Create(folder, overwrite, inputs);
        if (run.Size.CheckDisk(target.FullPath, run.Observables.Sum(o => o.Columns.Count), target.ReplacedBytes) is { } large) warn(large);
        RunRecord record = RecordOf(stored, advice);
        return Cuttable(target, record, stored, () =>
            Run(run, target, target.Start(ExperimentReader.Write(stored), record), stored, new Origin(TimeSpan.Zero, null), stop));
    }

    /// <summary>
    /// Goes on with the run in a folder from its newest checkpoint: its tables become those of a run that was never interrupted. Where it
    /// has none yet, the run begins anew; a run that is complete stays as it is.
    /// </summary>
    /// <param name="asked">The experiment that is to be in the folder; null: whichever is. Where it leaves the device to auto, it is the
    /// folder's.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="horizon">Where the run is to end, at or beyond its horizon so far; null: at that.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>run.json as written.</returns>
    /// <inheritdoc cref="Execute"/>
    public RunRecord Resume(Experiment? asked, string folder, double? horizon, CancellationToken stop)
    {
        RunRecord record = GoOnOrBegin(asked, folder, horizon, stop);
        return horizon is { } until && record.Status == RunStatus.Complete ? Extend(folder, until, stop) : record;
    }

    // To the horizon that the run in the folder has.
    private RunRecord GoOnOrBegin(Experiment? asked, string folder, double? horizon, CancellationToken stop)
    {
        bool isThere;
        using (RunFolder? target = RunFolder.Reopen(folder))
        {
            isThere = target is not null;
            if (target is { HasExperiment: true })
            {
                Experiment found = ExperimentReader.Read(Path.Combine(target.FullPath, RunFolder.ExperimentFile), []);
                RunRecord before = target.Before!;
                ResumeRules rules = new(folder, before, found);
                rules.Check(horizon);
                if (asked is not null) rules.CheckSame(asked, threads);
                if (before.Status == RunStatus.Complete) return before;
                using Checkpoint? checkpoint = target.FindCheckpoint();
                if (checkpoint is not null) return GoOn(target, checkpoint, found, extended: null, stop);
                asked = found;
            }
        }
        if (!isThere && horizon is { } until)
            throw new ConfigurationException(Text.Of($"--until-time {until}: there is no run in {folder} that could be made longer."));
        return Execute(asked ?? throw new ConfigurationException($"{folder}: there is no run in this folder that could go on."),
            folder, overwrite: isThere, stop);
    }

    // A complete run.
    private RunRecord Extend(string folder, double horizon, CancellationToken stop)
    {
        using RunFolder target = RunFolder.Reopen(folder) ?? throw new IOException($"{folder}: the run in it is gone");
        Experiment found = ExperimentReader.Read(Path.Combine(target.FullPath, RunFolder.ExperimentFile), []);
        if (ResumeRules.Extended(found, horizon) is not { } extended) return target.Before!;
        using Checkpoint checkpoint = target.FindCheckpoint()
            ?? throw new DamagedRunException($"{folder}: {RunFolder.CheckpointFile} is missing, so the run cannot be made longer");
        return GoOn(target, checkpoint, found, extended, stop);
    }

    /// <summary>
    /// Sees to it that a folder holds the complete run of an experiment: one that is complete, unchanged and of this build of the program
    /// stays, one that was interrupted goes on, and any other is replaced.
    /// </summary>
    /// <returns>run.json as it is then.</returns>
    /// <inheritdoc cref="Execute"/>
    public RunRecord Ensure(Experiment experiment, string folder, CancellationToken stop)
    {
        if (Same(experiment, folder) is not { } before) return Execute(experiment, folder, overwrite: true, stop);
        if (before.Status == RunStatus.Complete && RunFolder.Verify(folder).Count == 0)
        {
            progress.Expect(-RunWork.Pairs(experiment));
            return before;
        }
        if (before.Status is RunStatus.Running or RunStatus.Stopped or RunStatus.Failed)
            try { return Resume(null, folder, null, stop); }
            catch (DamagedRunException) { }
        return Execute(experiment, folder, overwrite: true, stop);
    }

    /// <summary>Whether a run has come to its end, and only its files are to be finished.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>
    /// Takes part in what rank 0 does, <see cref="Execute"/> or <see cref="Resume"/>, on a device that ranks share, and writes nothing: it
    /// steps and observes as rank 0 does, so that all ask for the same sums.
    /// </summary>
    /// <param name="experiment">The experiment that rank 0 runs; where it goes on, that of the folder.</param>
    /// <param name="isComplete">Whether the run in the folder is complete.</param>
    /// <param name="horizon">Where the run is to end, as in <see cref="Resume"/>.</param>
    /// <param name="stop">Stops all ranks.</param>
    /// <returns>How the run ended, and no more; null where there is nothing to do.</returns>
    /// <exception cref="DeviceFailedException">The sums of some rank failed, or ranks run different experiments.</exception>
    public RunRecord? Follow(Experiment experiment, bool isComplete, double? horizon, CancellationToken stop)
    {
        RunRecord? record = isComplete ? null : Follow(experiment, experiment, stop);
        Experiment? extended = ResumeRules.Extended(experiment, horizon);
        return extended is null || record is { Status: not RunStatus.Complete } ? record : Follow(experiment, extended, stop);
    }

    private RunRecord Follow(Experiment experiment, Experiment extended, CancellationToken stop)
    {
        using PreparedRun prepared = PreparedRun.Of(experiment, threads, out _);
        PreparedRun run = ReferenceEquals(experiment, extended) ? prepared : prepared with { Experiment = extended };
        run.CheckRanks();
        using Checkpoint? earlier = Checkpoint.Of(run.Sums.FromFirst(() => []));
        RunResult result = run.Simulate(Onlooker.Of(run), new RunState { Earlier = earlier }, threads, stop);
        return RecordOf(run.Experiment, result.Advice) with { Status = result.Status };
    }

    /// <summary>Writes a checkpoint as soon as the run can. For any thread.</summary>
    public void AskForCheckpoint() => _isCheckpointAsked = true;

    /// <summary>
    /// For a process that ends without waiting for <see cref="Execute"/>: ends the run in the folder, from another thread. The rows
    /// recorded so far are kept, and run.json says stopped.
    /// </summary>
    /// <returns>run.json as written; null where no run has begun to write.</returns>
    /// <exception cref="IOException">A file could not be written.</exception>
    public RunRecord? Cut() => _cut?.Invoke();

    // How long the pieces before took, and where the last one ended.
    private readonly record struct Origin(TimeSpan Before, Checkpoint? Checkpoint);

    private RunRecord GoOn(RunFolder target, Checkpoint checkpoint, Experiment found, Experiment? extended, CancellationToken stop)
    {
        using PreparedRun prepared = PreparedRun.Of(found, threads, out string? advice);
        PreparedRun run = extended is null ? prepared : prepared with { Experiment = extended };
        Experiment stored = InputFiles.Copied(run.Experiment).Experiment;
        RunRecord before = target.Before!;
        Say(Text.Of($"goes on from t = {checkpoint.Time:G6}, the state of {checkpoint.Written:yyyy-MM-dd HH:mm:ss} UTC")
            + (before.Build == RecordOf(stored, advice).Build ? "" : $"; what is there is of another build, {before.ProgramVersion}"));
        // One that was killed could not say how long it took.
        double seconds = before.Status != RunStatus.Running ? before.WallSeconds
            : before.WallSeconds + Math.Max(0, Math.Round((checkpoint.Written - before.Start).TotalSeconds, 3));
        RunPiece piece = new(before.ExperimentSha256, before.Start, before.End, checkpoint.Time, before.Threads, seconds,
            before.ProgramVersion, before.Host);
        RunRecord record = RecordOf(stored, advice) with
        {
            Pieces = [.. before.Pieces ?? [], piece],
            WallSeconds = seconds,
            TimeReached = checkpoint.Time,
        };
        string? text = extended is null ? null : ExperimentReader.Write(stored);
        return Cuttable(target, record, stored, () => Run(run, target, target.GoOn(checkpoint, record, text), stored,
            new Origin(TimeSpan.FromSeconds(seconds), checkpoint), stop));
    }

    // run.json of a folder, if it is of this very experiment and build.
    private RunRecord? Same(Experiment experiment, string folder)
    {
        string path = Path.Combine(folder, RunFolder.RunFile);
        if (!File.Exists(path)) return null;
        RunRecord before;
        try { before = RunRecord.Read(path); }
        catch (IOException) { return null; }
        RunRecord here = RecordOf(experiment, null);
        if (before.Build != here.Build) return null;
        using PreparedRun run = PreparedRun.Of(experiment, threads, out _);
        (Experiment copied, IReadOnlyList<InputCopy> inputs) = InputFiles.Copied(run.Experiment);
        bool isSame = before.ExperimentSha256 == WholeFile.RecordOf("", ExperimentReader.Write(copied)).Sha256
            && inputs.All(input => before.Files.Any(f => f.IsOf(input)));
        return isSame ? before : null;
    }

    private RunRecord RecordOf(Experiment stored, string? advice) => new()
    {
        Advice = advice, Seed = stored.Seed, Device = stored.Device, Threads = threads,
        Precision = stored.Precision.ToString().ToLowerInvariant(),
        TimeUnit = stored.Time.Unit == TimeUnit.One ? null : stored.Time.Unit.ToString().ToLowerInvariant(),
    };

    private RunRecord Cuttable(RunFolder target, RunRecord record, Experiment stored, Func<RunRecord> run)
    {
        try
        {
            _cut = () => target.Cut(record with
            {
                Status = RunStatus.Stopped,
                Advice = StoppedAt(record.TimeReached, stored),
            }, stored.Title);
            return run();
        }
        finally
        {
            (_cut, _isEnding) = (null, false);
        }
    }

    private RunRecord Run(PreparedRun run, RunFolder target, RunRecord record, Experiment stored, Origin from, CancellationToken stop)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan written = default;
        try
        {
            CsvTable table = target.OpenObservables(run.Observables.SelectMany(o => o.Columns));
            ObservableWriter writer = new(table, stored.Times.Observations, run.Observables);
            RunState state = null!;
            state = new()
            {
                Earlier = from.Checkpoint,
                AtRest = () =>
                {
                    if (_isCheckpointAsked || watch.Elapsed - written >= CheckpointInterval) WriteCheckpoint(TimeSpan.Zero);
                },
                AtEnd = () =>
                {
                    _isEnding = true;
                    WriteCheckpoint(TimeSpan.Zero);
                },
            };
            _cut = () =>
            {
                WriteCheckpoint(Patience);
                return target.Cut(Stopped(record, run, writer) with { WallSeconds = Seconds() }, stored.Title);
            };
            run.CheckRanks();
            run.Sums.FromFirst(() => from.Checkpoint?.ToNumbers() ?? []);
            RunResult result = run.Simulate(Observers(run, writer, target), state, threads, stop);
            record = record with
            {
                Status = result.Status,
                Advice = result.Status == RunStatus.Stopped ? StoppedAt(result.Time, stored)
                    : result.Advice ?? run.Sums.Statistics.Advice ?? record.Advice,
                Reason = result.Reason,
                Steps = result.Steps,
                RejectedSteps = result.Rejected,
                Evaluations = result.Evaluations,
                ObservationEvaluations = result.ObservationEvaluations,
                TimeReached = result.Time,
                Summation = SummationRecord.Of(run.Sums.Statistics, run.Flow.HardEvaluations,
                    stored.Summation == Summation.Direct ? null : stored.Tolerance),
                Alerts = [.. run.StepAlerts, .. writer.Alerts],
                WallSeconds = Seconds(),
            };
            return target.Finish(record, stored.Title);

            void WriteCheckpoint(TimeSpan patience)
            {
                // A run does not fail for want of a checkpoint; what fails with it, fails by itself.
                try { target.WriteCheckpoint(state, record, patience); }
                catch (IOException error) { warn($"no checkpoint was written: {error.Message}"); }
                (_isCheckpointAsked, written) = (false, watch.Elapsed);
            }
        }
        catch (Exception error)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, stored.Title);
            throw;
        }

        double Seconds() => Math.Round((from.Before + watch.Elapsed).TotalSeconds, 3);
    }

    private string StoppedAt(double time, Experiment experiment) =>
        $"{Simulation.StoppedAt(time, experiment.Time.Horizon)}; {GoesOnBy}";

    // A run that is cut is as far as its last recorded time.
    private RunRecord Stopped(RunRecord record, PreparedRun run, ObservableWriter writer) => record with
    {
        Status = RunStatus.Stopped,
        TimeReached = writer.LastObserved.Time,
        Steps = writer.LastObserved.Steps,
        Evaluations = run.Flow.Evaluations,
        Advice = StoppedAt(writer.LastObserved.Time, run.Experiment),
        Alerts = [.. run.StepAlerts, .. writer.Alerts],
    };

    private List<IObserver> Observers(PreparedRun run, ObservableWriter writer, RunFolder target)
    {
        (Experiment experiment, Cloud cloud, Flow flow) = (run.Experiment, run.Cloud, run.Flow);
        List<IObserver> observers =
        [
            .. run.Observables.OfType<IObserver>(),
            writer,
            new SnapshotWriter(target.OpenSnapshots(cloud.Dimension, flow.Scheme.HasRadius, experiment.Record, flow.Layer.HasMovingWeights),
                experiment.Times.Snapshots, experiment.Record.Tokens ?? cloud.Tokens, experiment.Record.Digits),
            new ProgressObserver(progress, experiment, run.Sums),
        ];
        if (experiment.Time.Merge is not null) observers.Add(new MergerWriter(target.OpenMergers()));
        if (experiment.Record.Plateaus) observers.Add(new PlateauWriter(target.OpenPlateaus(), flow));
        return observers;
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
