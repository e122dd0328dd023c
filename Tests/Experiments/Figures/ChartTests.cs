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
        Assert.That(data, Has.Length.EqualTo(7), "logarithmic and linear for each size, and the law");
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

    /// <summary>In a panel of 4 by 4 the line is at (2, 1) in the middle of its width.</summary>
    [Test]
    public void ATagStandsAboveItsLine()
    {
        Series line = new("s", Palette.Blue, [0, 1, 2, 3, 4], [0, 0, 1, 0, 0]) { Tag = "here" };
        string svg = new Chart("Tag", "A line with a tag.", [new ChartPanel("", new Axis("x", 0, 4), new Axis("y", 0, 4), [line])]).Render();
        XElement frame = FigureText.Named(svg, "g").Single(g => g.Attribute("class")?.Value == "data").ElementsAfterSelf().First();
        XElement tag = FigureText.Named(svg, "text").Single(t => t.Value == "here");
        Assert.That(FigureText.Number(tag, "x"), Is.EqualTo(FigureText.Number(frame, "x") + FigureText.Number(frame, "width") / 2).Within(0.02));
        double height = FigureText.Number(frame, "height"), above = FigureText.Number(frame, "y") + 0.75 * height - FigureText.Number(tag, "y");
        Assert.That(above, Is.InRange(4, 13));
        FigureText.AssertSound(svg);
    }

    /// <summary>It would shine through pale cells; ticks stay. Nor is there light between cells.</summary>
    [TestCase(true), TestCase(false)]
    public void CellsHaveNoGridBehindThem(bool hasCells)
    {
        ChartPanel panel = new("", new Axis("x", 0, 2), new Axis("y", 0, 1), [])
        {
            Cells = hasCells ? new("share", [0, 1, 2], [0, 1], new double[,] { { 0.1, 0.5 } }) : null,
        };
        string svg = new Chart("Cells", "Two cells.", [panel]).Render();
        Assert.That(FigureText.Named(svg, "line").Count(l => l.Attribute("stroke")?.Value == Palette.Grid), hasCells ? Is.Zero : Is.GreaterThan(4));
        Assert.That(FigureText.Named(svg, "line").Count(l => l.Attribute("stroke")?.Value == Palette.Edge), Is.GreaterThan(4));
        Assert.That(FigureText.Named(svg, "g").Count(g => g.Attribute("shape-rendering")?.Value == "crispEdges"), Is.EqualTo(hasCells ? 1 : 0));
    }

    private static ChartPanel Plain(string title, params string[] names) => new(title, new Axis("x", 0, 1), new Axis("y", 0, 1),
        [.. names.Select((name, i) => new Series(name, Palette.Series(i), [0, 1], [0, 1]) { Sign = (Sign)(1 + i) })]);

    [Test]
    public void ALegendSaysWhosePanelsItIs()
    {
        string svg = new Chart("Legends", "Four panels.", [Plain("one", "a", "b"), Plain("two", "a", "b"), Plain("", "a"), Plain("four", "c")]).Render();
        FigureText.AssertSound(svg);
        string[] texts = [.. FigureText.Named(svg, "text").Select(text => text.Value)];
        Assert.That(texts, Is.SupersetOf((string[])["(a) one", "(b) two", "(c)", "(d) four"]));
        string[] legend = [.. FigureText.Named(svg, "g").Single(g => g.Attribute("class")?.Value == "legend").Elements().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
        Assert.That(legend, Is.EqualTo((string[])["(a)–(c)", "a", "(a), (b)", "b", "(d)", "c"]));
    }

    [Test]
    public void WhereAllPanelsShowTheSameTheLegendHasNoLettersAndOnePanelHasNone()
    {
        string two = new Chart("Two", "Two panels.", [Plain("one", "a"), Plain("two", "a")]).Render(), one = new Chart("One", "One.", [Plain("one", "a")]).Render();
        Assert.That(FigureText.Named(two, "text").Select(t => t.Value), Has.Member("(a) one").And.None.EqualTo("(a), (b)"));
        Assert.That(FigureText.Named(one, "text").Select(t => t.Value), Has.Member("one").And.None.Contains("(a)"));
    }

    [Test]
    public void ANameOfTwoLooksHasTwoEntries()
    {
        ChartPanel panel = new("", new Axis("x", 0, 1), new Axis("y", 0, 1), [new Series("s", Palette.Blue, [0, 1], [0, 1])]);
        string svg = new Chart("Looks", "Two.", [panel, panel with { Series = [panel.Series[0] with { Colour = Palette.Green }] }]).Render();
        Assert.That(FigureText.Named(svg, "text").Count(t => t.Value == "s"), Is.EqualTo(2));
    }

    [TestCase(0), TestCase(1), TestCase(3)]
    public void AChartOfOneColumnIsSound(int perRow)
    {
        const string words = "a name that is far longer than the column of a journal is wide, as names of quantities now and then are";
        ChartPanel panel = new(words, new Axis(words, 0, 1), new Axis(words, 1e-12, 1, Log: true), [new Series(words, Palette.Blue, [0, 1], [1e-9, 1]), new Series("b", Palette.Green, [0, 1], [1e-9, 1])]) { References = [new Reference(0.5, words)] };
        string svg = new Chart("Narrow", "Three panels.", [panel, panel with { SharesY = true }, panel]) { Width = 396, PerRow = perRow, Notes = [words] }.Render();
        FigureText.AssertSound(svg);
        double[] frames = [.. FigureText.Named(svg, "g").Where(g => g.Attribute("class")?.Value == "data").Select(g => FigureText.Number(g.ElementsAfterSelf().First(), "width"))];
        Assert.That(frames, Has.Length.EqualTo(3).And.All.GreaterThan(200), "one below the other");
    }

    [TestCase("0 1 2 5", "(a)–(c), (f)"), TestCase("0 1", "(a), (b)"), TestCase("25 26 27", "(z)–(ab)"), TestCase("3", "(d)")]
    public void LettersOfPanels(string panels, string letters) =>
        Assert.That(Letters.Of([.. panels.Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture))]), Is.EqualTo(letters));

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
