using MathNet.Numerics;
using MathNet.Numerics.Integration;

namespace AttentionFlow.Tests.Solver;

public class TargetLawTests
{
    /// <summary>q(p) has the mass p below it, by quadrature of the density.</summary>
    [Test]
    public void VonMisesQuantilesInvertTheDistribution([Values(0, 0.01, 1, 7.5, 80, 600)] double kappa, [Values(1e-6, 0.01, 0.3, 0.5, 0.8, 0.999)] double p)
    {
        VonMisesLaw law = new(0.7, kappa);
        double angle = law.Quantile(p) - 0.7, step = Math.Min(0.5, 1 / Math.Sqrt(1 + kappa)), mass = 0;
        for (double a = -Math.PI; a < angle; a += step)
            mass += GaussLegendreRule.Integrate(x => Math.Exp(kappa * (Math.Cos(x) - 1)), a, Math.Min(a + step, angle), 20);
        mass /= 2 * Math.PI * SpecialFunctions.BesselI(0, kappa) * Math.Exp(-kappa);
        Assert.That(mass, Is.EqualTo(p).Within(1e-13));
    }

    [Test]
    public void VonMisesIsSymmetricAboutItsMeanAndSpansATurn([Values(0, 3, 1e6)] double kappa)
    {
        VonMisesLaw law = new(0, kappa);
        Assert.That(new[] { 0.125, 0.25, 0.375 }.Select(p => law.Quantile(p) + law.Quantile(1 - p)), Has.All.EqualTo(0));
        Assert.That(new[] { 0, 0.5, 1 }.Select(law.Quantile), Is.EqualTo(new[] { -Math.PI, 0, Math.PI }));
    }

    /// <summary>At large kappa the law is normal with variance 1/kappa, up to a relative 1/kappa.</summary>
    [Test]
    public void ANarrowVonMisesIsNormal() =>
        Assert.That(new VonMisesLaw(2, 1e6).Quantile(0.975) - 2, Is.EqualTo(1.959963984540054 / 1e3).Within(1e-8));

    [Test]
    public void ArcsAndAtoms()
    {
        Assert.That(new[] { 0, 0.25, 1 }.Select(new ArcLaw(1, 3).Quantile), Is.EqualTo(new[] { 1, 1.5, 3 }));
        Assert.That(new[] { 0, 0.59, 0.61, 1 }.Select(new AtomsLaw([5, 4], [3, 2]).Quantile), Is.EqualTo(new double[] { 5, 5, 4, 4 }));
        Assert.That(new[] { 0, 0.3, 0.4, 0.7, 1 }.Select(new AtomsLaw([5, 4, 3]).Quantile), Is.EqualTo(new double[] { 5, 5, 4, 3, 3 }));
    }

    /// <summary>S^2: coth kappa - 1/kappa; elsewhere the quotient where it does not overflow, 1 - (d - 1)/2 kappa far out.</summary>
    [Test]
    public void MeanLengths([Values(0.01, 1, 17, 600)] double kappa, [Values(2, 3, 4, 9)] int d) => Assert.Multiple(() =>
    {
        Assert.That(VonMisesFisher.MeanLength(d, kappa), Is.EqualTo(Bessel.I(d / 2.0, kappa) / Bessel.I(d / 2.0 - 1, kappa)).Within(1e-12));
        Assert.That(VonMisesFisher.MeanLength(3, kappa), Is.EqualTo(1 / Math.Tanh(kappa) - 1 / kappa).Within(1e-13));
        Assert.That(VonMisesFisher.MeanLength(d, 1e8), Is.EqualTo(1 - (d - 1) / 2e8).Within(1e-14));
        Assert.That(VonMisesFisher.MeanLength(d, 0), Is.Zero);
    });

