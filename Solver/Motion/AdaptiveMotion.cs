using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Every replica steps at its own pace until it has passed the next recording time, and then waits; those that wait are not evaluated.
/// Recording times are reached by dense output, which needs the last step only.
/// </summary>
internal sealed class AdaptiveMotion : Motion
{
    private readonly AdaptiveStepper _stepper;
    private readonly double[] _drift;

    public AdaptiveMotion(Flow flow, Cloud cloud, Tableau method, double tolerance, double horizon, int threads, RunState run,
        Action<Step> stepped)
        : base(flow, cloud, run, stepped)
    {
        _stepper = new AdaptiveStepper(flow, method, tolerance, horizon, threads, new State([.. cloud.Positions], [.. State.Radii]), run);
        _drift = new double[cloud.Positions.Length];
    }

    public override long Steps => _stepper.Steps;

    public override long Rejected => _stepper.Rejected;

    public override void Begin(CancellationToken stop)
    {
        _stepper.Begin(stop);
        for (int r = 0; r < Flow.Replicas; r++) Tell(r, 0, 0, _stepper.Drift);
    }

    public override void MoveTo(double target, CancellationToken stop)
    {
        while (_stepper.Advance(target, stop))
            for (int r = 0; r < Flow.Replicas; r++)
                if (_stepper.HasMoved(r)) Tell(r, _stepper.End(r), _stepper.Length(r), _stepper.DriftAtEnd);
        for (int r = 0; r < Flow.Replicas; r++) _stepper.Interpolate(r, target, State);
        Time = target;
    }

    public override double[] Drift(CancellationToken stop)
    {
        DriftForObservers(_drift, stop);
        return _drift;
    }

    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        if (!archive.IsReading)
            for (int r = 0; r < Flow.Replicas; r++)
                if (_stepper.End(r) == Time) _stepper.Settle(r);
        _stepper.Keep(archive);
    }

    public override void Recall(CancellationToken stop)
    {
        // Those that have gone on since were shown.
        for (int r = 0; r < Flow.Replicas; r++)
            if (_stepper.Start(r) <= Time) _stepper.Interpolate(r, Time, State);
    }
}
