using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Tangent vectors carried with a run: k orthonormal ones of every replica, moved by the derivative of each step that the run takes, noise
/// included, and made orthonormal again after it (Benettin's method). What orthonormalisation takes out is kept.
/// </summary>
/// <remarks>
/// The derivative of a step along v is a central difference of two disturbed clouds that take the same step, 2 k replicas of one flow:
/// it is that of the map that is computed, whatever method, scheme and layer, to about 1e-10 of a step. Where tokens have radii (or a clock)
/// vectors have entries for them, too, which begin as 0. Pairs are summed directly in double precision on the processor, whatever the run
/// does: a derivative is a small difference.
/// </remarks>
internal sealed class Tangents : IDisposable
{
    /// <summary>Why there are none where tokens merge.</summary>
    public const string NotMerging = "tokens that merge have no tangent vectors of their own";

    // Radians for the token that moves farthest, times the angle over which the drift changes.
    private const double Angle = 1e-5;

    // Of the stream of random numbers.
    private const uint FirstVector = 2;

    private readonly int _replicas, _n, _d, _k, _numbers;
    private readonly bool _hasRadii;
    private readonly double _step;
    private readonly IPairSums _sums;
    private readonly Stepper _stepper;
    private readonly State _points, _ends, _vectors;
    private readonly double[] _scales;
    private readonly TriangularProduct[] _products;

    /// <summary>Vectors without a direction of their own, at the start of a run.</summary>
    public Tangents(Flow flow, State x, Tableau method, int threads, RunState? run)
    {
        (_replicas, _n, _d, _k) = (flow.Replicas, flow.Tokens, flow.Dimension, flow.Tangents);
        (_numbers, _hasRadii) = (_n * _d, x.Radii.Length > 0);
        _step = Angle / (1 + flow.LargestLogit);
        _sums = DeviceCatalog.Open("cpu", Precision.Double, threads);
        int copies = 2 * _k;
        double[] points = Repeat(x.Positions, copies);
        Cloud cloud = new(_replicas * copies, _n, _d, points, Repeat([.. flow.Labels], copies), Repeat([.. flow.Weights], copies));
        Flow many = new(flow.Interaction, flow.Gauge, cloud, _sums, threads, flow.Layer) { Scheme = flow.Scheme };
        _stepper = new Stepper(many, method, threads, run);
        (_points, _ends) = (new(points, Repeat(x.Radii, copies)), new([.. points], Repeat(x.Radii, copies)));
        _vectors = new(new double[_replicas * _k * _numbers], new double[_hasRadii ? _replicas * _k * _n : 0]);
        (_scales, _products) = (new double[_replicas * _k], new TriangularProduct[_replicas]);
        for (int r = 0; r < _replicas; r++)
        {
            for (int j = 0; j < _k; j++) Draw(x.Positions.AsSpan(r * _numbers, _numbers), r, j);
            Orthonormalise(_vectors, r);
            _products[r] = new(_k);
        }
    }

    /// <summary>Copies of every replica, disturbed along its vectors; those of replica r follow one another.</summary>
    public State Points => _points;

    /// <summary>Clouds of one replica among <see cref="Points"/>.</summary>
    public int Copies => 2 * _k;

    /// <summary>Disturbs the state at which the vectors are.</summary>
    public void Disturb(State x)
    {
        for (int r = 0; r < _replicas; r++)
            for (int j = 0; j < _k; j++)
            {
                ReadOnlySpan<double> at = x.Positions.AsSpan(r * _numbers, _numbers), v = Part(_vectors.Positions, r, j, _numbers);
                double largest = TangentSpace.Largest(v, _d);
                if (_hasRadii)
                    foreach (double growth in Part(_vectors.Radii, r, j, _n)) largest = Math.Max(largest, Math.Abs(growth));
                double scale = _scales[r * _k + j] = _step / largest;
                for (int side = 0; side < 2; side++, scale = -scale)
                {
                    int copy = Copies * r + 2 * j + side;
                    TangentSpace.Move(at, v, scale, _points.Positions.AsSpan(copy * _numbers, _numbers), _d);
                    if (_hasRadii)
                        Sphere.AddScaled(x.Radii.AsSpan(r * _n, _n), scale, Part(_vectors.Radii, r, j, _n), _points.Radii.AsSpan(copy * _n, _n));
                }
            }
    }

    /// <summary>The disturbed clouds take a step each; 0 for replicas that wait.</summary>
    public void Step(ReadOnlySpan<double> steps, CancellationToken stop)
    {
        double[] all = new double[_replicas * Copies];
        for (int r = 0; r < _replicas; r++) Array.Fill(all, steps[r], r * Copies, Copies);
        _stepper.Advance(_points, _ends, all, stop);
    }

