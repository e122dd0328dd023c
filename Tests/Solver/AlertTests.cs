namespace AttentionFlow.Tests.Solver;

public class AlertTests
{
    [Test]
    public void AnAlertIsTheFirstCrossingAndCountsReplicas()
    {
        AlertWatch watch = new();
        Probe probe = new();
        watch.See(probe, 0, [9, 1, 9, 1]);
        Assert.That(watch.Alerts, Is.Empty, "at the level is not beyond it");
        watch.See(probe, 0.5, [9, 1, 9, 0.5]);
        watch.See(probe, 1, [9, 0.25, 9, 2]);
        watch.See(probe, 1.5, [10.5, 2, 9, 0.1]);
        Assert.That(watch.Alerts, Is.EqualTo(new[]
        {
            new Alert("too low", "second", 0.5, 1, 2, 0.5, 1, "raise it"), new Alert("too high", "first", 1.5, 0, 1, 10.5, 10, "lower it"),
        }));
    }

    /// <summary>A row that looks at itself alone has entropy 0; flat attention is no alert, and neither is a cloud of two.</summary>
    [TestCase(64, 1000, true), TestCase(64, 1, false), TestCase(64, 0, false), TestCase(2, 0, false)]
    public void EntropyCollapses(int tokens, double beta, bool expected) =>
        Assert.That(Crosses(new Interaction(beta) { Normalization = Normalization.Softmax }, Clouds.Uniform(1, tokens, 8), "attention_entropy"), Is.EqualTo(expected ? (string[])["attention_entropy_mean"] : []));

    [Test]
    public void RanksCollapseToAPointAndToAPairOfPoles()
    {
        Interaction one = new(1);
        Assert.That(Crosses(one, new ClustersLaw([[0, 0, 1]], 0.01).Draw(1, 16, 3, seed: 1), "ranks"), Is.EqualTo((string[])["stable_rank"]));
        Assert.That(Crosses(one, new ClustersLaw([[0, 0, 1], [0, 0, -1]], 0.01).Draw(1, 16, 3, seed: 1), "ranks"), Is.EqualTo((string[])["stable_rank"]));
        Assert.That(Crosses(one, new ClustersLaw([[0, 0, 1], [1, 0, 0]], 0.01).Draw(1, 16, 3, seed: 1), "ranks"), Is.Empty);
        Assert.That(Crosses(one, Clouds.Uniform(1, 16, 3), "ranks"), Is.Empty);
    }

    [TestCase(1.0099, 1.01, "1.0099"), TestCase(1.00999996, 1.01, "1.00999996"), TestCase(0.25, 1, "0.25"), TestCase(1234567, 10, "1.235E+06")]
    public void AValueIsShownApartFromItsLevel(double value, double level, string shown) =>
        Assert.That(new Alert("", "", 0, 0, 1, value, level, "").ShownValue(), Is.EqualTo(shown));

    private static string[] Crosses(Interaction interaction, Cloud cloud, string name)
    {
        Flow flow = Clouds.FlowOf(interaction, cloud);
        double[] drift = flow.DriftAt(cloud.Positions);
        Observable observable = Observable.All[name](flow);
        AlertWatch watch = new();
        watch.See(observable, 0, observable.Values(new Frame(0, 0, cloud.Positions, drift, flow)));
        return [.. watch.Alerts.Select(a => a.Indicator)];
    }

    private sealed class Probe : Observable
    {
        public override IReadOnlyList<Column> Columns { get; } = [new("first", ColumnType.Number, "1"), new("second", ColumnType.Number, "2")];

        public override IReadOnlyList<WarningLevel> Warnings { get; } =
            [new("first", "too high", 10, Below: false, "lower it"), new("second", "too low", 1, Below: true, "raise it")];

        public override void Measure(in Frame frame, Span<double> values) { }
    }
}
