using System.Text;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Plain tables for standard output: aligned columns, two spaces apart, no frame.</summary>
public static class TextTable
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
