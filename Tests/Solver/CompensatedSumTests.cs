namespace AttentionFlow.Tests.Solver;

/// <summary>Sums over many tokens keep their digits, whatever the number of tokens.</summary>
public class CompensatedSumTests
{
    // A weight of 1/n is off by half a rounding, and so is every product.
    private const double Rounding = 4e-16;

    /// <summary>Sequential sums of these terms are off by 1e-12 and more, harmonic ones to beyond 1e-13.</summary>
    [Test]
    public void ASumKeepsItsDigits()
    {
        double[] tenths = [.. Enumerable.Repeat(0.1, 1_000_000)];
        Assert.That(tenths.Aggregate((a, b) => a + b) - 1e5, Is.Not.Zero.Within(1e-7), "what is lost else");
        Assert.That(CompensatedSum.Of(tenths), Is.EqualTo(1e5));
        Assert.That(CompensatedSum.Of([1e16, 1, 1, -1e16]), Is.EqualTo(2));
        Assert.That(CompensatedSum.Of([double.MaxValue, double.MaxValue, 1]), Is.EqualTo(double.PositiveInfinity));
    }

    /// <summary>All tokens at one point: mean, second moment, energy and mean entropy are those of a single token.</summary>
    [Test]
    public void ManyTokensAtOnePointAreThatPoint([Values(65_999, 200_003)] int n)
    {
        double[] point = [0.36, 0.48, 0.8], x = new double[3 * n], mean = new double[3];
        for (int i = 0; i < n; i++) point.CopyTo(x, 3 * i);
        Cloud cloud = new(1, n, 3, x);
        Mean.Of(x, cloud.Weights, 0, n, mean);
        using IDisposable scope = Assert.EnterMultipleScope();
        for (int c = 0; c < 3; c++) Assert.That(mean[c], Is.EqualTo(point[c]).Within(Rounding * point[c]));
        Assert.That(Mean.SecondMoment(x, cloud.Weights, 0, n, new double[3])[2, 1], Is.EqualTo(0.384).Within(2 * Rounding));
        Assert.That(Mean.Variance(x, cloud.Weights, 0, n, 3), Is.LessThan(1e-30));
    }

    [Test]
    public void SharesAddUpToOne()
    {
        double[] weights = [.. Enumerable.Range(0, 100_000).Select(i => 1 + i % 7 * 0.3)];
        Assert.That(CompensatedSum.Of(Shares.Normalized(weights)), Is.EqualTo(1).Within(Rounding));
        Assert.That(Shares.Normalized([1e308, 1e308, 2e307]), Is.EqualTo(new[] { 5 / 11.0, 5 / 11.0, 1 / 11.0 }).Within(1e-16));
        Assert.That(new Prompts([[1, 0], [0, 1]], [1e308, 1e308], 3).Strengths, Is.EqualTo(new[] { 1.5, 1.5 }));
    }

    /// <summary>Weights that underflow as shares are refused wherever there are weights; so are those of a cloud that are no normal numbers.</summary>
    [Test]
    public void LostWeightsAreRefused()
    {
        Sequence<double> lost = [1e308, 1e-308];
        const string Why = "the weight 1E-308 is lost beside 1E+308; weights may differ by a factor of 1e300";
        Setting setting = new(2, 2);
        Assert.That(new Prompts([[1, 0], [0, 1]], lost).WhyNot(setting), Is.EqualTo(Why));
        Assert.That(new PrefixGauge(null, [[1, 0], [0, 1]], lost).WhyNot(setting), Is.EqualTo(Why));
        Assert.That(new MixtureTargets([[1, 0], [0, 1]], [1, 1], lost).WhyNot(setting), Is.EqualTo(Why));
        Assert.That(new AtomsLaw([0, 1], lost).WhyNot, Is.EqualTo(Why));
        foreach (double weight in (double[])[0, -0.5, 1e-310, double.NaN])
            Assert.That(() => new Cloud(1, 2, 2, [1, 0, 0, 1], null, [1 - weight, weight]), Throws.ArgumentException.With.Message.Contains("weights must be positive"));
    }
}
