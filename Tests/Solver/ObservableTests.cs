using static AttentionFlow.Tests.Solver.Clouds;

namespace AttentionFlow.Tests.Solver;

public class ObservableTests
{
    private static readonly Interaction One = new(1);

    [Test]
    public void EveryColumnHasADescriptionAndARow()
    {
        Cloud cloud = Clouds.Uniform(3, 8, 3);
        foreach ((string name, Func<Flow, Observable> make) in Observable.All.Some())
        {
            IReadOnlyList<Column> columns = make(Clouds.FlowOf(One, cloud)).Columns;
            using IDisposable scope = Assert.EnterMultipleScope();
            Assert.That(columns.Select(c => c.Description), Has.All.Not.Empty, name);
            Assert.That(Measure(name, One, new IdentityGauge(), cloud),
                Has.Length.EqualTo(3 * columns.Count).And.All.Matches<double>(double.IsFinite), name);
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
    [TestCase(1.0), TestCase(1e-4), TestCase(1e-8)]
    public void GapsKeepTheirDigitsNearCollapse(double delta)
    {
        Cloud cloud = new(1, 2, 2, [Math.Cos(delta), Math.Sin(delta), Math.Cos(delta), -Math.Sin(delta)]);
        double[] gaps = Measure("gaps", One, new IdentityGauge(), cloud);
        double second = Math.Sin(delta) * Math.Sin(delta), mean = 2 * Math.Sin(delta / 2) * Math.Sin(delta / 2);
        double energy = Math.Exp(-second) * Math.Sinh(second) * Math.E / 2;
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(gaps[0], Is.EqualTo(mean).Within(1e-7 * mean));
        Assert.That(gaps[1], Is.EqualTo(second).Within(1e-7 * second));
        Assert.That(gaps[2], Is.EqualTo(energy).Within(1e-7 * energy));
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
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("mean", One, new IdentityGauge(), cloud), Is.EqualTo(new[] { 0.6, 0, 0, 0.6 }).Within(1e-14));
        Assert.That(Measure("covariance", One, new IdentityGauge(), cloud), Is.EqualTo(new[] { 0.32, 0.32, 0 }).Within(1e-14));
    }

    /// <summary>A point has 1 everywhere; two antipodal points 0 in odd degrees, 1 in even ones; on the sphere the ring at height h has |P_l(h)|.</summary>
    [Test]
    public void SpectraOfKnownClouds([Values(2, 3)] int d)
    {
        const double Height = 0.6;
        Cloud point = new ClustersLaw([Sphere.Axis(d, 0)], 0).Draw(1, 7, d, seed: 1), poles = new ClustersLaw([Sphere.Axis(d, 0), [.. Sphere.Axis(d, 0).Select(v => -v)]], 0).Draw(1, 8, d, seed: 1);
        double[] ofPoint = Measure("spectrum", One, new IdentityGauge(), point), ofPoles = Measure("spectrum", One, new IdentityGauge(), poles);
        Assert.That(ofPoint, Has.Length.EqualTo(16).And.All.EqualTo(1).Within(1e-13));
        for (int l = 1; l <= 16; l++) Assert.That(ofPoles[l - 1], Is.EqualTo(1 - l % 2).Within(1e-7), $"degree {l}");
        if (d == 2) return;
        double[] ring = Measure("spectrum", One, new IdentityGauge(), new Cloud(1, 40, 3, [.. Enumerable.Range(0, 40).SelectMany(i => new[] { 0.8 * Math.Cos(Clouds.Turn * i / 40), 0.8 * Math.Sin(Clouds.Turn * i / 40), Height })]));
        double before = 1, legendre = Height;
        for (int l = 1; l <= 16; l++)
        {
            Assert.That(ring[l - 1], Is.EqualTo(Math.Abs(legendre)).Within(1e-13), $"degree {l}");
            (before, legendre) = (legendre, ((2 * l + 1) * Height * legendre - l * before) / (l + 1));
        }
    }

    /// <summary>Weights e^{kappa cos u} on even angles: von Mises, whose amplitudes are I_l(kappa)/I_0(kappa). A gauge changes nothing: the spectrum is that of x.</summary>
    [Test]
    public void SpectrumOfAVonMisesLaw()
    {
        const double Kappa = 4;
        double[] weights = [.. Enumerable.Range(0, 80).Select(i => Math.Exp(Kappa * Math.Cos(Clouds.Turn * i / 80)))];
        Cloud cloud = new(1, 80, 2, [.. Enumerable.Range(0, 80).SelectMany(i => new[] { Math.Cos(Clouds.Turn * i / 80), Math.Sin(Clouds.Turn * i / 80) })], null, [.. weights.Select(w => w / weights.Sum())]);
        foreach (Gauge gauge in (Gauge[])[new IdentityGauge(), new RotaryGauge([Clouds.Turn])])
        {
            double[] spectrum = Measure("spectrum", One, gauge, cloud);
            for (int l = 1; l <= 16; l++) Assert.That(spectrum[l - 1], Is.EqualTo(Bessel.I(l, Kappa) / Bessel.I(0, Kappa)).Within(1e-13), $"degree {l}");
        }
    }

    // Independent tokens: every degree has the mean square 1/n.
    [Test]
    public void SpectrumOfIndependentTokensIsNoise([Values(2, 3)] int d)
    {
        const int N = 1000, Replicas = 200;
        double[] spectrum = Measure("spectrum", One, new IdentityGauge(), Clouds.Uniform(Replicas, N, d), needsDrift: false);
        for (int l = 1; l <= 16; l++)
            Assert.That(Enumerable.Range(0, Replicas).Average(r => N * Math.Pow(spectrum[r * 16 + l - 1], 2)), Is.EqualTo(1).Within(5 / Math.Sqrt(Replicas)), $"degree {l}");
    }

    [Test]
    public void TheSpectrumIsKnownOnTheCircleAndTheSphereOnly() =>
        Assert.That(() => Measure("spectrum", One, new IdentityGauge(), Clouds.Uniform(1, 4, 4)), Throws.TypeOf<NotSupportedException>().With.Message.Contains("not for d = 4"));

    [Test]
    public void ClustersOfEachReplica() =>
        Assert.That(Measure("clusters", One, new IdentityGauge(), new Cloud(2, 2, 2, [1, 0, 0, 1, 1, 0, 1, 0])), Is.EqualTo(new double[] { 2, 1 }));

    [Test]
    public void SpeedOfAnEquiangularState([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
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
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("limit", One, gauge, limit)[0], Is.LessThan(1e-15));
        Assert.That(Measure("limit", One, gauge, off)[0], Is.InRange(1e-6, 1e-5));
    }

    [Test]
    public void EnergyDropsCountStepsThatAreTooLong()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Drops(0.01), Is.EqualTo(0));
        Assert.That(Drops(2.0), Is.GreaterThan(0));
        static double Drops(double step)
        {
            Cloud cloud = Clouds.Uniform(1, 32, 3, seed: 3);
            Flow flow = Clouds.FlowOf(new Interaction(2), cloud);
            EnergyDropsObservable drops = new(flow);
            new Simulation(flow, Methods.Euler, step, 20).Run(cloud, [drops]);
            return drops.Values(default)[0];
        }
    }

    [Test]
    public void MaskedFlowsReportNoEnergy() =>
        Assert.That(() => Measure("energy", One with { Mask = Mask.Causal }, new IdentityGauge(), Clouds.Uniform(1, 4, 3)), Throws.TypeOf<NotSupportedException>());

    [Test]
    public void GapsStopWhenTheRunDoes()
    {
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        Flow flow = Clouds.FlowOf(One, cloud);
        Assert.That(() => new GapsObservable(flow).Measure(new Frame(0, 0, cloud.Positions, [], flow, new CancellationToken(true)), new double[3]), Throws.InstanceOf<OperationCanceledException>());
    }
}
