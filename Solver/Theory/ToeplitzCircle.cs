using MathNet.Numerics;

namespace AttentionFlow.Solver.Theory;

/// <summary>
/// The latitude circle to which the coupling c + cos 2 pi (t - s) leads under USA on S^2: radius r and mean |m| = sqrt(1 - r^2), with x =
/// beta r^2 the maximiser of e^{beta - x} (c I_0(x) + I_1(x))/(2 beta) over [0, beta]. Amplitudes other than 1 only scale energy and time.
/// </summary>
public static class ToeplitzCircle
{
    /// <summary>E of the circle with x = beta r^2.</summary>
    public static double Energy(double beta, double constant, double x) =>
        Math.Exp(beta - x) * (constant * Bessel.I(0, x) + Bessel.I(1, x)) / (2 * beta);

    /// <summary>
    /// The radius r in [0, 1] of the circle of largest energy. Linear profile: E = (c (1 - r^2) + r^2/2)/2, so 1 for c &lt; 1/2, else 0.
    /// </summary>
    public static double Radius(Interaction interaction, double constant)
    {
        double beta = interaction.Beta;
        if (!interaction.Profile.IsCurved(beta)) return constant < 0.5 ? 1 : 0;
        // Stationary: c (I_1 - I_0) + I_0 - I_1/x - I_1 = 0 (I_1' = I_0 - I_1/x), rising at small x where c < 1/2.
        double Slope(double x) => x == 0 ? 0.5 - constant
            : constant * (Bessel.I(1, x) - Bessel.I(0, x)) + Bessel.I(0, x) - Bessel.I(1, x) / x - Bessel.I(1, x);
        const int Grid = 400;
        double best = 0;
        for (int i = 1; i <= Grid; i++)
        {
            double lo = beta * (i - 1) / Grid, hi = beta * i / Grid;
            double candidate = i == Grid ? beta : 0;
            if (Slope(lo) > 0 && Slope(hi) < 0) candidate = FindRoots.OfFunction(Slope, lo, hi, 1e-14);
            if (candidate > 0 && Energy(beta, constant, candidate) > Energy(beta, constant, best)) best = candidate;
        }
        return Math.Sqrt(best / beta);
    }

    /// <summary>|m| of the circle of largest energy.</summary>
    public static double MeanNorm(Interaction interaction, double constant)
    {
        double radius = Radius(interaction, constant);
        return Math.Sqrt(Math.Max(0, 1 - radius * radius));
    }

    /// <summary>
    /// beta_c = 1.545127: the flat circle (c = 0) is stable below, lifts beyond; the x at which e^{-x} I_1(x) is largest.
    /// </summary>
    public static double CriticalBeta { get; } =
        FindRoots.OfFunction(x => Bessel.I(0, x) - Bessel.I(1, x) / x - Bessel.I(1, x), 1, 2, 1e-14);
}
