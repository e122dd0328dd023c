using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Steps of an adaptive method, each replica with its own time and step. The error of a step is that of its worst token; a PI controller
/// chooses the next [Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2]. A step at whose end the energy is lower,
/// beyond rounding, is refused too.
/// </summary>
/// <param name="flow">The flow.</param>
/// <param name="method">The method, <see cref="Tableau.IsAdaptive"/>.</param>
/// <param name="tolerance">Error allowed in a step.</param>
/// <param name="horizon">No step goes beyond it.</param>
/// <param name="threads">Threads for the per-token work.</param>
/// <param name="x">The start; becomes the stepper's own.</param>
/// <param name="state">Of the run.</param>
/// <param name="before">Of one replica: where this one goes on, or null to start at 0.</param>
internal sealed class AdaptiveStepper(
    Flow flow, Tableau method, double tolerance, double horizon, int threads, State x, RunState? state, AdaptiveStepper? before = null)
{
    private const double Safety = 0.9, Smallest = 0.2, Largest = 10, AfterFall = 0.6;

    // In units of the flow's fastest time: a step that is no step to go on with, and the shortest that can be unstable.
    private const double Collapsed = 1e-7, Unstable = 0.5;

    private readonly Stepper _stepper = new(flow, method, threads, state);
    private readonly State _next = x.Copy();
    private readonly double[] _attempt = new double[flow.Replicas];
    private readonly Replica[] _replicas = [.. Enumerable.Range(0, flow.Replicas).Select(_ => new Replica
    {
        Start = before?.End(0) ?? 0, End = before?.End(0) ?? 0, NextLength = before?._replicas[0].NextLength ?? 0,
    })];

    // The last accepted step leads from Start to End, where the next begins.
    private sealed class Replica
    {
        public double Start, End, NextLength, LastError = 1, EnergyRatio;
        public bool HasMoved, WasRejected;
        public long Steps, Rejected;

        public void Keep(Archive archive)
        {
            archive.Number("start", ref Start);
            archive.Number("end", ref End);
            archive.Number("nextLength", ref NextLength);
            archive.Number("lastError", ref LastError);
            archive.Number("energyRatio", ref EnergyRatio);
            archive.Flag("wasRejected", ref WasRejected);
            archive.Whole("steps", ref Steps);
            archive.Whole("rejected", ref Rejected);
        }
    }

    public long Steps => _replicas.Max(r => r.Steps);

    public long Rejected => _replicas.MaxBy(r => r.Steps)!.Rejected;

    public double[] Drift => _stepper.Drift;

    /// <summary>The state at <see cref="Start"/> of every replica.</summary>
    public State Beginning => x;

    public double[] DriftAtEnd => _stepper.DriftAtEnd;

    /// <summary>Whether the replica was moved by the last <see cref="Advance"/>.</summary>
    public bool HasMoved(int replica) => _replicas[replica].HasMoved;

    /// <summary>The time a replica has reached.</summary>
    public double End(int replica) => _replicas[replica].End;

    /// <summary>The time at which its last step began; that at which it ended where nobody needs to see between any more.</summary>
    public double Start(int replica) => _replicas[replica].Start;

    /// <summary>The length of its last step.</summary>
    public double Length(int replica) => _replicas[replica].End - _replicas[replica].Start;

    /// <summary>Evaluates the drift at the start and chooses first steps.</summary>
    public void Begin(CancellationToken stop)
    {
        state?.Mark();
        _stepper.Begin(x, stop);
        int numbers = flow.Tokens * flow.Dimension;
        for (int r = 0; r < _replicas.Length; r++)
        {
            double fastest = 0;
            for (int i = r * numbers; i < (r + 1) * numbers; i += flow.Dimension)
                fastest = Math.Max(fastest, Sphere.Norm(_stepper.Drift.AsSpan(i, flow.Dimension)));
            if (flow.HasEnergy) _replicas[r].EnergyRatio = flow.EnergyRatio(r);
            if (_replicas[r].NextLength > 0) continue;
            if (!double.IsFinite(fastest)) throw new ArithmeticException("the numbers are not finite at t = 0");
            double first = Math.Min(method.StabilityLimit / flow.CollapseRate, 0.5 * Math.Pow(tolerance, 1.0 / method.Order) / fastest);
            _replicas[r].NextLength = Math.Min(first, horizon);
        }
    }

    /// <summary>Attempts one step of every replica that has not reached <paramref name="target"/>; false when there is none.</summary>
    public bool Advance(double target, CancellationToken stop)
    {
        bool any = false;
        for (int r = 0; r < _replicas.Length; r++)
        {
            Replica replica = _replicas[r];
            replica.HasMoved = false;
            _attempt[r] = 0;
            if (replica.End >= target) continue;
            any = true;
            Settle(r);
            double left = horizon - replica.End;
            _attempt[r] = replica.NextLength > 0.99 * left ? left : replica.NextLength;
        }
        if (!any) return false;
        state?.Mark();
        _stepper.Attempt(x, _next, _attempt, stop);
        for (int r = 0; r < _replicas.Length; r++)
            if (_attempt[r] != 0)
                Judge(_replicas[r], _attempt[r], _stepper.Error(r) / tolerance, flow.HasEnergy ? flow.EnergyRatio(r) : double.NaN);
        return true;
    }

    /// <summary>The next step of a replica is to be no longer than this.</summary>
    public void Limit(int replica, double length) => _replicas[replica].NextLength = Math.Min(_replicas[replica].NextLength, length);

    /// <summary>A replica at a time within its last step, to the same rows of <paramref name="target"/>.</summary>
    public void Interpolate(int replica, double time, State target)
    {
        Replica state = _replicas[replica];
        int n = flow.Tokens;
        if (state.Start == state.End) x.CopyTo(target, replica * n, n, flow.Dimension);
        else if (time == state.End) _next.CopyTo(target, replica * n, n, flow.Dimension);
        else _stepper.Interpolate(x, replica * n, n, state.End - state.Start, (time - state.Start) / (state.End - state.Start), target);
    }

    /// <summary>
    /// One token, by its row, at a time within the last step of its replica, to the same row of <paramref name="target"/>.
    /// </summary>
    public void InterpolateToken(int row, double time, State target)
    {
        Replica state = _replicas[row / flow.Tokens];
        if (state.Start == state.End) x.CopyTo(target, row, 1, flow.Dimension);
        else _stepper.Interpolate(x, row, 1, state.End - state.Start, (time - state.Start) / (state.End - state.Start), target);
    }

    /// <summary>All that the next step, and dense output of the last one, depend on.</summary>
    public void Keep(Archive archive)
    {
        int n = flow.Tokens, d = flow.Dimension;
        for (int r = 0; r < _replicas.Length; r++)
            archive.Within($"replica{r}", part =>
            {
                _replicas[r].Keep(part);
                bool isBetween = _replicas[r].Start != _replicas[r].End;
                x.Keep(part, "positions", r * n, n, d);
                if (isBetween) _next.Keep(part, "next", r * n, n, d);
                _stepper.Keep(part, r * n, n, isBetween ? _stepper.StageCount : 1);
            });
    }

    /// <summary>The next step of a replica begins where the last one ended; its dense output is lost.</summary>
    public void Settle(int r)
    {
        Replica replica = _replicas[r];
        if (replica.Start == replica.End) return;
        _next.CopyTo(x, r * flow.Tokens, flow.Tokens, flow.Dimension);
        _stepper.Accept(r);
        replica.Start = replica.End;
    }

    private void Judge(Replica replica, double h, double error, double energyRatio)
    {
        double rate = flow.CollapseRate;
        // At the edge of stability modes below the tolerance grow again: the error does not see it, the energy does.
        bool falls = energyRatio < replica.EnergyRatio - flow.EnergyRounding && h * rate > Unstable;
        if (error <= 1 && !falls)
        {
            replica.EnergyRatio = energyRatio;
            error = Math.Max(error, 1e-10);
            double growth = Safety * Math.Pow(error, -0.7 / method.Order) * Math.Pow(replica.LastError, 0.4 / method.Order);
            replica.NextLength = h * Math.Clamp(growth, Smallest, replica.WasRejected ? 1 : Largest);
            (replica.HasMoved, replica.WasRejected, replica.LastError) = (true, false, Math.Max(error, 1e-4));
            replica.End = h == horizon - replica.Start ? horizon : replica.Start + h;
            if (replica.End == replica.Start) throw BelowTheClock(replica, h, rate);
            replica.Steps++;
            return;
        }
        double shorter = double.IsFinite(error) ? Math.Max(Smallest, Safety * Math.Pow(error, -1.0 / method.Order)) : Smallest;
        replica.NextLength = h * (error <= 1 ? AfterFall : shorter);
        replica.WasRejected = true;
        replica.Rejected++;
        if (replica.Start + replica.NextLength == replica.Start) throw BelowTheClock(replica, replica.NextLength, rate);
        if (!(replica.NextLength * rate > Collapsed))
            throw new StepCollapsedException(FormattableString.Invariant(
                $"the step fell to {replica.NextLength:G3} at t = {replica.Start:G6}, far below the flow's fastest time {1 / rate:G3}: ")
                + FormattableString.Invariant($"a tolerance of {tolerance:G3} cannot be met; allow more, or use double precision"));
    }

    // A merger that takes a time of 1 has no place on a clock that shows 1e20.
    private static StepCollapsedException BelowTheClock(Replica replica, double step, double rate) => new(FormattableString.Invariant(
        $"steps of {step:G3} are below the last digit of t = {replica.Start:G6}, and the flow's fastest time is {1 / rate:G3}: ")
        + "a double has no digits for both; end the run earlier");
}

/// <summary>No step meets the tolerance; the message says what to do.</summary>
internal sealed class StepCollapsedException(string message) : ArithmeticException(message);
