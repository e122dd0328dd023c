using AttentionFlow.Experiments.Reports;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>Limits that reports draw dashed: runs come to them, and where theory says nothing neither do they.</summary>
public sealed class PredictionTests : FolderFixture
{
    private const string Collapse = """
        { "tokens": { "count": 16 }, "interaction": INTERACTION, "time": { "horizon": 40, "method": "tsit5", "tolerance": 1e-10 },
          "record": { "snapshots": 1, "observations": 3, "observables": ["energy", "energy_ratio", "gaps", "mean", "clusters", "hemisphere",
            "attention_entropy", "entropy_floor", "participation", "sink", "attention_rows", "ranks"] } }
        """;

    [TestCase("""{ "beta": 1 }"""), TestCase("""{ "beta": 2, "normalization": "softmax" }"""), TestCase("""{ "profile": "linear" }""")]
    public void ACollapseComesToAllThatIsPredicted(string interaction)
    {
        (IReadOnlyDictionary<string, double> predicted, Dictionary<string, double> last) = End(Meeting(interaction));
        foreach ((string column, double limit) in predicted)
            if (last.TryGetValue(column, out double value)) Assert.That(value, Is.EqualTo(limit).Within(1e-6), column);
        Assert.That(predicted.Keys.Intersect(last.Keys), Is.SupersetOf((string[])["energy", "energy_ratio", "mean_norm", "clusters",
            "hemisphere", "attention_entropy_mean", "attention_entropy_min", "entropy_floor", "participation", "sink",
            "flat_rows", "mean_cosine"]));
    }

    /// <summary>E = k(1)/2, log n and n.</summary>
    [Test]
    public void LimitsOfAPointAreThoseOfTheFormulas()
    {
        IReadOnlyDictionary<string, double> predicted = Predictions.Of(Read(Meeting("""{ "beta": 3 }""")));
        Assert.That(predicted["energy"], Is.EqualTo(Math.Exp(3) / 6).Within(1e-12));
        Assert.That(predicted["attention_entropy_mean"], Is.EqualTo(4 * Math.Log(2)).Within(1e-12));
        Assert.That((predicted["participation"], predicted["mean_norm"]), Is.EqualTo((16.0, 1.0)));
    }

    [Test]
    public void AToeplitzCouplingComesToACircle()
    {
        Experiment circle = StoredExperiments.Find("toeplitz-circle",
            ["replicas=1", "tokens.count=48", "record.observables=[\"energy\",\"mean\",\"covariance\"]"]);
        (IReadOnlyDictionary<string, double> predicted, Dictionary<string, double> last) = End(circle);
        string[] columns = ["energy", "mean_norm", "covariance0", "covariance1", "covariance2"];
        Assert.That(predicted.Keys, Is.EquivalentTo(columns));
        foreach (string column in columns) Assert.That(last[column], Is.EqualTo(predicted[column]).Within(1e-3), column);
        // The points lie on the unit sphere: the trace of their covariance is 1 - |m|^2.
        Assert.That(columns[2..].Sum(c => predicted[c]), Is.EqualTo(1 - predicted["mean_norm"] * predicted["mean_norm"]).Within(1e-12));
    }

    /// <summary>Under a coupling of one sign all tokens meet, and the energy is k(1)/2 times the mean of b over pairs.</summary>
    [Test]
    public void ADistanceCouplingComesToTheMeanOfTheCoupling()
    {
        const string text = """
            { "tokens": { "count": 12 }, "labels": { "law": "grid" }, "interaction": { "coupling": { "kind": "distance", "length": 0.5 } },
              "time": { "horizon": 60, "method": "tsit5", "tolerance": 1e-10 },
              "record": { "snapshots": 1, "observations": 2, "observables": ["energy", "mean"] } }
            """;
        (IReadOnlyDictionary<string, double> predicted, Dictionary<string, double> last) = End(text);
        Assert.That(predicted.Keys, Is.SupersetOf((string[])["energy", "mean_norm"]).And.Not.Contain("attention_entropy_mean"));
        Assert.That(last["energy"], Is.EqualTo(predicted["energy"]).Within(1e-6));
        Assert.That(last["mean_norm"], Is.EqualTo(1).Within(1e-6));
    }

    /// <summary>On the sphere |m| = coth(z) - 1/z with z = kappa |m|.</summary>
    [TestCase(6.0), TestCase(4.0), TestCase(2.0)]
    public void NoiseHasTheMeanOfTheStationaryLaw(double kappa)
    {
        double m = Predictions.Of(StoredExperiments.Find("noisy-transition", [Of($"interaction.noise.kappa={kappa}")]))["mean_norm"];
        if (kappa < 3) Assert.That(m, Is.Zero);
        else Assert.That(m, Is.GreaterThan(0.1).And.EqualTo(1 / Math.Tanh(kappa * m) - 1 / (kappa * m)).Within(1e-9));
    }

    /// <summary>Turned into the gauge frame the tokens meet; where they stand they do not, and |m| says nothing.</summary>
    [Test]
    public void UnderAGaugeTheEnergyIsPredictedAndTheMeanIsNot() =>
        Assert.That(Predictions.Of(StoredExperiments.Load("figure3-rotary")).Keys, Does.Contain("energy").And.Not.Contain("mean_norm")
            .And.Not.Contain("clusters"));

    [TestCase("interaction.mask=\"causal\""), TestCase("interaction.normalization=\"hardmax\"")]
    [TestCase("interaction.prompts={\"points\":[[1,0,0]]}"), TestCase("interaction.noise={\"kappa\":6}")]
    [TestCase("interaction.mask=\"strict\"")]
    [TestCase("interaction.heads=2"), TestCase("interaction.pin={\"strength\":-0.5}")]
    public void ElsewhereNothingIsPredicted(string set)
    {
        string[] steps = set.Contains("noise", StringComparison.Ordinal) ? ["time.method=\"heun\""] : [];
        File.WriteAllText(Folder["e.json"], Meeting("{}"));
        Assert.That(Predictions.Of(ExperimentReader.Read(Folder["e.json"], [set, "record.observables=[\"mean\"]", "time.tolerance=null",
            .. steps])), Is.Empty);
    }

    [TestCase("code-logits"), TestCase("code-additive"), TestCase("causal"), TestCase("prompts-labelled"), TestCase("heads-random")]
    [TestCase("hardmax")]
    public void OfTheseExperimentsNothingIsPredicted(string name) => Assert.That(Predictions.Of(StoredExperiments.Load(name)), Is.Empty);

    private static string Meeting(string interaction) => Collapse.Replace("INTERACTION", interaction, StringComparison.Ordinal);

    private Experiment Read(string text)
    {
        File.WriteAllText(Folder["e.json"], text);
        return ExperimentReader.Read(Folder["e.json"], []);
    }

    private (IReadOnlyDictionary<string, double> Predicted, Dictionary<string, double> Last) End(string text) => End(Read(text));

    private (IReadOnlyDictionary<string, double> Predicted, Dictionary<string, double> Last) End(Experiment experiment)
    {
        File.WriteAllText(Folder["e.json"], ExperimentReader.Write(experiment));
        int code = CommandLine.Run(["run", Folder["e.json"], "--out", Folder["run"], "--quiet", "--no-report"], TextWriter.Null,
            TextWriter.Null);
        Assert.That(code, Is.Zero);
        return (Predictions.Of(experiment), CsvData.Read(Folder["run/observables.csv"]).ToDictionary(c => c.Key, c => c.Value[^1]));
    }

    private static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
