using System.Runtime.ExceptionServices;

namespace AttentionFlow.Kernels;

/// <summary>Runs a loop on a few threads of the pool, the calling thread among them.</summary>
public static class Workers
{
    /// <summary>
    /// Calls <paramref name="body"/>(from, to) for disjoint ranges that cover [0, count), each at most <paramref name="grain"/> long, on up
    /// to <paramref name="threads"/> threads; returns when all are done. Which thread runs a range, and in which order, is not defined: the
    /// ranges must not depend on each other. With one thread or one range the caller runs body(0, count) itself. No thread waits for
    /// another to start, so calls may be nested.
    /// </summary>
    /// <exception cref="Exception">The first exception of a body, as it was thrown; ranges that had not begun are skipped.</exception>
    public static void For(int count, int grain, int threads, Action<int, int> body)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (count <= 0) return;
        if (threads == 1 || count <= grain)
        {
            body(0, count);
            return;
        }
        Loop loop = new(count, grain, body);
        for (int helper = 1; helper < Math.Min(threads, loop.Ranges); helper++)
            ThreadPool.UnsafeQueueUserWorkItem(loop, preferLocal: false);
        loop.Execute();
        loop.Wait();
    }

    private sealed class Loop(int count, int grain, Action<int, int> body) : IThreadPoolWorkItem
    {
        // Long enough to cover the tail of a range, short enough not to burn a core that another process could use.
        private const int SpinsBeforeSleep = 200;
        private int _next;
        private int _done;
        private ExceptionDispatchInfo? _failure;

        public int Ranges { get; } = (count - 1) / grain + 1;

        public void Execute()
        {
            int range;
            while ((range = Interlocked.Increment(ref _next) - 1) < Ranges)
            {
                try
                {
                    int from = range * grain;
                    if (_failure is null) body(from, Math.Min(count - from, grain) + from);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
                }
                if (Interlocked.Increment(ref _done) == Ranges) lock (this) Monitor.PulseAll(this);
            }
        }

        public void Wait()
        {
            for (int spin = 0; spin < SpinsBeforeSleep && Volatile.Read(ref _done) < Ranges; spin++) Thread.SpinWait(20);
            if (Volatile.Read(ref _done) < Ranges)
                lock (this)
                    while (Volatile.Read(ref _done) < Ranges) Monitor.Wait(this);
            _failure?.Throw();
        }
    }
}
