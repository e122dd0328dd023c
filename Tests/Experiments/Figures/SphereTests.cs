using System.Xml.Linq;

namespace AttentionFlow.Tests.Figures;

public sealed class SphereTests
{
    private static readonly double[] Labels = [.. Enumerable.Range(0, 64).Select(i => (i + 0.5) / 64)];

    private static double[] Circle(double height, int points, bool closed = false)
    {
        double radius = Math.Sqrt(1 - height * height);
        IEnumerable<double> angles = Enumerable.Range(0, points + (closed ? 1 : 0)).Select(i => 2 * Math.PI * (i + 0.5) / points);
        return [.. angles.SelectMany(angle => new[] { radius * Math.Cos(angle), radius * Math.Sin(angle), height })];
    }

    private static double[] Repeat(double[] point, int times) => [.. Enumerable.Repeat(point, times).SelectMany(p => p)];

    private static SpherePanel[] Six() =>
    [
        new("baseline", 3, Repeat([0.6, 0, 0.8], 64), Labels) { PredictedPoints = [0.6, 0, 0.8], Lines = ["1 − |m| = 10^{−15}"] },
        new("distance bias", 3, Repeat([0, -0.6, -0.8], 64), Labels),
        new("Toeplitz cos", 3, Circle(0, 64), Labels)
        {
            PredictedCurves = [Circle(0, 90, closed: true)],
            Lines = [string.Join(' ', Enumerable.Repeat("long", 20))],
        },
        new("rotary code", 3, Circle(-0.7, 64), Labels) { PredictedCurves = [Circle(-0.7, 90, closed: true)] },
        new("circle", 2, [.. Labels.SelectMany(s => new[] { Math.Cos(6 * s), Math.Sin(6 * s) })], Labels) { PredictedPoints = [1, 0] },
        new("prefix", 3, [.. Repeat([1, 0, 0], 32), .. Repeat([-0.6, 0.8, 0], 32)], Labels)
        {
            PredictedPoints = [1, 0, 0, -0.6, 0.8, 0],
        },
    ];

    [TestCase(3, 300), TestCase(2, 250)]
    public void Figure3IsSound(int columns, double width) =>
        FigureText.AssertSound(new SphereFigure { PerRow = columns, PanelWidth = width, Notes = ["t = 100"] }.Render(Six()));

    [Test]
    public void WhatLiesBehindIsDrawnFirstAndSmaller()
    {
        string svg = new SphereFigure().Render([new("cloud", 3, Circle(0.3, 64), Labels)]);
        XElement sphere = XDocument.Parse(svg).Descendants().Single(e => e.Attribute("class")?.Value == "sphere");
        List<string> parts = sphere.Elements().Select(e => e.Attribute("class")?.Value ?? e.Name.LocalName).ToList();
        double[] Radii(string part) => [.. sphere.Elements().Single(e => e.Attribute("class")?.Value == part).Elements()
            .Where(e => e.Name.LocalName == "circle").Select(e => FigureText.Number(e, "r"))];
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(parts.IndexOf("back"), Is.LessThan(parts.IndexOf("circle")), "the ball covers what lies behind");
        Assert.That(parts.IndexOf("circle"), Is.LessThan(parts.IndexOf("front")));
        Assert.That(Radii("back").Length + Radii("front").Length, Is.EqualTo(64));
        Assert.That(Radii("back"), Is.Not.Empty.And.All.LessThanOrEqualTo(Radii("front").Min()));
        Assert.That(Radii("front"), Is.Ordered, "the nearest last");
    }

    [Test]
    public void CoincidingTokensAreCounted()
    {
        string[] texts = FigureText.Named(new SphereFigure().Render(Six()), "text").Select(text => text.Value).ToArray();
        Assert.That(texts.Count(text => text == "64 tokens"), Is.EqualTo(2));
        Assert.That(texts.Count(text => text == "32"), Is.EqualTo(2));
    }

    [Test]
    public void CamerasAreNamedWhereTheyDifferAndScalesWhereTheyDo()
    {
        SpherePanel one = new("one", 3, Circle(0.3, 64), Labels) { Camera = new(30, 25) };
        string Text(params SpherePanel[] panels) => string.Join('\n', FigureText.Named(new SphereFigure().Render(panels), "text").Select(t => t.Value));
        string same = Text(one, one), other = Text(one, one with { Camera = new(40, -25), Cyclic = false });
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(same, Does.Not.Contain("seen from").And.Contain("label s, closed").And.Not.Contain("label s, open").And.Contain("x1").And.Not.Contain("x0"));
        Assert.That(other, Does.Contain("seen from 30°, 25°").And.Contain("seen from 40°, −25°").And.Contain("label s, closed").And.Contain("label s, open"));
    }

