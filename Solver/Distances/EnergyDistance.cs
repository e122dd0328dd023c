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
        double square = 2 * Mean(x, weights, law, lawWeights, d) - Mean(x, weights, x, weights, d) - Mean(law, lawWeights, law, lawWeights, d);
        return Math.Sqrt(Math.Max(0, square));
    }

    private static double Mean(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> y, ReadOnlySpan<double> others, int d)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double row = 0;
            for (int j = 0; j < others.Length; j++) row += others[j] * Sphere.Distance(x.Slice(i * d, d), y.Slice(j * d, d));
            sum += weights[i] * row;
        }
        return sum;
    }
}
