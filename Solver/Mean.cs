using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver;

/// <summary>The mean token m = sum_i m_i x_i and what belongs to it.</summary>
public static class Mean
{
    /// <summary>m of the rows first..first+count-1 of x [.., d], written to <paramref name="mean"/>.</summary>
    public static void Of(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, Span<double> mean)
    {
        int d = mean.Length;
        mean.Clear();
        for (int i = first; i < first + count; i++)
            for (int c = 0; c < d; c++) mean[c] += weights[i] * x[i * d + c];
    }

    /// <summary>1 - |m|^2 = sum_i m_i |x_i - m|^2, by the second form, accurate near collapse.</summary>
    public static double Variance(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, int d)
    {
        Span<double> mean = stackalloc double[d];
        Of(x, weights, first, count, mean);
        double variance = 0;
        for (int i = first; i < first + count; i++)
        {
            double squared = 0;
            for (int c = 0; c < d; c++) squared += (x[i * d + c] - mean[c]) * (x[i * d + c] - mean[c]);
            variance += weights[i] * squared;
        }
        return variance;
    }

    /// <summary>sum_i m_i (x_i - c)(x_i - c)^T over the same rows, [d, d]; c = 0 or the mean token.</summary>
    public static Matrix<double> SecondMoment(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, ReadOnlySpan<double> centre)
    {
        int d = centre.Length;
        Matrix<double> moment = Matrix<double>.Build.Dense(d, d);
        for (int i = first; i < first + count; i++)
        {
            ReadOnlySpan<double> token = x.Slice(i * d, d);
            for (int a = 0; a < d; a++)
                for (int b = 0; b <= a; b++)
                    moment[a, b] += weights[i] * (token[a] - centre[a]) * (token[b] - centre[b]);
        }
        for (int a = 0; a < d; a++)
            for (int b = a + 1; b < d; b++) moment[a, b] = moment[b, a];
        return moment;
    }

    /// <summary>The eigenvalues, falling, of a symmetric matrix that has no negative ones.</summary>
    public static double[] Eigenvalues(Matrix<double> matrix) =>
        [.. matrix.Evd(Symmetricity.Symmetric).EigenValues.Select(v => Math.Max(0, v.Real)).OrderDescending()];
}
