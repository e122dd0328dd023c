namespace AttentionFlow.Tests.Encoders;

/// <summary>Growth of small disturbances of the embeddings.</summary>
public sealed class GradientTests
{
    private const int Numbers = 5 * SmallEncoder.Width;

    /// <summary>Along all directions there are: against the Jacobian of the weights in double precision, whose singular values depend on no basis. Where units have kinks,
    /// some disturbances step over them; the change under a longer step says so.</summary>
    [Test]
    public void AllSingularValuesAreThoseOfTheWeights([Values] bool isSmooth)
    {
        SmallEncoder small = new() { IsSmooth = isSmooth };
        TokenSequence tokens = Tokens(small);
        LayerGradient[] found = Of(small, LayerGradient.Directions(Numbers, Numbers));
        double[,] embeddings = small.Reference(tokens).Hidden[0];
        double[][] singular = Jacobians(small, embeddings);
        Assert.That(found.Select(g => g.Layer), Is.EqualTo(new[] { 0, 1, 2 }));
        for (int l = 0; l < found.Length; l++)
        {
            Assert.That(found[l].Singular, Is.EqualTo(singular[l]).Within(2 * found[l].Error + 1.5e-5), $"layer {l}");
            Assert.That(found[l].Error, Is.LessThan((isSmooth ? 1e-3 : 1e-2) * singular[l][0]));
            double size = Norm(small.Reference(tokens).Hidden[l]) / Norm(embeddings);
            Assert.That(found[l].Size, Is.EqualTo(size).Within(1e-6));
        }
        // A normalised token has lost its size and its mean, in every layer.
        Assert.That(found[1].Singular.Count(s => s < 1e-3 * found[1].Singular[0]), Is.GreaterThanOrEqualTo(10));
    }

    private static double[][] Jacobians(SmallEncoder small, double[,] embeddings)
    {
        const double step = 1e-6;
        double[][][] columns = [.. Enumerable.Range(0, Numbers).Select(c =>
            Hidden(c, step).Zip(Hidden(c, -step), (a, b) => a.Zip(b, (x, y) => (x - y) / (2 * step)).ToArray()).ToArray())];
        return [.. Enumerable.Range(0, SmallEncoder.Layers + 1).Select(l => SymmetricEigenvalues.Of(
            [.. from i in Enumerable.Range(0, Numbers) from j in Enumerable.Range(0, Numbers) select Sphere.Dot(columns[i][l], columns[j][l])], Numbers)
            .Select(square => Math.Sqrt(Math.Max(0, square))).ToArray())];

        IEnumerable<double[]> Hidden(int c, double by)
        {
            double[,] disturbed = (double[,])embeddings.Clone();
            disturbed[c / SmallEncoder.Width, c % SmallEncoder.Width] += by;
            return small.ReferenceFrom(disturbed).Hidden.Select(h => h.Cast<double>().ToArray());
        }
    }

    private static double Norm(double[,] h) => Sphere.Norm([.. h.Cast<double>()]);

