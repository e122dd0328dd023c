using System.Xml.Linq;
using AttentionFlow.Tests.Figures;

namespace AttentionFlow.Tests.Reports;

/// <summary>Maps of values over two parameters, read back from the figure.</summary>
public sealed class HeatMapTests
{
    [TestCase(2, 3), TestCase(5, 4), TestCase(1, 1)]
    public void ThereIsACellForEveryPairOfValues(int rows, int columns)
    {
        double[,] values = new double[rows, columns];
        for (int r = 0; r < rows; r++) for (int c = 0; c < columns; c++) values[r, c] = r * columns + c;
        XElement[] cells = Cells(Draw(values), rows * columns);
        // The first row is the lowest; darker is more.
        Assert.That(cells.Select(Light), Is.Ordered.Descending);
        for (int i = 1; i < cells.Length; i++)
            Assert.That(Light(cells[i]), Is.LessThan(Light(cells[i - 1])));
        for (int i = columns; i < cells.Length; i++)
            Assert.That(FigureText.Number(cells[i], "y"), Is.LessThan(FigureText.Number(cells[i - columns], "y")));
    }

    /// <summary>Cells without a value are drawn empty, and change nothing of the others.</summary>
    [Test]
    public void AMissingValueIsAnEmptyCell([Values(double.NaN, double.PositiveInfinity)] double missing)
    {
        XElement[] cells = Cells(Draw(new[,] { { 1, missing }, { 2, 3 } }), 4);
        Assert.That(cells.Select(IsFull), Is.EqualTo((bool[])[true, false, true, true]));
        Assert.That((Light(cells[0]) > Light(cells[2]), Light(cells[2]) > Light(cells[3])), Is.EqualTo((true, true)));
        string nothing = Draw(new[,] { { missing, missing }, { missing, missing } });
        Assert.That(Cells(nothing, 4).Any(IsFull), Is.False);
    }

    /// <summary>On a logarithmic scale 1, 100, 10^4 are as even as 1, 2, 3 on a linear one.</summary>
    [Test]
    public void PositiveValuesOfManyDecadesAreShownByTheirLogarithm()
    {
        double[,] decades = { { 1, 100 }, { 1e4, 1 } }, even = { { 1, 2 }, { 3, 1 } }, linear = { { 0, 100 }, { 1e4, 0 } };
        Assert.That(Fills(decades), Is.EqualTo(Fills(even)));
        Assert.That(Fills(linear), Is.Not.EqualTo(Fills(even)));
        Assert.That(Draw(decades), Does.Contain("logarithmic"));
        foreach (double[,] other in (double[][,])[even, linear, new[,] { { 1, 999.0 }, { 5, 7 } }])
            Assert.That(Draw(other), Does.Not.Contain("logarithmic"));
    }

    /// <summary>Nothing to tell apart: all cells are of one colour, and no number is none.</summary>
    [Test]
    public void OneValueOnlyHasOneColour([Values(0.0, 1.0, -3e-300, 1e300)] double value)
    {
        string svg = Draw(new[,] { { value, value }, { value, value } });
        Assert.That(Cells(svg, 4).Select(c => c.Attribute("fill")!.Value).Distinct().Count(), Is.EqualTo(1));
        Assert.That(FigureText.Numbers(svg), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void EveryPanelHasAScaleAndALetterOfItsOwn()
    {
        double[,] small = { { 1, 2 }, { 3, 4 } }, large = { { 100, 200 }, { 300, 400 } };
        int[] light = [.. Cells(new HeatMap("m", ("x", ["1", "2"]), ("y", ["1", "2"]), [new("one", small), new("<two> & three", large)])
            .Render(), 8).Select(Light)];
        // 4 lies as far from 1 in the first panel as 400 from 100 in the second.
        int[] first = light[..4], second = light[4..];
        Assert.That(first, Is.EqualTo(second).And.Unique);
    }

    private static string Draw(double[,] values) => new HeatMap("map",
        ("β", [.. Enumerable.Range(1, values.GetLength(1)).Select(c => $"{c}")]),
        ("c", [.. Enumerable.Range(1, values.GetLength(0)).Select(r => $"{r}")]), [new("energy", values)]).Render();

    private static string[] Fills(double[,] values) => [.. Cells(Draw(values), values.Length).Select(c => c.Attribute("fill")!.Value)];

    // Cells are 44 high, and of one panel come before its frame; paper, frames and bars are not.
    private static XElement[] Cells(string svg, int count)
    {
        XElement[] cells = [.. FigureText.Named(svg, "rect").Where(r => FigureText.Number(r, "height") == 44 && !IsFrame(r))];
        Assert.That(cells, Has.Length.EqualTo(count));
        return cells;

        static bool IsFrame(XElement r) => r.Attribute("stroke")?.Value == Palette.Edge;
    }

    private static bool IsFull(XElement cell) => cell.Attribute("fill") is { Value: not "none" };

    private static int Light(XElement cell)
    {
        string fill = cell.Attribute("fill")!.Value;
        return Enumerable.Range(0, 3).Sum(k => int.Parse(fill.AsSpan(1 + 2 * k, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
