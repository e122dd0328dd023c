namespace AttentionFlow.Experiments.Figures;

/// <summary>Draws one panel into its box: grid, bands, lines cut at the frame, reference lines, axes.</summary>
internal sealed class PanelPainter(SvgWriter canvas, ChartPanel panel, PanelPlace place)
{
    private readonly Box _box = place.Box;
    private const double SignSpacing = 5;

    /// <summary>Whether a line left through a logarithmic floor; the chart then explains the triangle.</summary>
    public bool LeftThroughFloor { get; private set; }

    /// <summary>Draws everything inside the frame, the frame, the ticks and the labels of the panel.</summary>
    public void Draw()
    {
        DrawAxes();
        canvas.Open("data");
        if (panel.Cells is not null) DrawCells(panel.Cells);
        foreach (Series series in panel.Series) DrawBand(series);
        foreach (Reference reference in panel.References.Where(r => r.Vertical)) DrawReference(reference);
        for (int i = 0; i < panel.Series.Count; i++) DrawSeries(panel.Series[i], i);
        // Limits lie over the lines that reach them, so that both are seen.
        foreach (Reference reference in panel.References.Where(r => !r.Vertical)) DrawReference(reference);
        DrawTags();
        canvas.Close();
        canvas.Rectangle(_box, Ink.Line(Palette.Edge));
        for (int i = 0; i < place.Title.Count; i++)
            canvas.Text(new Point(_box.Centre.X, _box.Y - 10 - ChartLayout.LineHeight * (place.Title.Count - 1 - i)), place.Title[i],
                new Lettering(14) { Anchor = Anchor.Middle, Bold = true });
    }

    private Point Place(double x, double y) =>
        new(_box.X + panel.X.Share(x) * _box.Width, _box.Bottom - panel.Y.Share(y) * _box.Height);

    private void DrawAxes()
    {
        Lettering letters = new() { Anchor = Anchor.Middle };
        canvas.Open("axes");
        // Through pale cells it would look like structure.
        bool hasGrid = panel.Cells is null;
        double free = double.NegativeInfinity;
        foreach (Tick tick in panel.X.Marks())
        {
            double x = _box.X + panel.X.Share(tick.Value) * _box.Width;
            if (tick.Label.Length > 0 && hasGrid) canvas.Line(new Point(x, _box.Y), new Point(x, _box.Bottom), Ink.Line(Palette.Grid));
            canvas.Line(new Point(x, _box.Bottom), new Point(x, _box.Bottom + (tick.Label.Length > 0 ? 5 : 3)), Ink.Line(Palette.Edge));
            double half = Notation.Width(tick.Label, letters.Size) / 2;
            if (tick.Label.Length == 0 || x - half < free) continue;
            canvas.Text(new Point(x, _box.Bottom + 19), tick.Label, letters);
            free = x + half + 5;
        }
        foreach (Tick tick in panel.Y.Marks())
        {
            double y = _box.Bottom - panel.Y.Share(tick.Value) * _box.Height;
            if (tick.Label.Length > 0 && hasGrid) canvas.Line(new Point(_box.X, y), new Point(_box.Right, y), Ink.Line(Palette.Grid));
            canvas.Line(new Point(_box.X - (tick.Label.Length > 0 ? 5 : 3), y), new Point(_box.X, y), Ink.Line(Palette.Edge));
            if (!place.SharesY && tick.Label.Length > 0)
                canvas.Text(new Point(_box.X - 8, y + 4.5), tick.Label, letters with { Anchor = Anchor.End });
        }
        for (int i = 0; i < place.XLabel.Count; i++)
            canvas.Text(new Point(_box.Centre.X, _box.Bottom + 39 + ChartLayout.LineHeight * i), place.XLabel[i], letters);
        for (int i = 0; i < place.YLabel.Count; i++)
            canvas.Text(new Point(place.YLabelX + ChartLayout.LineHeight * i, _box.Centre.Y), place.YLabel[i],
                letters with { Upwards = true });
        canvas.Close();
    }

    // Neighbours of one shade in a row are one rectangle.
    private void DrawCells(Cells cells)
    {
        canvas.Open("cells", isCrisp: true);
        for (int row = 0; row + 1 < cells.Y.Length; row++)
            for (int from = 0, to; from + 1 < cells.X.Length; from = to)
            {
                double shade = Cells.Shade(cells.Values[row, from]);
                for (to = from + 1; to + 1 < cells.X.Length && Cells.Shade(cells.Values[row, to]) == shade; to++) { }
                (Point low, Point high) = (Inside(cells.X[from], cells.Y[row]), Inside(cells.X[to], cells.Y[row + 1]));
                if (shade > 0) canvas.Rectangle(new Box(low.X, high.Y, high.X - low.X, low.Y - high.Y), Ink.Area(Palette.Blue, shade));
            }
        canvas.Close();
    }

