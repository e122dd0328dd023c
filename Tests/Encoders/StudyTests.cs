using System.Xml.Linq;
using AttentionFlow.Encoders.Studies;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Encoders;

/// <summary>The study of trained encoders: what it computes of texts, and a small run of it.</summary>
public sealed class StudyTests
{
    private const int Width = 6;

    // Independent normal tokens about a mean that all texts share and one of the text's own; [CLS] and [SEP] are no others.
    private static double[][] Draw(int text, int n, double drift = 0, ulong seed = 1)
    {
        RandomStream own = new(seed, RandomPurpose.TokenOrder, text, -1);
        double[] mean = [.. Enumerable.Range(0, Width).Select(c => (c == 0 ? 2 : 0) + 0.5 * own.Normal())];
        return [.. Enumerable.Range(0, n).Select(i =>
        {
            RandomStream stream = new(seed, RandomPurpose.TokenOrder, text, i);
            return mean.Select((m, c) => m + (c == 1 ? drift : 0) + stream.Normal()).ToArray();
        })];
    }

    private static TextMoments Moments(double[][] tokens) =>
        TextMoments.Of([.. tokens.SelectMany(h => Sphere.Normalized(h))], [.. tokens.Select(h => Sphere.Norm(h))]);

    private static double MeanOfPairs(double[][] vectors) => (from i in Enumerable.Range(0, vectors.Length)
                                                              from j in Enumerable.Range(0, i)
                                                              select Sphere.Dot(vectors[i], vectors[j])).Average();

    [Test]
    public void MomentsAreMeansOverTokensAndPairs()
    {
        double[][] tokens = Draw(0, 9), inner = tokens[1..^1];
        TextMoments moments = Moments(tokens);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(moments.Pooled, Is.EqualTo(Enumerable.Range(0, Width).Select(c => tokens.Average(h => h[c]))).Within(1e-12));
        Assert.That(moments.Own, Is.EqualTo(MeanOfPairs(inner)).Within(1e-12));
        Assert.That(moments.TokenCosine, Is.EqualTo(MeanOfPairs([.. tokens.Select(h => Sphere.Normalized(h))])).Within(1e-12));
        Assert.That(moments.Scatter, Is.EqualTo(inner.SelectMany((a, i) => inner[..i].Select(b => Math.Pow(Sphere.Distance(a, b), 2) / 2)).Average()).Within(1e-12));
        Assert.That(moments.First, Is.EqualTo(tokens[0]).Within(1e-12));
    }

