namespace AttentionFlow.Kernels;

/// <summary>
/// Harmonics up to an order, in the order and scaling that the vector kernel of this dimension uses: how its raw sums become moments, and
/// moments the coefficients of Z and its gradient.
/// </summary>
internal abstract class HarmonicBasis(int order)
{
    /// <summary>The lanes in which a kernel accumulates; fixed, so that sums have the same bits for every vector width.</summary>
    public const int Lanes = 8;

    /// <summary>The highest degree L.</summary>
    public int Order { get; } = order;

    /// <summary>Numbers a set of moments has.</summary>
    public abstract int Moments { get; }

    /// <summary>Numbers a set of coefficients has.</summary>
    public abstract int Coefficients { get; }

    /// <summary>Turns the raw sums of a kernel into moments, in place.</summary>
    public abstract void ToMoments(Span<double> sums);

    /// <summary>The coefficients for which the kernel evaluates Z = sum_l C_l sum_j w_j P_l(&lt;x, x_j&gt;) and its gradient.</summary>
    public abstract void ToCoefficients(ReadOnlySpan<double> moments, KernelSeries series, Span<double> coefficients);

    /// <summary>Adds factor sum_jk w_j w_k P_l(&lt;x_j, x_k&gt;), made of these moments, to power[l] for l = 0..L.</summary>
    public abstract void AddPower(ReadOnlySpan<double> moments, double factor, Span<double> power);
}