    /// <summary>The same step for all.</summary>
    public void Step(double length, CancellationToken stop) => Step([.. Enumerable.Repeat(length, _replicas)], stop);

    /// <summary>After a step: the vectors are those at its end.</summary>
    /// <param name="end">The state of the run there.</param>
    /// <param name="steps">[R]; 0 for replicas that wait.</param>
    public void Follow(State end, ReadOnlySpan<double> steps)
    {
        for (int r = 0; r < _replicas; r++)
            if (steps[r] != 0) _products[r] = Carry(_ends, end, r, _vectors);
    }

    /// <summary>The same of a step of all replicas.</summary>
    public void Follow(State end) => FollowFrom(_ends, end);

    /// <summary>After <see cref="Points"/> were moved by something else: the vectors are those where it left the run.</summary>
    public void FollowPoints(State end) => FollowFrom(_points, end);

    /// <summary>What became of the vectors up to where they are.</summary>
    public TangentGrowth[] Growth() => [.. _products.Select((product, r) => GrowthOf(product, _vectors, r))];

    /// <summary>The same at shares of steps that begin where the vectors are, by dense output; the vectors stay.</summary>
    /// <param name="at">The state of the run there.</param>
    /// <param name="steps">Those that the disturbed clouds have just taken, [R]; 0 for replicas that wait.</param>
    /// <param name="shares">[R].</param>
    /// <param name="stop">Stops within one pair sum.</param>
    public TangentGrowth[] Growth(State at, double[] steps, double[] shares, CancellationToken stop)
    {
        _stepper.EvaluateEnd(_ends, stop);
        TangentGrowth[] growths = Growth();
        State moved = new(new double[_vectors.Positions.Length], new double[_vectors.Radii.Length]);
        for (int r = 0; r < _replicas; r++)
        {
            if (steps[r] == 0) continue;
            for (int copy = r * Copies; copy < (r + 1) * Copies && shares[r] != 1; copy++)
                _stepper.Interpolate(_points, copy * _n, _n, steps[r], shares[r], _ends);
            growths[r] = GrowthOf(Carry(_ends, at, r, moved), moved, r);
        }
        return growths;
    }

    public void Keep(Archive archive)
    {
        archive.Array("vectors", _vectors.Positions, 0, _vectors.Positions.Length);
        archive.Array("growths", _vectors.Radii, 0, _vectors.Radii.Length);
        for (int r = 0; r < _replicas; r++) archive.Within($"product{r}", _products[r].Keep);
    }

    public void Dispose() => _sums.Dispose();

    private void FollowFrom(State moved, State end)
    {
        for (int r = 0; r < _replicas; r++) _products[r] = Carry(moved, end, r, _vectors);
    }

    private void Draw(ReadOnlySpan<double> x, int r, int j)
    {
        Span<double> v = Part(_vectors.Positions, r, j, _numbers);
        RandomStream random = new(0, RandomPurpose.Probes, r, j, FirstVector);
        foreach (ref double c in v) c = random.Normal();
        TangentSpace.Project(x, v, _d);
    }

    // Differences of the disturbed clouds of a replica, in the tangent space where the run is, made orthonormal.
    private TriangularProduct Carry(State ends, State at, int r, State into)
    {
        for (int j = 0; j < _k; j++)
        {
            int copy = Copies * r + 2 * j;
            double share = 0.5 / _scales[r * _k + j];
            Difference(ends.Positions, copy, _numbers, share, Part(into.Positions, r, j, _numbers));
            TangentSpace.Project(at.Positions.AsSpan(r * _numbers, _numbers), Part(into.Positions, r, j, _numbers), _d);
            if (_hasRadii) Difference(ends.Radii, copy, _n, share, Part(into.Radii, r, j, _n));
        }
        return _products[r].After(Orthonormalise(into, r));

        static void Difference(double[] ends, int copy, int count, double share, Span<double> into)
        {
            ReadOnlySpan<double> one = ends.AsSpan(copy * count, count), other = ends.AsSpan((copy + 1) * count, count);
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
            foreach (ref double c in v) c /= length;
            foreach (ref double c in growth) c /= length;
        }
        return triangle;
    }

    private Span<double> RadiiOf(State vectors, int r, int j) => vectors.Radii.Length > 0 ? Part(vectors.Radii, r, j, _n) : [];

    private Span<double> Part(double[] vectors, int r, int j, int count) => vectors.AsSpan((r * _k + j) * count, count);

    // Every replica so many times.
    private double[] Repeat(double[] values, int copies)
    {
        int count = values.Length / _replicas;
        double[] all = new double[values.Length * copies];
        for (int copy = 0; copy < _replicas * copies; copy++) values.AsSpan(copy / copies * count, count).CopyTo(all.AsSpan(copy * count));
        return all;
    }
}
