namespace AttentionFlow.Tests.Kernels;

/// <summary>Sums over tiles, from d = 16 on: accuracy where tokens have clustered, and one factor for two rows.</summary>
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

    // The error of the part across the token, relative to that part, of the worst row.
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
    public void KeepsTheForceInsideClusters([Values(2, 20)] int clusters, [Values(1e-3, 1e-6)] double width, [Values] bool shuffled, [Values(16, 64)] int d)
    {
        PairProblem p = Even(Clusters(clusters, 1200, d, width, shuffled), 1200, d, 30);
        RowSums exact = Problems.Sum(new ReferenceSums(), p, RowColumns.Force);
        using SimdSums single = new(Precision.Single, 2), both = new(Precision.Double, 1);
        Assert.That(TangentialError(p, Problems.Sum(single, p, RowColumns.Force), exact), Is.LessThan(1e-5));
        Assert.That(TangentialError(p, Problems.Sum(both, p, RowColumns.Force), exact), Is.LessThan(1e-12));
    }

    /// <summary>Every kind of cloud: spread, clustered, both with close pairs, and one that has nearly collapsed.</summary>
    private static IEnumerable<double[]> Clouds(int n, int d)
    {
        double[] spread = Problems.Sphere(new Random(1), n, d), clustered = Clusters(3, n, d, 1e-3, true);
        yield return spread;
        yield return clustered;
        yield return [.. spread.Take(n / 2 * d), .. clustered.Skip(n / 2 * d)];
        yield return [.. spread.Take(n / 2 * d), .. spread.Take((n - n / 2) * d)];
        yield return Clusters(1, n, d, 1e-4, true);
    }

    // One factor serves two rows where all rows of a cloud are asked for; else a row is summed alone.
    [Test]
    public void BothWaysHaveTheBitsOfOne([Values] Precision precision, [Values(16, 17, 70)] int d)
    {
        const int n = 413;
        foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new DistanceCoupling(0.2), new BlockCoupling(-0.3), new ToeplitzCoupling(0.2, 1)])
            foreach (double[] x in Clouds(n, d))
            {
                double[] labels = [.. Enumerable.Range(0, n).Select(i => i % 5 / 5.0)];
                PairProblem p = PairProblem.Self(1, n, d, new Interaction(9) { Coupling = coupling }, x, [.. Enumerable.Repeat(1.0 / n, n)], labels);
                using SimdSums one = new(precision, 1);
                RowSums expected = Problems.Sum(one, p, RowColumns.Force), more = Problems.Sum(one, p, RowColumns.Force | RowColumns.Squares);
                Same(more);
                foreach (int bits in (int[])[128, 256, 512])
                {
                    using SimdSums sums = new(precision, 3, bits);
                    Same(Problems.Sum(sums, p, RowColumns.Force));
                    RowSums parts = new(n, d, RowColumns.Force);
                    Plan plan = sums.Plan(p, RowColumns.Force);
                    foreach (Range rows in (Range[])[0..1, 1..130, 130..413]) sums.Sum(plan, rows, parts, CancellationToken.None);
                    Same(parts);
                }

                void Same(RowSums actual)
                {
                    Assert.That(actual.Z, Is.EqualTo(expected.Z));
                    Assert.That(actual.Force, Is.EqualTo(expected.Force));
                }
            }
    }

    // sum_i F_i = 0: what j does to i, i does to j.
    [Test]
    public void ForcesOfAllTokensCancel([Values] Precision precision, [Values(17, 64)] int d)
    {
        const int n = 700;
        foreach (double[] x in Clouds(n, d))
        {
            PairProblem p = Even(x, n, d, 4);
            using SimdSums sums = new(precision, 2);
            RowSums actual = Problems.Sum(sums, p, RowColumns.Force);
            double size = actual.Force.Chunk(d).Sum(Length), unit = precision == Precision.Single ? 1.2e-7 : 2.2e-16;
            double[] total = new double[d];
            for (int i = 0; i < n * d; i++) total[i % d] += actual.Force[i];
            Assert.That(Length(total), Is.LessThan(4 * unit * Math.Max(size, actual.Z.Sum() * 1e-3)));
        }
    }

    // In high dimension a token's own factor, exactly 1, is most of Z: with the rounding of d products in its exponent Z was off by 7e-6.
    [Test]
    public void OwnFactorIsExact([Values(64, 384)] int d, [Values(300, 500)] int rows)
    {
        PairProblem p = Even(Problems.Sphere(new Random(2), 500, d), 500, d, 9);
        RowSums exact = Problems.Sum(new ReferenceSums(), p, RowColumns.Force), actual = new(500, d, RowColumns.Force);
        using SimdSums single = new(Precision.Single, 1);
        single.Sum(single.Plan(p, RowColumns.Force), ..rows, actual, CancellationToken.None);
        for (int i = 0; i < rows; i++) Assert.That(actual.Z[i], Is.EqualTo(exact.Z[i]).Within(3e-7 * exact.Z[i]));
    }

    [Test]
    public void ManyTilesAgreeWithTheReference([Values] Precision precision)
    {
        foreach (double[] x in Clouds(700, 33))
        {
            PairProblem p = Even(x, 700, 33, 9);
            RowColumns columns = Problems.AllColumns(p);
            RowSums exact = Problems.Sum(new ReferenceSums(), p, columns);
            using SimdSums sums = new(precision, 2);
            RowSums actual = Problems.Sum(sums, p, columns);
            double unit = precision == Precision.Single ? 6e-8 : 1.2e-16, bound = unit * (12 + 700 + 82 * 9);
            for (int i = 0; i < 700; i++)
            {
                Assert.That(actual.Z[i], Is.EqualTo(exact.Z[i]).Within(bound * exact.Z[i]));
                Assert.That(actual.Largest[i], Is.EqualTo(exact.Largest[i]).Within(bound * exact.Largest[i]));
                Assert.That(actual.Squares[i], Is.EqualTo(exact.Squares[i]).Within(2 * bound * exact.Squares[i]));
                Assert.That(actual.Deficit[i], Is.EqualTo(exact.Deficit[i]).Within(bound));
                for (int c = 0; c < 33; c++) Assert.That(actual.Force[i * 33 + c], Is.EqualTo(exact.Force[i * 33 + c]).Within(2 * bound * exact.Z[i]));
            }
        }
    }
}
