namespace AttentionFlow.Tests.Kernels;

public sealed class WorkersTests
{
    [Test]
    public void EveryIndexOnce([Values(0, 1, 7, 1000)] int count, [Values(1, 3, 5000)] int grain, [Values(1, 2, 9)] int threads)
    {
        int[] visits = new int[count];
        Workers.For(count, grain, threads, (from, to) =>
        {
            for (int i = from; i < to; i++) Interlocked.Increment(ref visits[i]);
        });
        Assert.That(visits, Is.All.EqualTo(1));
    }

    [Test]
    public void TheFirstExceptionComesThrough() =>
        Assert.That(() => Workers.For(100, 1, 2, (from, _) => throw new InvalidDataException($"range {from}")), Throws.TypeOf<InvalidDataException>());

    [Test]
    public void CallsMayBeNested()
    {
        int sum = 0;
        Workers.For(8, 1, 2, (_, _) => Workers.For(8, 1, 2, (_, _) => Interlocked.Increment(ref sum)));
        Assert.That(sum, Is.EqualTo(64));
    }
}
