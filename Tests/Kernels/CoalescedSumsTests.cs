using AttentionFlow.Tests.Solver;

namespace AttentionFlow.Tests.Kernels;

public sealed class CoalescedSumsTests
{
    private static readonly ReferenceSums Reference = new();

    // Clusters of this spread around random centres and their antipodes; the last token, the lightest, is alone opposite to the second.
    private static PairProblem Clusters(int seed, int n, int d, Interaction interaction, int clusters, double spread, bool decades)
    {
        Random random = new Random(seed);
        double[] centres = Problems.Sphere(random, clusters, d), x = Problems.Sphere(random, n, d);
        for (int i = 0; i < n; i++)
        {
            int cluster = i == n - 1 ? 0 : random.Next(1, clusters);
            for (int c = 0; c < d; c++) x[i * d + c] = (cluster % 2 == 0 ? 1 : -1) * centres[cluster / 2 * d + c] + spread * x[i * d + c];
            Problems.Normalise(x.AsSpan(i * d, d));
        }
        double[] labels = [.. Enumerable.Range(0, n).Select(_ => random.Next(2) / 2.0)];
        return PairProblem.Self(1, n, d, interaction, x, HarmonicClouds.Weights(decades, n), labels);
    }

    // The promise: errors of Z and of the tangential force never above tol S_i, those of the deficit never above 2 tol of it. Cells a tenth of a radius wide and cells that overflow.
    [Test]
    public void ErrorsStayBelowTheTolerance([Values(2, 3, 8, 64)] int d, [Values(0.1, 1, 9, 64, 256)] double beta)
    {
        int seed = 0, coalesced = 0;
        // Positions and their differences rounded, as in PairSumsTests.
        double rounding = (16 + 2 * d) * beta * Math.Pow(2, -53);
        foreach (double tolerance in (double[])[0.1, 1e-3, 1e-6, 1e-10])
            foreach (double radii in (double[])(d == 64 ? [0.1, 0.7] : [0, 0.1, 0.7, 1.5]))
            {
                Coupling coupling = seed / 4 % 2 == 0 ? new OneCoupling() : new BlockCoupling(0.01);
                double spread = radii * Math.Sqrt(tolerance / Math.Max(beta * (beta / 2 + 1), 2 * beta));
                PairProblem problem = Clusters(++seed, 520, d, new Interaction(beta) { Coupling = coupling }, 6, spread, decades: seed % 3 == 0);
                RowSums expected = Problems.Sum(Reference, problem, RowColumns.Force | RowColumns.Deficit);
                using CoalescedSums sums = new CoalescedSums(tolerance, Precision.Double, 1);
                RowSums actual = Problems.Sum(sums, problem, RowColumns.Force | RowColumns.Deficit);
                actual = Tangential(problem, actual);
                string where = $"{coupling}, tol {tolerance}, {radii} radii, {sums.Statistics.Cells} cells";
                double error = HarmonicClouds.Error(problem, actual, expected, expected.Z, expected.Z);
                Assert.That(error, Is.LessThanOrEqualTo(sums.Statistics.ErrorBound + rounding), where);
                Assert.That(sums.Statistics.ErrorBound, Is.LessThanOrEqualTo(tolerance), where);
                for (int i = 0; i < 520; i++)
                    Assert.That(Math.Abs(actual.Deficit[i] - expected.Deficit[i]), Is.LessThanOrEqualTo((2 * tolerance + 1e-13) * expected.Deficit[i] + 1e-30), where);
                if (sums.Statistics.Cells > 0) coalesced++;
                if (radii <= 0.1) Assert.That(sums.Statistics.Cells, Is.InRange(2, 13), where);
            }
        Assert.That(coalesced, Is.GreaterThanOrEqualTo(d == 64 ? 4 : 8));
    }

    // A light token at a right angle to a pair that lies along it: the cell's variance is all in the direction of the query.
    [Test]
    public void TheBoundIsNearlyAttained([Values(1e-2, 1e-6)] double tolerance)
    {
        const double Beta = 9;
        const int n = 600;
        double angle = 0.8 * Math.Sqrt(tolerance / (Beta * (Beta / 2 + 1))) / 2;
        double[] x = [.. Enumerable.Range(0, n).SelectMany(i => i == n - 1 ? (double[])[0, 1] : [Math.Cos(angle), i % 2 == 0 ? Math.Sin(angle) : -Math.Sin(angle)])];
        double[] weights = [.. Enumerable.Range(0, n).Select(i => i == n - 1 ? 1e-12 : 1.0 / n)];
        PairProblem problem = PairProblem.Self(1, n, 2, new Interaction(Beta), x, weights, new double[n]);
        using CoalescedSums sums = new CoalescedSums(tolerance, Precision.Double, 1);
        double actual = Problems.Sum(sums, problem, RowColumns.None).Z[n - 1], expected = Problems.Sum(Reference, problem, RowColumns.None).Z[n - 1];
        Assert.That(sums.Statistics.Cells, Is.EqualTo(2));
        Assert.That((expected - actual) / expected, Is.InRange(0.6 * sums.Statistics.ErrorBound, sums.Statistics.ErrorBound));
    }

