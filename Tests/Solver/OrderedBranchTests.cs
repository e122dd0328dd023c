using MathNet.Numerics.Integration;

namespace AttentionFlow.Tests.Solver;

/// <summary>Ordered stationary laws under noise, against densities on a grid that know of no harmonics, and against expansions.</summary>
public class OrderedBranchTests
{
    /// <summary>Under the kappa of coexistence the fixed point p = e^{kappa k*p}/Z, from a narrow start, has this mean and no free energy.</summary>
    [Test]
    public void CoexistingLawsHaveEqualFreeEnergies([Values(2, 3, 5)] int d, [Values(2.7, 6)] double beta)
    {
        OrderedLaw law = new OrderedBranch(new(beta), d).Coexistence!;
        // Near the tricritical beta of the circle, 2.447, it is slow.
        (double mean, double freeEnergy) = FixedPoint(d, beta, law.Kappa, beta < 3 ? 4000 : 1000);
        Assert.That(law.Mean, Is.EqualTo(mean).Within(1e-9));
        Assert.That(freeEnergy, Is.Zero.Within(1e-10));
        Assert.That(law.FreeEnergy, Is.Zero.Within(1e-12));
        Assert.That(law.IsStable);
    }

    /// <summary>The fixed point survives 1e-4 above the kappa of the spinodal and falls to the uniform law 1e-4 below.</summary>
    [Test]
    public void OrderEndsAtTheSpinodal([Values(2, 3, 5)] int d)
    {
        OrderedBranch branch = new(new(5), d);
        OrderedLaw end = branch.Spinodal!;
        double above = FixedPoint(d, 5, end.Kappa * (1 + 1e-4), 3000).Mean;
        Assert.That(above, Is.EqualTo(branch.Under(end.Kappa * (1 + 1e-4))!.Mean).Within(1e-6));
        Assert.That(above, Is.GreaterThan(end.Mean).And.LessThan(end.Mean + 0.05));
        Assert.That(FixedPoint(d, 5, end.Kappa * (1 - 1e-4), 3000).Mean, Is.LessThan(1e-6));
        Assert.That(branch.Under(end.Kappa * (1 - 1e-6)), Is.Null);
        // kappa(H) is stationary there: it differs by the square of the distance.
        foreach (double h in new[] { 0.99, 1.01 })
            Assert.That(branch.At(h * end.Entropy).Kappa / end.Kappa - 1, Is.InRange(1e-9, 1e-4));
    }

    /// <summary>kappa/critical = 1 + d/(d + 2) |m|^2 (1 - d r)/(1 - r) + O(|m|^4), r = lambda_2/lambda_1: the sign changes at the tricritical
    /// beta.</summary>
    [Test]
    public void SmallMeansFollowTheExpansion([Values(2, 3, 8, 40)] int d, [Values(0.5, 1, 3)] double beta)
    {
        OrderedLaw law = new OrderedBranch(new(beta), d).At(1e-3);
        double r = Bessel.DegreeRatio(d, 2, beta) / Bessel.DegreeRatio(d, 1, beta), square = law.Mean * law.Mean;
        Assert.That((law.KappaRatio - 1) / square, Is.EqualTo(d / (d + 2.0) * (1 - d * r) / (1 - r)).Within(20 * d * square));
    }

    [Test]
    public void TheTransitionJumpsFromTheTricriticalBetaOn([Values(2, 3, 8, 100, 1000)] int d) => Assert.Multiple(() =>
    {
        double beta = NoisyFlow.TricriticalBeta(d);
        OrderedBranch below = new(new(0.99 * beta), d), above = new(new(1.01 * beta), d);
        double entropy = 1e-3 * d;
        Assert.That(below.Spinodal, Is.Null);
        Assert.That(below.Coexistence, Is.Null);
        Assert.That(below.At(entropy).IsStable);
        Assert.That(below.At(entropy).KappaRatio, Is.GreaterThan(1));
        OrderedLaw end = above.Spinodal!, both = above.Coexistence!;
        Assert.That(end.KappaRatio, Is.LessThan(both.KappaRatio));
        Assert.That(both.KappaRatio, Is.LessThan(1));
        Assert.That(both.Mean, Is.GreaterThan(end.Mean));
        // dE/dH = 1/kappa = 1 + a H - b H^2 turns at H = a/2b, and the tangent through the uniform law touches E at H = 3a/4b; H is like m^2.
        Assert.That(both.Mean / end.Mean, Is.EqualTo(Math.Sqrt(1.5)).Within(0.02));
    });