    [Test]
    public void PartsAreJoinedToTheMomentsOfAllTheirTokens()
    {
        double[][] a = Draw(0, 7), b = Draw(1, 5), inner = [.. a[1..^1], .. b[1..^1]];
        TextMoments joined = TextMoments.Join([Moments(a), Moments(b)]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((joined.Parts, joined.Tokens, joined.All), Is.EqualTo((2, 8, 12)));
        Assert.That(joined.Pooled, Is.EqualTo(Enumerable.Range(0, Width).Select(c => a.Concat(b).Average(h => h[c]))).Within(1e-12));
        Assert.That(joined.Own, Is.EqualTo(MeanOfPairs(inner)).Within(1e-12));
        Assert.That(joined.TokenCosine, Is.EqualTo(MeanOfPairs([.. a.Concat(b).Select(h => Sphere.Normalized(h))])).Within(1e-12));
    }

    [Test]
    public void ProductsOfPairsComeFromSums()
    {
        double[][] vectors = Draw(0, 11);
        Assert.That(Pooling.MeanProduct(vectors), Is.EqualTo(MeanOfPairs(vectors)).Within(1e-12));
        double[][] left = vectors[..4], right = vectors[4..];
        Assert.That(SentenceMeasurement.MeanProductOfGroups([left, right]),
            Is.EqualTo(left.SelectMany(a => right.Select(b => Sphere.Dot(a, b))).Average()).Within(1e-12));
    }

    [Test]
    public void AveragingAtItsOwnLengthIsWhatWasMeasured()
    {
        TextMoments[] texts = [.. Enumerable.Range(0, 5).Select(t => Moments(Draw(t, 12)))];
        Assert.That(Pooling.Predicted(texts, texts, 12), Is.EqualTo(Pooling.MeanCosine(texts.Select(t => t.Pooled))).Within(1e-12));
    }

    /// <summary>Independent tokens: what the moments of long texts predict of short ones is what other draws show; where all texts drift together, with the common part
    /// of the short ones.</summary>
    [TestCase(0), TestCase(1.5)]
    public void AveragingPredictsShortTextsOfIndependentTokens(double drift)
    {
        const int texts = 300, n = 16;
        TextMoments[] longest = [.. Enumerable.Range(0, texts).Select(t => Moments(Draw(t, 400, drift)))];
        TextMoments[] shortest = [.. Enumerable.Range(0, texts).Select(t => Moments(Draw(t, n, 0, seed: 2)))];
        double predicted = drift == 0 ? Pooling.Predicted(longest, longest, n) : Pooling.Predicted(shortest, longest, n);
        Estimate measured = Estimate.Jackknife(Cosine(-1), [.. Enumerable.Range(0, texts).Select(Cosine)]);
        // 4 standard errors; 1/texts: both sides are of one sample of texts.
        Assert.That(measured.Value, Is.EqualTo(predicted).Within(4 * measured.Error + 1.0 / texts));
        Assert.That(measured.Error, Is.LessThan(0.02));
        // [CLS] and [SEP] are tokens as others, so A/(B + v/n) of the law: 4, 4 + d/4 and d.
        if (drift == 0) Assert.That(predicted, Is.EqualTo(4 / (4 + Width / 4.0 + (double)Width / n)).Within(0.04));

        double Cosine(int omitted) => Pooling.MeanCosine(shortest.Where((_, t) => t != omitted).Select(t => t.Pooled));
    }

    [Test]
    public void JackknifeOfAMeanIsItsStandardError()
    {
        double[] values = [3, 1, 4, 1, 5, 9, 2, 6];
        Estimate mean = Estimate.OfTexts(values);
        Estimate jackknife = Estimate.Jackknife(values.Average(), [.. values.Select((_, i) => values.Where((_, j) => j != i).Average())]);
        Assert.That((mean.Value, mean.Error), Is.EqualTo((3.875, Math.Sqrt(values.Sum(v => (v - 3.875) * (v - 3.875)) / 56))));
        Assert.That(jackknife.Error, Is.EqualTo(mean.Error).Within(1e-14));
    }

    [TestCase(0.35249, 0.0131, "0.352(13)"), TestCase(-0.0484, 0.0151, "−0.048(15)"), TestCase(94.632, 0.7612, "94.63(76)"), TestCase(30.52, 1.04, "30.5(10)"),
     TestCase(64, 0, "64"), TestCase(-1e-17, 1e-18, "0"), TestCase(1204, 17.2, "1204(17)")]
    public void ErrorsAreInBrackets(double value, double error, string text) => Assert.That($"{new Estimate(value, error)}", Is.EqualTo(text));

    [Test]
    public void ThereAreFortyExcerptsOfBothWorksInTurn()
    {
        IReadOnlyList<string> texts = StudyTexts.Excerpts();
        Assert.That(texts, Has.Count.EqualTo(40).And.All.Length.GreaterThan(2000));
        Assert.That(texts[0], Does.StartWith("Call me Ishmael"));
        Assert.That(texts.Index().Where(t => t.Index % 2 == 1).Count(t => t.Item.Contains("whale")), Is.Zero);
    }

    [Test]
    public void SentencesEndBeforeACapital() => Assert.That(
        StudyTexts.Sentences("He said: \"Is it so\nlate?\" Nobody knew the hour. Not 3.5 or e.g. four of them! Oh. And this has no"),
        Is.EqualTo(["He said: \"Is it so late?\"", "Nobody knew the hour.", "Not 3.5 or e.g. four of them!"]));

    [Test]
    public void MixedTextsShareNoPiece()
    {
        (int Text, int Place)[][] texts = [.. Enumerable.Range(0, 40).Select(t => Enumerable.Range(0, 510).Select(i => (t, i)).ToArray())];
        (int Text, int Place)[] all = [.. Enumerable.Range(0, 40).SelectMany(t => StudyTexts.Mixed(texts, t, 510))];
        Assert.That(all.Distinct().Count(), Is.EqualTo(40 * 510));
        IReadOnlyList<(int Text, int Place)> one = StudyTexts.Mixed(texts, 7, 510);
        Assert.That(one.Select(p => p.Place), Is.EqualTo(Enumerable.Range(0, 510)));
        Assert.That(one.Select(p => p.Text).Distinct().Count(), Is.EqualTo(32));
    }

    [Test]
    public void ParticipationCountsTheAxes()
    {
        double[][] axes = [.. Enumerable.Range(0, Width).SelectMany(c => new[] { Sphere.Axis(Width, c), [.. Sphere.Axis(Width, c).Select(x => -x)] })];
        Assert.That(SentenceMeasurement.Participation(axes), Is.EqualTo(Width).Within(1e-12));
    }

    [Test]
    public void EnergyIsThatOfAFlow()
    {
        double[] x = [.. Draw(0, 5).SelectMany(h => Sphere.Normalized(h))], drift = new double[x.Length];
        double[] cosines = [.. from i in Enumerable.Range(0, 5) from j in Enumerable.Range(0, 5) select Sphere.Dot(x.AsSpan(i * Width, Width), x.AsSpan(j * Width, Width))];
        using IPairSums sums = DeviceCatalog.Open("reference", Precision.Double, threads: 1);
        Flow flow = new(new Interaction(1.7) { Normalization = Normalization.Softmax }, new IdentityGauge(), new Cloud(1, 5, Width, x), sums);
        flow.Drift(x, drift);
        Assert.That(TextMeasures.EnergyRatio(cosines, 1.7), Is.EqualTo(flow.EnergyRatio(0)).Within(1e-13));
    }

    [TestCase(0.05, double.NaN), TestCase(0.1, 0), TestCase(0.3, 1), TestCase(0.4, 1.5), TestCase(0.6, double.NaN)]
    public void TheTimeOfAValueIsBetweenPoints(double value, double time) =>
        Assert.That(FlowFigure.Reached([0, 1, 2], [0.1, 0.3, 0.5], value), Is.EqualTo(time).Within(1e-12));

    [Test]
    public void ASmallStudyHoldsItsFactsAndDrawsItsFigures()
    {
        TestEncoders.Files("minilm");
        EncoderStudy study = new(new EncoderSizes(["minilm"], 4, [16, 32], 16, 2));
        using TemporaryFolder folder = new();
        study.Tabulate(false, folder.FullPath, 2, new NoDisplay(), CancellationToken.None);
        Findings findings = study.Evaluate(study.Plan(false), folder.FullPath);
        Assert.That(findings.Facts, Has.Count.EqualTo(3).And.All.Matches<Fact>(f => f is { Passed: true }));
        Assert.That(findings.Pictures, Has.Count.EqualTo(6));
        foreach (Picture picture in findings.Pictures)
            Assert.That(XDocument.Parse(picture.Svg).Root!.ToString(), Does.Not.Contain("NaN").And.Not.Contain("Infinity"), picture.File);
        Assert.That(findings.Tables, Is.All.Matches<Measurements>(t => t is { Rows.Count: > 0 } && t.Rows.All(row => row.Count == t.Headings.Count)));
        StudyData data = new(folder.FullPath);
        // As 'trace' has it.
        EncoderFiles files = TestEncoders.Files("minilm");
        EncoderLayer[] layers = TestEncoders.Layers(files, new(), TestEncoders.Tokens(files, StudyTexts.Excerpts()[1], new(), most: 32), threads: 1);
        LayerState last = new(layers[^1], 384);
        Place at = new(0, Variant.Plain, 32, 6);
        Assert.That((data.ByText("mean_cosine", at)[1], data.ByText("effective_rank", at)[1]), Is.EqualTo((last.MeanCosine, last.EffectiveRank)));
        Assert.That(data.Of("mean_cosine", at).Value - data.Of("anisotropy", at).Value, Is.EqualTo(data.Of("adjusted_cosine", at).Value).Within(1e-12));
        // Parts of the shortest length are texts of it.
        Place shortest = new(0, Variant.Plain, 16, 6);
        Assert.That(data.Of("pooled_cosine", shortest with { Variant = Variant.Apart }).Value, Is.EqualTo(data.Of("pooled_cosine", shortest).Value).Within(1e-12));
    }

    [Test]
    public void AStoppedStudyLeavesNoTable()
    {
        TestEncoders.Files("minilm");
        using TemporaryFolder folder = new();
        Assert.That(() => new EncoderStudy(new EncoderSizes(["minilm"], 4, [16, 32], 16, 2)).Tabulate(false, folder.FullPath, 2, new NoDisplay(), new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.EnumerateFiles(folder.FullPath), Is.Empty);
    }

    private sealed class NoDisplay : IProgressDisplay
    {
        public void Begin(string name) { }

        public void Advance(double pairs, string detail, bool direct) { }
    }
}
