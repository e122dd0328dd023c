using System.Text;

namespace AttentionFlow.Experiments.Figures;

/// <summary>A place on a canvas, in user units: x to the right, y downwards.</summary>
internal readonly record struct Point(double X, double Y);

/// <summary>An upright rectangle on a canvas.</summary>
internal readonly record struct Box(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;
    public double Bottom => Y + Height;
    public Point Centre => new(X + Width / 2, Y + Height / 2);

    /// <summary>Whether the two share more than an edge.</summary>
    public bool Overlaps(Box other) => X < other.Right && other.X < Right && Y < other.Bottom && other.Y < Bottom;
}

/// <summary>How a shape is painted; an absent colour is not painted.</summary>
internal sealed record Ink
{
    public string? Fill { get; init; }
    public string? Stroke { get; init; }
    public double Width { get; init; } = 1;

    /// <summary>Dash pattern, such as "6 4".</summary>
    public string? Dash { get; init; }

    /// <summary>Opacity of the whole shape, 0 to 1.</summary>
    public double Opacity { get; init; } = 1;

    public static Ink Line(string colour, double width = 1, string? dash = null) => new() { Stroke = colour, Width = width, Dash = dash };

    public static Ink Area(string colour, double opacity = 1) => new() { Fill = colour, Opacity = opacity };
}

/// <summary>Which part of a text stands at its anchor.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>How a text is set.</summary>
/// <param name="Size">Font size; 13 prints as 8 pt where 820 fill the two columns of a journal, 178 mm, or 396 one of 86 mm.</param>
internal sealed record Lettering(double Size = Lettering.Standard)
{
    /// <summary>The smallest size in use.</summary>
    public const double Standard = 13;
    public Anchor Anchor { get; init; } = Anchor.Start;
    public bool Bold { get; init; }
    public string Colour { get; init; } = Palette.Text;

    /// <summary>Read from bottom to top.</summary>
    public bool Upwards { get; init; }

    /// <summary>A white rim that keeps the text legible over lines.</summary>
    public bool Halo { get; init; }
}

/// <summary>
/// A small SVG writer: shapes, text and groups in user units, all numbers finite, invariant and rounded to two decimals, all text escaped.
/// No identifiers are used, so that several figures can stand in one HTML page.
/// </summary>
internal sealed class SvgWriter
{
    private readonly StringBuilder _body = new();
    private readonly string _title, _description;
    private int _open;

    /// <param name="title">Short name for readers who do not see the picture.</param>
    /// <param name="description">What the picture shows, for the same readers.</param>
    public SvgWriter(double width, double height, string title, string description)
    {
        (Width, Height, _title, _description) = (width, height, Notation.ToPlain(title), Notation.ToPlain(description));
        Rectangle(new Box(0, 0, width, height), Ink.Area(Palette.Paper));
    }

    public double Width { get; }
    public double Height { get; }

    /// <summary>A number as SVG wants it: finite, invariant, two decimals at most.</summary>
    /// <exception cref="ArgumentException">The number is not finite.</exception>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
            throw new ArgumentException($"A figure was given the coordinate {value}; it must be finite.", nameof(value));
        string text = value.ToString("0.##", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    public void Line(Point from, Point to, Ink ink) => Write(
        $"<line x1=\"{Number(from.X)}\" y1=\"{Number(from.Y)}\" x2=\"{Number(to.X)}\" y2=\"{Number(to.Y)}\"{Paint(ink)}/>");

    /// <summary>A broken line through the points; fewer than two draw nothing.</summary>
    public void Polyline(IReadOnlyList<Point> points, Ink ink)
    {
        if (points.Count < 2) return;
        Write($"<polyline points=\"{Coordinates(points)}\" stroke-linejoin=\"round\"{Paint(ink)}/>");
    }

    /// <summary>A closed shape; fewer than three points draw nothing.</summary>
    public void Polygon(IReadOnlyList<Point> points, Ink ink)
    {
        if (points.Count < 3) return;
        Write($"<polygon points=\"{Coordinates(points)}\"{Paint(ink)}/>");
    }

    public void Circle(Point centre, double radius, Ink ink) => Write(
        $"<circle cx=\"{Number(centre.X)}\" cy=\"{Number(centre.Y)}\" r=\"{Number(radius)}\"{Paint(ink)}/>");

    public void Rectangle(Box box, Ink ink) => Write(
        $"<rect x=\"{Number(box.X)}\" y=\"{Number(box.Y)}\" width=\"{Number(box.Width)}\" height=\"{Number(box.Height)}\"{Paint(ink)}/>");

    /// <summary>A line of text in <see cref="Notation"/>; the point lies on its base line.</summary>
    public void Text(Point at, string text, Lettering lettering)
    {
        string anchor = lettering.Anchor switch { Anchor.Middle => "middle", Anchor.End => "end", _ => "start" };
        string turn = lettering.Upwards ? $" transform=\"rotate(-90 {Number(at.X)} {Number(at.Y)})\"" : "";
        string bold = lettering.Bold ? " font-weight=\"bold\"" : "";
        string halo = !lettering.Halo ? ""
            : $" stroke=\"{Palette.Paper}\" stroke-width=\"3.5\" stroke-linejoin=\"round\" paint-order=\"stroke\"";
        Write($"<text x=\"{Number(at.X)}\" y=\"{Number(at.Y)}\" font-size=\"{Number(lettering.Size)}\" text-anchor=\"{anchor}\"" +
            $" fill=\"{lettering.Colour}\"{bold}{halo}{turn}>{Notation.ToSvg(text, lettering.Size)}</text>");
    }

    /// <param name="isCrisp">Whether edges are drawn on whole pixels, so that shapes side by side have no light between them.</param>
    public void Open(string name, bool isCrisp = false)
    {
        Write($"<g class=\"{Notation.Escape(name)}\"{(isCrisp ? " shape-rendering=\"crispEdges\"" : "")}>");
        _open++;
    }

