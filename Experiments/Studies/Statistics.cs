namespace AttentionFlow.Experiments.Studies;

/// <summary>Numbers made of samples.</summary>
internal static class Statistics
{
    /// <summary>The upper of the two middle values where there are two.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The standard deviation of a sample.</summary>
    public static double Deviation(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }

    /// <summary>The value at the nearest rank.</summary>
    public static double Quantile(IReadOnlyCollection<double> values, double share) =>
        values.Order().ElementAt((int)Math.Round(share * (values.Count - 1)));

    /// <summary>Slope of the least-squares line.</summary>
    public static double Slope(IEnumerable<double> x, IEnumerable<double> y) => MathNet.Numerics.Fit.Line([.. x], [.. y]).B;

    /// <summary>Largest |a - b| over pairs.</summary>
    public static double LargestDifference(IEnumerable<double> a, IEnumerable<double> b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    /// <summary>Places from one value on, a length cut into equal steps.</summary>
    public static double[] Grid(double from, double length, int steps) =>
        [.. Enumerable.Range(0, steps + 1).Select(k => from + length * k / steps)];
}
