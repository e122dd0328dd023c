using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Every replica steps at its own pace until it has passed the next recording time, and then waits; those that wait are not evaluated.
/// Recording times are reached by dense output, which needs the last step only.
/// </summary>
internal sealed class AdaptiveMotion : Motion
{
    // Of the fastest time: 1e-7 of a disturbance are lost in a unit of time.
    private const double LongestTangentStep = 0.25;

    private readonly AdaptiveStepper _stepper;
    private readonly Tangents? _tangents;
    private readonly double[] _drift, _steps;

    public AdaptiveMotion(Flow flow, Cloud cloud, Tableau method, double tolerance, double horizon, int threads, RunState run,
        Tangents? tangents, Action<Step> stepped)
        : base(flow, cloud, run, stepped)
    {
        _stepper = new AdaptiveStepper(flow, method, tolerance, horizon, threads, State.Copy(), run);
        (_tangents, _drift, _steps) = (tangents, new double[cloud.Positions.Length], new double[flow.Replicas]);
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
        while (Advance(target, stop))
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

    public override TangentGrowth[] Growth(CancellationToken stop)
    {
        for (int r = 0; r < _steps.Length; r++) _steps[r] = Time - _stepper.Start(r);
        TangentGrowth[] growth = _tangents!.Growth();
        if (!Disturb(stop)) return growth;
        for (int r = 0; r < _steps.Length; r++)
            if (_steps[r] != 0) growth[r] = _tangents.GrowthAt(State, r);
        return growth;
    }

    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        if (_tangents is not null) archive.Within("tangents", _tangents.Keep);
        // Tangent vectors are where the last step began.
        else if (!archive.IsReading)
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

    private bool Advance(double target, CancellationToken stop)
    {
        if (_tangents is not null) Carry(target, stop);
        return _stepper.Advance(target, stop);
    }

    // Tangent vectors come to the end of the last step of the replicas that go on from there.
    private void Carry(double target, CancellationToken stop)
    {
        for (int r = 0; r < _steps.Length; r++) _steps[r] = _stepper.End(r) < target ? _stepper.Length(r) : 0;
        if (!Disturb(stop)) return;
        for (int r = 0; r < _steps.Length; r++)
        {
            if (_steps[r] == 0) continue;
            _stepper.Settle(r);
            _tangents!.Follow(_stepper.Beginning, r);
        }
    }

    // False where all wait.
    private bool Disturb(CancellationToken stop)
    {
        if (_steps.All(s => s == 0)) return false;
        // A step was finished.
        Run.Mark();
        _tangents!.Disturb(_stepper.Beginning);
        _tangents.Step(_steps, LongestTangentStep / Flow.CollapseRate, stop);
        return true;
    }
}
