using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Attention among tokens of the von Mises-Fisher law, density c(kappa)^{-1} e^{kappa &lt;mu, y&gt;} on S^{d-1}, exponential profile,
/// coupling 1, n to infinity: Z(x) = c(r)/c(kappa) with r = |beta x + kappa mu|, so the softmax drift P_x grad log Z/beta is known.
/// </summary>
/// <param name="Dimension">d >= 2.</param>
/// <param name="Concentration">kappa > 0.</param>
public sealed record VonMisesFisher(int Dimension, double Concentration)
{
    private const int Nodes = 400;

    /// <summary>A(r) = I_{d/2}(r)/I_{d/2-1}(r), the length of the mean at concentration r: on S^2 coth r - 1/r.</summary>
    public static double MeanLength(int dimension, double r) => Bessel.Ratio(dimension / 2.0, r);

    /// <summary>g of the softmax drift g P_x mu at a point with &lt;x, mu&gt; = cosine: kappa A(r)/r.</summary>
    public double Drift(double beta, double cosine)
    {
        double r = Length(beta, cosine);
        return Concentration * MeanLength(Dimension, r) / r;
    }

    /// <summary>
    /// The limit of n^{1/2} times the root mean square, over tokens and clouds, of the error of the softmax drift from n independent
    /// tokens: the asymptotic variance of a ratio of means, integral of Z_{2 beta}(x)/Z_beta(x)^2 E|P_x y - v(x)|^2 over x, v the drift and
    /// y of the von Mises-Fisher law of the vector 2 beta x + kappa mu.
    /// </summary>
    public double SamplingError(double beta)
    {
        GaussLegendreRule rule = new(0, Math.PI, Nodes);
        double sum = 0, mass = 0;
        for (int i = 0; i < Nodes; i++)
        {
            (double sine, double cosine) = Math.SinCos(rule.Abscissas[i]);
            double density = rule.Weights[i] * Math.Exp(Concentration * (cosine - 1)) * Math.Pow(sine, Dimension - 2);
            mass += density;
            sum += density * Variance(beta, cosine, sine * sine);
        }
        return Math.Sqrt(sum / mass);
    }

    private double Variance(double beta, double cosine, double squaredSine)
    {
        double r1 = Length(beta, cosine), r2 = Length(2 * beta, cosine), g = Drift(beta, cosine), a = MeanLength(Dimension, r2);
        double along = (2 * beta + Concentration * cosine) / r2;
        double second = a / r2 + (1 - Dimension * a / r2) * along * along, product = a * g * Concentration * squaredSine / r2;
        double ratio = Math.Exp(LogNormalizer(r2) + LogNormalizer(Concentration) - 2 * LogNormalizer(r1));
        return ratio * (1 - second - 2 * product + g * g * squaredSine);
    }

    // |b x + kappa mu|.
    private double Length(double b, double cosine) => Math.Sqrt(b * b + Concentration * Concentration + 2 * b * Concentration * cosine);

    // log c(r), c(r) = I_{d/2-1}(r)/r^{d/2-1} up to a factor.
    private double LogNormalizer(double r) => Math.Log(Bessel.I(Dimension / 2.0 - 1, r)) - (Dimension / 2.0 - 1) * Math.Log(r);
}
