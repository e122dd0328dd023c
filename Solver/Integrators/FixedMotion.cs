using System.Numerics;

namespace AttentionFlow.Solver;

/// <summary>
/// Every interval between two recording times is split into equal steps of at most <c>step</c>, so it lands on them exactly; all replicas step together.
/// </summary>
internal sealed class FixedMotion(Flow flow, Cloud cloud, Tableau method, double step, int threads, Action<Step> stepped) : Motion(flow, cloud, stepped)
{
    // Times closer than this share of a step are the same time.
    private const double SameShare = 1e-9;

    private readonly Stepper _stepper = new(flow, method, threads);
    private long _steps;

    public override long Steps => _steps;

    public override double SameTime => SameShare * step;

    public override void Begin(CancellationToken stop)
    {
        _stepper.Begin(Positions, stop);
        Tell(length: 0);
    }

    public override void MoveTo(double target, CancellationToken stop)
    {
        double start = Time;
        long count = Math.Max(1, (long)Math.Ceiling((target - start) / step - SameShare));
        for (long i = 1; i <= count; i++)
        {
            double length = (target - start) / count;
            _stepper.Advance(Positions, length, stop);
            Time = i == count ? target : start + (target - start) * i / count;
            _steps++;
            _stepper.Begin(Positions, stop);
            if (!IsFinite(_stepper.Drift) || !IsOnSphere(Positions)) throw new ArithmeticException(FormattableString.Invariant($"the numbers are not finite at t = {Time:G6}"));
            Tell(length);
        }
    }

    public override double[] Drift(CancellationToken stop) => _stepper.Drift;

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