    // The pull between coincident clusters, e^{-beta (1 - cos)} of Z, keeps its relative accuracy where the tolerance is far above it.
    [Test]
    public void ExponentiallyWeakPullsKeepTheirAccuracy([Values(2, 3, 8)] int d, [Values(2, 3)] int clusters, [Values(1e-3, 1e-8)] double tolerance)
    {
        const double Beta = 30;
        const int n = 900;
        double[] centres = Problems.Sphere(new Random(4), 3, d), x = [.. Enumerable.Range(0, n * d).Select(i => centres[i / d % clusters * d + i % d])];
        PairProblem problem = PairProblem.Self(1, n, d, new Interaction(Beta), x, HarmonicClouds.Weights(true, n), new double[n]);
        using CoalescedSums sums = new CoalescedSums(tolerance, Precision.Double, 1);
        double[] actual = HarmonicClouds.Tangential(problem, Problems.Sum(sums, problem, RowColumns.Force).Force);
        double[] expected = HarmonicClouds.Tangential(problem, Problems.Sum(Reference, problem, RowColumns.Force).Force);
        Assert.That(sums.Statistics.Cells, Is.EqualTo(clusters));
        double smallest = double.PositiveInfinity;
        for (int i = 0; i < n; i++)
        {
            double length = Sphere.Norm(expected.AsSpan(i * d, d)), error = Math.Sqrt(Enumerable.Range(i * d, d).Sum(c => Math.Pow(actual[c] - expected[c], 2)));
            Assert.That(error, Is.LessThanOrEqualTo(1e-11 * length));
            smallest = Math.Min(smallest, length);
        }
        if (d > 2) Assert.That(smallest, Is.LessThan(tolerance));
    }

    // Clusters of finite width: the mean force on each, what moves it, is that of the others to the tolerance, though it is far below the tolerance of Z. Their own
    // width adds no more than beta |x - c|^3, and the rounding of a centroid, 1e-17.
    [Test]
    public void ClustersPullEachOtherToTheTolerance([Values(3, 8)] int d)
    {
        const double Beta = 30, Tolerance = 1e-3, Spread = 2e-6;
        const int n = 600;
        Random random = new Random(8);
        double[] x = Problems.Sphere(random, n, d);
        for (int i = 0; i < n; i++)
        {
            for (int c = 0; c < d; c++) x[i * d + c] = (c == i % 2 ? 1 : 0) + Spread * x[i * d + c];
            Problems.Normalise(x.AsSpan(i * d, d));
        }
        PairProblem problem = PairProblem.Self(1, n, d, new Interaction(Beta), x, HarmonicClouds.Weights(false, n), new double[n]);
        using CoalescedSums sums = new CoalescedSums(Tolerance, Precision.Double, 1);
        double[] actual = Problems.Sum(sums, problem, RowColumns.Force).Force, expected = Problems.Sum(Reference, problem, RowColumns.Force).Force;
        Assert.That(sums.Statistics.Cells, Is.EqualTo(2));
        double pull = 0, error = 0;
        for (int i = 0; i < n; i += 2)
        {
            pull += expected[i * d + 1] / n;
            error += (actual[i * d + 1] - expected[i * d + 1]) / n;
        }
        Assert.That(pull, Is.InRange(1e-14, 1e-12));
        Assert.That(Math.Abs(error), Is.LessThanOrEqualTo(Tolerance * pull));
    }

    [Test]
    public void CellsAreFewOnlyWhereTokensLieTogether([Values(2, 8, 64)] int d)
    {
        using CoalescedSums sums = new CoalescedSums(1e-6, Precision.Double, 1);
        PairProblem uniform = Problems.Self(3, 1, 2000, d, new Interaction(9), evenWeights: true), clusters = Clusters(3, 2000, d, new Interaction(9), 20, 1e-6, false);
        RowSums actual = Problems.Sum(sums, uniform, RowColumns.Force), direct = Problems.Sum(new SimdSums(Precision.Double, 1), uniform, RowColumns.Force);
        Assert.That(sums.Statistics.Cells, Is.Zero);
        Assert.That(actual.Force, Is.EqualTo(direct.Force));
        Problems.Sum(sums, clusters, RowColumns.Force);
        Assert.That(sums.Statistics.Cells, Is.EqualTo(20));
    }