    /// <summary>E w = A_d, E w^2 = 1 - (d - 1) A_d/kappa, and no preferred direction across; 5 standard errors.</summary>
    [Test]
    public void VonMisesFisherHasItsMoments([Values(2, 3, 5, 40)] int d, [Values(0, 0.5, 8, 1e4)] double kappa)
    {
        const int N = 20_000;
        double[] mean = Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => (double)c)]), side = Sphere.Orthogonal(mean);
        Cloud cloud = new VonMisesFisherLaw(mean, kappa).Draw(1, N, d, seed: 8);
        double[] w = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(cloud.Token(i), mean))];
        double[] across = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(cloud.Token(i), side))];
        double first = VonMisesFisher.MeanLength(d, kappa), second = kappa == 0 ? 1.0 / d : 1 - (d - 1) * first / kappa;
        double deviation = Math.Sqrt(Math.Max(second - first * first, 0)), sideways = (1 - second) / (d - 1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(w.Average(), Is.EqualTo(first).Within(5 * deviation / Math.Sqrt(N) + 1e-9));
        // The fourth moment of a bounded number is at most its second; narrow laws are gamma-like, E (1-w)^4 ~ 24 (E (1-w))^4.
        Assert.That(w.Average(v => (1 - v) * (1 - v)), Is.EqualTo(1 - 2 * first + second).Within(5 * Math.Sqrt(24.0 / N) * (1 - 2 * first + second)));
        Assert.That(across.Average(), Is.EqualTo(0).Within(5 * Math.Sqrt(sideways / N)));
        Assert.That(across.Average(v => v * v), Is.EqualTo(sideways).Within(5 * Math.Sqrt(2.0 / N) * sideways));
    }

    /// <summary>On S^2 the distribution function of w is (e^{kappa (w - 1)} - e^{-2 kappa})/(1 - e^{-2 kappa}): uniform, by Kolmogorov's distance.</summary>
    [Test]
    public void VonMisesFisherOnTheSphereHasItsDistribution([Values(0.3, 4, 200)] double kappa)
    {
        const int N = 10_000;
        Cloud cloud = new VonMisesFisherLaw([0, 0.6, 0.8], kappa).Draw(1, N, 3, seed: 4);
        double[] u = [.. Enumerable.Range(0, N).Select(i => (Math.Exp(kappa * (Sphere.Dot(cloud.Token(i), [0, 0.6, 0.8]) - 1)) - Math.Exp(-2 * kappa)) / (1 - Math.Exp(-2 * kappa))).Order()];
        // sqrt(N) D exceeds 1.95 with probability 1e-3; the seed is fixed.
        Assert.That(Enumerable.Range(0, N).Max(i => Math.Abs(u[i] - (i + 0.5) / N)), Is.LessThan(1.95 / Math.Sqrt(N)));
    }

    /// <summary>Theorem 2: from a symmetric start token i ends on the orbit of u, at the angle q(s_i) from it. Grid labels are midpoints,
    /// so the transport distance from the tokens' angles to an arc of length L is L/4n.</summary>
    [Test]
    public void APhaseFieldEndsAtItsTarget([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        const int N = 64;
        double[] u = [Math.Sqrt(0.75), 0, 0.5];
        ArcLaw arc = new(-0.4, 2.1);
        double[] angles = Angles(arc);
        double distance = Enumerable.Range(0, N).Sum(i => GaussLegendreRule.Integrate(p => Math.Abs(arc.Quantile(p) - angles[i]), (double)i / N, (i + 0.5) / N, 2)
            + GaussLegendreRule.Integrate(p => Math.Abs(arc.Quantile(p) - angles[i]), (i + 0.5) / N, (i + 1.0) / N, 2));
        Assert.That(distance, Is.EqualTo(2.5 / (4 * N)).Within(1e-11));
        VonMisesLaw vonMises = new(0.1, 2);
        Assert.That(Angles(vonMises), Is.EqualTo(new GridLabels().Draw(1, N, 0).Select(vonMises.Quantile)).Within(1e-10));
        double[] Angles(CircleLaw target)
        {
            Gauge gauge = new PhaseGauge(target);
            Cloud start = new SymmetricLaw(u).Draw(1, N, 3, seed: 2, new GridLabels(), gauge);
            Cloud end = Clouds.Integrate(new(1) { Normalization = normalization }, gauge, start, Methods.RungeKutta4, 0.1, 40);
            Assert.That(Enumerable.Range(0, N).Select(i => end.Token(i)[2]), Has.All.EqualTo(0.5).Within(1e-12), "the latitude of u");
            return [.. Enumerable.Range(0, N).Select(i => Math.Atan2(end.Token(i)[1], end.Token(i)[0]))];
        }
    }

    /// <summary>Midpoint quantiles carry the moments of the law, I_l/I_0.</summary>
    [Test]
    public void QuantilesOfGridLabelsHaveTheMoments([Values(1, 2, 3)] int degree)
    {
        VonMisesLaw law = new(1, 2);
        double moment = new GridLabels().Draw(1, 1024, 0).Average(s => Math.Cos(degree * (law.Quantile(s) - 1)));
        Assert.That(moment, Is.EqualTo(Bessel.I(degree, 2) / Bessel.I(0, 2)).Within(1e-9));
    }

    [Test]
    public void APhaseNeedsALabelInTheUnitInterval() =>
        Assert.That(() => new PhaseGauge(new ArcLaw(0, 1)).Prepare([1.5], 3), Throws.ArgumentException.With.Message.Contains("must lie in [0, 1]"));

    /// <summary>Theorem 4: with as many targets as grid labels, token i ends at target i.</summary>
    [Test]
    public void APrefixGaugeEndsAtTheTargetsOfItsLaw()
    {
        const int N = 30;
        foreach (TargetLaw law in new TargetLaw[] { new GreatCircleTargets([0.6, 0, 0.8]), new MixtureTargets([[1, 0, 0], [0, 0, -1]], [20, 5], [2, 1]) })
        {
            double[][] targets = law.Draw(N, seed: 6);
            Gauge gauge = new PrefixGauge([0, 0, 1], targets);
            Cloud start = new SymmetricLaw([0, 0, 1]).Draw(1, N, 3, seed: 2, new GridLabels(), gauge);
            Cloud end = Clouds.Integrate(new(1), gauge, start, Methods.RungeKutta4, 0.1, 16);
            Assert.That(Clouds.LargestDifference(end.Positions, [.. targets.SelectMany(g => g)]), Is.LessThan(1e-12), law.ToString());
        }
    }

    [Test]
    public void TheGreatCircleIsRunThroughOnceAboutItsNormal()
    {
        double[] normal = [0.6, 0, 0.8];
        double[][] targets = new GreatCircleTargets(normal).Draw(12, seed: 0);
        Assert.That(targets.Select(g => Sphere.Dot(g, normal)), Has.All.EqualTo(0).Within(1e-15));
        for (int k = 0; k < 12; k++)
        {
            double[] g = targets[k], next = targets[(k + 1) % 12];
            double turn = normal[0] * (g[1] * next[2] - g[2] * next[1]) + normal[1] * (g[2] * next[0] - g[0] * next[2]) + normal[2] * (g[0] * next[1] - g[1] * next[0]);
            Assert.That(turn, Is.EqualTo(0.5).Within(1e-14), "sin 30 degrees, counter-clockwise");
        }
    }

    [Test]
    public void AMixtureDrawsItsComponentsByWeight()
    {
        const int T = 20_000;
        MixtureTargets law = new([[1, 0, 0, 0], [-1, 0, 0, 0]], [50, 50], [3, 1]);
        double share = law.Draw(T, seed: 9).Count(g => g[0] > 0) / (double)T;
        Assert.That(share, Is.EqualTo(0.75).Within(5 * Math.Sqrt(0.75 * 0.25 / T)));
        Assert.That(law.Draw(3, seed: 9).SelectMany(g => g), Is.EqualTo(law.Draw(5, seed: 9).Take(3).SelectMany(g => g)), "a target does not depend on how many there are");
    }
}
