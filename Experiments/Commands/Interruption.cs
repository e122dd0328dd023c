using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AttentionFlow.Experiments.Commands;

/// <summary>
/// SIGUSR1 asks for a checkpoint. Ctrl-C, SIGTERM and SIGHUP: the first asks the work to stop; work that has not come back soon after is
/// left behind, and the program ends without it. What comes within two seconds is the same request (timeout signals the program and its
/// group); a later one, should the program still be there, ends it as the system would.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.4), OneRequest = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _signals;
    private readonly TextWriter _error;
    private long _first;

    /// <summary>Listens from now on.</summary>
    /// <param name="error">For the last message.</param>
    /// <param name="stop">Counts as a first signal.</param>
    public Interruption(TextWriter error, CancellationToken stop)
    {
        (_error, _source) = (error, CancellationTokenSource.CreateLinkedTokenSource(stop));
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Select(signal => PosixSignalRegistration.Create(signal, Stop))];
        // SIGUSR1 has no name there, but a number for each system.
        if (!OperatingSystem.IsWindows())
            _signals = [.. _signals, PosixSignalRegistration.Create((PosixSignal)(OperatingSystem.IsLinux() ? 10 : 30), Checkpoint)];
    }

    /// <summary>What SIGUSR1 asks for.</summary>
    public Action CheckpointAsked { get; set; } = () => { };

    /// <summary>Set by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Does the work on a thread of its own and waits for it, or for a signal and a little longer.</summary>
    /// <param name="work">The work; it throws nothing.</param>
    /// <param name="leave">Finishes what must not be left half done; the exit code then, what is to be said, if anything, and for how many
    /// seconds the work may still end by itself.</param>
    /// <returns>The exit code of the work, or that of <paramref name="leave"/>.</returns>
    public int Run(Func<int> work, Func<(int Code, string? Message, double Seconds)> leave)
    {
        const int stack = 16 << 20;
        int code = ExitCodes.Unexpected;
        ManualResetEventSlim done = new(); // not disposed: work that is left behind may still set it
        Thread thread = new(() =>
        {
            code = work();
            done.Set();
        }, stack)
        { IsBackground = true, Name = "work" };
        thread.Start();
        WaitHandle.WaitAny([done.WaitHandle, Token.WaitHandle]);
        if (done.Wait(done.IsSet ? TimeSpan.Zero : Patience)) return code;
        (int left, string? message, double seconds) = leave();
        if (done.Wait(TimeSpan.FromSeconds(seconds))) return code;
        if (message is not null) _error.WriteLine($"attentionflow: {message}");
        ShowCursor();
        return left;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
    }

    private void Checkpoint(PosixSignalContext context)
    {
        context.Cancel = true;
        CheckpointAsked();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0) is var first and not 0)
        {
            if (Stopwatch.GetElapsedTime(first) < OneRequest) return;
            ShowCursor();
            context.Cancel = false;
            return;
        }
        _source.Cancel();
    }

    // A progress bar hides it.
    private void ShowCursor()
    {
        if (_error is StandardStream { IsTerminal: true }) _error.Write("\e[?25h");
    }
}
