using AttentionFlow.Tests.Output;
using AttentionFlow.Tests.Program;

namespace AttentionFlow.Tests.Experiments;

/// <summary>Stored experiments at their own size against the laws that their first lines name.</summary>
public class StoredLawsTests : FolderFixture
{
    [Test]
    public void ThreeClustersUnderANegativeBetaComeBackAtTheirRate()
    {
        ObservationTable table = Run("negative-beta");
        double[] rates = [.. table.AtTime("mean_norm", 20).Zip(table.AtTime("mean_norm", 30), (a, b) => Math.Log(a / b) / 10)];
        // What the widths of the clusters, e^(-0.397 t), add to the mean is of second order: of its size 2e-4 at t = 20, a rate of 2e-5.
        Assert.That(rates, Has.All.EqualTo(Math.Exp(0.5) * (3.0 / 4 - 1.0 / 2)).Within(1e-4));
        Assert.That(table.Last("clusters"), Has.All.EqualTo(3));
    }

    [Test]
    public void ThreeClustersAboveTheirThresholdGatherInAPoint() =>
        Assert.That(Run("negative-beta", "interaction.beta=-0.5").Last("clusters"), Has.All.EqualTo(1));

    [Test]
    public void UnderAPerceptronAPointRestsAtACornerOfACube()
    {
        ObservationTable table = Run("perceptron");
        // The way to the corner falls at the rate 2 (3 a tanh a - 1/cosh(a)^2) = 0.346, a = 3^(-1/2): by e^(-10) in the last 30.
        for (int axis = 0; axis < 3; axis++)
            Assert.That(table.Last($"mean{axis}").Select(Math.Abs), Has.All.EqualTo(1 / Math.Sqrt(3)).Within(1e-3), $"mean{axis}");
        Assert.That(table.Last("energy"), Has.All.EqualTo(Math.E / 2 + 6 * Math.Log(Math.Cosh(1 / Math.Sqrt(3)))).Within(1e-6));
        ObservationTable strong = Run("perceptron", "interaction.perceptron.strength=20");
        Assert.That(strong.Last("clusters"), Has.All.EqualTo(8));
    }

    [Test]
    public void OfTwoOppositeClustersTheHeavierTakesAll()
    {
        ObservationTable table = Run("selection");
        double rate = 2 * Math.Sinh(1);
        foreach (double t in table.Times)
            Assert.That(table.AtTime("mean_norm", t), Has.All.EqualTo(1 / Math.Sqrt(1 + 8 * Math.Exp(-rate * t))).Within(1e-7), $"t = {t}");
    }

    private ObservationTable Run(string name, params string[] settings)
    {
        string folder = Folder["run"];
        Answer answer = Shell.Run(["run", name, "--quiet", "--overwrite", "--no-report", "--threads", "1", "--out", folder,
            .. settings.SelectMany(s => (string[])["--set", s])]);
        Assert.That((answer.Code, answer.Error), Is.EqualTo((0, "")));
        return new ObservationTable(folder);
    }
}
