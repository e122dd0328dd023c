namespace AttentionFlow.Solver.Theory;

/// <summary>
/// Attention of a fixed query among independent uniform keys on S^{d-1} in the limit of long contexts, n to infinity with beta of the order
/// n^{2/(d-1)} [arXiv 2605.08505]. Near the query the keys are a Poisson process: of u = beta (1 - &lt;q, k>) there are on average kappa
/// u^a below u, a = (d - 1)/2, and a key has the weight e^{-u}.
/// </summary>
public static class NearestKeys
{
    // Beyond it e^{-x} is nothing beside 1.
    private const double Far = 40;

    // e^{-e^y} is known to 1e-14 from the 32 nodes of a panel this long.
    private const double Coarse = 3;

    /// <summary>
    /// kappa, the mean number of keys with beta (1 - &lt;q, k>) &lt; 1 near the query: n C (1/beta)^a, C = 2^{a-1} Gamma(d/2)/(sqrt(pi)
    /// Gamma((d - 1)/2) a). kappa = 1 is the critical beta.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, n &lt; 1 or beta &lt;= 0.</exception>
    public static double Number(int dimension, double beta, double keys)
    {
        Argument.AtLeast(2, dimension);
        Argument.Positive(beta);
        Argument.AtLeast(1, keys);
        return keys * Math.Exp(LogShare(dimension) - Half(dimension) * Math.Log(beta));
    }

    /// <summary>The beta at which <see cref="Number"/> is kappa.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, n &lt; 1 or kappa &lt;= 0.</exception>
    public static double Beta(int dimension, double kappa, double keys)
    {
        Argument.AtLeast(2, dimension);
        Argument.Positive(kappa);
        Argument.AtLeast(1, keys);
        return Math.Exp((Math.Log(keys / kappa) + LogShare(dimension)) / Half(dimension));
    }

    /// <summary>
    /// E sum_j p_j^2, p_j = e^{-u_j}/sum_k e^{-u_k}: the chance that two keys drawn by attention are one. By Mecke's formula the integral
    /// over s of s psi(s) e^{-phi(s)}, phi = int (1 - e^{-s e^{-u}}) dN, psi = int e^{-2u - s e^{-u}} dN, N = kappa u^a. It is 1 for kappa
    /// to 0, one key has all, and 2^{-a}/(kappa Gamma(a + 1)) for kappa to infinity, an average over many.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2 or kappa is not in [1e-3, 1e6].</exception>
    public static double MeanSquares(int dimension, double kappa)
    {
        Argument.AtLeast(2, dimension);
        Argument.Within(kappa, 1e-3, 1e6);
        double a = Half(dimension);
        return BelowZero(Integrand, 1 + kappa) + Quadrature.FromZero(Integrand, Far + Math.Pow(Far / kappa, 1 / a), 1);

        double Integrand(double y)
        {
            double from = Math.Max(0, y - Far), end = Math.Max(y, 0) + Far;
            double low = Math.Sqrt(from), high = Math.Sqrt(end);
            // dN/kappa = a u^{a-1} du = 2 a v^{2a-1} dv, u = v^2, which is smooth at 0.
            (double phi, double psi) = Seen(y, Math.Pow(from, a), Quadrature.Nodes(low, high, Panels(low, high))
                .Select(node => (node.Node * node.Node, 2 * a * Math.Pow(node.Node, dimension - 2) * node.Weight)));
            return kappa * psi * Math.Exp(-kappa * phi);
        }
    }

    /// <summary>
    /// The same for n keys at one beta, on the whole sphere and not its tangent plane: n int s psi (1 - phi)^{n-1} ds, phi and psi means
    /// over one key. 1/n for beta to 0; for n to infinity at one kappa <see cref="MeanSquares(int, double)"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, beta is not in [1e-9, 1e12] or n not in [2, 1e12].</exception>
    public static double MeanSquares(int dimension, double beta, double keys)
    {
        Argument.AtLeast(2, dimension);
        Argument.Within(beta, 1e-9, 1e12);
        Argument.Within(keys, 2, 1e12);
        double density = Math.Exp(MathNet.Numerics.SpecialFunctions.GammaLn(dimension / 2.0)
            - MathNet.Numerics.SpecialFunctions.GammaLn(Half(dimension))) / Math.Sqrt(Math.PI);
        // No weight is below e^{-2 beta}; where the sphere ends, the scale of y is 1 again.
        double highest = 2 * beta + Math.Log(Far) + 1;
        return BelowZero(Integrand, 1 + keys) + Quadrature.FromZero(Integrand, highest / 2, 1)
            + Quadrature.FromZero(y => Integrand(highest - y), highest / 2, 1);

        double Integrand(double y)
        {
            double low = Angle(Math.Max(0, y - Far)), high = Angle(Math.Max(y, 0) + Far);
            int panels = 1 + Panels(Chord(low), Chord(high));
            (double phi, double psi) = Seen(y, Quadrature.Nodes(0, low, 1).Sum(Share), Quadrature.Nodes(low, high, panels)
                .Select(node => (Chord(node.Node) * Chord(node.Node), Share(node))));
            return keys * psi * Math.Exp((keys - 1) * MathNet.Numerics.SpecialFunctions.Log1p(-Math.Min(phi, 1)));
        }

        double Chord(double angle) => Math.Sqrt(2 * beta) * Math.Sin(angle / 2);

        double Angle(double u) => 2 * Math.Asin(Math.Sqrt(u < 2 * beta ? u / (2 * beta) : 1));

        double Share((double Node, double Weight) node) => density * Math.Pow(Math.Sin(node.Node), dimension - 2) * node.Weight;
    }

    // Integral over y below 0 of s^2 psi times a chance, s = e^y, which is nothing below e^-20/scale. Above 0 the scale of y grows with it.
    private static double BelowZero(Func<double, double> integrand, double scale) =>
        Quadrature.Panels(integrand, -Far / 2 - Math.Log(scale), 0, Coarse);

    // phi and s^2 psi over keys of these u; nearer ones than y - Far, this many, count whole.
    private static (double Phi, double Psi) Seen(double y, double whole, IEnumerable<(double U, double Weight)> keys)
    {
        double phi = whole, psi = 0;
        foreach ((double u, double weight) in keys)
        {
            double rate = Math.Exp(y - u);
            phi += weight * ScaledExponential.Deficit(rate);
            psi += weight * rate * rate * Math.Exp(-rate);
        }
        return (phi, psi);
    }

    // So many that u = v^2 changes by 2 Coarse in each at most.
    private static int Panels(double low, double high) => (int)Math.Ceiling((high - low) * Math.Max(2, high) / Coarse);

    private static double Half(int dimension) => (dimension - 1) / 2.0;

    // log C.
    private static double LogShare(int dimension)
    {
        double a = Half(dimension);
        return (a - 1) * Math.Log(2) + MathNet.Numerics.SpecialFunctions.GammaLn(dimension / 2.0) - Math.Log(Math.PI) / 2
            - MathNet.Numerics.SpecialFunctions.GammaLn(a) - Math.Log(a);
    }
}
