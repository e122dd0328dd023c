namespace AttentionFlow.Tests.Encoders;

public sealed class OnnxTests
{
    [Test]
    public void FieldsReadBackAsTheyWereWritten()
    {
        byte[] message = ProtoField.Message(ProtoField.Of(1, -1L), ProtoField.Of(2, "text \u03b2"), ProtoField.Of(300, ProtoField.Of(4, 128L)), ProtoField.Of(9, ""));
        List<ProtoField> fields = ProtoField.Read(message);
        Assert.That(fields.Select(f => (f.Number, f.Type)), Is.EqualTo(new[] { (1, 0), (2, 2), (300, 2), (9, 2) }));
        Assert.That(fields[0].Numbers, Is.EqualTo(new[] { -1L }));
        Assert.That(fields[1].Text, Is.EqualTo("text \u03b2"));
        Assert.That(ProtoField.Read(fields[2].Value).Single().Numbers, Is.EqualTo(new[] { 128L }));
        Assert.That(ProtoField.Message(fields), Is.EqualTo(message));
        // As the documentation of the format has it: field 1, varint 150; field 2, "testing".
        Assert.That(ProtoField.Of(1, 150L).Whole.ToArray(), Is.EqualTo(new byte[] { 0x08, 0x96, 0x01 }));
        Assert.That(ProtoField.Of(2, "testing").Whole.ToArray(), Is.EqualTo(new byte[] { 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67 }));
    }

    [TestCase(new byte[] { 0x08 }, "it ends within a number")]
    [TestCase(new byte[] { 0x12, 5, 1 }, "it ends within a field")]
    [TestCase(new byte[] { 0x0d, 1, 2, 3 }, "it ends within a field")]
    [TestCase(new byte[] { 0x0b }, "there is no wire type 3 in ONNX")]
    [TestCase(new byte[] { 0x00 }, "0 is no number of a field")]
    [TestCase(new byte[] { 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "a number is longer than ten bytes")]
    public void BytesThatAreNoMessageAreRefused(byte[] bytes, string why) =>
        Assert.That(() => ProtoField.Read(bytes), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(why));

    /// <summary>Whatever becomes of a model's bytes, it is read or refused.</summary>
    [Test]
    public void SpoiltModelsAreReadOrRefused()
    {
        byte[] model = new SmallEncoder().Model;
        Random random = new(3);
        int refused = 0;
        for (int k = 0; k < 3000; k++)
        {
            byte[] spoilt = k % 3 == 0 ? model[..random.Next(model.Length)] : [.. model];
            // Nodes come first, and are some 10 kB.
            for (int i = 0; i < 1 + k % 4; i++) spoilt[random.Next(Math.Max(1, Math.Min(spoilt.Length, 10_000)))] = (byte)random.Next(256);
            try { EncoderGraph.Of(new OnnxModel(spoilt)); }
            catch (InvalidDataException) { refused++; }
        }
        Assert.That(refused, Is.GreaterThan(500));
    }

    [Test]
    public void TheGraphOfAnEncoderIsFound([Values] bool decomposed)
    {
        EncoderGraph graph = EncoderGraph.Of(new OnnxModel(new SmallEncoder(decomposed).Model));
        Assert.That(graph.Hidden, Is.EqualTo(new[] { "n0z", "n2z", "n4z" }));
        Assert.That(graph.Attention, Is.EqualTo(new AttentionNode[] { new("logits0", "attention0"), new("logits1", "attention1") }));
        Assert.That((graph.Positions?.Output, graph.Width, graph.MostTokens), Is.EqualTo(("codes", SmallEncoder.Width, SmallEncoder.MostTokens)));
    }

    [Test]
    public void AnotherGraphIsRefusedWithWhatWasFound()
    {
        Assert.That(Refusal(new SmallEncoder { EndsEarly = true }), Does.Contain("found: nannan; operators: 29 Add, ").And.Contain("inputs: input_ids, attention_mask, token_type_ids"));
        Assert.That(Refusal(new SmallEncoder { NormalisesFirst = true }), Does.Contain("the residual stream passes by its layer normalisations"));
        Assert.That(Refusal(new SmallEncoder { Ids = "pixels" }), Does.StartWith("it is given pixels, attention_mask, token_type_ids; an encoder is given input_ids"));

        static string Refusal(SmallEncoder encoder)
        {
            ConfigurationException refused = Assert.Throws<ConfigurationException>(() => new Encoder(encoder.Files, new Interventions(), 1))!;
            Assert.That(refused.Message, Does.StartWith("small: "));
            return refused.Message["small: ".Length..];
        }
    }

    [Test]
    public void AModelThatOnnxRuntimeRefusesIsABadArgument()
    {
        byte[] model = [.. new SmallEncoder().Model];
        int at = model.AsSpan().IndexOf("Relu"u8);
        "Rolu"u8.CopyTo(model.AsSpan(at));
        Assert.That(() => new Encoder(new("small", model, SmallEncoder.Vocabulary), new(), 1), Throws.TypeOf<ConfigurationException>().With.Message.Contains("Rolu"));
    }
}
