using MathNet.Numerics;

namespace AttentionFlow.Tests.Solver;

public class DistanceTests
{
    // 128 directions leave a relative error of 0.58/sqrt(128) in d = 3 and 0.7/sqrt(128) in d = 8: three of those.
    private const double SlicedTolerance = 0.19;

    [Test]
    public void OnTheLineMassMovesAsFarAsItMust() => Assert.Multiple(() =>
    {
        Assert.That(LineWasserstein.Distance([0], [1], [3], [1]), Is.EqualTo(3));
        Assert.That(LineWasserstein.Distance([5, 1], [0.25, 0.75], [2, 1], [0.5, 0.5]), Is.EqualTo(0.25 + 0.25 * 3).Within(1e-15));
        Assert.That(LineWasserstein.Distance([1, 2, 3], [0.5, 0.3, 0.2], [3, 1, 2], [0.2, 0.5, 0.3]), Is.Zero);
    });

    /// <summary>A cluster moves by the angle that it is turned by, as long as no token has a shorter way; two points, by the shorter way; a point against the uniform law, pi/2.</summary>
    [Test]
    public void OnTheCircle()
    {
        const int N = 200;
        double[] even = [.. Enumerable.Range(0, N).Select(i => Clouds.Turn * (i + 0.5) / N)], weights = [.. Enumerable.Repeat(1.0 / N, N)];
        double[] cluster = [0.1, 0.2, 0.25], shares = [0.2, 0.5, 0.3];
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (double angle in (double[])[0.01, 1, 2.9, -2])
            Assert.That(CircleWasserstein.Distance(cluster, shares, [.. cluster.Select(a => a + angle)], shares), Is.EqualTo(Math.Abs(angle)).Within(1e-13));
        Assert.That(CircleWasserstein.Distance([0.1], [1], [Clouds.Turn - 0.2], [1]), Is.EqualTo(0.3).Within(1e-14));
        Assert.That(CircleWasserstein.Distance([2], [1], even, weights), Is.EqualTo(Math.PI / 2).Within(1e-12));
        Assert.That(CircleWasserstein.Distance(even, weights, [.. even.Select(a => a + 0.001)], weights), Is.EqualTo(0.001).Within(1e-13));
        Assert.That(CircleWasserstein.Distance(even, weights, even, weights), Is.Zero);
    }

    /// <summary>Against every optimal matching tried: n equal weights move by one of n cyclic shifts.</summary>
    [Test]
    public void OnTheCircleTheBestOfAllShifts()
    {
        const int N = 7;
        for (int seed = 0; seed < 20; seed++)
        {
            double[] x = Angles(seed, 1), y = Angles(seed, 2), weights = [.. Enumerable.Repeat(1.0 / N, N)];
            double best = Enumerable.Range(0, N).Min(shift => Enumerable.Range(0, N).Average(i => Arc(x[i] - y[(i + shift) % N])));
            Assert.That(CircleWasserstein.Distance(x, weights, y, weights), Is.EqualTo(best).Within(1e-13));
        }
        static double[] Angles(int seed, uint step) => [.. Enumerable.Range(0, N).Select(i => Clouds.Turn * new RandomStream((ulong)seed, RandomPurpose.Labels, 0, i, step).Uniform()).Order()];
        static double Arc(double angle) => Math.Min(Math.Abs(angle), Clouds.Turn - Math.Abs(angle));
    }

    /// <summary>Two points at distance r: energy distance sqrt(2 r), sliced distance r Gamma(d/2)/(sqrt(pi) Gamma((d+1)/2)).</summary>
    [TestCase(2), TestCase(3), TestCase(8)]
    public void TwoPoints(int d)
    {
        double[] x = Sphere.Axis(d, 0), y = Sphere.Axis(d, 1);
        double share = SpecialFunctions.Gamma(d / 2.0) / (Math.Sqrt(Math.PI) * SpecialFunctions.Gamma((d + 1) / 2.0));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(EnergyDistance.Distance(x, [1], y, [1], d), Is.EqualTo(Math.Sqrt(2 * Math.Sqrt(2))).Within(1e-15));
        Assert.That(SlicedWasserstein.Distance(x, [1], y, [1], d), Is.EqualTo(Math.Sqrt(2) * share).Within(SlicedTolerance * Math.Sqrt(2) * share));
        Assert.That(SlicedWasserstein.Distance(x, [1], y, [1], d, directions: 20_000), Is.EqualTo(Math.Sqrt(2) * share).Within(SlicedTolerance * Math.Sqrt(2) * share * Math.Sqrt(128.0 / 20_000)));
    }

