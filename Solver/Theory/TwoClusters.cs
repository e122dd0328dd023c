namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Two equal Dirac clusters at angle sigma with cross coupling eps: USA sigma' = -eps e^{beta cos sigma} sin sigma; SA sigma' = -2 eps
/// e^{beta cos sigma} sin sigma/(e^beta + eps e^{beta cos sigma}). Exponential profile.
/// </summary>
public static class TwoClusters
{
    /// <summary>sigma'; infinite where no double is as large.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When beta or eps is negative or not finite, sigma not in [0, pi], or under
    /// hardmax.</exception>
    public static double Slope(Normalization normalization, double beta, double coupling, double angle)
    {
        Argument.Within(angle, 0, Math.PI);
        return -Rate(normalization, beta, coupling, Square(Math.Sin(angle / 2))) * Math.Sin(angle);
    }

    /// <summary>
    /// A time that two clusters under SA need at least from angle <paramref name="from"/> down to <paramref name="to"/>: (from - to)
    /// e^{beta (1 - cos to)}/(2 eps), because until then each moves no faster than eps e^{-beta (1 - cos to)}: the law of [arXiv
    /// 2605.30229, Theorem 5] with a constant. Infinite where no double is as large.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When not 0 &lt;= to &lt;= from &lt;= pi, beta is negative or eps not
    /// positive.</exception>
    public static double Bound(double beta, double coupling, double from, double to)
    {
        Argument.AtLeast(0, beta);
        Argument.Positive(coupling);
        Argument.Within(from, 0, Math.PI);
        Argument.Within(to, 0, from);
        return ScaledExponential.Times((from - to) / (2 * coupling), 2 * beta * Square(Math.Sin(to / 2)));
    }

    /// <summary>
    /// The time from angle <paramref name="from"/> down to <paramref name="to"/>, radians, by quadrature of dt/du over u = log
    /// tan(sigma/2), in which both ends, 0 and pi, are at infinity. Costs O(beta); infinite where no double is as large.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When not 0 &lt; to &lt;= from &lt;= pi, beta is negative, eps not positive, or under
    /// hardmax.</exception>
    public static double Time(Normalization normalization, double beta, double coupling, double from, double to)
    {
        Argument.Positive(coupling);
        Argument.Within(from, double.Epsilon, Math.PI);
        Argument.Within(to, double.Epsilon, from);
        double low = LogTan(to), high = LogTan(from);
        if (double.IsInfinity(Inverse(high))) return double.PositiveInfinity;
        CompensatedSum time = default;
        for (double u = low, end; u < high; u = end)
        {
            // d(beta cos sigma)/du = -beta sech^2 u, which grows by e^2 at most: over a panel e^{beta cos sigma} changes by e^4 at most.
            double steepest = Math.Min(1, Math.Exp(2) / Square(Math.Cosh(u)));
            end = Math.Min(high, u + Math.Min(1, 4 / (beta * steepest)));
            if (!(end > u)) end = high;
            time.Add(Quadrature.Panels(Inverse, u, end, 1));
        }
        return time.Value;

        // dt/du; (sin(sigma/2))^2 = 1/(1 + e^{-2u}).
        double Inverse(double u) => 1 / Rate(normalization, beta, coupling, 1 / (1 + Math.Exp(-2 * u)));
    }

    // log tan(sigma/2).
    private static double LogTan(double angle) =>
        angle < 1e-8 ? Math.Log(angle) - Math.Log(2) : Math.Log(Math.Tan(angle / 2));

    // eps e^{beta cos sigma}/N from (sin(sigma/2))^2 = (1 - cos sigma)/2, N of the row (e^beta + eps e^{beta cos sigma})/2.
    private static double Rate(Normalization normalization, double beta, double coupling, double square)
    {
        Argument.AtLeast(0, beta);
        Argument.AtLeast(0, coupling);
        double below = 2 * beta * square;
        return Pull.Of(normalization, coupling, beta, below, (1 + coupling * Math.Exp(-below)) / 2, (1 + coupling) / 2);
    }

    private static double Square(double x) => x * x;
}
