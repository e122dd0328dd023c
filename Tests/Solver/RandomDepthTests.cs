using MathNet.Numerics.Integration;

namespace AttentionFlow.Tests.Solver;

/// <summary>Redrawn matrices against the law of two tokens, and noise that tokens share.</summary>
public class RandomDepthTests
{
    private static readonly Interaction Apart = new(1) { Coupling = new BlockCoupling(0) };

    [Test]
    public void ProbabilitiesOfOppositeEnds() => Assert.Multiple(() =>
    {
        Assert.That(new RandomDepth(3, 1).AntipodalProbability(0), Is.EqualTo(0.2224).Within(5e-5));
        Assert.That(new RandomDepth(6, 2).AntipodalProbability(0), Is.EqualTo(0.1478).Within(5e-5));
        Assert.That(new RandomDepth(6, 1).AntipodalProbability(0), Is.Zero);
        // On the circle the scale function is arcsin u at any beta.
        foreach (double beta in new[] { 0, 1, 50 })
            Assert.That(new RandomDepth(2, beta).AntipodalProbability(0.3), Is.EqualTo(0.5 - Math.Asin(0.3) / Math.PI).Within(1e-12));
        foreach (int d in new[] { 3, 4, 10, 100 })
            foreach (double beta in new[] { 0.3, 1, 1.7, 3, 10, 1000 })
            {
                RandomDepth law = new(d, beta);
                Assert.That(law.AntipodeAttracts, Is.EqualTo(Math.Cosh(2 * beta) > d - 2));
                double[] falling = [.. new[] { -0.999999, -0.5, 0, 0.5, 0.999999 }.Select(law.AntipodalProbability)];
                Assert.That(falling, Is.Ordered.Descending, $"{d} {beta}");
                Assert.That(falling, Has.All.InRange(0, 1));
            }
    });

    /// <summary>Quadrature of the scale function and Kolmogorov's equation: two ways to where tokens end.</summary>
    [TestCase(3, 2, -0.5), TestCase(6, 2, 0), TestCase(2, 3, 0.3)]
    public void TheMeanCosineComesToTheProbabilityOfEnds(int d, double beta, double cosine)
    {
        foreach (bool continuous in new[] { false, true })
        {
            RandomDepth law = new(d, beta, continuous);
            Assert.That(law.MeanCosine(cosine, 0), Is.EqualTo(cosine).Within(1e-14));
            Assert.That(law.MeanCosine(cosine, 40), Is.EqualTo(1 - 2 * law.AntipodalProbability(cosine)).Within(2e-4));
        }
        double p = 1 / (1 + Math.Exp(-beta * (1 - cosine))), q = 1 - p;
        double drift = (1 - cosine * cosine) * ((d - 2) * 2 * p * q - (p * p + q * q) * cosine);
        Assert.That((new RandomDepth(d, beta).MeanCosine(cosine, 1e-3) - cosine) / 1e-3, Is.EqualTo(drift).Within(5e-3));
    }

    /// <summary>A step for each draw has Ito's limit, shorter steps have that of Stratonovich; within 4 standard errors.</summary>
    [TestCase(1, false), TestCase(2, true)]
    public void TokensEndOppositeAsOftenAsTheLawSays(int steps, bool continuous)
    {
        const int R = 2_000;
        const double Redraw = 0.02;
        double[] u = Cosines(3, 1, Redraw, steps == 1 ? Methods.Euler : Methods.Heun, steps, R, 8);
        double expected = new RandomDepth(3, 1, continuous).AntipodalProbability(0), other = new RandomDepth(3, 1, !continuous).AntipodalProbability(0);
        double error = Math.Sqrt(expected * (1 - expected) / R);
        Assert.That(Math.Abs(other - expected), Is.GreaterThan(5 * error), "the two limits can be told apart");
        Assert.That(u.Average(c => c < 0 ? 1 : 0.0), Is.EqualTo(expected).Within(4 * error));
    }

