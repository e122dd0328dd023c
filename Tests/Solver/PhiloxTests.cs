namespace AttentionFlow.Tests.Solver;

public class PhiloxTests
{
    // The known answers for philox4x32 10 of Random123 (kat_vectors).
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void KnownAnswers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3) =>
        Assert.That(Philox4x32.Block((c0, c1, c2, c3), (k0, k1)), Is.EqualTo((r0, r1, r2, r3)));

    [Test]
    public void FirstUniformFollowsTheDocumentedLayout()
    {
        (uint r0, uint r1, _, _) = Philox4x32.Block((5, 3, 7, 1u << 24), (0x89abcdef, 0x01234567));
        double expected = (((ulong)r1 << 32 | r0) >> 11) * Math.Pow(2, -53);
        Assert.That(new RandomStream(0x0123456789abcdef, RandomPurpose.InitialPositions, replica: 3, token: 5, step: 7).Uniform(), Is.EqualTo(expected));
    }

    [Test]
    public void MomentsOfTheStreams()
    {
        const int Draws = 100_000;
        double mean = 0, square = 0, normal = 0, normalSquare = 0, fourth = 0;
        for (int i = 0; i < Draws; i++)
        {
            RandomStream stream = new(11, RandomPurpose.Labels, replica: i % 7, token: i);
            double u = stream.Uniform(), g = stream.Normal();
            (mean, square) = (mean + u / Draws, square + u * u / Draws);
            (normal, normalSquare, fourth) = (normal + g / Draws, normalSquare + g * g / Draws, fourth + g * g * g * g / Draws);
        }
        // Five standard errors: sqrt(1/12 / N), sqrt(4/45 / N), sqrt(1 / N), sqrt(2 / N), sqrt(96 / N).
        double scale = 5 / Math.Sqrt(Draws);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(mean, Is.EqualTo(0.5).Within(scale * Math.Sqrt(1.0 / 12)));
        Assert.That(square, Is.EqualTo(1.0 / 3).Within(scale * Math.Sqrt(4.0 / 45)));
        Assert.That(normal, Is.EqualTo(0).Within(scale));
        Assert.That(normalSquare, Is.EqualTo(1).Within(scale * Math.Sqrt(2)));
        Assert.That(fourth, Is.EqualTo(3).Within(scale * Math.Sqrt(96)));
    }
}
