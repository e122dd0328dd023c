namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Energies of known states, coupling 1, exponential profile (k(t) = t at beta = 0). Infinite where no double is as large; all refuse a
/// beta that is negative or not finite, and a height beyond [-1, 1], with <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
public static class Energies
{
    /// <summary>The uniform law on S^{d-1}: lambda_0/(2 beta); 0 at beta = 0.</summary>
    public static double Uniform(int dimension, double beta)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, beta);
        if (beta == 0) return 0;
        double eigenvalue = Bessel.FunkHecke(dimension, 0, beta);
        return double.IsFinite(eigenvalue) ? eigenvalue / (2 * beta)
            : ScaledExponential.Times(1 / (2 * beta), Bessel.LogScaledFunkHecke(dimension, beta) + beta);
    }

    /// <summary>
    /// Content marginal of a full-turn rotary limit, the latitude circle at height c = u_z on S^2: e^{beta c^2} I_0(beta (1 - c^2))/(2
    /// beta); c^2/2 at beta = 0.
    /// </summary>
    public static double LatitudeCircle(double beta, double height)
    {
        Check(beta, height);
        return beta == 0 ? height * height / 2
            : ScaledExponential.Times(Bessel.Scaled(0, beta * (1 - height) * (1 + height)) / (2 * beta), beta);
    }

    /// <summary>
    /// Content marginal of a rotary limit that turns by w over labels uniform on [0, 1], an arc of the latitude circle at height c on S^2:
    /// (1/beta) integral over v in [0, 1] of (1 - v) e^{beta (c^2 + (1 - c^2) cos w v)}, by Fourier modes e^{beta c^2}/beta (I_0/2 + sum_l
    /// I_l (sin(l w/2)/(l w/2))^2) at beta (1 - c^2); whole turns give <see cref="LatitudeCircle"/>. Any w.
    /// </summary>
    public static double LatitudeArc(double beta, double height, double turn)
    {
        Check(beta, height);
        Argument.Within(turn, -double.MaxValue, double.MaxValue);
        if (beta == 0) return PartTurnMeanSquared(turn, height) / 2;
        if (beta > Largest) return double.PositiveInfinity;
        double[] modes = Modes(beta * (1 - height) * (1 + height));
        double sum = 0;
        for (int l = modes.Length - 1; l > 0; l--) sum += modes[l] * SquaredSinc(l * turn / 2);
        return ScaledExponential.Times((modes[0] / 2 + sum) / beta, beta);
    }

    /// <summary>
    /// Mean over seeds of G_energy of the rotary limit with turn w on S^2 from independent uniform starts, where |u_z| is uniform on [0,
    /// 1]: e^beta/(2 beta) - integral over c of <see cref="LatitudeArc"/>, mode by mode without cancellation.
    /// </summary>
    public static double MeanRotaryGap(double beta, double turn = 2 * Math.PI)
    {
        Check(beta, 0);
        Argument.Within(turn, -double.MaxValue, double.MaxValue);
        if (beta == 0) return OneMinusSquaredSinc(turn / 2) / 3;
        if (beta > Largest) return turn == 0 ? 0 : double.PositiveInfinity;
        // s = 1 - c: at large beta all happens within 1/beta of the pole.
        double mean = Quadrature.FromZero(s => Gap(beta * s * (2 - s)), 1, 1 / (1 + beta));
        return ScaledExponential.Times(mean / beta, beta);

        double Gap(double x)
        {
            double[] modes = Modes(x);
            double sum = 0;
            for (int l = modes.Length - 1; l > 0; l--) sum += modes[l] * OneMinusSquaredSinc(l * turn / 2);
            return sum;
        }
    }

    /// <summary>|m|^2 of a rotary limit with turn w over labels uniform on [0, 1]: c^2 + (1 - c^2) (sin(w/2)/(w/2))^2.</summary>
    public static double PartTurnMeanSquared(double turn, double height)
    {
        Check(0, height);
        Argument.Within(turn, -double.MaxValue, double.MaxValue);
        return height * height + (1 - height * height) * SquaredSinc(turn / 2);
    }

    // From here on no energy of an arc is a double, and e^beta is far beyond.
    private const double Largest = 2000;

    private static void Check(double beta, double height)
    {
        Argument.AtLeast(0, beta);
        Argument.Within(height, -1, 1);
    }

    // e^{-x} I_l(x), l = 0, 1, ... down to rounding.
    private static double[] Modes(double x)
    {
        double[] modes = new double[Bessel.Terms(x)];
        // Ratios I_l/I_{l-1}, downwards, then their products.
        double ratio = 0;
        for (int l = modes.Length - 1; l > 0 && x > 0; l--) modes[l] = ratio = 1 / (2 * l / x + ratio);
        modes[0] = Bessel.Scaled(0, x);
        for (int l = 1; l < modes.Length; l++) modes[l] *= modes[l - 1];
        return modes;
    }

    // (sin u/u)^2.
    private static double SquaredSinc(double u) => u == 0 ? 1 : Math.Sin(u) / u * (Math.Sin(u) / u);

    // 1 - (sin u/u)^2.
    private static double OneMinusSquaredSinc(double u)
    {
        if (Math.Abs(u) > 0.3) return 1 - SquaredSinc(u);
        // (1 - cos 2u)/(2 u^2) = 1 - u^2/3 + 2 u^4/45 - ...
        double square = 4 * u * u, term = square / 12, sum = term;
        for (int k = 3; k < 12; k++) sum += term *= -square / ((2 * k - 1) * (2 * k));
        return sum;
    }
}
