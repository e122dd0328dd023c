namespace AttentionFlow.Tests.Solver;

/// <summary>
/// The rule by which auto takes harmonic sums, where it is hardest: few clusters whose pull is exponentially weak, alone with each other
/// for as long as they take to meet.
/// </summary>
public sealed class ErrorBudgetTests
{
    private const double Tolerance = 1e-4;

    /// <summary>
    /// Harmonic sums of the tolerance that the rule asks for, from the start until the clusters have come near: at the time of the integral
    /// they are where it says, to what the tolerance of the steps promises. A place off by e shifts the time by beta e of it.
    /// </summary>
    [Test]
    public void TwoClustersMeetInTime([Values(4, 8, 12, 16)] double beta, [Values(60, 90, 170)] double degrees)
    {
        const double Near = 0.3;
        double angle = degrees * Math.PI / 180, time = TwoClusters.Time(Normalization.Softmax, beta, 1, angle, Near);
        Cloud cloud = new(1, 2, 3, [1, 0, 0, Math.Cos(angle), 0, Math.Sin(angle)]);
        if (!Follow(beta, cloud, time))
        {
            Assert.That(time, Is.GreaterThan(1e8), "past what rounding lets harmonics do");
            return;
        }
        double late = (2 * Math.Asin(Sphere.Distance(cloud.Token(0), cloud.Token(1)) / 2) - Near) / -TwoClusters.Slope(Normalization.Softmax, beta, 1, Near);
        Assert.That(late, Is.Zero.Within(Tolerance * beta * time));
    }

    /// <summary>So do three, by the equiangular law.</summary>
    [Test]
    public void ThreeClustersMeetInTime([Values(4, 8, 12, 16)] double beta)
    {
        const double Near = 0.9;
        double time = MathNet.Numerics.Integration.GaussLegendreRule.Integrate(g => 1 / Equiangular.Slope(Normalization.Softmax, beta, 3, g), 0, Near, 200);
        Cloud cloud = new(1, 3, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
        Assert.That(Follow(beta, cloud, time));
        double late = (Near - Sphere.Dot(cloud.Token(0), cloud.Token(1))) / Equiangular.Slope(Normalization.Softmax, beta, 3, Near);
        Assert.That(late, Is.Zero.Within(Tolerance * beta * time));
    }

    /// <summary>Opposite clusters do not move, and nothing pushes them off for as long as it takes to leave.</summary>
    [TestCase(2), TestCase(4), TestCase(6)]
    public void OppositeClustersStay(double beta)
    {
        double horizon = Math.Exp(2 * beta);
        Cloud cloud = new(1, 2, 3, [0.6, 0, 0.8, -0.6, 0, -0.8]);
        double[] start = [.. cloud.Positions];
        Assert.That(Follow(beta, cloud, horizon));
        Assert.That(Clouds.LargestDifference(cloud.Positions, start), Is.LessThan(Tolerance));
    }

    [Test]
    public void TheBudgetIsAShareOfTheTolerance()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Stability.ErrorBudget(new AdaptiveStep(1e-4), 20, 1, 9), Is.EqualTo(5e-7).Within(1e-20));
        Assert.That(Stability.ErrorBudget(0.25, 20, 1, 9), Is.EqualTo(5e-7).Within(1e-20), "steps of one length");
        Assert.That(Stability.ErrorBudget(new AdaptiveStep(1e-6), 20, Math.Exp(2), 2), Is.EqualTo(1e-7 / Math.Exp(4)).Within(1e-20), "no pull is weaker than e^{-2 beta}");
        Assert.That(Stability.ErrorBudget(new AdaptiveStep(1e-4), 0, 1, 1), Is.EqualTo(double.PositiveInfinity));
    }

    // False where auto would not sum many tokens of such a run by harmonics.
    private static bool Follow(double beta, Cloud cloud, double horizon)
    {
        Interaction interaction = new(beta) { Normalization = Normalization.Softmax };
        AdaptiveStep step = new(Tolerance);
        double budget = Stability.ErrorBudget(step, horizon, Stability.CollapseRate(interaction), beta);
        Cloud many = Clouds.Uniform(1, 20_000, 3);
        PairProblem problem = PairProblem.Self(1, many.Tokens, 3, interaction, many.Positions, many.Weights, many.Labels);
        (Choice choice, double tolerance) = new Choice("cpu", Summation.Auto).Resolve(problem, RowColumns.Force, Precision.Double, 1e-6, budget);
        if (choice.Summation != Summation.Fast) return false;
        using HarmonicSums sums = new(tolerance, 1);
        RunResult result = new Simulation(new Flow(interaction, new IdentityGauge(), cloud, sums), Methods.Tsit5, step, horizon).Run(cloud, [new Recorder(horizon)]);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete));
        Assert.That(sums.Statistics.RowsRedone, Is.Zero, "all of it harmonic");
        return true;
    }
}
