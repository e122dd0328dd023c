namespace AttentionFlow.Solver;

/// <summary>[0, 1) cut into consecutive shares.</summary>
internal static class Shares
{
    /// <summary>The index of the share that p in [0, 1] falls into, shares proportional to the weights or equal; 1 belongs to the last.</summary>
    public static int Of(double p, IReadOnlyList<double>? weights, int count)
    {
        if (weights is null) return Math.Min((int)(p * count), count - 1);
        double at = p * weights.Sum(), cumulated = 0;
        for (int k = 0; k < count - 1; k++)
        {
            cumulated += weights[k];
            if (at < cumulated) return k;
        }
        return count - 1;
    }
}
