namespace AttentionFlow.Solver.Observables;

/// <summary>
/// W1 of two weighted samples of a circle of radius 1, distances along the circle: the least integral of |F - G - c| over one turn, c the
/// median of F - G (Delon, Salomon, Sobolevskii, SIAM J. Appl. Math. 2010). Exact; on an orbit of radius r multiply by r.
/// </summary>
public static class CircleWasserstein
{
    /// <summary>The distance, from 0 to pi; angles in radians, any turn; weights sum to 1 each.</summary>
    public static double Distance(
        ReadOnlySpan<double> angles, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights)
    {
        double[] x = Turned(angles), y = Turned(law);
        (double Length, double Difference)[] steps = LineWasserstein.Steps(x, weights, y, lawWeights);
        // The rest of the turn, where F - G is 0 at its beginning and, both having run through, at its end.
        double rest = 2 * Math.PI - steps.Sum(s => s.Length);
        steps = [.. steps, (rest, 0)];
        Array.Sort(steps, (a, b) => a.Difference.CompareTo(b.Difference));
        double passed = 0;
        int median = 0;
        while (median < steps.Length - 1 && (passed += steps[median].Length) < Math.PI) median++;
        double c = steps[median].Difference;
        return steps.Sum(s => s.Length * Math.Abs(s.Difference - c));
    }

    private static double[] Turned(ReadOnlySpan<double> angles)
    {
        double[] turned = new double[angles.Length];
        for (int i = 0; i < turned.Length; i++) turned[i] = angles[i] - 2 * Math.PI * Math.Floor(angles[i] / (2 * Math.PI));
        return turned;
    }
}

/// <summary>
/// Energy distance (2 E|X - Y| - E|X - X'| - E|Y - Y'|)^{1/2} of two weighted samples of R^d (Szekely and Rizzo 2013), by all pairs, pairs
/// of a point with itself included: the distance of the two samples as laws, a metric, 0 only when they are equal. As an estimate for the
/// laws that n and N points are drawn from its square is too large by E|X - X'|/n + E|Y - Y'|/N. O((n + N)^2 d).
/// </summary>
public static class EnergyDistance
{
    /// <summary>The distance; points [n, d] and [N, d], weights sum to 1 each.</summary>
    public static double Distance(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights, int d)
    {
        CompensatedSum cross = default;
        for (int i = 0; i < weights.Length; i++) cross.Add(weights[i] * Row(x.Slice(i * d, d), law, lawWeights));
        return Math.Sqrt(Math.Max(0, 2 * (cross.Value - Pairs(x, weights, d) - Pairs(law, lawWeights, d))));
    }

    // E|X - X'|/2: every pair once.
    private static double Pairs(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int d)
    {
        CompensatedSum sum = default;
        for (int i = 1; i < weights.Length; i++) sum.Add(weights[i] * Row(x.Slice(i * d, d), x[..(i * d)], weights[..i]));
        return sum.Value;
    }

    private static double Row(ReadOnlySpan<double> point, ReadOnlySpan<double> others, ReadOnlySpan<double> weights)
    {
        CompensatedSum sum = default;
        for (int j = 0, d = point.Length; j < weights.Length; j++) sum.Add(weights[j] * Sphere.Distance(point, others.Slice(j * d, d)));
        return sum.Value;
    }
}

/// <summary>W1 of two weighted samples of the line: the integral of |F - G|, F and G their distribution functions. Exact.</summary>
public static class LineWasserstein
{
    /// <summary>The distance; weights sum to 1 each.</summary>
    public static double Distance(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> y, ReadOnlySpan<double> lawWeights)
    {
        CompensatedSum distance = default;
        foreach ((double length, double difference) in Steps(x, weights, y, lawWeights)) distance.Add(length * Math.Abs(difference));
        return distance.Value;
    }

    /// <summary>F - G between neighbouring points of the two samples together, in their order: length of the interval and value.</summary>
    internal static (double Length, double Difference)[] Steps(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> y, ReadOnlySpan<double> lawWeights)
    {
        double[] at = [.. x, .. y], jump = [.. weights, .. lawWeights];
        for (int i = x.Length; i < jump.Length; i++) jump[i] = -jump[i];
        Array.Sort(at, jump);
        (double, double)[] steps = new (double, double)[at.Length - 1];
        CompensatedSum difference = default;
        for (int i = 0; i < steps.Length; i++)
        {
            difference.Add(jump[i]);
            steps[i] = (at[i + 1] - at[i], difference.Value);
        }
        return steps;
    }
}

/// <summary>
/// Sliced W1 of two weighted samples of R^d: the mean over directions u of W1 of the projections &lt;x, u&gt;. The directions are
/// independent, uniform on the sphere and the same at every call (Philox, seed 0): two points at distance r have r Gamma(d/2)/(sqrt(pi)
/// Gamma((d+1)/2)) (d = 3: r/2) up to a relative error of about 0.6/sqrt(directions). O(directions (n + N) (d + log(n + N))).
/// </summary>
public static class SlicedWasserstein
{
    /// <summary>The distance, at least 0 and at most W1.</summary>
    /// <param name="x">[n, d].</param>
    /// <param name="weights">[n], sum 1.</param>
    /// <param name="law">[N, d].</param>
    /// <param name="lawWeights">[N], sum 1.</param>
    /// <param name="d">The dimension.</param>
    /// <param name="directions">At least 1.</param>
    public static double Distance(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights,
        int d, int directions = 128)
    {
        double[] direction = new double[d], projected = new double[weights.Length], lawProjected = new double[lawWeights.Length];
        double sum = 0;
        for (int k = 0; k < directions; k++)
        {
            new RandomStream(0, RandomPurpose.Probes, replica: 0, token: k, step: 1).OnSphere(direction);
            Project(x, direction, projected);
            Project(law, direction, lawProjected);
            sum += LineWasserstein.Distance(projected, weights, lawProjected, lawWeights);
        }
        return sum / directions;
    }

    private static void Project(ReadOnlySpan<double> points, double[] direction, double[] projected)
    {
        int d = direction.Length;
        for (int i = 0; i < projected.Length; i++) projected[i] = Sphere.Dot(points.Slice(i * d, d), direction);
    }
}
