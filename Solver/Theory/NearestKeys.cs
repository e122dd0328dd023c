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
        // s = e^y, from where s^2 psi is nothing on; above 0 the scale of y grows with it, until no key is likely to be that far.
        double lowest = -Far - Math.Log(1 + kappa), highest = Far + Math.Pow(Far / kappa, 1 / a);
        return Quadrature.Panels(Integrand, lowest, 0, 1) + Quadrature.FromZero(Integrand, highest, 1);

        // s^2 psi e^{-phi}, ds = s dy.
        double Integrand(double y)
        {
            // All keys nearer than y - Far count whole.
            double from = Math.Max(0, y - Far), end = Math.Max(y, 0) + Far;
            double phi = Math.Pow(from, a), psi = 0;
            foreach ((double u, double weight) in Keys(from, end, a))
            {
                double rate = Math.Exp(y - u);
                phi += weight * ScaledExponential.Deficit(rate);
                psi += weight * rate * rate * Math.Exp(-rate);
            }
            return kappa * psi * Math.Exp(-kappa * phi);
        }
    }

    // Nodes of dN/kappa = a u^{a-1} du = 2 a v^{2a-1} dv, u = v^2, which is smooth at 0.
    private static IEnumerable<(double U, double Weight)> Keys(double from, double end, double a)
    {
        double low = Math.Sqrt(from), high = Math.Sqrt(end);
        int panels = (int)Math.Ceiling((high - low) * Math.Max(2, high));
        return Quadrature.Nodes(low, high, panels).Select(node =>
            (node.Node * node.Node, 2 * a * Math.Pow(node.Node, 2 * a - 1) * node.Weight));
    }

    private static double Half(int dimension) => (dimension - 1) / 2.0;

    // log C.
    private static double LogShare(int dimension)
    {
        double a = Half(dimension);
        return (a - 1) * Math.Log(2) + MathNet.Numerics.SpecialFunctions.GammaLn(dimension / 2.0) - Math.Log(Math.PI) / 2
            - MathNet.Numerics.SpecialFunctions.GammaLn(a) - Math.Log(a);
    }
}
