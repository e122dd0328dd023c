namespace AttentionFlow.Tests.Solver;

public class IntegratorTests
{
    public static IEnumerable<Tableau> FixedMethods => Tableau.All;

    [TestCaseSource(nameof(FixedMethods))]
    public void TableauIsConsistent(Tableau method) => Assert.Multiple(() =>
    {
        Assert.That(method.B.Sum(), Is.EqualTo(1).Within(1e-15));
        Assert.That(method.A, Has.Length.EqualTo(method.B.Length));
        Assert.That(method.A.Select((row, s) => row.Length == s), Has.All.True);
    });

    /// <summary>The slope of log error against log step is the order, for a rotary flow with unequal weights, USA and SA.</summary>
    [Test]
    public void OrderBySlope([ValueSource(nameof(FixedMethods))] Tableau method, [ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        Interaction interaction = new(1.5) { Normalization = normalization };
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud cloud = Clouds.Uniform(1, 12, 3, seed: 2, Clouds.Weights(1, 12));
        double[] exact = Clouds.Integrate(interaction, gauge, cloud, Methods.Tsit5, 1.0 / 512, 1).Positions;
        // Short enough for the leading term, long enough to stay above rounding.
        int[] counts = method.Order <= 4 ? [16, 32, 64, 128] : normalization == Normalization.Softmax ? [16, 20, 24, 32] : [32, 40, 50, 64];
        double[] steps = [.. counts.Select(k => 1.0 / k)];
        double[] errors = [.. steps.Select(h => Clouds.LargestDifference(Clouds.Integrate(interaction, gauge, cloud, method, h, 1).Positions, exact))];
        Assert.That(Clouds.Slope(steps, errors), Is.EqualTo(method.Order).Within(0.2), string.Join(", ", errors));
    }

    [TestCaseSource(nameof(FixedMethods))]
    public void StabilityLimitIsThatOfTheTestEquation(Tableau method)
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Math.Abs(Amplification(0.999)), Is.LessThan(1));
        Assert.That(Math.Abs(Amplification(1.001)), Is.GreaterThan(1));
        double Amplification(double share)
        {
            double z = -share * method.StabilityLimit;
            double[] k = new double[method.B.Length];
            for (int s = 0; s < k.Length; s++) k[s] = z * (1 + method.A[s].Select((a, j) => a * k[j]).Sum());
            return 1 + method.B.Select((b, s) => b * k[s]).Sum();
        }
    }

    [Test]
    public void TokensStayOnTheSphere([ValueSource(nameof(FixedMethods))] Tableau method)
    {
        Cloud moved = Clouds.Integrate(new Interaction(4), new IdentityGauge(), Clouds.Uniform(2, 30, 4), method, 0.02, 5);
        for (int row = 0; row < moved.Rows; row++) Assert.That(Sphere.Norm(moved.Token(row)), Is.EqualTo(1).Within(4e-16));
    }

    [Test]
    public void TheLoopLandsOnEveryTimeAskedFor()
    {
        Recorder even = new(0, 0.3, 0.6, 1), odd = new(0.05, 0.301, 1);
        Clouds.Integrate(new Interaction(1), new IdentityGauge(), Clouds.Uniform(1, 3, 3), Methods.Heun, 0.1, 1, even, odd);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(even.Times, Is.EqualTo(new[] { 0, 0.3, 0.6, 1 }));
        Assert.That(odd.Times, Is.EqualTo(new[] { 0.05, 0.301, 1 }));
        // 0-0.05: 1, -0.3: 3, -0.301: 1, -0.6: 3, -1: 4
        Assert.That(even.Steps, Is.EqualTo(new long[] { 0, 4, 8, 12 }));
    }

    [Test]
    public void RoundTimesCostNoExtraSteps()
    {
        Recorder times = new(RecordTimes.Linear(401, 20));
        Clouds.Integrate(new Interaction(1), new IdentityGauge(), Clouds.Uniform(1, 2, 3), Methods.Euler, 0.01, 20, times);
        Assert.That(times.Steps[^1], Is.EqualTo(2000));
    }

    [Test]
    public void LogarithmicTimesStartAtZero() =>
        Assert.That(RecordTimes.Logarithmic(4, 0.1, 10), Is.EqualTo(new[] { 0, 0.1, 1, 10 }).Within(1e-15));

    [Test]
    public void AStopKeepsWhatWasObserved()
    {
        using CancellationTokenSource source = new();
        Recorder times = new(0, 0.5, 1);
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        RunResult result = new Simulation(Clouds.FlowOf(new Interaction(1), cloud), Methods.Heun, 0.1, 1)
            .Run(cloud, [times, new CancelAt(0.6, source)], source.Token);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(result.Status, Is.EqualTo(RunStatus.Stopped));
        Assert.That(result.Time, Is.EqualTo(0.6).Within(0.1));
        Assert.That(times.Times, Is.EqualTo(new[] { 0, 0.5 }));
    }

    private sealed class CancelAt(double time, CancellationTokenSource source) : IObserver
    {
        public void Stepped(in Step step)
        {
            if (step.Time >= time) source.Cancel();
        }
    }

    [Test]
    public void DivergenceIsNamedWithAdvice()
    {
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        RunResult result = new Simulation(Clouds.FlowOf(new Interaction(800), cloud), Methods.Heun, 0.1, 1).Run(cloud, []);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(result.Status, Is.EqualTo(RunStatus.Diverged));
        Assert.That(result.Advice, Does.Contain("not finite").And.Contain("step"));
    }

    [Test]
    public void UnstableStepsAreNamedWithABetterOne() => Assert.Multiple(() =>
    {
        Assert.That(Stability.Advice(Stability.CollapseRate(new Interaction(1)), Methods.Heun, 0.01), Is.Null);
        Assert.That(Stability.Advice(Stability.CollapseRate(new Interaction(9)), Methods.Heun, 0.01), Does.Contain("use a step of 0.0001 or less"));
        Assert.That(Stability.Advice(Stability.CollapseRate(new Interaction(9) { Normalization = Normalization.Softmax }), Methods.Heun, 0.01), Is.Null);
    });
}
