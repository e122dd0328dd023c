using MathNet.Numerics;

namespace AttentionFlow.Solver;

/// <summary>Modified Bessel functions and the Funk-Hecke eigenvalues made of them.</summary>
public static class Bessel
{
    /// <summary>I_order(x), order >= 0 (whole or half), x >= 0.</summary>
    public static double I(double order, double x) => x == 0 ? (order == 0 ? 1 : 0) : SpecialFunctions.BesselI(order, x);

    /// <summary>
    /// lambda_l = Gamma(d/2) (2/beta)^{d/2-1} I_{l+d/2-1}(beta): the factor by which convolution with e^{beta &lt;x,y&gt;} over the uniform
    /// law of S^{d-1} multiplies spherical harmonics of degree l. At beta = 0: 1 for l = 0, else 0.
    /// </summary>
    public static double FunkHecke(int dimension, int degree, double beta)
    {
        if (beta == 0) return degree == 0 ? 1 : 0;
        double half = dimension / 2.0;
        return SpecialFunctions.Gamma(half) * Math.Pow(2 / beta, half - 1) * I(degree + half - 1, beta);
    }

    /// <summary>
    /// I_order(x)/I_{order-1}(x), order >= 1/2, x >= 0, without overflow: R_v = 1/(2 v/x + R_{v+1}), downwards. 0 at x = 0.
    /// </summary>
    public static double Ratio(double order, double x)
    {
        double ratio = 0;
        for (int k = Terms(x); k >= 0; k--) ratio = 1 / (2 * (order + k) / x + ratio);
        return ratio;
    }

    /// <summary>A number of orders l after which I_l(x)/I_0(x), about e^{-l^2/2x} for l below x, is below 1e-17.</summary>
    internal static int Terms(double x) => 25 + (int)(10 * Math.Sqrt(x));
}