    private void DrawBand(Series series)
    {
        if (series.Low is null || series.High is null || series.Points) return;
        int start = 0;
        for (int i = 0; i <= series.X.Length; i++)
        {
            if (i < series.X.Length && double.IsFinite(series.X[i] + series.Low[i] + series.High[i])) continue;
            IEnumerable<int> run = Enumerable.Range(start, i - start);
            IEnumerable<Point> upper = run.Select(k => Inside(series.X[k], series.High[k]));
            IEnumerable<Point> lower = run.Reverse().Select(k => Inside(series.X[k], series.Low[k]));
            canvas.Polygon([.. upper, .. lower], Ink.Area(series.Colour, 0.2));
            start = i + 1;
        }
    }

    private Point Inside(double x, double y)
    {
        Point p = Place(x, y);
        return new Point(Math.Clamp(p.X, _box.X, _box.Right), Math.Clamp(p.Y, _box.Y, _box.Bottom));
    }

    private void DrawSeries(Series series, int index)
    {
        if (series.Points) DrawPoints(series);
        if (series.Points || series.Width <= 0) return;
        List<Point> path = [];
        bool marked = false;
        for (int i = 0; i < series.X.Length; i++)
        {
            if (!double.IsFinite(series.X[i] + series.Y[i]))
            {
                Flush(path, series);
                continue;
            }
            Point next = Place(series.X[i], series.Y[i]);
            if (i > 0 && double.IsFinite(series.X[i - 1] + series.Y[i - 1]))
            {
                Point last = Place(series.X[i - 1], series.Y[i - 1]);
                Point corner = new(next.X, last.Y);
                if (series.Steps) Segment(path, series, last, corner);
                marked |= Segment(path, series, series.Steps ? corner : last, next) && FloorMark(series, last, next, marked);
            }
        }
        Flush(path, series);
        DrawSigns(series, index);
    }

    private void DrawPoints(Series series)
    {
        for (int i = 0; i < series.X.Length; i++)
        {
            if (series.Low is not null && series.High is not null)
                canvas.Line(Inside(series.X[i], series.Low[i]), Inside(series.X[i], series.High[i]), Ink.Line(series.Colour, series.Width));
            Point at = Place(series.X[i], series.Y[i]);
            if (Inside(series.X[i], series.Y[i]) == at) DrawSign(canvas, series, at);
        }
    }

    /// <summary>Adds the part of a segment inside the frame (Liang and Barsky). True when the segment was cut.</summary>
    private bool Segment(List<Point> path, Series series, Point from, Point to)
    {
        double enter = 0, leave = 1;
        double dx = to.X - from.X, dy = to.Y - from.Y;
        foreach ((double p, double q) in ((double, double)[])
            [(-dx, from.X - _box.X), (dx, _box.Right - from.X), (-dy, from.Y - _box.Y), (dy, _box.Bottom - from.Y)])
        {
            if (p == 0 && q < -1e-6) enter = 2;
            else if (p < 0) enter = Math.Max(enter, q / p);
            else if (p > 0) leave = Math.Min(leave, q / p);
        }
        if (enter > leave)
        {
            Flush(path, series);
            return true;
        }
        Point first = new(from.X + enter * dx, from.Y + enter * dy);
        if (path.Count == 0 || enter > 0)
        {
            Flush(path, series);
            path.Add(first);
        }
        path.Add(new Point(from.X + leave * dx, from.Y + leave * dy));
        if (leave < 1) Flush(path, series);
        return leave < 1;
    }

    private void Flush(List<Point> path, Series series)
    {
        canvas.Polyline(path, Ink.Line(series.Colour, series.Width, series.Dashed ? "6 4" : null));
        path.Clear();
    }

    /// <summary>A triangle where a line first falls below a logarithmic floor.</summary>
    private bool FloorMark(Series series, Point from, Point to, bool marked)
    {
        if (marked || !panel.Y.Log || to.Y <= _box.Bottom || from.Y > _box.Bottom) return false;
        double x = from.X + (to.X - from.X) * (_box.Bottom - from.Y) / (to.Y - from.Y);
        canvas.Polygon([new(x - 5, _box.Bottom - 9), new(x + 5, _box.Bottom - 9), new(x, _box.Bottom)], Ink.Area(series.Colour));
        LeftThroughFloor = true;
        return true;
    }

