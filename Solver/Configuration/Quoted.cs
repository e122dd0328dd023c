using System.Text;

namespace AttentionFlow.Solver.Configuration;

/// <summary>
/// Text that comes from a user's file, its name or the command line, as it may be printed: what a terminal would obey is written as an
/// escape, and what is long is cut.
/// </summary>
public static class Quoted
{
    private const int MostCharacters = 60, MostOfALine = 2000;

    /// <summary><c>'text'</c>, cut to 60 characters.</summary>
    public static string Of(string text) => $"'{Short(text)}'";

    /// <summary>The text without quotes, cut to 60 characters, or so many.</summary>
    public static string Short(string text, int most = MostCharacters)
    {
        if (text.Length <= most) return Line(text);
        int kept = most - 3;
        return Line(text[..(char.IsHighSurrogate(text[kept - 1]) ? kept - 1 : kept)]) + "...";
    }

    /// <summary>
    /// One line, whole up to 2000 characters: control and format characters as <c>\u001B</c>, line breaks and tabs as <c>\n</c>,
    /// <c>\r</c>, <c>\t</c>.
    /// </summary>
    public static string Line(string text)
    {
        if (text.Length > MostOfALine) return Short(text, MostOfALine);
        if (text.EnumerateRunes().All(IsPlain)) return text;
        StringBuilder line = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsPlain(rune)) line.Append(rune);
            else
                line.Append(rune.Value switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                });
        }
        return line.ToString();
    }

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>As one word of a command line of a shell, in quotes where it needs them.</summary>
    public static string ForShell(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/') ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
