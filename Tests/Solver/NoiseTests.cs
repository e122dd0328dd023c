using AttentionFlow.Kernels;
using AttentionFlow.Solver;
using MathNet.Numerics.Integration;
using NUnit.Framework;

namespace AttentionFlow.Tests.Solver;

public class NoiseTests
{
    /// <summary>
    /// A kick multiplies harmonics of degree l by E C_l(cos a), here by quadrature over |v|^2, against e^{-l (l + d - 2) tau}: exact on the circle, else a local error of third order.
    /// </summary>
    [Test]
    public void AKickIsBrownianToSecondOrder([Values(2, 3, 4, 10)] int d, [Values(1, 2)] int degree)
    {
        double[] taus = [0.04 / d, 0.02 / d, 0.01 / d];
        double[] errors = [.. taus.Select(tau => Math.Abs(Factor(d, degree, tau) - Math.Exp(-degree * (degree + d - 2) * tau)))];
        if (d == 2) Assert.That(errors, Has.All.LessThan(1e-13));
        else Assert.That(Slope(taus, errors), Is.EqualTo(3).Within(0.1), string.Join(", ", errors));
    }

    /// <summary>The kicks themselves: mean of the harmonics of degree 1 and 2 about the start, within 5 standard errors, and no drift across.</summary>
    [Test]
    public void KicksHaveTheFactorsOfTheirAngles([Values(2, 3, 10)] int d)
    {
        const int N = 40_000;
        const double Kappa = 4, Time = 0.4;
        double[] start = Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => (double)c)]), side = Sphere.Orthogonal(start);
        double[] x = [.. Enumerable.Repeat(start, N).SelectMany(s => s)];
        new Noise(Kappa, Seed: 5).Kick(x, N, d, Time, number: 3);
        double[] w = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(x.AsSpan(i * d, d), start))], across = [.. Enumerable.Range(0, N).Select(i => Sphere.Dot(x.AsSpan(i * d, d), side))];
        Assert.Multiple(() =>
        {
            Assert.That(w.Average(), Is.EqualTo(Factor(d, 1, Time / Kappa)).Within(5 / Math.Sqrt(N)));
            Assert.That(w.Average(c => (d * c * c - 1) / (d - 1)), Is.EqualTo(Factor(d, 2, Time / Kappa)).Within(5 * d / (d - 1.0) / Math.Sqrt(N)));
            Assert.That(across.Average(), Is.EqualTo(0).Within(5 / Math.Sqrt(N)));
        });
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
        new Noise(1, 7).Kick(few, 5, 3, 0.1, 2);
        Assert.That(few[..15], Is.EqualTo(one[..15]), "a token does not depend on how many there are");

        double[] Kicked(ulong seed, uint number, int threads)
        {
            double[] x = [.. cloud.Positions];
            new Noise(1, seed).Kick(x, cloud.Tokens, 3, 0.1, number, threads);
            for (int row = 0; row < cloud.Rows; row++) Assert.That(Sphere.Norm(x.AsSpan(row * 3, 3)), Is.EqualTo(1).Within(4e-16));
            return x;
        }
    }

    [Test]
    public void CriticalKappa()
    {
        Assert.Multiple(() =>
        {
            // S^2: lambda_1 = cosh(b)/b - sinh(b)/b^2 = 1/e at b = 1; S^1: I_1.
            Assert.That(NoisyFlow.CriticalKappa(new(1), 3), Is.EqualTo(Math.E).Within(1e-13));
            Assert.That(NoisyFlow.CriticalKappa(new(2), 2), Is.EqualTo(2 / 1.5906368546373291).Within(1e-13));
            foreach (int d in new[] { 2, 3, 7 })
            {
                Assert.That(NoisyFlow.CriticalKappa(new(1e-5), d), Is.EqualTo(d).Within(1e-4 * d), "beta -> 0");
                Assert.That(NoisyFlow.CriticalKappa(new(1) { Profile = Profile.Linear }, d), Is.EqualTo(d));
                Assert.That(NoisyFlow.MeanNorm(d, 0.99 * d), Is.Zero);
                // A_d(x) = x/d - x^3/(d^2 (d + 2)) + ...: |m|^2 = (d + 2)/d (kappa/d - 1) near the transition, up to a relative (kappa/d - 1).
                Assert.That(NoisyFlow.MeanNorm(d, 1.0001 * d), Is.EqualTo(Math.Sqrt((d + 2) * 1e-4 / d)).Within(0.05).Percent);
            }
        });
    }

    // E C_l(cos a) for l = 1, 2 over |v|^2 = r^2, r of the chi law with d - 1 degrees of freedom.
    private static double Factor(int d, int degree, double tau)
    {
        double Density(double r) => Math.Pow(r, d - 2) * Math.Exp(-r * r / 2);
        double Harmonic(double w) => degree == 1 ? w : (d * w * w - 1) / (d - 1);
        return GaussLegendreRule.Integrate(r => Harmonic(Math.Cos(Noise.Angle(2 * tau * r * r, d))) * Density(r), 0, 14, 256) / GaussLegendreRule.Integrate(Density, 0, 14, 256);
    }

    private static double Slope(double[] steps, double[] errors) =>
        MathNet.Numerics.Fit.Line([.. steps.Select(h => Math.Log(h))], [.. errors.Select(e => Math.Log(e))]).B;
}
