using System.Numerics;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Tests.Solver;

/// <summary>The drift's derivative, its eigenvalues, equilibria and branches; values at known states are facts of <c>verify</c>.</summary>
public class ResponseTests
{
    /// <summary>Every kind of interaction: products are derivatives of the arbiter's drift, by differences of their own.</summary>
    [Test]
    public void ProductsAreDerivativesOfTheDrift([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization, [Range(2, 4)] int d)
    {
        const double H = 1e-5;
        Interaction interaction = new(1.7) { Normalization = normalization, Coupling = new DistanceCoupling(0.4) };
        Cloud cloud = Clouds.Uniform(1, 7, d, seed: 4, Clouds.Weights(1, 7));
        Gauge gauge = new RotaryGauge([.. Enumerable.Range(1, d / 2).Select(p => Clouds.Turn / p)]);
        DriftJacobian jacobian = Of(interaction, cloud, gauge);
        double[] v = Tangent(cloud, seed: 5);
        double[] product = jacobian.Apply(cloud.Positions, [v])[0], ahead = Drift(H), behind = Drift(-H);
        for (int i = 0; i < cloud.Rows; i++)
        {
            ReadOnlySpan<double> x = cloud.Token(i);
            double[] slope = [.. Enumerable.Range(i * d, d).Select(c => (ahead[c] - behind[c]) / (2 * H))];
            double along = Sphere.Dot(x, slope);
            for (int c = 0; c < d; c++) Assert.That(product[i * d + c], Is.EqualTo(slope[c] - along * x[c]).Within(1e-8));
            Assert.That(Sphere.Dot(x, product.AsSpan(i * d, d)), Is.Zero.Within(1e-14));
        }

        double[] Drift(double h)
        {
            double[] x = [.. cloud.Positions.Zip(v, (a, b) => a + h * b)];
            for (int i = 0; i < cloud.Rows; i++) Sphere.TryNormalize(x.AsSpan(i * d, d));
            return Arbiter.Drift(interaction, gauge, new Cloud(1, cloud.Tokens, d, x, cloud.Labels, cloud.Weights));
        }
    }

    /// <summary>J is linear, whatever the lengths; blocks give what single products give.</summary>
    [Test]
    public void ProductsAreLinear()
    {
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 2);
        DriftJacobian jacobian = Of(new Interaction(4), cloud);
        double[] u = Tangent(cloud, 1), w = [.. Tangent(cloud, 2).Select(c => 1e-7 * c)], sum = [.. u.Zip(w, (a, b) => 3 * a - 5e6 * b)];
        double[][] together = jacobian.Apply(cloud.Positions, [u, w, sum, new double[u.Length]]);
        for (int c = 0; c < u.Length; c++) Assert.That(together[2][c], Is.EqualTo(3 * together[0][c] - 5e6 * together[1][c]).Within(1e-10));
        Assert.That(together[3], Has.All.Zero);
        Assert.That(jacobian.Apply(cloud.Positions, [w])[0], Is.EqualTo(together[1]));
    }

    /// <summary>The flow of a gradient in the metric of the weights: eigenvalues are real, and J is its own adjoint.</summary>
    [Test]
    public void UnnormalizedResponseIsSelfAdjoint()
    {
        Cloud cloud = Clouds.Uniform(1, 9, 3, seed: 3, Clouds.Weights(1, 9));
        DriftJacobian jacobian = Of(new Interaction(2), cloud);
        double[] u = Tangent(cloud, 1), w = Tangent(cloud, 2);
        double[][] products = jacobian.Apply(cloud.Positions, [u, w]);
        Assert.That(Weighted(u, products[1]), Is.EqualTo(Weighted(w, products[0])).Within(1e-11));
        Assert.That(Spectrum.Of(jacobian, cloud.Positions, 1).Modes.Select(m => m.Value.Imaginary), Has.All.Zero);

        double Weighted(double[] a, double[] b) => Enumerable.Range(0, a.Length).Sum(c => cloud.Weights[c / 3] * a[c] * b[c]);
    }

