namespace AttentionFlow.Solver;

/// <summary>
/// Energy distance (2 E|X - Y| - E|X - X'| - E|Y - Y'|)^{1/2} of two weighted samples of R^d (Szekely and Rizzo 2013), by all pairs, pairs of a point with itself
/// included: the distance of the two samples as laws, a metric, 0 only when they are equal. As an estimate for the laws that n and N points are drawn from its square
/// is too large by E|X - X'|/n + E|Y - Y'|/N. O((n + N)^2 d).
/// </summary>
public static class EnergyDistance
{
    /// <summary>The distance; points [n, d] and [N, d], weights sum to 1 each.</summary>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights, int d)
    {
        double cross = 0;
        for (int i = 0; i < weights.Length; i++) cross += weights[i] * Row(x.Slice(i * d, d), law, lawWeights);
        return Math.Sqrt(Math.Max(0, 2 * (cross - Pairs(x, weights, d) - Pairs(law, lawWeights, d))));
    }

    // E|X - X'|/2: every pair once.
    private static double Pairs(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int d)
    {
        double sum = 0;
        for (int i = 1; i < weights.Length; i++) sum += weights[i] * Row(x.Slice(i * d, d), x[..(i * d)], weights[..i]);
        return sum;
    }

    private static double Row(ReadOnlySpan<double> point, ReadOnlySpan<double> others, ReadOnlySpan<double> weights)
    {
        double sum = 0;
        for (int j = 0, d = point.Length; j < weights.Length; j++) sum += weights[j] * Sphere.Distance(point, others.Slice(j * d, d));
        return sum;
    }
}
