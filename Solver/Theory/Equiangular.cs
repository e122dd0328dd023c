namespace AttentionFlow.Solver.Theory;

/// <summary>
/// A state with all cosines equal stays one, g(t): USA g' = (2/n) e^{beta g} (1 - g)((n - 1) g + 1), SA with e^beta + (n - 1) e^{beta g} in
/// place of n; equal weights, exponential profile [arXiv 2312.10794].
/// </summary>
public static class Equiangular
{
    /// <summary>g' at g.</summary>
    public static double Slope(Normalization normalization, double beta, int tokens, double g)
    {
        double raw = 2 * Math.Exp(beta * g) * (1 - g) * ((tokens - 1) * g + 1);
        return raw / (normalization == Normalization.Unnormalized ? tokens : Math.Exp(beta) + (tokens - 1) * Math.Exp(beta * g));
    }

    /// <summary>
    /// g(t) from g(0), by classical Runge-Kutta steps small enough for full double accuracy (1e-12 for t up to about 10).
    /// </summary>
    public static double Cosine(Normalization normalization, double beta, int tokens, double start, double time)
    {
        double rate = Layer.Plain.CollapseRate(new Interaction(beta) { Normalization = normalization });
        int steps = (int)Math.Ceiling(time * 200 * Math.Max(1, rate));
        double g = start, h = time / Math.Max(1, steps);
        for (int i = 0; i < steps; i++)
        {
            double k1 = Slope(normalization, beta, tokens, g), k2 = Slope(normalization, beta, tokens, g + h / 2 * k1);
            double k3 = Slope(normalization, beta, tokens, g + h / 2 * k2), k4 = Slope(normalization, beta, tokens, g + h * k3);
            g += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        return g;
    }

    /// <summary>beta = 0 in closed form: g = (u0 e^{2t} - 1)/(u0 e^{2t} + n - 1), u0 = ((n - 1) g0 + 1)/(1 - g0).</summary>
    public static double CosineAtBetaZero(int tokens, double start, double time)
    {
        double u = ((tokens - 1) * start + 1) / (1 - start) * Math.Exp(2 * time);
        return (u - 1) / (u + tokens - 1);
    }

    /// <summary>
    /// Entropy of a row of attention with one logit higher than the others by D: log(1 + (n-1) e^{-D}) + (n-1) D e^{-D}/(1 + (n-1) e^{-D});
    /// of an equiangular state with D = beta (1 - g).
    /// </summary>
    public static double AttentionEntropy(double tokens, double gap)
    {
        double others = (tokens - 1) * Math.Exp(-gap);
        return Math.Log(1 + others) + others * gap / (1 + others);
    }

    /// <summary>Low-pass norm (1 - e^{-D})/(1 + (n-1) e^{-D}) of an equiangular state with D = beta (1 - g).</summary>
    public static double LowPass(double tokens, double gap) => (1 - Math.Exp(-gap)) / (1 + (tokens - 1) * Math.Exp(-gap));

    /// <summary>
    /// Cosine of different tokens after one softmax layer without skip connection, x'_i = sum_j A_ij x_j: A = s I + (1 - s)/n 11^T with s
    /// the low-pass norm, so &lt;x'_i, x'_j&gt; = g + q + (1 - g) s^2 delta_ij with q = (1 - g)(1 - s^2)/n, and the cosine is (g + q)/(g +
    /// q + (1 - g) s^2). At beta = gamma log n and n to infinity it is 1, 4g/(1 + 3g), g for gamma below, at and above 1/(1 - g), because s
    /// tends to 0, 1/2, 1.
    /// </summary>
    public static double LayerCosine(double tokens, double beta, double g)
    {
        double s = LowPass(tokens, beta * (1 - g)), common = g + (1 - g) * (1 - s * s) / tokens;
        return common / (common + (1 - g) * s * s);
    }

    /// <summary>
    /// Effective rank of an equiangular state, g >= 0: singular values sqrt(1 + (n-1) g) once and sqrt(1 - g) n - 1 times.
    /// </summary>
    public static double EffectiveRank(int tokens, double g)
    {
        double one = Math.Sqrt(1 + (tokens - 1) * g), other = Math.Sqrt(1 - g), sum = one + (tokens - 1) * other;
        return Math.Exp(-Term(one / sum) - (tokens - 1) * Term(other / sum));

        static double Term(double p) => p == 0 ? 0 : p * Math.Log(p);
    }
}
