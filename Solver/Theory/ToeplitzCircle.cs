namespace AttentionFlow.Solver.Theory;

/// <summary>
/// The latitude circle to which the coupling c + cos 2 pi (t - s) leads under USA on S^2: radius r and mean |m| = sqrt(1 - r^2), with x =
/// beta r^2 the maximiser of e^{beta - x} (c I_0(x) + I_1(x))/(2 beta) over [0, beta]. Amplitudes other than 1 only scale energy and time.
/// </summary>
public static class ToeplitzCircle
{
    /// <summary>E of the circle with x = beta r^2; infinite where no double is as large.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When beta is not positive, x not in [0, beta], or c not finite.</exception>
    public static double Energy(double beta, double constant, double x)
    {
        Argument.Positive(beta);
        Argument.Within(x, 0, beta);
        Argument.Within(constant, -double.MaxValue, double.MaxValue);
        return ScaledExponential.Times((constant * Bessel.Scaled(0, x) + Bessel.Scaled(1, x)) / (2 * beta), beta);
    }

    /// <summary>
    /// The radius r in [0, 1] of the circle of largest energy. Linear profile: E = (c (1 - r^2) + r^2/2)/2, so 1 for c &lt; 1/2, else 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When c is not finite.</exception>
    public static double Radius(Interaction interaction, double constant) => Math.Sqrt(Squared(interaction, constant));

    /// <summary>|m| of the circle of largest energy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When c is not finite.</exception>
    public static double MeanNorm(Interaction interaction, double constant) => Math.Sqrt(1 - Squared(interaction, constant));

    /// <summary>
    /// beta_c = 1.545127: the flat circle (c = 0) is stable below, lifts beyond; the x at which e^{-x} I_1(x) is largest.
    /// </summary>
    public static double CriticalBeta { get; } = Quadrature.Root(x => Rising(x, 0), 1, 2);

    // r^2. With c >= 1/2 the energy falls from x = 0 on; below, it rises up to a single x, which may be beyond beta.
    private static double Squared(Interaction interaction, double constant)
    {
        NoisyFlow.ThrowIfGeneral(interaction);
        Argument.Within(constant, -double.MaxValue, double.MaxValue);
        double beta = interaction.Beta;
        if (constant >= 0.5) return 0;
        if (!interaction.Profile.IsExponential(beta) || Rising(beta, constant) >= 0) return 1;
        return Quadrature.Root(x => Rising(x, constant), 0, beta) / beta;
    }

    // Of the sign of d/dx e^{-x} (c I_0 + I_1) = (1 - c)(I_0 - I_1) - I_1/x, divided by I_1/x: (1 - c)(x/R - x) - 1, R = I_1/I_0. As
    // x/R - x falls from 2 to 1/2, there is one zero for -1 < c < 1/2 and none for less.
    private static double Rising(double x, double constant) => (1 - constant) * (1 / Bessel.RatioOverArgument(1, x) - x) - 1;
}
