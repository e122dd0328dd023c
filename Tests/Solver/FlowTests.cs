namespace AttentionFlow.Tests.Solver;

public class FlowTests
{
    private static readonly ReferenceSums Sums = new();

    [Test]
    public void DriftAndEnergyAgreeWithTheArbiter([Values(2, 3, 5)] int d, [ValueSource(typeof(Clouds), nameof(Clouds.Interactions))] Interaction interaction)
    {
        Cloud cloud = Clouds.WithLabelsFor(interaction.Coupling, Clouds.Uniform(2, 19, d, seed: 4, Clouds.Weights(2, 19)));
        foreach (Gauge gauge in Clouds.GaugesOn(d))
        {
            Flow flow = new(interaction, gauge, cloud, Sums);
            double[] drift = flow.DriftAt(cloud.Positions), expected = Arbiter.Drift(interaction, gauge, cloud);
            double scale = expected.Max(Math.Abs);
            using IDisposable scope = Assert.EnterMultipleScope();
            Assert.That(Clouds.LargestDifference(drift, expected), Is.LessThan(1e-13 * Math.Max(1, scale)), gauge.ToString());
            Assert.That(flow.Energy(1), Is.EqualTo(Arbiter.Energy(interaction, gauge, cloud, 1)).Within(1e-13), gauge.ToString());
            for (int row = 0; row < cloud.Rows; row++)
                Assert.That(Math.Abs(Sphere.Dot(cloud.Token(row), drift.AsSpan(row * d, d))), Is.LessThan(1e-15 * Math.Max(1, scale) * 10), "tangency");
        }
    }

    /// <summary>dE/dt along the flow equals sum m |dx|^2 (USA), sum m Z |dx|^2 (SA): a central difference over two short RK4 steps.</summary>
    [Test]
    public void EnergyRisesByTheDissipationIdentity([ValueSource(typeof(Clouds), nameof(Clouds.Interactions))] Interaction interaction)
    {
        Cloud cloud = Clouds.WithLabelsFor(interaction.Coupling, Clouds.Uniform(1, 23, 3, seed: 5, Clouds.Weights(1, 23)));
        foreach (Gauge gauge in Clouds.GaugesOn(3))
        {
            const double H = 1e-3;
            Flow flow = new(interaction, gauge, cloud, Sums);
            Stepper stepper = new(flow, Methods.RungeKutta4);
            double[] x = [.. cloud.Positions];
            stepper.Begin(x);
            double rate = flow.Dissipation(0, stepper.Drift);
            stepper.Advance(x, H);
            stepper.Begin(x);
            double after = flow.Energy(0);
            cloud.Positions.CopyTo(x, 0);
            stepper.Begin(x);
            stepper.Advance(x, -H);
            stepper.Begin(x);
            double before = flow.Energy(0);
            // Central difference: h^2 E'''/6, E''' <= (2 rate constants)^2 of order e^{2 beta}.
            Assert.That((after - before) / (2 * H), Is.EqualTo(rate).Within(1e-4 * rate + 1e-12), $"{interaction} {gauge}");
            Assert.That(rate, Is.GreaterThan(0));
        }
    }

    /// <summary>Rows that are scaled together have the bits of a row alone, also those that see nothing.</summary>
    [Test]
    public void RowsAreScaledTogetherAsAlone([ValueSource(typeof(Normalization), nameof(Normalization.All))] Normalization normalization)
    {
        double[] z = [.. Enumerable.Range(0, 37).Select(i => i % 9 == 3 ? 0 : Math.Exp(i - 20)), -1, double.NaN, double.PositiveInfinity];
        double[] bias = [.. z.Select((_, i) => i % 5 / 3.0)], together = new double[z.Length];
        foreach (double[] some in (double[][])[bias, []])
        {
            normalization.Scales(z, 0.3, some, together);
            Assert.That(together, Is.EqualTo(z.Select((sum, i) => normalization.Scale(sum, 0.3, some.Length > 0 ? some[i] : 1))));
        }
    }

    /// <summary>What is known of a state is not taken for another one's, of all replicas or of one.</summary>
    [Test]
    public void EnergyIsThatOfTheLastDrift()
    {
        Cloud cloud = Clouds.Uniform(2, 600, 3, seed: 4), other = Clouds.Uniform(2, 600, 3, seed: 5);
        Interaction interaction = new(2);
        Flow flow = new(interaction, new IdentityGauge(), cloud, Sums);
        double[] drift = flow.DriftAt(cloud.Positions);
        using IDisposable scope = Assert.EnterMultipleScope();
        for (int r = 0; r < 2; r++) Assert.That(flow.Energy(r), Is.EqualTo(Energy(cloud, r)).Within(1e-12));
        flow.Drift(other.Positions, drift, 1..2);
        Assert.That(flow.Energy(0), Is.EqualTo(Energy(cloud, 0)).Within(1e-12));
        Assert.That(flow.Energy(1), Is.EqualTo(Energy(other, 1)).Within(1e-12));

        double Energy(Cloud of, int replica) => Arbiter.Energy(interaction, new IdentityGauge(), of, replica);
    }

