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