    /// <summary>A group with an origin and a unit of its own.</summary>
    public void Open(string name, Point origin, double unit)
    {
        Write($"<g class=\"{Notation.Escape(name)}\" transform=\"translate({Number(origin.X)} {Number(origin.Y)}) "
            + $"scale({Number(unit)})\">");
        _open++;
    }

    /// <summary>
    /// A disc that moves through the places at even times, waits at the last one, where viewers without animation see it, and begins anew;
    /// pale where it is behind. One place: a disc at rest.
    /// </summary>
    public void Moving(IReadOnlyList<(Point Place, bool IsFront)> path, double radius, string colour)
    {
        const int wait = 3;
        (Point last, bool front) = path[^1];
        string timing = $"dur=\"{Number(path.Count / 2.0)}s\" repeatCount=\"indefinite\"";
        StringBuilder body = new();
        if (path.Count > 1)
            body.Append($"<animateTransform attributeName=\"transform\" type=\"translate\" {timing} values=\"")
                .AppendJoin(';', path.Concat(Enumerable.Repeat(path[^1], wait)).Select(at => Coordinates([at.Place]))).Append("\"/>");
        int[] turns = [.. Enumerable.Range(1, path.Count - 1).Where(k => path[k].IsFront != path[k - 1].IsFront)];
        if (turns.Length > 0)
            body.Append($"<animate attributeName=\"opacity\" calcMode=\"discrete\" {timing} values=\"")
                .AppendJoin(';', turns.Prepend(0).Select(k => Number(Opacity(path[k].IsFront)))).Append("\" keyTimes=\"0;")
                .AppendJoin(';', turns.Select(k => Number((k - 0.5) / (path.Count - 1 + wait)))).Append("\"/>");
        Write($"<circle transform=\"translate({Coordinates([last])})\" r=\"{Number(radius)}\"{Paint(Ink.Area(colour, Opacity(front)))}>"
            + $"{body}</circle>");

        static double Opacity(bool isFront) => isFront ? 1 : 0.35;
    }

    /// <summary>Shows one group where the reader's system asks for less motion, and the other elsewhere.</summary>
    public void ChooseByMotion(string moving, string still) => Write($"<style>.{still}{{display:none}}"
        + $"@media (prefers-reduced-motion:reduce){{.{moving}{{display:none}}.{still}{{display:inline}}}}</style>");

    public void Close()
    {
        if (_open-- == 0) throw new InvalidOperationException("No group is open.");
        Write("</g>");
    }

    /// <summary>The finished document, without an XML declaration so that it can stand inside HTML.</summary>
    /// <param name="darkMode">Whether it has the style element that turns it dark on a dark screen.</param>
    public string ToSvg(bool darkMode = true)
    {
        if (_open != 0) throw new InvalidOperationException("A group is still open.");
        string name = Notation.Escape(_title);
        string style = darkMode ? $"<style>{Palette.DarkStyle($"{_body}")}</style>\n" : "";
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Number(Width)}\" height=\"{Number(Height)}\"" +
            $" viewBox=\"0 0 {Number(Width)} {Number(Height)}\" role=\"img\" aria-label=\"{name}\" font-family=\"{Palette.Fonts}\">\n" +
            $"<title>{name}</title>\n<desc>{Notation.Escape(_description)}</desc>\n{style}{_body}</svg>\n";
    }

    private static string Coordinates(IReadOnlyList<Point> points) =>
        string.Join(' ', points.Select(p => $"{Number(p.X)},{Number(p.Y)}"));

    private static string Paint(Ink ink)
    {
        string paint = $" fill=\"{ink.Fill ?? "none"}\"";
        if (ink.Stroke is not null) paint += $" stroke=\"{ink.Stroke}\" stroke-width=\"{Number(ink.Width)}\"";
        if (ink.Dash is not null) paint += $" stroke-dasharray=\"{ink.Dash}\"";
        if (ink.Opacity < 1) paint += $" opacity=\"{Number(ink.Opacity)}\"";
        return paint;
    }

    private void Write(string line) => _body.Append(line).Append('\n');
}
