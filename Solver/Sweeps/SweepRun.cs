using AttentionFlow.Solver.Configuration;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Sweeps;

/// <summary>What became of a point.</summary>
/// <param name="Point">The point.</param>
/// <param name="Status">How it ended; <see cref="PointStatus.Running"/>: another process has it.</param>
/// <param name="Why">What is wrong; null for nothing.</param>
public sealed record PointResult(SweepPoint Point, PointStatus Status, string? Why = null);

/// <summary>Runs points of a sweep, each into its folder. One that was interrupted goes on; the failure of one stops no other.</summary>
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
            PointStatus before = folder.StatusOf(point);
            if (before == PointStatus.Complete) return new(point, before); // by another process
            string path = folder.FolderOf(point);
            RunRecord record = before is PointStatus.Stopped or PointStatus.Running
                ? run.Resume(point.Experiment, path, horizon: null, stop) : run.Execute(point.Experiment, path, overwrite: true, stop);
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
}
