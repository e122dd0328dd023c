namespace AttentionFlow.Tests.Figures;

public sealed class TextTests
{
    [TestCase(3.14e-13, "3.1 × 10^{−13}"), TestCase(1e-12, "10^{−12}"), TestCase(-1e-12, "−10^{−12}"), TestCase(9.99e-13, "10^{−12}"), TestCase(2.5e8, "2.5 × 10^{8}")]
    [TestCase(1.359140914, "1.359"), TestCase(-0.25, "−0.25"), TestCase(20, "20"), TestCase(12345, "12345"), TestCase(0, "0"), TestCase(double.NaN, "not a number")]
    [TestCase(double.PositiveInfinity, "infinite")]
    public void NumbersAreWrittenForPeople(double value, string expected) => Assert.That(Numbers.ForPeople(value), Is.EqualTo(expected));

    [TestCase(1.359140914, 1e-3, "1.3591"), TestCase(0.77, 1e-3, "0.7700"), TestCase(2.04, 0.1, "2.04"), TestCase(1.359140914229, 1e-14, "1.359140914229")]
    [TestCase(2e-7, 1e-3, "2 × 10^{−7}"), TestCase(0.5, 0, "0.5")]
    public void AToleranceSetsTheDecimals(double value, double tolerance, string expected) =>
        Assert.That(Numbers.ForPeople(value, tolerance), Is.EqualTo(expected));

    [Test]
    public void MarkupReachesHtmlSvgAndConsole()
    {
        const string text = "G_{energy} < 10^{−12} & \"x\"";
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Notation.ToHtml(text), Is.EqualTo("G<sub>energy</sub> &lt; 10<sup>−12</sup> &amp; &quot;x&quot;"));
        Assert.That(Notation.ToPlain(text), Is.EqualTo("G_energy < 10⁻¹² & \"x\""));
        Assert.That(Notation.ToSvg("10^{−12}", 10), Is.EqualTo("10<tspan dy=\"-3.6\" font-size=\"7.8\">−12</tspan>"));
        Assert.That(Notation.ToHtml("an open ^{brace"), Is.EqualTo("an open ^{brace"));
        Assert.That(Notation.Escape("a\0b\u0007c"), Is.EqualTo("abc"));
    }

    [TestCase("e^{g_{l} t}", "e<sup>g<sub>l</sub> t</sup>", "e^(g_l t)")]
    [TestCase("1 − e^{−x μ_{l}/μ_{k}}", "1 − e<sup>−x μ<sub>l</sub>/μ<sub>k</sub></sup>", "1 − e^(−x μ_l/μ_k)")]
    [TestCase("e^{−4(t + 1)^{1/2}} (sqrt)", "e<sup>−4(t + 1)<sup>1/2</sup></sup> (sqrt)", "e^(−4(t + 1)^1/2) (sqrt)")]
    [TestCase("e^{2t} x_{i}", "e<sup>2t</sup> x<sub>i</sub>", "e^2t x_i"), TestCase("a^{b{c}d} e", "a<sup>b{c}d</sup> e", "a^b{c}d e")]
    [TestCase("an open ^{brace a_{i}", "an open ^{brace a<sub>i</sub>", "an open ^{brace a_i"), TestCase("a} b_{}", "a} b<sub></sub>", "a} b_")]
    public void BracesMatch(string text, string html, string plain)
    {
        Assert.That(Notation.ToHtml(text), Is.EqualTo(html));
        Assert.That(Notation.ToPlain(text), Is.EqualTo(plain));
    }

    /// <summary>Each level is 0.78 of that before, 0.36 of its size above or 0.22 below, and the line comes back.</summary>
    [Test]
    public void ShiftsOfShiftsStandOnTheirLevel()
    {
        Assert.That(Notation.ToSvg("e^{g_{l}t} + a^{b^{c}}", 100), Is.EqualTo("e<tspan dy=\"-36\" font-size=\"78\">g</tspan>"
            + "<tspan dy=\"17.16\" font-size=\"60.84\">l</tspan><tspan dy=\"-17.16\" font-size=\"78\">t</tspan><tspan dy=\"36\"> + a</tspan>"
            + "<tspan dy=\"-36\" font-size=\"78\">b</tspan><tspan dy=\"-28.08\" font-size=\"60.84\">c</tspan>"));
        Assert.That(Notation.Width("a^{b_{c}}", 10), Is.EqualTo(10 * (0.63 + 0.63 * 0.78 + 0.54 * 0.78 * 0.78)).Within(1e-12));
        Assert.That(Notation.Wrap("e^{g_{l} t} and more", 10, 1), Is.EqualTo(["e^{g_{l} t}", "and", "more"]));
    }

    [Test]
    public void WrappedLinesFitAndLoseNothing()
    {
        const string text = "largest distance to the predicted great circle 0.012; covariance eigenvalues 0.001, 0.499, 0.500";
        IReadOnlyList<string> lines = Notation.Wrap(text, 13, 200);
        Assert.That(string.Join(' ', lines), Is.EqualTo(text));
        Assert.That(lines.Select(line => Notation.Width(line, 13)), Has.All.LessThanOrEqualTo(200));
    }

    [Test]
    public void CanvasRefusesWhatIsNotFinite()
    {
        SvgWriter canvas = new SvgWriter(10, 10, "t", "d");
        Assert.That(() => canvas.Circle(new Point(double.NaN, 1), 1, new Ink()), Throws.ArgumentException.With.Message.Contains("finite"));
        Assert.That(SvgWriter.Number(-0.001), Is.EqualTo("0"));
        Assert.That(SvgWriter.Number(1234.5678), Is.EqualTo("1234.57"));
    }

    [Test]
    public void CanvasEscapesAndWantsGroupsClosed()
    {
        SvgWriter canvas = new SvgWriter(100, 20, "a < b", "\"quoted\" & more");
        canvas.Text(new Point(1, 12), "<script>", new Lettering());
        Assert.That(FigureText.Named(canvas.ToSvg(), "text").Single().Value, Is.EqualTo("<script>"));
        canvas.Open("left open");
        Assert.That(() => canvas.ToSvg(), Throws.InvalidOperationException);
    }

    [Test]
    public void LabelColoursAreCyclicAndDistinct()
    {
        Assert.That(Palette.Phase(1), Is.EqualTo(Palette.Phase(0)));
        Assert.That(Palette.Phase(-0.25), Is.EqualTo(Palette.Phase(0.75)));
        Assert.That(Enumerable.Range(0, 64).Select(i => Palette.Phase(i / 64.0)), Is.Unique);
        Assert.That(Palette.Lighten("#000000", 1), Is.EqualTo("#FFFFFF"));
    }
}
