using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>Takes steps of one method with one flow; holds the stages.</summary>
public sealed class Stepper
{
    private const int Grain = 4096;

    // Numbers that fit the first cache with the stage that is added to them.
    private const int Near = 1536;

    // The smallest normal number: no weight falls below it.
    private static readonly double SmallestWeight = Math.ScaleB(1, -1022);

    private readonly Flow _flow;
    private readonly Tableau _tableau;
    private readonly int _threads;
    private readonly State[] _k;
    private readonly State _stage;
    private readonly double[] _steps, _errors;
    private readonly RunState? _state;

    /// <summary>A stepper; <paramref name="threads"/> for the per-token work.</summary>
    public Stepper(Flow flow, Tableau tableau, int threads = 1) : this(flow, tableau, threads, null) { }

    /// <summary>One of a run that lets others write its state down while it evaluates.</summary>
    internal Stepper(Flow flow, Tableau tableau, int threads, RunState? state)
    {
        (_flow, _tableau, _threads, _state) = (flow, tableau, threads, state);
        int stages = tableau.Error?.Length ?? tableau.B.Length;
        _k = [.. Enumerable.Range(0, stages).Select(_ => flow.NewState())];
        _stage = flow.NewState();
        (_steps, _errors) = (new double[flow.Replicas], new double[flow.Replicas]);
    }

    /// <summary>
    /// The drift of the last <see cref="Begin"/>, [R, n, d]; in replicas that were accepted since, the drift at their new state.
    /// </summary>
    public double[] Drift => _k[0].Positions;

    /// <summary>The drift at the end of the last <see cref="Attempt"/>, [R, n, d]; of replicas that moved.</summary>
    public double[] DriftAtEnd => _k[^1].Positions;

    /// <summary>
    /// Largest token error |h sum_s e_s k_s| of a replica in the last <see cref="Attempt"/>, or relative error of a radius or weight; NaN
    /// where
    /// numbers overflow.
    /// </summary>
    public double Error(int replica) => _errors[replica];

    /// <summary>Evaluates the drift at x: the first stage of the step that follows, and what observers look at.</summary>
    public void Begin(State x, CancellationToken stop = default) => Evaluate(x, _k[0], .., stop);

    /// <summary>Replaces x, for which <see cref="Begin"/> was called, by the state a time h later.</summary>
    public void Advance(State x, double h, CancellationToken stop = default)
    {
        Array.Fill(_steps, h);
        Stages(x, stop);
        Combine(x, _tableau.B, x);
    }

    /// <summary>
    /// A step of its own length for every replica, with an estimate of its error and the drift at its end; x stays. An adaptive method
    /// only.
    /// </summary>
    /// <param name="x">The state for which the first stage is known.</param>
    /// <param name="end">The state at the end of the step; replicas that wait are left as they are.</param>
    /// <param name="steps">[R]; 0 for a replica that waits: it is not evaluated.</param>
    /// <param name="stop">Stops within one pair sum.</param>
    public void Attempt(State x, State end, ReadOnlySpan<double> steps, CancellationToken stop)
    {
        steps.CopyTo(_steps);
        Stages(x, stop);
        Combine(x, _tableau.B, end);
        Evaluate(end, _k[^1], stop);
        EstimateErrors(x);
    }

    /// <summary>
    /// Replaces x by the state after a step of its own length for every replica, all its stages evaluated; 0: the replica waits.
    /// </summary>
    internal void Advance(State x, ReadOnlySpan<double> steps, CancellationToken stop)
    {
        steps.CopyTo(_steps);
        Evaluate(x, _k[0], stop);
        Stages(x, stop);
        Combine(x, _tableau.B, x);
    }

    /// <summary>The end of a replica's last <see cref="Attempt"/> is where its next step begins.</summary>
    public void Accept(int replica)
    {
        _k[^1].CopyTo(_k[0], replica * _flow.Tokens, _flow.Tokens, _flow.Dimension);
    }

    /// <summary>
    /// Dense output: rows first..first+count-1, all of one replica, at the share u of a step of length h that began at x; to the same rows
    /// of <paramref name="target"/>.
    /// </summary>
    public void Interpolate(State x, int first, int count, double h, double u, State target)
    {
        double[] weights = [.. _tableau.Dense!.Select(powers => u * MathNet.Numerics.Polynomial.Evaluate(u, powers))];
        Combine(x, first, count, h, weights, target);
        if (x.Weights.Length > 0) CombineWeights(x, first, h, weights, target);
    }

    private void Stages(State x, CancellationToken stop)
    {
        for (int s = 1; s < _tableau.B.Length; s++)
        {
            Combine(x, _tableau.A[s], _stage);
            Evaluate(_stage, _k[s], stop);
        }
    }

    // Neighbouring replicas that move are evaluated together.
    private void Evaluate(State x, State rate, CancellationToken stop)
    {
        for (int from = 0, to; from < _steps.Length; from = to)
        {
            to = from + 1;
            while (to < _steps.Length && (_steps[to] != 0) == (_steps[from] != 0)) to++;
            if (_steps[from] != 0) Evaluate(x, rate, from..to, stop);
        }
    }