    /// <summary>The linear profile: |m| = A_d(kappa |m|), on the circle a ratio of Bessel functions.</summary>
    [Test]
    public void TheLinearProfileHasOneDegree([Values(2, 3, 64)] int d, [Values(0.1, 1, 3)] double entropy)
    {
        OrderedBranch branch = new(new(1) { Profile = Profile.Linear }, d);
        OrderedLaw law = branch.At(entropy);
        Assert.That(law.Mean, Is.EqualTo(NoisyFlow.MeanNorm(d, law.Kappa)).Within(1e-11));
        Assert.That(branch.Under(law.Kappa)!.Entropy, Is.EqualTo(entropy).Within(1e-9));
        if (d == 2) Assert.That(law.Mean, Is.EqualTo(Bessel.I(1, law.Kappa * law.Mean) / Bessel.I(0, law.Kappa * law.Mean)).Within(1e-12));
        Assert.That(branch.Spinodal, Is.Null);
        Assert.That(branch.Under(d), Is.Null);
    }

    /// <summary>1/kappa = dE/dH, by central differences.</summary>
    [Test]
    public void KappaIsTheSlopeOfEnergyAndEntropy([Values(2, 4)] int d)
    {
        OrderedBranch branch = new(new(4), d);
        double Energy(double entropy) => branch.At(entropy) is var law ? (law.Entropy - law.FreeEnergy) / law.Kappa : 0;
        foreach (double entropy in new[] { 0.1, 0.6, 2 })
            Assert.That((Energy(entropy * 1.001) - Energy(entropy * 0.999)) / (0.002 * entropy) * branch.At(entropy).Kappa, Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void WhatIsOutOfRangeIsRefused() => Assert.Multiple(() =>
    {
        OrderedBranch branch = new(new(4), 3);
        Assert.That(() => new OrderedBranch(new(4), 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new OrderedBranch(new(101), 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => branch.At(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => branch.At(100), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("narrower"));
        Assert.That(branch.Under(double.NaN), Is.Null);
    });

    // p on Gauss' nodes of the angle with the axis, the kernel averaged over turns about it: e^{beta w w'} times that of d - 1 dimensions.
    private static (double Mean, double FreeEnergy) FixedPoint(int d, double beta, double kappa, int iterations)
    {
        const int N = 100;
        GaussLegendreRule rule = new(0, Math.PI, N);
        double[] w = [.. rule.Abscissas.Select(Math.Cos)], s = [.. rule.Abscissas.Select(Math.Sin)];
        double[] measure = [.. rule.Weights.Zip(s, (weight, sine) => weight * Math.Pow(sine, d - 2))];
        double mass = measure.Sum();
        measure = [.. measure.Select(m => m / mass)];
        double[,] kernel = new double[N, N];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                kernel[i, j] = Math.Exp(beta * w[i] * w[j]) / beta * (d == 2 ? Math.Cosh(beta * s[i] * s[j]) : Bessel.FunkHecke(d - 1, 0, beta * s[i] * s[j]));
        double[] p = Normalized(w.Select(c => 40 * c)), potential = [];
        for (int k = 0; k < iterations; k++)
        {
            potential = Potential(p);
            p = Normalized(potential.Select(v => kappa * v));
        }
        potential = Potential(p);
        double uniform = Potential([.. Enumerable.Repeat(1.0, N)])[0];
        double entropy = Mean(p.Select(v => Math.Log(v))), energy = Mean(potential) / 2;
        return (Mean(w), entropy - kappa * (energy - uniform / 2));

        double Mean(IEnumerable<double> values) => values.Select((v, i) => measure[i] * p[i] * v).Sum();

        double[] Potential(double[] density) => [.. Enumerable.Range(0, N).Select(i =>
        {
            double sum = 0;
            for (int j = 0; j < N; j++) sum += kernel[i, j] * measure[j] * density[j];
            return sum;
        })];

        double[] Normalized(IEnumerable<double> logs)
        {
            double[] log = [.. logs];
            double largest = log.Max(), z = 0;
            for (int i = 0; i < N; i++) z += measure[i] * Math.Exp(log[i] - largest);
            return [.. log.Select(l => Math.Exp(l - largest) / z)];
        }
    }
}
