namespace AttentionFlow.Tests.Solver;

/// <summary>Components of the graph of near tokens, against known partitions and a search over all pairs.</summary>
public class ClustersTests
{
    private const double Delta = Clusters.Delta;

    // The largest angle that joins: cos angle = 1 - delta.
    private static readonly double Angle = Math.Acos(1 - Delta);

    /// <summary>A chain along a great circle is one component while its links are short; without one link two, closed to a circle one again.</summary>
    [TestCase(2), TestCase(3), TestCase(8)]
    public void AChainIsAsStrongAsItsLinks(int d) => Assert.Multiple(() =>
    {
        Assert.That(Count(Arc(d, 60, 0.999 * Angle), d), Is.EqualTo(1));
        Assert.That(Count(Arc(d, 60, 1.001 * Angle), d), Is.EqualTo(60));
        double[] broken = [.. Arc(d, 60, 0.999 * Angle).Where((_, i) => i / d != 20)];
        Assert.That(Count(broken, d), Is.EqualTo(2));
        int whole = (int)Math.Ceiling(2 * Math.PI / Angle);
        Assert.That(Count([.. Arc(d, whole, 2 * Math.PI / whole).Where((_, i) => i / d != 20)], d), Is.EqualTo(1));
    });

    [Test]
    public void TightClustersAreCounted([Values(2, 3, 8)] int d)
    {
        List<double[]> centres = [];
        foreach (double[] point in Clouds.Uniform(1, 60, d, seed: 4).Positions.Chunk(d))
            if (centres.All(c => Sphere.Dot(c, point) < Math.Cos(2 * Angle))) centres.Add(point);
        Assert.That(centres, Has.Count.GreaterThan(20));
        foreach (double spread in (double[])[0, 1e-12, 1e-4])
            Assert.That(Count(new ClustersLaw([.. centres], spread).Draw(1, 1000, d, seed: 2).Positions, d), Is.EqualTo(centres.Count), $"spread {spread}");
    }

    // From all apart to all together; the middle has components of every size. The dense ones in d = 3 have many tokens in a cell.
    [Test]
    public void AgreesWithAllPairs([Values(2, 3, 8)] int d, [Values(40, 700)] int n, [Values(1e-5, 1e-3, 1e-2, 0.1, 1)] double delta)
    {
        foreach (double angle in (double[])[0.1, 1, 3])
        {
            double[] x = new CapLaw(Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => Math.Sin(c))]), angle).Draw(1, n, d, seed: 11).Positions;
            Assert.That(Clusters.Count(x, 0, n, d, delta), Is.EqualTo(ByPairs(x, d, delta)), $"angle {angle}");
        }
    }

    [Test]
    public void ReplicasAreCountedApart()
    {
        double[] x = [.. Arc(3, 10, 2 * Angle), .. Arc(3, 10, 0.5 * Angle)];
        Assert.That((Clusters.Count(x, 0, 10, 3, Delta), Clusters.Count(x, 10, 10, 3, Delta)), Is.EqualTo((10, 1)));
    }

    [TestCase(0), TestCase(-1), TestCase(double.NaN)]
    public void ADeltaThatIsNoneIsRefused(double delta) => Assert.That(() => Clusters.Count([1, 0], 0, 1, 2, delta), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static int Count(double[] x, int d) => Clusters.Count(x, 0, x.Length / d, d, Delta);

    // Points along the great circle of the first and the last axis.
    private static double[] Arc(int d, int count, double step)
    {
        double[] x = new double[count * d];
        for (int i = 0; i < count; i++) (x[i * d + d - 1], x[i * d]) = Math.SinCos(0.1 + i * step);
        return x;
    }

    private static int ByPairs(double[] x, int d, double delta = Delta)
    {
        int n = x.Length / d;
        int[] component = [.. Enumerable.Range(0, n)];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++)
            {
                if (component[i] == component[j] || !(Math.Pow(Sphere.Distance(x.AsSpan(i * d, d), x.AsSpan(j * d, d)), 2) < 2 * delta)) continue;
                (int from, int to) = (component[i], component[j]);
                for (int k = 0; k < n; k++)
                    if (component[k] == from) component[k] = to;
            }
        return component.Distinct().Count();
    }
}
