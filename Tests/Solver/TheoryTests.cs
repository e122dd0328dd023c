namespace AttentionFlow.Tests.Solver;

/// <summary>Closed forms against the numbers of the literature, and the flow against the closed forms.</summary>
public class TheoryTests
{
    private static readonly Interaction One = new(1);

    [Test]
    public void EnergiesOfKnownStates() => Assert.Multiple(() =>
    {
        Assert.That(One.DiracEnergy, Is.EqualTo(1.3591409142295225).Within(1e-15));
        Assert.That(Energies.Uniform(3, 1), Is.EqualTo(Math.Sinh(1) / 2).Within(1e-13));
        Assert.That(One.DiracEnergy - Energies.Uniform(3, 1), Is.EqualTo(0.7715403174).Within(1e-10));
        Assert.That(Energies.LatitudeCircle(1, 1), Is.EqualTo(Math.E / 2).Within(1e-15));
        Assert.That(Energies.MeanRotaryGap(1), Is.EqualTo(0.546).Within(5e-4));
        Assert.That(Energies.PartTurnMeanSquared(Clouds.Turn, 0.3), Is.EqualTo(0.09).Within(1e-15));
        Assert.That(Energies.PartTurnMeanSquared(0, 0.3), Is.EqualTo(1));
        Assert.That(Energies.LatitudeArc(2, 0.3, 2 * Clouds.Turn), Is.EqualTo(Energies.LatitudeCircle(2, 0.3)).Within(1e-13));
        Assert.That(Energies.LatitudeArc(2, 0.3, 0), Is.EqualTo(Math.Exp(2) / 4).Within(1e-14));
        Assert.That(Energies.MeanRotaryGap(1, 0), Is.Zero.Within(1e-14));
    });

    /// <summary>Tokens on a grid, weighted by the law, make Z and the force exact integrals: on the circle to rounding.</summary>
    [Test]
    public void MeanFieldDriftAmongVonMisesFisherTokens([Values(0.5, 4)] double kappa, [Values(0.7, 5)] double beta)
    {
        const int N = 128;
        double[] weights = [.. Enumerable.Range(0, N).Select(i => Math.Exp(kappa * Math.Cos(Clouds.Turn * i / N)))];
        Cloud cloud = new(1, N, 2, [.. Enumerable.Range(0, N).SelectMany(i => new[] { Math.Cos(Clouds.Turn * i / N), Math.Sin(Clouds.Turn * i / N) })], null, [.. weights.Select(w => w / weights.Sum())]);
        double[] drift = Clouds.FlowOf(new Interaction(beta) { Normalization = Normalization.Softmax }, cloud).DriftAt(cloud.Positions);
        VonMisesFisher law = new(2, kappa);
        double squares = 0;
        for (int i = 0; i < N; i++)
        {
            (double c, double s) = (cloud.Token(i)[0], cloud.Token(i)[1]);
            Assert.That(drift[2 * i], Is.EqualTo(law.Drift(beta, c) * s * s).Within(1e-13));
            Assert.That(drift[2 * i + 1], Is.EqualTo(-law.Drift(beta, c) * s * c).Within(1e-13));
            double z = 0, variance = 0;
            for (int j = 0; j < N; j++)
            {
                double cosine = Math.Cos(Clouds.Turn * (i - j) / N), sine = Math.Sin(Clouds.Turn * (j - i) / N);
                z += cloud.Weights[j] * Math.Exp(beta * cosine);
                // Along (-s, c), where the drift is -g s.
                variance += cloud.Weights[j] * Math.Exp(2 * beta * cosine) * Math.Pow(sine + law.Drift(beta, c) * s, 2);
            }
            squares += cloud.Weights[i] * variance / (z * z);
        }
        Assert.That(law.SamplingError(beta), Is.EqualTo(Math.Sqrt(squares)).Within(1e-10));
    }

