namespace AttentionFlow.Tests.Solver;

/// <summary>Normalisation schemes of arXiv 2510.22026.</summary>
public class SchemeTests
{
    private static readonly Scheme[] Schemes = [new PostScheme(), new PreScheme(0.7), new PeriScheme(1.5), new NGptScheme(0.8), new SqrtScheme()];

    /// <summary>P A/s and the growth of r, with A pair by pair and Psi inside the sum.</summary>
    [Test]
    public void RatesAreThoseOfTheArbiter([ValueSource(nameof(Schemes))] Scheme scheme, [ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization, [Range(2, 4)] int d)
    {
        Interaction interaction = new(1.7) { Normalization = normalization, Coupling = new DistanceCoupling(0.4) };
        Cloud cloud = Clouds.Uniform(2, 9, d, seed: 4, Clouds.Weights(2, 9));
        Gauge gauge = new RotaryGauge([.. Enumerable.Range(1, d / 2).Select(p => Clouds.Turn / p)]);
        double[] radii = [.. Enumerable.Range(0, scheme.Start is null ? 0 : cloud.Rows).Select(i => 0.3 + i)];
        State rate = new(new double[cloud.Positions.Length], new double[radii.Length]);
        new Flow(interaction, gauge, cloud, new ReferenceSums()) { Scheme = scheme }.Drift(new State(cloud.Positions, radii), rate, ..);
        double[] output = Arbiter.Output(interaction, gauge, cloud), tangential = Arbiter.Drift(interaction, gauge, cloud);
        for (int i = 0; i < cloud.Rows; i++)
        {
            double length = Sphere.Norm(output.AsSpan(i * d, d)), along = Sphere.Dot(output.AsSpan(i * d, d), cloud.Token(i));
            double r = radii.Length > 0 ? radii[i] : 1;
            (double s, double growth) = scheme switch
            {
                PreScheme => (r, along),
                PeriScheme => (r * length, along / length),
                NGptScheme => (length / 0.8, 0),
                SqrtScheme => (r, 1 / (2 * r)),
                _ => (1.0, 0.0),
            };
            for (int c = 0; c < d; c++) Assert.That(rate.Positions[i * d + c], Is.EqualTo(tangential[i * d + c] / s).Within(1e-13 * Math.Max(1, length / s)));
            if (radii.Length > 0) Assert.That(rate.Radii[i], Is.EqualTo(growth).Within(1e-13 * Math.Max(1, length)));
        }
    }

    /// <summary>Two tokens at an angle a, radius r: A has the components p sin a across and 1 - p + p cos a along, p the attention to the other; an ODE of two numbers.</summary>
    [Test]
    public void TwoTokensFollowTheirOrdinaryEquation([ValueSource(nameof(Schemes))] Scheme scheme, [ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        const double Beta = 1.3, Start = 2.2, Horizon = 1.5;
        Interaction interaction = new(Beta) { Normalization = normalization };
        (double angle, double radius) = (Start, scheme.Start ?? 1);
        const int Steps = 3000;
        for (int k = 0; k < Steps; k++)
        {
            const double H = Horizon / Steps;
            (double a1, double r1) = Slope(angle, radius);
            (double a2, double r2) = Slope(angle + H / 2 * a1, radius + H / 2 * r1);
            (double a3, double r3) = Slope(angle + H / 2 * a2, radius + H / 2 * r2);
            (double a4, double r4) = Slope(angle + H * a3, radius + H * r3);
            (angle, radius) = (angle + H / 6 * (a1 + 2 * a2 + 2 * a3 + a4), radius + H / 6 * (r1 + 2 * r2 + 2 * r3 + r4));
        }
        foreach (StepControl step in new StepControl[] { 0.002, new AdaptiveStep(1e-10) })
        {
            Cloud cloud = Run(interaction, scheme, Pair(Start), step is FixedStep ? Methods.RungeKutta4 : Methods.Tsit5, step, Horizon);
            Assert.That(Math.Acos(Sphere.Dot(cloud.Token(0), cloud.Token(1))), Is.EqualTo(angle).Within(1e-8), step.ToString());
            if (scheme.Start is not null) Assert.That(cloud.Radii, Has.All.EqualTo(radius).Within(1e-8), step.ToString());
            else Assert.That(cloud.Radii, Is.Null);
        }
        (double, double) Slope(double a, double r)
        {
            double other = Math.Exp(Beta * Math.Cos(a)), self = Math.Exp(Beta), total = normalization == Normalization.Softmax ? self + other : 2;
            (double across, double along) = (other * Math.Sin(a) / total, (self + other * Math.Cos(a)) / total);
            (double s, double growth) = scheme.At(r, along, Math.Sqrt(across * across + along * along));
            return (-2 * across / s, growth);
        }
    }

    /// <summary>Square-root scaling is post in the time 2 sqrt(t + 1) - 2.</summary>
    [Test]
    public void SquareRootScalingIsAnotherClock()
    {
        Interaction interaction = new(2) { Normalization = Normalization.Softmax };
        Cloud start = Clouds.Uniform(1, 12, 3, seed: 8);
        double[] scaled = Run(interaction, new SqrtScheme(), start.Copy(), Methods.RungeKutta4, 0.01, 8).Positions;
        double[] post = Run(interaction, new PostScheme(), start.Copy(), Methods.RungeKutta4, 0.01, 2 * Math.Sqrt(9) - 2).Positions;
        Assert.That(Clouds.LargestDifference(scaled, post), Is.LessThan(1e-9));
    }

    /// <summary>The radii pass through the stages: the order of the method, in positions and radii.</summary>
    [Test]
    public void TheOrderIsThatOfTheMethod([Values("euler", "heun", "rk4")] string name)
    {
        Tableau method = Tableau.All.Single(t => t.Name == name);
        Interaction interaction = new(1.5) { Normalization = Normalization.Softmax };
        Cloud start = Clouds.Uniform(1, 10, 3, seed: 2);
        Cloud exact = Run(interaction, new PeriScheme(0.5), start.Copy(), Methods.RungeKutta4, 1.0 / 1024, 1);
        double[] steps = [1.0 / 16, 1.0 / 32, 1.0 / 64, 1.0 / 128];
        Cloud[] runs = [.. steps.Select(h => Run(interaction, new PeriScheme(0.5), start.Copy(), method, h, 1))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Order(c => c.Positions), Is.EqualTo(method.Order).Within(0.25), "positions");
        Assert.That(Order(c => c.Radii!), Is.EqualTo(method.Order).Within(0.25), "radii");
        double Order(Func<Cloud, double[]> part) =>
            Clouds.Slope(steps, [.. runs.Select(c => Clouds.LargestDifference(part(c), part(exact)))]);
    }

    /// <summary>dE/dt = sum_i m_i Z_i s_i |dx_i|^2, by a central difference.</summary>
    [Test]
    public void TheEnergyRisesByTheDissipation([ValueSource(nameof(Schemes))] Scheme scheme, [ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        Interaction interaction = new(1.2) { Normalization = normalization };
        Cloud cloud = Clouds.Uniform(1, 8, 3, seed: 5);
        Flow flow = new(interaction, new IdentityGauge(), cloud, new ReferenceSums()) { Scheme = scheme };
        double[] drift = flow.DriftAt(cloud.Positions);
        double rate = flow.Dissipation(0, drift), after = EnergyAt(1e-5), before = EnergyAt(-1e-5);
        Assert.That((after - before) / 2e-5, Is.EqualTo(rate).Within(1e-8 * Math.Max(1, rate)));
        double EnergyAt(double h)
        {
            double[] x = [.. cloud.Positions.Zip(drift, (a, v) => a + h * v)];
            Sphere.Retract(x, 3);
            flow.DriftAt(x);
            return flow.Energy(0);
        }
    }

    [Test]
    public void ARadiusThatFallsToZeroEndsTheRunWithAdvice()
    {
        // Opposite tokens, the first heavy: A_1 points from the light token to the heavy one, through the light one's centre.
        Cloud cloud = new(1, 2, 2, [1, 0, -1, 0], weights: [0.9, 0.1]);
        Flow flow = new(new(0), new IdentityGauge(), cloud, new ReferenceSums()) { Scheme = new PreScheme(0.5) };
        RunResult result = new Simulation(flow, Methods.Heun, 0.01, 2).Run(cloud, []);
        Assert.That((result.Status, result.Advice), Is.EqualTo((RunStatus.Diverged, "the radius of a token fell to 0 at t = 0.63, where it has no direction; start from a larger radius")));
    }

    private static Cloud Pair(double angle) => new(1, 2, 3, [1, 0, 0, Math.Cos(angle), Math.Sin(angle), 0]);

    private static Cloud Run(Interaction interaction, Scheme scheme, Cloud cloud, Tableau method, StepControl step, double horizon)
    {
        Flow flow = new(interaction, new IdentityGauge(), cloud, new ReferenceSums()) { Scheme = scheme };
        RunResult result = new Simulation(flow, method, step, horizon).Run(cloud, []);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete), result.Advice);
        return cloud;
    }
}