    /// <summary>Which rotations a system has: all without more, those about the axis of a rotary code in the logits, or about a prompt, and none.</summary>
    [Test]
    public void RotationsAreThoseThatTheSystemHas()
    {
        Cloud point = new ClustersLaw([[0.6, 0.48, 0.64]], 0).Draw(1, 5, 3, seed: 1);
        Gauge rotary = new RotaryGauge([Clouds.Turn]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Modes(new Interaction(1), null, null), Is.EqualTo(2), "a point of S^2");
        Assert.That(Modes(new Interaction(1), null, new Layer { Code = new LogitsOnlyCode() }), Is.EqualTo(2), "without a gauge the code is none");
        Assert.That(Modes(new Interaction(1), rotary, new Layer { Code = new LogitsOnlyCode() }), Is.EqualTo(1), "about the axis");
        Assert.That(Modes(new Interaction(1), null, new Layer { Pin = new PinningPrompt([0.6, 0.48, 0.64], 0.1) }), Is.Zero, "it does not move the point");
        Cloud turned = new PointGaugeCloud(rotary).Draw();
        Assert.That(Spectrum.Of(Of(new Interaction(1), turned, rotary), turned.Positions, 1).Rotations, Is.EqualTo(2), "of the gauge frame");

        int Modes(Interaction interaction, Gauge? gauge, Layer? layer) =>
            Spectrum.Of(Of(interaction, point, gauge, layer), point.Positions, 1).Rotations;
    }

    /// <summary>Arnoldi's method with thick restarts finds what the whole matrix has, multiple eigenvalues and complex pairs, too.</summary>
    [TestCase(false), TestCase(true)]
    public void LeadingEigenvaluesAreThoseOfTheMatrix(bool turns)
    {
        Cloud cloud = turns ? Clouds.Uniform(1, 40, 3, seed: 7) : new Cloud(1, 40, 3, [.. Enumerable.Range(0, 40)
            .SelectMany(i => new[] { Math.Cos(Clouds.Turn * i / 40), Math.Sin(Clouds.Turn * i / 40), 0 })]);
        MathNet.Numerics.LinearAlgebra.Matrix<double> spin = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(new[,] { { 0, -2.0, 0 }, { 2, 0, 0.5 }, { 0, 1, 1 } });
        DriftJacobian jacobian = Of(new Interaction(3), cloud, layer: turns ? new Layer { Heads = [new Head(value: spin)] } : null);
        Spectrum dense = Spectrum.Of(jacobian, cloud.Positions, 8), leading = Spectrum.Of(jacobian, cloud.Positions, 8, [], CancellationToken.None, largestDense: 0);
        Assert.That(dense.Modes, Has.Count.EqualTo(80));
        Assert.That(leading.Modes, Has.Count.InRange(8, 9));
        if (turns) Assert.That(leading.Modes.Any(m => m.Value.Imaginary != 0), "some are complex");
        foreach ((ResponseMode found, ResponseMode known) in leading.Modes.Zip(dense.Modes))
        {
            Assert.That(Complex.Abs(found.Value - known.Value), Is.LessThan(1e-8));
            Assert.That(found.Residual, Is.LessThan(1e-7));
        }
    }

    /// <summary>Few different eigenvalues, each many times, and many that hardly differ: Krylov spaces end early, and others begin beside them.</summary>
    [TestCase(0.0), TestCase(0.3)]
    public void EigenvaluesOfAClusterAreFoundAsOftenAsTheyAre(double angle)
    {
        Cloud cloud = angle == 0 ? new ClustersLaw([[0.6, 0, 0.48, 0.64]], 0).Draw(1, 40, 4, seed: 1) : new CapLaw([0.6, 0, 0.48, 0.64], angle).Draw(1, 40, 4, seed: 1);
        MathNet.Numerics.LinearAlgebra.Matrix<double> value = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfDiagonalArray([0.5, 0.2, -0.1, 1]);
        foreach (Layer? layer in new[] { null, new Layer { Heads = [new Head(value: value)] } })
        {
            DriftJacobian jacobian = Of(new Interaction(1), cloud, layer: layer);
            Spectrum dense = Spectrum.Of(jacobian, cloud.Positions, 8), leading = Spectrum.Of(jacobian, cloud.Positions, 8, [], CancellationToken.None, largestDense: 0);
            foreach ((ResponseMode found, ResponseMode known) in leading.Modes.Zip(dense.Modes))
                Assert.That(Math.Max(Complex.Abs(found.Value - known.Value), found.Residual), Is.LessThan(1e-8));
        }
    }

