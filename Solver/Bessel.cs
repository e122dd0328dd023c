using MathNet.Numerics;

namespace AttentionFlow.Solver;

/// <summary>
/// Modified Bessel functions and the Funk-Hecke eigenvalues made of them, for every argument: what is beyond the range of doubles is
/// infinite, and there are forms that never are.
/// </summary>
public static class Bessel
{
    // Up to here e^x, and the functions that grow like it, are doubles.
    private const double Direct = 700;

    /// <summary>I_order(x), order >= 0 (whole or half), x >= 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When order or x is negative or not finite.</exception>
    public static double I(double order, double x)
    {
        Argument.AtLeast(0, order);
        Argument.AtLeast(0, x);
        if (x == 0) return order == 0 ? 1 : 0;
        return x <= Direct ? SpecialFunctions.BesselI(order, x)
            : HasHankel(order, x) ? ScaledExponential.Times(Scaled(order, x), x)
            : ScaledExponential.Times(1, LogScaled(order, x) + x);
    }

    /// <summary>e^{-x} I_order(x), at most 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When order or x is negative or not finite.</exception>
    public static double Scaled(double order, double x)
    {
        Argument.AtLeast(0, order);
        Argument.AtLeast(0, x);
        return HasHankel(order, x) ? Hankel(order, x) / Math.Sqrt(2 * Math.PI * x)
            : x <= Direct ? Math.Exp(-x) * I(order, x) : Math.Exp(LogScaled(order, x));
    }

    /// <summary>
    /// lambda_l = Gamma(d/2) (2/beta)^{d/2-1} I_{l+d/2-1}(beta): the factor by which convolution with e^{beta &lt;x,y&gt;} over the uniform
    /// law of S^{d-1} multiplies spherical harmonics of degree l. At beta = 0: 1 for l = 0, else 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or l or beta is negative, or beta not finite.</exception>
    public static double FunkHecke(int dimension, int degree, double beta) =>
        ScaledExponential.Times(DegreeRatio(dimension, degree, beta), LogScaledFunkHecke(dimension, beta) + beta);

    /// <summary>log(e^{-beta} lambda_0), at most 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or beta is negative or not finite.</exception>
    public static double LogScaledFunkHecke(int dimension, double beta)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, beta);
        return LogScaledZero(dimension / 2.0, beta);
    }

    /// <summary>lambda_l/lambda_0, the product of l ratios.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When d &lt; 2, or l or beta is negative, or beta not finite.</exception>
    public static double DegreeRatio(int dimension, int degree, double beta)
    {
        Argument.AtLeast(2, dimension);
        Argument.AtLeast(0, degree);
        Argument.AtLeast(0, beta);
        double ratio = 1;
        for (int l = 1; l <= degree && ratio > 0; l++) ratio *= Ratio(dimension / 2.0 - 1 + l, beta);
        return ratio;
    }

    /// <summary>
    /// I_order(x)/I_{order-1}(x), order >= 1/2, x >= 0, without overflow: R_v = 1/(2 v/x + R_{v+1}), downwards; by Hankel's expansions for
    /// large x. 0 at x = 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">When the order is below 1/2, or x negative or not finite.</exception>
    public static double Ratio(double order, double x)
    {
        Argument.AtLeast(0.5, order);
        Argument.AtLeast(0, x);
        if (HasHankel(order, x)) return Hankel(order, x) / Hankel(order - 1, x);
        double ratio = 0;
        for (int k = Terms(x); k >= 0; k--) ratio = 1 / (2 * (order + k) / x + ratio);
        return ratio;
    }

    /// <summary>I_order(x)/(x I_{order-1}(x)), order >= 1/2, x >= 0; 1/(2 order) at x = 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">When the order is below 1/2, or x negative or not finite.</exception>
    public static double RatioOverArgument(double order, double x) => 1 / (2 * order + x * Ratio(order + 1, x));

    /// <summary>A number of orders l after which I_l(x)/I_0(x), about e^{-l^2/2x} for l below x, is below 1e-17.</summary>
    internal static int Terms(double x) => 25 + (int)(10 * Math.Sqrt(x));

    // Gamma(v + 1) (2/x)^v e^{-x} I_v(x), in logarithms.
    private static double LogScaled(double order, double x) =>
        LogScaledZero(order + 1, x) + order * Math.Log(x / 2) - SpecialFunctions.GammaLn(order + 1);

    // log of e^{-beta} lambda_0: the power series sum_k (beta/2)^{2k}/(k! (half)_k), all terms positive, or Hankel's expansion.
    private static double LogScaledZero(double half, double beta)
    {
        if (HasHankel(half - 1, beta))
            return SpecialFunctions.GammaLn(half) + (half - 1) * Math.Log(2 / beta) - Math.Log(2 * Math.PI * beta) / 2
                + Math.Log(Hankel(half - 1, beta));
        const int Scale = 500;
        double sum = 1, term = 1, exponent = 0;
        for (double k = 1, ratio = 2; ratio > 1 || term > 1e-18 * sum; k++)
        {
            ratio = beta / 2 / k * (beta / 2 / (k - 1 + half));
            sum += term *= ratio;
            if (sum < Math.ScaleB(1, Scale)) continue;
            (sum, term, exponent) = (Math.ScaleB(sum, -Scale), Math.ScaleB(term, -Scale), exponent + Scale);
        }
        return Math.Log(sum) + exponent * Math.Log(2) - beta;
    }

    private static bool HasHankel(double order, double x) => x > 100 && order * order <= 4 * x;

    // (2 pi x)^{1/2} e^{-x} I_v(x) = sum_k (-1)^k (4 v^2 - 1)(4 v^2 - 9)...(4 v^2 - (2k-1)^2)/(k! (8x)^k).
    private static double Hankel(double order, double x)
    {
        double sum = 1, term = 1;
        for (double k = 1; Math.Abs(term) > 1e-18; k++) sum += term *= -(4 * order * order - (2 * k - 1) * (2 * k - 1)) / (8 * k * x);
        return sum;
    }
}
