
namespace AttentionFlow.Experiments.Figures;

/// <summary>Clouds on spheres, the predicted limits under the tokens, any number of panels, as in the paper's figure 3.</summary>
internal sealed record SphereFigure
{
    private const double TitleHeight = 30;
    private const double LineHeight = 17;
    private const double Margin = 14;
    public int PerRow { get; init; } = 3;

    /// <summary>Width of a panel; three of 273 fill the two columns of a journal, as a <see cref="Chart"/> does.</summary>
    public double PanelWidth { get; init; } = 273;

    /// <summary>Short name for readers who do not see the picture.</summary>
    public string Title { get; init; } = "Clouds of tokens at the horizon";
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether it turns dark on a dark screen.</summary>
    public bool DarkMode { get; init; } = true;

    public string Render(IReadOnlyList<SpherePanel> panels)
    {
        int columns = Math.Min(PerRow, panels.Count);
        double radius = PanelWidth * 0.385;
        double width = columns * PanelWidth;
        double ball = TitleHeight + 2 * radius + Margin;
        Camera[] cameras = [.. panels.Select(SphereView.CameraOf)];
        bool turned = cameras.Distinct().Count() > 1;
        IReadOnlyList<string>[] texts = [.. panels.Select((panel, i) => Lines(panel, turned ? cameras[i] : null))];
        IReadOnlyList<string> notes = turned ? [.. Notes, "Each sphere is seen from its own side, given by azimuth and elevation; the "
            + "axes lie at its lower left."] : Notes;
        double[] heights = [.. texts.Chunk(columns).Select(row => ball + 32 + LineHeight * row.Max(lines => lines.Count))];
        List<LegendEntry> entries = Entries(panels);
        double top = heights.Sum() + 4;
        SvgWriter canvas = new(width, top + Legend.Height(entries, notes, width), Title,
            "Tokens on the unit sphere, coloured by label, with the predicted limit: "
                + string.Join("; ", panels.Select(panel => panel.Title)));
        for (int i = 0; i < panels.Count; i++)
        {
            double x = i % columns * PanelWidth + PanelWidth / 2;
            double y = heights.Take(i / columns).Sum();
            canvas.Text(new Point(x, y + 19), Letters.Before(panels[i].Title, i, panels.Count),
                new Lettering(14) { Anchor = Anchor.Middle, Bold = true });
            new SphereView(canvas, panels[i], new Point(x, y + TitleHeight + radius), radius).Draw();
            for (int k = 0; k < texts[i].Count; k++)
                canvas.Text(new Point(x, y + ball + 28 + LineHeight * k), texts[i][k], new Lettering { Anchor = Anchor.Middle });
        }
        Legend.Draw(canvas, entries, notes, top);
        return canvas.ToSvg(DarkMode);
    }

    private IReadOnlyList<string> Lines(SpherePanel panel, Camera? camera)
    {
        string[] projected = panel.Dimension > 3 ? [$"first 3 of {panel.Dimension} coordinates"] : [];
        string[] seen = camera is null ? [] : [Numbers.Sign($"seen from {camera.Azimuth}°, {camera.Elevation}°")];
        return
        [
            .. panel.Lines.Concat(projected).Concat(seen).SelectMany(line => Notation.Wrap(line, Lettering.Standard, PanelWidth - 10)),
        ];
    }

    private static List<LegendEntry> Entries(IReadOnlyList<SpherePanel> panels)
    {
        bool mixed = panels.Any(panel => panel.Cyclic) && panels.Any(panel => !panel.Cyclic);
        List<LegendEntry> entries = [];
        foreach (bool cyclic in (bool[])[true, false])
        {
            int[] shown = [.. Enumerable.Range(0, panels.Count).Where(i => panels[i].Cyclic == cyclic)];
            if (shown.Length > 0)
                entries.Add(new(cyclic ? "label s, closed" : "label s, open", 178,
                    (canvas, at) => ColourBar(canvas, at, panels[shown[0]].Colour))
                {
                    Panels = mixed ? Letters.Of(shown) : "",
                });
        }
        entries.Add(new("token in front, behind", 26, (canvas, at) =>
        {
            canvas.Circle(at with { X = at.X - 6 }, 3.4, Ink.Area(Palette.Phase(0.55)));
            canvas.Circle(at with { X = at.X + 6 }, 2.4, Ink.Area(Palette.Lighten(Palette.Phase(0.55), 0.5)));
        }));
        if (panels.Any(panel => panel.PredictedCurves.Count > 0))
            entries.Add(new("predicted curve", 34, (canvas, at) =>
            {
                (Point from, Point to) = (at with { X = at.X - 17 }, at with { X = at.X + 17 });
                canvas.Line(from, to, Ink.Line(Palette.Kerb, 10));
                canvas.Line(from, to, Ink.Line(Palette.Road, 7.6));
            }));
        if (panels.Any(panel => panel.PredictedPoints.Length > 0))
            entries.Add(new("predicted point", 22, (canvas, at) => canvas.Circle(at, 9, Ink.Line(Palette.Text, 1.6))));
        if (panels.Any(SphereView.HasGroups))
            entries.Add(new("tokens that coincide, cut by label, with their number", 18,
                (canvas, at) => SphereView.Pie(canvas, at, 8, [.. Enumerable.Range(0, 24).Select(i => panels[0].Colour((i + 0.5) / 24))])));
        return entries;
    }

    private static void ColourBar(SvgWriter canvas, Point at, Func<double, string> colour)
    {
        const int cells = 48;
        const double cell = 3;
        double left = at.X - cells * cell / 2;
        for (int i = 0; i < cells; i++)
            canvas.Rectangle(new Box(left + i * cell, at.Y - 6, cell + (i < cells - 1 ? 0.5 : 0), 12),
                Ink.Area(colour((i + 0.5) / cells)));
        canvas.Text(new Point(left - 5, at.Y + 4.5), "0", new Lettering { Anchor = Anchor.End });
        canvas.Text(new Point(left + cells * cell + 5, at.Y + 4.5), "1", new Lettering());
    }
}
