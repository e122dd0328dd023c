using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver;

/// <summary>Energies of known states, coupling 1.</summary>
public static class Energies
{
    /// <summary>The uniform law on S^{d-1}, exponential profile: lambda_0/(2 beta).</summary>
    public static double Uniform(int dimension, double beta) => Bessel.FunkHecke(dimension, 0, beta) / (2 * beta);

    /// <summary>Content marginal of a full-turn rotary limit, the latitude circle at height c = u_z on S^2: e^{beta c^2} I_0(beta (1 - c^2))/(2 beta).</summary>
    public static double LatitudeCircle(double beta, double height) =>
        Math.Exp(beta * height * height) * Bessel.I(0, beta * (1 - height * height)) / (2 * beta);

    /// <summary>
    /// Mean over seeds of G_energy of the full-turn rotary limit on S^2 from independent uniform starts, where |u_z| is uniform on [0, 1]:
    /// e^beta/(2 beta) - integral over c of <see cref="LatitudeCircle"/>.
    /// </summary>
    public static double MeanRotaryGap(double beta) =>
        Math.Exp(beta) / (2 * beta) - GaussLegendreRule.Integrate(c => LatitudeCircle(beta, c), 0, 1, 64);

    /// <summary>|m|^2 of a rotary limit with turn w over labels uniform on [0, 1]: c^2 + (1 - c^2) (sin(w/2)/(w/2))^2.</summary>
    public static double PartTurnMeanSquared(double turn, double height)
    {
        double sinc = turn == 0 ? 1 : Math.Sin(turn / 2) / (turn / 2);
        return height * height + (1 - height * height) * sinc * sinc;
    }
}
