namespace AttentionFlow.Solver;

/// <summary>W1 of two weighted samples of the line: the integral of |F - G|, F and G their distribution functions. Exact.</summary>
public static class LineWasserstein
{
    /// <summary>The distance; weights sum to 1 each.</summary>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> y, ReadOnlySpan<double> lawWeights)
    {
        double distance = 0;
        foreach ((double length, double difference) in Steps(x, weights, y, lawWeights)) distance += length * Math.Abs(difference);
        return distance;
    }

    /// <summary>F - G between neighbouring points of the two samples together, in their order: length of the interval and value.</summary>
    internal static (double Length, double Difference)[] Steps(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, ReadOnlySpan<double> y, ReadOnlySpan<double> lawWeights)
    {
        double[] at = [.. x, .. y], jump = [.. weights, .. lawWeights];
        for (int i = x.Length; i < jump.Length; i++) jump[i] = -jump[i];
        Array.Sort(at, jump);
        (double, double)[] steps = new (double, double)[at.Length - 1];
        double difference = 0;
        for (int i = 0; i < steps.Length; i++) steps[i] = (at[i + 1] - at[i], difference += jump[i]);
        return steps;
    }
}
