using AttentionFlow.Kernels;
using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver;

/// <summary>
/// Two equal Dirac clusters at angle sigma with cross coupling eps: USA sigma' = -eps e^{beta cos sigma} sin sigma; SA
/// sigma' = -2 eps e^{beta cos sigma} sin sigma/(e^beta + eps e^{beta cos sigma}).
/// </summary>
public static class TwoClusters
{
    /// <summary>sigma'.</summary>
    public static double Slope(Normalization normalization, double beta, double coupling, double angle)
    {
        double pull = coupling * Math.Exp(beta * Math.Cos(angle));
        return normalization == Normalization.Unnormalized ? -pull * Math.Sin(angle) : -2 * pull * Math.Sin(angle) / (Math.Exp(beta) + pull);
    }

    /// <summary>The time from angle <paramref name="from"/> down to <paramref name="to"/>, radians, by quadrature of d sigma/sigma'.</summary>
    public static double Time(Normalization normalization, double beta, double coupling, double from, double to) =>
        // In log sigma the integrand is smooth down to small angles.
        GaussLegendreRule.Integrate(u => -Math.Exp(u) / Slope(normalization, beta, coupling, Math.Exp(u)), Math.Log(to), Math.Log(from), 256);
}