    private void Evaluate(State x, State rate, Range replicas, CancellationToken stop)
    {
        if (_state is null) _flow.Drift(x, rate, replicas, stop);
        else _state.Evaluate(_flow, x, rate, replicas, stop);
    }

    // target = N(x + h sum_j coefficients[j] k_j) in the replicas that move; target may be x.
    private void Combine(State x, double[] coefficients, State target)
    {
        ForEachReplica((replica, first, count) => Combine(x, first, count, _steps[replica], coefficients, target));
        for (int r = 0; r < _steps.Length && x.Weights.Length > 0; r++)
            if (_steps[r] != 0) CombineWeights(x, r * _flow.Tokens, _steps[r], coefficients, target);
    }

    // The same of the weights of a replica, whose logarithms are what is stepped: they stay positive, and their sum 1.
    private void CombineWeights(State x, int first, double h, double[] coefficients, State target)
    {
        int n = _flow.Tokens;
        double[] logs = new double[n];
        for (int j = 0; j < coefficients.Length; j++)
            Sphere.AddScaled(logs, h * coefficients[j], _k[j].Weights.AsSpan(first, n));
        ReadOnlySpan<double> start = x.Weights.AsSpan(first, n);
        Span<double> end = target.Weights.AsSpan(first, n);
        CompensatedSum total = default;
        for (int i = 0; i < n; i++) total.Add(end[i] = start[i] * Math.Exp(logs[i]));
        foreach (ref double weight in end) weight = Math.Max(weight / total.Value, SmallestWeight);
    }

    private void Combine(State x, int first, int count, double h, double[] coefficients, State target)
    {
        int d = _flow.Dimension;
        // Blocks that stay near while the stages are added to them.
        for (int from = first, rows; from < first + count; from += rows)
        {
            rows = Math.Min(Math.Max(1, Near / d), first + count - from);
            ReadOnlySpan<double> start = x.Positions.AsSpan(from * d, rows * d);
            Span<double> sum = target.Positions.AsSpan(from * d, rows * d);
            bool begun = x == target;
            for (int j = 0; j < coefficients.Length; j++)
            {
                if (coefficients[j] == 0) continue;
                Sphere.AddScaled(begun ? sum : start, h * coefficients[j], _k[j].Positions.AsSpan(from * d, rows * d), sum);
                begun = true;
            }
            if (!begun) start.CopyTo(sum);
            Sphere.Retract(sum, d);
        }
        if (x.Radii.Length == 0) return;
        if (x != target) x.Radii.AsSpan(first, count).CopyTo(target.Radii.AsSpan(first));
        for (int j = 0; j < coefficients.Length; j++)
            Sphere.AddScaled(target.Radii.AsSpan(first, count), h * coefficients[j], _k[j].Radii.AsSpan(first, count));
    }

    private void EstimateErrors(State x)
    {
        Array.Clear(_errors);
        ForEachReplica((replica, first, count) =>
        {
            int d = _flow.Dimension, start = first * d, length = count * d;
            Span<double> error = _stage.Positions.AsSpan(start, length);
            Span<double> growth = x.Radii.Length > 0 ? _stage.Radii.AsSpan(first, count) : [];
            Span<double> logs = x.Weights.Length > 0 ? _stage.Weights.AsSpan(first, count) : [];
            error.Clear();
            growth.Clear();
            logs.Clear();
            for (int s = 0; s < _k.Length; s++)
            {
                Sphere.AddScaled(error, _steps[replica] * _tableau.Error![s], _k[s].Positions.AsSpan(start, length));
                if (x.Radii.Length > 0) Sphere.AddScaled(growth, _steps[replica] * _tableau.Error![s], _k[s].Radii.AsSpan(first, count));
                if (logs.Length > 0) Sphere.AddScaled(logs, _steps[replica] * _tableau.Error![s], _k[s].Weights.AsSpan(first, count));
            }
            double largest = 0;
            for (int i = 0; i < length; i += d) largest = Math.Max(largest, Sphere.Norm(error.Slice(i, d)));
            for (int i = 0; i < growth.Length; i++) largest = Math.Max(largest, Math.Abs(growth[i]) / x.Radii[first + i]);
            foreach (double log in logs) largest = Math.Max(largest, Math.Abs(log));
            lock (_errors) _errors[replica] = Math.Max(_errors[replica], largest);
        });
    }

    /// <summary>The stages of the last step of some rows, from the first on: with them <see cref="Interpolate"/> goes on.</summary>
    internal void Keep(Archive archive, int first, int count, int stages)
    {
        for (int s = 0; s < stages; s++) _k[s].Keep(archive, $"stage{s}", first, count, _flow.Dimension);
    }

    /// <summary>How many stages a step has, the drift at its end among them where the method estimates errors.</summary>
    internal int StageCount => _k.Length;

    // Calls body(replica, first row, rows) for parts of the replicas that move.
    private void ForEachReplica(Action<int, int, int> body) => Workers.For(_flow.Rows, Grain, _threads, (from, to) =>
    {
        int n = _flow.Tokens;
        for (int first = from, count; first < to; first += count)
        {
            int replica = first / n;
            count = Math.Min((replica + 1) * n, to) - first;
            if (_steps[replica] != 0) body(replica, first, count);
        }
    });
}
