using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Tangent vectors carried with a run: k orthonormal ones of every replica, moved by the derivative of what moves the tokens, noise
/// included, and made orthonormal again after every step (Benettin's method). What orthonormalisation takes out is kept.
/// </summary>
/// <remarks>
/// The derivative of a step along v is a central difference of two disturbed clouds that take the same step, 2 k replicas of one flow: of
/// the map that is computed, whatever method, scheme and layer, to about 1e-10 of a step. They start from sqrt(1 - |s v_i|^2) x_i +- s v_i,
/// so that nothing is lost where nothing moves. Steps of adaptive length are as long as tokens need that have come to rest, too long for
/// disturbances: the clouds take shorter ones. Where tokens have radii (or a clock) vectors have entries for them, too, which begin as 0.
/// Pairs are summed directly in double precision on the processor, whatever the run does: a derivative is a small difference.
/// </remarks>
internal sealed class Tangents : IDisposable
{
    /// <summary>Why there are none where tokens merge.</summary>
    public const string NotMerging = "tokens that merge have no tangent vectors of their own";

    // Length of the largest disturbance of a token, times the angle over which the drift changes.
    private const double Length = 1e-5;

    // Of the stream of random numbers.
    private const uint FirstVector = 2;

    private readonly int _replicas, _n, _d, _k, _numbers;
    private readonly bool _hasRadii;
    private readonly double _step;
    private readonly IPairSums _sums;
    private readonly Flow _flow;
    private readonly Stepper _stepper;
    private readonly State _points, _vectors;
    private readonly double[] _scales;
    private readonly TriangularProduct[] _products;

    /// <summary>Vectors without a direction of their own, at the start of a run.</summary>
    public Tangents(Flow flow, State x, Tableau method, int threads, RunState? run)
    {
        (_replicas, _n, _d, _k) = (flow.Replicas, flow.Tokens, flow.Dimension, flow.Tangents);
        (_numbers, _hasRadii) = (_n * _d, x.Radii.Length > 0);
        _step = Length / (1 + flow.LargestLogit);
        _sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
        _points = new(Repeat(x.Positions), Repeat(x.Radii));
        Cloud cloud = new(_replicas * Copies, _n, _d, _points.Positions, Repeat([.. flow.Labels]), Repeat([.. flow.Weights]));
        _flow = new(flow.Interaction, flow.Gauge, cloud, _sums, threads, flow.Layer) { Scheme = flow.Scheme };
        _stepper = new Stepper(_flow, method, threads, run);
        _vectors = new(new double[_replicas * _k * _numbers], new double[_hasRadii ? _replicas * _k * _n : 0]);
        (_scales, _products) = (new double[_replicas * _k], new TriangularProduct[_replicas]);
        for (int r = 0; r < _replicas; r++)
        {
            for (int j = 0; j < _k; j++) Draw(x.Positions.AsSpan(r * _numbers, _numbers), r, j);
            Orthonormalise(_vectors, r);
            _products[r] = new(_k);
        }
    }

    /// <summary>The disturbed clouds, <see cref="Copies"/> of every replica, one after the other.</summary>
    public State Points => _points;

    /// <summary>2 k.</summary>
    public int Copies => 2 * _k;

    /// <summary>Random matrices that are redrawn are those of this time.</summary>
    public void MoveTo(double time) => _flow.MoveTo(time, Copies);

    /// <summary>Disturbs the state at which the vectors are.</summary>
    public void Disturb(State x)
    {
        for (int r = 0; r < _replicas; r++)
            for (int j = 0; j < _k; j++)
            {
                ReadOnlySpan<double> at = x.Positions.AsSpan(r * _numbers, _numbers), v = Part(_vectors.Positions, r, j, _numbers);
                double largest = Sphere.Largest(v, _d);
                foreach (double growth in RadiiOf(_vectors, r, j)) largest = Math.Max(largest, Math.Abs(growth));
                double scale = _scales[r * _k + j] = largest > 0 ? _step / largest : 1;
                for (int copy = Copies * r + 2 * j, side = 0; side < 2; copy++, side++, scale = -scale)
                {
                    Move(at, scale, v, _points.Positions.AsSpan(copy * _numbers, _numbers));
                    if (!_hasRadii) continue;
                    ReadOnlySpan<double> radii = x.Radii.AsSpan(r * _n, _n);
                    Sphere.AddScaled(radii, scale, RadiiOf(_vectors, r, j), _points.Radii.AsSpan(copy * _n, _n));
                }
            }
    }

    /// <summary>The disturbed clouds take one step.</summary>
    public void Step(double length, CancellationToken stop) =>
        Step([.. Enumerable.Repeat(length, _replicas)], double.PositiveInfinity, stop);

    /// <summary>The disturbed clouds of every replica move by a time of its own, 0: they wait; in steps of a largest length.</summary>
    public void Step(double[] times, double longest, CancellationToken stop)
    {
        int[] counts = [.. times.Select(t => t == 0 ? 0 : (int)Math.Max(1, Math.Ceiling(t / longest)))];
        double[] steps = new double[_replicas * Copies];
        for (int number = 0; number < counts.Max(); number++)
        {
            for (int r = 0; r < _replicas; r++)
                Array.Fill(steps, number < counts[r] ? times[r] / counts[r] : 0, r * Copies, Copies);
            _stepper.Advance(_points, steps, stop);
        }
    }

