namespace AttentionFlow.Tests.Encoders;

/// <summary>What is known of the trained encoders.</summary>
public sealed class TrainedEncoderTests
{
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.Trained))]
    public void TheyHaveSixLayersOfTwelveHeads(string name)
    {
        EncoderLayer[] layers = TestEncoders.Plain(name);
        int n = TestEncoders.Tokens(TestEncoders.Files(name), TestEncoders.Text(name), new()).Tokens.Count;
        Assert.That((layers.Length, layers[0].Hidden.Length, layers[^1].Attention!.Heads), Is.EqualTo((7, n * 384, 12)));
        using Encoder encoder = new(TestEncoders.Files(name), new(), 1);
        Assert.That(encoder.MostTokens, Is.EqualTo(512));
    }

    /// <summary>Vectors of unrelated sentences, means of the last hidden states, are nearly orthogonal in MiniLM: a mean cosine of 0.05 was published. Sentences of one
    /// meaning are near each other.</summary>
    [Test]
    public void SentencesOfOneMeaningAreNearAndOthersNot()
    {
        EncoderFiles files = TestEncoders.Files("minilm");
        string[] sentences =
        [
            "The volcano erupted without any warning last night.", "She bought three kilos of apples at the market.",
            "Quantum computers use superposition and entanglement.", "The goalkeeper saved a penalty in the last minute.",
            "Interest rates were raised by a quarter of a percent.", "My grandmother taught me how to knit a scarf.",
            "The train to Vienna leaves from platform seven.", "Bees communicate through an elaborate dance.",
            "The violin concerto ends with a quiet adagio.", "He forgot his password and locked the account.",
        ];
        using Encoder encoder = new(files, new(), 2);
        double[][] vectors = [.. sentences.Append("Last night the volcano broke out all of a sudden.").Select(VectorOf)];
        double[] unrelated = [.. from i in Enumerable.Range(0, 10) from j in Enumerable.Range(0, i) select Sphere.Dot(vectors[i], vectors[j])];
        Assert.That(unrelated.Average(), Is.EqualTo(0.05).Within(0.03));
        Assert.That(Sphere.Dot(vectors[0], vectors[10]), Is.GreaterThan(0.5).And.GreaterThan(2 * unrelated.Max()));

        double[] VectorOf(string sentence)
        {
            float[] hidden = encoder.Run(TestEncoders.Tokens(files, sentence, new())).Last().Hidden;
            return Sphere.Normalized([.. Enumerable.Range(0, 384).Select(c => hidden.Where((_, k) => k % 384 == c).Average(h => (double)h))]);
        }
    }
}
