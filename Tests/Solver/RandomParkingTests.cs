namespace AttentionFlow.Tests.Solver;

/// <summary>Centres among points that arrive one after the other.</summary>
public class RandomParkingTests
{
    /// <summary>Rényi 1958; at once the first points all stay, and the next are refused at the rate 2 tau.</summary>
    [Test]
    public void TheDensityIsRenyis() => Assert.Multiple(() =>
    {
        // What is left to come falls like e^{-2 gamma}/tau.
        Assert.That(RandomParking.Density(1e4) + 0.31523664 / 1e4, Is.EqualTo(0.7475979202).Within(1e-8));
        Assert.That(RandomParking.Density(1e-3), Is.EqualTo(1e-3 - 1e-6).Within(1e-9));
        Assert.That(RandomParking.Density(0), Is.Zero);
    });

    [TestCase(40, 0.05), TestCase(200, 0.08)]
    public void TheNumbersAreMeansOfSamples(int points, double share)
    {
        Random random = new(1);
        (double centres, double strong) = (0, 0);
        const int samples = 20_000;
        double squares = 0;
        for (int k = 0; k < samples; k++)
        {
            List<double> all = [], kept = [];
            for (int i = 0; i < points; i++)
            {
                double x = random.NextDouble();
                if (all.All(IsFar)) strong++;
                if (kept.All(IsFar)) kept.Add(x);
                all.Add(x);

                bool IsFar(double y) => Math.Abs(x - y - Math.Round(x - y)) > share;
            }
            (centres, squares) = (centres + kept.Count, squares + kept.Count * kept.Count);
        }
        double mean = centres / samples, error = Math.Sqrt((squares / samples - mean * mean) / samples);
        Assert.That(RandomParking.Centres(points, share), Is.EqualTo(mean).Within(4 * error + 0.005));
        Assert.That(RandomParking.StrongCentres(points, share), Is.EqualTo(strong / samples).Within(0.05));
    }
}
