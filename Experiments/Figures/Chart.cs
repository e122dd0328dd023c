namespace AttentionFlow.Experiments.Figures;

/// <summary>Line charts: panels in rows, a legend below them that never covers data, and notes.</summary>
/// <param name="Title">Short name for readers who do not see the picture.</param>
/// <param name="Description">What it shows, for the same readers.</param>
internal sealed record Chart(string Title, string Description, IReadOnlyList<ChartPanel> Panels)
{
    /// <summary>Width; 820 fills the two columns of a journal, 178 mm, with text of 8 pt, and 396 one of 86 mm.</summary>
    public double Width { get; init; } = 820;

    /// <summary>Height of the plot area of each row.</summary>
    public double PlotHeight { get; init; } = 250;

    /// <summary>Panels a row, fewer where they do not fit; 0 puts all into one.</summary>
    public int PerRow { get; init; }
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether it turns dark on a dark screen; converters to PDF may not know the style that does it.</summary>
    public bool DarkMode { get; init; } = true;

    public string Render()
    {
        ChartLayout layout = new(this);
        List<LegendEntry> entries = Entries();
        double plots = layout.Height + 8;
        // Whether a line leaves through the floor is known after drawing; measuring first costs nothing worth saving.
        IReadOnlyList<string> notes = Paint(new SvgWriter(Width, plots, Title, Description), layout) ? [.. Notes, FloorNote] : Notes;
        SvgWriter canvas = new(Width, plots + Legend.Height(entries, notes, Width), Title, Description);
        Paint(canvas, layout);
        Legend.Draw(canvas, entries, notes, plots);
        return canvas.ToSvg(DarkMode);
    }

    private const string FloorNote =
        "▼ marks where a line falls below the lower end of its axis; smaller values, exact zeros included, are not drawn.";

    private bool Paint(SvgWriter canvas, ChartLayout layout)
    {
        bool left = false;
        for (int i = 0; i < Panels.Count; i++)
        {
            PanelPainter painter = new(canvas, Panels[i], layout.Place(i));
            painter.Draw();
            left |= painter.LeftThroughFloor;
        }
        return left;
    }

    /// <summary>
    /// What the panels show, each once, by the panels that show it. A name that stands for several looks has an entry for each of them.
    /// </summary>
    private List<LegendEntry> Entries()
    {
        List<(LegendEntry Entry, object Look, List<int> Panels)> found = [];
        for (int panel = 0; panel < Panels.Count; panel++)
        {
            if (Panels[panel].Cells is { } cells) Add(new LegendEntry(cells.Label, 80, Sample), cells.Label);
            foreach (Series s in Panels[panel].Series)
                Add(new LegendEntry(s.Label, 34, (canvas, at) => Sample(canvas, s, at)), (s.Colour, s.Sign, s.Filled, s.Dashed));
            foreach (Reference r in Panels[panel].References)
                Add(new LegendEntry(r.Label, r.Vertical ? 10 : 34, (canvas, at) => Sample(canvas, r, at)),
                    r.Vertical ? r.Dash : (Palette.Prediction, Sign.None, false, true));

            void Add(LegendEntry entry, object look)
            {
                if (entry.Label.Length == 0) return;
                int at = found.FindIndex(known => known.Entry.Label == entry.Label && known.Look.Equals(look));
                if (at < 0) found.Add((entry, look, [panel]));
                else if (found[at].Panels[^1] != panel) found[at].Panels.Add(panel);
            }
        }
        // Where all panels show the same there is nothing to tell apart.
        bool same = found.All(f => f.Panels.Count == Panels.Count);
        return [.. from f in found
                   let letters = same ? "" : Letters.Of(f.Panels)
                   group f.Entry with { Panels = letters } by letters into row
                   from entry in row
                   select entry];
    }

    // Every shade of cells, from 0 to 1.
    private static void Sample(SvgWriter canvas, Point at)
    {
        const double width = 80.0 / Cells.Shades;
        for (int i = 0; i < Cells.Shades; i++)
            canvas.Rectangle(new Box(at.X - 40 + i * width, at.Y - 6, width, 12), Ink.Area(Palette.Blue, (i + 1.0) / Cells.Shades));
        canvas.Rectangle(new Box(at.X - 40, at.Y - 6, 80, 12), Ink.Line(Palette.Edge));
    }

    private static void Sample(SvgWriter canvas, Reference reference, Point at)
    {
        (double dx, double dy) = reference.Vertical ? (0, 9) : (17, 0);
        canvas.Line(new Point(at.X - dx, at.Y - dy), new Point(at.X + dx, at.Y + dy),
            Ink.Line(Palette.Prediction, Series.PredictedWidth, reference.Dash));
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
