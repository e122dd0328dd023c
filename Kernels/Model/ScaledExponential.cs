namespace AttentionFlow.Kernels.Model;

/// <summary>Products and differences with e^x that keep what doubles hold: where e^x alone is beyond their range, or near 1.</summary>
public static class ScaledExponential
{
    // e^x is a normal number for |x| up to this.
    private const double Largest = 700;

    /// <summary>1 - e^{-z}, z >= 0, without cancellation.</summary>
    public static double Deficit(double z) => z < 1 ? 2 * Math.Exp(-z / 2) * Math.Sinh(z / 2) : 1 - Math.Exp(-z);

    /// <summary>factor e^exponent: overflows, or underflows, only where the product does. Exponent finite.</summary>
    public static double Times(double factor, double exponent)
    {
        // Halving is exact.
        double part = exponent, parts = 1;
        for (; Math.Abs(part) > Largest; part /= 2) parts *= 2;
        double power = Math.Exp(part), product = factor;
        for (double k = 0; k < parts && product != 0 && double.IsFinite(product); k++) product *= power;
        return product;
    }
}
