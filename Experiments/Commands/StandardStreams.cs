using System.IO.Pipes;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AttentionFlow.Experiments.Commands;

/// <summary>
/// Results, which must arrive, or messages, which need not: no message is worth a run. Safe for several threads.
/// </summary>
/// <param name="inner">Where the text goes.</param>
/// <param name="mustArrive">Whether a text that cannot be written is an error.</param>
internal sealed class StandardStream(TextWriter inner, bool mustArrive) : TextWriter
{
    private readonly Lock _lock = new();

    /// <summary>Whether a person sees it come.</summary>
    public bool IsTerminal { get; init; }

    public override Encoding Encoding => inner.Encoding;

    /// <summary>Standard output. With <paramref name="json"/> a pipe that nobody reads any more is an error, too.</summary>
    public static StandardStream Output(bool json) => new(Open(1, () => json && IsPipe(1)
        ? new StreamWriter(new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(1, ownsHandle: false))) { AutoFlush = true }
        : Console.Out), mustArrive: true);

    /// <summary>Standard error.</summary>
    public static StandardStream Messages() =>
        new(Open(2, () => Console.Error), mustArrive: false) { IsTerminal = IsInherited(2) && !Console.IsErrorRedirected };

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        try
        {
            lock (_lock) write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            if (mustArrive) throw new IOException($"standard output: {e.Message}", e);
        }
    }

    private static TextWriter Open(int descriptor, Func<TextWriter> open) => IsInherited(descriptor) ? open() : new Closed();

    // A stream that was closed gives its number to a file that the runtime opens, which must not be written to. Such files are closed when
    // another program starts; what was inherited from one is not. Where the system does not say, it counts as inherited.
    private static bool IsInherited(int descriptor)
    {
        const int closesOnExec = 0x80000; // O_CLOEXEC
        string about = $"/proc/self/fdinfo/{descriptor}";
        if (!Directory.Exists("/proc/self/fdinfo")) return true;
        try
        {
            string flags = File.ReadLines(about).First(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..];
            return (Convert.ToInt32(flags.Trim(), 8) & closesOnExec) == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            return File.Exists(about);
        }
    }

    private static bool IsPipe(int descriptor) =>
        new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true;

    private sealed class Closed : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("it is closed");
    }
}
