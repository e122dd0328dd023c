using AttentionFlow.Experiments.Reports;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>What is kept of many: the first, the last, and some at even distances between.</summary>
public sealed class ThinnedTests : FolderFixture
{
    [Test]
    public void EndsAndEvenDistancesAreKeptAtEveryLength([Values(1, 2, 3, 7, 10)] int least)
    {
        Thinned<int> thinned = new(least);
        Assert.That(thinned.Kept, Is.Empty);
        for (int count = 1; count <= 40 * least + 3; count++)
        {
            thinned.Add(count - 1);
            int[] kept = [.. thinned.Kept];
            Assert.That(thinned.Count, Is.EqualTo(count));
            Assert.That((kept[0], kept[^1]), Is.EqualTo((0, count - 1)));
            Assert.That(kept, Has.Length.InRange(Math.Min(least, count), 2 * least), $"of {count}");
            int[] steps = [.. kept.Zip(kept.Skip(1), (a, b) => b - a)];
            if (steps.Length == 0) continue;
            Assert.That(steps[..^1], Has.All.EqualTo(steps[0]), $"of {count}");
            Assert.That(steps[^1], Is.InRange(1, steps[0]), $"of {count}");
        }
    }

    /// <summary>Quantiles are linear between values: of 1, 2, 4 those at 0, 1/4, 1/2, 1 are 1, 1.5, 2, 4.</summary>
    [Test]
    public void QuantilesAndMeansAreOverReplicas()
    {
        File.WriteAllText(Folder["o.csv"], "time,replica,a,mean0,mean1,mean_norm\n"
            + "0,0,4,1,2,5\n0,1,1,3,4,5\n0,2,2,5,9,5\n2,0,-1,0,0,6\n2,1,-1,0,0,6\n2,2,-4,0,3,6\n");
        MeanTable table = MeanTable.Read(Folder["o.csv"]);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That((table.Times, table.Replicas), Is.EqualTo(((double[])[0, 2], 3)));
        Assert.That(table.Mean("a"), Is.EqualTo((double[])[7 / 3.0, -2]).Within(1e-15));
        Assert.That(table.Mean("mean1"), Is.EqualTo((double[])[5, 1]).Within(1e-15));
        (double, double, double)[] quantiles = [(0, 1, -4), (0.25, 1.5, -2.5), (0.5, 2, -1), (1, 4, -1)];
        foreach ((double share, double first, double last) in quantiles)
            Assert.That(table.Quantile("a", share), Is.EqualTo((double[])[first, last]).Within(1e-14), $"{share}");
        Assert.That(table.Scalars, Is.EqualTo((string[])["a", "mean_norm"]));
        Assert.That(table.Vectors.Select(v => $"{v.Key}: {string.Join(' ', v)}"), Is.EqualTo((string[])["mean: mean0 mean1"]));
        Assert.That(() => table.Mean("b"), Throws.ArgumentException);
    }

    [TestCase(1), TestCase(399), TestCase(800), TestCase(801), TestCase(5000)]
    public void OfManyTimesSomeHundredsAreKept(int times)
    {
        File.WriteAllLines(Folder["o.csv"], ["time,replica,square",
            .. Enumerable.Range(0, times).SelectMany(t => (string[])[$"{t},0,{(long)t * t}", $"{t},1,{(long)t * t + 2}"])]);
        MeanTable table = MeanTable.Read(Folder["o.csv"]);
        Assert.That((table.Times[0], table.Times[^1]), Is.EqualTo((0.0, times - 1.0)));
        Assert.That(table.Times, Has.Length.InRange(Math.Min(400, times), 800));
        Assert.That(table.Mean("square"), Is.EqualTo(table.Times.Select(t => t * t + 1)));
    }

    [TestCase(""), TestCase("time,replica,a\n")]
    public void ATableWithoutRowsIsRefused(string text)
    {
        File.WriteAllText(Folder["o.csv"], text);
        Assert.That(() => MeanTable.Read(Folder["o.csv"]), Throws.InstanceOf<IOException>().With.Message.Contains("o.csv"));
    }
}
