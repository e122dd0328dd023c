using System.Diagnostics;
using AttentionFlow.Experiments.Configuration;
using AttentionFlow.Kernels;
using AttentionFlow.Solver;

namespace AttentionFlow.Experiments;

/// <summary>Runs one experiment into a folder.</summary>
/// <param name="threads">Threads of the pair sums and of the per-token work.</param>
/// <param name="progress">Is told how far the run has come.</param>
/// <param name="warn">Takes advice given before the run.</param>
public sealed class ExperimentRun(int threads, IProgressDisplay progress, Action<string> warn)
{
    /// <summary>Runs <paramref name="experiment"/>; whatever happens after the folder is made, run.json says how far it got.</summary>
    /// <returns>run.json as written.</returns>
    /// <exception cref="ConfigurationException">The experiment cannot be run as it stands; nothing was written.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not available; nothing was written.</exception>
    /// <exception cref="FolderNotEmptyException">There is something in the folder.</exception>
    /// <exception cref="IOException">Reading or writing failed.</exception>
    public RunRecord Execute(Experiment experiment, string folder, bool overwrite, CancellationToken stop)
    {
        Interaction interaction = ExperimentBuilder.Interaction(experiment);
        Gauge gauge = ExperimentBuilder.Gauge(experiment);
        Cloud cloud = ExperimentBuilder.Cloud(experiment, gauge);
        Tableau method = Tableau.Find(experiment.Time.Method)!;
        string device = Devices.Resolve(experiment.Device, interaction);
        using IPairSums sums = Devices.Open(device, experiment.Precision, threads);
        Flow flow = MakeFlow(interaction, gauge, cloud, sums, threads);
        List<Observable> observables = [.. experiment.Record.Observables.Select(name => MakeObservable(name, flow))];
        if (Stability.Advice(interaction, method, experiment.Time.Step) is { } advice) warn($"$.time.step: {advice}");

        using RunFolder target = RunFolder.Create(folder, overwrite);
        RunRecord record = target.Start(ExperimentReader.Write(experiment with { Device = device }), new RunRecord
        {
            Seed = experiment.Seed, Device = device, Precision = experiment.Precision.ToString().ToLowerInvariant(), Threads = threads,
        });
        (double[] snapshotTimes, double[] observationTimes) = ExperimentBuilder.Times(experiment);
        List<IObserver> observers =
        [
            .. observables.OfType<IObserver>(),
            new ObservableWriter(target.OpenObservables(observables.SelectMany(o => o.Columns)), observationTimes, observables),
            new SnapshotWriter(target.OpenSnapshots(cloud.Dimension), snapshotTimes, experiment.Record.Tokens ?? cloud.Tokens),
            new ProgressObserver(progress, experiment),
        ];
        Simulation simulation = new(flow, method, experiment.Time.Step, experiment.Time.Horizon, threads);
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            RunResult result = simulation.Run(cloud, observers, stop);
            record = record with
            {
                Status = result.Status,
                Advice = result.Advice,
                Steps = result.Steps,
                Evaluations = result.Evaluations,
                TimeReached = result.Time,
                WallSeconds = Math.Round(watch.Elapsed.TotalSeconds, 3),
            };
            return target.Finish(record, experiment.Title);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, experiment.Title);
            throw;
        }
    }

    /// <summary>Ordered pairs that a run of this experiment sums: replicas x tokens^2 x evaluations.</summary>
    public static double Pairs(Experiment experiment) =>
        (double)experiment.Replicas * experiment.Tokens.Count * experiment.Tokens.Count
        * Math.Ceiling(experiment.Time.Horizon / experiment.Time.Step) * Tableau.Find(experiment.Time.Method)!.B.Length;

    private static Flow MakeFlow(Interaction interaction, Gauge gauge, Cloud cloud, IPairSums sums, int threads)
    {
        try
        {
            return new Flow(interaction, gauge, cloud, sums, threads);
        }
        catch (ArgumentException error)
        {
            throw ConfigurationException.At("$.interaction", error.Message);
        }
        catch (NotSupportedException error)
        {
            throw ConfigurationException.At("$.device", $"{error.Message}; the device \"reference\" can do it");
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
