namespace AttentionFlow.Tests.Solver;

public class InitialLawTests
{
    [Test]
    public void UniformLawHasTheMomentsOfTheSphere([Values(2, 3, 6)] int d)
    {
        const int N = 40_000;
        Cloud cloud = new UniformLaw().Draw(1, N, d, seed: 12);
        double[] mean = new double[d];
        Mean.Of(cloud.Positions, cloud.Weights, 0, N, mean);
        double second = Enumerable.Range(0, N).Average(i => cloud.Token(i)[0] * cloud.Token(i)[0]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Sphere.Norm(mean), Is.LessThan(5 / Math.Sqrt(N)));
        Assert.That(second, Is.EqualTo(1.0 / d).Within(5 / Math.Sqrt(N)));
    }

    /// <summary>In high dimension a uniform token of a cap is at its rim, or at the equator where that is in the cap: 1/2 and 0 within 5 sigma of its cosine.</summary>
    [TestCase(1.0471975511965976, 0.5), TestCase(1.6, 0), TestCase(3, 0)]
    public void CapsInHighDimensionAreDrawnAtOnce(double angle, double cosine)
    {
        Cloud cloud = new CapLaw(Sphere.Axis(900, 0), angle).Draw(1, 20, 900, seed: 5);
        for (int i = 0; i < 20; i++)
            Assert.That(cloud.Token(i)[0], Is.GreaterThanOrEqualTo(Math.Cos(angle) - 1e-12).And.EqualTo(cosine).Within(5.0 / 30));
    }