    /// <summary>The uniform law of S^2 against a point: E|X - Y| = 4/3 for both X, Y uniform and for Y fixed, so the energy distance is
    /// sqrt(4/3); along every direction u the law is uniform on [-1, 1], at W1 (1 + p^2)/2 from p = &lt;y, u&gt;, and p is uniform on [-1,
    /// 1] again: 2/3.</summary>
    [Test]
    public void TheUniformLawAgainstAPoint()
    {
        Cloud uniform = Quadrature.OnSphere(24);
        double[] point = Sphere.Normalized([1, -2, 0.5]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(EnergyDistance.Distance(uniform.Positions, uniform.Weights, point, [1], 3), Is.EqualTo(Math.Sqrt(4.0 / 3)).Within(1e-3));
        Assert.That(SlicedWasserstein.Distance(uniform.Positions, uniform.Weights, point, [1], 3), Is.EqualTo(2.0 / 3).Within(0.3 * SlicedTolerance));
    }

    [Test]
    public void DistancesDoNotSeeOrderSplittingOrRotation()
    {
        Cloud a = Clouds.Uniform(1, 30, 3, weights: Clouds.Weights(1, 30)), b = Clouds.Uniform(1, 20, 3, seed: 2);
        double energy = EnergyDistance.Distance(a.Positions, a.Weights, b.Positions, b.Weights, 3), sliced = SlicedWasserstein.Distance(a.Positions, a.Weights, b.Positions, b.Weights, 3);
        double[] turnedA = Turned(a.Positions), turnedB = Turned(b.Positions);
        double[] split = [.. a.Positions[..3], .. a.Positions], shares = [a.Weights[0] / 3, a.Weights[0] * 2 / 3, .. a.Weights[1..]];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(EnergyDistance.Distance(turnedA, a.Weights, turnedB, b.Weights, 3), Is.EqualTo(energy).Within(1e-13));
        Assert.That(SlicedWasserstein.Distance(turnedA, a.Weights, turnedB, b.Weights, 3, 20_000), Is.EqualTo(SlicedWasserstein.Distance(a.Positions, a.Weights, b.Positions, b.Weights, 3, 20_000)).Within(0.03 * sliced));
        Assert.That(EnergyDistance.Distance(split, shares, b.Positions, b.Weights, 3), Is.EqualTo(energy).Within(1e-13));
        Assert.That(SlicedWasserstein.Distance(split, shares, b.Positions, b.Weights, 3), Is.EqualTo(sliced).Within(1e-13));
        Assert.That(EnergyDistance.Distance(b.Positions, b.Weights, a.Positions, a.Weights, 3), Is.EqualTo(energy).Within(1e-13));
        Assert.That(EnergyDistance.Distance(a.Positions, a.Weights, a.Positions, a.Weights, 3), Is.LessThan(1e-7));
        Assert.That(SlicedWasserstein.Distance(a.Positions, a.Weights, a.Positions, a.Weights, 3), Is.LessThan(1e-15));
        static double[] Turned(double[] x)
        {
            double[] turned = new double[x.Length], labels = [.. Enumerable.Repeat(0.3, x.Length / 3)];
            new PathGauge(1, 2, 3).Prepare(labels, 3).Enter(x, turned, 0, labels.Length);
            return turned;
        }
    }

    /// <summary>Grid labels come to the orbit's law like 1/n (W1 is pi/(2 n), exactly, in angle), independent ones like n^-1/2.</summary>
    [Test]
    public void RatesOnAnOrbit()
    {
        double[] law = [.. new GridLabels().Draw(1, 1 << 12, 0).Select(s => Clouds.Turn * s)], weights = [.. Enumerable.Repeat(1.0 / law.Length, law.Length)];
        double[] grid = [.. ((int[])[32, 64, 128, 256]).Select(n => Distance(new GridLabels(), n, 1))];
        double[] random = [.. ((int[])[32, 128, 512]).Select(n => Enumerable.Range(1, 25).Average(seed => Distance(new UniformLabels(), n, (ulong)seed)))];
        using IDisposable scope = Assert.EnterMultipleScope();
        for (int k = 0; k < 4; k++) Assert.That(grid[k], Is.EqualTo(Math.PI / (2 * (32 << k))).Within(1e-3 * grid[k]));
        for (int k = 0; k < 2; k++) Assert.That(random[k] / random[k + 1], Is.EqualTo(2).Within(0.4));
        double Distance(LabelLaw labels, int n, ulong seed) =>
            CircleWasserstein.Distance([.. labels.Draw(1, n, seed).Select(s => Clouds.Turn * s)], [.. Enumerable.Repeat(1.0 / n, n)], law, weights);
    }

    /// <summary>A rotary cloud at its limit x_i = Psi_i^T u comes to the law of the latitude circle like 1/n; a baseline cloud is at its law, a point.</summary>
    [Test]
    public void ACloudAtItsLimitIsNearTheLimitLaw()
    {
        double[] few = At(64, new RotaryGauge([Clouds.Turn])), many = At(256, new RotaryGauge([Clouds.Turn])), point = At(16, new IdentityGauge());
        using IDisposable scope = Assert.EnterMultipleScope();
        for (int c = 0; c < 2; c++) Assert.That(few[c] / many[c], Is.EqualTo(4).Within(0.5), $"column {c}: {few[c]}, {many[c]}");
        Assert.That(point, Is.EqualTo(new double[] { 0, 0 }).Within(1e-7));
        static double[] At(int n, Gauge gauge)
        {
            Cloud cloud = new ClustersLaw([Sphere.Normalized([1, 2, 3])], 0).Draw(1, n, 3, seed: 1);
            gauge.Prepare(cloud.Labels, 3).Leave(cloud.Positions, cloud.Positions, 0, n);
            Flow flow = new(new Interaction(1), gauge, cloud, new ReferenceSums());
            flow.DriftAt(cloud.Positions);
            return new LawDistanceObservable(flow).Values(new Frame(0, 0, cloud.Positions, [], flow));
        }
    }

    [Test]
    public void TheLimitLawIsThatOfLabelsBetweenZeroAndOne()
    {
        Cloud cloud = new UniformLaw().Draw(1, 4, 3, seed: 1, new BlockLabels(2));
        Assert.That(() => new LawDistanceObservable(Clouds.FlowOf(new Interaction(1), cloud)),
            Throws.TypeOf<NotSupportedException>().With.Message.EqualTo("the limit law is that of labels spread over [0, 1), and there is a label 1; leave \"law_distance\" out"));
    }
}
