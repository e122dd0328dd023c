namespace AttentionFlow.Solver.Motion;

/// <summary>The times at which something is recorded.</summary>
public static class RecordTimes
{
    /// <summary>count times from 0 to the horizon, evenly spaced; one alone is the horizon.</summary>
    public static double[] Linear(int count, double horizon) =>
        count == 1 ? [horizon] : [.. Enumerable.Range(0, count).Select(i => i == count - 1 ? horizon : horizon * i / (count - 1))];

    /// <summary>
    /// Times to a horizon, then on by the same rule, evenly or in the logarithm, and the later horizons, each of which once was the last.
    /// </summary>
    /// <param name="times">To the first of the horizons.</param>
    /// <param name="isLinear">Whether they are evenly spaced.</param>
    /// <param name="horizons">Rising, at least two.</param>
    public static double[] Extended(double[] times, bool isLinear, IReadOnlyList<double> horizons)
    {
        // Times closer to a horizon than this share of it are that horizon.
        const double same = 1e-9;
        double first = horizons[0], before = times.Length > 1 ? times[^2] : 0;
        bool isEven = isLinear || before == 0;
        List<double> all = [.. times];
        int next = 1;
        for (int i = 1; next < horizons.Count; i++)
        {
            double time = isEven ? first + (first - before) * i : first * Math.Pow(first / before, i);
            while (next < horizons.Count && horizons[next] <= time * (1 + same)) all.Add(horizons[next++]);
            if (next < horizons.Count && time > all[^1] * (1 + same)) all.Add(time);
        }
        return [.. all];
    }

    /// <summary>0, then count - 1 times from first to the horizon, evenly spaced in log t; one alone is the horizon.</summary>
    public static double[] Logarithmic(int count, double first, double horizon) =>
        count < 3 ? Linear(count, horizon)
        : [0, .. Enumerable.Range(0, count - 1)
            .Select(i => i == count - 2 ? horizon : first * Math.Pow(horizon / first, (double)i / (count - 2)))];
}
