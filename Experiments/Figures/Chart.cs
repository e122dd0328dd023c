namespace AttentionFlow.Experiments.Figures;

/// <summary>Line charts: panels in rows, a legend below them that never covers data, and notes.</summary>
/// <param name="Title">Short name for readers who do not see the picture.</param>
/// <param name="Description">What it shows, for the same readers.</param>
internal sealed record Chart(string Title, string Description, IReadOnlyList<ChartPanel> Panels)
{
    private const double TitleHeight = 30;
    private const double Untitled = 8;
    private const double AxisHeight = 48;
    private const double Unnamed = 28;
    private const double SharedGap = 26;
    private const double RightMargin = 16;

    /// <summary>Width in px; 900 fills an A4 page with text of 10 px and more.</summary>
    public double Width { get; init; } = 900;

    /// <summary>Height of the plot area of each row in px.</summary>
    public double PlotHeight { get; init; } = 270;

    /// <summary>Panels a row; 0 puts all into one.</summary>
    public int PerRow { get; init; }
    public IReadOnlyList<string> Notes { get; init; } = [];

    public string Render()
    {
        int columns = PerRow > 0 ? PerRow : Panels.Count;
        int rows = (Panels.Count + columns - 1) / columns;
        List<LegendEntry> entries = Entries();
        double plots = Top(rows, columns) + 8;
        // Whether a line leaves through the floor is known after drawing; measuring first costs nothing worth saving.
        IReadOnlyList<string> notes = Paint(new SvgWriter(Width, plots, Title, Description), columns) ? [.. Notes, FloorNote] : Notes;
        SvgWriter canvas = new(Width, plots + Legend.Height(entries, notes, Width), Title, Description);
        Paint(canvas, columns);
        Legend.Draw(canvas, entries, notes, plots);
        return canvas.ToSvg();
    }

    private const string FloorNote =
        "▼ marks where a line falls below the lower end of its axis; smaller values, exact zeros included, are not drawn.";

    private bool Paint(SvgWriter canvas, int columns)
    {
        double[] margins = Margins(columns);
        double plot = (Width - RightMargin - margins.Sum()) / columns;
        bool left = false;
        for (int i = 0; i < Panels.Count; i++)
        {
            int column = i % columns;
            double x = margins.Take(column + 1).Sum() + column * plot;
            double y = Top(i / columns, columns) + (RowOf(i / columns, columns).Any(p => p.Title.Length > 0) ? TitleHeight : Untitled);
            PanelPainter painter = new(canvas, Panels[i], new Box(x, y, plot, PlotHeight));
            painter.Draw();
            left |= painter.LeftThroughFloor;
            if (!Panels[i].SharesY && Panels[i].Y.Label.Length > 0)
                canvas.Text(new Point(x - margins[column] + 18 + (column > 0 ? SharedGap : 0), y + PlotHeight / 2), Panels[i].Y.Label,
                    new Lettering { Anchor = Anchor.Middle, Upwards = true });
        }
        return left;
    }

    private IEnumerable<ChartPanel> RowOf(int row, int columns) => Panels.Skip(row * columns).Take(columns);

    private double Top(int row, int columns) => Enumerable.Range(0, row).Select(r => RowOf(r, columns)).Sum(panels =>
        (panels.Any(p => p.Title.Length > 0) ? TitleHeight : Untitled) + PlotHeight
            + (panels.Any(p => p.X.Label.Length > 0) ? AxisHeight : Unnamed));

    /// <summary>Space to the left of each column: that of the panel in it that needs most.</summary>
    private double[] Margins(int columns)
    {
        double[] margins = new double[columns];
        for (int i = 0; i < Panels.Count; i++)
        {
            int column = i % columns;
            double needed = Panels[i].SharesY ? SharedGap
                : 14 + (column > 0 ? SharedGap : 0) + (Panels[i].Y.Label.Length > 0 ? 20 : 0)
                    + Panels[i].Y.Marks().Max(tick => Notation.Width(tick.Label, Lettering.Standard));
            margins[column] = Math.Max(margins[column], needed);
        }
        return margins;
    }

    /// <summary>What each panel has that those before it had not; two or more of them begin a row.</summary>
    private List<LegendEntry> Entries()
    {
        List<LegendEntry> entries = [];
        foreach (ChartPanel panel in Panels)
        {
            IEnumerable<LegendEntry> series = panel.Series.Select(s => new LegendEntry(s.Label, 34, (canvas, at) => Sample(canvas, s, at)));
            IEnumerable<LegendEntry> references = panel.References.Select(r =>
                new LegendEntry(r.Label, r.Vertical ? 10 : 34, (canvas, at) => Sample(canvas, r, at)));
            List<LegendEntry> added =
                [.. series.Concat(references).Where(e => e.Label.Length > 0).ExceptBy(entries.Select(known => known.Label), e => e.Label)];
            if (added.Count > 1) added[0] = added[0] with { NewRow = true };
            entries.AddRange(added);
        }
        return entries;
    }

    private static void Sample(SvgWriter canvas, Reference reference, Point at)
    {
        (double dx, double dy) = reference.Vertical ? (0, 9) : (17, 0);
        canvas.Line(new Point(at.X - dx, at.Y - dy), new Point(at.X + dx, at.Y + dy), Ink.Line(Palette.Prediction, 1.4, reference.Dash));
    }

    private static void Sample(SvgWriter canvas, Series series, Point at)
    {
        if (series.Points && series.Low is not null)
            canvas.Line(at with { Y = at.Y - 9 }, at with { Y = at.Y + 9 }, Ink.Line(series.Colour, series.Width));
        else if (series.Low is not null) canvas.Rectangle(new Box(at.X - 17, at.Y - 7, 34, 14), Ink.Area(series.Colour, 0.2));
        if (series.Width > 0 && !series.Points)
            canvas.Line(at with { X = at.X - 17 }, at with { X = at.X + 17 },
                Ink.Line(series.Colour, series.Width, series.Dashed ? "6 4" : null));
        PanelPainter.DrawSign(canvas, series, at);
    }
}
