using AttentionFlow.Experiments.Facts;

namespace AttentionFlow.Tests.Experiments;

/// <summary>The facts of <c>verify</c>: they are the tests of the closed forms against the flow.</summary>
public sealed class FactTests
{
    private static readonly Lazy<(string Chapter, Fact Fact)[]> Measured = new(() => [.. Chapter.All.SelectMany(c => c.Measure().Select(f => (c.GetType().Name, f)))]);

    public static IEnumerable<string> Chapters => Chapter.All.Select(c => c.GetType().Name);

    [TestCaseSource(nameof(Chapters))]
    public void EveryFactOfAChapterHolds(string chapter) =>
        Assert.That(Measured.Value.Where(m => m.Chapter == chapter).Some().Where(m => !m.Fact.Passed).Select(m => string.Join(" | ", m.Fact.PlainCells())), Is.Empty);

    [Test]
    public void ThereAreMoreThanSixtyWithNamesOfTheirOwn()
    {
        Assert.That(Measured.Value, Has.Length.AtLeast(60));
        Assert.That(Measured.Value.Select(m => m.Fact.Quantity), Is.Unique);
    }

    /// <summary>A value beyond the tolerance, or none, fails each of them; so does one that is off by a share of what is expected that a factor or a sign forgotten would make.</summary>
    [Test]
    public void AWrongValueFailsEveryFact()
    {
        foreach ((string _, Fact fact) in Measured.Value)
        {
            double beyond = 1.5 * fact.Tolerance + 1e-9 * Math.Abs(fact.Expected) + 1e-300;
            foreach (double wrong in (double[])[fact.Expected - beyond, double.NaN, double.PositiveInfinity])
                if (fact.Comparison == Comparison.Within || !double.IsPositiveInfinity(wrong)) Assert.That((fact with { Measured = wrong }).Passed, Is.False, fact.Quantity);
            if (fact.Expected != 0) Assert.That((fact with { Measured = 0.5 * fact.Expected }).Passed, Is.False, $"{fact.Quantity}: a factor 2");
        }
    }

    [Test]
    public void EverySourceIsAHeadingOfThePage()
    {
        string page = Docs.Repository.Text("docs", "model.md");
        foreach (Chapter chapter in Chapter.All) Assert.That(page, Does.Match($"(?m)^##+ {chapter.Heading}$"));
    }

    [TestCase(1.0, 0, "all 1 checks pass"), TestCase(1.1, 1, "0 of 1 checks pass, 1 FAIL"), TestCase(double.NaN, 1, "FAIL")]
    public void TheCommandFailsWithAFact(double measured, int code, string said)
    {
        using StringWriter output = new();
        CommandContext context = new(1, Quiet: true, Json: false, output, TextWriter.Null, CancellationToken.None);
        Assert.That(VerifyCommand.Facts(context, [new Single(measured)]), Is.EqualTo(code));
        Assert.That(output.ToString(), Does.StartWith("quantity  source").And.Contain(said));
    }

    private sealed class Single(double measured) : Chapter(0, "here")
    {
        public override IEnumerable<Fact> Measure() => [Of("one", "1", 1, measured)];
    }
}
