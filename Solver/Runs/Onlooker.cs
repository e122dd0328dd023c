using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>
/// Measures observables and writes nothing: for ranks other than 0, which must ask for the sums that rank 0 asks for, and step to the
/// same times.
/// </summary>
internal sealed class Onlooker : TimedObserver
{
    private readonly IReadOnlyList<Observable> _observables;

    private Onlooker(IReadOnlyList<double> times, IReadOnlyList<Observable> observables) : base(times) => _observables = observables;

    /// <summary>What a rank that writes nothing looks with; mergers and plateaus need no sums.</summary>
    public static IReadOnlyList<IObserver> Of(PreparedRun run) =>
    [
        .. run.Observables.OfType<IObserver>(), new Onlooker(run.Experiment.Times.Observations, run.Observables),
        new Onlooker(run.Experiment.Times.Snapshots, []),
    ];

    /// <inheritdoc/>
    public override bool NeedsDrift => _observables.Any(o => o.NeedsDrift);

    /// <inheritdoc/>
    public override bool NeedsTangents => _observables.Any(o => o.NeedsTangents);

    /// <inheritdoc/>
    protected override void Record(in Frame frame)
    {
        foreach (Observable observable in _observables)
            observable.Measure(frame, new double[frame.Flow.Replicas * observable.Columns.Count]);
    }
}
