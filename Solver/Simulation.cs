using System.Numerics;

namespace AttentionFlow.Solver;

/// <summary>The end of a run, with advice where it did not complete.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Time">The time reached.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Evaluations">Drift evaluations.</param>
/// <param name="Advice">What to do about it, or null.</param>
public sealed record RunResult(RunStatus Status, double Time, long Steps, long Evaluations, string? Advice);

/// <summary>
/// The loop in time, written once: it moves a cloud along a flow by a fixed step and shows observers the times they ask for.
/// Every interval between two such times is split into equal steps of at most <c>step</c>, so it lands on them exactly.
/// </summary>
/// <param name="flow">The flow.</param>
/// <param name="method">The method.</param>
/// <param name="step">Largest step, > 0.</param>
/// <param name="horizon">Final time, > 0.</param>
/// <param name="threads">Threads for the per-token work.</param>
public sealed class Simulation(Flow flow, Tableau method, double step, double horizon, int threads = 1)
{
    // Times closer than this share of a step are the same time.
    private const double SameTime = 1e-9;

    /// <summary>Moves <paramref name="cloud"/> to the horizon, in place.</summary>
    /// <param name="cloud">The cloud the flow was made for.</param>
    /// <param name="observers">Called in this order.</param>
    /// <param name="stop">Stops within one pair sum; the state is then that of the last whole step.</param>
    public RunResult Run(Cloud cloud, IReadOnlyList<IObserver> observers, CancellationToken stop = default)
    {
        Stepper stepper = new(flow, method, threads);
        double[] x = cloud.Positions;
        double time = 0;
        long steps = 0;
        try
        {
            stepper.Begin(x, stop);
            Show(observers, new Frame(time, steps, x, stepper.Drift, flow, stop));
            while (time < horizon)
            {
                double start = time, target = NextStop(observers, time);
                long count = Math.Max(1, (long)Math.Ceiling((target - start) / step - SameTime));
                for (long i = 1; i <= count; i++)
                {
                    stepper.Advance(x, (target - start) / count, stop);
                    time = i == count ? target : start + (target - start) * i / count;
                    steps++;
                    stepper.Begin(x, stop);
                    if (!IsFinite(stepper.Drift) || !IsOnSphere(x)) throw new ArithmeticException(FormattableString.Invariant($"the numbers are not finite at t = {time:G6}"));
                    Show(observers, new Frame(time, steps, x, stepper.Drift, flow, stop));
                }
            }
            return new RunResult(RunStatus.Complete, time, steps, flow.Evaluations, null);
        }
        catch (OperationCanceledException)
        {
            return new RunResult(RunStatus.Stopped, time, steps, flow.Evaluations, FormattableString.Invariant($"stopped at t = {time:G6} of {horizon:G6}"));
        }
        catch (ArithmeticException error)
        {
            string advice = Stability.Advice(flow.Interaction, method, step) ?? "the sums are beyond the range of double precision: change beta or the coupling, or leave the observable out";
            return new RunResult(RunStatus.Diverged, time, steps, flow.Evaluations, $"{error.Message}; {advice}");
        }
    }

    private double NextStop(IReadOnlyList<IObserver> observers, double time)
    {
        double next = horizon;
        foreach (IObserver observer in observers)
            if (observer.NextTime > time + SameTime * step && observer.NextTime < next) next = observer.NextTime;
        return next;
    }

    private void Show(IReadOnlyList<IObserver> observers, Frame frame)
    {
        foreach (IObserver observer in observers)
            if (observer.NextTime <= frame.Time + SameTime * step) observer.Observe(frame);
    }

    // A sum is finite only if its terms are; terms so large that their sum overflows are no drift to go on with either.
    private static bool IsFinite(double[] drift)
    {
        Vector<double> sum = Vector<double>.Zero;
        int i = 0, lanes = Vector<double>.Count;
        for (; i <= drift.Length - lanes; i += lanes) sum += new Vector<double>(drift, i);
        double total = Vector.Sum(sum);
        for (; i < drift.Length; i++) total += drift[i];
        return double.IsFinite(total);
    }

    // A step that overflows leaves tokens of length 0 or NaN.
    private bool IsOnSphere(double[] x)
    {
        Vector<double> squares = Vector<double>.Zero;
        int i = 0, lanes = Vector<double>.Count;
        for (; i <= x.Length - lanes; i += lanes) squares += new Vector<double>(x, i) * new Vector<double>(x, i);
        double total = Vector.Sum(squares);
        for (; i < x.Length; i++) total += x[i] * x[i];
        return Math.Abs(total - flow.Rows) <= 0.5;
    }
}