    /// <summary>On S^2 by cubature of the law: the mean length, and the drift at the equator.</summary>
    [Test]
    public void VonMisesFisherOnTheSphere()
    {
        const double Kappa = 3, Beta = 2;
        MathNet.Numerics.Integration.GaussLegendreRule rule = new(-1, 1, 40);
        double mass = 0, mean = 0, z = 0, force = 0;
        for (int i = 0; i < 40; i++)
            for (int j = 0; j < 80; j++)
            {
                double height = rule.Abscissas[i], weight = rule.Weights[i] * Math.Exp(Kappa * height), x = Math.Sqrt(1 - height * height) * Math.Cos(Clouds.Turn * j / 80);
                mass += weight;
                mean += weight * height;
                z += weight * Math.Exp(Beta * x);
                force += weight * Math.Exp(Beta * x) * height;
            }
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(VonMisesFisher.MeanLength(3, Kappa), Is.EqualTo(mean / mass).Within(1e-13));
        Assert.That(VonMisesFisher.MeanLength(3, 1e-3), Is.EqualTo(1e-3 / 3).Within(1e-9));
        Assert.That(VonMisesFisher.MeanLength(4, 0), Is.Zero);
        Assert.That(new VonMisesFisher(3, Kappa).Drift(Beta, 0), Is.EqualTo(force / z).Within(1e-13));
    }

    [TestCase(1, 4.867128), TestCase(2, 14.004492), TestCase(3, 18.596070), TestCase(4, 16.346351)]
    public void GrowthOnTheCircle(int degree, double expected) => Assert.That(Growth.Rate(new Interaction(5), 2, degree), Is.EqualTo(expected).Within(5e-7));

    [Test]
    public void GrowthOnTheSphere() => Assert.Multiple(() =>
    {
        Assert.That(Growth.Rate(One, 3, 1), Is.EqualTo(2 / Math.E).Within(1e-13));
        Assert.That(Growth.Rate(One with { Coupling = new ToeplitzCoupling(0, 1) }, 3, 1, 1), Is.EqualTo(1 / Math.E).Within(1e-13));
        Assert.That(Growth.Rate(One with { Normalization = Normalization.Softmax }, 3, 1), Is.EqualTo(2 / Math.E / Math.Sinh(1)).Within(1e-13));
    });

    /// <summary>Against numbers of the literature; against the flow they stand in the facts of <c>verify</c>.</summary>
    [Test]
    public void EquiangularAndTwoClusterNumbers() => Assert.Multiple(() =>
    {
        Assert.That(Equiangular.Cosine(Normalization.Unnormalized, 2, 8, 0, 1), Is.EqualTo(0.9118731798).Within(1e-10));
        Assert.That(Equiangular.Cosine(Normalization.Softmax, 2, 8, 0, 1), Is.EqualTo(0.2306960126).Within(1e-10));
        Assert.That(Equiangular.Cosine(Normalization.Softmax, 0, 5, 0.1, 2), Is.EqualTo(Equiangular.CosineAtBetaZero(5, 0.1, 2)).Within(1e-11));
        Assert.That(TwoClusters.Time(Normalization.Unnormalized, 2, 1, 120 * Math.PI / 180, 0.1), Is.EqualTo(1.740527).Within(5e-7));
        Assert.That(TwoClusters.Time(Normalization.Softmax, 2, 1, 120 * Math.PI / 180, 0.1), Is.EqualTo(8.2025).Within(5e-5));
    });

    /// <summary>The bound holds at every temperature, and is met in the limit of a short way at a right angle, where the clusters move at its speed up to their own pull.</summary>
    [Test]
    public void TwoClustersKeepTheirDistanceForTheTimeOfTheBound([Values(1, 4, 16, 64)] double beta, [Values(0.01, 1)] double coupling)
    {
        foreach (double to in new[] { 0.2, 0.8, 1.4 })
            Assert.That(TwoClusters.Time(Normalization.Softmax, beta, coupling, Math.PI / 2, to), Is.GreaterThan(TwoClusters.Bound(beta, coupling, Math.PI / 2, to)));
        double near = Math.PI / 2 - 1e-6;
        Assert.That(TwoClusters.Time(Normalization.Softmax, beta, coupling, Math.PI / 2, near) / TwoClusters.Bound(beta, coupling, Math.PI / 2, near),
            Is.EqualTo(1 + coupling * Math.Exp(-beta)).Within(1e-4));
    }

