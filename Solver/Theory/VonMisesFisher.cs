namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Attention among tokens of the von Mises-Fisher law, density c(kappa)^{-1} e^{kappa &lt;mu, y&gt;} on S^{d-1}, exponential profile,
/// coupling 1, n to infinity: Z(x) = c(r)/c(kappa) with r = |beta x + kappa mu|, so the softmax drift P_x grad log Z/beta is known.
/// </summary>
/// <param name="Dimension">d >= 2.</param>
/// <param name="Concentration">kappa >= 0.</param>
/// <remarks>
/// All refuse d, kappa or beta out of range, and a cosine beyond [-1, 1], with <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public sealed record VonMisesFisher(int Dimension, double Concentration)
{
    /// <summary>A(r) = I_{d/2}(r)/I_{d/2-1}(r), the length of the mean at concentration r: on S^2 coth r - 1/r.</summary>
    public static double MeanLength(int dimension, double r)
    {
        Argument.AtLeast(2, dimension);
        return Bessel.Ratio(dimension / 2.0, r);
    }

    /// <summary>g of the softmax drift g P_x mu at a point with &lt;x, mu&gt; = cosine: kappa A(r)/r.</summary>
    public double Drift(double beta, double cosine)
    {
        Check(beta);
        Argument.Within(cosine, -1, 1);
        return Concentration * Bessel.RatioOverArgument(Dimension / 2.0, Length(beta, 1 + cosine));
    }

    /// <summary>
    /// The limit of n^{1/2} times the root mean square, over tokens and clouds, of the error of the softmax drift from n independent
    /// tokens: the asymptotic variance of a ratio of means, integral of Z_{2 beta}(x)/Z_beta(x)^2 E|P_x y - v(x)|^2 over x, v the drift and
    /// y of the von Mises-Fisher law of the vector 2 beta x + kappa mu.
    /// </summary>
    public double SamplingError(double beta)
    {
        Check(beta);
        double smallest = 1 / Math.Sqrt(1 + beta + Concentration);
        (double log, double error) = Quadrature.OverAngles(a => Density(a) + Ratio(beta, a), a => Variance(beta, a), Dimension, smallest);
        (double logMass, double mass) = Quadrature.OverAngles(Density, _ => 1, Dimension, smallest);
        return Math.Sqrt(Math.Max(0, error / mass)) * Math.Exp((log - logMass) / 2);
    }

    private void Check(double beta)
    {
        Argument.AtLeast(2, Dimension);
        Argument.AtLeast(0, Concentration);
        Argument.AtLeast(0, beta);
    }

    // log of e^{kappa (cos - 1)} sin^{d-2}.
    private double Density(double angle) =>
        -Concentration * FromMean(angle) + (Dimension > 2 ? (Dimension - 2) * Math.Log(Math.Sin(angle)) : 0);

    // log Z_{2 beta}/Z_beta^2.
    private double Ratio(double beta, double angle) => LogNormalizer(Length(2 * beta, FromAntipode(angle)))
        + LogNormalizer(Concentration) - 2 * LogNormalizer(Length(beta, FromAntipode(angle)));

    // E|P_x y - v|^2.
    private double Variance(double beta, double angle)
    {
        (double sine, double cosine) = Math.SinCos(angle);
        double r = Length(2 * beta, FromAntipode(angle)), ratio = Bessel.RatioOverArgument(Dimension / 2.0, r);
        double g = Concentration * Bessel.RatioOverArgument(Dimension / 2.0, Length(beta, FromAntipode(angle)));
        double along = r > 0 ? (2 * beta + Concentration * cosine) / r : 0;
        double second = ratio + (1 - Dimension * ratio) * along * along, product = ratio * g * Concentration * sine * sine;
        return 1 - second - 2 * product + g * g * sine * sine;
    }

    private static double FromMean(double angle) => 2 * Math.Sin(angle / 2) * Math.Sin(angle / 2);

    private static double FromAntipode(double angle) => 2 * Math.Cos(angle / 2) * Math.Cos(angle / 2);

    // |b x + kappa mu| = ((b - kappa)^2 + 2 b kappa (1 + cosine))^{1/2}.
    private double Length(double b, double fromAntipode) =>
        double.Hypot(b - Concentration, Math.Sqrt(b) * Math.Sqrt(Concentration) * Math.Sqrt(2 * fromAntipode));

    // log c(r), c(r) = I_{d/2-1}(r)/r^{d/2-1} up to a factor.
    private double LogNormalizer(double r) => r + Bessel.LogScaledFunkHecke(Dimension, r);
}
