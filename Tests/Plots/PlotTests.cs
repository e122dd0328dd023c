using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AttentionFlow.Experiments.Commands;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Plots.Tests;

/// <summary>Figures for print: their sizes, their fonts, what they are made of, and what is refused.</summary>
public sealed class PlotTests
{
    private static readonly TemporaryFolder Folder = new();

    private static readonly string[] Small =
        ["--set", "tokens.count=16", "--set", "time.horizon=2", "--set", "record.snapshots=3", "--set", "record.observations=9", "--quiet"];

    [OneTimeSetUp]
    public static void MakeRuns()
    {
        Assert.That(Run("run", ["figure3-rotary", "--out", Folder["a"], "--no-report", .. Small]).Code, Is.Zero);
        Assert.That(Run("run",
            ["figure3-rotary", "--out", Folder["b"], "--no-report", "--set", "interaction.beta=2", .. Small]).Code, Is.Zero);
        File.WriteAllText(Folder["sweep.json"], """
            { "base": { "tokens": { "count": 8 }, "time": { "horizon": 1 }, "record": { "snapshots": 2, "observables": ["energy", "mean"] } },
              "grid": { "interaction.beta": [0.5, 1, 2], "seed": [1, 2] } }
            """);
        Assert.That(Run("sweep", Folder["sweep.json"], "--out", Folder["sweep"], "--quiet").Code, Is.Zero);
    }

    [OneTimeTearDown]
    public static void Remove() => Folder.Dispose();

    /// <summary>86 and 178 mm: in millimetres in SVG, points in PDF, dots at 600 an inch in PNG.</summary>
    [TestCase(1, 86)]
    [TestCase(2, 178)]
    public void FiguresHaveTheWidthsOfColumns(int columns, double millimetres)
    {
        XElement svg = XElement.Parse(File.ReadAllText(Plot("svg", $"{columns}", "a")));
        Assert.That((string?)svg.Attribute("width"), Is.EqualTo(FormattableString.Invariant($"{millimetres}mm")));
        string pdf = Encoding.Latin1.GetString(File.ReadAllBytes(Plot("pdf", $"{columns}", "a")));
        double points = double.Parse(Regex.Match(pdf, @"/MediaBox \[0 0 ([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.That(points, Is.EqualTo(millimetres / 25.4 * 72).Within(0.5), "pages are of whole points");
        byte[] png = File.ReadAllBytes(Plot("png", $"{columns}", "a"));
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), Is.EqualTo(millimetres / 25.4 * 600).Within(1));
    }

    /// <summary>The fonts are in the file, all text is text in them, and the same figure is the same file.</summary>
    [Test]
    public void FontsAreEmbedded()
    {
        byte[] first = File.ReadAllBytes(Plot("pdf", "1", "a"));
        string pdf = Encoding.Latin1.GetString(first);
        string[] names = [.. Regex.Matches(pdf, @"/FontName /(\S+)").Select(m => m.Groups[1].Value)];
        Assert.That(names, Is.Not.Empty.And.All.Contains("DejaVuSans"));
        Assert.That(Regex.Matches(pdf, "/FontFile2 "), Has.Count.EqualTo(names.Length));
        Assert.That(pdf, Does.Not.Contain("/Type3"));
        Assert.That(File.ReadAllBytes(Plot("pdf", "1", "a")), Is.EqualTo(first));
    }

    /// <summary>Ink lies where the figure draws, and there is white around it: the picture is no blank, and light.</summary>
    [Test]
    public void PicturesHaveInk()
    {
        using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(Plot("png", "1", "a"));
        SkiaSharp.SKColor[] pixels = picture.Pixels;
        double white = pixels.Count(p => p == SkiaSharp.SKColors.White) / (double)pixels.Length;
        Assert.That(white, Is.InRange(0.7, 0.99));
    }

