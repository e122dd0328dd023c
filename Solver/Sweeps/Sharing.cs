using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>How many points go side by side.</summary>
/// <param name="Jobs">Points at a time.</param>
/// <param name="Threads">Threads of each.</param>
public sealed record Sharing(int Jobs, int Threads)
{
    private const double PairsOfAThread = 1 << 20;

    /// <summary>
    /// As many points side by side as there are threads, where an evaluation of each has few pairs; a point with more has a thread for
    /// each 2^20 of them, and those that are left over go to all alike. Points on a GPU go one by one. Depends on sizes alone, and no
    /// result depends on it.
    /// </summary>
    /// <param name="points">The points to be run.</param>
    /// <param name="threads">Threads in all.</param>
    /// <param name="jobs">Points at a time, as asked for; null: by this rule.</param>
    public static Sharing Of(IReadOnlyList<SweepPoint> points, int threads, int? jobs)
    {
        bool isOnGpu = points.Any(p => p.Experiment.Device is not ("auto" or "cpu" or "reference"));
        int together = Math.Min(jobs ?? (isOnGpu ? 1 : threads / ThreadsOf(points, threads)), threads);
        together = Math.Clamp(together, 1, Math.Max(1, points.Count));
        return new Sharing(together, threads / together);
    }

    /// <summary>The threads that the largest of these points is worth.</summary>
    public static int ThreadsOf(IReadOnlyList<SweepPoint> points, int threads) =>
        (int)Math.Clamp(points.Max(p => (double?)RunWork.PairsPerEvaluation(p.Experiment)) / PairsOfAThread ?? 1, 1, threads);
}
