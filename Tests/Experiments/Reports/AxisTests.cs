using AttentionFlow.Experiments.Reports;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>Which axes are logarithmic, and what they show.</summary>
public sealed class AxisTests : FolderFixture
{
    private static readonly double[] Decay = [1, 0.1, 1e-2, 1e-4, 1e-7, 1e-10];

    [Test]
    public void ValuesOfOneSizeAreOnALinearAxis()
    {
        double[][] cases = [[1, 2, 3], [0.001, 1, 1, 1, 1], [-1, 1e-9, 1e-8, 1e-7, 1], [1, 1, 1], [-3, -1e-9, -2e-9, -1e-8]];
        foreach (double[] values in cases)
        {
            Axis axis = ObservableCharts.ValueAxis(values);
            Assert.That(axis.Log, Is.False, string.Join(' ', values));
            Assert.That((axis.Min < values.Min(), axis.Max > values.Max()), Is.EqualTo((true, true)), string.Join(' ', values));
        }
    }

    /// <summary>Zeros, and what rounding makes of them, lie below the axis; the smallest that means something does not.</summary>
    [TestCase(new double[0], 1e-10), TestCase(new[] { 0.0, 0, 0 }, 1e-10), TestCase(new[] { -2e-17, -1e-16 }, 1e-10)]
    [TestCase(new[] { 3e-16, 0, -1e-16 }, 3e-16), TestCase(new[] { 1e-20, 0 }, 1e-10)]
    public void ValuesThatFallByManyDecadesAreOnALogarithmicAxis(double[] rounding, double smallest)
    {
        Axis axis = ObservableCharts.ValueAxis([.. Decay, .. rounding]);
        Assert.That(axis.Log);
        Assert.That((axis.Min, axis.Max), Is.EqualTo((smallest / 2, 2.0)));
    }

    /// <summary>A value that is not there tells nothing of the others.</summary>
    [Test]
    public void WhatIsNotFiniteIsLeftOut([Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double missing)
    {
        foreach (double[] values in (double[][])[Decay, [1, 2, 3], [0, 0], []])
            Assert.That(ObservableCharts.ValueAxis([missing, .. values, missing]), Is.EqualTo(ObservableCharts.ValueAxis(values)));
    }

    [Test]
    public void ZerosAloneHaveAnAxis([Values(0, 1, 5)] int count)
    {
        Axis axis = ObservableCharts.ValueAxis(new double[count]);
        Assert.That(axis.Log, Is.False);
        Assert.That((double.IsFinite(axis.Min), axis.Min < axis.Max, axis.Min <= 0), Is.EqualTo((true, true, true)));
    }

    [Test]
    public void TimesThatAreSpreadEvenlyAreOnALinearAxis([Values(1, 2, 4, 50)] int count)
    {
        Axis axis = ObservableCharts.TimeAxis([Of([.. Enumerable.Range(0, count).Select(k => 0.5 * k)])]);
        Assert.That(axis.Log, Is.False);
        Assert.That((axis.Min <= 0, axis.Max >= 0.5 * (count - 1), axis.Label), Is.EqualTo((true, true, "time t")));
    }

    [Test]
    public void TimesThatAreSpreadInTheirLogarithmLeaveZeroOut()
    {
        double[] times = [0, .. Enumerable.Range(-2, 9).Select(k => Math.Pow(10, k))];
        Axis axis = ObservableCharts.TimeAxis([Of(times)]);
        Assert.That((axis.Log, axis.Min, axis.Max), Is.EqualTo((true, 0.01, 1e6)));
        Axis both = ObservableCharts.TimeAxis([Of(times), Of([0, 1e-3, 1, 1e3, 1e8])]);
        Assert.That((both.Log, both.Min, both.Max), Is.EqualTo((true, 1e-3, 1e8)), "of two runs");
        Assert.That(ObservableCharts.TimeAxis([Of(times), Of([0, 1, 2, 3, 4])]).Log, Is.False, "beside a linear one");
        Assert.That(ObservableCharts.TimeAxis([Of([-5, .. times[1..]])]).Log, Is.False, "a time below 0");
    }

    private Observed Of(double[] times)
    {
        File.WriteAllLines(Folder["o.csv"],
            ["time,replica,a", .. times.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t},0,1"))]);
        return new Observed("run", MeanTable.Read(Folder["o.csv"]));
    }
}