    /// <summary>y = Psi x follows the baseline flow (b = 1), for USA and SA.</summary>
    [Test]
    public void GaugeEquivalence([ValueSource(typeof(Normalization), nameof(Normalization.All))] Normalization normalization, [Values(2, 3, 4)] int d)
    {
        Interaction interaction = new(2) { Normalization = normalization };
        Cloud cloud = Clouds.Uniform(1, 24, d, seed: 6);
        foreach (Gauge gauge in Clouds.GaugesOn(d))
        {
            PreparedGauge prepared = gauge.Prepare(cloud.Labels, d);
            double[] y = new double[cloud.Positions.Length], expected = new double[y.Length];
            prepared.Enter(cloud.Positions, y, 0, cloud.Rows);
            Cloud baseline = Clouds.Integrate(interaction, new IdentityGauge(), new Cloud(1, 24, d, y, cloud.Labels), Methods.Heun, 0.02, 2);
            prepared.Leave(baseline.Positions, expected, 0, cloud.Rows);
            Cloud moved = Clouds.Integrate(interaction, gauge, cloud, Methods.Heun, 0.02, 2);
            Assert.That(Clouds.LargestDifference(moved.Positions, expected), Is.LessThan(1e-12), gauge.ToString());
        }
    }

    [Test]
    public void RotationsOfSpaceAndPermutationsOfTokensCommuteWithTheDrift()
    {
        Interaction interaction = new(3) { Coupling = new DistanceCoupling(0.2), Normalization = Normalization.Softmax };
        Cloud cloud = Clouds.Uniform(1, 20, 3, seed: 7);
        double[] plain = Drift(interaction, cloud.Positions, cloud.Labels);
        PreparedGauge rotation = new PathGauge(0.7, 1, 1).Prepare([.. Enumerable.Repeat(0.3, 20)], 3);
        double[] turned = new double[60], turnedDrift = new double[60];
        rotation.Enter(cloud.Positions, turned, 0, 20);
        rotation.Enter(plain, turnedDrift, 0, 20);
        Assert.That(Clouds.LargestDifference(Drift(interaction, turned, cloud.Labels), turnedDrift), Is.LessThan(1e-14));
        int[] order = [.. Enumerable.Range(0, 20).Select(i => 7 * i % 20)];
        double[] permuted = [.. order.SelectMany(i => cloud.Positions[(3 * i)..(3 * i + 3)])];
        double[] permutedDrift = [.. order.SelectMany(i => plain[(3 * i)..(3 * i + 3)])];
        Assert.That(Clouds.LargestDifference(Drift(interaction, permuted, [.. order.Select(i => cloud.Labels[i])]), permutedDrift), Is.LessThan(1e-14));
    }

    /// <summary>Not so under hardmax, where two tokens at one place hold each other.</summary>
    [Test]
    public void ATokenOfWeightTwoIsTwoTokens([ValueSource(typeof(Normalization), nameof(Normalization.All))] Normalization normalization)
    {
        if (normalization.IsHard) return;
        Interaction interaction = new(2) { Normalization = normalization };
        Cloud twice = Clouds.Uniform(1, 12, 3, seed: 8);
        twice.Token(10).CopyTo(twice.Token(11));
        double[] weights = [.. Enumerable.Repeat(1.0 / 12, 10), 1.0 / 6];
        Cloud heavy = new(1, 11, 3, twice.Positions[..33], twice.Labels[..11], weights);
        Cloud a = Clouds.Integrate(interaction, new IdentityGauge(), twice, Methods.RungeKutta4, 0.05, 3);
        Cloud b = Clouds.Integrate(interaction, new IdentityGauge(), heavy, Methods.RungeKutta4, 0.05, 3);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Clouds.LargestDifference(a.Positions.AsSpan(0, 33), b.Positions), Is.LessThan(1e-12));
        Assert.That(a.Token(10).ToArray(), Is.EqualTo(a.Token(11).ToArray()), "identical tokens stay identical, bit for bit");
    }

    [Test]
    public void ReplicasDoNotSeeEachOther()
    {
        Interaction interaction = new(2) { Coupling = new ToeplitzCoupling(0.5, 1) };
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud three = Clouds.Uniform(3, 16, 3, seed: 9), together = Clouds.Integrate(interaction, gauge, three, Methods.Heun, 0.05, 1);
        for (int r = 0; r < 3; r++)
        {
            Cloud one = new(1, 16, 3, three.Positions[(48 * r)..(48 * r + 48)], three.Labels[(16 * r)..(16 * r + 16)]);
            Cloud alone = Clouds.Integrate(interaction, gauge, one, Methods.Heun, 0.05, 1);
            Assert.That(alone.Positions, Is.EqualTo(together.Positions[(48 * r)..(48 * r + 48)]), "bit for bit");
        }
    }

    [Test]
    public void ABitOfAReplicaDoesNotDependOnTheWeightsOfAnother()
    {
        using SimdSums simd = new(Precision.Double, 1);
        Cloud even = Clouds.Uniform(2, 20, 3, seed: 10);
        double[] weights = [.. even.Weights[..20], .. Clouds.Weights(1, 20)];
        Cloud mixed = new(2, 20, 3, even.Positions, even.Labels, weights);
        double[] a = new Flow(new Interaction(2), new IdentityGauge(), even, simd).DriftAt(even.Positions);
        double[] b = new Flow(new Interaction(2), new IdentityGauge(), mixed, simd).DriftAt(even.Positions);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(b[..60], Is.EqualTo(a[..60]));
        Assert.That(b[60..], Is.Not.EqualTo(a[60..]));
    }

    [Test]
    public void SoftmaxRefusesACouplingThatChangesSign() =>
        Assert.That(() => new Flow(new Interaction(1) { Normalization = Normalization.Softmax, Coupling = new ToeplitzCoupling(0.5, 1) }, new IdentityGauge(), Clouds.Uniform(1, 4, 3), Sums),
            Throws.ArgumentException.With.Message.Contains("sums of the coupling, which falls to -0.5"));

    private static double[] Drift(Interaction interaction, double[] x, double[] labels) =>
        new Flow(interaction, new IdentityGauge(), new Cloud(1, labels.Length, 3, x, labels), Sums).DriftAt(x);
}
