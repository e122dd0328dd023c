using System.Text;

namespace AttentionFlow.Experiments.Figures;

/// <summary>
/// One self-contained page: style and figures inside it, nothing to fetch, no script. It is well-formed XML as well as HTML, and prints on
/// A4 without cutting a figure in two. It is dark on a dark screen. Figures and tables are numbered as they come. All text
/// is in <see cref="Notation"/> and escaped here.
/// </summary>
internal sealed class HtmlReport(string title)
{
    private const int LongestNumber = 40;

    private readonly StringBuilder _body = new();
    private int _figures;
    private int _tables;

    public HtmlReport Section(string heading) => Write($"<h2>{Notation.ToHtml(heading)}</h2>");

    public HtmlReport Paragraph(string text) => Write($"<p>{Notation.ToHtml(text)}</p>");

    /// <summary>Adds a paragraph that must not be overlooked.</summary>
    public HtmlReport Warning(string text) => Write($"<p class=\"warning\"><strong>Note.</strong> {Notation.ToHtml(text)}</p>");

    /// <param name="svg">An SVG document without XML declaration, as the figures here return: the one text not escaped.</param>
    public HtmlReport Figure(string svg, string caption)
    {
        _figures++;
        return Write($"<figure>\n{svg}<figcaption><strong>Figure {_figures}.</strong> {Notation.ToHtml(caption)}</figcaption>\n</figure>");
    }

