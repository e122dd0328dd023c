using System.Text;

namespace AttentionFlow.Experiments.Figures;

/// <summary>Where a run of text stands on its line.</summary>
internal enum Shift
{
    None,
    Superscript,
    Subscript,
}

internal readonly record struct TextRun(string Text, Shift Shift);

/// <summary>
/// The one text notation of figures and reports: plain text in which <c>^{..}</c> raises and <c>_{..}</c> lowers, as in <c>10^{−12}</c> or
/// <c>G_{energy}</c>. Everything else stands for itself and is escaped on the way out.
/// </summary>
internal static class Notation
{
    /// <summary>Size of raised and lowered text relative to its surroundings.</summary>
    public const double SmallScale = 0.78;
    private const string Raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /// <summary>Splits text into runs. An opening <c>^{</c> or <c>_{</c> without its brace is taken literally.</summary>
    public static IReadOnlyList<TextRun> Parse(string text)
    {
        List<TextRun> runs = [];
        int start = 0;
        for (int at = 0; at + 1 < text.Length; at++)
        {
            if ((text[at] != '^' && text[at] != '_') || text[at + 1] != '{') continue;
            int end = text.IndexOf('}', at);
            if (end < 0) break;
            if (at > start) runs.Add(new TextRun(text[start..at], Shift.None));
            runs.Add(new TextRun(text[(at + 2)..end], text[at] == '^' ? Shift.Superscript : Shift.Subscript));
            start = end + 1;
            at = end;
        }
        if (start < text.Length) runs.Add(new TextRun(text[start..], Shift.None));
        return runs;
    }

    /// <summary>The text for readers without markup: raised digits become Unicode ones, lowered text follows an underscore.</summary>
    public static string ToPlain(string text)
    {
        StringBuilder plain = new();
        foreach (TextRun run in Parse(text))
        {
            if (run.Shift == Shift.Superscript && run.Text.All(c => char.IsAsciiDigit(c) || c is '−' or '-'))
                foreach (char c in run.Text) plain.Append(c is '−' or '-' ? '⁻' : Raised[c - '0']);
            else
                plain.Append(run.Shift switch { Shift.Superscript => "^", Shift.Subscript => "_", _ => "" }).Append(run.Text);
        }
        return plain.ToString();
    }

    /// <summary>The text as escaped HTML with <c>sup</c> and <c>sub</c>.</summary>
    public static string ToHtml(string text) => string.Concat(Parse(text).Select(run => run.Shift switch
    {
        Shift.Superscript => $"<sup>{Escape(run.Text)}</sup>",
        Shift.Subscript => $"<sub>{Escape(run.Text)}</sub>",
        _ => Escape(run.Text),
    }));

    /// <summary>The text as escaped SVG spans; shifts use <c>dy</c>, which every viewer knows.</summary>
    public static string ToSvg(string text, double size)
    {
        StringBuilder svg = new();
        double offset = 0;
        foreach (TextRun run in Parse(text))
        {
            double target = run.Shift switch { Shift.Superscript => -0.36 * size, Shift.Subscript => 0.22 * size, _ => 0 };
            double dy = target - offset;
            offset = target;
            string small = run.Shift == Shift.None ? "" : $" font-size=\"{SvgWriter.Number(size * SmallScale)}\"";
            svg.Append(dy == 0 ? Escape(run.Text) : $"<tspan dy=\"{SvgWriter.Number(dy)}\"{small}>{Escape(run.Text)}</tspan>");
        }
        return svg.ToString();
    }

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
        double width = 0;
        foreach (TextRun run in Parse(text))
            width += run.Text.Sum(Advance) * (run.Shift == Shift.None ? 1 : SmallScale);
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
            open = relation && part != "%" || word.LastIndexOf('{') > word.LastIndexOf('}');
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
