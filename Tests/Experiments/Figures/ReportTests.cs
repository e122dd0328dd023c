using System.Xml.Linq;

namespace AttentionFlow.Tests.Figures;

public sealed class ReportTests
{
    [TestCase(nameof(Comparison.Within), 1, 1.05, 0.1, true)]
    [TestCase(nameof(Comparison.Within), 1, 0.95, 0.1, true)]
    [TestCase(nameof(Comparison.Within), 1, 1.2, 0.1, false)]
    [TestCase(nameof(Comparison.AtMost), 1e-12, 3e-13, 0, true)]
    [TestCase(nameof(Comparison.AtMost), 1e-12, 3e-12, 0, false)]
    [TestCase(nameof(Comparison.AtLeast), 2, 5, 0, true)]
    [TestCase(nameof(Comparison.AtLeast), 2, 1.9, 0.2, true)]
    [TestCase(nameof(Comparison.AtLeast), 2, 1.7, 0.2, false)]
    [TestCase(nameof(Comparison.Within), 0, double.NaN, 1, false)]
    [TestCase(nameof(Comparison.AtMost), 0, double.NaN, 1, false)]
    [TestCase(nameof(Comparison.AtLeast), 0, double.NaN, 1, false)]
    [TestCase(nameof(Comparison.AtMost), double.NaN, 0, 1, false)]
    [TestCase(nameof(Comparison.Within), 0, 0, double.NaN, false)]
    [TestCase(nameof(Comparison.AtMost), 0, double.NegativeInfinity, 1, false)]
    [TestCase(nameof(Comparison.AtLeast), 0, double.PositiveInfinity, 1, false)]
    [TestCase(nameof(Comparison.Within), double.PositiveInfinity, double.PositiveInfinity, 1, false)]
    public void AVerdictFailsWhatItMust(string comparison, double expected, double measured, double tolerance, bool passes)
    {
        Fact fact = new("quantity", "source", expected, measured, tolerance) { Comparison = Enum.Parse<Comparison>(comparison) };
        Assert.That(fact.Passed, Is.EqualTo(passes));
        Assert.That(fact.Verdict, Is.EqualTo(passes ? "pass" : "FAIL"));
        Assert.That(fact.Cells(), Has.Count.EqualTo(Fact.Headings.Count));
    }

    [Test]
    public void AFactsNumbersSurviveJsonEvenWhenNotFinite()
    {
        Fact fact = Fact.AtMost("q", "s", 1, double.NaN, 0.1);
        string json = JsonSerializer.Serialize(fact);
        Assert.That(json, Does.Contain("\"NaN\"").And.Contain("\"AtMost\"").And.Contain("\"FAIL\""));
        Assert.That(JsonSerializer.Deserialize<Fact>(json), Is.EqualTo(fact));
    }

    [Test]
    public void ARowReadsWellOnAConsole()
    {
        Fact fact = Fact.AtMost("G_{energy}, t = 30", "[1]", 1e-12, 3.14e-13);
        Assert.That(fact.PlainCells(), Is.EqualTo((string[])
            ["G_energy, t = 30", "[1]", "≤ 10⁻¹²", "3.1 × 10⁻¹³", "", "", "pass"]));
    }

    [Test]
    public void TheSummaryCounts()
    {
        Fact good = new("q", "s", 1, 1, 0), bad = good with { Measured = 2 };
        Assert.That(Fact.Summary([good, good]), Is.EqualTo("all 2 checks pass"));
        Assert.That(Fact.Summary([good, bad]), Is.EqualTo("1 of 2 checks pass, 1 FAIL"));
        Assert.That(Fact.Summary([]), Is.EqualTo("no checks"));
    }

    private static string Page()
    {
        ChartPanel panel = new ChartPanel("p", new Axis("x", 0, 1), new Axis("y", 0, 1), [new Series("s", Palette.Blue, [0, 1], [0, 1])]);
        string svg = new Chart("chart", "a chart", [panel]).Render();
        return new HtmlReport("Title <with> & 10^{−12}")
            .Section("Section").Paragraph("a < b & c > d \"quoted\" it's").Warning("watch out")
            .Figure(svg, "caption <b>").Figure(svg, "another")
            .Table("settings", ["name", "value"], [["a", "1"], ["b", "−2.5"]])
            .Facts("facts", [new Fact("energy e^{β}/2β", "[1]", 1.359, 1.359, 1e-9), new Fact("gap", "[1]", 0, double.NaN, 1)])
            .Alerts("alerts", [("run 1", new Alert("rank collapse", "stable_rank", 22, 3, 1, 1.008, 1.01, "stop <earlier>"))]).Alerts("none of these", [])
            .Provenance(new Dictionary<string, string> { ["command"] = "attentionflow reproduce --out <dir> && echo" })
            .ToHtml();
    }

    [Test]
    public void TheReportIsWellFormedAndEscaped()
    {
        XDocument page = XDocument.Parse(Page());
        XElement[] outsideFigures = page.Descendants().Where(e => e.Ancestors().All(a => a.Name.LocalName != "svg")).ToArray();
        string[] Values(string name) => [.. outsideFigures.Where(e => e.Name.LocalName == name).Select(e => e.Value)];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Values("title")[0], Is.EqualTo("Title <with> & 10⁻¹²"));
        Assert.That(Values("p"), Has.Member("a < b & c > d \"quoted\" it's"));
        Assert.That(Values("figcaption"), Is.EqualTo((string[])["Figure 1. caption <b>", "Figure 2. another"]));
        Assert.That(Values("dd"), Is.EqualTo((string[])["attentionflow reproduce --out <dir> && echo"]));
        Assert.That(Values("td"), Has.Member("pass").And.Member("FAIL"));
        Assert.That(Values("td"), Is.SupersetOf((string[])["run 1", "rank collapse", "22", "stop <earlier>"]));
        Assert.That(Values("caption"), Has.None.Contains("none of these"));
        Assert.That(Values("svg"), Has.Length.EqualTo(2));
    }

    [Test]
    public void TheReportNeedsNothingFromOutside()
    {
        string page = Page().Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
        foreach (string outside in (string[])["http:", "https:", "url(", "@import", "src=", "href=", "<script", "<link"])
            Assert.That(page, Does.Not.Contain(outside));
    }

    [Test]
    public void TablesScrollByThemselvesAlsoByKeys()
    {
        XElement[] tables = [.. XDocument.Parse(Page()).Descendants().Where(e => e.Name.LocalName == "table").Some()];
        Assert.That(Page(), Does.Contain("div.table { overflow-x: auto; }"));
        foreach ((int i, XElement table) in tables.Index())
        {
            Assert.That(table.Parent!.Attribute("tabindex")?.Value, Is.EqualTo("0"));
            Assert.That(table.Parent!.Attribute("aria-label")?.Value, Is.EqualTo($"Table {i + 1}"));
        }
    }

    [Test]
    public void TheReportPrintsWithoutCuttingFigures() =>
        Assert.That(Page(), Does.Contain("@page { size: A4")
            .And.Contain("figure, tr, dl { break-inside: avoid; }").And.Contain("print-color-adjust"));
}
