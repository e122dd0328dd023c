using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AttentionFlow.Tests.Figures;

/// <summary>Reads a figure back: its elements, its numbers and where its texts lie.</summary>
internal static partial class FigureText
{
    private static readonly string[] Numeric =
        ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "font-size", "stroke-width", "opacity", "dy"];

    public static IEnumerable<XElement> Named(string svg, string name) =>
        XDocument.Parse(svg).Descendants().Where(e => e.Name.LocalName == name);

    public static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    /// <summary>The ordinates of a broken line.</summary>
    public static IEnumerable<double> Ordinates(XElement polyline) =>
        polyline.Attribute("points")!.Value.Split(' ').Select(p => double.Parse(p.Split(',')[1], CultureInfo.InvariantCulture));

    /// <summary>Every number that a viewer would read, those of point lists included.</summary>
    public static IEnumerable<double> Numbers(string svg)
    {
        foreach (XElement element in XDocument.Parse(svg).Descendants())
        {
            foreach (string name in Numeric)
                if (element.Attribute(name) is not null) yield return Number(element, name);
            foreach (string number in (element.Attribute("points")?.Value ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
                yield return double.Parse(number, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The estimated boxes of all texts.</summary>
    public static List<(string Text, Box Box)> Boxes(string svg) => [.. Named(svg, "text").Select(text =>
    {
        double size = Number(text, "font-size"), x = Number(text, "x"), y = Number(text, "y");
        double width = Notation.Width(text.Value, size, text.Attribute("font-weight") is not null);
        double before = text.Attribute("text-anchor")!.Value switch { "start" => 0, "middle" => width / 2, _ => width };
        Box box = text.Attribute("transform") is null
            ? new Box(x - before, y - 0.75 * size, width, 0.85 * size)
            : new Box(x - 0.75 * size, y + before - width, 0.85 * size, width);
        return (text.Value, box);
    })];

    /// <summary>Asserts what holds for every figure: well-formed, named, finite, nothing outside, no text on another.</summary>
    public static void AssertSound(string svg)
    {
        XElement root = XDocument.Parse(svg).Root!;
        double width = Number(root, "width"), height = Number(root, "height");
        List<(string Text, Box Box)> boxes = Boxes(svg);
        IEnumerable<string> clashes = boxes.SelectMany((a, i) =>
            boxes.Skip(i + 1).Where(b => a.Box.Overlaps(b.Box)).Select(b => $"'{a.Text}' on '{b.Text}'"));
        IEnumerable<string> outside = boxes.Where(b => b.Box.X < 0 || b.Box.Y < 0 || b.Box.Right > width || b.Box.Bottom > height).Select(b => b.Text);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(root.Name.LocalName, Is.EqualTo("svg"));
        Assert.That(Named(svg, "title").Single().Value, Is.Not.Empty);
        Assert.That(Named(svg, "desc").Single().Value, Is.Not.Empty);
        Assert.That(Numbers(svg), Has.All.Matches<double>(double.IsFinite));
        Assert.That(clashes, Is.Empty, "texts overlap");
        Assert.That(outside, Is.Empty, "texts leave the canvas");
        Assert.That(boxes.Count, Is.GreaterThan(0));
        Assert.That(Named(svg, "text").Min(text => Number(text, "font-size")), Is.GreaterThanOrEqualTo(Lettering.Standard));
    }

    /// <summary>Asserts that two figures differ by rounding at most.</summary>
    public static void AssertAlike(string drawn, string copy, string name) =>
        Assert.That(Difference(drawn, copy), Is.Null, $"{name}: the copy is not what the program draws");

    /// <summary>
    /// The first line in which two figures differ: other words, or a number that is off by more than rounding on another machine changes,
    /// 0.05 of a pixel or a thousandth. Numbers that are rounding noise themselves, times 10^-13 and less, may be any. Null for none.
    /// </summary>
    public static string? Difference(string drawn, string copy)
    {
        string[] a = Noise().Replace(drawn, "noise").Split('\n'), b = Noise().Replace(copy, "noise").Split('\n');
        if (a.Length != b.Length) return $"{a.Length} lines, the copy {b.Length}";
        return a.Zip(b).Where(pair => !Alike(pair.First, pair.Second)).Select(pair => $"{pair.First}\nin the copy\n{pair.Second}").FirstOrDefault();

        static bool Alike(string x, string y) => x == y || (Digits().Replace(x, "#") == Digits().Replace(y, "#")
            && Digits().Matches(x).Zip(Digits().Matches(y)).All(m => Near(m.First.Value, m.Second.Value)));

        static bool Near(string x, string y)
        {
            (double p, double q) = (double.Parse(x, CultureInfo.InvariantCulture), double.Parse(y, CultureInfo.InvariantCulture));
            return Math.Abs(p - q) <= 0.05 + 1e-3 * Math.Abs(q);
        }
    }

    /// <summary>All words of a figure, numbers as #; bare numbers left out. One by one, as lines break where numbers let them.</summary>
    public static IEnumerable<string> Words(string svg) => Named(svg, "text").Concat(Named(svg, "title")).Concat(Named(svg, "desc"))
        .SelectMany(text => Quantity().Replace(text.Value, "#").Split(' ')).Where(word => word.Any(char.IsLetter)).Distinct();

    /// <summary>How shapes are painted; not the size of the figure, for notes with numbers in them wrap. The colours of labels on spheres, one a token, are left out.</summary>
    public static IEnumerable<string> Inks(string svg) => XDocument.Parse(svg).Descendants()
        .Where(e => e.AncestorsAndSelf().All(up => up.Attribute("class")?.Value is not ("sphere" or "moving" or "still" or "legend")))
        .Select(e => string.Join(' ', e.Name.LocalName, e.Attribute("fill")?.Value, e.Attribute("stroke")?.Value,
            e.Attribute("stroke-width")?.Value, e.Attribute("stroke-dasharray")?.Value, e.Attribute("font-size")?.Value)).Distinct();

    [GeneratedRegex(@"[\d.]+ × 10<tspan[^>]*>−1[3-9]</tspan>")]
    private static partial Regex Noise();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Digits();

    [GeneratedRegex(@"[−-]?\d([\d., ]*\d)?( × 10[−\d]+)?")]
    private static partial Regex Quantity();
}
