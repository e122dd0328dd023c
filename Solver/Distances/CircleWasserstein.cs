namespace AttentionFlow.Solver;

/// <summary>
/// W1 of two weighted samples of a circle of radius 1, distances along the circle: the least integral of |F - G - c| over one turn, c the median of F - G
/// (Delon, Salomon, Sobolevskii, SIAM J. Appl. Math. 2010). Exact; on an orbit of radius r multiply by r.
/// </summary>
public static class CircleWasserstein
{
    /// <summary>The distance, from 0 to pi; angles in radians, any turn; weights sum to 1 each.</summary>
    public static double Distance(ReadOnlySpan<double> angles, ReadOnlySpan<double> weights, ReadOnlySpan<double> law, ReadOnlySpan<double> lawWeights)
    {
        double[] x = Turned(angles), y = Turned(law);
        (double Length, double Difference)[] steps = LineWasserstein.Steps(x, weights, y, lawWeights);
        // The rest of the turn, where F - G is 0 at its beginning and, both having run through, at its end.
        double rest = 2 * Math.PI - steps.Sum(s => s.Length);
        steps = [.. steps, (rest, 0)];
        Array.Sort(steps, (a, b) => a.Difference.CompareTo(b.Difference));
        double passed = 0;
        int median = 0;
        while (median < steps.Length - 1 && (passed += steps[median].Length) < Math.PI) median++;
        double c = steps[median].Difference;
        return steps.Sum(s => s.Length * Math.Abs(s.Difference - c));
    }

    private static double[] Turned(ReadOnlySpan<double> angles)
    {
        double[] turned = new double[angles.Length];
        for (int i = 0; i < turned.Length; i++) turned[i] = angles[i] - 2 * Math.PI * Math.Floor(angles[i] / (2 * Math.PI));
        return turned;
    }
}