    /// <summary>From a disturbed lattice back to it, by the whole matrix and by GMRES; rotations are left alone.</summary>
    [TestCase(9), TestCase(405)]
    public void AnEquilibriumIsFound(int n)
    {
        double[] angles = [.. Enumerable.Range(0, n).Select(i => Clouds.Turn * i / n + 0.2 / n * Math.Sin(5.0 * i))];
        Cloud cloud = new(1, n, 2, [.. angles.SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })]);
        Equilibrium found = Equilibrium.Find(Of(new Interaction(1.3), cloud), cloud.Positions);
        Assert.That(found.WhyNot, Is.Null);
        Assert.That(found.Residual, Is.LessThan(1e-12 * Math.Exp(1.3)));
        double[] at = [.. Enumerable.Range(0, n).Select(i => Math.Atan2(found.Positions[2 * i + 1], found.Positions[2 * i]))];
        for (int i = 1; i < n && n < 100; i++)
            Assert.That(Math.IEEERemainder(at[i] - at[i - 1] - Clouds.Turn / n, Clouds.Turn), Is.Zero.Within(1e-10));
    }

    /// <summary>Where nothing is at rest nothing is found, and it says so: two tokens under a value matrix that turns them for ever.</summary>
    [Test]
    public void WithoutAnEquilibriumItSaysSo()
    {
        MathNet.Numerics.LinearAlgebra.Matrix<double> turn = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(new[,] { { 0, -1.0 }, { 1, 0 } });
        Cloud cloud = new(1, 1, 2, [1, 0]);
        Equilibrium found = Equilibrium.Find(Of(new Interaction(1), cloud, layer: new Layer { Heads = [new Head(value: turn)] }), cloud.Positions);
        Assert.That(found.WhyNot, Does.Contain("max |F| = 2.72"));
    }

    [Test]
    public void WhatHasNoDerivativeIsRefused()
    {
        Cloud cloud = Clouds.Uniform(1, 4, 3, seed: 1);
        Assert.That(() => new DriftJacobian(cloud, many => new Flow(new Interaction(1), new IdentityGauge(), many, new ReferenceSums()) { Scheme = new PreScheme(1) }),
            Throws.TypeOf<NotSupportedException>().With.Message.Contain("without radii"));
        Assert.That(() => Of(new Interaction(1) { Normalization = Normalization.Hardmax }, cloud), Throws.TypeOf<NotSupportedException>().With.Message.Contain("hardmax"));
        Assert.That(() => Of(new Interaction(1), Clouds.Uniform(2, 4, 3, seed: 1)), Throws.ArgumentException);
    }

    private static DriftJacobian Of(Interaction interaction, Cloud cloud, Gauge? gauge = null, Layer? layer = null) =>
        new(cloud, many => new Flow(interaction, gauge ?? new IdentityGauge(), many, new SimdSums(Precision.Double, 1), 1, layer));

    private static double[] Tangent(Cloud cloud, ulong seed)
    {
        double[] v = Clouds.Uniform(1, cloud.Tokens, cloud.Dimension, seed).Positions;
        Sphere.Project(cloud.Positions, v, cloud.Dimension);
        return v;
    }

    /// <summary>A point of the gauge frame.</summary>
    private sealed record PointGaugeCloud(Gauge Gauge)
    {
        public Cloud Draw()
        {
            Cloud cloud = new ClustersLaw([[0.6, 0.48, 0.64]], 0).Draw(1, 5, 3, seed: 1);
            Gauge.Prepare(cloud.Labels, 3).Leave(cloud.Positions, cloud.Positions, 0, 5);
            return cloud;
        }
    }
}
