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
        return Quadrature.FromZero(Rate, tau, Math.Min(1, tau));
    }

    /// <summary>
    /// The mean number of Rényi centres among n points, theta(tau) L/delta + (1 - e^{-tau}) theta'(tau), tau = n delta/L: theta is the mean
    /// over a Poisson number of points, whose variance the second term takes off, up to an error of the order delta/L.
    /// </summary>
    /// <param name="points">n.</param>
    /// <param name="share">delta/L, in (0, 1/2).</param>
    /// <exception cref="ArgumentOutOfRangeException">When n is less than 1 or the share not in (0, 1/2).</exception>
    public static double Centres(int points, double share)
    {
        Check(points, share);
        double tau = points * share;
        return Density(tau) / share + ScaledExponential.Deficit(tau) * Rate(tau);
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

    // theta': the chance that an arrival finds its place free.
    private static double Rate(double tau) => tau == 0 ? 1
        : Math.Exp(-2 * Quadrature.FromZero(u => ScaledExponential.Deficit(u) / u, tau, Math.Min(1, tau)));

    private static void Check(int points, double share)
    {
        Argument.AtLeast(1, points);
        Argument.Positive(share);
        Argument.Within(share, 0, 0.5);
    }
}
