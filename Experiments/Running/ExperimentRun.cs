using System.Diagnostics;
using System.Globalization;
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
    /// <exception cref="DeviceUnavailableException">The device is not available, then nothing was written; or its memory does not suffice.</exception>
    /// <exception cref="DeviceFailedException">The device failed at work.</exception>
    /// <exception cref="FolderNotEmptyException">There is something in the folder.</exception>
    /// <exception cref="IOException">Reading or writing failed.</exception>
    public RunRecord Execute(Experiment experiment, string folder, bool overwrite, CancellationToken stop)
    {
        CheckMemory(experiment);
        Interaction interaction = ExperimentBuilder.Interaction(experiment);
        Gauge gauge = ExperimentBuilder.Gauge(experiment);
        Cloud cloud = ExperimentBuilder.Cloud(experiment, gauge);
        Tableau method = Tableau.Find(experiment.Time.Method)!;
        double tolerance = experiment.Tolerance ?? (experiment.Precision == Precision.Double ? 1e-10 : 1e-6);
        (string device, Summation summation) = Resolve(experiment, interaction, cloud, tolerance);
        using IPairSums sums = Devices.Open(device, experiment.Precision, threads, summation, tolerance);
        Flow flow = MakeFlow(interaction, gauge, cloud, sums, summation);
        List<Observable> observables = [.. experiment.Record.Observables.Select(name => MakeObservable(name, flow))];
        string?[] advices =
        [
            Stability.Advice(interaction, method, experiment.Time.Step) is { } step ? $"$.time.step: {step}" : null,
            summation == Summation.Fast && FastSums.Advice(interaction, tolerance) is { } far ? $"$.tolerance: {far}" : null,
        ];
        string? advice = advices.Any(a => a is not null) ? string.Join("; ", advices.OfType<string>()) : null;
        if (advice is not null) warn(advice);

        (Experiment stored, (string, string)[] inputs) = WithInputs(experiment with { Device = device, Summation = summation, Tolerance = tolerance });
        using RunFolder target = RunFolder.Create(folder, overwrite, inputs);
        RunRecord record = target.Start(ExperimentReader.Write(stored), new RunRecord
        {
            Advice = advice, Seed = experiment.Seed, Device = device, Precision = experiment.Precision.ToString().ToLowerInvariant(), Threads = threads,
        });
        (double[] snapshotTimes, double[] observationTimes) = ExperimentBuilder.Times(experiment);
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            List<IObserver> observers =
            [
                .. observables.OfType<IObserver>(),
                new ObservableWriter(target.OpenObservables(observables.SelectMany(o => o.Columns)), observationTimes, observables),
                new SnapshotWriter(target.OpenSnapshots(cloud.Dimension), snapshotTimes, experiment.Record.Tokens ?? cloud.Tokens),
                new ProgressObserver(progress, experiment),
            ];
            Simulation simulation = new(flow, method, experiment.Time.Step, experiment.Time.Horizon, threads);
            RunResult result = simulation.Run(cloud, observers, stop);
            record = record with
            {
                Status = result.Status,
                Advice = result.Advice ?? advice,
                Steps = result.Steps,
                Evaluations = result.Evaluations,
                TimeReached = result.Time,
                Summation = sums is FastSums { Calls: > 0 } fast
                    ? new SummationRecord("harmonic", tolerance, fast.Order, fast.ErrorBound > 0 ? fast.ErrorBound : null, fast.RowsRedone) : new SummationRecord("direct"),
                WallSeconds = Math.Round(watch.Elapsed.TotalSeconds, 3),
            };
            return target.Finish(record, experiment.Title);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DeviceUnavailableException or DeviceFailedException)
        {
            TryToSayFailed(target, record with { Status = RunStatus.Failed, Advice = error.Message }, experiment.Title);
            throw;
        }
    }

    /// <summary>Ordered pairs of one evaluation of the drift: replicas x tokens^2.</summary>
    public static double PairsPerEvaluation(Experiment experiment) => (double)experiment.Replicas * experiment.Tokens.Count * experiment.Tokens.Count;

    /// <summary>Ordered pairs that a run of this experiment sums for the drift.</summary>
    public static double Pairs(Experiment experiment)
    {
        (double[] snapshots, double[] observations) = ExperimentBuilder.Times(experiment);
        double steps = 0, last = 0;
        foreach (double time in snapshots.Concat(observations).Order())
        {
            // As in Simulation: times closer than 1e-9 of a step are one.
            if (time <= last + 1e-9 * experiment.Time.Step) continue;
            steps += Math.Max(1, Math.Ceiling((time - last) / experiment.Time.Step - 1e-9));
            last = time;
        }
        return PairsPerEvaluation(experiment) * (1 + steps * Tableau.Find(experiment.Time.Method)!.B.Length);
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
        return (experiment, [.. inputs]);
    }

    // Beyond the memory the system would end the program without a word.
    private static void CheckMemory(Experiment experiment)
    {
        const double gigabyte = 1 << 30;
        double needed = Memory(experiment) / gigabyte, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / gigabyte;
        if (needed > available)
            throw ConfigurationException.At("$.tokens.count", string.Create(CultureInfo.InvariantCulture,
                $"{experiment.Replicas} x {experiment.Tokens.Count} tokens in dimension {experiment.Tokens.Dimension} need about {needed:F0} GB of memory; there are {available:F0} GB."));
    }

    // Per token: x, y, force, stage and one drift a stage, each with d numbers; labels, weights and their copies, sums.
    private static double Memory(Experiment experiment) => sizeof(double) * (double)experiment.Replicas * experiment.Tokens.Count
        * (experiment.Tokens.Dimension * (4 + Tableau.Find(experiment.Time.Method)!.B.Length) + 10);

    // What auto stands for: a function of sizes, interaction, precision, tolerance and the devices here, stored with the run. Sums linear in n come before any device.
    private static (string Device, Summation Summation) Resolve(Experiment experiment, Interaction interaction, Cloud cloud, double tolerance)
    {
        bool mayBeFast = experiment.Device is "auto" or "cpu" && interaction.Mask == Mask.None && experiment.Summation != Summation.Direct;
        if (mayBeFast && (experiment.Summation == Summation.Fast || IsHarmonic())) return ("cpu", Summation.Fast);
        string device = Devices.Resolve(experiment.Device, interaction, (long)PairsPerEvaluation(experiment));
        if (experiment.Summation == Summation.Fast)
            throw ConfigurationException.At("$.summation", $"\"fast\" is for the device \"cpu\", not \"{device}\"{(interaction.Mask == Mask.None ? "" : ", which a mask needs")}; use \"direct\" or \"auto\"");
        return (device, Summation.Direct);

        bool IsHarmonic()
        {
            using FastSums probe = new(Summation.Auto, tolerance, experiment.Precision, threads: 1);
            return probe.IsHarmonic(PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights, cloud.Labels));
        }
    }

    private Flow MakeFlow(Interaction interaction, Gauge gauge, Cloud cloud, IPairSums sums, Summation summation)
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
            throw summation == Summation.Fast
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