    [Test]
    public void SameBitsForThreadsWidthsAndRowRanges([Values] Precision precision, [Values(3, 8)] int d)
    {
        PairProblem[] parts = [.. Enumerable.Range(0, 3).Select(r => r == 1 ? Problems.Self(7, 1, 600, d, new Interaction(9) { Coupling = new BlockCoupling(0.1) }, evenWeights: true)
            : Clusters(r, 600, d, new Interaction(9) { Coupling = new BlockCoupling(0.1) }, 2 + 6 * r, 1e-4, r == 2))];
        PairProblem problem = PairProblem.Self(3, 600, d, parts[0].Interaction, [.. parts.SelectMany(p => p.Q)], [.. parts.SelectMany(p => p.Weights)], [.. parts.SelectMany(p => p.KeyLabels)]);
        const RowColumns Columns = RowColumns.Force | RowColumns.Deficit;
        using CoalescedSums one = new CoalescedSums(1e-4, precision, 1);
        RowSums expected = Problems.Sum(one, problem, Columns);
        Assert.That(one.Statistics.Cells, Is.InRange(10, 30));
        foreach ((int threads, int bits) in ((int, int)[])[(2, 512), (5, 256), (3, 128)])
        {
            using CoalescedSums sums = new CoalescedSums(1e-4, precision, threads, bits);
            RowSums actual = new RowSums(problem.Rows, d, Columns);
            int[] cuts = threads == 2 ? [0, 1800] : [0, 1, 590, 1250, 1800];
            Plan plan = sums.Plan(problem, actual.Columns);
            for (int i = 1; i < cuts.Length; i++) sums.Sum(plan, cuts[i - 1]..cuts[i], actual, CancellationToken.None);
            Assert.That(actual.Z, Is.EqualTo(expected.Z));
            Assert.That(actual.Force, Is.EqualTo(expected.Force));
            Assert.That(actual.Deficit, Is.EqualTo(expected.Deficit));
        }
        // A replica does not feel the others.
        foreach (int r in (int[])[0, 1, 2])
        {
            PairProblem alone = PairProblem.Self(1, 600, d, problem.Interaction, parts[r].Q, parts[r].Weights, parts[r].KeyLabels);
            Assert.That(Problems.Sum(one, alone, Columns).Force, Is.EqualTo(expected.Force[(r * 600 * d)..((r + 1) * 600 * d)]));
        }
    }

    // A flow that clusters: the same tokens as by direct sums, and in the end a few cells.
    [Test]
    public void AClusteringFlowEndsWithFewCells()
    {
        Interaction interaction = new(9) { Normalization = Normalization.Softmax };
        Cloud start = Clouds.Uniform(1, 600, 8, seed: 3);
        using SimdSums direct = new(Precision.Double, 2);
        using FastSums auto = new(Summation.Auto, 1e-10, Precision.Double, 2);
        double[] expected = Run(direct), actual = Run(auto);
        Assert.That(Clouds.LargestDifference(actual, expected), Is.LessThan(1e-8));
        Assert.That(auto.Statistics[SumMethod.Direct], Is.GreaterThan(10));
        Assert.That(auto.Statistics[SumMethod.Coalesced], Is.GreaterThan(10));
        Assert.That(auto.Statistics.Cells, Is.LessThan(10));
        Assert.That(auto.Statistics.ErrorBound, Is.InRange(0, 1e-10));
        double[] Run(IPairSums sums)
        {
            Cloud cloud = new(1, 600, 8, [.. start.Positions], start.Labels, Clouds.Weights(1, 600));
            new Simulation(new Flow(interaction, new IdentityGauge(), cloud, sums), Methods.RungeKutta4, 0.25, 40).Run(cloud, []);
            return cloud.Positions;
        }
    }

    [Test]
    public void SaysWhyNot()
    {
        using CoalescedSums sums = new CoalescedSums(1e-6, Precision.Double, 1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Why(new Interaction(1)), Is.Null);
        Assert.That(Why(new Interaction(1), evenWeights: false), Does.Contain("not negative"));
        Assert.That(Why(new Interaction(1) { Mask = Mask.Causal }), Does.Contain("Causal"));
        Assert.That(Why(new Interaction(1) { Profile = Profile.Linear }), Does.Contain("exponential"));
        Assert.That(Why(new Interaction(1) { Coupling = new ToeplitzCoupling(1, 1) }), Does.Contain("toeplitz"));
        Assert.That(() => new CoalescedSums(0, Precision.Double, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        string? Why(Interaction interaction, bool evenWeights = true) => sums.Plan(Problems.Self(1, 1, 4, 5, interaction, evenWeights), RowColumns.Force).WhyNot;
    }

    private static RowSums Tangential(PairProblem problem, RowSums sums)
    {
        HarmonicClouds.Tangential(problem, sums.Force).CopyTo(sums.Force, 0);
        return sums;
    }
}
