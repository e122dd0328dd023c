using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Plain tables for standard output: aligned columns, two spaces apart, no frame.</summary>
internal static class TextTable
{
    /// <summary>The table, a line a row.</summary>
    public static string Render(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [headings, .. rows];
        int[] widths = [.. Enumerable.Range(0, headings.Count).Select(c => all.Max(row => row[c].Length))];
        StringBuilder text = new();
        foreach (IReadOnlyList<string> row in all)
            text.Append(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd()).Append('\n');
        return text.ToString();
    }
}

/// <summary>How results are written with <c>--json</c>.</summary>
internal static class JsonOutput
{
    /// <summary>camelCase, indented, readable characters.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>What the program's exit status means.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Done, but a verification failed.</summary>
    public const int VerificationFailed = 1;

    /// <summary>Bad arguments or experiment file.</summary>
    public const int BadInput = 2;

    /// <summary>The device is not available.</summary>
    public const int DeviceUnavailable = 69;

    /// <summary>The numbers diverged.</summary>
    public const int Diverged = 70;

    /// <summary>The device failed at work.</summary>
    public const int DeviceFailed = 70;

    /// <summary>An error of the program itself; the number that sysexits.h has for it.</summary>
    public const int Unexpected = 70;

    /// <summary>Reading or writing failed.</summary>
    public const int InputOutput = 74;

    /// <summary>Stopped early.</summary>
    public const int Stopped = 75;
}
