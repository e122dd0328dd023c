using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Trajectories;
using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Solver;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Tests.Trajectories;

/// <summary>What is measured of trajectories, against closed forms and searches.</summary>
public class AnalysisTests : FolderFixture
{
    /// <summary>An equiangular set with cosine g: all lie at height sqrt((1 + (n-1) g)/n) over the origin, along their sum.</summary>
    [TestCase(3, 3, 0.2), TestCase(5, 8, -0.1), TestCase(100, 384, 0.05), TestCase(40, 40, 0.7)]
    public void TheHemisphereOfAnEquiangularSet(int n, int d, double g) => Assert.That(
        SmallestHullPoint.Margin(new EquiangularLaw(g).Draw(1, n, d, seed: 1).Positions, d, default), Is.EqualTo(Math.Sqrt((1 + (n - 1) * g) / n)).Within(1e-9));

    [Test]
    public void TheHemisphereOfCapsAndOfWholeSpheres()
    {
        double[] cap = new CapLaw([0, 0, 1], 0.5).Draw(1, 4000, 3, seed: 1).Positions;
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(SmallestHullPoint.Margin(cap, 3, default), Is.EqualTo(Math.Cos(0.5)).Within(2e-3), "a full cap");
        Assert.That(SmallestHullPoint.Margin(Clouds.Uniform(1, 60, 3).Positions, 3, default), Is.Zero, "the origin is inside");
        Assert.That(SmallestHullPoint.Margin(new double[] { 0, 1, 0, -1 }, 2, default), Is.Zero, "two poles");
        Assert.That(SmallestHullPoint.Margin(new double[] { 1, 0, 1, 0 }, 2, default), Is.EqualTo(1), "a point, twice");
        Assert.That(SmallestHullPoint.Margin(new double[] { 1, 0, Math.Cos(3), Math.Sin(3) }, 2, default), Is.EqualTo(Math.Cos(1.5)).Within(1e-12));
    }

    /// <summary>On the circle the best half-space stands across the largest gap: a search over all gaps.</summary>
    [Test]
    public void TheHemisphereOnTheCircleIsThatOfTheLargestGap([Range(1, 30)] int seed)
    {
        double[] x = new CapLaw([1, 0], 0.3 + 0.1 * seed).Draw(1, 7, 2, (ulong)seed).Positions;
        double[] angles = [.. Enumerable.Range(0, 7).Select(i => Math.Atan2(x[2 * i + 1], x[2 * i])).Order()];
        double gap = Enumerable.Range(0, 7).Max(i => i == 6 ? angles[0] + Clouds.Turn - angles[6] : angles[i + 1] - angles[i]);
        Assert.That(SmallestHullPoint.Margin(x, 2, default), Is.EqualTo(Math.Max(0, Math.Cos((Clouds.Turn - gap) / 2))).Within(1e-9));
    }

    /// <summary>The margin of the u that was found is reached by the points, and no hull point is shorter: checked by the dual.</summary>
    [TestCase(50, 3, 0.4), TestCase(30, 64, 1.5), TestCase(600, 64, 0.9)]
    public void TheHemisphereIsBetweenItsBounds(int n, int d, double angle)
    {
        double[] x = new CapLaw([.. Enumerable.Range(0, d).Select(c => c == 0 ? 1.0 : 0)], angle).Draw(1, n, d, seed: 3).Positions, mean = new double[d];
        Mean.Of(x, [.. Enumerable.Repeat(1.0 / n, n)], 0, n, mean);
        double margin = SmallestHullPoint.Margin(x, d, default), length = Sphere.Norm(mean);
        double ofMean = Enumerable.Range(0, n).Min(i => Sphere.Dot(mean, x.AsSpan(i * d, d))) / length;
        Assert.That(margin, Is.GreaterThanOrEqualTo(ofMean - 1e-12).And.LessThanOrEqualTo(length));
    }