    /// <summary>Adds a table with its caption above. Columns of numbers are set to the right.</summary>
    public HtmlReport Table(string caption, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] lines = [.. rows];
        string[] kinds = [.. headings.Select((_, i) => IsNumeric(lines.Select(row => row[i])) ? "number" : "words")];
        OpenTable(caption, headings, kinds);
        foreach (IReadOnlyList<string> row in lines)
            Write("<tr>" + string.Concat(row.Select((cell, i) => $"<td class=\"{kinds[i]}\">{Notation.ToHtml(cell)}</td>")) + "</tr>");
        return Write("</tbody></table></div>");
    }

    /// <summary>Adds the table measured against predicted, with its count of passes above.</summary>
    public HtmlReport Facts(string caption, IReadOnlyCollection<Fact> facts)
    {
        string verdict = facts.All(fact => fact.Passed) ? "pass" : "fail";
        Write($"<p class=\"{verdict}\"><strong>{Notation.ToHtml(Fact.Summary(facts))}.</strong></p>");
        string[] kinds = ["words", "words", "number", "number", "number", "number", "words"];
        OpenTable(caption, Fact.Headings, kinds);
        foreach (Fact fact in facts)
        {
            IReadOnlyList<string> cells = fact.Cells();
            kinds[^1] = fact.Passed ? "verdict pass" : "verdict fail";
            Write("<tr>" + string.Concat(cells.Select((cell, i) => $"<td class=\"{kinds[i]}\">{Notation.ToHtml(cell)}</td>")) + "</tr>");
        }
        return Write("</tbody></table></div>");
    }

    /// <summary>Adds the warning levels that runs crossed, where there are any: a run's name and its alert.</summary>
    public HtmlReport Alerts(string caption, IReadOnlyCollection<(string Run, Alert Alert)> alerts) => alerts.Count == 0 ? this
        : Table(caption, ["run", "sign", "indicator", "from t", "replicas", "value", "level", "what to do"], alerts.Select(a => (string[])
        [
            a.Run, a.Alert.Sign, a.Alert.Indicator, Numbers.ForPeople(a.Alert.Time), $"{a.Alert.Replicas}",
            Numbers.ForPeople(a.Alert.Value, Math.Min(Math.Abs(a.Alert.Value - a.Alert.Level), 1e-3 * Math.Abs(a.Alert.Value))),
            Numbers.ForPeople(a.Alert.Level), a.Alert.Advice,
        ]));

    /// <summary>Adds names and values, such as version, seed, date, device, command and wall time.</summary>
    public HtmlReport Provenance(IEnumerable<KeyValuePair<string, string>> values)
    {
        Write("<dl>");
        foreach ((string name, string value) in values) Write($"<dt>{Notation.Escape(name)}</dt><dd>{Notation.Escape(value)}</dd>");
        return Write("</dl>");
    }

    /// <summary>Adds files with what they hold.</summary>
    /// <param name="files">The path of each from the page, its name, and words about it.</param>
    public HtmlReport Links(IEnumerable<(string Path, string Name, string Words)> files)
    {
        Write("<ul>");
        foreach ((string path, string name, string words) in files)
        {
            string address = string.Join('/', path.Split('/', '\\').Select(Uri.EscapeDataString));
            Write($"<li><a href=\"{Notation.Escape(address)}\">{Notation.Escape(name)}</a> {Notation.ToHtml(words)}</li>");
        }
        return Write("</ul>");
    }

    /// <summary>Adds a command line.</summary>
    public HtmlReport Command(string line) => Write($"<pre><code>{Notation.Escape(line)}</code></pre>");

    public string ToHtml() =>
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {PageFile.Mark}
        <title>{Notation.Escape(Notation.ToPlain(title))}</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <main>
        <h1>{Notation.ToHtml(title)}</h1>
        {_body}</main>
        </body>
        </html>

        """;

    private void OpenTable(string caption, IReadOnlyList<string> headings, string[] kinds)
    {
        _tables++;
        // Wide ones scroll by themselves, by keys as well, and leave the page as wide as the screen.
        Write($"<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"Table {_tables}\"><table>"
            + $"<caption><strong>Table {_tables}.</strong> {Notation.ToHtml(caption)}</caption>");
        IEnumerable<string> cells =
            headings.Select((heading, i) => $"<th scope=\"col\" class=\"{kinds[i]}\">{Notation.ToHtml(heading)}</th>");
        Write("<thead><tr>" + string.Concat(cells) + "</tr></thead><tbody>");
    }

    // Some cells of a column of numbers may be empty.
    private static bool IsNumeric(IEnumerable<string> cells) =>
        cells.Where(cell => cell.Length > 0).ToArray() is var filled && filled.All(IsNumber) && (filled.Length > 0 || !cells.Any());

    // A sentence may begin with a number, too.
    private static bool IsNumber(string cell) =>
        cell.Length is > 0 and <= LongestNumber && (char.IsAsciiDigit(cell[0]) || cell[0] is '−' or '-' or '≤' or '≥');

    private HtmlReport Write(string line)
    {
        _body.Append(line).Append('\n');
        return this;
    }

    // No '>' or '&' in here: the page stays well-formed XML.
    private const string Style = """
        :root { color-scheme: light dark; }
        body { margin: 0; background: #fff; color: #222; font: 16px/1.5 "DejaVu Sans", Arial, sans-serif; }
        main { max-width: 900px; margin: 0 auto; padding: 16px 24px 48px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 16px 0 8px; }
        h2 { font-size: 20px; margin: 36px 0 8px; border-bottom: 1px solid #ccc; padding-bottom: 4px; }
        p { max-width: 46em; margin: 8px 0; }
        figure { margin: 20px 0; text-align: center; }
        figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
        div.table { overflow-x: auto; }
        figcaption { text-align: left; font-size: 14px; max-width: 54em; margin: 8px auto 0; }
        table { border-collapse: collapse; width: 100%; margin: 16px 0; font-size: 13px; line-height: 1.35; }
        caption { text-align: left; font-size: 14px; padding-bottom: 6px; }
        th { text-align: left; border-top: 2px solid #222; border-bottom: 1px solid #222; padding: 5px 8px; }
        td { border-bottom: 1px solid #ddd; padding: 5px 8px; vertical-align: top; }
        tbody tr:last-child td { border-bottom: 2px solid #222; }
        td.number, th.number { text-align: right; white-space: nowrap; }
        td.words { overflow-wrap: break-word; }
        td.verdict { font-weight: bold; }
        sup, sub { font-size: 78%; line-height: 0; }
        .pass { color: #00664b; }
        .fail { color: #a33c00; }
        td.fail { background: #fdeee4; }
        .warning { border-left: 4px solid #d55e00; padding: 4px 12px; background: #fdf4ee; }
        pre { overflow-x: auto; padding: 8px 12px; background: #f4f4f4; font-size: 14px; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; font-size: 14px; }
        dt { font-weight: bold; }
        dd { margin: 0; overflow-wrap: anywhere; }
        @media screen and (max-width: 600px) {
          main { padding: 8px 12px 32px; }
          dl { grid-template-columns: 1fr; gap: 2px; }
          dd { margin-bottom: 8px; }
        }
        @media screen and (max-width: 640px) {
          figure { overflow-x: auto; }
          td.words:last-child { min-width: 15em; }
          figure svg { max-width: none; }
          figure svg[width="820"] { width: 660px; }
        }
        @media screen and (prefers-color-scheme: dark) {
          body { background: #14181d; color: #e4e7eb; }
          h2 { border-color: #48515c; }
          pre { background: #20262d; }
          a { color: #7fb2ff; }
          th, tbody tr:last-child td { border-color: #aeb5bd; }
          td { border-color: #2c323a; }
          .pass { color: #4dc296; }
          .fail { color: #ff9a6b; }
          td.fail, .warning { background: #33221a; }
        }
        @page { size: A4; margin: 14mm 12mm; }
        @media print {
          body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          main { max-width: none; padding: 0; }
          figure, tr, dl { break-inside: avoid; }
          h2, caption { break-after: avoid; }
          div.table { overflow: visible; }
          thead { display: table-header-group; }
          table { font-size: 8.5pt; }
          figcaption, caption { font-size: 9.5pt; }
        }
        """;
}
