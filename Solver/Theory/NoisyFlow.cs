using MathNet.Numerics;
using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>The flow under noise of strength sqrt(2/kappa): USA, coupling 1, n to infinity where not said otherwise.</summary>
public static class NoisyFlow
{
    /// <summary>
    /// The kappa above which the uniform law of S^{d-1} is unstable: beta/lambda_1(beta), where the growth (d - 1) lambda_1/beta of a
    /// ripple of degree 1 outweighs its decay (d - 1)/kappa; the linear profile (beta = 0): d.
    /// </summary>
    public static double CriticalKappa(Interaction interaction, int dimension) =>
        interaction.Profile.IsCurved(interaction.Beta) ? interaction.Beta / Bessel.FunkHecke(dimension, 1, interaction.Beta) : dimension;

    /// <summary>
    /// The beta up to which the transition at <see cref="CriticalKappa"/> is continuous; beyond it |m| jumps. Where lambda_2/lambda_1 =
    /// 1/d: there the cubic term of |m| = |m|(|m|), of which the ripple of degree 2 that |m| drives takes its share, changes sign.
    /// </summary>
    public static double TricriticalBeta(int dimension) =>
        FindRoots.OfFunction(beta => Bessel.Ratio(dimension / 2.0 + 1, beta) - 1.0 / dimension, 1e-3, 10, 1e-13);

    /// <summary>
    /// |m| of the stationary law for the linear profile, or beta = 0: the largest solution of |m| = A_d(kappa |m|), positive for kappa
    /// above d.
    /// </summary>
    public static double MeanNorm(int dimension, double kappa) => kappa <= dimension ? 0
        // A_d is concave: the fixed-point equation has one positive root, and A_d(kappa m) - m is positive below it.
        : FindRoots.OfFunction(m => VonMisesFisher.MeanLength(dimension, kappa * m) - m, 1e-9, 1, 1e-14);

    /// <summary>
    /// E&lt;x_1, x_2&gt; of two tokens of equal weight at all late times: their cosine w has the density e^{kappa k(w)/2} (1 -
    /// w^2)^{(d-3)/2} up to a factor; USA. Linear profile: A_d(kappa/2).
    /// </summary>
    public static double CosineOfTwo(Interaction interaction, int dimension, double kappa)
    {
        double Value(double cosine) => interaction.Profile.Value(interaction.Beta, cosine);
        double Density(double angle) =>
            Math.Exp(kappa / 2 * (Value(Math.Cos(angle)) - Value(1))) * Math.Pow(Math.Sin(angle), dimension - 2);
        return GaussLegendreRule.Integrate(a => Math.Cos(a) * Density(a), 0, Math.PI, 256)
            / GaussLegendreRule.Integrate(Density, 0, Math.PI, 256);
    }
}
