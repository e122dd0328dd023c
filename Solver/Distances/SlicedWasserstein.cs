namespace AttentionFlow.Solver;

/// <summary>
/// Sliced W1 of two weighted samples of R^d: the mean over directions u of W1 of the projections &lt;x, u&gt;. The directions are independent, uniform on the sphere and the
/// same at every call (Philox, seed 0): two points at distance r have r Gamma(d/2)/(sqrt(pi) Gamma((d+1)/2)) (d = 3: r/2) up to a relative error of about 0.6/sqrt(directions).
/// O(directions (n + N) (d + log(n + N))).
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
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights, int d, int directions = 128)
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
