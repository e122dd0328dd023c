namespace AttentionFlow.Solver.Motion;

/// <summary>The times at which something is recorded.</summary>
public static class RecordTimes
{
    /// <summary>count times from 0 to the horizon, evenly spaced; one alone is the horizon.</summary>
    public static double[] Linear(int count, double horizon) =>
        count == 1 ? [horizon] : [.. Enumerable.Range(0, count).Select(i => i == count - 1 ? horizon : horizon * i / (count - 1))];

    /// <summary>0, then count - 1 times from first to the horizon, evenly spaced in log t; one alone is the horizon.</summary>
    public static double[] Logarithmic(int count, double first, double horizon) =>
        count < 3 ? Linear(count, horizon)
        : [0, .. Enumerable.Range(0, count - 1)
            .Select(i => i == count - 2 ? horizon : first * Math.Pow(horizon / first, (double)i / (count - 2)))];
}
