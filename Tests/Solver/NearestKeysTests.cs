namespace AttentionFlow.Tests.Solver;

/// <summary>The attention of one query among independent keys, long contexts.</summary>
public class NearestKeysTests
{
    /// <summary>On S^2 heights are uniform: (1 - t)/2 of the keys are nearer. On S^1 arccos(t)/pi are.</summary>
    [Test]
    public void TheNumberIsTheShareOfKeysNearTheQuery() => Assert.Multiple(() =>
    {
        Assert.That(NearestKeys.Number(3, 50, 1000), Is.EqualTo(1000 / 100.0).Within(1e-12).Percent);
        Assert.That(NearestKeys.Number(2, 1e8, 1000), Is.EqualTo(1000 * Math.Acos(1 - 1e-8) / Math.PI).Within(1e-6).Percent);
        Assert.That(NearestKeys.Beta(5, NearestKeys.Number(5, 37, 2000), 2000), Is.EqualTo(37).Within(1e-12).Percent);
    });

    /// <summary>Many keys: sum w^2/(sum w)^2. Few: the nearest has all, but for the chance that two are within one another's reach.</summary>
    [TestCase(2), TestCase(3), TestCase(5), TestCase(8)]
    public void TheLimitsAreAnAverageAndOneKey(int dimension)
    {
        double a = (dimension - 1) / 2.0;
        Assert.That(NearestKeys.MeanSquares(dimension, 1e6) * 1e6 * Math.Pow(2, a) * MathNet.Numerics.SpecialFunctions.Gamma(a + 1),
            Is.EqualTo(1).Within(1e-4));
        double[] shares = [.. new[] { 1e-3, 1e-2, 1e-1, 1, 10 }.Select(kappa => NearestKeys.MeanSquares(dimension, kappa))];
        Assert.That(shares, Is.Ordered.Descending.And.All.LessThan(1));
        if (dimension <= 3) Assert.That(shares[0], Is.GreaterThan(0.99));
    }

    /// <summary>On S^2 the u are a Poisson process of even density kappa, which is easily sampled.</summary>
    [TestCase(0.5), TestCase(1), TestCase(2), TestCase(7)]
    public void OnTheSphereItIsTheMeanOfSamples(double kappa)
    {
        Random random = new(1);
        double[] samples = [.. Enumerable.Range(0, 40_000).Select(_ => Sample())];
        double mean = samples.Average(), error = Math.Sqrt(samples.Sum(s => (s - mean) * (s - mean)) / samples.Length / samples.Length);
        Assert.That(NearestKeys.MeanSquares(3, kappa), Is.EqualTo(mean).Within(4 * error));

        double Sample()
        {
            double sum = 0, squares = 0;
            double first = -Math.Log(1 - random.NextDouble()) / kappa;
            for (double u = first; u - first < 40; u -= Math.Log(1 - random.NextDouble()) / kappa)
                (sum, squares) = (sum + Math.Exp(first - u), squares + Math.Exp(2 * (first - u)));
            return squares / (sum * sum);
        }
    }
}
