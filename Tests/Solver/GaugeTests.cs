namespace AttentionFlow.Tests.Solver;

public class GaugeTests
{
    private static readonly double[] Labels = [0, 0.1, 0.35, 0.5, 0.77, 0.999];

    [Test]
    public void FramesApplyTheMatrixAndItsTranspose([Range(2, 5)] int d)
    {
        foreach (Gauge gauge in Clouds.GaugesOn(d))
        {
            Cloud cloud = new UniformLaw().Draw(1, Labels.Length, d, seed: 3, new ListedLabels(Labels));
            PreparedGauge prepared = gauge.Prepare(Labels, d);
            double[] y = new double[cloud.Positions.Length], back = new double[y.Length];
            prepared.Enter(cloud.Positions, y, 0, Labels.Length);
            prepared.Leave(y, back, 0, Labels.Length);
            for (int i = 0; i < Labels.Length; i++)
                for (int a = 0; a < d; a++)
                {
                    double[,] psi = Arbiter.Matrix(gauge, Labels[i], d);
                    double expected = Enumerable.Range(0, d).Sum(b => psi[a, b] * cloud.Token(i)[b]);
                    Assert.That(y[i * d + a], Is.EqualTo(expected).Within(1e-14), gauge.ToString());
                }
            Assert.That(Clouds.LargestDifference(back, cloud.Positions), Is.LessThan(1e-14), gauge.ToString());
        }
    }

    [Test]
    public void PrefixSwapsBaseAndTargetAlsoWhenTheyAreOpposite([Range(2, 6)] int d)
    {
        double[] u = Sphere.Normalized([.. Enumerable.Range(1, d).Select(c => (double)c)]), opposite = [.. u.Select(c => -c)];
        PreparedGauge prepared = new PrefixGauge(u, [u, opposite, Sphere.Axis(d, 0)]).Prepare([0, 1, 2], d);
        double[] x = [.. u, .. u, .. u];
        prepared.Enter(x, x, 0, 3);
        Assert.That(Clouds.LargestDifference(x, [.. u, .. opposite, .. Sphere.Axis(d, 0)]), Is.LessThan(1e-15));
        prepared.Enter(x, x, 0, 3);
        Assert.That(Clouds.LargestDifference(x, [.. u, .. u, .. u]), Is.LessThan(2e-15));
    }

    [TestCase(0.0, 0), TestCase(0.249, 0), TestCase(0.25, 1), TestCase(0.999, 3), TestCase(1.0, 1), TestCase(3.0, 3)]
    public void LabelsSeeTheirTarget(double label, int target)
    {
        double[] u = [0, 0, 1];
        Assert.That(new PrefixGauge(u, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0]]).TargetOf(label), Is.EqualTo(target));
    }

    [TestCase(0.59, 0), TestCase(0.61, 1)]
    public void WeightsShareTheLabels(double label, int target) =>
        Assert.That(new PrefixGauge([0, 1], [[1, 0], [0, 1]], [3, 2]).TargetOf(label), Is.EqualTo(target));

    [TestCase(-0.1), TestCase(1.5), TestCase(2.0), TestCase(double.NaN)]
    public void OtherLabelsAreRefused(double label) =>
        Assert.That(() => new PrefixGauge([0, 1], [[1, 0], [0, 1]]).Prepare([label], 2), Throws.ArgumentException.With.Message.Contains("sees no target"));

    [Test]
    public void RotaryNeedsOneSpeedAPlane() =>
        Assert.That(() => new RotaryGauge([1]).Prepare([0.5], 5), Throws.ArgumentException.With.Message.Contains("needs that many speeds"));
}