    /// <summary>Directions are orthonormal; at layer 0 nothing has grown yet, but for the rounding of what is given, 2^-24/Step = 1.5e-5 of it.</summary>
    [TestCase(1)]
    [TestCase(7)]
    [TestCase(Numbers)]
    public void AtLayerZeroAllSingularValuesAreOne(int k)
    {
        double[][] directions = LayerGradient.Directions(k, Numbers);
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) Assert.That(Sphere.Dot(directions[i], directions[j]), Is.EqualTo(i == j ? 1 : 0).Within(1e-14));
        LayerGradient start = Of(new SmallEncoder(), directions)[0];
        Assert.That(start.Singular, Has.Length.EqualTo(k).And.All.EqualTo(1).Within(1.5e-5));
        Assert.That((start.Mean, start.Size), Is.EqualTo((1.0, 1.0)).Within(1e-5));
        Assert.That(start.Error, Is.LessThan(1e-5));
    }

    /// <summary>Where sublayers add nothing, a layer normalises again: a shift of all numbers of a token, and its size, are gone, and no token hears of another.</summary>
    [Test]
    public void WhatALayerNormalisationForgetsHasNoGradient()
    {
        SmallEncoder still = new() { IsStill = true };
        TokenSequence tokens = Tokens(still);
        using Encoder encoder = new(still.Files, new(), 1, isDisturbed: true);
        float[] embeddings = encoder.Run(tokens).First().Hidden;
        double[] shift = new double[Numbers], growth = new double[Numbers], other = new double[Numbers];
        Span<double> token = growth.AsSpan(2 * SmallEncoder.Width, SmallEncoder.Width);
        for (int c = 0; c < token.Length; c++) (shift[2 * SmallEncoder.Width + c], token[c]) = (1, embeddings[2 * SmallEncoder.Width + c]);
        (other[2 * SmallEncoder.Width], other[2 * SmallEncoder.Width + 1]) = (1, -1);
        double mean = token.ToArray().Average();
        foreach (ref double c in token) c -= mean;
        LayerGradient[] found = LayerGradient.Of(encoder, tokens, embeddings, [Sphere.Normalized(shift), Sphere.Normalized(growth)], 1, default);
        Assert.That(found[0].Singular, Is.All.EqualTo(1).Within(1e-5));
        foreach (LayerGradient layer in found.Skip(1).Some()) Assert.That(layer.Singular, Is.All.LessThan(5e-5));
        Assert.That(LayerGradient.Of(encoder, tokens, embeddings, [Sphere.Normalized(other)], 1, default)[1].Mean, Is.GreaterThan(0.1), "others are not");
        Assert.That(Reached(still), Is.EqualTo(new[] { 2 }));
        Assert.That(Reached(new SmallEncoder()), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
    }

    // The tokens whose last hidden state has other bits when token 2 is disturbed.
    private static int[] Reached(SmallEncoder small)
    {
        TokenSequence tokens = Tokens(small);
        using Encoder encoder = new(small.Files, new(), 1, isDisturbed: true);
        float[] embeddings = encoder.Run(tokens).First().Hidden, disturbed = [.. embeddings];
        disturbed[2 * SmallEncoder.Width] += 0.1f;
        float[] before = encoder.StatesFrom(tokens, embeddings).Last(), after = encoder.StatesFrom(tokens, disturbed).Last();
        return [.. Enumerable.Range(0, 5).Where(i => !before.AsSpan(i * SmallEncoder.Width, SmallEncoder.Width).SequenceEqual(after.AsSpan(i * SmallEncoder.Width, SmallEncoder.Width)))];
    }

    /// <summary>The layers from their own embeddings are the layers of the trace, repetitions included; two step lengths agree.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.All))]
    public void WhatIsDisturbedIsTheTrace(string name)
    {
        EncoderFiles files = TestEncoders.Files(name);
        Interventions twice = new(Repeat: 2);
        TokenSequence tokens = TestEncoders.Tokens(files, TestEncoders.Text(name), twice);
        using Encoder encoder = new(files, twice, 2, isDisturbed: true);
        EncoderLayer[] layers = [.. encoder.Run(tokens)];
        foreach ((EncoderLayer layer, float[] states) in layers.Zip(encoder.StatesFrom(tokens, layers[0].Hidden)).Some())
            Assert.That(states, Is.EqualTo(layer.Hidden));
        LayerGradient[] found = LayerGradient.Of(encoder, tokens, layers[0].Hidden, LayerGradient.Directions(2, layers[0].Hidden.Length), 2, default);
        Assert.That(found, Has.Length.EqualTo(layers.Length));
        foreach (LayerGradient layer in found.Some()) Assert.That(layer.Error, Is.LessThan((name == TestEncoders.Small ? 0.05 : 1e-3) * layer.Singular[0]), $"layer {layer.Layer}");
    }

    /// <summary>Rounding to whole numbers has no derivative; a trace without it is had all the same.</summary>
    [Test]
    public void AGraphThatRoundsStatesIsRefused()
    {
        OnnxModel model = new(new SmallEncoder().Model);
        OnnxNode relu = model.Nodes.First(node => node.Operator == "Relu");
        model.Replace(relu, new("DynamicQuantizeLinear", relu.Inputs, [relu.Output, "scale", "zeroPoint"]));
        Assert.That(() => new Encoder(new("small", model.ToBytes(), SmallEncoder.Vocabulary), new(), 1, isDisturbed: true), Throws.TypeOf<ConfigurationException>()
            .With.Message.EqualTo("small: its graph rounds hidden states to whole numbers (DynamicQuantizeLinear), so it has no derivative; leave --gradient out"));
    }

    private static TokenSequence Tokens(SmallEncoder small) => TestEncoders.Tokens(small.Files, SmallEncoder.Text(3), new());

    private static LayerGradient[] Of(SmallEncoder small, double[][] directions)
    {
        TokenSequence tokens = Tokens(small);
        using Encoder encoder = new(small.Files, new(), 1, isDisturbed: true);
        return LayerGradient.Of(encoder, tokens, encoder.Run(tokens).First().Hidden, directions, 1, default);
    }
}
