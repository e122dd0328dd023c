namespace AttentionFlow.Experiments.Figures;

/// <summary>The letters of the panels of a figure: (a), (b), ..., (z), (aa), ...</summary>
internal static class Letters
{
    /// <param name="panel">Number of the panel, from 0.</param>
    public static string Of(int panel) => $"({(panel < 26 ? "" : (char)('a' + panel / 26 - 1))}{(char)('a' + panel % 26)})";

    /// <summary>The title of a panel with its letter before it, in a figure of more than one.</summary>
    public static string Before(string title, int panel, int panels) => panels < 2 ? title : $"{Of(panel)} {title}".TrimEnd();

    /// <summary>Several at once, three neighbours or more by the first and the last of them: "(a), (c)–(e)".</summary>
    /// <param name="panels">Their numbers, rising.</param>
    public static string Of(IReadOnlyList<int> panels)
    {
        List<string> parts = [];
        for (int i = 0; i < panels.Count;)
        {
            int end = i;
            while (end + 1 < panels.Count && panels[end + 1] == panels[end] + 1) end++;
            if (end - i >= 2) parts.Add($"{Of(panels[i])}–{Of(panels[end])}");
            else parts.AddRange(panels.Skip(i).Take(end - i + 1).Select(Of));
            i = end + 1;
        }
        return string.Join(", ", parts);
    }
}
