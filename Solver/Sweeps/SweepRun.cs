using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
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
        (int)Math.Clamp(points.Max(p => (double?)ExperimentRun.PairsPerEvaluation(p.Experiment)) / PairsOfAThread ?? 1, 1, threads);
}

/// <summary>What became of a point.</summary>
/// <param name="Point">The point.</param>
/// <param name="Status">How it ended; <see cref="PointStatus.Running"/>: another process has it.</param>
/// <param name="Why">What is wrong; null for nothing.</param>
public sealed record PointResult(SweepPoint Point, PointStatus Status, string? Why = null);

/// <summary>Runs points of a sweep, each into its folder. The failure of one stops no other.</summary>
/// <param name="folder">Where they go.</param>
/// <param name="sharing">How many at a time.</param>
/// <param name="makeRun">A run with so many threads, which tells a display how far it is.</param>
/// <param name="explain">A sentence about an error.</param>
public sealed class SweepRun(
    SweepFolder folder, Sharing sharing, Func<IProgressDisplay, int, ExperimentRun> makeRun, Func<Exception, string> explain)
{
    private const int Stack = 16 << 20;

    /// <summary>Runs the points.</summary>
    /// <param name="points">Which.</param>
    /// <param name="progress">Is told how far all of them are; by one thread at a time.</param>
    /// <param name="ended">Takes what became of each, when it has ended; by one thread at a time.</param>
    /// <param name="stop">Ends those under way and begins no more.</param>
    public void Execute(IReadOnlyList<SweepPoint> points, IProgressDisplay progress, Action<PointResult> ended, CancellationToken stop)
    {
        SweepProgress all = new(progress, points.Count);
        int next = -1;
        Thread[] workers = [.. Enumerable.Range(0, sharing.Jobs)
            .Select(i => new Thread(Work, Stack) { Name = $"point {i}", IsBackground = true })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();

        void Work()
        {
            PointProgress own = new(all);
            ExperimentRun run = makeRun(own, sharing.Threads);
            while (!stop.IsCancellationRequested && Interlocked.Increment(ref next) is var i && i < points.Count)
            {
                own.Start(points[i].Experiment);
                PointResult result = Result(run, points[i], stop);
                own.End();
                lock (all) ended(result);
            }
        }
    }

    private PointResult Result(ExperimentRun run, SweepPoint point, CancellationToken stop)
    {
        try
        {
            if (folder.StatusOf(point) == PointStatus.Complete) return new(point, PointStatus.Complete); // by another process
            RunRecord record = Execute(run, point, stop);
            return record.Status switch
            {
                RunStatus.Complete => new(point, PointStatus.Complete),
                RunStatus.Diverged => new(point, PointStatus.Diverged, record.Advice),
                _ => new(point, PointStatus.Stopped),
            };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new(point, PointStatus.Stopped);
        }
        catch (Exception e) when (FolderInUseException.IsCauseOf(e))
        {
            return new(point, PointStatus.Running);
        }
        catch (Exception e)
        {
            return new(point, PointStatus.Failed, explain(e));
        }
    }

    // What an interrupted run has left is replaced.
    private RunRecord Execute(ExperimentRun run, SweepPoint point, CancellationToken stop) =>
        run.Execute(point.Experiment, folder.FolderOf(point), overwrite: true, stop);
}

/// <summary>Joins the progress of points side by side into one.</summary>
internal sealed class SweepProgress(IProgressDisplay display, int points)
{
    private readonly Lock _lock = new();
    private int _ended;

    /// <summary>So many pairs are done, or more expected.</summary>
    public void Tell(double pairs, double expected, bool direct)
    {
        using Lock.Scope scope = _lock.EnterScope();
        if (expected != 0) display.Expect(expected);
        if (pairs != 0) display.Advance(pairs, $"{_ended} of {points} points", direct);
    }

    /// <summary>A point has ended.</summary>
    public void End(double missing)
    {
        using Lock.Scope scope = _lock.EnterScope();
        _ended++;
        display.Expect(-missing);
        display.Advance(0, $"{_ended} of {points} points");
    }
}

/// <summary>The progress of one point after the other.</summary>
internal sealed class PointProgress(SweepProgress all) : IProgressDisplay
{
    private double _missing;

    public void Begin(string name) { }

    /// <summary>A point begins, whose pairs are among those expected.</summary>
    public void Start(Experiment experiment) => _missing = ExperimentRun.Pairs(experiment);

    public void Advance(double pairs, string detail, bool direct)
    {
        _missing -= pairs;
        all.Tell(pairs, 0, direct);
    }

    public void Expect(double pairs)
    {
        _missing += pairs;
        all.Tell(0, pairs, true);
    }

    /// <summary>The point has ended; what it has not done is expected no more.</summary>
    public void End() => all.End(_missing);
}
