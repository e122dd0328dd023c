using System.Diagnostics;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>How long one number may take.</summary>
/// <param name="LongestCall">A call that is expected to take longer, in seconds, is left out.</param>
internal sealed record TimeBudget(double WarmUp, double Repeats, double LongestCall)
{
    public static TimeBudget Usual { get; } = new(0.05, 0.2, 2);

    /// <summary>What <c>bench --scaling</c> takes: direct sums of a hundred thousand tokens.</summary>
    public static TimeBudget Scaling { get; } = new(0.05, 0.5, 15);
}

/// <summary>Seconds a call takes: the median of repeats after a warm-up.</summary>
internal static class Timing
{
    /// <summary>Times a call. One that alone outlasts the whole budget is made once, without a warm-up.</summary>
    public static double Median(Action call, TimeBudget budget, CancellationToken stop)
    {
        List<double> seconds = Repeat(call, budget.WarmUp, stop);
        if (seconds[0] < budget.WarmUp + budget.Repeats) seconds = Repeat(call, budget.Repeats, stop);
        seconds.Sort();
        int half = seconds.Count / 2;
        return seconds.Count % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
    }

    /// <summary>The shortest of the calls that fit into the budget, for a ceiling.</summary>
    public static double Shortest(Action call, TimeBudget budget, CancellationToken stop)
    {
        Repeat(call, budget.WarmUp, stop);
        return Repeat(call, budget.Repeats, stop).Min();
    }

    private static List<double> Repeat(Action call, double budget, CancellationToken stop)
    {
        List<double> seconds = [];
        for (double total = 0; seconds.Count == 0 || total < budget; total += seconds[^1])
        {
            stop.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            call();
            // At least a tick, so that a rate is finite.
            seconds.Add((double)Math.Max(1, Stopwatch.GetTimestamp() - start) / Stopwatch.Frequency);
        }
        return seconds;
    }
}
