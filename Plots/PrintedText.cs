using System.Globalization;
using System.Xml.Linq;
using SkiaSharp;

namespace AttentionFlow.Plots;

/// <summary>
/// Texts with raised or lowered parts, one text for each part at its own place: the renderer anchors every part by itself, and would print
/// them over each other.
/// </summary>
/// <param name="typeface">The font of a text, bold or not.</param>
internal sealed class PrintedText(Func<bool, SKTypeface> typeface)
{
    /// <summary>The same figure, whose texts have no parts.</summary>
    public string Flat(string svg)
    {
        XDocument document = XDocument.Parse(svg, LoadOptions.PreserveWhitespace);
        foreach (XElement text in document.Descendants().Where(e => e.Name.LocalName == "text" && e.HasElements).ToArray())
            text.ReplaceWith(Parts(text));
        return document.ToString(SaveOptions.DisableFormatting);
    }

    private IEnumerable<XElement> Parts(XElement text)
    {
        double size = Number(text, "font-size", 0), y = Number(text, "y", 0);
        SKTypeface font = typeface(text.Attribute("font-weight") is not null);
        (string Words, double Size, double Dy)[] parts = [.. text.Nodes().Select(node => node is XElement span
            ? (span.Value, Number(span, "font-size", size), Number(span, "dy", 0)) : (((XText)node).Value, size, 0))];
        double[] widths = [.. parts.Select(p => Width(font, p.Words, p.Size))];
        double share = (string?)text.Attribute("text-anchor") switch { "middle" => 0.5, "end" => 1, _ => 0 };
        double x = Number(text, "x", 0) - share * widths.Sum();
        foreach (((string words, double own, double dy), double width) in parts.Zip(widths))
        {
            y += dy;
            XElement part = new(text.Name,
                text.Attributes().Where(a => a.Name.LocalName is not ("x" or "y" or "font-size" or "text-anchor")),
                new XAttribute("x", Round(x)), new XAttribute("y", Round(y)), new XAttribute("font-size", Round(own)),
                new XAttribute("text-anchor", "start"), words);
            x += width;
            yield return part;
        }
    }

    private static double Width(SKTypeface typeface, string words, double size)
    {
        using SKFont font = new(typeface, (float)size);
        return font.MeasureText(words);
    }

    private static double Number(XElement element, string name, double otherwise) =>
        element.Attribute(name) is { } value ? double.Parse(value.Value, CultureInfo.InvariantCulture) : otherwise;

    private static double Round(double value) => Math.Round(value, 3);
}
