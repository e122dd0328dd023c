using System.Xml.Linq;
using AttentionFlow.Tests.Output;

namespace AttentionFlow.Tests.Reports;

/// <summary>The page of a sweep: curves, or maps, over its parameters.</summary>
public sealed class SweepReportTests : FolderFixture
{
    private const string Map = "darker cells for larger values";

    [Test]
    public void OneParameterHasCurves()
    {
        XDocument page = Page(""" "interaction.beta": [0.5, 1, 2], "seed": { "from": 1, "count": 2 } """);
        Assert.That(page.ToString(), Does.Not.Contain(Map));
        string[][] numbers = page.Table("Medians of last values");
        Assert.That(numbers[1..].Select(r => (r[0], r[1])), Is.EqualTo(new[] { ("0.5", "2"), ("1", "2"), ("2", "2") }));
        Assert.That(page.Named("p")[0].Value, Does.Contain("6 points over interaction.beta (3): 6 complete"));
        // The median of two is their mean.
        double[] last = [.. Points(0, 1).Select(f => CsvData.Read($"{f}/observables.csv")["energy"][^1])];
        Assert.That(double.Parse(numbers[1][Array.IndexOf(numbers[0], "energy")], CultureInfo.InvariantCulture),
            Is.EqualTo(last.Average()).Within(5e-4));
    }

    [Test]
    public void TwoParametersOfFourValuesHaveAMap()
    {
        XDocument page = Page(""" "interaction.beta": [0.5, 1, 2, 3], "time.horizon": [0.5, 1, 1.5, 2] """);
        XElement map = page.Named("svg").Single(s => s.ToString().Contains(Map, StringComparison.Ordinal));
        int panels = map.Named("text").Count(t => t.Attribute("font-weight") is not null);
        Assert.That(map.Named("rect").Count(r => r.Attribute("height")?.Value == "44" && r.Attribute("stroke")?.Value != Palette.Edge),
            Is.EqualTo(16 * panels));
        Assert.That(page.Table("Medians of last values"), Has.Length.EqualTo(17));
        Assert.That(Page(""" "interaction.beta": [0.5, 1, 2, 3], "time.horizon": [0.5, 1, 1.5] """, "b").ToString(), Does.Not.Contain(Map));
    }

    [Test]
    public void SeedsAloneAreSummed()
    {
        XDocument page = Page(""" "seed": { "from": 1, "count": 3 } """);
        Assert.That(page.Named("p")[0].Value, Does.Contain("3 points over seeds: 3 complete"));
        Assert.That(page.Table("Medians of last values")[1][0], Is.EqualTo("3"));
    }

    [Test]
    public void WordsMayBeAParameter()
    {
        XDocument page = Page(""" "interaction.normalization": ["softmax", "unnormalized"] """);
        Assert.That(page.Table("Medians of last values")[1..].Select(r => r[0]), Is.EquivalentTo((string[])["softmax", "unnormalized"]));
        Assert.That(string.Join('|', page.Named("text").Select(t => t.Value)), Does.Contain("= softmax").And.Contain("= unnormalized"));
    }

    /// <summary>Points that are not there yet are left out, and counted.</summary>
    [Test]
    public void ASweepMayBeUnderWay()
    {
        Page(""" "interaction.beta": [0.5, 1, 2, 3], "time.horizon": [0.5, 1, 1.5, 2] """);
        foreach (string folder in Points(2, 7, 9)) Directory.Delete(folder, recursive: true);
        Assert.That(Reported.Run("report", Folder["out"]).Code, Is.Zero);
        XDocument page = Reported.Page(Folder["out"]);
        Assert.That(page.Named("p")[0].Value, Does.Contain("13 complete"));
        Assert.That(page.Table("Medians of last values")[1..].Count(r => r[2] == "0"), Is.EqualTo(3));
        foreach (string folder in Points([.. Enumerable.Range(0, 16)]).Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
        (int code, string _, string error) = Reported.Run("report", Folder["out"]);
        Assert.That(code, Is.Zero, error);
        Assert.That(Reported.Page(Folder["out"]).Named("p").Select(p => p.Value), Does.Contain("No point has ended yet."));
    }

    [Test]
    public void APointMayDiverge()
    {
        File.WriteAllText(Folder["s.json"], """
            { "base": { "tokens": { "count": 8 }, "time": { "horizon": 1, "method": "heun", "step": 0.1 },
                "record": { "observations": 3, "observables": ["mean"] } },
              "grid": { "interaction.beta": [1, 700] } }
            """);
        Reported.Run("sweep", Folder["s.json"], "--out", Folder["out"]);
        (int code, string _, string error) = Reported.Run("report", Folder["out"]);
        Assert.That(code, Is.Zero, error);
        Assert.That(Reported.Page(Folder["out"]).Named("p")[0].Value, Does.Contain("1 complete").And.Contain("1 diverged"));
    }

    private string[] Points(params int[] points)
    {
        string[] lines = File.ReadAllLines(Folder["out/points.csv"]);
        return [.. points.Select(p => Folder[$"out/{lines[p + 1].Split(',')[1]}"])];
    }

    private XDocument Page(string grid, string name = "out")
    {
        const string experiment = """
            { "tokens": { "count": 8 }, "time": { "horizon": 1 },
              "record": { "snapshots": 2, "observations": 3, "observables": ["energy", "gaps", "mean"] } }
            """;
        File.WriteAllText(Folder["s.json"], $$"""{ "title": "a <sweep>", "base": {{experiment}}, "grid": { {{grid}} } }""");
        (int code, string _, string error) = Reported.Run("sweep", Folder["s.json"], "--out", Folder[name]);
        Assert.That(code, Is.Zero, error);
        Assert.That(Reported.Run("report", Folder[name]).Code, Is.Zero);
        Reported.AssertLinks(Folder[name]);
        XDocument page = Reported.Page(Folder[name]);
        Assert.That(page.Named("h1").Single().Value, Is.EqualTo("a <sweep>"));
        return page;
    }
}
