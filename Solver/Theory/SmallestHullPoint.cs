namespace AttentionFlow.Solver.Theory;

/// <summary>
/// The point of smallest length in the convex hull of points, by Wolfe's algorithm (Finding the nearest point in a polytope, Mathematical
/// Programming 11, 1976): finite, O(n d) a step. Its length is the largest margin of a half-space through the origin that holds them all:
/// max over unit u of min_i &lt;u, x_i&gt; = min over the hull of |x|, by duality.
/// </summary>
/// <remarks>
/// The points that carry it, the corral, are affinely independent, at most d + 1. R^T R = 1 1^T + X X^T over the corral is kept as a
/// triangle R: a point is added by one substitution, and dropped by plane rotations.
/// </remarks>
internal sealed class SmallestHullPoint
{
    // Of the squared length of points, which are units: below it, a margin of 1e-6, the hull holds the origin.
    private const double Nothing = 1e-12;

    private readonly ReadOnlyMemory<double> _points;
    private readonly int _d;
    private readonly List<int> _corral = [];
    private readonly List<double> _weights = [];
    // Column k of R, k + 1 numbers.
    private readonly List<double[]> _r = [];

    private SmallestHullPoint(ReadOnlyMemory<double> points, int d) => (_points, _d) = (points, d);

    /// <summary>max over unit u of min_i &lt;u, x_i&gt;, or 0 where that is not positive. The value is that of a u which was
    /// found.</summary>
    /// <param name="points">Unit vectors, [n, d].</param>
    /// <param name="d">d.</param>
    /// <param name="stop">Ends it.</param>
    public static double Margin(ReadOnlyMemory<double> points, int d, CancellationToken stop) => new SmallestHullPoint(points, d).Run(stop);

    private double Run(CancellationToken stop)
    {
        double[] x = Point(0).ToArray();
        Add(0);
        double best = 0;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            (int least, double lowest) = Least(x);
            double square = Sphere.Dot(x, x);
            if (!(square > Nothing)) return 0;
            best = Math.Max(best, lowest / Math.Sqrt(square));
            if (lowest >= square - Nothing || _corral.Contains(least) || !Add(least)) return best;
            if (!Minimise()) return best;
            x = Combination();
        }
    }

    private ReadOnlySpan<double> Point(int i) => _points.Span.Slice(i * _d, _d);

    private (int Index, double Value) Least(double[] x)
    {
        (int index, double value) = (0, double.PositiveInfinity);
        for (int i = 0; i < _points.Length / _d; i++)
            if (Dot(x, Point(i)) is var dot && dot < value) (index, value) = (i, dot);
        return (index, value);
    }

    // Until the point of smallest length in the corral's affine hull lies inside its hull: points whose weight would fall below 0 leave.
    private bool Minimise()
    {
        while (true)
        {
            double[] goal = AffineWeights();
            if (goal.Any(w => !double.IsFinite(w))) return false;
            double share = 1;
            int leaves = -1;
            for (int k = 0; k < goal.Length; k++)
                if (goal[k] <= 0 && _weights[k] / (_weights[k] - goal[k]) is var s && s < share) (share, leaves) = (s, k);
            for (int k = 0; k < goal.Length; k++) _weights[k] += share * (goal[k] - _weights[k]);
            if (leaves < 0) return true;
            Drop(leaves);
        }
    }

    private double[] Combination()
    {
        double[] x = new double[_d];
        for (int k = 0; k < _corral.Count; k++) Sphere.AddScaled(x, _weights[k], Point(_corral[k]));
        return x;
    }

    // Weights with the sum 1 of the point of smallest length in the affine hull: R^T R w = 1, scaled.
    private double[] AffineWeights()
    {
        int n = _corral.Count;
        double[] w = new double[n];
        for (int k = 0; k < n; k++) w[k] = (1 - Dot(_r[k].AsSpan(0, k), w.AsSpan(0, k))) / _r[k][k];
        for (int k = n - 1; k >= 0; k--)
        {
            w[k] /= _r[k][k];
            Sphere.AddScaled(w.AsSpan(0, k), -w[k], _r[k].AsSpan(0, k));
        }
        double sum = w.Sum();
        for (int k = 0; k < n; k++) w[k] /= sum;
        return w;
    }

    // False where the point depends on those of the corral.
    private bool Add(int index)
    {
        int n = _corral.Count;
        ReadOnlySpan<double> x = Point(index);
        double[] column = new double[n + 1];
        for (int k = 0; k < n; k++)
            column[k] = (1 + Dot(Point(_corral[k]), x) - Dot(_r[k].AsSpan(0, k), column.AsSpan(0, k))) / _r[k][k];
        double rest = 1 + Dot(x, x) - Dot(column.AsSpan(0, n), column.AsSpan(0, n));
        if (!(rest > Nothing)) return false;
        column[n] = Math.Sqrt(rest);
        _corral.Add(index);
        _weights.Add(n == 0 ? 1 : 0);
        _r.Add(column);
        return true;
    }

    // Without column k, R has numbers below its diagonal, which rotations of rows take away.
    private void Drop(int k)
    {
        _corral.RemoveAt(k);
        _weights.RemoveAt(k);
        _r.RemoveAt(k);
        for (int j = k; j < _r.Count; j++)
        {
            (double a, double b) = (_r[j][j], _r[j][j + 1]);
            double length = double.Hypot(a, b), cos = a / length, sin = b / length;
            for (int c = j; c < _r.Count; c++)
                (_r[c][j], _r[c][j + 1]) = (cos * _r[c][j] + sin * _r[c][j + 1], cos * _r[c][j + 1] - sin * _r[c][j]);
            _r[j] = _r[j][..(j + 1)];
        }
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y) => Sphere.LaneDot(x, y);
}
