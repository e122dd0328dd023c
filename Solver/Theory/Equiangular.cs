namespace AttentionFlow.Solver.Theory;

/// <summary>
/// A state with all cosines equal stays one, g(t): USA g' = (2/n) e^{beta g} (1 - g)((n - 1) g + 1), SA with e^beta + (n - 1) e^{beta g} in
/// place of n; equal weights, exponential profile [arXiv 2312.10794].
/// </summary>
public static class Equiangular
{
    /// <summary>g' at g in [-1/(n-1), 1]; infinite where no double is as large.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When g is not there, n &lt; 2, beta negative or not finite, or under
    /// hardmax.</exception>
    public static double Slope(Normalization normalization, double beta, int tokens, double g)
    {
        Check(beta, tokens, g);
        double factor = 2.0 / tokens * (1 - g) * Math.Max(0, (tokens - 1.0) * g + 1);
        return Pull(normalization, factor, beta, tokens, g);
    }

    /// <summary>
    /// g(t) from g(0): the logit s = log(((n-1) g + 1)/(1 - g)) grows at the rate 2 e^{beta g} (USA), so t is the integral of its inverse,
    /// by quadrature. Costs O(beta).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Slope"/>, and when the time is negative or not finite.</exception>
    public static double Cosine(Normalization normalization, double beta, int tokens, double start, double time)
    {
        Check(beta, tokens, start);
        Argument.AtLeast(0, time);
        double from = LogitOf(tokens, start), left = time;
        if (!double.IsFinite(from)) return start;
        // Over a panel e^{beta g} changes by e^2 at most, as |dg/ds| <= 1/2.
        double length = Math.Min(1, 4 / beta);
        while (true)
        {
            double to = from + length, passed = Passed(from, to);
            if (!(passed < left))
                return OfLogit(tokens, Quadrature.Root(s => left - Passed(from, s), from, to));
            (from, left) = (to, left - passed);
            // Both factors of g' are constant from here on.
            if (from > 40 + Math.Log(tokens)) return OfLogit(tokens, from + left / Passed(from, from + 1));
        }

        double Passed(double low, double high) => Between(normalization, beta, tokens, low, high, high - low);
    }

    /// <summary>
    /// The time from cosine <paramref name="start"/> up to <paramref name="cosine"/>, the same quadrature. From orthogonal tokens up to 1 -
    /// 10^{-3} it is where [arXiv 2312.10794] draws the edge of its phase diagrams. Costs O(beta); infinite where no double is as large.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Slope"/>, and when not -1/(n-1) &lt; start &lt;= cosine &lt;
    /// 1.</exception>
    public static double Time(Normalization normalization, double beta, int tokens, double start, double cosine)
    {
        Check(beta, tokens, start);
        Argument.Within(start, Math.BitIncrement(-1 / (tokens - 1.0)), cosine);
        Argument.Within(cosine, start, Math.BitDecrement(1));
        return Between(normalization, beta, tokens, LogitOf(tokens, start), LogitOf(tokens, cosine), Math.Min(1, 4 / beta));
    }

    /// <summary>
    /// The cosine after one explicit step of length h from an equiangular state, returned to the sphere: x + h P A of Euler's method, or
    /// the layer x + h A of a network, A the attention output before its projection.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Slope"/>, and when h is negative or not finite.</exception>
    public static double Step(Normalization normalization, double beta, int tokens, double g, double h, bool isProjected)
    {
        Check(beta, tokens, g);
        Argument.AtLeast(0, h);
        // x_i + h A_i = own x_i + all sum_j x_j, with <x_i, sum_j x_j> = s and |sum_j x_j|^2 = n s.
        double s = 1 + (tokens - 1) * g, all = h * Pull(normalization, 1.0 / tokens, beta, tokens, g);
        double own = 1 + (isProjected ? -all * s : h * Pull(normalization, 1.0 / tokens, beta, tokens, g, self: true) - all);
        double common = 2 * own * all * s + all * all * tokens * s;
        return (own * own * g + common) / (own * own + common);
    }

    /// <summary>beta = 0 in closed form: g = (u0 e^{2t} - 1)/(u0 e^{2t} + n - 1), u0 = ((n - 1) g0 + 1)/(1 - g0).</summary>
    /// <exception cref="ArgumentOutOfRangeException">When g0 is not in [-1/(n-1), 1], n &lt; 2, or the time not finite.</exception>
    public static double CosineAtBetaZero(int tokens, double start, double time)
    {
        Check(0, tokens, start);
        Argument.Within(time, -double.MaxValue, double.MaxValue);
        double logit = LogitOf(tokens, start);
        return double.IsFinite(logit) ? OfLogit(tokens, logit + 2 * time) : start;
    }

