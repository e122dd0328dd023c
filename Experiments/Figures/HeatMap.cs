namespace AttentionFlow.Experiments.Figures;

/// <summary>Values on a grid of two parameters.</summary>
/// <param name="Title">What they are.</param>
/// <param name="Values">[rows, columns], the first row below; NaN for a cell without a value.</param>
internal sealed record HeatPanel(string Title, double[,] Values);

/// <summary>Panels of coloured cells over the same two parameters, darker for larger values, each panel on a scale of its own.</summary>
/// <param name="Title">Short name for readers who do not see the picture.</param>
/// <param name="X">The parameter to the right, and its values.</param>
/// <param name="Y">The parameter upwards, and its values.</param>
internal sealed record HeatMap(
    string Title, (string Name, IReadOnlyList<string> Values) X, (string Name, IReadOnlyList<string> Values) Y,
        IReadOnlyList<HeatPanel> Panels)
{
    private const double TitleHeight = 30, AxisHeight = 52, BarHeight = 56, Right = 20, MostCell = 44, LeastWritten = 34;

    /// <summary>Width in px.</summary>
    public double Width { get; init; } = 820;

    /// <summary>Panels a row.</summary>
    public int PerRow { get; init; } = 2;

    /// <summary>Whether it turns dark on a dark screen.</summary>
    public bool DarkMode { get; init; } = true;

    public string Render()
    {
        int columns = Math.Min(PerRow, Panels.Count), rows = (Panels.Count + columns - 1) / columns;
        double left = 44 + Y.Values.Max(v => Notation.Width(v, Lettering.Standard)), panel = Width / columns;
        double cellWidth = (panel - left - Right) / X.Values.Count;
        double cellHeight = Math.Min(MostCell, Math.Max(14, 260.0 / Y.Values.Count));
        double height = TitleHeight + cellHeight * Y.Values.Count + AxisHeight + BarHeight;
        SvgWriter canvas = new(Width, rows * height, Title, $"{X.Name} to the right, {Y.Name} upwards, darker cells for larger values of "
            + string.Join(", ", Panels.Select(p => p.Title)));
        for (int i = 0; i < Panels.Count; i++)
        {
            Box box = new(i % columns * panel + left, i / columns * height + TitleHeight, cellWidth * X.Values.Count,
                cellHeight * Y.Values.Count);
            Draw(canvas, Panels[i], Letters.Before(Panels[i].Title, i, Panels.Count), box, left);
        }
        return canvas.ToSvg(DarkMode);
    }

    private void Draw(SvgWriter canvas, HeatPanel panel, string title, Box box, double left)
    {
        double[] finite = [.. panel.Values.Cast<double>().Where(double.IsFinite)];
        (double least, double most) = finite.Length == 0 ? (0, 0) : (finite.Min(), finite.Max());
        // Values that all are positive and differ by many decades, by their logarithm.
        bool isLog = least > 0 && most > 1000 * least;
        double Share(double v) => most <= least ? 0.5
            : isLog ? Math.Log(v / least) / Math.Log(most / least) : (v - least) / (most - least);
        (double w, double h) = (box.Width / X.Values.Count, box.Height / Y.Values.Count);
        Lettering middle = new() { Anchor = Anchor.Middle };
        canvas.Text(new Point(box.Centre.X, box.Y - 10), title, new Lettering(14) { Anchor = Anchor.Middle, Bold = true });
        for (int r = 0; r < Y.Values.Count; r++)
            for (int c = 0; c < X.Values.Count; c++)
            {
                double value = panel.Values[r, c];
                Box cell = new(box.X + c * w, box.Bottom - (r + 1) * h, w, h);
                bool isThere = double.IsFinite(value);
                canvas.Rectangle(cell, isThere ? Ink.Area(Colour(Share(value))) : Ink.Line(Palette.Grid));
                string text = isThere ? Short(value) : "–";
                if (w > LeastWritten && h > 16 && Notation.Width(text, 11) < w - 4)
                    canvas.Text(new Point(cell.Centre.X, cell.Centre.Y + 4), text, new Lettering(11)
                    {
                        Anchor = Anchor.Middle, Colour = isThere && Share(value) > 0.55 ? Palette.Paper : Palette.Text,
                    });
            }
        canvas.Rectangle(box, Ink.Line(Palette.Edge));
        double free = double.NegativeInfinity;
        for (int c = 0; c < X.Values.Count; c++)
        {
            double x = box.X + (c + 0.5) * w, half = Notation.Width(X.Values[c], middle.Size) / 2;
            if (x - half < free) continue;
            canvas.Text(new Point(x, box.Bottom + 18), X.Values[c], middle);
            free = x + half + 6;
        }
        int every = (int)Math.Ceiling(16 / h);
        for (int r = 0; r < Y.Values.Count; r += every)
            canvas.Text(new Point(box.X - 8, box.Bottom - (r + 0.5) * h + 4.5), Y.Values[r], middle with { Anchor = Anchor.End });
        canvas.Text(new Point(box.Centre.X, box.Bottom + 38), X.Name, middle);
        canvas.Text(new Point(box.X - left + 18, box.Centre.Y), Y.Name, middle with { Upwards = true });
        if (finite.Length > 0) Bar(canvas, new Point(box.Centre.X, box.Bottom + 60), least, most, isLog);
    }

    private static void Bar(SvgWriter canvas, Point centre, double least, double most, bool isLog)
    {
        const int cells = 40;
        const double width = 140, height = 10;
        for (int i = 0; i < cells; i++)
            canvas.Rectangle(
                new Box(centre.X - width / 2 + i * width / cells, centre.Y - height / 2, width / cells + (i < cells - 1 ? 0.5 : 0), height),
                Ink.Area(Colour((i + 0.5) / cells)));
        if (isLog) canvas.Text(centre with { Y = centre.Y + 20 }, "logarithmic scale", new Lettering(11) { Anchor = Anchor.Middle });
        canvas.Text(new Point(centre.X - width / 2 - 6, centre.Y + 4.5), Numbers.ForPeople(least), new Lettering { Anchor = Anchor.End });
        canvas.Text(new Point(centre.X + width / 2 + 6, centre.Y + 4.5), Numbers.ForPeople(most), new Lettering());
    }

    private static string Short(double value) => Math.Abs(value) is 0 or (>= 0.01 and < 1000)
        ? Numbers.Sign(value.ToString("0.##", CultureInfo.InvariantCulture)) : Numbers.Scientific(value, 1);

    private static string Colour(double share) => Palette.Lighten(Palette.Blue, 0.92 * (1 - share));
}
