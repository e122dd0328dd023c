namespace AttentionFlow.Tests.Solver;

/// <summary>Laws of a finite number of independent or noisy tokens, against integrals over all tokens and against samples.</summary>
public class FiniteCloudTheoryTests
{
    private const int Grid = 400;

    /// <summary>Some degree is the strongest; at first all that grow are alike; in the end the fastest is. Of two alone mu_1/(mu_1 + mu_2).
    /// </summary>
    [Test]
    public void TheStrongestDegree()
    {
        Interaction five = new(5) { Normalization = Normalization.Softmax };
        (double early, IReadOnlyList<double> chances) = Growth.Strongest(five, 1000, 1e-12);
        Assert.That(early, Is.EqualTo(0).Within(1e-9));
        Assert.That(chances, Has.All.EqualTo(1.0 / chances.Count).Within(1e-6));
        (double late, chances) = Growth.Strongest(five, 1000, 1e300);
        Assert.That(chances[2], Is.EqualTo(1).Within(1e-3), $"l = 3 at t = {late}");
        (_, chances) = Growth.Strongest(five, 2000, 0.1);
        Assert.That(chances.Sum(), Is.EqualTo(1).Within(1e-9));
        // beta = 0: only degree 1 grows, at the rate 1/2; of the two others each is the first of all three or not.
        (double time, IReadOnlyList<double> three) = Growth.Strongest(new Interaction(0) { Normalization = Normalization.Softmax }, 100, 0.2);
        Assert.That(three, Has.Count.EqualTo(3));
        double ratio = Math.Exp(time);
        // Exponentials of rates 1/r, 1, 1: the first is the largest with 1 - 2/(1 + r)... by inclusion and exclusion.
        Assert.That(three[0], Is.EqualTo(1 - 2 / (1 + ratio) + 1 / (1 + 2 * ratio)).Within(1e-9));
    }

    /// <summary>Two tokens: |m|^2 = (1 + w)/2, E w = A_d(kappa/2) (Gibbs' law of their cosine).</summary>
    [Test]
    public void TheMeanSquareOfTwoNoisyTokens([Values(2, 3, 7)] int d, [Values(1e-6, 0.5, 4, 60)] double kappa) =>
        Assert.That(NoisyFlow.MeanSquare(d, kappa, 2), Is.EqualTo((1 + VonMisesFisher.MeanLength(d, kappa / 2)) / 2).Within(1e-12));

    /// <summary>Three tokens on the circle: Gibbs' law e^{3 kappa |m|^2/2} by the trapezoidal rule over two angles.</summary>
    [Test]
    public void TheMeanSquareOfThreeNoisyTokens([Values(0.3, 2, 9)] double kappa)
    {
        double mass = 0, squares = 0;
        foreach (double a in Angles())
            foreach (double b in Angles())
            {
                double square = (3 + 2 * (Math.Cos(a) + Math.Cos(b) + Math.Cos(a - b))) / 9, weight = Math.Exp(1.5 * kappa * square);
                mass += weight;
                squares += weight * square;
            }
        Assert.That(NoisyFlow.MeanSquare(2, kappa, 3), Is.EqualTo(squares / mass).Within(1e-12));
    }

    [Test]
    public void TheMeanSquareOfManyNoisyTokens([Values(2, 3)] int d) => Assert.Multiple(() =>
    {
        const int N = 100_000;
        Assert.That(N * NoisyFlow.MeanSquare(d, 0.5 * d, N), Is.EqualTo(2).Within(1e-3), "1/(1 - kappa/d)");
        Assert.That(NoisyFlow.MeanSquare(d, 2 * d, N), Is.EqualTo(Math.Pow(NoisyFlow.MeanNorm(d, 2 * d), 2)).Within(10.0 / N));
        Assert.That(NoisyFlow.MeanSquare(d, 0, 7), Is.EqualTo(1 / 7.0));
        Assert.That(NoisyFlow.MeanSquare(d, 1e300, 7), Is.EqualTo(1));
        Assert.That(NoisyFlow.MeanSquare(d, 1e-300, 7), Is.EqualTo(1 / 7.0).Within(1e-15));
        Assert.That(NoisyFlow.MeanSquare(d, 5, 1), Is.EqualTo(1));
        // At the transition n^{-1/2}: with n (kappa r)^4/(4 d^2 (d + 2)) in the exponent, E r^2 is a ratio of gamma functions.
        double quartic = Math.Pow(d, 4) / (4.0 * d * d * (d + 2)), gamma = d == 2 ? 1 / Math.Sqrt(Math.PI) : 0.9064024770554771 / 1.2254167024651776;
        Assert.That(Math.Sqrt(N) * NoisyFlow.MeanSquare(d, d, N), Is.EqualTo(gamma / Math.Sqrt(quartic)).Within(2).Percent);
    });

