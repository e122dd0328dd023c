using System.Text;

namespace AttentionFlow.Experiments.Figures;

/// <summary>Where a run of text stands on its line.</summary>
internal enum Shift
{
    None,
    Superscript,
    Subscript,
}

/// <param name="Text">In <see cref="Notation"/> again: a raised text may have raised and lowered ones in it.</param>
internal readonly record struct TextRun(string Text, Shift Shift);

/// <summary>
/// The one text notation of figures and reports: plain text in which <c>^{..}</c> raises and <c>_{..}</c> lowers, as in <c>10^{−12}</c>,
/// <c>G_{energy}</c> or <c>e^{g_{l}t}</c>. Everything else stands for itself and is escaped on the way out.
/// </summary>
internal static class Notation
{
    /// <summary>Size of raised and lowered text relative to its surroundings.</summary>
    public const double SmallScale = 0.78;
    private const double Rise = -0.36, Fall = 0.22;
    private const string Raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /// <summary>Splits text into runs of one level. An opening <c>^{</c> or <c>_{</c> without its brace is taken literally.</summary>
    public static IReadOnlyList<TextRun> Parse(string text)
    {
        List<TextRun> runs = [];
        int start = 0;
        for (int at = 0; at + 1 < text.Length; at++)
        {
            if ((text[at] != '^' && text[at] != '_') || text[at + 1] != '{') continue;
            int end = Closing(text, at + 1);
            if (end < 0) continue;
            if (at > start) runs.Add(new TextRun(text[start..at], Shift.None));
            runs.Add(new TextRun(text[(at + 2)..end], text[at] == '^' ? Shift.Superscript : Shift.Subscript));
            start = end + 1;
            at = end;
        }
        if (start < text.Length) runs.Add(new TextRun(text[start..], Shift.None));
        return runs;
    }

    // Where the brace that is opened there is closed; -1: nowhere.
    private static int Closing(string text, int open)
    {
        for (int at = open, depth = 0; at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0) return at;
        }
        return -1;
    }

    /// <summary>
    /// The text for readers without markup: raised digits become Unicode ones, other raised text follows ^, in parentheses where it has
    /// spaces or shifts in it, and lowered text an underscore.
    /// </summary>
    public static string ToPlain(string text)
    {
        StringBuilder plain = new();
        foreach (TextRun run in Parse(text))
        {
            if (run.Shift == Shift.None) plain.Append(run.Text);
            else if (run.Shift == Shift.Superscript && run.Text.All(c => char.IsAsciiDigit(c) || c is '−' or '-'))
                foreach (char c in run.Text) plain.Append(c is '−' or '-' ? '⁻' : Raised[c - '0']);
            else
            {
                string inner = ToPlain(run.Text);
                bool isSimple = inner == run.Text && !inner.Contains(' ');
                plain.Append(run.Shift == Shift.Superscript ? '^' : '_').Append(isSimple ? inner : $"({inner})");
            }
        }
        return plain.ToString();
    }

    /// <summary>The text as escaped HTML with <c>sup</c> and <c>sub</c>.</summary>
    public static string ToHtml(string text) => string.Concat(Parse(text).Select(run => run.Shift switch
    {
        Shift.Superscript => $"<sup>{ToHtml(run.Text)}</sup>",
        Shift.Subscript => $"<sub>{ToHtml(run.Text)}</sub>",
        _ => Escape(run.Text),
    }));

    /// <summary>The text as escaped SVG spans; shifts use <c>dy</c>, which every viewer knows.</summary>
    public static string ToSvg(string text, double size)
    {
        StringBuilder svg = new();
        double offset = 0;
        foreach ((string run, double scale, double drop) in Leaves(text))
        {
            double dy = drop * size - offset;
            offset = drop * size;
            string small = scale == 1 ? "" : $" font-size=\"{SvgWriter.Number(size * scale)}\"";
            svg.Append(dy == 0 && scale == 1 ? Escape(run) : $"<tspan dy=\"{SvgWriter.Number(dy)}\"{small}>{Escape(run)}</tspan>");
        }
        return svg.ToString();
    }

    // Runs without markup, with their size and how far they stand below the line, both in units of the size of the text.
    private static IEnumerable<(string Text, double Scale, double Drop)> Leaves(string text, double scale = 1, double drop = 0) =>
        Parse(text).SelectMany(run => run.Shift == Shift.None ? [(run.Text, scale, drop)]
            : Leaves(run.Text, scale * SmallScale, drop + scale * (run.Shift == Shift.Superscript ? Rise : Fall)));

    /// <summary>Escapes the five characters of XML and drops control characters that XML forbids.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (char c in text)
        {
            string? name = c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&quot;", '\'' => "&#39;", _ => null };
            if (name is not null) escaped.Append(name);
            else if ((c >= ' ' || c is '\t' or '\n' or '\r') && c is not ('\uFFFE' or '\uFFFF')) escaped.Append(c);
        }
        return escaped.ToString();
    }

    /// <summary>
    /// Estimated width of the text in units of the font size times <paramref name="size"/>: advances of DejaVu Sans, the widest font of the
    /// stack, so that a layout that fits here fits in the others.
    /// </summary>
    public static double Width(string text, double size, bool bold = false)
    {
        double width = Leaves(text).Sum(run => run.Text.Sum(Advance) * run.Scale);
        return width * size * (bold ? 1.12 : 1);
    }

    /// <summary>
    /// Breaks text at spaces, those between braces and around relations excepted, into lines no wider than <paramref name="limit"/>; a
    /// longer word keeps a line of its own.
    /// </summary>
    public static IReadOnlyList<string> Wrap(string text, double size, double limit)
    {
        List<string> lines = [];
        string line = "";
        foreach (string word in Words(text))
        {
            string longer = line.Length == 0 ? word : line + ' ' + word;
            if (line.Length > 0 && Width(longer, size) > limit)
            {
                lines.Add(line);
                longer = word;
            }
            line = longer;
        }
        if (line.Length > 0) lines.Add(line);
        return lines;
    }

    private static IEnumerable<string> Words(string text)
    {
        string word = "";
        bool open = true;
        foreach (string part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            bool relation = part is "=" or "<" or ">" or "×" or "%" or "−";
            if (word.Length > 0 && !open && !relation)
            {
                yield return word;
                word = "";
            }
            word = word.Length == 0 ? part : word + ' ' + part;
            open = relation && part != "%" || word.Count(c => c == '{') > word.Count(c => c == '}');
        }
        if (word.Length > 0) yield return word;
    }

    private static double Advance(char c) => c switch
    {
        'i' or 'j' or 'l' or '\'' => 0.28,
        'I' or 'J' or ' ' or '.' or ',' or ':' or ';' or '|' or '·' => 0.34,
        '-' or 'f' or 't' or '(' or ')' or '[' or ']' or '/' => 0.4,
        'r' or 's' or 'c' or 'z' => 0.54,
        'm' or '%' or 'W' or '—' => 1.0,
        'w' or 'M' or 'O' or 'Q' or '+' or '=' or '<' or '>' or '−' or '×' or '≤' or '≥' => 0.84,
        >= 'A' and <= 'Z' => 0.71,
        _ => 0.63,
    };
}
