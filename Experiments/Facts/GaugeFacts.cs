namespace AttentionFlow.Experiments.Facts;

/// <summary>Limits with a gauge: a point in its frame, a circle, a law or a set of targets outside.</summary>
internal sealed class GaugeFacts() : Chapter(4, "The flow")
{
    private const int N = 32;

    // After t = 40 softmax has contracted the cloud by e^-40; adaptive steps then leave their tolerance.
    private const double Settled = 1e-8;

    private static readonly double[] U = [0.6, 0, 0.8];

    public override IEnumerable<Fact> Measure()
    {
        Cloud rotary = Settle(new RotaryGauge([Probe.Turn]));
        yield return Of("mean of the rotary limit, u_z = 0.8", "Theorem 1: a latitude circle at u_z", 0.8,
            Sphere.Norm(Probe.MeanOf(rotary)), Settled);
        yield return Of("distance of its tokens from the height 0.8", "Theorem 1", 0,
            Enumerable.Range(0, N).Max(i => Math.Abs(rotary.Token(i)[2] - 0.8)), Settled);
        Cloud path = Settle(new PathGauge(0.5, 3, 1));
        yield return Of("energy of the limit on a path, beta = 1", "e^beta/(2 beta)", Math.E / 2,
            Probe.Energy(Probe.Softmax(1), path, new PathGauge(0.5, 3, 1)), Settled);
        const double Kappa = 2;
        Cloud phase = Settle(new PhaseGauge(new VonMisesLaw(0.3, Kappa)), 8 * N);
        double[] mean = Probe.MeanOf(phase);
        double ratio = Bessel.I(1, Kappa) / Bessel.I(0, Kappa);
        // The quantile is periodic and analytic, so that its midpoints come to the mean like e^(-c n).
        yield return Of("mean square of a von Mises phase field, kappa = 2", "Theorem 2: c^2 + (1 - c^2) (I_1/I_0)^2",
            0.64 + 0.36 * ratio * ratio, Sphere.Dot(mean, mean), Settled);
        Gauge arc = new PhaseGauge(new ArcLaw(-1, 1));
        Cloud spread = Settle(arc);
        double[] angles = [.. Enumerable.Range(0, N).Select(i => Math.Atan2(spread.Token(i)[1], spread.Token(i)[0]))];
        double[] law = [.. Enumerable.Range(0, 100 * N).Select(k => -1 + 2 * (k + 0.5) / (100 * N))];
        double w1 = CircleWasserstein.Distance(angles, Equal(N), law, Equal(law.Length));
        // Up to the law's own midpoints.
        yield return Of("transport from an arc of length 2 to its tokens", "Theorem 2: L/(4 n)", 2 / (4.0 * N), w1,
            2 / (400.0 * N) + Settled);
        double[][] targets = [[1, 0, 0], [0, 1, 0], [0, 0, -1]];
        PrefixGauge prefix = new(U, [.. targets.Select(t => (Sequence<double>)[.. t])]);
        Cloud reached = Settle(prefix);
        yield return Of("distance of tokens from their prefix targets", "Theorem 4", 0,
            Enumerable.Range(0, N).Max(i => Sphere.Distance(reached.Token(i), targets[prefix.TargetOf((i + 0.5) / N)])), Settled);
        foreach (Fact fact in Equivalence()) yield return fact;
        Cloud distance = Probe.Move(Probe.Softmax(1) with { Coupling = new DistanceCoupling(0.5) },
            new CapLaw([0, 0, 1], 1).Draw(1, N, 3, seed: 2), 60, Integration.Adaptive(1e-10));
        yield return Of("collapse gap with a distance bias, t = 60", "Proposition 11: a point", 0,
            Probe.Observe("gaps", new Interaction(1), distance)[0], Settled);
        yield return Of("error of the cosines of the law equiangular", "all are 0.4", 0,
            Cosines(new EquiangularLaw(0.4).Draw(1, 8, 8, seed: 1), 0.4));
    }

    /// <summary>y = Psi x follows the flow without a gauge.</summary>
    private IEnumerable<Fact> Equivalence()
    {
        Gauge gauge = new RotaryGauge([Probe.Turn]);
        Cloud x = new UniformLaw().Draw(1, N, 3, seed: 6);
        double[] y = Probe.Ask(new Interaction(2), x, (flow, _) => flow.GaugePositions.ToArray(), gauge);
        foreach (Normalization normalization in (Normalization[])[Normalization.Unnormalized, Normalization.Softmax])
        {
            Interaction interaction = new(2) { Normalization = normalization };
            Cloud turned = Probe.Move(interaction, x, 2, Integration.Rk4(0.01) with { Gauge = gauge });
            Cloud plain = Probe.Move(interaction, new Cloud(1, N, 3, y), 2, Integration.Rk4(0.01));
            yield return Relative($"energy of a rotary flow at t = 2, {normalization.Name}", "that of y = Psi x without a gauge",
                Probe.Energy(interaction, plain), Probe.Energy(interaction, turned, gauge), 1e-10);
        }
    }

    // From a cloud that is symmetric about u in the gauge frame, and so ends at it.
    private static Cloud Settle(Gauge gauge, int tokens = N) => Probe.Move(
        Probe.Softmax(1), new SymmetricLaw(U).Draw(1, tokens, 3, seed: 5, gauge: gauge), 40,
        Integration.Adaptive(1e-10) with { Gauge = gauge });

    private static double[] Equal(int n) => [.. Enumerable.Repeat(1.0 / n, n)];

    private static double Cosines(Cloud cloud, double expected) => Enumerable.Range(1, cloud.Tokens - 1)
        .Max(i => Enumerable.Range(0, i).Max(j => Math.Abs(Sphere.Dot(cloud.Token(i), cloud.Token(j)) - expected)));
}
