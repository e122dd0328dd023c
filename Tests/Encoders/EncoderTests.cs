using Microsoft.ML.OnnxRuntime;

namespace AttentionFlow.Tests.Encoders;

/// <summary>What an encoder hands out, and what interventions change in it.</summary>
public sealed class EncoderTests
{
    /// <summary>Single precision against double: weights of order 1, sums of some 20 terms, two layers.</summary>
    [Test]
    public void LayersAreThoseOfTheWeights([Values] bool decomposed)
    {
        SmallEncoder small = new(decomposed);
        TokenSequence tokens = TestEncoders.Tokens(small.Files, SmallEncoder.Text(9), new());
        EncoderLayer[] layers = TestEncoders.Layers(small.Files, new(), tokens);
        (List<double[,]> hidden, List<double[][,]> logits, List<double[][,]> matrices) = small.Reference(tokens);
        Assert.That(layers.Select(l => l.Number), Is.EqualTo(new[] { 0, 1, 2 }));
        for (int l = 0; l <= SmallEncoder.Layers; l++)
        {
            Assert.That(layers[l].Hidden, Is.EqualTo(hidden[l].Cast<double>()).Within(1e-5), $"layer {l}");
            Assert.That(layers[l].Attention is null, Is.EqualTo(l == 0));
            if (layers[l].Attention is not { } attention) continue;
            Assert.That(attention.Heads, Is.EqualTo(SmallEncoder.Heads));
            Assert.That(attention.Logits, Is.EqualTo(logits[l - 1].SelectMany(head => head.Cast<double>())).Within(1e-5));
            Assert.That(attention.Matrices, Is.EqualTo(matrices[l - 1].SelectMany(head => head.Cast<double>())).Within(1e-5));
        }
    }

