namespace AttentionFlow.Solver.Configuration;

/// <summary>The nearest of a list of names to a misspelt one.</summary>
public static class Names
{
    /// <summary>
    /// The entry of <paramref name="known"/> nearest to <paramref name="name"/>, or null when none is within a third of its length and
    /// <paramref name="most"/> letters.
    /// </summary>
    public static string? Nearest(string name, IEnumerable<string> known, int most = int.MaxValue)
    {
        string? nearest = known.MinBy(k => Distance(name, k));
        int near = Math.Min(most, (Math.Max(name.Length, nearest?.Length ?? 0) + 1) / 3);
        return nearest is not null && Distance(name, nearest) <= near ? nearest : null;
    }

    /// <summary>The end of a sentence about an unknown name: the nearest known one where there is one, and the whole list.</summary>
    internal static string Hint(string name, IReadOnlyList<string> known)
    {
        string list = string.Join(", ", known);
        return Nearest(name, known) is { } nearest ? $"did you mean '{nearest}'? Known: {list}." : $"known: {list}.";
    }

    // Levenshtein distance, letter case ignored.
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < b.Length; j++)
            {
                int replace = diagonal + (char.ToLowerInvariant(a[i]) == char.ToLowerInvariant(b[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replace, Math.Min(row[j], diagonal) + 1);
            }
        }
        return row[b.Length];
    }
}
