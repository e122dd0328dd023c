namespace AttentionFlow.Solver.Theory;

/// <summary>The attention matrix of the uniform law on S^{d-1}, n to infinity, coupling 1, exponential profile.</summary>
public static class UniformAttention
{
    /// <summary>
    /// A_d = I_{d/2}(beta)/I_{d/2-1}(beta): the largest singular value of the centred matrix, and the mean cosine that a token attends to.
    /// </summary>
    public static double LowPass(int dimension, double beta) => Bessel.FunkHecke(dimension, 1, beta) / Bessel.FunkHecke(dimension, 0, beta);

    /// <summary>H_i - log n = log lambda_0 - beta A_d.</summary>
    public static double EntropyBelowLogTokens(int dimension, double beta) =>
        Math.Log(Bessel.FunkHecke(dimension, 0, beta)) - beta * LowPass(dimension, beta);

    /// <summary>Participation over n: lambda_0(beta)^2/lambda_0(2 beta).</summary>
    public static double ParticipationShare(int dimension, double beta) =>
        Math.Pow(Bessel.FunkHecke(dimension, 0, beta), 2) / Bessel.FunkHecke(dimension, 0, 2 * beta);

    /// <summary>
    /// Factor 1 + (d - 1)/beta by which one softmax layer without skip connection, returned to the sphere, multiplies a small mean: with
    /// the density 1 + d &lt;m, x&gt;, whose mean is m, the direction of the output is x + (d/beta) P_x m to first order, because the
    /// attended law has the mean A_d x and the tangential variance A_d/beta.
    /// </summary>
    public static double LayerMeanGain(int dimension, double beta) => 1 + (dimension - 1) / beta;
}
