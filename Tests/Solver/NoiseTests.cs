using MathNet.Numerics.Integration;

namespace AttentionFlow.Tests.Solver;

public class NoiseTests
{
    /// <summary>A kick multiplies harmonics of degree l by E C_l(cos a), here by quadrature over |v|^2, against e^{-l (l + d - 2) tau}:
    /// exact on the circle, else a local error of third order.</summary>
    [Test]
    public void AKickIsBrownianToSecondOrder([Values(2, 3, 4, 10)] int d, [Values(1, 2)] int degree)
    {
        double[] taus = [0.04 / d, 0.02 / d, 0.01 / d];
        double[] errors = [.. taus.Select(tau => Math.Abs(Factor(d, degree, tau) - Math.Exp(-degree * (degree + d - 2) * tau)))];
        if (d == 2) Assert.That(errors, Has.All.LessThan(1e-13));
        else Assert.That(Clouds.Slope(taus, errors), Is.EqualTo(3).Within(0.1), string.Join(", ", errors));
    }

    /// <summary>The kicks themselves: mean of the harmonics of degree 1 and 2 about the start, within 5 standard errors, and no drift across.</summary>
    [Test]
    public void KicksHaveTheFactorsOfTheirAngles([Values(2, 3, 10)] int d)
    {
        const int N = 40_000;
        const double Kappa = 4, Time = 0.4;
        double[] start = Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => (double)c)]), side = Sphere.Orthogonal(start);
        double[] x = [.. Enumerable.Repeat(start, N).SelectMany(s => s)];
        new Noise(Kappa) { Seed = 5 }.Kick(x, N, d, Time, number: 3);
        double[] w = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(x.AsSpan(i * d, d), start))], across = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(x.AsSpan(i * d, d), side))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(w.Average(), Is.EqualTo(Factor(d, 1, Time / Kappa)).Within(5 / Math.Sqrt(N)));
        Assert.That(w.Average(c => (d * c * c - 1) / (d - 1)), Is.EqualTo(Factor(d, 2, Time / Kappa)).Within(5 * d / (d - 1.0) / Math.Sqrt(N)));
        Assert.That(across.Average(), Is.EqualTo(0).Within(5 / Math.Sqrt(N)));
    }

    [Test]
    public void AKickIsAFunctionOfSeedReplicaTokenAndNumber()
    {
        Cloud cloud = Clouds.Uniform(3, 700, 3);
        double[] one = Kicked(7, 2, 1), many = Kicked(7, 2, 3);
        Assert.That(many, Is.EqualTo(one), "threads");
        Assert.That(Kicked(8, 2, 1), Is.Not.EqualTo(one), "seed");
        Assert.That(Kicked(7, 3, 1), Is.Not.EqualTo(one), "number");
        // The last replica alone, told apart by its place.
        double[] few = [.. cloud.Positions[..(2 * 5 * 3)]], all = [.. few];
        new Noise(1) { Seed = 7 }.Kick(few, 5, 3, 0.1, 2);
        Assert.That(few[..15], Is.EqualTo(one[..15]), "a token does not depend on how many there are");
        double[] Kicked(ulong seed, uint number, int threads)
        {
            double[] x = [.. cloud.Positions];
            new Noise(1) { Seed = seed }.Kick(x, cloud.Tokens, 3, 0.1, number, threads);
            for (int row = 0; row < cloud.Rows; row++) Assert.That(Sphere.Norm(x.AsSpan(row * 3, 3)), Is.EqualTo(1).Within(4e-16));
            return x;
        }
    }

    /// <summary>A lone token is a Brownian motion: E &lt;x_t, x_0&gt; = e^{-(d-1) t/kappa}, harmonics of degree 2 e^{-2 d t/kappa}; 5 standard errors.</summary>
    [Test]
    public void ALoneTokenIsABrownianMotion([Values(2, 3, 6)] int d, [Values] Splitting splitting)
    {
        const int R = 20_000;
        const double Kappa = 5, Time = 1;
        Cloud start = Clouds.Uniform(R, 1, d), end = Run(new(1), start, new Noise(Kappa, splitting) { Seed = 3 }, Methods.Heun, 0.1, Time);
        double[] w = [.. Enumerable.Range(0, R).Select(i => Sphere.Dot(start.Token(i), end.Token(i)))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(w.Average(), Is.EqualTo(Math.Exp(-(d - 1) * Time / Kappa)).Within(5 / Math.Sqrt(R)));
        Assert.That(w.Average(c => (d * c * c - 1) / (d - 1)), Is.EqualTo(Math.Exp(-2 * d * Time / Kappa)).Within(5 * d / (d - 1.0) / Math.Sqrt(R)));
    }

    /// <summary>Two tokens on the circle, linear profile: the angle follows d phi = -sin phi dt + 2/sqrt(kappa) dW, and u_l = E cos(l phi)
    /// the equations u_l' = l (u_{l-1} - u_{l+1})/2 - 2 l^2 u_l/kappa. The error of u_1 falls with the step as the splitting
    /// says.</summary>
    [Category("Slow")]
    [TestCase(Splitting.Lie, 1, 0.5, 100_000), TestCase(Splitting.Strang, 2, 1, 300_000)]
    public void TheWeakOrderIsThatOfTheSplitting(Splitting splitting, int order, double step, int replicas)
    {
        const double Kappa = 4, Start = 2.4, Time = 2;
        double exact = Exact(), deviation = 0.7 / Math.Sqrt(replicas);
        double[] errors = [.. new[] { step, step / 2 }.Select(h =>
        {
            double[] pairs = new double[4 * replicas];
            for (int r = 0; r < replicas; r++) new[] { 1, 0, Math.Cos(Start), Math.Sin(Start) }.CopyTo(pairs, 4 * r);
            Cloud end = Run(new(1) { Profile = Profile.Linear }, new Cloud(replicas, 2, 2, pairs), new Noise(Kappa, splitting) { Seed = 17 }, Methods.RungeKutta4, h, Time);
            return Enumerable.Range(0, replicas).Average(r => Sphere.Dot(end.Token(2 * r), end.Token(2 * r + 1))) - exact;
        })];
        string numbers = $"{string.Join(", ", errors)}; one standard error {deviation}";
        Assert.That(errors.Select(Math.Abs), Has.All.GreaterThan(3 * deviation), numbers);
        Assert.That(Math.Log2(errors[0] / errors[1]), Is.EqualTo(order).Within(0.4), numbers);
        double Exact()
        {
            const int L = 40, N = 8000;
            double[] u = [.. Enumerable.Range(0, L + 2).Select(l => Math.Cos(l * Start))];
            for (int k = 0; k < N; k++)
            {
                double[] k1 = Slope(u), k2 = Slope(Add(u, k1, Time / N / 2)), k3 = Slope(Add(u, k2, Time / N / 2)), k4 = Slope(Add(u, k3, Time / N));
                for (int l = 0; l < u.Length; l++) u[l] += Time / N / 6 * (k1[l] + 2 * k2[l] + 2 * k3[l] + k4[l]);
            }
            return u[1];
            static double[] Slope(double[] v) => [.. v.Select((c, l) => l is 0 or L + 1 ? 0 : l * (v[l - 1] - v[l + 1]) / 2 - 2 * l * l * c / Kappa)];
            static double[] Add(double[] v, double[] slope, double h) => [.. v.Zip(slope, (a, b) => a + h * b)];
        }
    }

    /// <summary>Two tokens come to Gibbs' law of their cosine.</summary>
    [Test]
    public void TwoTokensComeToGibbsLaw([Values(2, 3, 5)] int d)
    {
        const int R = 5_000;
        const double Kappa = 3;
        Interaction interaction = new(1.5);
        Cloud end = Run(interaction, Clouds.Uniform(R, 2, d), new Noise(Kappa) { Seed = 2 }, Methods.Heun, 0.1, 10);
        double cosine = Enumerable.Range(0, R).Average(r => Sphere.Dot(end.Token(2 * r), end.Token(2 * r + 1)));
        Assert.That(cosine, Is.EqualTo(NoisyFlow.CosineOfTwo(interaction, d, Kappa)).Within(5 / Math.Sqrt(R)));
        Assert.That(NoisyFlow.CosineOfTwo(new(1) { Profile = Profile.Linear }, d, Kappa), Is.EqualTo(VonMisesFisher.MeanLength(d, Kappa / 2)).Within(1e-12));
    }

    /// <summary>Above the transition |m| = A_d(kappa |m|), below it |m| is of order n^{-1/2}; linear profile, mean over replicas.</summary>
    [Test]
    public void TheMeanComesToItsSelfConsistentLength([Values(2, 3)] int d, [Values(0.5, 1.5, 3)] double ratio)
    {
        const int N = 400, R = 10;
        Cloud start = ratio > 1 ? new VonMisesFisherLaw(Sphere.Axis(d, 0), 1).Draw(R, N, d, seed: 5) : Clouds.Uniform(R, N, d);
        Cloud end = Run(new(1) { Profile = Profile.Linear }, start, new Noise(ratio * d) { Seed = 8 }, Methods.Heun, 0.1, 12, DeviceCatalog.Open("cpu", Precision.Double, 1));
        double[] mean = new double[d];
        double length = Enumerable.Range(0, R).Average(r =>
        {
            Mean.Of(end.Positions, end.Weights, r * N, N, mean);
            return Sphere.Norm(mean);
        });
        Assert.That(length, Is.EqualTo(NoisyFlow.MeanNorm(d, ratio * d)).Within(ratio > 1 ? 5 / Math.Sqrt(N * R) : 3 / Math.Sqrt(N)));
    }

    [Test]
    public void LongStepsAreNamedWithABetterOne()
    {
        Assert.That(Stability.Advice(new Noise(4), 0.5, 3), Is.Null);
        Assert.That(Stability.Advice(new Noise(0.1), 0.05, 3), Does.Contain("at the rate (d - 1)/kappa = 20").And.EndsWith("use a step of 0.01 or less"));
    }

    [Test]
    public void NoiseTakesFixedSteps()
    {
        Cloud cloud = Clouds.Uniform(1, 2, 3);
        Assert.That(() => new Simulation(Clouds.FlowOf(new(1), cloud), Methods.Tsit5, new AdaptiveStep(1e-4), 1) { Noise = new(1) },
            Throws.ArgumentException.With.Message.Contains("noise takes fixed steps"));
    }

    [Test]
    public void CriticalKappa() => Assert.Multiple(() =>
    {
        // S^2: lambda_1 = cosh(b)/b - sinh(b)/b^2 = 1/e at b = 1; S^1: I_1.
        Assert.That(NoisyFlow.CriticalKappa(new(1), 3), Is.EqualTo(Math.E).Within(1e-13));
        Assert.That(NoisyFlow.CriticalKappa(new(2), 2), Is.EqualTo(2 / 1.5906368546373291).Within(1e-13));
        Assert.That(NoisyFlow.TricriticalBeta(2), Is.EqualTo(2.446918).Within(1e-6));
        Assert.That(NoisyFlow.TricriticalBeta(3), Is.EqualTo(1.816155).Within(1e-6));
        foreach (int d in new[] { 2, 3, 7 })
        {
            Assert.That(NoisyFlow.CriticalKappa(new(1.3), d), Is.EqualTo((d - 1) / Growth.Rate(new(1.3), d, 1)).Within(1e-12), "growth (d - 1) lambda_1/beta against decay (d - 1)/kappa");
            Assert.That(NoisyFlow.CriticalKappa(new(1e-5), d), Is.EqualTo(d).Within(1e-4 * d), "beta -> 0");
            Assert.That(NoisyFlow.CriticalKappa(new(1) { Profile = Profile.Linear }, d), Is.EqualTo(d));
            Assert.That(NoisyFlow.MeanNorm(d, 0.99 * d), Is.Zero);
            // A_d(x) = x/d - x^3/(d^2 (d + 2)) + ...: |m|^2 = (d + 2)/d (kappa/d - 1) near the transition, up to a relative (kappa/d - 1).
            Assert.That(NoisyFlow.MeanNorm(d, 1.0001 * d), Is.EqualTo(Math.Sqrt((d + 2) * 1e-4 / d)).Within(0.05).Percent);
        }
    });

    private static Cloud Run(Interaction interaction, Cloud start, Noise noise, Tableau method, double step, double horizon, IPairSums? sums = null)
    {
        Cloud cloud = start.Copy();
        using IPairSums device = sums ?? new ReferenceSums();
        RunResult result = new Simulation(new Flow(interaction, new IdentityGauge(), cloud, device), method, step, horizon) { Noise = noise }.Run(cloud, []);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete), result.Advice);
        return cloud;
    }

    // E C_l(cos a) for l = 1, 2 over |v|^2 = r^2, r of the chi law with d - 1 degrees of freedom.
    private static double Factor(int d, int degree, double tau)
    {
        double Density(double r) => Math.Pow(r, d - 2) * Math.Exp(-r * r / 2);
        double Harmonic(double w) => degree == 1 ? w : (d * w * w - 1) / (d - 1);
        return GaussLegendreRule.Integrate(r => Harmonic(Math.Cos(Noise.Angle(2 * tau * r * r, d))) * Density(r), 0, 14, 256) / GaussLegendreRule.Integrate(Density, 0, 14, 256);
    }
}