    [Test]
    public void ToeplitzCircleNumbers() => Assert.Multiple(() =>
    {
        Assert.That(ToeplitzCircle.CriticalBeta, Is.EqualTo(1.545127).Within(5e-7));
        Assert.That(ToeplitzCircle.Radius(One, 0), Is.EqualTo(1));
        Assert.That(ToeplitzCircle.Energy(1, 0, 1), Is.EqualTo(0.2825795520).Within(1e-10));
        Assert.That(ToeplitzCircle.MeanNorm(One, 0.3), Is.EqualTo(0.559241).Within(5e-7));
        double r = ToeplitzCircle.Radius(One, 0.3);
        Assert.That(ToeplitzCircle.Energy(1, 0.3, r * r), Is.EqualTo(0.4790587).Within(5e-8));
        Assert.That(ToeplitzCircle.MeanNorm(new(2), 0), Is.EqualTo(Math.Sqrt(1 - ToeplitzCircle.CriticalBeta / 2)).Within(1e-9));
        Assert.That(ToeplitzCircle.Radius(One with { Profile = Profile.Linear }, 0.6), Is.EqualTo(0));
    });

    /// <summary>The circle of radius r is a fixed point of the Toeplitz flow, and its measured energy is the predicted one.</summary>
    [TestCase(1, 0), TestCase(1, 0.3), TestCase(2, 0)]
    public void ToeplitzCirclesStandStill(double beta, double constant)
    {
        Interaction interaction = new(beta) { Coupling = new ToeplitzCoupling(constant, 1) };
        double r = ToeplitzCircle.Radius(interaction, constant), h = Math.Sqrt(1 - r * r);
        double[] x = [.. Enumerable.Range(0, 64).SelectMany(i => new[] { r * Math.Cos(Clouds.Turn * (i + 0.5) / 64), -r * Math.Sin(Clouds.Turn * (i + 0.5) / 64), h })];
        Cloud cloud = new(1, 64, 3, x);
        Flow flow = Clouds.FlowOf(interaction, cloud);
        double[] drift = flow.DriftAt(x);
        double[] limit = PredictedLimit.For(interaction, 3, out _)!.Fit(x, cloud.Labels, cloud.Weights, cloud.Labels, 3);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(drift.Max(Math.Abs), Is.LessThan(1e-7), "root of the stationarity condition");
        Assert.That(flow.Energy(0), Is.EqualTo(ToeplitzCircle.Energy(beta, constant, beta * r * r)).Within(1e-13));
        Assert.That(Clouds.LargestDifference(x, limit), Is.LessThan(1e-13), "its own best fit, also when run through backwards");
    }

    [TestCase(2, 1.3), TestCase(3, 9), TestCase(4, 2), TestCase(5, 0.4)]
    public void FunkHeckeEigenvaluesByQuadrature(int d, double beta)
    {
        // lambda_l = integral of e^{beta t} P_l(t) (1 - t^2)^{(d-3)/2} / integral of the weight; degree 0 and 1, t = cos theta.
        double weight = Integrate(_ => 1), zero = Integrate(t => Math.Exp(beta * t)) / weight, one = Integrate(t => t * Math.Exp(beta * t)) / weight;
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Bessel.FunkHecke(d, 0, beta), Is.EqualTo(zero).Within(1e-11 * zero));
        Assert.That(Bessel.FunkHecke(d, 1, beta), Is.EqualTo(one).Within(1e-11 * zero));
        double Integrate(Func<double, double> f) =>
            MathNet.Numerics.Integration.GaussLegendreRule.Integrate(theta => f(Math.Cos(theta)) * Math.Pow(Math.Sin(theta), d - 2), 0, Math.PI, 128);
    }

    [TestCase("distance", true), TestCase("toeplitz c = 2", true), TestCase("toeplitz cos 2", false), TestCase("block 0", false), TestCase("block -1", false)]
    public void LimitsArePredictedOnlyWhereTheyAreKnown(string name, bool known)
    {
        Coupling coupling = name switch
        {
            "distance" => new DistanceCoupling(1),
            "toeplitz c = 2" => new ToeplitzCoupling(2, 1),
            "toeplitz cos 2" => new ToeplitzCoupling(0, 0, 1),
            "block 0" => new BlockCoupling(0),
            _ => new BlockCoupling(-1),
        };
        Assert.That(PredictedLimit.For(One with { Coupling = coupling }, 3, out string? why) is not null, Is.EqualTo(known));
        Assert.That(why is null, Is.EqualTo(known));
    }
}
