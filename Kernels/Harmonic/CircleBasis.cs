namespace AttentionFlow.Kernels;

/// <summary>
/// cos l u and sin l u for l = 0..L. Moments (c_l, s_l) at 2 l; coefficients A_l, B_l, l B_l, -l A_l at 4 l, so that
/// Z = sum_l A_l cos l u + B_l sin l u and dZ/du = sum_l l B_l cos l u - l A_l sin l u.
/// </summary>
/// <remarks>
/// The kernel's functions carry the signs +, +, -, -, +, +, ... of l, which turn the Chebyshev recurrence u_{l+1} = 2 x u_l - u_{l-1} into the
/// fused operations u_{l-1} + 2 x u_l (l even) and u_{l-1} - 2 x u_l (l odd); it takes degrees in twos.
/// </remarks>
internal sealed class CircleBasis(int order) : HarmonicBasis(order)
{
    /// <inheritdoc/>
    public override int Moments => 2 * (Order / 2 * 2 + 2);

    /// <inheritdoc/>
    public override int Coefficients => 2 * Moments;

    private static double Sign(int degree) => (degree & 2) == 0 ? 1 : -1;

    /// <inheritdoc/>
    public override void ToMoments(Span<double> sums)
    {
        for (int i = 0; i < Moments; i++) sums[i] *= Sign(i / 2);
    }

    /// <inheritdoc/>
    public override void ToCoefficients(ReadOnlySpan<double> moments, KernelSeries series, Span<double> coefficients)
    {
        coefficients.Clear();
        for (int l = 0; l <= Order; l++)
        {
            double a = series.Coefficients[l] * Sign(l) * moments[2 * l], b = series.Coefficients[l] * Sign(l) * moments[2 * l + 1];
            (coefficients[4 * l], coefficients[4 * l + 1], coefficients[4 * l + 2], coefficients[4 * l + 3]) = (a, b, l * b, -l * a);
        }
    }

    /// <inheritdoc/>
    public override void AddPower(ReadOnlySpan<double> moments, double factor, Span<double> power)
    {
        for (int l = 0; l <= Order; l++) power[l] += factor * (moments[2 * l] * moments[2 * l] + moments[2 * l + 1] * moments[2 * l + 1]);
    }
}
