using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Plain tables for standard output: aligned columns, two spaces apart, no frame.</summary>
internal static class TextTable
{
    public static string Render(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [headings, .. rows.Select(row => (string[])[.. row.Select(Quoted.Line)])];
        int[] widths = [.. Enumerable.Range(0, headings.Count).Select(c => all.Max(row => row[c].Length))];
        StringBuilder text = new();
        foreach (IReadOnlyList<string> row in all)
            text.Append(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd()).Append('\n');
        return text.ToString();
    }
}

/// <summary>How results are written with <c>--json</c>: camelCase, indented, readable characters.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of<T>(T results) => JsonSerializer.Serialize(results, Options) + "\n";
}

/// <summary>What the program's exit status means.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int VerificationFailed = 1;
    public const int BadInput = 2;
    public const int DeviceUnavailable = 69; // or it failed at work
    public const int Diverged = 70;
    public const int Unexpected = 71; // an error of the program itself
    public const int InputOutput = 74;
    public const int Stopped = 75;
}
