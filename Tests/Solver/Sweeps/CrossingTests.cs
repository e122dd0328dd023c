namespace AttentionFlow.Tests.Sweeps;

public sealed class CrossingTests
{
    [TestCase("gap_energy<1e-3", "gap_energy", true, 1e-3)]
    [TestCase(" mean_norm > 0.5 ", "mean_norm", false, 0.5)]
    [TestCase("mean0<-.25", "mean0", true, -0.25)]
    public void AConditionIsReadAndWrittenPlainly(string text, string column, bool below, double level)
    {
        Crossing crossing = Crossing.Parse(text)!;
        Assert.That(crossing, Is.EqualTo(new Crossing(column, below, level)));
        Assert.That(Crossing.Parse(crossing.ToString()), Is.EqualTo(crossing));
    }

    [TestCase(""), TestCase("gap"), TestCase("gap<"), TestCase("<1"), TestCase("gap=1"), TestCase("gap<x"), TestCase("gap<1<2"), TestCase("gap<1e999"), TestCase("a-b<1")]
    public void AnythingElseIsNone(string text) => Assert.That(Crossing.Parse(text), Is.Null);

    [Test]
    public void TheTimeIsWhereTheLineMeetsTheLevel()
    {
        // v = 3 - 2 t is 0.5 at t = 1.25.
        Crossing crossing = new("v", Below: true, 0.5);
        Assert.That(crossing.Between((1, 1), (2, -1)), Is.EqualTo(1.25));
        Assert.That((crossing.Holds(0.5), crossing.Holds(0.4), crossing.Holds(double.NaN)), Is.EqualTo((false, true, false)));
    }
}