    /// <summary>Two and three tokens on the circle by the trapezoidal rule, two on the sphere by Gauss and Legendre's.</summary>
    [Test]
    public void TheMeanEntropyOfFewTokens([Values(0.1, 1, 5)] double beta) => Assert.Multiple(() =>
    {
        double Drop(double angle) => beta * (1 - Math.Cos(angle));
        double two = Angles().Average(a => Entropy(Drop(a))), three = Angles().Average(a => Angles().Average(b => Entropy(Drop(a), Drop(b))));
        double sphere = MathNet.Numerics.Integration.GaussLegendreRule.Integrate(t => Entropy(beta * (1 - t)), -1, 1, 128) / 2;
        Assert.That(UniformAttention.MeanEntropy(2, beta, 1), Is.Zero);
        Assert.That(UniformAttention.MeanEntropy(2, beta, 2), Is.EqualTo(two).Within(1e-10));
        Assert.That(UniformAttention.MeanEntropy(2, beta, 3), Is.EqualTo(three).Within(1e-10));
        Assert.That(UniformAttention.MeanEntropy(3, beta, 2), Is.EqualTo(sphere).Within(1e-10));
    });

    /// <summary>The limit, with an error of the order of one over the participation.</summary>
    [Test]
    public void TheMeanEntropyOfManyTokens([Values(2, 3, 8)] int d, [Values(0, 1, 16)] double beta)
    {
        const int N = 1_000_000;
        Assert.That(UniformAttention.MeanEntropy(d, beta, N), Is.EqualTo(Math.Log(N) + UniformAttention.EntropyBelowLogTokens(d, beta))
            .Within(25 / UniformAttention.ParticipationShare(d, beta) / N));
    }

    /// <summary>Zeros counted on samples of the field, within 5 standard errors; the time, with eigenvalues by the series of I_l.</summary>
    [Test]
    public void PointsThatAttractAtTheBreakUp([Values(2, 16, 64)] double beta)
    {
        const int N = 8192, Draws = 2000;
        (double time, double number, IReadOnlyList<double> amplitudes) = Growth.BreakUp(new Interaction(beta) { Normalization = Normalization.Softmax }, N);
        double disturbed = Enumerable.Range(1, 80).Sum(l => 2.0 / N * (Math.Exp(2 * time * l * l * Bessel.I(l, beta) / (beta * Bessel.I(0, beta))) - 1));
        Assert.That(disturbed, Is.EqualTo(1).Within(1e-6));
        int degrees = amplitudes.Count;
        double[] counts = new double[Draws];
        for (int draw = 0; draw < Draws; draw++)
        {
            RandomStream random = new(3, RandomPurpose.Probes, draw, 0);
            double[] c = [.. Enumerable.Range(0, 2 * degrees).Select(k => amplitudes[k / 2] * random.Normal())];
            double[] v = [.. Angles().Select(a => Enumerable.Range(1, degrees).Sum(l => c[2 * l - 2] * Math.Cos(l * a) + c[2 * l - 1] * Math.Sin(l * a)))];
            counts[draw] = Enumerable.Range(0, Grid).Count(k => v[k] > 0 && v[(k + 1) % Grid] <= 0);
        }
        double mean = counts.Average(), error = Math.Sqrt(counts.Average(x => (x - mean) * (x - mean)) / Draws);
        Assert.That(number, Is.EqualTo(mean).Within(5 * error + 0.01), $"{mean} +- {error}");
    }

    private static IEnumerable<double> Angles() => Enumerable.Range(0, Grid).Select(k => Clouds.Turn * k / Grid);

    // Of weights 1, e^{-drop}, ...
    private static double Entropy(params double[] drops)
    {
        double z = 1 + drops.Sum(x => Math.Exp(-x));
        return Math.Log(z) + drops.Sum(x => x * Math.Exp(-x)) / z;
    }
}
