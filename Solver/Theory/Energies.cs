using MathNet.Numerics.Integration;

namespace AttentionFlow.Solver.Theory;

/// <summary>Energies of known states, coupling 1.</summary>
public static class Energies
{
    /// <summary>The uniform law on S^{d-1}, exponential profile: lambda_0/(2 beta).</summary>
    public static double Uniform(int dimension, double beta) => Bessel.FunkHecke(dimension, 0, beta) / (2 * beta);

    /// <summary>
    /// Content marginal of a full-turn rotary limit, the latitude circle at height c = u_z on S^2: e^{beta c^2} I_0(beta (1 - c^2))/(2
    /// beta).
    /// </summary>
    public static double LatitudeCircle(double beta, double height) =>
        Math.Exp(beta * height * height) * Bessel.I(0, beta * (1 - height * height)) / (2 * beta);

    /// <summary>
    /// Content marginal of a rotary limit that turns by w over labels uniform on [0, 1], an arc of the latitude circle at height c on S^2:
    /// (1/beta) integral over v in [0, 1] of (1 - v) e^{beta (c^2 + (1 - c^2) cos w v)}; whole turns give <see cref="LatitudeCircle"/>. For
    /// |w| up to about 50.
    /// </summary>
    public static double LatitudeArc(double beta, double height, double turn)
    {
        double square = height * height;
        return GaussLegendreRule.Integrate(v => (1 - v) * Math.Exp(beta * (square + (1 - square) * Math.Cos(turn * v))), 0, 1, 64) / beta;
    }

    /// <summary>
    /// Mean over seeds of G_energy of the rotary limit with turn w on S^2 from independent uniform starts, where |u_z| is uniform on [0,
    /// 1]: e^beta/(2 beta) - integral over c of <see cref="LatitudeArc"/>.
    /// </summary>
    public static double MeanRotaryGap(double beta, double turn = 2 * Math.PI) =>
        Math.Exp(beta) / (2 * beta) - GaussLegendreRule.Integrate(c => LatitudeArc(beta, c, turn), 0, 1, 64);

    /// <summary>|m|^2 of a rotary limit with turn w over labels uniform on [0, 1]: c^2 + (1 - c^2) (sin(w/2)/(w/2))^2.</summary>
    public static double PartTurnMeanSquared(double turn, double height)
    {
        double sinc = turn == 0 ? 1 : Math.Sin(turn / 2) / (turn / 2);
        return height * height + (1 - height * height) * sinc * sinc;
    }
}
