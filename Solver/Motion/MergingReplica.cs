using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>One replica whose tokens merge: what is left of its cloud, in the gauge frame, and how far it has come.</summary>
internal sealed class MergingReplica
{
    // In units of the tolerance; of 1/rate, well inside the stability of the method.
    private const double Unseen = 100, Contracting = 2;

    private readonly Flow _whole;
    private readonly int _replica;
    private readonly Tableau _method;
    private readonly AdaptiveStep _step;
    private readonly double _horizon;
    private readonly int _threads;
    private readonly RunState _run;

    // Original token -> token it has become; token -> an original one in it.
    private int[] _became, _names;
    private AdaptiveStepper _stepper;
    private bool _isNew = true, _hasBegun;
    private long _earlierSteps, _earlierRejected;

    public MergingReplica(Flow whole, int replica, ReadOnlySpan<double> y, Tableau method, AdaptiveStep step, double horizon, int threads,
        RunState run)
    {
        (_whole, _replica, _method, _step, _horizon, _threads, _run) = (whole, replica, method, step, horizon, threads, run);
        int n = whole.Tokens, numbers = n * whole.Dimension;
        _became = [.. Enumerable.Range(0, n)];
        _names = [.. _became];
        Flow = whole.Part(new Cloud(1, n, whole.Dimension, [.. y.Slice(replica * numbers, numbers)],
            [.. whole.Labels.Slice(replica * n, n)], [.. whole.Weights.Slice(replica * n, n)]));
        _stepper = Stepper((double[])[.. y.Slice(replica * numbers, numbers)], null);
    }

    /// <summary>The flow of what is left, without a gauge.</summary>
    public Flow Flow { get; private set; }

    /// <summary>The time reached.</summary>
    public double End => _stepper.End(0);

    /// <summary>The time at which the last step began.</summary>
    public double Start => _stepper.Start(0);

    /// <summary>The length of the last step.</summary>
    public double Length => _stepper.Length(0);

    /// <summary>Steps so far.</summary>
    public long Steps => _earlierSteps + _stepper.Steps;

    /// <summary>Refused steps so far.</summary>
    public long Rejected => _earlierRejected + _stepper.Rejected;

    /// <summary>The drift at <see cref="End"/>.</summary>
    public double[] DriftAtEnd => _stepper.HasMoved(0) ? _stepper.DriftAtEnd : _stepper.Drift;

    /// <summary>Whether steps may be taken: a cloud that has just become smaller has to begin first.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Evaluates the drift where steps begin.</summary>
    public void Begin(CancellationToken stop)
    {
        _stepper.Begin(stop);
        _hasBegun = true;
    }

    /// <summary>All that the next step, and dense output of the last one, depend on.</summary>
    public void Keep(Archive archive)
    {
        archive.List("became", ref _became);
        archive.List("names", ref _names);
        double[] weights = [.. Flow.Weights];
        archive.List("weights", ref weights);
        archive.Flag("isNew", ref _isNew);
        archive.Flag("hasBegun", ref _hasBegun);
        archive.Whole("earlierSteps", ref _earlierSteps);
        archive.Whole("earlierRejected", ref _earlierRejected);
        if (archive.IsReading)
        {
            // Any positions will do: the stepper reads its own.
            double[] x = new double[_names.Length * _whole.Dimension];
            for (int i = 0; i < x.Length; i += _whole.Dimension) x[i] = 1;
            double[] labels = [.. _names.Select(i => _whole.Labels[_replica * _whole.Tokens + i])];
            Flow = _whole.Part(new Cloud(1, _names.Length, _whole.Dimension, x, labels, weights));
            _stepper = Stepper([.. x], null);
        }
        _stepper.Keep(archive);
    }

    /// <summary>Attempts a step; false when it was refused.</summary>
    public bool Advance(double target, CancellationToken stop)
    {
        _stepper.Advance(target, stop);
        _isNew = _stepper.HasMoved(0);
        if (_isNew) _stepper.Limit(0, ContractingLimit());
        return _isNew;
    }

    /// <summary>All original tokens at a time within the last step, in the gauge frame, to their entries of y [R, n, d].</summary>
    public void Interpolate(double time, double[] y)
    {
        int d = _whole.Dimension, first = _replica * _whole.Tokens;
        double[] left = new double[Flow.Tokens * d];
        _stepper.Interpolate(0, time, left);
        for (int i = 0; i < _became.Length; i++) left.AsSpan(_became[i] * d, d).CopyTo(y.AsSpan((first + i) * d));
    }

    /// <summary>Merges tokens that are closer than the distance at the end of the last step; the stepper then has to begin anew.</summary>
    public IReadOnlyList<Merger> Merge()
    {
        if (!_isNew) return [];
        _isNew = false;
        int count = Flow.Tokens;
        double[] end = EndPositions();
        List<(int A, int B, double Time)> links = Links(end);
        if (links.Count == 0) return [];
        links.Sort((p, q) => p.Time.CompareTo(q.Time));

        int[] groups = [.. Enumerable.Range(0, count)];
        double[] masses = [.. Flow.Weights];
        List<Merger> mergers = [];
        foreach ((int a, int b, double time) in links)
        {
            (int into, int token) = (Find(groups, a), Find(groups, b));
            if (masses[token] > masses[into] || masses[token] == masses[into] && token < into) (into, token) = (token, into);
            mergers.Add(new Merger(time, _replica, _names[token], _names[into], masses[token], masses[into], count - mergers.Count - 1));
            groups[token] = into;
            masses[into] += masses[token];
        }
        Rebuild(end, groups, masses);
        return mergers;
    }