    [Test]
    public void LabelsZeroAndOneShareAColourOnAClosedCurveOnly()
    {
        SpherePanel closed = new("closed", 3, [1, 0, 0], [0]);
        Assert.That(closed.Colour(1), Is.EqualTo(closed.Colour(0)));
        Assert.That((closed with { Cyclic = false }).Colour(1), Is.Not.EqualTo(closed.Colour(0)).And.Not.EqualTo((closed with { Cyclic = false }).Colour(0)));
    }

    [Test]
    public void HigherDimensionsSayThatTheyAreProjected()
    {
        SpherePanel panel = new SpherePanel("d = 5", 5, [1, 0, 0, 0, 0, 0, 0, 0, 0.6, 0.8], [0, 0.5]);
        Assert.That(new SphereFigure().Render([panel]), Does.Contain("first 3 of 5 coordinates"));
    }

    [Test]
    public void TokensThatAreNotFiniteAreLeftOut()
    {
        SpherePanel panel = new SpherePanel("hole", 3, [1, 0, 0, double.NaN, 0, 0, 0, 1, 0], [0, 0.3, 0.6])
        {
            PredictedPoints = [double.NaN, 0, 0],
        };
        Assert.That(FigureText.Numbers(new SphereFigure().Render([panel])), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void AFlatListThatIsNotWholeTokensIsRefused() =>
        Assert.That(() => new SphereFigure().Render([new("bad", 3, [1, 0], [0])]),
            Throws.ArgumentException.With.Message.Contains("3 coordinates"));

    [Test]
    public void ACameraIsARotation()
    {
        Camera camera = new Camera(52, 25);
        Seen[] seen = new[] { camera.See(1, 0, 0), camera.See(0, 1, 0), camera.See(0, 0, 1) };
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (Seen s in seen) Assert.That(s.X * s.X + s.Y * s.Y + s.Depth * s.Depth, Is.EqualTo(1).Within(1e-12));
        double determinant = seen[0].X * (seen[1].Y * seen[2].Depth - seen[2].Y * seen[1].Depth)
            - seen[1].X * (seen[0].Y * seen[2].Depth - seen[2].Y * seen[0].Depth)
            + seen[2].X * (seen[0].Y * seen[1].Depth - seen[1].Y * seen[0].Depth);
        Assert.That(determinant, Is.EqualTo(1).Within(1e-12), "right-handed, not mirrored");
        Assert.That(Camera.Above.See(1, 0, 0).X, Is.EqualTo(1).Within(1e-12));
        Assert.That(Camera.Above.See(0, 1, 0).Y, Is.EqualTo(1).Within(1e-12));
    }

    [Test]
    public void TheChosenCameraSeesGreatCirclesObliquely()
    {
        Random random = new Random(1);
        for (int trial = 0; trial < 30; trial++)
        {
            double z = 2 * random.NextDouble() - 1, turn = 2 * Math.PI * random.NextDouble(), r = Math.Sqrt(1 - z * z);
            double[] normal = [r * Math.Cos(turn), r * Math.Sin(turn), z], e1 = [-Math.Sin(turn), Math.Cos(turn), 0];
            double[] e2 = [-z * Math.Cos(turn), -z * Math.Sin(turn), r];
            double[][] circle = Enumerable.Range(0, 60).Select(i => Enumerable.Range(0, 3)
                .Select(c => Math.Cos(i * Math.PI / 30) * e1[c] + Math.Sin(i * Math.PI / 30) * e2[c]).ToArray()).ToArray();
            double flat = Math.Abs(Camera.For(circle).See(normal[0], normal[1], normal[2]).Depth);
            Assert.That(flat, Is.InRange(0.3, 0.75), $"normal {string.Join(", ", normal)}");
        }
    }

    [Test]
    public void TheChosenCameraSeesACollapsedCloudInFront()
    {
        foreach (double[] point in (double[][])[[0, 0, 1], [0, 0, -1], [1, 0, 0], [-0.6, -0.8, 0]])
            Assert.That(Camera.For([point, point]).See(point[0], point[1], point[2]).Depth, Is.GreaterThan(0.4));
    }
}
