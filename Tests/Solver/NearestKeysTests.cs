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

    /// <summary>Of two keys on S^2: 1/2 + tanh^2(beta D/2)/2, D the difference of two heights, which are uniform.</summary>
    [TestCase(1e-3), TestCase(1), TestCase(30)]
    public void TwoKeysAreAnIntegralOverTheirHeights(double beta) => Assert.That(NearestKeys.MeanSquares(3, beta, 2),
        Is.EqualTo(0.5 + MathNet.Numerics.Integrate.GaussLegendre(d => (2 - d) / 4 * Math.Pow(Math.Tanh(beta * d / 2), 2), 0, 2, 1024)).Within(1e-12));

    /// <summary>At beta = 0 all weights are 1/n, and the variance of the weights is of second order in beta: (n - 1)/n^2 beta^2/d.</summary>
    [TestCase(2, 3), TestCase(3, 10), TestCase(5, 1000), TestCase(9, 1_000_000)]
    public void AtSmallBetaTheWeightsAreEven(int dimension, double keys)
    {
        const double Beta = 1e-3;
        Assert.That(keys * NearestKeys.MeanSquares(dimension, Beta, keys), Is.EqualTo(1 + (keys - 1) / keys * Beta * Beta / dimension).Within(1e-9));
    }

    /// <summary>At one kappa the limit of long contexts is met, with an error of the order 1/beta, or 1/n on S^2, where heights are uniform.</summary>
    [TestCase(2), TestCase(3), TestCase(5)]
    public void ManyKeysAreThePoissonProcess(int dimension)
    {
        foreach (double kappa in (double[])[0.5, 5, 20])
        {
            double limit = NearestKeys.MeanSquares(dimension, kappa), rate = dimension == 3 ? 1 : 2.0 / (dimension - 1);
            double[] errors = [.. new[] { 1e4, 1e6 }.Select(n => NearestKeys.MeanSquares(dimension, NearestKeys.Beta(dimension, kappa, n), n) / limit - 1)];
            Assert.That(Math.Abs(errors[1]), Is.LessThan(0.02), $"kappa = {kappa}");
            if (dimension > 2) Assert.That(Math.Log10(errors[0] / errors[1]) / 2, Is.EqualTo(rate).Within(0.03), $"kappa = {kappa}");
        }
    }
}
