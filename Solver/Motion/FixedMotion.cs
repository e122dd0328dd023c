using System.Numerics;
using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Every interval between two recording times is split into equal steps of at most <c>step</c>, so it lands on them exactly; all replicas
/// step together. Noise shares the steps; step k, counted from 0, gives the kicks 2k and 2k + 1.
/// </summary>
internal sealed class FixedMotion(
    Flow flow, Cloud cloud, Tableau method, double step, Noise? noise, int threads, Action<Step> stepped) : Motion(flow, cloud, stepped)
{
    // Times closer than this share of a step are the same time.
    private const double SameShare = 1e-9;

    private readonly Stepper _stepper = new(flow, method, threads);
    private long _steps;

    public override long Steps => _steps;

    public override double SameTime => SameShare * step;

    protected override bool Climbs => noise is null && base.Climbs;

    public override void Begin(CancellationToken stop)
    {
        _stepper.Begin(State, stop);
        Tell(length: 0);
    }

    public override void MoveTo(double target, CancellationToken stop)
    {
        double start = Time;
        long count = Math.Max(1, (long)Math.Ceiling((target - start) / step - SameShare));
        for (long i = 1; i <= count; i++)
        {
            double length = (target - start) / count;
            bool between = noise?.Splitting == Splitting.Strang;
            if (between)
            {
                Kick(0, length / 2);
                _stepper.Begin(State, stop);
            }
            _stepper.Advance(State, length, stop);
            Kick(1, between ? length / 2 : length);
            Time = i == count ? target : start + (target - start) * i / count;
            _steps++;
            if (!between || i == count) _stepper.Begin(State, stop);
            if (State.Radii.Any(r => !(r > 0)))
                throw new StepCollapsedException(FormattableString.Invariant($"the radius of a token fell to 0 at t = {Time:G6}, ")
                    + "where it has no direction; start from a larger radius");
            if (!IsFinite(_stepper.Drift) || !IsOnSphere(State.Positions))
                throw new ArithmeticException(FormattableString.Invariant($"the numbers are not finite at t = {Time:G6}"));
            Tell(length);
        }
    }

    public override double[] Drift(CancellationToken stop) => _stepper.Drift;

    private void Kick(int number, double length) =>
        noise?.Kick(State.Positions, Flow.Tokens, Flow.Dimension, length, (uint)(2 * _steps + number), threads);

    private void Tell(double length)
    {
        for (int r = 0; r < Flow.Replicas; r++) Tell(r, Time, length, _stepper.Drift);
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
