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
    private long _observations;

    public AdaptiveMotion(Flow flow, Cloud cloud, Tableau method, double tolerance, double horizon, int threads, Action<Step> stepped)
        : base(flow, cloud, stepped)
    {
        _stepper = new AdaptiveStepper(flow, method, tolerance, horizon, threads, new State([.. cloud.Positions], [.. State.Radii]));
        _drift = new double[cloud.Positions.Length];
    }

    public override long Steps => _stepper.Steps;

    public override long Rejected => _stepper.Rejected;

    public override long ObservationEvaluations => _observations;

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
        Flow.Drift(State, _drift, .., stop);
        _observations++;
        return _drift;
    }
}
