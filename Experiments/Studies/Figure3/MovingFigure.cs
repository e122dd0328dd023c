namespace AttentionFlow.Experiments.Studies.Figure3;

/// <summary>A cloud in motion: its end with the predicted limit, and where its tokens were.</summary>
/// <param name="Frames">Positions at even steps of the picture's time, the last one those of <paramref name="End"/>.</param>
internal sealed record MovingPanel(SpherePanel End, IReadOnlyList<double[]> Frames);

/// <summary>
/// Clouds on spheres from start to end, again and again: SVG with animations that needs no program and plays inside an img. Who asks for
/// less motion, and what knows no animation, gets the end.
/// </summary>
internal static class MovingFigure
{
    private const int PerRow = 3;
    private const double PanelWidth = 240, Margin = 10, Radius = 92, RowHeight = 246, Foot = 62;

    // Whole numbers of half a pixel keep the file small.
    private const double Unit = 0.5, TokenRadius = 3 / Unit;

    public static string Render(IReadOnlyList<MovingPanel> panels, string note)
    {
        double width = PerRow * PanelWidth + 2 * Margin, bottom = (panels.Count + PerRow - 1) / PerRow * RowHeight;
        SvgWriter canvas = new(width, bottom + Foot, "Clouds in motion", "Tokens on the unit sphere, coloured by label, move from "
            + "independent "
            + "places to the predicted limits: " + string.Join("; ", panels.Select(panel => panel.End.Title)));
        canvas.ChooseByMotion("moving", "still");
        for (int i = 0; i < panels.Count; i++)
        {
            (SpherePanel end, Point corner) = (panels[i].End, new(Margin + i % PerRow * PanelWidth, i / PerRow * RowHeight));
            Point centre = new(corner.X + PanelWidth / 2, corner.Y + 30 + Radius);
            Camera camera = Camera.For(SphereView.Points(end.Positions, 3));
            canvas.Text(new Point(centre.X, corner.Y + 19), Letters.Before(end.Title, i, panels.Count), new Lettering(14)
            {
                Anchor =
                Anchor.Middle, Bold = true
            });
            new SphereView(canvas, end with { Positions = [], Camera = camera }, centre, Radius).Draw();
            Tokens(canvas, panels[i], camera, centre);
        }
        Clock(canvas, panels[0].Frames.Count, width, bottom + 14);
        canvas.Text(new Point(width / 2, bottom + Foot - 12), note, new Lettering { Anchor = Anchor.Middle });
        return canvas.ToSvg(darkMode: true);
    }

    private static void Tokens(SvgWriter canvas, MovingPanel panel, Camera camera, Point centre)
    {
        Seen[][] frames = [.. panel.Frames.Select(frame => SphereView.Points(frame, 3).Select(p => camera.See(p[0], p[1],
            p[2])).ToArray())];
        int[] order = [.. Enumerable.Range(0, frames[^1].Length).OrderBy(i => frames[^1][i].Depth)];
        foreach ((string group, Seen[][] shown) in new[] { ("moving", frames), ("still", frames[^1..]) })
        {
            canvas.Open(group, centre, Unit);
            foreach (int i in order)
                canvas.Moving([.. shown.Select(frame => Place(frame[i]))], TokenRadius, panel.End.Colour(panel.End.Labels[i]));
            canvas.Close();
        }

        static (Point, bool) Place(Seen seen) =>
            (new Point(Math.Round(Radius * seen.X / Unit), Math.Round(-Radius * seen.Y / Unit)), seen.Depth >= 0);
    }

    // A mark that runs from the start to the end of the picture's time.
    private static void Clock(SvgWriter canvas, int frames, double width, double y)
    {
        (Point left, Point right) = (new(0.3 * width, y), new(0.7 * width, y));
        canvas.Line(left, right, Ink.Line(Palette.Edge, 1.5));
        canvas.Text(left with { X = left.X - 12, Y = y + 4.5 }, "start", new Lettering { Anchor = Anchor.End });
        canvas.Text(right with { X = right.X + 12, Y = y + 4.5 }, "end", new Lettering());
        canvas.Open("moving");
        canvas.Moving([.. Enumerable.Range(0, frames).Select(k => (left with { X = left.X + (right.X - left.X) * k / (frames - 1.0) },
            true))],
            5, Palette.Text);
        canvas.Close();
    }
}
