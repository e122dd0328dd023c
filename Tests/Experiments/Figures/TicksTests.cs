namespace AttentionFlow.Tests.Figures;

public sealed class TicksTests
{
    [TestCase(0, 20, 4, "0 5 10 15 20"), TestCase(0, 1, 5, "0 0.2 0.4 0.6 0.8 1.0"), TestCase(0, 1, 2, "0 0.5 1.0"), TestCase(0.55, 1.45, 4, "0.6 0.8 1.0 1.2 1.4")]
    [TestCase(-1, 1, 4, "−1.0 −0.5 0 0.5 1.0"), TestCase(0, 3e7, 3, "0 10^{7} 2 × 10^{7} 3 × 10^{7}"), TestCase(0, 3e-8, 3, "0 10^{−8} 2 × 10^{−8} 3 × 10^{−8}")]
    public void LinearTicksAreRound(double min, double max, int wanted, string labels) =>
        Assert.That(Ticks.Linear(min, max, wanted).Select(tick => tick.Label), Is.EqualTo(Split(labels)));

    [TestCase(1e-16, 1, 5, "10^{−16} 10^{−12} 10^{−8} 10^{−4} 1"), TestCase(1e-16, 3, 6, "10^{−15} 10^{−12} 10^{−9} 10^{−6} 10^{−3} 1")]
    [TestCase(0.01, 100, 5, "10^{−2} 10^{−1} 1 10 10^{2}"), TestCase(1, 5, 5, "1 2 5"), TestCase(1.1, 1.9, 5, "1.2 1.4 1.6 1.8")]
    public void LogTicksAreDecadesThinnedFromOne(double min, double max, int most, string labels) =>
        Assert.That(Ticks.Log(min, max, most).Select(tick => tick.Label).Where(label => label.Length > 0), Is.EqualTo(Split(labels)));

    [Test]
    public void LogTicksKeepUnlabelledDecades() =>
        Assert.That(Ticks.Log(1e-16, 1, 5).Select(tick => Math.Log10(tick.Value)), Is.EqualTo(Enumerable.Range(-16, 17)).Within(1e-9));

    [TestCase(1, 1), TestCase(0, 1), TestCase(double.NaN, 1)]
    public void AnAxisWithoutRangeIsRefused(double min, double max)
    {
        Assert.That(() => Ticks.Log(min, max == min ? max : max * 0, 5), Throws.ArgumentException);
        Assert.That(() => Ticks.Linear(1, 1, 5), Throws.ArgumentException);
    }

    [Test]
    public void AnAxisAroundAConstantHasARange()
    {
        foreach (double constant in (double[])[0, 1.5, -3, 1e-20])
        {
            Axis axis = Axis.Around("constant", [constant, constant, double.NaN]);
            Assert.That(axis.Share(constant), Is.InRange(0, 1));
            Assert.That(axis.Marks(), Is.Not.Empty);
        }
    }

    [Test]
    public void LogAxisKeepsZeroFiniteAndBelowItsFloor()
    {
        Axis axis = new Axis("gap", 1e-16, 1) { Log = true };
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(axis.Share(1), Is.EqualTo(1).Within(1e-12));
        Assert.That(axis.Share(1e-8), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(axis.Share(0), Is.Negative);
        Assert.That(double.IsFinite(axis.Share(-1)));
    }

    // The sign × stands between spaces in a label, so labels are parted at spaces that no × touches.
    private static string[] Split(string labels) =>
    [
        .. labels.Replace(" × ", "×", StringComparison.Ordinal).Split(' ').Select(l => l.Replace("×", " × ", StringComparison.Ordinal)),
    ];
}