    // Links that join what is closer than the distance, with the times at which they became so short.
    private List<(int A, int B, double Time)> Links(double[] end)
    {
        int d = _whole.Dimension;
        int[] groups = [.. Enumerable.Range(0, Flow.Tokens)], order = AlongFirstAxis(end);
        List<(int, int, double)> links = [];
        for (int p = 0; p < order.Length; p++)
            for (int q = p + 1; q < order.Length && end[order[q] * d] - end[order[p] * d] < _step.MergeDistance; q++)
            {
                (int a, int b) = (order[p], order[q]);
                if (!MayMerge(a, b) || !(Distance(end, a, b) < _step.MergeDistance)) continue;
                (int one, int other) = (Find(groups, a), Find(groups, b));
                if (one == other) continue;
                groups[one] = other;
                links.Add((a, b, TimeOf(a, b)));
            }
        return links;
    }

    private int[] AlongFirstAxis(double[] x)
    {
        int[] order = [.. Enumerable.Range(0, Flow.Tokens)];
        Array.Sort([.. order.Select(i => x[i * _whole.Dimension])], order);
        return order;
    }

    private bool MayMerge(int a, int b) =>
        _whole is { Interaction.Coupling.IsOne: true, Layer.Prompts: null or { Seen: SeenPrompts.All } }
        || Flow.Labels[a] == Flow.Labels[b];

    private double Distance(double[] x, int a, int b) =>
        Sphere.Distance(x.AsSpan(a * _whole.Dimension, _whole.Dimension), x.AsSpan(b * _whole.Dimension, _whole.Dimension));

    // The step limit at which tokens close in that are nearer than the error control sees: at the end of its stability an explicit step
    // keeps them apart for ever, at an error just below the tolerance. Rates |v_a - v_b|/|x_a - x_b| of neighbours.
    private double ContractingLimit()
    {
        double window = Unseen * _step.Tolerance, fastest = 0;
        if (!(window > _step.MergeDistance)) return double.PositiveInfinity;
        double[] end = EndPositions(), drift = DriftAtEnd;
        int[] order = AlongFirstAxis(end);
        for (int p = 1; p < order.Length; p++)
        {
            (int a, int b) = (order[p - 1], order[p]);
            double distance = Distance(end, a, b);
            if (distance < window && distance > 0 && MayMerge(a, b)) fastest = Math.Max(fastest, Distance(drift, a, b) / distance);
        }
        return Contracting / fastest;
    }

    // By halving the part of the last step in which the distance falls below.
    private double TimeOf(int a, int b)
    {
        int d = _whole.Dimension;
        double[] x = new double[Flow.Tokens * d];
        (double far, double near) = (End - Length, End);
        if (At(far) < _step.MergeDistance) return far;
        for (int i = 0; i < 60 && far < near; i++)
        {
            double middle = (far + near) / 2;
            if (At(middle) < _step.MergeDistance) near = middle;
            else far = middle;
        }
        return near;

        double At(double time)
        {
            _stepper.InterpolateToken(a, time, x);
            _stepper.InterpolateToken(b, time, x);
            return Distance(x, a, b);
        }
    }

    private double[] EndPositions()
    {
        double[] end = new double[Flow.Tokens * _whole.Dimension];
        _stepper.Interpolate(0, End, end);
        return end;
    }

    private static int Find(int[] groups, int token)
    {
        while (groups[token] != token) token = groups[token] = groups[groups[token]];
        return token;
    }

    // The weighted mean of a group, on the sphere, with its whole weight.
    private void Rebuild(double[] end, int[] groups, double[] masses)
    {
        int d = _whole.Dimension, count = groups.Length;
        int[] heads = [.. Enumerable.Range(0, count).Where(i => groups[i] == i)], places = new int[count];
        for (int k = 0; k < heads.Length; k++) places[heads[k]] = k;
        CompensatedSum[] sums = new CompensatedSum[heads.Length * d];
        for (int i = 0; i < count; i++)
            for (int c = 0, at = places[Find(groups, i)] * d; c < d; c++) sums[at + c].Add(Flow.Weights[i] * end[i * d + c]);
        double[] positions = [.. sums.Select(s => s.Value)];
        Sphere.Retract(positions, d);
        for (int i = 0; i < _became.Length; i++) _became[i] = places[Find(groups, _became[i])];
        _names = [.. heads.Select(h => _names[h])];
        Cloud left = new(1, heads.Length, d, positions, [.. heads.Select(h => Flow.Labels[h])], [.. heads.Select(h => masses[h])]);
        _earlierSteps += _stepper.Steps;
        _earlierRejected += _stepper.Rejected;
        Flow = _whole.Part(left);
        _stepper = Stepper([.. positions], _stepper);
        _hasBegun = false;
    }

    private AdaptiveStepper Stepper(double[] x, AdaptiveStepper? before) =>
        new(Flow, _method, _step.Tolerance, _horizon, _threads, x, _run, before);
}