    /// <summary>Every column, several in one figure, several runs, tokens, a sweep.</summary>
    [TestCase("a", "--observable", "gap_energy")]
    [TestCase("a", "--observable", "mean0", "--observable", "energy")]
    [TestCase("a,b", "--observable", "energy")]
    [TestCase("a", "--tokens")]
    [TestCase("a,b", "--tokens")]
    [TestCase("sweep", "--observable", "mean_norm")]
    public void AllOfThemAreDrawn(string folders, params string[] options)
    {
        foreach (string form in (string[])["svg", "pdf", "png"])
            Assert.That(new FileInfo(Plot(form, "2", folders, options)).Length, Is.GreaterThan(2000));
        XElement svg = XElement.Parse(File.ReadAllText(Folder["figure.svg"]));
        Assert.That(svg.ToString(), Does.Not.Contain("prefers-color-scheme"));
        foreach (string name in options.Where(o => !o.StartsWith('-')))
            Assert.That(svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value), Has.Some.Contains(name));
    }

    /// <summary>10^{-12} that ends at x = 100: a part after the other, the second raised, none over another.</summary>
    [Test]
    public void RaisedPartsFollowTheOthers()
    {
        using SkiaSharp.SKTypeface font = SkiaSharp.SKTypeface.FromStream(
            typeof(PrintedFigure).Assembly.GetManifestResourceStream("fonts/DejaVuSans.ttf")!);
        string svg = new PrintedText(_ => font).Flat("<svg xmlns=\"http://www.w3.org/2000/svg\"><text x=\"100\" y=\"50\" font-size=\"13\" "
            + "text-anchor=\"end\">10<tspan dy=\"-4\" font-size=\"10\">−12</tspan></text></svg>");
        XElement[] parts = [.. XElement.Parse(svg).Elements()];
        Assert.That(parts.Select(p => p.Value), Is.EqualTo((string[])["10", "−12"]));
        Assert.That(parts.Select(p => (double)p.Attribute("y")!), Is.EqualTo((double[])[50, 46]));
        using SkiaSharp.SKFont large = new(font, 13), small = new(font, 10);
        double second = 100 - small.MeasureText("−12");
        Assert.That((double)parts[1].Attribute("x")!, Is.EqualTo(second).Within(1e-3));
        Assert.That((double)parts[0].Attribute("x")!, Is.EqualTo(second - large.MeasureText("10")).Within(1e-3));
        Assert.That(parts.Select(p => (string?)p.Attribute("text-anchor")), Is.All.EqualTo("start"));
    }

    /// <summary>The form is that of the name of the file, where no other is asked for.</summary>
    [TestCase("pdf", "%PDF"), TestCase("png", "\u0089PNG"), TestCase("svg", "<svg")]
    public void TheNameSaysTheForm(string ending, string start)
    {
        Assert.That(Run("plot", Folder["a"], "--out", Folder[$"named.{ending}"]).Code, Is.Zero);
        Assert.That(Encoding.Latin1.GetString(File.ReadAllBytes(Folder[$"named.{ending}"])), Does.StartWith(start));
    }

    /// <summary>A line that says what would be right, and exit code 2.</summary>
    [TestCase("a", "energi", "did you mean 'energy'", "--observable", "energi")]
    [TestCase("sweep", "--tokens", "is no run", "--tokens")]
    [TestCase("a", "3", "1 or 2 columns", "--columns", "3")]
    [TestCase("a", "gif", "unknown", "--format", "gif")]
    [TestCase("a", "none.svg", "says svg", "--format", "pdf")]
    [TestCase("nowhere", "nowhere", "there is no such folder")]
    [TestCase("a,a", "a", "given twice")]
    [TestCase("a,sweep", "sweep", "by itself")]
    [TestCase("a", "--tokens", "two figures", "--tokens", "--observable", "energy")]
    public void WhatIsWrongIsSaid(string folders, string what, string why, params string[] options)
    {
        (int code, string error) = Run("plot", [.. folders.Split(',').Select(f => Folder[f]), "--out", Folder["none.svg"], .. options]);
        Assert.That(code, Is.EqualTo(ExitCodes.BadInput));
        Assert.That(error, Does.Contain(what).And.Contain(why));
        Assert.That(File.Exists(Folder["none.svg"]), Is.False);
    }

    /// <summary>The program without Skia names the one that has it.</summary>
    [Test]
    public void TheOtherProgramNamesThisOne()
    {
        using StringWriter error = new();
        Assert.That(CommandLine.Run(["plot", Folder["a"], "--format", "pdf"], TextWriter.Null, error), Is.EqualTo(ExitCodes.BadInput));
        Assert.That(error.ToString(), Does.Contain("--project Plots"));
    }

    private static string Plot(string form, string columns, string folders, params string[] options)
    {
        string file = Folder[$"figure.{form}"];
        (int code, string error) = Run("plot",
            [.. folders.Split(',').Select(f => Folder[f]), "--format", form, "--columns", columns, "--out", file, .. options]);
        Assert.That(code, Is.Zero, error);
        return file;
    }

    private static (int Code, string Error) Run(string command, params string[] args)
    {
        using StringWriter error = new();
        int code = CommandLine.Run([command, .. args], TextWriter.Null, error, PrintedFigure.Program);
        return (code, error.ToString());
    }
}
