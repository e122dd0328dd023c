namespace AttentionFlow.Solver.Theory;

/// <summary>Rates of small disturbances of states of few tokens; the eigenvalues of the drift's derivative there.</summary>
public static class LinearRates
{
    // As the sums have some ten square roots of it as terms.
    private const double Largest = 1e12;

    /// <summary>
    /// Of n tokens of equal weight at even angles of the circle, in mode m, where token j is turned by e^{2 pi i m j/n}: (sum_{p = m mod n}
    /// p^2 I_p(beta) - sum_{p = 0 mod n} p^2 I_p(beta))/beta under USA, divided by sum_{p = 0 mod n} I_p(beta) under SA. As n grows, the
    /// growth rate of a ripple of degree m.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When n &lt; 1, m &lt; 0, or beta is 0 or above 1e12.</exception>
    /// <exception cref="NotSupportedException">For profiles other than the exponential.</exception>
    public static double EvenTokens(Interaction interaction, int tokens, int mode)
    {
        Argument.AtLeast(1, tokens);
        Argument.AtLeast(0, mode);
        double beta = interaction.Beta;
        Argument.Within(beta, double.Epsilon, Largest);
        if (!interaction.Profile.IsExponential(beta))
            throw new NotSupportedException($"this is known for the exponential profile, not '{interaction.Profile}'");
        double rate = (Aliased(tokens, mode, beta, square: true) - Aliased(tokens, 0, beta, square: true)) / beta;
        return interaction.Normalization.IsBounded ? rate / Aliased(tokens, 0, beta, square: false) : ScaledExponential.Times(rate, beta);
    }

    /// <summary>
    /// Of n tokens of equal weight at a point of S^2 of height c, under softmax with a rotary code of q whole turns over the grid of labels
    /// in the logits alone, in mode m: lambda_m - 1 with lambda_m = sum_{p q = m mod n} I_p(x)/sum_{p q = 0 mod n} I_p(x), x = beta (1 -
    /// c^2). It is -1 for modes that gcd(q, n) does not divide.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When n or q &lt; 1, m &lt; 0, or x is negative or above 1e12.</exception>
    public static double RotaryRing(int tokens, int turns, int mode, double x)
    {
        Argument.AtLeast(1, tokens);
        Argument.AtLeast(1, turns);
        Argument.AtLeast(0, mode);
        Argument.Within(x, 0, Largest);
        double sum = 0, all = 0;
        for (int p = -Bessel.Terms(x); p <= Bessel.Terms(x); p++)
        {
            double term = Bessel.Scaled(Math.Abs(p), x);
            if (((long)p * turns - mode) % tokens == 0) sum += term;
            if ((long)p * turns % tokens == 0) all += term;
        }
        return sum / all - 1;
    }

    // e^{-x} sum_{p = m mod n} I_p(x), or with p^2 I_p.
    private static double Aliased(int n, int m, double x, bool square)
    {
        double sum = 0;
        for (int p = -Bessel.Terms(x); p <= Bessel.Terms(x); p++)
            if ((p - m) % n == 0) sum += (square ? (double)p * p : 1) * Bessel.Scaled(Math.Abs(p), x);
        return sum;
    }
}
