namespace AttentionFlow.Tests.Solver;

/// <summary>Times in units of e^{-beta}: the same flow, slower by e^beta.</summary>
public sealed class TimeUnitTests
{
    private static readonly Normalization[] Unbounded = [Normalization.Unnormalized, Normalization.Bias];

    /// <summary>Every rate is e^{-beta} of what it is, with prompts, matrices and codes as without.</summary>
    [Test]
    public void RatesAreMultiplied([ValueSource(nameof(Unbounded))] Normalization normalization, [Values] bool layered)
    {
        const double Beta = 3;
        Cloud cloud = Clouds.Uniform(2, 20, 3);
        Layer layer = layered ? new Layer { Prompts = new Prompts([[0, 0, 1], [0, 1, 0]]), Code = new AdditiveCode(0.5) } : Layer.Plain;
        Interaction one = new(Beta) { Normalization = normalization }, collapse = one with { Unit = TimeUnit.Collapse };
        using ReferenceSums sums = new();
        Flow slow = new(collapse, new RotaryGauge([2]), cloud, sums, 1, layer), fast = new(one, new RotaryGauge([2]), cloud, sums, 1, layer);
        double[] rates = slow.DriftAt(cloud.Positions), expected = [.. fast.DriftAt(cloud.Positions).Select(v => v * Math.Exp(-Beta))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(rates, Is.EqualTo(expected).Within(1e-14));
        Assert.That(slow.CollapseRate, Is.EqualTo(fast.CollapseRate * Math.Exp(-Beta)).Within(1e-13).Percent);
        Assert.That(slow.Energy(1), Is.EqualTo(fast.Energy(1)));
        Assert.That(slow.Dissipation(1, rates), Is.EqualTo(fast.Dissipation(1, fast.DriftAt(cloud.Positions)) * Math.Exp(-Beta)).Within(1e-12).Percent);
    }

    /// <summary>Two clusters at any beta meet at e^beta times the time of the integral.</summary>
    [TestCase(5), TestCase(40), TestCase(300)]
    public void ASweepOverBetaIsPossible(double beta)
    {
        const double From = 0.2, To = 0.1;
        double time = TwoClusters.Time(Normalization.Unnormalized, beta, 1, From, To) * Math.Exp(beta);
        Cloud cloud = new(1, 2, 3, [1, 0, 0, Math.Cos(From), 0, Math.Sin(From)]);
        Interaction interaction = new(beta) { Unit = TimeUnit.Collapse };
        RunResult result = new Simulation(Clouds.FlowOf(interaction, cloud), Methods.Tsit5, new AdaptiveStep(1e-9), time).Run(cloud, [new Recorder(time)]);
        Assert.That(2 * Math.Asin(Sphere.Distance(cloud.Token(0), cloud.Token(1)) / 2), Is.EqualTo(To).Within(1e-7));
        Assert.That(result.Steps, Is.LessThan(300));
    }

    /// <summary>Nothing overflows where e^beta does.</summary>
    [Test]
    public void RatesAreFiniteBeyondTheRangeOfTheExponential()
    {
        Flow flow = Clouds.FlowOf(new Interaction(800) { Unit = TimeUnit.Collapse }, Clouds.Uniform(1, 5, 3));
        Assert.That(flow.CollapseRate, Is.EqualTo(1));
        Assert.That(flow.DriftAt(Clouds.Uniform(1, 5, 3).Positions), Has.All.Matches<double>(double.IsFinite));
    }
}
