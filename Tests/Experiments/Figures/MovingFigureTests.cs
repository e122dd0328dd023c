using System.Xml.Linq;
using AttentionFlow.Experiments.Studies.Figure3;

namespace AttentionFlow.Tests.Figures;

public sealed class MovingFigureTests
{
    // Two tokens: one stays in front, one goes round the sphere and comes to it.
    private static string Moved(int frames)
    {
        double[] labels = [0.2, 0.7];
        double[][] path = [.. Enumerable.Range(1, frames).Select(k => new[] { 0, 0, 1, Math.Sin(Math.PI * k / frames), 0, -Math.Cos(Math.PI * k / frames) })];
        SpherePanel end = new("cloud", 3, path[^1], labels) { PredictedPoints = [0, 0, 1] };
        return MovingFigure.Render([new MovingPanel(end, path)], "From start to end.");
    }

    private static XElement[] Discs(string svg, string group) => [.. FigureText.Named(svg, "g").First(g => g.Attribute("class")?.Value == group).Elements()];

    private static string[] Values(XElement disc, string animation) =>
        [.. disc.Elements().Single(e => e.Name.LocalName == animation).Attribute("values")!.Value.Split(';')];

    [Test]
    public void DiscsMoveFromTheStartAndRestAtTheEnd()
    {
        XElement[] moving = Discs(Moved(9), "moving");
        using IDisposable scope = Assert.EnterMultipleScope();
        FigureText.AssertSound(Moved(9));
        Assert.That(moving, Has.Length.EqualTo(2));
        foreach (XElement disc in moving)
        {
            string[] places = Values(disc, "animateTransform");
            Assert.That(places, Has.Length.EqualTo(12), "nine places and a wait of three");
            Assert.That(places[8..], Has.All.EqualTo(places[^1]));
            Assert.That(disc.Attribute("transform")!.Value, Is.EqualTo($"translate({places[^1]})"), "without animation the end is seen");
        }
        Assert.That(moving.Select(disc => Values(disc, "animateTransform").Distinct().Count()).Order(), Is.EqualTo(new[] { 1, 9 }));
        XElement round = moving.Single(disc => disc.Elements().Count() == 2);
        Assert.That(Values(round, "animate"), Is.EqualTo(new[] { "0.35", "1" }), "pale behind");
        Assert.That(round.Attribute("opacity"), Is.Null, "in front at the end");
    }

    /// <summary>Who asks for less motion gets the end, and nothing that moves.</summary>
    [Test]
    public void LessMotionIsRespected()
    {
        string svg = Moved(9);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(string.Concat(FigureText.Named(svg, "style").Select(s => s.Value)), Does.Contain("@media (prefers-reduced-motion:reduce){.moving{display:none}.still{display:inline}}"));
        Assert.That(Discs(svg, "still").Elements(), Is.Empty);
        Assert.That(Discs(svg, "still").Select(d => d.Attribute("transform")!.Value), Is.EqualTo(Discs(svg, "moving").Select(d => d.Attribute("transform")!.Value)));
        Assert.That(FigureText.Named(svg, "animateTransform").Select(a => a.Parent!.Parent!.Attribute("class")!.Value), Has.All.EqualTo("moving"));
    }
}