    /// <summary>After all disturbed clouds have moved: the vectors are those where the run is.</summary>
    public void Follow(State end)
    {
        for (int r = 0; r < _replicas; r++) Follow(end, r);
    }

    /// <summary>The same of one replica.</summary>
    public void Follow(State end, int r) => _products[r] = Carry(end, r, _vectors);

    /// <summary>What became of the vectors of all replicas up to where they are.</summary>
    public TangentGrowth[] Growth() => [.. _products.Select((product, r) => GrowthOf(product, _vectors, r))];

    /// <summary>The same where the disturbed clouds of a replica have moved to; the vectors stay.</summary>
    public TangentGrowth GrowthAt(State end, int r)
    {
        State moved = new(new double[_vectors.Positions.Length], new double[_vectors.Radii.Length]);
        return GrowthOf(Carry(end, r, moved), moved, r);
    }

    public void Keep(Archive archive)
    {
        archive.Array("vectors", _vectors.Positions, 0, _vectors.Positions.Length);
        archive.Array("growths", _vectors.Radii, 0, _vectors.Radii.Length);
        for (int r = 0; r < _replicas; r++) archive.Within($"product{r}", _products[r].Keep);
    }

    public void Dispose() => _sums.Dispose();

    private void Draw(ReadOnlySpan<double> x, int r, int j)
    {
        Span<double> v = Part(_vectors.Positions, r, j, _numbers);
        RandomStream random = new(0, RandomPurpose.Probes, r, j, FirstVector);
        foreach (ref double c in v) c = random.Normal();
        Sphere.Project(x, v, _d);
    }

    private void Move(ReadOnlySpan<double> x, double scale, ReadOnlySpan<double> v, Span<double> end)
    {
        for (int at = 0; at < x.Length; at += _d)
        {
            ReadOnlySpan<double> along = v.Slice(at, _d);
            double cos = Math.Sqrt(1 - scale * scale * Sphere.Dot(along, along));
            for (int c = 0; c < _d; c++) end[at + c] = cos * x[at + c] + scale * along[c];
        }
    }

    // Differences of the disturbed clouds of a replica, in the tangent space where the run is, made orthonormal.
    private TriangularProduct Carry(State at, int r, State into)
    {
        for (int j = 0; j < _k; j++)
        {
            int copy = Copies * r + 2 * j;
            double share = 0.5 / _scales[r * _k + j];
            Difference(_points.Positions, copy, _numbers, share, Part(into.Positions, r, j, _numbers));
            Sphere.Project(at.Positions.AsSpan(r * _numbers, _numbers), Part(into.Positions, r, j, _numbers), _d);
            if (_hasRadii) Difference(_points.Radii, copy, _n, share, RadiiOf(into, r, j));
        }
        return _products[r].After(Orthonormalise(into, r));

        static void Difference(double[] points, int copy, int count, double share, Span<double> into)
        {
            ReadOnlySpan<double> one = points.AsSpan(copy * count, count), other = points.AsSpan((copy + 1) * count, count);
            for (int c = 0; c < count; c++) into[c] = share * (one[c] - other[c]);
        }
    }

    // The singular values are those of the part that belongs to the positions.
    private TangentGrowth GrowthOf(TriangularProduct product, State vectors, int r)
    {
        if (!_hasRadii) return new([.. product.Diagonal], product.SingularLogs());
        State positions = new([.. vectors.Positions], []);
        return new([.. product.Diagonal], product.After(Orthonormalise(positions, r)).SingularLogs());
    }

    // Gram and Schmidt's method, twice; R, [k, k].
    private double[] Orthonormalise(State vectors, int r)
    {
        double[] triangle = new double[_k * _k];
        for (int j = 0; j < _k; j++)
        {
            Span<double> v = Part(vectors.Positions, r, j, _numbers), growth = RadiiOf(vectors, r, j);
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < j; i++)
                {
                    ReadOnlySpan<double> u = Part(vectors.Positions, r, i, _numbers), other = RadiiOf(vectors, r, i);
                    double share = Sphere.LaneDot(u, v) + Sphere.LaneDot(other, growth);
                    triangle[i * _k + j] += share;
                    Sphere.AddScaled(v, -share, u);
                    Sphere.AddScaled(growth, -share, other);
                }
            double length = triangle[j * _k + j] = Math.Sqrt(Sphere.LaneDot(v, v) + Sphere.LaneDot(growth, growth));
            // A direction that is lost stays so.
            if (length == 0) continue;
            foreach (ref double c in v) c /= length;
            foreach (ref double c in growth) c /= length;
        }
        return triangle;
    }

    private Span<double> RadiiOf(State vectors, int r, int j) => vectors.Radii.Length > 0 ? Part(vectors.Radii, r, j, _n) : [];

    private Span<double> Part(double[] vectors, int r, int j, int count) => vectors.AsSpan((r * _k + j) * count, count);

    // Every replica as often as it has disturbed clouds.
    private double[] Repeat(double[] values)
    {
        int count = values.Length / _replicas;
        double[] all = new double[values.Length * Copies];
        for (int copy = 0; copy < _replicas * Copies; copy++) values.AsSpan(copy / Copies * count, count).CopyTo(all.AsSpan(copy * count));
        return all;
    }
}
