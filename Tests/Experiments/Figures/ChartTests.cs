using System.Xml.Linq;
using AttentionFlow.Experiments.Studies.Figure2;
using AttentionFlow.Experiments.Studies.Figure3;

namespace AttentionFlow.Tests.Figures;

public sealed class ChartTests
{
    private static readonly double[] Time = [.. Enumerable.Range(0, 201).Select(i => 0.15 * i)];
    private static readonly int[] Sizes = [64, 128, 256];

    private static GapCurve Curve(string system, int tokens, Func<double, double> gap) =>
        new(system, tokens, Time, [.. Time.Select(gap)], [.. Time.Select(t => 0.1 * gap(t))],
            [.. Time.Select(t => Math.Min(1, 2 * gap(t)))]);

    private static List<GapCurve> Curves() =>
    [
        .. Sizes.SelectMany(n => (GapCurve[])
            [Curve("baseline", n, t => t > 25 ? 0 : Math.Exp(-2 * t)), Curve("rotary", n, _ => 0.55), Curve("prefix", n, _ => 0.4)]),
    ];

    private static readonly UniformSample Uniform = new([.. Enumerable.Range(0, 100).Select(i => (i + 0.5) / 100)]);

    [Test]
    public void Figure2IsSound()
    {
        string svg = GapFigure.Render(Curves(), Uniform, "|m|");
        FigureText.AssertSound(svg);
        string all = string.Join('\n', FigureText.Named(svg, "text").Select(text => text.Value));
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (string expected in (string[])
            ["n = 64", "n = 128", "n = 256", "baseline", "rotary", "prefix", "time t", "law U[0,1]", "D = 0.005", "t = 20", "▼"])
            Assert.That(all, Does.Contain(expected));
    }

    [Test]
    public void LinesStayInsideTheirFrames()
    {
        string svg = GapFigure.Render(Curves(), Uniform, "|m|");
        XElement[] data = XDocument.Parse(svg).Descendants().Where(e => e.Attribute("class")?.Value == "data").ToArray();
        Assert.That(data, Has.Length.EqualTo(4));
        foreach (XElement? group in data)
        {
            XElement frame = group.ElementsAfterSelf().First();
            double top = FigureText.Number(frame, "y"), bottom = top + FigureText.Number(frame, "height");
            foreach (XElement? line in group.Descendants().Where(e => e.Name.LocalName == "polyline").Some())
                Assert.That(FigureText.Ordinates(line), Has.All.InRange(top - 0.01, bottom + 0.01));
        }
    }

    [Test]
    public void TheFloorIsExplainedOnlyWhereALineFallsBelowIt()
    {
        GapCurve[] above = Sizes.Select(n => Curve("rotary", n, _ => 0.5)).ToArray();
        Assert.That(GapFigure.Render(above, Uniform, "|m|"), Does.Not.Contain("▼"));
    }

    [Test]
    public void MeasuredPointsHaveASignEachAndBarsWithinTheFrame()
    {
        Series points = new("measured", Palette.Blue, [1, 2, 3], [1, 2, 9]) { Points = true, Sign = Sign.Square, Low = [0.5, 1.5, 8], High = [1.5, 40, 10] };
        string svg = new Chart("Points", "Three, one of them outside.", [new ChartPanel("", new Axis("x", 0, 4), new Axis("y", 0, 5), [points])]).Render();
        XElement data = FigureText.Named(svg, "g").Single(g => g.Attribute("class")?.Value == "data"), frame = data.ElementsAfterSelf().First();
        double top = FigureText.Number(frame, "y"), bottom = top + FigureText.Number(frame, "height");
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(data.Elements().Count(e => e.Name.LocalName == "rect"), Is.EqualTo(2));
        Assert.That(data.Elements().Count(e => e.Name.LocalName is "polyline" or "polygon"), Is.Zero);
        foreach (XElement bar in data.Elements().Where(e => e.Name.LocalName == "line").Some())
            Assert.That(new[] { FigureText.Number(bar, "y1"), FigureText.Number(bar, "y2") }, Has.All.InRange(top, bottom));
        FigureText.AssertSound(svg);
    }

    [Test]
    public void ALegendNamesALineOnceAndVerticalLinesCarryTheirNames()
    {
        Series[] lines = [.. Enumerable.Range(1, 3).Select(k => new Series("predicted", Palette.Prediction, [0, 4], [0, k]))];
        ChartPanel panel = new("", new Axis("", -0.1, 4), new Axis("y", 0, 5), lines) { References = [new Reference(0, "alert") { Vertical = true, Tag = "first" }, new Reference(2, "alert") { Vertical = true, Tag = "second" }] };
        string svg = new Chart("Names", "Three lines of one name, two vertical ones.", [panel, panel with { X = new Axis("x", -0.1, 4) }]) { PerRow = 1 }.Render();
        string[] texts = [.. FigureText.Named(svg, "text").Select(text => text.Value)];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(texts.Count(t => t == "predicted"), Is.EqualTo(1));
        Assert.That(texts.Count(t => t == "alert"), Is.EqualTo(1));
        foreach (string tag in (string[])["first", "second"]) Assert.That(texts.Count(t => t == tag), Is.EqualTo(2));
        FigureText.AssertSound(svg);
    }

    [Test]
    public void HolesInTheDataLeaveHolesInTheFigure()
    {
        List<GapCurve> curves = Curves();
        for (int i = 50; i < 60; i++) curves[1].Median[i] = curves[1].Low[i] = double.NaN;
        string svg = GapFigure.Render(curves, new UniformSample([0.5, double.NaN]), "|m|");
        Assert.That(FigureText.Numbers(svg), Has.All.Matches<double>(double.IsFinite));
        XDocument.Parse(svg);
    }

    [Test]
    public void EnergyFigureIsSound()
    {
        EnergyCurve[] curves = Enumerable.Range(1, 6)
            .Select(i => new EnergyCurve($"system {i}", Time, [.. Time.Select(t => i * Math.Tanh(t / 5))], i)).ToArray();
        string svg = EnergyFigure.Render(curves, until: 20);
        FigureText.AssertSound(svg);
        IEnumerable<XElement> dashed = FigureText.Named(svg, "line").Where(line => line.Attribute("stroke-dasharray") is not null);
        Assert.That(dashed.Count(), Is.EqualTo(7), "six limits and their legend");
    }

    [Test]
    public void KolmogorovDistanceAgainstKnownValues() => Assert.Multiple(() =>
    {
        Assert.That(Uniform.Distance, Is.EqualTo(0.005).Within(1e-12));
        Assert.That(new UniformSample([0.5]).Distance, Is.EqualTo(0.5).Within(1e-12));
        Assert.That(new UniformSample([0, 0, 0, 0]).Distance, Is.EqualTo(1).Within(1e-12));
        Assert.That(new UniformSample([0.1, double.NaN]).Distance, Is.NaN);
        Assert.That(Uniform.CriticalDistance(0.001), Is.EqualTo(0.1925).Within(5e-4));
    });
}