    /// <summary>Mean length A(kappa) along the mean direction, second moment 1 - (d - 1) A/kappa along it; on S^2 e^{kappa w} is uniform on its range.</summary>
    [Test]
    public void VonMisesFisherMoments([Values(2, 3, 6)] int d, [Values(0.3, 4, 300)] double kappa)
    {
        const int N = 40_000;
        double[] axis = Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => (double)c)]), mean = new double[d];
        Cloud cloud = new VonMisesFisherLaw(axis, kappa).Draw(1, N, d, seed: 5);
        Mean.Of(cloud.Positions, cloud.Weights, 0, N, mean);
        double[] cosines = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(cloud.Token(i), axis))];
        double a = VonMisesFisher.MeanLength(d, kappa), sigma = Math.Sqrt(1 - a * a - (d - 1) * a / kappa);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(cosines.Average(), Is.EqualTo(a).Within(5 * sigma / Math.Sqrt(N)));
        Assert.That(cosines.Average(w => (1 - w) * (1 + w)), Is.EqualTo((d - 1) * a / kappa).Within(5 * 2 * sigma / Math.Sqrt(N)));
        Assert.That(Sphere.Norm([.. mean.Zip(axis, (m, u) => m - a * u)]), Is.LessThan(5 / Math.Sqrt(N)));
        if (d == 3) Assert.That(cosines.Average(w => Math.Exp(kappa * (w - 1))), Is.EqualTo((1 + Math.Exp(-2 * kappa)) / 2).Within(5 / Math.Sqrt(12 * N)));
    }

    [Test]
    public void VonMisesFisherOfNoConcentrationIsUniform()
    {
        Cloud cloud = new VonMisesFisherLaw(Sphere.Axis(3, 2), 0).Draw(1, 20_000, 3, seed: 5);
        Assert.That(Enumerable.Range(0, 20_000).Average(i => cloud.Token(i)[2]), Is.EqualTo(0).Within(5 / Math.Sqrt(3 * 20_000)));
        Assert.That(Enumerable.Range(0, 20_000).Average(i => Math.Abs(cloud.Token(i)[2])), Is.EqualTo(0.5).Within(5 / Math.Sqrt(12 * 20_000)));
    }

    /// <summary>On S^2 the height over the base of a cap is uniform (Archimedes).</summary>
    [TestCase(0.3), TestCase(2.5), TestCase(Math.PI)]
    public void CapIsUniform(double angle)
    {
        const int N = 20_000;
        double[] axis = Sphere.Normalized([1, -2, 2]);
        Cloud cloud = new CapLaw(axis, angle).Draw(1, N, 3, seed: 5);
        double[] heights = [.. Enumerable.Range(0, N).Select(i => (1 - Sphere.Dot(cloud.Token(i), axis)) / (1 - Math.Cos(angle)))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(heights.Max(), Is.LessThanOrEqualTo(1 + 1e-12));
        Assert.That(heights.Average(), Is.EqualTo(0.5).Within(5 * Math.Sqrt(1.0 / 12 / N)));
        Assert.That(heights.Average(h => h * h), Is.EqualTo(1.0 / 3).Within(5 * Math.Sqrt(4.0 / 45 / N)));
    }

    [Test]
    public void SymmetricStartKeepsItsAxisForEver([Values(7, 8)] int tokens)
    {
        double[] u = Sphere.Normalized([Math.Sqrt(3) / 2, 0, 0.5]);
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud cloud = new SymmetricLaw(u).Draw(2, tokens, 3, seed: 6, new GridLabels(), gauge);
        Assert.That(AxisError(cloud), Is.LessThan(1e-15));
        Cloud moved = Clouds.Integrate(new(1), gauge, cloud, Methods.Heun, 0.02, 12);
        Assert.That(AxisError(moved), Is.LessThan(1e-12));
        double AxisError(Cloud c)
        {
            double[] y = new double[c.Positions.Length], mean = new double[3];
            gauge.Prepare(c.Labels, 3).Enter(c.Positions, y, 0, c.Rows);
            Mean.Of(y, c.Weights, tokens, tokens, mean);
            Assert.That(Sphere.Dot(mean, u), Is.GreaterThan(0), "the hemisphere condition");
            return Sphere.Distance(Sphere.Normalized(mean), u);
        }
    }

    /// <summary>Cosines of independent tokens have mean 0 and variance 1/D, of any two of them; the first coordinates are a triangle.</summary>
    [Test]
    public void TheSpanHasTheCosinesOfTheLargerDimension([Values(8, 200)] int ambient)
    {
        const int R = 4000, N = 5;
        Cloud cloud = new SpanLaw(ambient).Draw(R, N, N + 1, seed: 3);
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach ((int i, int j) in new[] { (0, 1), (1, 4), (3, 4) })
        {
            double[] cosines = [.. Enumerable.Range(0, R).Select(r => Sphere.Dot(cloud.Token(r * N + i), cloud.Token(r * N + j)))];
            Assert.That(cosines.Average(), Is.EqualTo(0).Within(5 / Math.Sqrt((double)ambient * R)));
            Assert.That(cosines.Average(c => c * c), Is.EqualTo(1.0 / ambient).Within(5 * Math.Sqrt(2.0 / R) / ambient));
        }
        for (int i = 0; i < N; i++) Assert.That(cloud.Token(i)[(i + 1)..].ToArray(), Is.All.Zero);
    }

    [Test]
    public void ASpanNeedsRoomForItsTokens()
    {
        Assert.That(() => new SpanLaw(100).Draw(1, 5, 4, seed: 1), Throws.ArgumentException.With.Message.Contains("5 tokens span more than dimension 4"));
        Assert.That(() => new SpanLaw(5).Draw(1, 5, 6, seed: 1), Throws.ArgumentException.With.Message.Contains("larger dimension 5 is below"));
    }

    [Test]
    public void ClustersAndEquiangularAreWhatTheySay()
    {
        Cloud clusters = new ClustersLaw([[1, 0], [0, 1]], 0).Draw(1, 5, 2, seed: 1);
        Assert.That(clusters.Positions, Is.EqualTo(new double[] { 1, 0, 1, 0, 1, 0, 0, 1, 0, 1 }));
        foreach (double g in new[] { -0.25, 0, 0.4, 1 })
        {
            Cloud cloud = new EquiangularLaw(g).Draw(1, 5, 6, seed: 1);
            for (int i = 0; i < 5; i++)
                for (int j = 0; j < i; j++) Assert.That(Sphere.Dot(cloud.Token(i), cloud.Token(j)), Is.EqualTo(g).Within(1e-15));
        }
        Assert.That(() => new EquiangularLaw(-0.3).Draw(1, 5, 6, 1), Throws.ArgumentException.With.Message.Contains("between -0.25 and 1"));
        Assert.That(() => new EquiangularLaw(0).Draw(1, 5, 4, 1), Throws.ArgumentException.With.Message.Contains("at most as many tokens as dimensions"));
    }

    [Test]
    public void ATokenDoesNotDependOnHowManyThereAre()
    {
        Cloud few = new UniformLaw().Draw(2, 3, 3, seed: 4, new UniformLabels()), many = new UniformLaw().Draw(5, 9, 3, seed: 4, new UniformLabels());
        for (int r = 0; r < 2; r++)
            for (int i = 0; i < 3; i++)
            {
                Assert.That(few.Token(r * 3 + i).ToArray(), Is.EqualTo(many.Token(r * 9 + i).ToArray()));
                Assert.That(few.Labels[r * 3 + i], Is.EqualTo(many.Labels[r * 9 + i]));
            }
    }

    [Test]
    public void LabelsFollowTheirLaw() => Assert.Multiple(() =>
    {
        Assert.That(new GridLabels().Draw(1, 4, 0), Is.EqualTo(new[] { 0.125, 0.375, 0.625, 0.875 }));
        Assert.That(new BlockLabels(2).Draw(2, 3, 0), Is.EqualTo(new double[] { 0, 0, 1, 0, 0, 1 }));
        Assert.That(new UniformLabels().Draw(1, 100, 3), Has.All.InRange(0, 1));
        Assert.That(() => new ListedLabels([1, 2]).Draw(1, 3, 0), Throws.ArgumentException);
    });

    /// <summary>Every token moves by the stated angle, another way in every replica and for every seed.</summary>
    [Test]
    public void JitterTurnsEveryTokenByItsAngle([Values(2, 3, 6)] int d, [Values(1e-6, 0.1, 2)] double angle)
    {
        const int N = 500;
        CloudData rows = RowsOf(new UniformLaw().Draw(1, N, d, seed: 3), weights: null);
        Cloud cloud = new FileLaw("c.csv", Jitter: angle) { Rows = rows }.Draw(2, N, d, seed: 4);
        double[] drift = new double[d];
        for (int row = 0; row < cloud.Rows; row++)
        {
            ReadOnlySpan<double> before = ((ReadOnlySpan<double>)rows.Positions).Slice(row % N * d, d);
            Assert.That(2 * Math.Asin(Sphere.Distance(before, cloud.Token(row)) / 2), Is.EqualTo(angle).Within(1e-14));
            Sphere.AddScaled(drift, 1.0 / cloud.Rows, cloud.Token(row));
            Sphere.AddScaled(drift, -Math.Cos(angle) / cloud.Rows, before);
        }
        Assert.That(Sphere.Norm(drift), Is.LessThan(5 * Math.Sin(angle) / Math.Sqrt(cloud.Rows)), "no direction is preferred");
        double[] first = cloud.Positions[..(N * d)], second = cloud.Positions[(N * d)..];
        Assert.That(first, Is.Not.EqualTo(second));
        Assert.That(new FileLaw("c.csv", Jitter: angle) { Rows = rows }.Draw(2, N, d, seed: 5).Positions, Is.Not.EqualTo(cloud.Positions));
    }

    /// <summary>k different rows in their order, with their labels and weights; every row as often as any other.</summary>
    [Test]
    public void ASampleTakesRowsWithTheirLabelsAndWeights()
    {
        const int N = 12, K = 4, R = 3000;
        double[] weights = [.. Enumerable.Range(1, N).Select(i => i / 78.0)];
        Sequence<double> labels = [.. Enumerable.Range(0, N).Select(i => i / 16.0)];
        CloudData rows = RowsOf(new UniformLaw().Draw(1, N, 3, seed: 3), weights);
        Cloud cloud = new FileLaw("c.csv", Sample: K) { Rows = rows }.Draw(R, K, 3, seed: 4, new ListedLabels(labels) { Sample = K });
        int[] seen = new int[N];
        for (int r = 0; r < R; r++)
        {
            int[] chosen = [.. cloud.Labels[(r * K)..((r + 1) * K)].Select(label => (int)(label * 16))];
            Assert.That(chosen, Is.Ordered.And.Unique);
            for (int k = 0; k < K; k++)
            {
                seen[chosen[k]]++;
                Assert.That(cloud.Token(r * K + k).ToArray(), Is.EqualTo(((ReadOnlySpan<double>)rows.Positions).Slice(chosen[k] * 3, 3).ToArray()));
                Assert.That(cloud.Weights[r * K + k], Is.EqualTo((chosen[k] + 1.0) / chosen.Sum(i => i + 1)).Within(1e-15));
            }
        }
        Assert.That(seen, Has.All.EqualTo(R * K / (double)N).Within(5 * Math.Sqrt(R * K / (double)N)));
    }

    [Test]
    public void CopiesOfAFileAreNoReplicas()
    {
        FileLaw law = new("c.csv") { Rows = RowsOf(new UniformLaw().Draw(1, 5, 3, seed: 3), weights: null) };
        Assert.That((law.IsRandom, (law with { Jitter = 0.1 }).IsRandom, (law with { Sample = 4 }).IsRandom, (law with { Sample = 5 }).IsRandom), Is.EqualTo((false, true, true, false)));
        Assert.That((law with { Sample = 6 }).WhyNot(new Setting(6, 3)), Is.EqualTo("a sample of 6 is more than the 5 rows of c.csv"));
    }

    private static CloudData RowsOf(Cloud cloud, double[]? weights) =>
        new(cloud.Tokens, cloud.Dimension, [.. cloud.Positions], null, weights is null ? null : [.. weights]);
}