    /// <summary>
    /// Entropy of a row of attention with one logit higher than the others by D: log(1 + (n-1) e^{-D}) + (n-1) D e^{-D}/(1 + (n-1) e^{-D});
    /// of an equiangular state with D = beta (1 - g).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When n &lt; 1 or D is negative.</exception>
    public static double AttentionEntropy(double tokens, double gap)
    {
        CheckRow(tokens, gap);
        if (double.IsInfinity(gap)) return 0;
        double others = (tokens - 1) * Math.Exp(-gap);
        return Math.Log(1 + others) + others * gap / (1 + others);
    }

    /// <summary>Low-pass norm (1 - e^{-D})/(1 + (n-1) e^{-D}) of an equiangular state with D = beta (1 - g).</summary>
    /// <exception cref="ArgumentOutOfRangeException">When n &lt; 1 or D is negative.</exception>
    public static double LowPass(double tokens, double gap)
    {
        CheckRow(tokens, gap);
        return ScaledExponential.Deficit(gap) / (1 + (tokens - 1) * Math.Exp(-gap));
    }

    /// <summary>
    /// Cosine of different tokens after one softmax layer without skip connection, x'_i = sum_j A_ij x_j: A = s I + (1 - s)/n 11^T with s
    /// the low-pass norm, so &lt;x'_i, x'_j&gt; = g + q + (1 - g) s^2 delta_ij with q = (1 - g)(1 - s^2)/n, and the cosine is (g + q)/(g +
    /// q + (1 - g) s^2). At beta = gamma log n and n to infinity it is 1, 4g/(1 + 3g), g for gamma below, at and above 1/(1 - g), because s
    /// tends to 0, 1/2, 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When g is not in [-1/(n-1), 1], n &lt; 2 or beta negative; or at the g where all x'_i
    /// are 0 and have no direction.</exception>
    public static double LayerCosine(double tokens, double beta, double g)
    {
        Check(beta, tokens, g);
        double s = LowPass(tokens, beta * (1 - g)), common = g + (1 - g) * (1 - s * s) / tokens;
        Argument.Positive(common + (1 - g) * s * s, nameof(g));
        return common / (common + (1 - g) * s * s);
    }

    /// <summary>
    /// Effective rank of an equiangular state, g >= 0: singular values sqrt(1 + (n-1) g) once and sqrt(1 - g) n - 1 times.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When g is not in [0, 1] or n &lt; 1.</exception>
    public static double EffectiveRank(int tokens, double g)
    {
        Argument.AtLeast(1, tokens);
        Argument.Within(g, 0, 1);
        double one = Math.Sqrt(1 + (tokens - 1.0) * g), other = Math.Sqrt(1 - g), sum = one + (tokens - 1) * other;
        return Math.Exp(-Term(one / sum) - (tokens - 1) * Term(other / sum));

        static double Term(double p) => p == 0 ? 0 : p * Math.Log(p);
    }

    private static void Check(double beta, double tokens, double g)
    {
        Argument.AtLeast(0, beta);
        Argument.AtLeast(2, tokens);
        Argument.Within(g, -1 / (tokens - 1), 1);
    }

    private static void CheckRow(double tokens, double gap)
    {
        Argument.AtLeast(1, tokens);
        Argument.Within(gap, 0, double.PositiveInfinity);
    }

    // The time between two logits, on panels of this length at most.
    private static double Between(Normalization normalization, double beta, int tokens, double low, double high, double length) =>
        Quadrature.Panels(s => 1 / Pull(normalization, 2, beta, tokens, OfLogit(tokens, s)), low, high, length);

    // factor e^{beta g}/N, N of the row (e^beta + (n-1) e^{beta g})/n.
    // The self term e^beta/N in its place.
    private static double Pull(Normalization normalization, double factor, double beta, int tokens, double g, bool self = false)
    {
        double below = beta * (1 - g);
        return Theory.Pull.Of(
            normalization, factor, beta, self ? 0 : below, (1 + (tokens - 1.0) * Math.Exp(-below)) / tokens, 1);
    }

    private static double LogitOf(int tokens, double g) => Math.Log((tokens - 1.0) * g + 1) - Math.Log(1 - g);

    private static double OfLogit(int tokens, double logit) =>
        logit > 700 ? 1 : Math.Max(-1 / (tokens - 1.0), (Math.Exp(logit) - 1) / (Math.Exp(logit) + tokens - 1));
}