    /// <summary>E u(1) of one Euler step for each draw: the error falls like the step.</summary>
    [Category("Slow"), Test]
    public void TheWeakOrderOfRedrawnMatricesIsOne()
    {
        const int R = 200_000;
        double exact = new RandomDepth(3, 1).MeanCosine(0, 1);
        double[] steps = [0.125, 0.0625], errors = [.. steps.Select(h => Cosines(3, 1, h, Methods.Euler, 1, R, 1).Average() - exact)];
        double deviation = 0.65 / Math.Sqrt(R);
        double order = Math.Log2(errors[0] / errors[1]), spread = (deviation / -errors[1] + deviation / -errors[0]) / Math.Log(2);
        TestContext.Out.WriteLine($"{string.Join(", ", errors)} +- {deviation}: order {order} +- {spread}");
        Assert.That(order, Is.EqualTo(1).Within(0.15 + 3 * spread));
    }

    /// <summary>Replicas, heads and intervals have matrices of their own, laws without chance keep theirs, and nothing depends on threads.</summary>
    [Test]
    public void AReplicaHasMatricesOfItsOwn()
    {
        const int D = 4;
        Cloud cloud = Clouds.Uniform(3, 5, D);
        Setting setting = new(5, D) { Seed = 7, Heads = 2 };
        Matrices laws = new(new GaussianMatrix(), new OrthogonalMatrix(), new GaussianMatrix(2));
        Redraw redraw = new(0.5, laws, setting);
        Interaction interaction = new(1.3) { Normalization = Normalization.Softmax };
        foreach (int threads in new[] { 1, 3 })
        {
            Flow flow = new(interaction, new IdentityGauge(), cloud, new ReferenceSums(), threads, new() { Heads = [laws.Draw(0, setting), laws.Draw(1, setting)], Redraw = redraw });
            foreach (double time in new[] { 0, 1.5, 0.7 })
            {
                flow.MoveTo(time);
                double[] drift = flow.DriftAt(cloud.Positions);
                for (int r = 0; r < 3; r++)
                {
                    // The arbiter: an ordinary flow of this replica with the matrices that were drawn.
                    Head[] heads = [.. redraw.Draw(r, (long)(time / 0.5)).Select(h => new Head(h.Logits!.Transpose(), null, h.Values))];
                    Cloud one = new(1, 5, D, [.. cloud.Positions[(20 * r)..(20 * r + 20)]]);
                    double[] alone = new Flow(interaction, new IdentityGauge(), one, new ReferenceSums(), 1, new() { Heads = heads }).DriftAt(one.Positions);
                    Assert.That(drift[(20 * r)..(20 * r + 20)], Is.EqualTo(alone).Within(1e-14), $"replica {r} at {time}");
                }
            }
        }
        double[][] drawn = [.. from r in new[] { 0, 1 } from number in new[] { 0L, 1, 1L << 33 } from head in redraw.Draw(r, number) select head.Values!.ToRowMajorArray()];
        Assert.That(drawn.Select(m => m[0]).Distinct().Count(), Is.EqualTo(drawn.Length));
        Assert.That(laws.AreRandom && !new Matrices().AreRandom);
        Matrices half = laws with { Value = new DiagonalMatrix([1, 2, 3, 4]) };
        Assert.That(new Redraw(0.5, half, setting).Draw(1, 9)[1].Values!.Diagonal(), Is.EqualTo(new double[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void StepsEndWhereMatricesAreDrawn() => Assert.Multiple(() =>
    {
        Setting setting = new(2, 3) { Redraw = 0.1 };
        Matrices laws = new(new IdentityMatrix(), new IdentityMatrix(), new BrownianMatrix());
        Redraw redraw = new(0.1, laws, setting);
        Cloud cloud = Clouds.Uniform(1, 2, 3);
        Flow flow = new(new(1), new IdentityGauge(), cloud, new ReferenceSums(), 1, new() { Heads = [laws.Draw(0, setting)], Redraw = redraw });
        Assert.That(() => new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-4), 1), Throws.ArgumentException.With.Message.Contains("fixed steps"));
        Assert.That(() => new Simulation(flow, Methods.Euler, 0.03, 1), Throws.ArgumentException.With.Message.Contains("a step of 0.03 would go on beyond a draw; take 0.1 divided by a whole number"));
        Assert.That(() => new Simulation(flow, Methods.Euler, 0.1, 0.25).Run(cloud, []), Throws.ArgumentException.With.Message.Contains("all times must be multiples of 0.1"));
        Assert.That(redraw.WhyNot(0.1 / 3), Is.Null);
        for (int k = 0; k < 1000; k++) Assert.That(redraw.NumberAt(k * 100.0 / 1000), Is.EqualTo(k));
        foreach (string name in new[] { "energy", "speed", "limit" })
            Assert.That(() => AttentionFlow.Solver.Observables.Observable.All[name](flow), Throws.TypeOf<NotSupportedException>(), name);
        Assert.That(Stability.Advice(redraw with { Interval = 2 }, 3), Does.EndWith("use 0.2 or less"));
        Assert.That(Stability.Advice(redraw, 3), Is.Null);
    });

    /// <summary>The kicks of common noise by quadrature over both increments on the circle: a local error of third order for harmonics of a lone
    /// token and for the logarithm of its height, whose mean is (d - 1) tau and by which log(1 - u) of two tokens falls twice.</summary>
    [Test]
    public void ACommonKickIsBrownianToSecondOrder()
    {
        double[] taus = [0.02, 0.01, 0.005];
        double[] mean = [.. taus.Select(tau => Math.Abs(Boosted(tau, x => x[0] / x[2]) - 0.6 * Math.Exp(-tau)))];
        double[] log = [.. taus.Select(tau => Math.Abs(Boosted(tau, x => Math.Log(x[2])) - tau))];
        Assert.That(Clouds.Slope(taus, mean), Is.EqualTo(3).Within(0.2), string.Join(", ", mean));
        Assert.That(Clouds.Slope(taus, log), Is.EqualTo(3).Within(0.2), string.Join(", ", log));

        static double Boosted(double tau, Func<double[], double> of)
        {
            double sum = 0, mass = 0;
            GaussLegendreRule rule = new(-9, 9, 80);
            for (int i = 0; i < 80; i++)
                for (int j = 0; j < 80; j++)
                {
                    double weight = rule.Weights[i] * rule.Weights[j] * Math.Exp(-(rule.Abscissas[i] * rule.Abscissas[i] + rule.Abscissas[j] * rule.Abscissas[j]) / 2);
                    mass += 2 * weight;
                    foreach (bool forwards in new[] { true, false })
                    {
                        double[] ray = [0.6, 0.8, 1], angles = [rule.Abscissas[i] * Math.Sqrt(2 * tau), rule.Abscissas[j] * Math.Sqrt(2 * tau)];
                        foreach (int axis in forwards ? new[] { 0, 1 } : [1, 0])
                        {
                            (double sinh, double cosh) = (Math.Sinh(angles[axis]), Math.Cosh(angles[axis]));
                            (ray[2], ray[axis]) = (cosh * ray[2] + sinh * ray[axis], sinh * ray[2] + cosh * ray[axis]);
                        }
                        sum += weight * of(ray);
                    }
                }
            return sum / mass;
        }
    }

    /// <summary>One token is a Brownian motion, two come near at the exact rate: E log(1 - u) falls by 2 (d - 1) t/kappa. Within 5 standard
    /// errors, with noise of the token's own or without.</summary>
    [Test]
    public void TokensUnderCommonNoise([Values(2, 3, 6)] int d, [Values] Splitting splitting)
    {
        const int R = 10_000;
        const double Kappa = 4, Own = 9, Time = 1;
        Cloud start = new EquiangularLaw(0.5).Draw(R, 2, d, seed: 1, new BlockLabels()), end = Moved(new Noise(null, splitting, Kappa)), both = Moved(new Noise(Own, splitting, Kappa));
        double[] growth = [.. Enumerable.Range(0, R).Select(r => Math.Log((1 - Cosine(end, r)) / (1 - Cosine(start, r))))];
        double mean = growth.Average(), error = Math.Sqrt(growth.Average(g => (g - mean) * (g - mean)) / R);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(mean, Is.EqualTo(-2 * (d - 1) * Time / Kappa).Within(5 * error));
        Assert.That(error * Math.Sqrt(R), Is.LessThan(2));
        foreach ((Cloud cloud, double rate) in new[] { (end, 1 / Kappa), (both, 1 / Kappa + 1 / Own) })
            for (int token = 0; token < 2; token++)
            {
                double[] w = [.. Enumerable.Range(0, R).Select(r => Sphere.Dot(start.Token(2 * r + token), cloud.Token(2 * r + token)))];
                Assert.That(w.Average(), Is.EqualTo(Math.Exp(-(d - 1) * Time * rate)).Within(5 / Math.Sqrt(R)));
                Assert.That(w.Average(c => (d * c * c - 1) / (d - 1)), Is.EqualTo(Math.Exp(-2 * d * Time * rate)).Within(5 * d / (d - 1.0) / Math.Sqrt(R)));
            }

        Cloud Moved(Noise noise)
        {
            Cloud cloud = start.Copy();
            RunResult result = new Simulation(new Flow(Apart, new IdentityGauge(), cloud, new ReferenceSums()), Methods.Heun, 0.1, Time) { Noise = noise with { Seed = 3 } }.Run(cloud, []);
            Assert.That(result.Status, Is.EqualTo(RunStatus.Complete), result.Advice);
            return cloud;
        }
    }

    [Test]
    public void ACommonKickIsAFunctionOfSeedReplicaAndNumber()
    {
        Cloud cloud = Clouds.Uniform(3, 700, 3);
        double[] one = Kicked(7, 2, 1);
        Assert.That(Kicked(7, 2, 3), Is.EqualTo(one), "threads");
        Assert.That(Kicked(8, 2, 1), Is.Not.EqualTo(one), "seed");
        Assert.That(Kicked(7, 3, 1), Is.Not.EqualTo(one), "number");
        double[] point = [.. Enumerable.Repeat(new double[] { 0.6, 0, 0.8 }, 4).SelectMany(p => p)];
        new Noise(Common: 1).Kick(point, 2, 3, 0.1, 0);
        Assert.That(point[..3], Is.EqualTo(point[3..6]), "tokens at one point stay together");
        Assert.That(point[..3], Is.Not.EqualTo(point[6..9]), "replicas do not");

        double[] Kicked(ulong seed, uint number, int threads)
        {
            double[] x = [.. cloud.Positions];
            new Noise(Common: 1) { Seed = seed }.Kick(x, cloud.Tokens, 3, 0.1, number, threads);
            for (int row = 0; row < cloud.Rows; row++) Assert.That(Sphere.Norm(x.AsSpan(row * 3, 3)), Is.EqualTo(1).Within(4e-16));
            return x;
        }
    }

    private static double[] Cosines(int d, double beta, double redraw, Tableau method, int steps, int replicas, double time)
    {
        Cloud cloud = new EquiangularLaw(0).Draw(replicas, 2, d, seed: 1);
        Setting setting = new(2, d) { Seed = 3, Redraw = redraw };
        Matrices laws = new(new IdentityMatrix(), new IdentityMatrix(), new BrownianMatrix());
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, 2);
        Layer layer = new() { Heads = [laws.Draw(0, setting)], Redraw = new(redraw, laws, setting) };
        Flow flow = new(new(beta) { Normalization = Normalization.Softmax }, new IdentityGauge(), cloud, sums, 2, layer);
        Assert.That(new Simulation(flow, method, redraw / steps, time, 2).Run(cloud, []).Status, Is.EqualTo(RunStatus.Complete));
        return [.. Enumerable.Range(0, replicas).Select(r => Cosine(cloud, r))];
    }

    private static double Cosine(Cloud cloud, int r) => Sphere.Dot(cloud.Token(2 * r), cloud.Token(2 * r + 1));
}
