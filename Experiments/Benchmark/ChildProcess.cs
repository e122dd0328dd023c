using System.ComponentModel;
using System.Diagnostics;

namespace AttentionFlow.Experiments.Benchmark;

internal sealed record ChildAnswer(int Code, string Output, string Error);

internal static class ChildProcess
{
    /// <summary>Runs a program to its end, on one thread where it is one that asks OpenMP. Null when there is no such program.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was set; the child is gone.</exception>
    public static ChildAnswer? Run(string program, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        stop.ThrowIfCancellationRequested();
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            using (stop.Register(() => Kill(process))) process.WaitForExit();
            stop.ThrowIfCancellationRequested();
            return new ChildAnswer(process.ExitCode, output.Result, error.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }
}
