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
        Cloud uniform = Quadrature.OnSphere(10);
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
        foreach (Profile profile in Clouds.Profiles)
        {
            Interaction interaction = new(2) { Profile = profile, Coupling = new DistanceCoupling(0.3) };
            double[] gaps = Measure("gaps", interaction, new RotaryGauge([Clouds.Turn]), cloud);
            double baseline = Arbiter.Energy(interaction with { Coupling = new OneCoupling() }, new IdentityGauge(), cloud, 1);
            Assert.That(gaps[5], Is.EqualTo(interaction.DiracEnergy - baseline).Within(1e-13), profile.Name);
        }
    }

    // k(1)/2 - E: for two tokens at an angle a it is k'(1) (1 - cos a)/4 and more, whose digits the difference would lose.
    [Test]
    public void TheEnergyGapKeepsItsDigits([Values(1e-3, 1e-6)] double angle, [Values] bool negative)
    {
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(angle), Math.Sin(angle)]);
        using IPairSums sums = new SimdSums(Precision.Double, 1);
        foreach (Profile profile in Clouds.Profiles.Where(p => p.IsGeneral))
        {
            const double Beta = 2;
            double[] gap = new double[1];
            new Flow(new(Beta) { Profile = profile }, new IdentityGauge(), cloud, sums, 1, new Layer { HasNegativeBeta = negative }).EnergyGap(cloud.Positions, gap);
            double signed = negative ? -Beta : Beta, drop = 2 * Math.Pow(Math.Sin(angle / 2), 2), at = 1 - drop / 2;
            // The mean slope over the short way, by the midpoint: its error is of order drop^2.
            Assert.That(gap[0], Is.EqualTo(Clouds.Slope(profile, signed, at) * drop / 4).Within(1e-11 * drop), profile.Name);
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

    /// <summary>Four orthonormal or opposite tokens: E is a quarter of that of a point but for e^{-beta}, at any beta, and overflows only where it is no double.</summary>
    [TestCase(2, 0), TestCase(700, 0), TestCase(712, 703.352), TestCase(717, 0), TestCase(5000, double.PositiveInfinity), TestCase(1e6, double.PositiveInfinity)]
    public void EnergiesOverflowOnlyWhenTheyDo(double beta, double log)
    {
        Cloud cloud = new(1, 4, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1]);
        Flow flow = Clouds.FlowOf(One with { Beta = beta, Normalization = Normalization.Softmax }, cloud);
        double[] drift = flow.DriftAt(cloud.Positions), gap = new double[1];
        flow.EnergyGap(cloud.Positions, gap);
        // 4 pairs at cosine 1, 10 at 0, 2 at -1.
        double ratio = (4 + 10 * Math.Exp(-beta) + 2 * Math.Exp(-2 * beta)) / 16, exact = Math.Log(ratio) + beta - Math.Log(2 * beta);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(flow.EnergyRatio(0), Is.EqualTo(ratio).Within(1e-15));
        Assert.That(Math.Log(flow.Energy(0)), Is.EqualTo(double.IsInfinity(log) ? log : exact).Within(1e-12));
        if (log is > 0 and < 1e3) Assert.That(Math.Log(flow.Energy(0)), Is.EqualTo(log).Within(1e-3));
        Assert.That(Math.Log(gap[0]), Is.EqualTo(double.IsInfinity(log) ? log : Math.Log(1 - ratio) + beta - Math.Log(2 * beta)).Within(1e-12));
        Assert.That(flow.Dissipation(0, drift), Is.Not.NaN);
        foreach (string name in (string[])["energy", "gaps"])
            if (double.IsInfinity(log)) Assert.That(() => Measure(name, flow.Interaction, new IdentityGauge(), cloud), Throws.TypeOf<UnrepresentableException>(), name);
            else Assert.That(Measure(name, flow.Interaction, new IdentityGauge(), cloud), Has.All.LessThan(double.PositiveInfinity), name);
    }

    /// <summary>E/E_max stays between -1 and 1 with heads, codes and prompts, of any sign, where exponents of all of them differ by hundreds.</summary>
    [Test]
    public void EnergyRatiosStayInRange([Values(0, 1, 30, 800)] double beta, [Values(-2, 0.5)] double strength)
    {
        Cloud cloud = Clouds.Uniform(1, 9, 3, seed: 8);
        MathNet.Numerics.LinearAlgebra.Matrix<double> twice = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DiagonalOfDiagonalArray([2, 2, 2]);
        Layer[] layers = [Layer.Plain, new() { Prompts = new Prompts([[0, 0, 1]], null, strength) }, new() { Code = new AdditiveCode(1) }, new() { Heads = [new Head(key: twice, value: twice), new Head()] }];
        foreach (Layer layer in layers)
        {
            Flow flow = new(new Interaction(beta), new IdentityGauge(), cloud, new ReferenceSums(), 1, layer);
            flow.DriftAt(cloud.Positions);
            double ratio = flow.EnergyRatio(0);
            Assert.That(ratio, Is.InRange(-1, 1));
            if (beta <= 30) Assert.That(ratio * flow.LargestEnergy, Is.EqualTo(flow.Energy(0)).Within(1e-13 * flow.LargestEnergy));
        }
    }

    [Test]
    public void MaskedFlowsReportNoEnergy() =>
        Assert.That(() => Measure("energy", One with { Mask = Mask.Causal }, new IdentityGauge(), Clouds.Uniform(1, 4, 3)), Throws.TypeOf<NotSupportedException>());

    /// <summary>Of five tokens three lie together and one is 1e-3 too far from them: 3 of 10 pairs; as tokens of weights 3, 1, 1 the same.</summary>
    [Test]
    public void ClosePairsOfAFewTokens()
    {
        double near = Math.Acos(0.9991), far = Math.Acos(0.9989);
        double[] angles = [0, near / 2, near, near + far, 2];
        Cloud cloud = new(1, 5, 2, [.. angles.SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })]);
        Assert.That(Measure("close_pairs", One, new IdentityGauge(), cloud), Is.EqualTo(new[] { 0.3 }).Within(1e-14));
        Cloud point = new ClustersLaw([[0, 1]], 0).Draw(1, 4, 2, seed: 1), one = new ClustersLaw([[0, 1]], 0).Draw(1, 1, 2, seed: 1);
        Assert.That(Measure("close_pairs", One, new IdentityGauge(), point), Is.EqualTo(new[] { 1.0 }).Within(1e-14));
        Assert.That(Measure("close_pairs", One, new IdentityGauge(), one), Is.EqualTo(new[] { 1.0 }));
    }

    [Test]
    public void GapsStopWhenTheRunDoes()
    {
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        Flow flow = Clouds.FlowOf(One, cloud);
        Assert.That(() => new GapsObservable(flow).Measure(new Frame(0, 0, cloud.Positions, [], flow, new CancellationToken(true)), new double[3]), Throws.InstanceOf<OperationCanceledException>());
    }
}
