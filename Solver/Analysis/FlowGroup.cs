using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Solver.Analysis;

/// <summary>Replicas of as many tokens each, as one flow that is evaluated where a snapshot has them.</summary>
internal sealed class FlowGroup
{
    private readonly Experiment? _experiment;
    private readonly IReadOnlyList<TokenSet> _like;
    private readonly double[] _drift;
    private double[] _x;

    private FlowGroup(Experiment? experiment, IReadOnlyList<TokenSet> like, Flow flow)
    {
        (_experiment, _like, Flow) = (experiment, like, flow);
        _x = like.Count == 1 ? [] : new double[flow.Rows * flow.Dimension];
        _drift = experiment is null ? [] : new double[flow.Rows * flow.Dimension];
    }

    /// <summary>The flow.</summary>
    public Flow Flow { get; }

    /// <summary>What is measured of it, once it is known.</summary>
    public IReadOnlyList<Observable> Observables { get; set; } = [];

    /// <summary>The flow of these replicas, which have as many tokens each.</summary>
    /// <param name="request">What flow.</param>
    /// <param name="sets">The replicas.</param>
    /// <param name="d">d.</param>
    /// <param name="devices">Opens devices, and keeps them.</param>
    /// <exception cref="ConfigurationException">The experiment is none for these tokens.</exception>
    public static FlowGroup Of(AnalysisRequest request, IReadOnlyList<TokenSet> sets, int d, OpenDevices devices)
    {
        int n = sets[0].Count;
        double[] x = [.. sets.SelectMany(s => s.Positions)];
        double[]? labels = sets[0].Labels is null ? null : [.. sets.SelectMany(s => s.Labels!)];
        double[]? weights = null;
        double[]?[] given = [.. sets.Select(s => s.Weights ?? request.WeightsOf?.Invoke(new(s.Replica, s.Tokens, n)))];
        if (given.Any(w => w is not null)) weights = [.. given.SelectMany(w => w ?? [.. Enumerable.Repeat(1.0 / n, n)])];
        if (request.Experiment is not { } experiment)
        {
            Cloud plain = new(sets.Count, n, d, x, labels, weights);
            return new FlowGroup(null, sets, new Flow(new Interaction(1), new IdentityGauge(), plain, devices.Nothing, request.Threads));
        }
        labels ??= Guard("$.labels", () => experiment.Labels.Draw(sets.Count, n, experiment.Seed));
        Cloud cloud = new(sets.Count, n, d, x, labels, weights);
        Interaction interaction = experiment.Interaction.Pair with { Unit = experiment.Time.Unit };
        IPairSums sums = devices.For(experiment, cloud, interaction, request.Threads);
        Flow flow = Guard("$.interaction", () => new Flow(interaction, experiment.Gauge, cloud, sums, request.Threads, experiment.Layer)
        {
            Scheme = experiment.Interaction.Scheme,
        });
        return new FlowGroup(experiment, sets, flow);
    }

    // A part of the experiment that is none for these tokens.
    private static T Guard<T>(string where, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw ConfigurationException.At(where, $"{e.Message}.");
        }
    }

    /// <summary>Whether these replicas differ from those that it was made of in positions and radii alone.</summary>
    public bool Fits(IReadOnlyList<TokenSet> sets)
    {
        if (sets.Count != _like.Count) return false;
        for (int r = 0; r < sets.Count; r++)
        {
            (TokenSet a, TokenSet b) = (sets[r], _like[r]);
            if (a.Replica != b.Replica || !a.HasTokensOf(b) || !AreSame(a.Labels, b.Labels) || !AreSame(a.Weights, b.Weights)) return false;
        }
        return true;

        static bool AreSame(double[]? a, double[]? b) => a is null ? b is null : b is not null && a.AsSpan().SequenceEqual(b);
    }

    /// <summary>The replicas at one time.</summary>
    /// <param name="snapshot">The time.</param>
    /// <param name="sets">The replicas.</param>
    /// <param name="needsDrift">Whether someone looks at the drift.</param>
    /// <param name="stop">Ends it.</param>
    public Frame FrameAt(Snapshot snapshot, IReadOnlyList<TokenSet> sets, bool needsDrift, CancellationToken stop)
    {
        if (sets.Count == 1) _x = sets[0].Positions;
        else
            for (int r = 0; r < sets.Count; r++) sets[r].Positions.CopyTo(_x, r * sets[r].Positions.Length);
        double[] radii = RadiiAt(snapshot.Time, sets);
        if (needsDrift) Flow.Drift(new State(_x, radii), new State(_drift, new double[radii.Length]), .., stop);
        return new Frame(snapshot.Time, snapshot.Number, _x, needsDrift ? _drift : [], Flow, stop) { Radii = radii };
    }

    // The state of the scheme beside the positions.
    private double[] RadiiAt(double time, IReadOnlyList<TokenSet> sets)
    {
        if (_experiment?.Interaction.Scheme is not { Start: not null } scheme) return [];
        if (scheme is SqrtScheme) return [.. Enumerable.Repeat(Math.Sqrt(time + 1), Flow.Rows)];
        if (sets.Any(s => s.Radii is null))
            throw ConfigurationException.At("$.interaction.scheme", "tokens under this scheme have radii, and the trajectory has no column "
                + "'radius'; set interaction.scheme.kind to post.");
        return [.. sets.SelectMany(s => s.Radii!)];
    }
}

/// <summary>Devices by what they were opened for.</summary>
internal sealed class OpenDevices : IDisposable
{
    private readonly Dictionary<(string, Precision, Summation, double), IPairSums> _open = [];
    private IPairSums? _nothing;

    /// <summary>For flows whose pairs nobody sums.</summary>
    public IPairSums Nothing => _nothing ??= DeviceCatalog.Open("reference", Precision.Double, threads: 1);

    /// <summary>The device and the way of summing that an experiment names, or that auto takes for these tokens.</summary>
    /// <exception cref="ConfigurationException">The tokens cannot be summed in this way.</exception>
    public IPairSums For(Experiment experiment, Cloud cloud, Interaction interaction, int threads)
    {
        (Choice choice, double tolerance, PairProblem _, RowColumns _) = ChosenSums.Of(experiment, cloud, interaction, budget: null);
        (string, Precision, Summation, double) key = (choice.Device, experiment.Precision, choice.Summation, tolerance);
        if (!_open.TryGetValue(key, out IPairSums? sums))
            _open[key] = sums = DeviceCatalog.Open(choice.Device, experiment.Precision, threads, choice.Summation, tolerance);
        return sums;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IPairSums sums in _open.Values) sums.Dispose();
        _nothing?.Dispose();
    }
}
