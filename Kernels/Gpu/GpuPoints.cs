namespace AttentionFlow.Kernels.Gpu;

/// <summary>Positions in the form that kernels take, on the host: centred, scaled, rounded, padded with zeros.</summary>
internal static class GpuPoints
{
    /// <summary>The mean of each replica's points, [R, d].</summary>
    public static double[] Means(double[] x, int replicas, int points, int dimension)
    {
        double[] means = new double[replicas * dimension];
        for (int r = 0; r < replicas; r++)
        {
            Span<double> mean = means.AsSpan(r * dimension, dimension);
            for (int i = 0, at = r * points * dimension; i < points; i++)
                for (int c = 0; c < dimension; c++) mean[c] += x[at++];
            foreach (ref double m in mean) m /= points;
        }
        return means;
    }

    /// <summary>into[i, 0..stride) = (x_i - mean) scale; x null stands for zeros, no means for a mean of zero.</summary>
    public static void Write<T>(double[]? x, double[]? means, double scale, int replicas, int points, int dimension, int stride, T[] into, Func<double, T> round, int threads)
        where T : unmanaged
    {
        int perReplica = points;
        Workers.For(replicas * points, Math.Max(1, 20_000 / dimension), threads, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                Span<T> row = into.AsSpan(i * stride, stride);
                int mean = i / perReplica * dimension;
                for (int c = 0; c < dimension; c++)
                    row[c] = round(((x is null ? 0 : x[i * dimension + c]) - (means is null ? 0 : means[mean + c])) * scale);
                row[dimension..].Clear();
            }
        });
    }
}
