using AttentionFlow.Kernels;
using AttentionFlow.Solver;
using NUnit.Framework;

namespace AttentionFlow.Tests.Solver;

public class ObservableTests
{
    private static readonly Interaction One = new(1);

    [Test]
    public void EveryColumnHasADescriptionAndARow()
    {
        Cloud cloud = Clouds.Uniform(3, 8, 3);
        foreach ((string name, Func<Flow, Observable> make) in Observable.All)
        {
            double[] values = Measure(name, One, new IdentityGauge(), cloud, out Observable observable);
            Assert.Multiple(() =>
            {
                Assert.That(observable.Columns.Select(c => c.Description), Has.All.Not.Empty, name);
                Assert.That(values, Has.Length.EqualTo(3 * observable.Columns.Count).And.All.Matches<double>(double.IsFinite), name);
            });
        }
    }

    [Test]
    public void GapsOfAPointAndOfTheUniformLaw()
    {
        Cloud point = new ClustersLaw([[0, 0, 1]], 0).Draw(1, 16, 3, seed: 1);
        Assert.That(Measure("gaps", One, new IdentityGauge(), point), Is.EqualTo(new double[] { 0, 0, 0 }));

        // Equidistributed: Gauss-Legendre latitudes times even longitudes integrate e^{<x,y>} to rounding.
        Cloud uniform = Clouds.Cubature(10);
        Assert.That(Measure("gaps", One, new IdentityGauge(), uniform), Is.EqualTo(new[] { 1, 1, 0.7715403174 }).Within(1e-10));
    }

    /// <summary>Two tokens at angle 2 delta: |m| = cos delta, G_energy = (1 - e^{-2 sin^2 delta}) e/4; relative accuracy near collapse.</summary>
    [TestCase(1.0)]
    [TestCase(1e-4)]
    [TestCase(1e-8)]
    public void GapsKeepTheirDigitsNearCollapse(double delta)
    {
        Cloud cloud = new(1, 2, 2, [Math.Cos(delta), Math.Sin(delta), Math.Cos(delta), -Math.Sin(delta)]);
        double[] gaps = Measure("gaps", One, new IdentityGauge(), cloud);
        double second = Math.Sin(delta) * Math.Sin(delta), mean = 2 * Math.Sin(delta / 2) * Math.Sin(delta / 2);
        double energy = Math.Exp(-second) * Math.Sinh(second) * Math.E / 2;
        Assert.Multiple(() =>
        {
            Assert.That(gaps[0], Is.EqualTo(mean).Within(1e-7 * mean));
            Assert.That(gaps[1], Is.EqualTo(second).Within(1e-7 * second));
            Assert.That(gaps[2], Is.EqualTo(energy).Within(1e-7 * energy));
        });
    }

    [Test]
    public void TheEnergyGapIsThatOfTheContentMarginal()
    {
        Cloud cloud = Clouds.Uniform(2, 20, 3, weights: Clouds.Weights(2, 20));
        foreach (Profile profile in new[] { Profile.Exponential, Profile.Linear })
        {
            Interaction interaction = new(2) { Profile = profile, Coupling = new DistanceCoupling(0.3) };
            double[] gaps = Measure("gaps", interaction, new RotaryGauge([Clouds.Turn]), cloud);
            double baseline = Arbiter.Energy(interaction with { Coupling = new OneCoupling() }, new IdentityGauge(), cloud, 1);
            Assert.That(gaps[5], Is.EqualTo(interaction.DiracEnergy - baseline).Within(1e-13), profile.Name);
        }
    }

    [Test]
    public void MeanAndCovariance()
    {
        double[] circle = [.. Enumerable.Range(0, 64).SelectMany(i => new[] { 0.8 * Math.Cos(Clouds.Turn * i / 64), 0.8 * Math.Sin(Clouds.Turn * i / 64), 0.6 })];
        Cloud cloud = new(1, 64, 3, circle);
        Assert.Multiple(() =>
        {
            Assert.That(Measure("mean", One, new IdentityGauge(), cloud), Is.EqualTo(new[] { 0.6, 0, 0, 0.6 }).Within(1e-14));
            Assert.That(Measure("covariance", One, new IdentityGauge(), cloud), Is.EqualTo(new[] { 0.32, 0.32, 0 }).Within(1e-14));
        });
    }

