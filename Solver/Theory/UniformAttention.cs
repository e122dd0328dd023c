namespace AttentionFlow.Solver.Theory;

/// <summary>
/// The attention matrix of the uniform law on S^{d-1}, n to infinity, coupling 1, exponential profile. All refuse d &lt; 2 and a beta that
/// is negative or not finite with <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
public static class UniformAttention
{
    /// <summary>
    /// A_d = I_{d/2}(beta)/I_{d/2-1}(beta): the largest singular value of the centred matrix, and the mean cosine that a token attends to.
    /// </summary>
    public static double LowPass(int dimension, double beta) => Bessel.DegreeRatio(dimension, 1, beta);

    /// <summary>H_i - log n = log lambda_0 - beta A_d; with an absolute error of 1e-15 beta.</summary>
    public static double EntropyBelowLogTokens(int dimension, double beta) =>
        Bessel.LogScaledFunkHecke(dimension, beta) + beta * (1 - LowPass(dimension, beta));

    /// <summary>
    /// E H_i among n independent uniform tokens: H = log Z + beta sum_j w_j (1 - t_j)/Z with w = e^{-beta (1 - t)}, Z = 1 + sum of w over
    /// the n - 1 others. With phi(s) = E e^{-s w} the means are integrals over s of e^{-s}(1 - phi^{n-1})/s and of beta (n - 1)
    /// e^{-s} phi^{n-2} E w (1 - t) e^{-s w}. With n to infinity log n + <see cref="EntropyBelowLogTokens"/>.
    /// </summary>
    public static double MeanEntropy(int dimension, double beta, int tokens)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, beta);
        Argument.AtLeast(1, tokens);
        // Beyond 50 e^{-s} is nothing; Z is at most n, so nothing happens below 1/n.
        return tokens == 1 ? 0 : Quadrature.FromZero(Integrand, 50, 1.0 / tokens);

        double Integrand(double s)
        {
            // log phi, phi near 1 for small s.
            double power = s < 1 ? Math.Log(1 - Mean(drop => ScaledExponential.Deficit(s * Math.Exp(-drop))))
                : Math.Log(Mean(drop => Math.Exp(-s * Math.Exp(-drop))));
            double own = Mean(drop => drop * Math.Exp(-drop - s * Math.Exp(-drop)));
            return Math.Exp(-s) * (ScaledExponential.Deficit(-(tokens - 1) * power) / s
                + (tokens - 1) * Math.Exp((tokens - 2) * power) * own);
        }

        // Over a uniform token, of a function of beta (1 - t).
        double Mean(Func<double, double> f)
        {
            (double log, double sum) = Over(angle => f(2 * beta * Math.Pow(Math.Sin(angle / 2), 2)));
            (double logMass, double mass) = Over(_ => 1);
            return Math.Exp(log - logMass) * sum / mass;
        }

        (double Log, double Factor) Over(Func<double, double> f) => Quadrature.OverAngles(
            angle => dimension > 2 ? (dimension - 2) * Math.Log(Math.Sin(angle)) : 0, f, dimension, 1 / Math.Sqrt(1 + beta));
    }

    /// <summary>Participation over n: lambda_0(beta)^2/lambda_0(2 beta).</summary>
    public static double ParticipationShare(int dimension, double beta) =>
        Math.Exp(2 * Bessel.LogScaledFunkHecke(dimension, beta) - Bessel.LogScaledFunkHecke(dimension, 2 * beta));

    /// <summary>
    /// Factor 1 + (d - 1)/beta by which one softmax layer without skip connection, returned to the sphere, multiplies a small mean: with
    /// the density 1 + d &lt;m, x&gt;, whose mean is m, the direction of the output is x + (d/beta) P_x m to first order, because the
    /// attended law has the mean A_d x and the tangential variance A_d/beta. No value at beta = 0, where the output is m for all tokens.
    /// </summary>
    public static double LayerMeanGain(int dimension, double beta)
    {
        Argument.AtLeast(2, dimension);
        Argument.Positive(beta);
        return 1 + (dimension - 1) / beta;
    }
}