    private void DrawReference(Reference reference)
    {
        double share = (reference.Vertical ? panel.X : panel.Y).Share(reference.Value);
        if (share is not (>= 0 and <= 1)) return;
        (Point from, Point to) = reference.Vertical
            ? (new Point(_box.X + share * _box.Width, _box.Y), new Point(_box.X + share * _box.Width, _box.Bottom))
            : (new Point(_box.X, _box.Bottom - share * _box.Height), new Point(_box.Right, _box.Bottom - share * _box.Height));
        canvas.Line(from, to, Ink.Line(Palette.Prediction, Series.PredictedWidth, reference.Dash));
    }

    /// <summary>
    /// The tags of vertical lines, upwards beside the lines; those of series, above them; those of horizontal lines, above them at the
    /// right end and never on top of each other.
    /// </summary>
    private void DrawTags()
    {
        foreach (Reference reference in panel.References.Where(r => r.Vertical && r.Tag.Length > 0))
        {
            double along = panel.X.Share(reference.Value) * _box.Width;
            if (!(along >= 0) || along > _box.Width) continue;
            canvas.Text(new Point(_box.X + along + (along > 20 ? -5 : 14), _box.Y + 16 + (1 - reference.TagAt) * _box.Height),
                reference.Tag, new Lettering { Anchor = Anchor.End, Upwards = true, Halo = true });
        }
        foreach (Series series in panel.Series.Where(s => s.Tag.Length > 0))
        {
            int i = NearestTo(series.X, panel.X, series.TagAt);
            Point at = Place(series.X[i], series.Y[i]);
            canvas.Text(at with { Y = at.Y - 9 }, series.Tag, new Lettering { Anchor = Anchor.Middle, Halo = true });
        }
        double free = double.PositiveInfinity;
        foreach (Reference reference in panel.References.Where(r => !r.Vertical && r.Tag.Length > 0).OrderBy(r => r.Value))
        {
            double share = panel.Y.Share(reference.Value);
            if (share is not (>= 0 and <= 1)) continue;
            double y = Math.Min(_box.Bottom - share * _box.Height - 5, free);
            canvas.Text(new Point(_box.Right - 6, y), reference.Tag, new Lettering { Anchor = Anchor.End, Halo = true });
            free = y - 16;
        }
    }

    private void DrawSigns(Series series, int index)
    {
        if (series.Sign == Sign.None || series.X.Length == 0) return;
        for (int k = 0; k < SignSpacing; k++)
        {
            double share = (k + 0.3 + 0.2 * (index % 3)) / SignSpacing;
            int i = NearestTo(series.X, panel.X, share);
            Point at = Place(series.X[i], series.Y[i]);
            if (double.IsFinite(at.X + at.Y) && at.X >= _box.X && at.X <= _box.Right && at.Y >= _box.Y && at.Y <= _box.Bottom - 5)
                DrawSign(canvas, series, at);
        }
    }

    private static int NearestTo(double[] x, Axis axis, double share) =>
        Enumerable.Range(0, x.Length).MinBy(i => Math.Abs(axis.Share(x[i]) - share));

    /// <summary>The sign of a series: its colour around, white or its colour inside.</summary>
    public static void DrawSign(SvgWriter canvas, Series series, Point at)
    {
        Ink ink = new() { Fill = series.Filled ? series.Colour : Palette.Paper, Stroke = series.Colour, Width = 2 };
        double r = 4.6 * series.SignSize, far = 5.9 * series.SignSize;
        switch (series.Sign)
        {
            case Sign.Disc: canvas.Circle(at, r, ink); break;
            case Sign.Square: canvas.Rectangle(new Box(at.X - r, at.Y - r, 2 * r, 2 * r), ink); break;
            case Sign.Triangle: canvas.Polygon([new(at.X, at.Y - far), new(at.X + far, at.Y + r), new(at.X - far, at.Y + r)], ink); break;
            case Sign.Diamond:
                canvas.Polygon([new(at.X, at.Y - far), new(at.X + far, at.Y), new(at.X, at.Y + far), new(at.X - far, at.Y)], ink);
                break;
            default: break;
        }
    }
}
