namespace AttentionFlow.Solver.Theory;

/// <summary>The flow under noise of strength sqrt(2/kappa): USA, coupling 1, n to infinity where not said otherwise.</summary>
public static class NoisyFlow
{
    /// <summary>
    /// The kappa above which the uniform law of S^{d-1} is unstable: beta/lambda_1(beta), where the growth (d - 1) lambda_1/beta of a
    /// ripple of degree 1 outweighs its decay (d - 1)/kappa; the linear profile (beta = 0): d; other profiles: by their growth rate.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2.</exception>
    public static double CriticalKappa(Interaction interaction, int dimension)
    {
        Argument.AtLeast(2, dimension);
        double beta = interaction.Beta;
        if (interaction.Profile.IsGeneral)
            return (dimension - 1) / Growth.Rate(new(beta) { Profile = interaction.Profile }, dimension, 1);
        return !interaction.Profile.IsExponential(beta) ? dimension : ScaledExponential.Times(
            1 / Bessel.RatioOverArgument(dimension / 2.0, beta), -beta - Bessel.LogScaledFunkHecke(dimension, beta));
    }

    /// <summary>
    /// The beta up to which the transition at <see cref="CriticalKappa"/> is continuous; beyond it |m| jumps. Where lambda_2/lambda_1 =
    /// 1/d: there the cubic term of |m| = |m|(|m|), of which the ripple of degree 2 that |m| drives takes its share, changes sign.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2.</exception>
    public static double TricriticalBeta(int dimension)
    {
        Argument.AtLeast(2, dimension);
        return Quadrature.Root(beta => 1.0 / dimension - Bessel.Ratio(dimension / 2.0 + 1, beta), 1, 3);
    }

    /// <summary>
    /// |m| of the stationary law for the linear profile, or beta = 0: the largest solution of |m| = A_d(kappa |m|), positive for kappa
    /// above d.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or kappa is negative or not finite.</exception>
    public static double MeanNorm(int dimension, double kappa)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, kappa);
        // x = kappa |m|, A_d(x) = x/(d + x R(x)), R of order d/2 + 1: then kappa - d = x R(x), which rises, and nothing cancels.
        return kappa <= dimension ? 0
            : Quadrature.Root(x => kappa - dimension - x * Bessel.Ratio(dimension / 2.0 + 1, x), kappa - dimension, kappa) / kappa;
    }

    /// <summary>
    /// E|m|^2 of n tokens of equal weight at all late times, for the linear profile, or beta = 0; USA. Gibbs' law e^{kappa n |m|^2/2} is a
    /// mixture of independent von Mises-Fisher tokens in a field h (Hubbard and Stratonovich): |h| = r has the density r^{d-1} e^{-n (kappa
    /// r^2/2 - log c(kappa r))}, c(x) the mean of e^{x &lt;u, y&gt;} over the sphere, and E|m|^2 = 1/n + (1 - 1/n) E A_d(kappa r)^2. With n
    /// to infinity 1/n/(1 - kappa/d) below d, and the square of <see cref="MeanNorm"/> above.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, n &lt; 1, or kappa is negative or not finite.</exception>
    public static double MeanSquare(int dimension, double kappa, int tokens)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, kappa);
        Argument.AtLeast(1, tokens);
        if (kappa == 0 || tokens == 1) return 1.0 / tokens;
        double peak = MeanNorm(dimension, kappa), most = Log(peak), width = 1 / Math.Sqrt(kappa) / Math.Sqrt(tokens);
        // Beyond, so ordered that the width is below rounding.
        if (kappa * tokens > 1e12) return 1.0 / tokens + (1 - 1.0 / tokens) * peak * peak;
        double squares = Integral(r => Density(r) * Math.Pow(VonMisesFisher.MeanLength(dimension, kappa * r), 2));
        return 1.0 / tokens + (1 - 1.0 / tokens) * squares / Integral(Density);

        // From the peak inwards and outwards; r is at most 1, and noise of this width.
        double Integral(Func<double, double> f) =>
            Quadrature.FromZero(s => f(peak - s), peak, width) + Quadrature.FromZero(s => f(peak + s), 1 + 10 * width, width);

        double Log(double r) => tokens * (kappa * r * (1 - r / 2) + Bessel.LogScaledFunkHecke(dimension, kappa * r));

        // r in units of the peak or of the width, so that r^{d-1} is a number.
        double Density(double r) => Math.Exp(Log(r) - most + (dimension - 1) * Math.Log(r / Math.Max(peak, width)));
    }

    /// <summary>
    /// E&lt;x_1, x_2&gt; of two tokens of equal weight at all late times: their cosine w has the density e^{kappa k(w)/2} (1 -
    /// w^2)^{(d-3)/2} up to a factor; USA. Linear profile: A_d(kappa/2).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or kappa is negative or not finite.</exception>
    /// <exception cref="NotSupportedException">For profiles other than exponential and linear.</exception>
    public static double CosineOfTwo(Interaction interaction, int dimension, double kappa)
    {
        ThrowIfGeneral(interaction);
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, kappa);
        double beta = interaction.Beta;
        if (!interaction.Profile.IsExponential(beta)) return VonMisesFisher.MeanLength(dimension, kappa / 2);
        // kappa k'(1)/2: the law is as wide as its inverse root.
        double steepness = ScaledExponential.Times(kappa / 2, beta);
        if (double.IsInfinity(steepness)) return 1;
        (double log, double mean) = Quadrature.OverAngles(Log, Math.Cos, dimension, 1 / Math.Sqrt(1 + steepness));
        (double logMass, double mass) = Quadrature.OverAngles(Log, _ => 1, dimension, 1 / Math.Sqrt(1 + steepness));
        return Math.Exp(log - logMass) * mean / mass;

        // kappa (k(w) - k(1))/2 = -steepness (1 - e^{-z})/beta, z = beta (1 - w); and the surface.
        double Log(double angle)
        {
            double sine = Math.Sin(angle / 2), drop = ScaledExponential.Deficit(2 * beta * sine * sine);
            return -steepness * (drop / beta) + (dimension > 2 ? (dimension - 2) * Math.Log(Math.Sin(angle)) : 0);
        }
    }

    /// <summary>Theory here is of the exponential and the linear profile.</summary>
    internal static void ThrowIfGeneral(Interaction interaction)
    {
        if (interaction.Profile.IsGeneral)
            throw new NotSupportedException($"this is known for the profiles exponential and linear, not '{interaction.Profile}'");
    }
}
