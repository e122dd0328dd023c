using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Two equal Dirac clusters at angle sigma with cross coupling eps: USA sigma' = -eps e^{beta cos sigma} sin sigma; SA sigma' = -2 eps
/// e^{beta cos sigma} sin sigma/(e^beta + eps e^{beta cos sigma}).
/// </summary>
public static class TwoClusters
{
    /// <summary>sigma'.</summary>
    public static double Slope(Normalization normalization, double beta, double coupling, double angle)
    {
        double pull = coupling * Math.Exp(beta * Math.Cos(angle));
        return normalization == Normalization.Unnormalized ? -pull * Math.Sin(angle)
            : -2 * pull * Math.Sin(angle) / (Math.Exp(beta) + pull);
    }

    /// <summary>
    /// A time that two clusters under SA need at least from angle <paramref name="from"/> down to <paramref name="to"/>: (from - to)
    /// e^{beta (1 - cos to)}/(2 eps), because until then each moves no faster than eps e^{-beta (1 - cos to)}: the law of [arXiv
    /// 2605.30229, Theorem 5] with a constant.
    /// </summary>
    public static double Bound(double beta, double coupling, double from, double to) =>
        (from - to) * Math.Exp(beta * (1 - Math.Cos(to))) / (2 * coupling);

    /// <summary>
    /// The time from angle <paramref name="from"/> down to <paramref name="to"/>, radians, by quadrature of d sigma/sigma'.
    /// </summary>
    public static double Time(Normalization normalization, double beta, double coupling, double from, double to) =>
        // In log sigma the integrand is smooth down to small angles.
        GaussLegendreRule.Integrate(
            u => -Math.Exp(u) / Slope(normalization, beta, coupling, Math.Exp(u)), Math.Log(to), Math.Log(from), 256);
}