    [TestCase(Normalization.Unnormalized)]
    [TestCase(Normalization.Softmax)]
    public void SpeedOfAnEquiangularState(Normalization normalization)
    {
        const int N = 6;
        const double G = 0.3, Beta = 1.4;
        Cloud cloud = new EquiangularLaw(G).Draw(1, N, 8, seed: 1);
        double denominator = normalization == Normalization.Softmax ? Math.Exp(Beta) + (N - 1) * Math.Exp(Beta * G) : N;
        double expected = Math.Exp(Beta * G) * Math.Sqrt((N - 1) * (1 - G) * (1 + (N - 1) * G)) / denominator;
        Assert.That(Measure("speed", new Interaction(Beta) { Normalization = normalization }, new IdentityGauge(), cloud)[0], Is.EqualTo(expected).Within(1e-13));
    }

    [Test]
    public void LimitDistanceVanishesAtTheLimitAndOnlyThere()
    {
        double[] u = Sphere.Normalized([1, 2, 3]);
        Gauge gauge = new PathGauge(0.5, 3, 1);
        Cloud limit = new ClustersLaw([u], 0).Draw(1, 40, 3, seed: 1);
        gauge.Prepare(limit.Labels, 3).Leave(limit.Positions, limit.Positions, 0, 40);
        Cloud off = new(1, 40, 3, [.. limit.Positions]);
        off.Positions[2] += 1e-5;
        Sphere.TryNormalize(off.Token(0));
        Assert.Multiple(() =>
        {
            Assert.That(Measure("limit", One, gauge, limit)[0], Is.LessThan(1e-15));
            Assert.That(Measure("limit", One, gauge, off)[0], Is.InRange(1e-6, 1e-5));
        });
    }

    [Test]
    public void EnergyDropsCountStepsThatAreTooLong()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Drops(0.01), Is.EqualTo(0));
            Assert.That(Drops(2.0), Is.GreaterThan(0));
        });

        static double Drops(double step)
        {
            Cloud cloud = Clouds.Uniform(1, 32, 3, seed: 3);
            using ReferenceSums sums = new();
            Flow flow = new(new Interaction(2), new IdentityGauge(), cloud, sums);
            EnergyDropsObservable drops = new(flow);
            new Simulation(flow, Methods.Euler, step, 20).Run(cloud, [drops]);
            double[] values = new double[1];
            drops.Measure(default, values);
            return values[0];
        }
    }

    [Test]
    public void MaskedFlowsReportNoEnergy() =>
        Assert.That(() => Measure("energy", One with { Mask = Mask.Causal }, new IdentityGauge(), Clouds.Uniform(1, 4, 3)), Throws.TypeOf<NotSupportedException>());

    [Test]
    public void GapsStopWhenTheRunDoes()
    {
        using ReferenceSums sums = new();
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        Flow flow = new(One, new IdentityGauge(), cloud, sums);
        Assert.That(() => new GapsObservable().Measure(new Frame(0, 0, cloud.Positions, [], flow, new CancellationToken(true)), new double[3]), Throws.InstanceOf<OperationCanceledException>());
    }

    private static double[] Measure(string name, Interaction interaction, Gauge gauge, Cloud cloud) => Measure(name, interaction, gauge, cloud, out _);

    private static double[] Measure(string name, Interaction interaction, Gauge gauge, Cloud cloud, out Observable observable)
    {
        using ReferenceSums sums = new();
        Flow flow = new(interaction, gauge, cloud, sums);
        double[] drift = new double[cloud.Positions.Length];
        flow.Drift(cloud.Positions, drift);
        observable = Observable.All[name](flow);
        double[] values = new double[cloud.Replicas * observable.Columns.Count];
        observable.Measure(new Frame(0, 0, cloud.Positions, drift, flow), values);
        return values;
    }
}
