namespace AttentionFlow.Solver;

/// <summary>
/// Steps of an adaptive method, each replica with its own time and step. The error of a step is that of its worst token; a PI controller chooses the next
/// [Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2].
/// </summary>
/// <param name="flow">The flow.</param>
/// <param name="method">The method, <see cref="Tableau.IsAdaptive"/>.</param>
/// <param name="tolerance">Error allowed in a step.</param>
/// <param name="horizon">No step goes beyond it.</param>
/// <param name="threads">Threads for the per-token work.</param>
/// <param name="x">[R, n, d], the start; becomes the stepper's own.</param>
internal sealed class AdaptiveStepper(Flow flow, Tableau method, double tolerance, double horizon, int threads, double[] x)
{
    private const double Safety = 0.9, Smallest = 0.2, Largest = 10;

    // A step that is so much shorter than the flow's fastest time is no step to go on with.
    private const double Collapsed = 1e-7;

    private readonly Stepper _stepper = new(flow, method, threads);
    private readonly double[] _next = new double[x.Length];
    private readonly double[] _attempt = new double[flow.Replicas];
    private readonly Replica[] _replicas = [.. Enumerable.Range(0, flow.Replicas).Select(_ => new Replica())];

    // The last accepted step leads from Start to End, where the next begins.
    private sealed class Replica
    {
        public double Start, End, NextLength, LastError = 1;
        public bool HasMoved, WasRejected;
        public long Steps, Rejected;
    }

    public long Steps => _replicas.Max(r => r.Steps);

    public long Rejected => _replicas.MaxBy(r => r.Steps)!.Rejected;

    public double[] Drift => _stepper.Drift;

    public double[] DriftAtEnd => _stepper.DriftAtEnd;

    /// <summary>Whether the replica was moved by the last <see cref="Advance"/>.</summary>
    public bool HasMoved(int replica) => _replicas[replica].HasMoved;

    /// <summary>The time a replica has reached.</summary>
    public double End(int replica) => _replicas[replica].End;

    /// <summary>The length of its last step.</summary>
    public double Length(int replica) => _replicas[replica].End - _replicas[replica].Start;

    /// <summary>Evaluates the drift at the start and chooses first steps.</summary>
    public void Begin(CancellationToken stop)
    {
        _stepper.Begin(x, stop);
        int numbers = flow.Tokens * flow.Dimension;
        for (int r = 0; r < _replicas.Length; r++)
        {
            double fastest = 0;
            for (int i = r * numbers; i < (r + 1) * numbers; i += flow.Dimension) fastest = Math.Max(fastest, Sphere.Norm(_stepper.Drift.AsSpan(i, flow.Dimension)));
            if (!double.IsFinite(fastest)) throw new ArithmeticException("the numbers are not finite at t = 0");
            double first = Math.Min(method.StabilityLimit / Stability.CollapseRate(flow.Interaction), 0.5 * Math.Pow(tolerance, 1.0 / method.Order) / fastest);
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
        _stepper.Attempt(x, _next, _attempt, stop);
        for (int r = 0; r < _replicas.Length; r++)
            if (_attempt[r] != 0) Judge(_replicas[r], _attempt[r], _stepper.Error(r) / tolerance);
        return true;
    }

    /// <summary>The tokens of a replica at a time within its last step, to the same entries of <paramref name="target"/> [R, n, d].</summary>
    public void Interpolate(int replica, double time, double[] target)
    {
        Replica state = _replicas[replica];
        int n = flow.Tokens, numbers = n * flow.Dimension;
        Span<double> into = target.AsSpan(replica * numbers, numbers);
        if (state.Start == state.End) x.AsSpan(replica * numbers, numbers).CopyTo(into);
        else if (time == state.End) _next.AsSpan(replica * numbers, numbers).CopyTo(into);
        else _stepper.Interpolate(x, replica * n, n, state.End - state.Start, (time - state.Start) / (state.End - state.Start), into);
    }

    // The next step begins where the last one ended; its dense output is lost.
    private void Settle(int r)
    {
        Replica replica = _replicas[r];
        if (replica.Start == replica.End) return;
        int numbers = flow.Tokens * flow.Dimension;
        _next.AsSpan(r * numbers, numbers).CopyTo(x.AsSpan(r * numbers));
        _stepper.Accept(r);
        replica.Start = replica.End;
    }

    private void Judge(Replica replica, double h, double error)
    {
        if (error <= 1)
        {
            error = Math.Max(error, 1e-10);
            double growth = Safety * Math.Pow(error, -0.7 / method.Order) * Math.Pow(replica.LastError, 0.4 / method.Order);
            replica.NextLength = h * Math.Clamp(growth, Smallest, replica.WasRejected ? 1 : Largest);
            (replica.HasMoved, replica.WasRejected, replica.LastError) = (true, false, Math.Max(error, 1e-4));
            replica.End = h == horizon - replica.Start ? horizon : replica.Start + h;
            replica.Steps++;
            return;
        }
        replica.NextLength = h * (double.IsFinite(error) ? Math.Max(Smallest, Safety * Math.Pow(error, -1.0 / method.Order)) : Smallest);
        replica.WasRejected = true;
        replica.Rejected++;
        double rate = Stability.CollapseRate(flow.Interaction);
        if (!(replica.NextLength * rate > Collapsed) || replica.Start + replica.NextLength == replica.Start)
            throw new StepCollapsedException(FormattableString.Invariant(
                $"the step fell to {replica.NextLength:G3} at t = {replica.Start:G6}, far below the flow's fastest time {1 / rate:G3}: a tolerance of {tolerance:G3} cannot be met; allow more, or use double precision"));
    }
}

/// <summary>No step meets the tolerance; the message says what to do.</summary>
internal sealed class StepCollapsedException(string message) : ArithmeticException(message);
