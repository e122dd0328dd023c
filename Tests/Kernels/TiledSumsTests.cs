namespace AttentionFlow.Tests.Kernels;

/// <summary>Sums over tiles, from d = 7 on: accuracy where tokens have clustered, and one factor for two rows.</summary>
public sealed class TiledSumsTests
{
    /// <summary>Clusters of a width, their tokens in any order.</summary>
    private static double[] Clusters(int clusters, int n, int d, double width, bool shuffled)
    {
        Random random = new(clusters + n);
        double[] centres = Problems.Sphere(random, clusters, d), x = Problems.Sphere(random, n, d);
        for (int i = 0; i < n; i++)
        {
            int cluster = shuffled ? random.Next(clusters) : i * clusters / n;
            for (int c = 0; c < d; c++) x[i * d + c] = centres[cluster * d + c] + width * x[i * d + c];
            Problems.Normalise(x.AsSpan(i * d, d));
        }
        return x;
    }

    private static PairProblem Even(double[] x, int n, int d, double beta) =>
        PairProblem.Self(1, n, d, new Interaction(beta), x, [.. Enumerable.Repeat(1.0 / n, n)], new double[n]);

    // The part across the token, relative to the largest force of all.
    private static double TangentialError(PairProblem p, RowSums actual, RowSums exact)
    {
        double worst = 0;
        for (int i = 0; i < p.Keys; i++)
        {
            ReadOnlySpan<double> x = p.Q.AsSpan(i * p.Dimension, p.Dimension);
            double[] error = Across(x, [.. Row(actual, i).Zip(Row(exact, i), (a, e) => a - e)]), force = Across(x, Row(exact, i));
            worst = Math.Max(worst, Length(error) / Length(force));
        }
        return worst;

        double[] Row(RowSums sums, int i) => sums.Force[(i * p.Dimension)..((i + 1) * p.Dimension)];
    }

    private static double[] Across(ReadOnlySpan<double> x, double[] v)
    {
        double along = 0;
        for (int c = 0; c < v.Length; c++) along += x[c] * v[c];
        for (int c = 0; c < v.Length; c++) v[c] -= along * x[c];
        return v;
    }

    private static double Length(double[] v) => Math.Sqrt(v.Sum(a => a * a));

    [Test]
    public void KeepsTheForceInsideClusters([Values(2, 20)] int clusters, [Values(1e-3, 1e-6)] double width, [Values] bool shuffled, [Values(8, 64)] int d)
    {
        PairProblem p = Even(Clusters(clusters, 1200, d, width, shuffled), 1200, d, 30);
        RowSums exact = Problems.Sum(new ReferenceSums(), p, RowColumns.Force);
        using SimdSums single = new(Precision.Single, 2), both = new(Precision.Double, 1);
        Assert.That(TangentialError(p, Problems.Sum(single, p, RowColumns.Force), exact), Is.LessThan(1e-5));
        Assert.That(TangentialError(p, Problems.Sum(both, p, RowColumns.Force), exact), Is.LessThan(1e-12));
    }
}
