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
}
