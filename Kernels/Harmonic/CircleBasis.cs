namespace AttentionFlow.Kernels.Harmonic;

/// <summary>
/// cos l u and sin l u for l = 0..L. Moments (c_l, s_l) at 2 l. Coefficients, at 16 l: (A_l, B_l) four times, then (l B_l, -l A_l) four
/// times, for Z = sum_l A_l cos l u + B_l sin l u and dZ/du = sum_l l B_l cos l u - l A_l sin l u.
/// </summary>
/// <remarks>
/// The kernel's functions carry the signs +, +, -, -, +, +, ... of l, which turn the Chebyshev recurrence u_{l+1} = 2 x u_l - u_{l-1} into
/// the fused operations u_{l-1} + 2 x u_l (l even) and u_{l-1} - 2 x u_l (l odd); it takes degrees in twos, and cosine and sine of four
/// tokens as the eight lanes of a row.
/// </remarks>
internal sealed class CircleBasis(int order) : HarmonicBasis(order)
{
    /// <summary>Numbers a degree has among the coefficients.</summary>
    public const int CoefficientsPerDegree = 2 * Lanes;

    public override int SumRows => Order / 2 * 2 + 2;

    public override int Moments => 2 * SumRows;

    public override int Coefficients => CoefficientsPerDegree * SumRows;

    private static double Sign(int degree) => (degree & 2) == 0 ? 1 : -1;

    public override unsafe void Reduce(double* rows, Span<double> sums)
    {
        for (int i = 0; i < Moments; i++)
        {
            double* row = rows + i / 2 * Lanes + i % 2;
            sums[i] += row[0] + row[2] + (row[4] + row[6]);
        }
    }

    public override void ToMoments(Span<double> sums)
    {
        for (int i = 0; i < Moments; i++) sums[i] *= Sign(i / 2);
    }

    public override void ToCoefficients(ReadOnlySpan<double> moments, double[] series, Span<double> coefficients)
    {
        coefficients.Clear();
        for (int l = 0; l <= Order; l++)
        {
            double a = series[l] * Sign(l) * moments[2 * l], b = series[l] * Sign(l) * moments[2 * l + 1];
            for (int i = CoefficientsPerDegree * l; i < CoefficientsPerDegree * l + Lanes; i += 2)
            {
                (coefficients[i], coefficients[i + 1]) = (a, b);
                (coefficients[i + Lanes], coefficients[i + Lanes + 1]) = (l * b, -l * a);
            }
        }
    }

    public override void AddPower(ReadOnlySpan<double> moments, double factor, Span<double> power)
    {
        for (int l = 0; l <= Order; l++) power[l] += factor * (moments[2 * l] * moments[2 * l] + moments[2 * l + 1] * moments[2 * l + 1]);
    }
}
