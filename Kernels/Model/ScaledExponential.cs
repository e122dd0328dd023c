namespace AttentionFlow.Kernels.Model;

/// <summary>Products with e^x where e^x alone is beyond the range of doubles.</summary>
public static class ScaledExponential
{
    // e^x is a normal number for |x| up to this.
    private const double Largest = 700;

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