    /// <summary>Reading what is between changes no bit of what comes out, and neither does a temperature of 1, nor the number of threads, which share rows and columns of
    /// products, not sums.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void TheLastHiddenStateIsThatOfTheUnchangedModel(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        TokenSequence tokens = TestEncoders.Tokens(files, TestEncoders.Text(name), new());
        float[] expected = Unchanged(files.Model, tokens);
        EncoderLayer[] plain = TestEncoders.Plain(name), again = TestEncoders.Layers(files, new(), tokens, threads: 1);
        Assert.That(plain[^1].Hidden, Is.EqualTo(expected));
        Assert.That(TestEncoders.Layers(files, new(Temperature: 1), tokens)[^1].Hidden, Is.EqualTo(expected));
        foreach ((EncoderLayer first, EncoderLayer second) in plain.Zip(again).Some())
        {
            Assert.That(second.Hidden, Is.EqualTo(first.Hidden));
            Assert.That(second.Attention?.Matrices, Is.EqualTo(first.Attention?.Matrices));
        }
    }

    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void TemperatureDividesTheLogits(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        TokenSequence tokens = TestEncoders.Tokens(files, TestEncoders.Text(name), new());
        int n = tokens.Tokens.Count;
        EncoderLayer[] hot = TestEncoders.Layers(files, new(Temperature: 1e6), tokens);
        // Before the first softmax nothing has changed.
        Assert.That(hot[1].Attention!.Logits, Is.EqualTo(TestEncoders.Plain(name)[1].Attention!.Logits.Select(l => l / 1e6f)));
        foreach (EncoderLayer layer in hot.Skip(1).Some()) Assert.That(layer.Attention!.Matrices, Is.All.EqualTo(1.0 / n).Within(1e-3 / n));
    }

    /// <summary>Without positional codes the encoder does not know the order.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void WithoutCodesAShuffleOnlyPermutes(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        Interventions off = new(Positions: PositionalCodes.Off), both = off with { Shuffle = true, Seed = 4 };
        TokenSequence ordered = TestEncoders.Tokens(files, TestEncoders.Text(name), off), shuffled = TestEncoders.Tokens(files, TestEncoders.Text(name), both);
        Assert.That(shuffled.Tokens.Select(t => t.Piece), Is.Not.EqualTo(ordered.Tokens.Select(t => t.Piece)));
        using Encoder encoder = new(files, both, 2);
        AssertPermuted([.. encoder.Run(ordered)], [.. encoder.Run(shuffled)], shuffled);
        EncoderLayer[] unknown = TestEncoders.Layers(files, new(), shuffled);
        Assert.That(() => AssertPermuted(TestEncoders.Plain(name), unknown, shuffled), Throws.TypeOf<AssertionException>(), "with codes it does");
    }

    /// <summary>Tokens that keep their codes in another order are the same tokens.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void CodesGoWithTheirTokens(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        TokenSequence ordered = TestEncoders.Tokens(files, TestEncoders.Text(name), new()), shuffled = TestEncoders.Tokens(files, TestEncoders.Text(name), new(Shuffle: true));
        TokenSequence kept = new([.. shuffled.Tokens.Select(t => t with { Code = t.Origin })]);
        using Encoder encoder = new(files, new(Positions: PositionalCodes.Permuted), 2);
        AssertPermuted(TestEncoders.Plain(name), [.. encoder.Run(kept)], kept);
        Assert.That(encoder.Run(ordered).Last().Hidden, Is.EqualTo(TestEncoders.Plain(name)[^1].Hidden), "codes in order are those of the model");
    }

    private static void AssertPermuted(EncoderLayer[] ordered, EncoderLayer[] shuffled, TokenSequence order)
    {
        int d = ordered[0].Hidden.Length / order.Tokens.Count;
        foreach ((EncoderLayer first, EncoderLayer second) in ordered.Zip(shuffled).Some())
            for (int i = 0; i < order.Tokens.Count; i++)
                Assert.That(second.Hidden[(i * d)..((i + 1) * d)], Is.EqualTo(first.Hidden[(order.Tokens[i].Origin * d)..((order.Tokens[i].Origin + 1) * d)]).Within(1e-4));
    }

    /// <summary>The first time through is as ever, and the second begins where it ends: with the tokens in another encoder's place.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void RepeatGoesThroughTheLayersAgain(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        TokenSequence tokens = TestEncoders.Tokens(files, TestEncoders.Text(name), new());
        EncoderLayer[] once = TestEncoders.Plain(name), twice = TestEncoders.Layers(files, new(Repeat: 3), tokens);
        int layers = once.Length - 1;
        Assert.That(twice.Select(l => l.Number), Is.EqualTo(Enumerable.Range(0, 3 * layers + 1)));
        for (int l = 0; l <= layers; l++) Assert.That(twice[l].Hidden, Is.EqualTo(once[l].Hidden));
        Assert.That(twice[layers + 1].Hidden, Is.Not.EqualTo(once[1].Hidden));
        // What the layers make of the embeddings they make of them wherever they come from.
        OnnxModel model = new(files.Model);
        EncoderGraph graph = EncoderGraph.Of(model);
        model.GiveInstead(graph.Hidden[0], 1, null, graph.Width);
        foreach (string tensor in graph.Hidden.Skip(1)) model.AddOutput(tensor);
        for (int pass = 0; pass < 3; pass++)
            Assert.That(Run(model.ToBytes(), tokens, graph.Hidden[^1], (graph.Hidden[0], twice[pass * layers].Hidden)), Is.EqualTo(twice[(pass + 1) * layers].Hidden));
    }

    [Test]
    public void WhatAnEncoderDoesNotTakeIsABadArgument()
    {
        EncoderFiles files = new SmallEncoder().Files;
        TokenSequence tokens = new([new(new(SmallEncoder.Words, "beyond"), TokenKind.Text, 0, 0), new(new(1, "[UNK]"), TokenKind.Text, 1, 1)]);
        Assert.That(() => TestEncoders.Layers(files, new(), tokens), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("small: "));
    }

    private static float[] Unchanged(byte[] model, TokenSequence tokens) => Run(model, tokens, "last_hidden_state", null);

    private static float[] Run(byte[] model, TokenSequence tokens, string output, (string Name, float[] Values)? more)
    {
        int n = tokens.Tokens.Count;
        using SessionOptions options = new() { IntraOpNumThreads = 2 };
        using InferenceSession session = new(model, options);
        using RunOptions run = new();
        Dictionary<string, OrtValue> given = new()
        {
            [EncoderGraph.Ids] = Whole(t => t.Piece.Id), [EncoderGraph.Mask] = Whole(_ => 1), [EncoderGraph.Types] = Whole(_ => 0),
        };
        if (more is var (name, values)) given[name] = OrtValue.CreateTensorValueFromMemory(values, [1, n, values.Length / n]);
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, given, [output]);
        foreach (OrtValue value in given.Values) value.Dispose();
        return results[0].GetTensorDataAsSpan<float>().ToArray();

        OrtValue Whole(Func<Token, long> of) => OrtValue.CreateTensorValueFromMemory(tokens.Tokens.Select(of).ToArray(), [1, n]);
    }
}
