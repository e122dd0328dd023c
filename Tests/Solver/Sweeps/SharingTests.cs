namespace AttentionFlow.Tests.Sweeps;

public sealed class SharingTests
{
    // Pairs of an evaluation, points, threads, --jobs -> points side by side, threads of each.
    [TestCase(64, 200, 16, null, 16, 1)]
    [TestCase(1024, 200, 16, null, 16, 1)]
    [TestCase(2048, 200, 16, null, 4, 4)]
    [TestCase(3000, 200, 16, null, 2, 8)]
    [TestCase(10_000, 200, 16, null, 1, 16)]
    [TestCase(64, 3, 16, null, 3, 5)]
    [TestCase(64, 200, 1, null, 1, 1)]
    [TestCase(64, 200, 16, 4, 4, 4)]
    [TestCase(64, 200, 16, 99, 16, 1)]
    [TestCase(10_000, 200, 16, 2, 2, 8)]
    public void SmallPointsGoSideBySideAndNeverOnMoreThreadsThanThereAre(int tokens, int points, int threads, int? jobs, int together, int each)
    {
        SweepPoint point = new(0, [], new Experiment { Tokens = new() { Count = tokens } }, "p");
        Sharing sharing = Sharing.Of([.. Enumerable.Repeat(point, points)], threads, jobs);
        Assert.That(sharing, Is.EqualTo(new Sharing(together, each)));
        Assert.That(sharing.Jobs * sharing.Threads, Is.LessThanOrEqualTo(threads));
    }

    [Test]
    public void PointsOnAGpuGoOneByOne() =>
        Assert.That(Sharing.Of([.. Enumerable.Repeat(new SweepPoint(0, [], new Experiment { Device = "cuda" }, "p"), 9)], 8, null), Is.EqualTo(new Sharing(1, 8)));
}