    [TestCase(33, 100), TestCase(120, 40), TestCase(384, 128)]
    public void EigenvaluesOfLargeMatricesAreThoseOfALibrary(int d, int n)
    {
        double[] p = Clouds.Uniform(1, n, d).Positions;
        Matrix<double> x = Matrix<double>.Build.Dense(n, d, (i, j) => p[i * d + j]);
        Matrix<double> matrix = x.TransposeThisAndMultiply(x);
        double[] expected = [.. matrix.Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).OrderDescending()];
        double[] found = SymmetricEigenvalues.Of(matrix.ToRowMajorArray(), d);
        Assert.That(found.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(1e-13 * expected[0]));
        Assert.That(Mean.Participation(matrix), Is.EqualTo(Math.Pow(expected.Sum(), 2) / expected.Sum(v => v * v)).Within(1e-9));
    }

    /// <summary>Eigenvalues of all sizes down to the rounding of the largest and below are found, too.</summary>
    [TestCase(200, 8), TestCase(400, 8), TestCase(400, 16), TestCase(300, 300)]
    public void EigenvaluesOfAllSizesAreFound(int d, double decades)
    {
        double[] p = Clouds.Uniform(1, d, d).Positions;
        Matrix<double> x = Matrix<double>.Build.Dense(d, d, (i, j) => p[i * d + j] * Math.Pow(10, -decades * i / d));
        Matrix<double> matrix = x.TransposeThisAndMultiply(x);
        double[] expected = [.. matrix.Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).OrderDescending()];
        double[] found = SymmetricEigenvalues.Of(matrix.ToRowMajorArray(), d);
        Assert.That(found.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(1e-13 * expected[0]));
    }

    [Test]
    public void SecondMomentsOfManyCoordinatesAreThoseOfFew()
    {
        const int N = 50, D = 40;
        Cloud cloud = Clouds.Uniform(1, N, D, weights: Clouds.Weights(1, N));
        double[] mean = new double[D];
        Mean.Of(cloud.Positions, cloud.Weights, 0, N, mean);
        Matrix<double> all = Mean.SecondMoment(cloud.Positions, cloud.Weights, 0, N, mean);
        double[] many = Mean.MomentEigenvalues(cloud.Positions, cloud.Weights, 0, N, mean), few = Mean.MomentEigenvalues(cloud.Positions, cloud.Weights, 0, 20, mean);
        Assert.That(many, Is.EqualTo(all.Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).OrderDescending()).Within(1e-15));
        Assert.That(few, Is.EqualTo(Mean.SecondMoment(cloud.Positions, cloud.Weights, 0, 20, mean).Evd(Symmetricity.Symmetric).EigenValues.Select(v => v.Real).OrderDescending()).Within(1e-15), "by products of tokens");
        Assert.That(Mean.Participation(Mean.SmallMoment(cloud.Positions, cloud.Weights, 0, 20, mean)), Is.EqualTo(Math.Pow(few.Sum(), 2) / few.Sum(v => v * v)).Within(1e-12));
        for (int a = 0; a < D; a++)
            Assert.That(all[a, 3], Is.EqualTo(Enumerable.Range(0, N).Sum(i => cloud.Weights[i] * (cloud.Positions[i * D + a] - mean[a]) * (cloud.Positions[i * D + 3] - mean[3]))).Within(1e-16));
    }

    [Test]
    public void CkaIsOneForATurnAndNoneForAPoint([Values(3, 40)] int d, [Values(10, 60)] int n)
    {
        double[] x = Clouds.Uniform(1, n, d, seed: 1).Positions, y = Clouds.Uniform(1, n, d, seed: 2).Positions, turned = [.. x];
        for (int i = 0; i < n; i++) (turned[i * d], turned[i * d + 1]) = (0.6 * x[i * d] - 0.8 * x[i * d + 1], 0.8 * x[i * d] + 0.6 * x[i * d + 1]);
        double[] point = [.. Enumerable.Range(0, n).SelectMany(_ => Sphere.Axis(d, 0))];
        // By the definition, with the centring matrix written out.
        Matrix<double> h = Matrix<double>.Build.Dense(n, n, (i, j) => (i == j ? 1 : 0) - 1.0 / n);
        Matrix<double> a = Of(x), b = Of(y), k = h * a * a.Transpose() * h, l = h * b * b.Transpose() * h;
        double expected = (k * l).Trace() / Math.Sqrt((k * k).Trace() * (l * l).Trace());
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(SnapshotChange.Cka(Set(x, d), Set(turned, d), d), Is.EqualTo(1).Within(1e-12));
        Assert.That(SnapshotChange.Cka(Set(x, d), Set(y, d), d), Is.EqualTo(expected).Within(1e-12));
        Assert.That(SnapshotChange.Cka(Set(x, d), Set(point, d), d), Is.Zero);

        Matrix<double> Of(double[] p) => Matrix<double>.Build.Dense(n, d, (i, c) => p[i * d + c]);
    }

    [Test]
    public void CosinesAreCountedInTheirBins()
    {
        // Pairs of a square on the circle: four of cosine 0, two of -1.
        double[] shares = new CosineHistogram().Shares(Set([1, 0, 0, 1, -1, 0, 0, -1], 2), 2);
        double[] many = new CosineHistogram().Shares(Set(Clouds.Uniform(1, 3000, 3).Positions, 3), 3);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((shares[20], shares[0]), Is.EqualTo((4 / 6.0, 2 / 6.0)));
        Assert.That(shares.Sum(), Is.EqualTo(1).Within(1e-15));
        Assert.That(many, Has.All.EqualTo(1.0 / 40).Within(2e-3), "cosines are uniform on [-1, 1] on S^2 (Archimedes); pairs drawn by chance");
    }

    /// <summary>Four groups on a line of angles: two merge, one splits, one token is alone for a while.</summary>
    [Test]
    public void ClustersLiveMergeAndSplit()
    {
        double[][] angles =
        [
            [0, 0.01, 1, 1.01, 1.02, 2, 2.01, 2.02, 2.03, 3],
            [0, 0.01, 0.5, 0.51, 0.52, 2, 2.01, 2.3, 2.31, 3],
            [0.2, 0.21, 0.22, 0.23, 0.24, 2, 2.01, 2.3, 2.31, 2.32],
        ];
        using (CsvTable table = new(Folder["clusters.csv"], ClusterLives.Columns))
        {
            ClusterLives lives = new(table);
            for (int t = 0; t < 3; t++) lives.See(t, Set([.. angles[t].SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })], 2), 2);
            lives.End();
            table.Complete();
        }
        // replica, cluster, start, end, from, into, tokens at the start, most, at the end
        Assert.That(File.ReadAllLines(Folder["clusters.csv"])[1..], Is.EqualTo(new[]
        {
            "0,0,0,1,-1,1,2,2,2", // of two, lost to the cluster of three
            "0,1,0,2,-1,-1,3,5,5", "0,2,0,2,-1,-1,4,4,2", "0,3,1,2,2,-1,2,3,3",
        }));
    }

    /// <summary>Rows with constants of their own, as softmax leaves them: logits and probabilities give the same slope.</summary>
    [Test]
    public void BetaIsTheSlopeOfLogitsOnCosines()
    {
        const int N = 12, D = 4;
        TokenSet set = Set(Clouds.Uniform(1, N, D).Positions, D);
        double[] logits = new double[N * N], attention = new double[N * N];
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < N; j++) logits[i * N + j] = 3.5 * Sphere.Dot(set.Positions.AsSpan(i * D, D), set.Positions.AsSpan(j * D, D)) + Math.Sin(i);
            double sum = logits.AsSpan(i * N, N).ToArray().Sum(Math.Exp);
            for (int j = 0; j < N; j++) attention[i * N + j] = Math.Exp(logits[i * N + j]) / sum;
        }
        BetaFit ofLogits = new(), ofAttention = new();
        ofLogits.Add(set, D, logits, areProbabilities: false);
        ofAttention.Add(set, D, attention, areProbabilities: true);
        Assert.That(new[] { ofLogits.Beta, ofAttention.Beta, ofLogits.R2 }, Is.EqualTo(new[] { 3.5, 3.5, 1 }).Within(1e-10));
    }

    /// <summary>The mean over pairs of tokens of different replicas, looked at one by one; replicas of different sizes count alike.</summary>
    [Test]
    public void AnisotropyIsTheMeanCosineAcrossReplicas()
    {
        TokenSet[] sets = [Set(Clouds.Uniform(1, 4, 3, seed: 1).Positions, 3), Set(new CapLaw([0, 0, 1], 1).Draw(1, 6, 3, seed: 2).Positions, 3) with { Replica = 1 },
            Set(new CapLaw([0, 1, 1], 1).Draw(1, 5, 3, seed: 2).Positions, 3) with { Replica = 2 }];
        using (AnalysisFolder folder = AnalysisFolder.Create(Folder["a"], overwrite: false))
        {
            using TrajectoryAnalysis analysis = new(new AnalysisRequest { Observables = ["ranks", "anisotropy"], When = [new Crossing("anisotropy", Below: false, 0)] }, folder);
            analysis.See(new Snapshot(0, 0, 3, sets), default);
            folder.Finish("test", analysis.End(new AnalysisRecord { Sources = [] }));
        }
        double expected = (from a in sets
                           from b in sets
                           where a.Replica != b.Replica
                           select (from x in a.Positions.Chunk(3) from y in b.Positions.Chunk(3) select Sphere.Dot(x, y)).Average()).Average();
        IReadOnlyDictionary<string, double[]> table = CsvData.Read(Path.Combine(Folder["a"], "observables.csv"));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(table["anisotropy"], Is.EqualTo(new[] { expected, expected, expected }).Within(1e-14));
        Assert.That(table["mean_cosine"].Zip(table["adjusted_cosine"], (own, adjusted) => own - adjusted), Has.All.EqualTo(expected).Within(1e-14));
        Assert.That(AnalysisRecord.Read(Path.Combine(Folder["a"], "analysis.json")).Crossings.Select(c => c.Time), Is.EqualTo(new double?[] { 0, 0, 0 }));
        Assert.That(RunCheck.ProblemsOfList(Folder["a"], AnalysisFolder.RecordFile), Is.Empty);
    }

    private static TokenSet Set(double[] x, int d) => new(0, x) { Count = x.Length / d };
}
