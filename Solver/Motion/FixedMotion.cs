using System.Numerics;
using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Every interval between two recording times is split into equal steps of at most <c>step</c>, so it lands on them exactly; all replicas
/// step together. Noise shares the steps; step k, counted from 0, gives the kicks 2k and 2k + 1.
/// </summary>
internal sealed class FixedMotion(
    Flow flow, Cloud cloud, Tableau method, double step, Noise? noise, int threads, RunState run, Tangents? tangents, Action<Step> stepped)
    : Motion(flow, cloud, run, stepped)
{
    // Times closer than this share of a step are the same time.
    private const double SameShare = 1e-9;

    private readonly Stepper _stepper = new(flow, method, threads, run);
    private long _steps;

    // The interval: where it began and ends, steps done in it. Of the step that is being made: whether its first kick is done; whether it
    // has moved the tokens, and only the drift there is missing.
    private double _start, _target;
    private long _done;
    private bool _isKicked, _hasMoved;

    public override long Steps => _steps;

    public override double SameTime => SameShare * step;

    protected override bool Climbs => noise is null && base.Climbs;

    private bool IsKickedBetween => noise?.Splitting == Splitting.Strang;

    private long Count => Math.Max(1, (long)Math.Ceiling((_target - _start) / step - SameShare));

    public override void Begin(CancellationToken stop)
    {
        Evaluate(stop);
        TellAll(Time, 0, _stepper.Drift, threads);
    }

    public override void MoveTo(double target, CancellationToken stop)
    {
        if (Flow.Layer.Redraw is { } redraw && !redraw.IsAt(target))
            throw new ArgumentException(FormattableString.Invariant($"at t = {target} no matrices are redrawn; ")
                + FormattableString.Invariant($"all times must be multiples of {redraw.Interval}"), nameof(target));
        if (Time == _target) (_start, _target, _done) = (Time, target, 0);
        while (_done < Count)
        {
            Move((_target - _start) / Count, stop);
            Look(stop);
        }
    }

    public override double[] Drift(CancellationToken stop) => _stepper.Drift;

    public override TangentGrowth[] Growth(CancellationToken stop) => tangents!.Growth();

    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        archive.Whole("steps", ref _steps);
        archive.Number("start", ref _start);
        archive.Number("target", ref _target);
        archive.Whole("done", ref _done);
        archive.Flag("isKicked", ref _isKicked);
        archive.Flag("hasMoved", ref _hasMoved);
        State.Keep(archive, "positions", 0, Flow.Rows, Flow.Dimension);
        if (tangents is not null) archive.Within("tangents", tangents.Keep);
    }

    public override void Recall(CancellationToken stop)
    {
        if (!_hasMoved && !_isKicked) Evaluate(stop);
    }

    public override void GoOn(CancellationToken stop)
    {
        if (_hasMoved) Look(stop);
    }

    private void Move(double length, CancellationToken stop)
    {
        Run.Mark();
        if (IsKickedBetween)
        {
            if (!_isKicked) Kick(0, length / 2);
            _isKicked = true;
            Evaluate(stop);
        }
        tangents?.Disturb(State);
        tangents?.Step(length, stop);
        _stepper.Advance(State, length, stop);
        tangents?.Follow(State);
        Kick(1, IsKickedBetween ? length / 2 : length);
        _done++;
        Time = _done == Count ? _target : _start + (_target - _start) * _done / Count;
        _steps++;
        (_isKicked, _hasMoved) = (false, true);
    }

    // At the end of a step.
    private void Look(CancellationToken stop)
    {
        Run.Mark();
        if (!IsKickedBetween || _done == Count) Evaluate(stop);
        if (State.Radii.Any(r => !(r > 0)))
            throw new StepCollapsedException(FormattableString.Invariant($"the radius of a token fell to 0 at t = {Time:G6}, ")
                + "where it has no direction; start from a larger radius");
        if (!IsFinite(_stepper.Drift) || !IsOnSphere(State.Positions))
            throw new ArithmeticException(FormattableString.Invariant($"the numbers are not finite at t = {Time:G6}"));
        _hasMoved = false;
        TellAll(Time, (_target - _start) / Count, _stepper.Drift, threads);
    }

    // The drift at the state, by the matrices of its time.
    private void Evaluate(CancellationToken stop)
    {
        Flow.MoveTo(Time);
        tangents?.MoveTo(Time);
        _stepper.Begin(State, stop);
    }

    private void Kick(int half, double length)
    {
        if (noise is null) return;
        uint number = (uint)(2 * _steps + half);
        tangents?.Disturb(State);
        noise.Kick(State.Positions, Flow.Tokens, Flow.Dimension, length, number, threads);
        if (tangents is null) return;
        noise.Kick(tangents.Points.Positions, Flow.Tokens, Flow.Dimension, length, number, threads, tangents.Copies);
        tangents.Follow(State);
    }

    // A step that overflows leaves tokens of length 0 or NaN.
    private bool IsOnSphere(double[] x)
    {
        Vector<double> squares = Vector<double>.Zero;
        int i = 0, lanes = Vector<double>.Count;
        for (; i <= x.Length - lanes; i += lanes) squares += new Vector<double>(x, i) * new Vector<double>(x, i);
        double total = Vector.Sum(squares);
        for (; i < x.Length; i++) total += x[i] * x[i];
        return Math.Abs(total - Flow.Rows) <= 0.5;
    }
}
