namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Points that arrive one after the other, independent and uniform on a circle of circumference L, and stay where they are further than
/// delta from others: the centres of causal attention [arXiv 2411.04990].
/// </summary>
public static class RandomParking
{
    /// <summary>
    /// Rényi centres a length delta of the circle among n points, tau = n delta/L: points further than delta from all earlier centres.
    /// theta(tau) = int_0^tau exp(-2 int_0^s (1 - e^{-u})/u du) ds, for L much larger than delta, which tends to Rényi's constant
    /// 0.7475979.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When tau is negative or not finite.</exception>
    public static double Density(double tau)
    {
        Argument.AtLeast(0, tau);
        return Quadrature.FromZero(s => Math.Exp(-2 * Entire(s)), tau, Math.Min(1, tau));

        static double Entire(double s) => s == 0 ? 0 : Quadrature.FromZero(u => ScaledExponential.Deficit(u) / u, s, Math.Min(1, s));
    }

    /// <summary>The mean number of Rényi centres among n points, theta(n delta/L) L/delta.</summary>
    /// <param name="points">n.</param>
    /// <param name="share">delta/L, in (0, 1/2).</param>
    /// <exception cref="ArgumentOutOfRangeException">When n is less than 1 or the share not in (0, 1/2).</exception>
    public static double Centres(int points, double share)
    {
        Check(points, share);
        return Density(points * share) / share;
    }

    /// <summary>
    /// The mean number of strong centres among n points, those further than delta from all earlier points: sum_{i&lt;n} (1 - 2 delta/L)^i.
    /// </summary>
    /// <inheritdoc cref="Centres"/>
    public static double StrongCentres(int points, double share)
    {
        Check(points, share);
        return (1 - Math.Pow(1 - 2 * share, points)) / (2 * share);
    }

    private static void Check(int points, double share)
    {
        Argument.AtLeast(1, points);
        Argument.Positive(share);
        Argument.Within(share, 0, 0.5);
    }
}
