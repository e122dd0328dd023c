using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Response;

/// <summary>
/// A replica of an experiment at a time, and its flow, whose pairs are summed directly, in double precision, on the processor, whatever
/// the experiment says: a derivative is a small difference.
/// </summary>
public sealed class ResponseState : IDisposable
{
    private const int MostTokens = 1 << 16;

    private readonly IPairSums _sums;
    private readonly int _threads;

    private ResponseState(Experiment experiment, Cloud cloud, double time, int threads)
    {
        (Experiment, Cloud, Time, _threads) = (experiment, cloud, time, threads);
        _sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
    }

    /// <summary>The experiment.</summary>
    public Experiment Experiment { get; }

    /// <summary>The tokens.</summary>
    public Cloud Cloud { get; }

    /// <summary>Their time.</summary>
    public double Time { get; }

    /// <summary>
    /// The state that an experiment comes to: its start for a time of 0, else the end of a run by the experiment's own method.
    /// </summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="time">The time; null: the horizon.</param>
    /// <param name="replica">Which replica.</param>
    /// <param name="threads">Threads to use.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ConfigurationException">It has no such replica, or no such linear response, or does not come to the time.
    /// </exception>
    public static ResponseState Of(Experiment experiment, double? time, int replica, int threads, CancellationToken stop)
    {
        double horizon = time ?? experiment.Time.Horizon;
        Check(experiment, replica);
        if (experiment.Tokens.Initial is not SnapshotLaw) experiment = experiment with { Replicas = replica + 1 };
        Cloud cloud = horizon == 0 ? experiment.Draw() : Moved(experiment, ref horizon, threads, stop);
        return new ResponseState(experiment, One(cloud, replica), horizon, threads);
    }

    /// <summary>The state of a run at a time that it recorded.</summary>
    /// <param name="experiment">That of the run, with the snapshot as its start.</param>
    /// <param name="replica">Which replica.</param>
    /// <param name="threads">Threads to use.</param>
    /// <exception cref="ConfigurationException">It has no such replica, or no such linear response.</exception>
    public static ResponseState OfSnapshot(Experiment experiment, int replica, int threads)
    {
        Check(experiment, replica);
        double time = (experiment.Tokens.Initial as SnapshotLaw)?.Time ?? 0;
        return new ResponseState(experiment, One(experiment.Draw(), replica), time, threads);
    }

    private static void Check(Experiment experiment, int replica)
    {
        if (replica >= experiment.Replicas)
            throw new ConfigurationException(
                $"--replica {replica}: there {(experiment.Replicas == 1 ? "is" : "are")} {Text.Plural(experiment.Replicas, "replica")}, "
                + "counted from 0");
        if (experiment.Tokens.Count > MostTokens)
            throw ConfigurationException.At("$.tokens.count", $"linear response sums all pairs directly, of {MostTokens} tokens at most.");
        if (experiment.Noise is not null)
            throw ConfigurationException.At("$.interaction.noise", "linear response is that of the drift alone; "
                + "--set interaction.noise=null leaves the noise out.");
        if (experiment.Time.Redraw is not null)
            throw ConfigurationException.At("$.time.redraw", "linear response is that of one drift, of matrices that stay; "
                + "leave this key out.");
    }

    private static Cloud One(Cloud cloud, int replica)
    {
        (int n, int d) = (cloud.Tokens, cloud.Dimension);
        return new(1, n, d, cloud.Positions[(replica * n * d)..((replica + 1) * n * d)],
            cloud.Labels[(replica * n)..((replica + 1) * n)], cloud.Weights[(replica * n)..((replica + 1) * n)]);
    }

    /// <summary>The derivative of the drift of this experiment, or of another of the same tokens.</summary>
    /// <exception cref="ConfigurationException">It has none.</exception>
    public DriftJacobian Jacobian(Experiment? other = null)
    {
        Experiment experiment = other ?? Experiment;
        Interaction interaction = experiment.Interaction.Pair with { Unit = experiment.Time.Unit };
        // Lengths of vectors and matrices are roots of sums of squares.
        double rate = experiment.Layer.CollapseRate(interaction), numbers = (double)Cloud.Tokens * Cloud.Dimension;
        if (double.IsInfinity(4 * rate * rate * numbers * numbers)) throw ExperimentRules.TooFast(experiment, "has a square");
        (Gauge gauge, Layer layer, Scheme scheme) = (experiment.Gauge, experiment.Layer, experiment.Interaction.Scheme);
        try
        {
            return new DriftJacobian(Cloud, many => new Flow(interaction, gauge, many, _sums, _threads, layer) { Scheme = scheme });
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw ConfigurationException.At("$.interaction", $"{e.Message}.");
        }
    }

    /// <summary>Closes the device.</summary>
    public void Dispose() => _sums.Dispose();

    private static Cloud Moved(Experiment experiment, ref double time, int threads, CancellationToken stop)
    {
        experiment = experiment with
        {
            Time = experiment.Time with
            {
                Horizon = time,
                Step = experiment.Time.Step is { } step ? Math.Min(step, time) : null,
            },
            Record = new RecordSection { Snapshots = 1, Observations = 2, Observables = ["mean"] },
        };
        using PreparedRun run = PreparedRun.Of(experiment, threads, out string? _);
        RunResult result = run.Simulate([], new RunState(), threads, stop);
        stop.ThrowIfCancellationRequested();
        if (result.Status != RunStatus.Complete)
            throw new ConfigurationException(Text.Of($"the run does not come to t = {time:G6}: {result.Advice}; --time 0 is its start"));
        time = result.Time;
        return run.Cloud;
    }
}
