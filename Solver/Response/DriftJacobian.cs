using AttentionFlow.Solver.Flows;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Response;

/// <summary>
/// The derivative J of the drift of one cloud, applied to tangent vectors: J v = P_x d/ds F(x(s)) along the geodesic x(s) that leaves x
/// along v. At an equilibrium it generates the linear flow of small disturbances.
/// </summary>
/// <remarks>
/// By central differences with steps h and 2 h, extrapolated: (8 (F(h) - F(-h)) - (F(2h) - F(-2h)))/(12 h), so that the error is O(h^4).
/// h = 1.5e-3/(1 + s) radians for the token that moves farthest, s the largest logit that the interaction knows, because F changes over
/// angles of 1/s at the least. With sums in double precision the error of a product is about 1e-12 (1 + s) of the largest rate. The vectors
/// of a block are evaluated together, as replicas of one drift.
/// </remarks>
public sealed class DriftJacobian
{
    private const int PointsPerVector = 4;

    // Rows that are evaluated together.
    private const int BlockRows = 1 << 16;

    private static readonly double[] Steps = [1, -1, 2, -2];

    private readonly Func<Cloud, Flow> _flowOf;
    private readonly Cloud _cloud;
    private readonly double _step;
    private Flow? _many;
    private double[] _points = [], _drifts = [];

    /// <summary>The derivative for the tokens of a cloud.</summary>
    /// <param name="cloud">Labels and weights of a single replica; its positions are not kept.</param>
    /// <param name="flowOf">Makes the flow of several replicas of it; the sums should be direct, in double precision.</param>
    /// <exception cref="ArgumentException">The cloud has more replicas than one.</exception>
    /// <exception cref="NotSupportedException">The drift has no such derivative: <see cref="WhyNot"/>.</exception>
    public DriftJacobian(Cloud cloud, Func<Cloud, Flow> flowOf)
    {
        if (cloud.Replicas != 1) throw new ArgumentException($"{cloud.Replicas} replicas; one is expected", nameof(cloud));
        (_cloud, _flowOf, Flow) = (cloud, flowOf, flowOf(cloud));
        if (WhyNot(Flow) is { } why) throw new NotSupportedException(why);
        _step = 1.5e-3 / (1 + Flow.LargestLogit);
    }

    /// <summary>Why a drift has no derivative on the sphere alone, or null when it has.</summary>
    public static string? WhyNot(Flow flow) => flow switch
    {
        { Layer.HasMovingWeights: true } => "linear response is that of tokens whose weights are frozen",
        { Scheme.Start: not null } => "linear response is that of tokens without radii: of the schemes post and nGPT",
        { Interaction.Normalization.IsHard: true } => "the drift under hardmax jumps where the nearest token changes; it has no derivative",
        _ => null,
    };

    /// <summary>The flow of the cloud alone.</summary>
    public Flow Flow { get; }

    /// <summary>n.</summary>
    public int Tokens => _cloud.Tokens;

    /// <summary>d.</summary>
    public int Dimension => _cloud.Dimension;

    /// <summary>n (d - 1), the dimension of the tangent space.</summary>
    public int Unknowns => Tokens * (Dimension - 1);

    /// <summary>Products so far.</summary>
    public long Products { get; private set; }

    /// <summary>F(x), both [n, d].</summary>
    public double[] Drift(double[] x, CancellationToken stop = default)
    {
        double[] drift = new double[x.Length];
        Flow.Drift(x, drift, stop);
        return drift;
    }

    /// <summary>The length of the longest vector of a token, of a field [n, d].</summary>
    public double Largest(double[] field) => Sphere.Largest(field, Dimension);

    /// <summary>J v for vectors of the tangent space at x; all are [n, d].</summary>
    /// <param name="x">Tokens of length 1.</param>
    /// <param name="vectors">Tangent vectors of any length.</param>
    /// <param name="stop">Stops within one pair sum.</param>
    public double[][] Apply(double[] x, IReadOnlyList<double[]> vectors, CancellationToken stop = default)
    {
        int block = Math.Clamp(BlockRows / (PointsPerVector * Tokens), 1, Math.Min(Unknowns, Spectrum.LargestDense));
        double[][] products = new double[vectors.Count][];
        for (int first = 0; first < vectors.Count; first += block)
        {
            int count = Math.Min(block, vectors.Count - first);
            ApplyBlock(x, [.. vectors.Skip(first).Take(count)], products.AsSpan(first, count), block, stop);
        }
        Products += vectors.Count;
        return products;
    }

    /// <summary>J in the coordinates of the tangent space at x, n (d - 1) square.</summary>
    internal Matrix<double> Matrix(double[] x, CancellationToken stop = default)
    {
        TangentSpace tangent = new(x, Dimension);
        double[][] basis = new double[tangent.Count][];
        for (int k = 0; k < basis.Length; k++)
        {
            double[] unit = new double[tangent.Count];
            unit[k] = 1;
            basis[k] = tangent.Vector(unit);
        }
        return Matrix<double>.Build.DenseOfColumnArrays(Apply(x, basis, stop).Select(v => tangent.Coordinates(v)));
    }

    private void ApplyBlock(double[] x, double[][] vectors, Span<double[]> products, int block, CancellationToken stop)
    {
        (int n, int d, int length) = (Tokens, Dimension, x.Length);
        if (_many is null)
        {
            int replicas = PointsPerVector * block;
            _points = [.. Enumerable.Repeat(x, replicas).SelectMany(p => p)];
            _drifts = new double[_points.Length];
            _many = _flowOf(new Cloud(replicas, n, d, [.. _points], Repeat(_cloud.Labels), Repeat(_cloud.Weights)));

            double[] Repeat(double[] values) => [.. Enumerable.Repeat(values, replicas).SelectMany(v => v)];
        }
        double[] scales = [.. vectors.Select(v => Sphere.Largest(v, d))];
        for (int k = 0; k < vectors.Length; k++)
            for (int p = 0; p < PointsPerVector; p++)
                TangentSpace.Move(x, vectors[k], scales[k] > 0 ? Steps[p] * _step / scales[k] : 0,
                    _points.AsSpan((PointsPerVector * k + p) * length, length), d);
        _many.Drift(_points, _drifts, ..(PointsPerVector * vectors.Length), stop);
        for (int k = 0; k < vectors.Length; k++)
        {
            ReadOnlySpan<double> drifts = _drifts.AsSpan(PointsPerVector * k * length, PointsPerVector * length);
            double[] product = new double[length];
            double share = scales[k] / (12 * _step);
            for (int c = 0; c < length; c++)
                product[c] = share * (8 * (drifts[c] - drifts[length + c]) - (drifts[2 * length + c] - drifts[3 * length + c]));
            Sphere.Project(x, product, d);
            products[k] = product;
        }
    }
}
