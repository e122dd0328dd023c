using System.Xml.Linq;

namespace AttentionFlow.Tests.Figures;

/// <summary>
/// Inks that are read on their paper and told apart, by readers without red (protanopia) or green (deuteranopia) cones as well. Contrast:
/// WCAG 2.2, (L + 0.05)/(L' + 0.05) with the relative luminance L = 0.2126 R + 0.7152 G + 0.0722 B of linear sRGB; 3 is what it asks of
/// graphics. What dichromats see: the matrices of Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009) 1291, severity 1, on linear sRGB.
/// Distances: Oklab (Ottosson 2020), where 0.02 is about what is just seen.
/// </summary>
public sealed class PaletteTests
{
    private static readonly double[][] Everyone = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    private static readonly double[][] Protanopia =
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];

    private static readonly double[][] Deuteranopia =
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];

    private static double[] Linear(string colour) =>
    [
        .. Enumerable.Range(0, 3).Select(i => Convert.ToInt32(colour.Substring(1 + 2 * i, 2), 16) / 255.0)
            .Select(v => v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4)),
    ];

    private static double Contrast(string a, string b)
    {
        double[] luminances = [.. new[] { a, b }.Select(Linear).Select(c => 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]).Order()];
        return (luminances[1] + 0.05) / (luminances[0] + 0.05);
    }

    private static double[] Oklab(double[] c)
    {
        double l = Math.Cbrt(0.4122214708 * c[0] + 0.5363325363 * c[1] + 0.0514459929 * c[2]);
        double m = Math.Cbrt(0.2119034982 * c[0] + 0.6806995451 * c[1] + 0.1073969566 * c[2]);
        double s = Math.Cbrt(0.0883024619 * c[0] + 0.2817188376 * c[1] + 0.6299787005 * c[2]);
        return
        [
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s, 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
        ];
    }

    private static double Distance(string a, string b, double[][] eyes)
    {
        double[][] seen = [.. new[] { a, b }.Select(Linear).Select(c => Oklab(
            [.. eyes.Select(row => Math.Clamp(row[0] * c[0] + row[1] * c[1] + row[2] * c[2], 0, 1))]))];
        return Math.Sqrt(seen[0].Zip(seen[1], (x, y) => (x - y) * (x - y)).Sum());
    }

    [Test]
    public void TheFormulasAreRight()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Contrast("#FFFFFF", "#000000"), Is.EqualTo(21).Within(1e-12));
        Assert.That(Contrast("#777777", "#FFFFFF"), Is.EqualTo(4.48).Within(0.005), "the grey that just fails 4.5");
        Assert.That(Distance("#FFFFFF", "#000000", Everyone), Is.EqualTo(1).Within(1e-3));
        // Red and green of these shades are one to who has no green cones.
        Assert.That(Distance("#D20000", "#8A8A00", Deuteranopia), Is.LessThan(0.5 * Distance("#D20000", "#8A8A00", Everyone)));
    }

    [Test]
    public void InksStandOutFromTheirPaper()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach ((string light, string dark) in Palette.Inks.Some())
        {
            Assert.That(Contrast(light, Palette.Paper), Is.AtLeast(3), light);
            Assert.That(Contrast(dark, Palette.DarkPaper), Is.AtLeast(3), dark);
        }
        foreach (string text in (string[])[Palette.Text, Palette.Note, Palette.Prediction])
            Assert.That(Contrast(text, Palette.Paper), Is.AtLeast(4.5), text);
    }

    [TestCase(nameof(Everyone)), TestCase(nameof(Protanopia)), TestCase(nameof(Deuteranopia))]
    public void InksAreToldApart(string who)
    {
        double[][] eyes = who switch { nameof(Protanopia) => Protanopia, nameof(Deuteranopia) => Deuteranopia, _ => Everyone };
        (string Light, string Dark)[] inks = [.. Palette.Inks];
        Assert.That(inks, Has.Length.EqualTo(6));
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach ((string Light, string Dark) a in inks)
            foreach ((string Light, string Dark) b in inks.TakeWhile(other => other != a))
            {
                Assert.That(Distance(a.Light, b.Light, eyes), Is.GreaterThan(0.1), $"{a.Light} and {b.Light}");
                Assert.That(Distance(a.Dark, b.Dark, eyes), Is.GreaterThan(0.1), $"{a.Dark} and {b.Dark}");
            }
    }

    [Test]
    public void AnOpenScaleHasTwoEndsAndRises()
    {
        double[] lightness = [.. Enumerable.Range(0, 41).Select(i => Oklab(Linear(Palette.Along(i / 40.0)))[0])];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(lightness, Is.Ordered);
        foreach (double[][] eyes in (double[][][])[Everyone, Protanopia, Deuteranopia])
            Assert.That(Distance(Palette.Along(0), Palette.Along(1), eyes), Is.GreaterThan(0.3));
    }

    [Test]
    public void AFigureTurnsDarkByOneStyleElementThatCanBeLeftOut()
    {
        ChartPanel panel = new("p", new Axis("x", 0, 1), new Axis("y", 0, 1), [new Series("s", Palette.Blue, [0, 1], [0, 1])]);
        Chart chart = new("chart", "a chart", [panel]);
        string svg = chart.Render(), plain = (chart with { DarkMode = false }).Render();
        XElement style = FigureText.Named(svg, "style").Single();
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(style.Value, Does.StartWith("@media screen and (prefers-color-scheme: dark)").And.Not.Contain("url("));
        Assert.That(svg.Replace(style.ToString().Replace(" xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal) + "\n", "",
            StringComparison.Ordinal), Is.EqualTo(plain));
        // Every colour of the drawing has a rule.
        foreach (XElement shape in XDocument.Parse(plain).Descendants())
            foreach (string name in (string[])["fill", "stroke"])
                if (shape.Attribute(name) is { Value: not "none" } colour)
                    Assert.That(style.Value, Does.Contain($"[{name}=\"{colour.Value}\"]"));
    }
}
