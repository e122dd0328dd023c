namespace AttentionFlow.Experiments.Figures;

/// <summary>A cloud of labelled tokens on the unit sphere, with what theory predicts for it.</summary>
/// <param name="Title">Its title, such as "rotary code"; the figure puts a letter before it where it has several panels.</param>
/// <param name="Dimension">Coordinates a token, 2 or more; of more than three the first three are drawn, and the panel says so.</param>
/// <param name="Positions">Token after token, each <paramref name="Dimension"/> coordinates.</param>
/// <param name="Labels">A label s in [0,1) for each token: its colour.</param>
internal sealed record SpherePanel(string Title, int Dimension, double[] Positions, double[] Labels)
{
    /// <summary>Lines below the sphere: the prediction, measured figures.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Predicted limit curves, each a list like <see cref="Positions"/>; a closed one repeats its first point.</summary>
    public IReadOnlyList<double[]> PredictedCurves { get; init; } = [];

    /// <summary>Predicted limit points, like <see cref="Positions"/>.</summary>
    public double[] PredictedPoints { get; init; } = [];

    /// <summary>Whether labels 0 and 1 are neighbours, as on a closed curve: they then have the same colour.</summary>
    public bool Cyclic { get; init; } = true;

    /// <summary>The colour of a label.</summary>
    public string Colour(double label) => Cyclic ? Palette.Phase(label) : Palette.Along(label);

    /// <summary>The camera; by default the one that shows the cloud best.</summary>
    public Camera? Camera { get; init; }

    /// <summary>What its axes are called, with a number.</summary>
    public string Axes { get; init; } = "x";
}

/// <summary>
/// Draws a cloud on the unit sphere with depth: what lies behind is smaller, paler and under a translucent ball with graticule; a predicted
/// curve runs as a road under the tokens; tokens that coincide are one disc, cut like a pie by their labels, with their number.
/// </summary>
internal sealed class SphereView
{
    private const double Coincident = 0.02;
    private const int Slices = 24;
    private readonly SvgWriter _canvas;
    private readonly SpherePanel _panel;
    private readonly Camera _camera;
    private readonly Point _centre;
    private readonly double _radius;
    private readonly double[][] _tokens;
    private readonly List<Box> _taken = [];

    public SphereView(SvgWriter canvas, SpherePanel panel, Point centre, double radius)
    {
        (_canvas, _panel, _centre, _radius) = (canvas, panel, centre, radius);
        _tokens = Points(panel.Positions, panel.Dimension);
        _camera = CameraOf(panel);
    }

    /// <summary>A flat list of tokens as points of three coordinates; missing ones are 0, further ones dropped.</summary>
    public static double[][] Points(double[] flat, int dimension)
    {
        if (dimension < 2 || flat.Length % dimension != 0)
            throw new ArgumentException($"{flat.Length} numbers are not tokens of {dimension} coordinates.", nameof(flat));
        return [.. flat.Chunk(dimension).Select(p => new[] { p[0], p[1], dimension > 2 ? p[2] : 0 })];
    }

    /// <summary>From where a cloud is seen.</summary>
    public static Camera CameraOf(SpherePanel panel) => panel.Camera ?? (panel.Dimension == 2 ? Camera.Above : Camera.For(
        [.. Points(panel.Positions, panel.Dimension), .. panel.PredictedCurves.SelectMany(curve => Points(curve, panel.Dimension))]));

    public void Draw()
    {
        (List<List<int>> groups, List<int> single) = Groups(_tokens, _panel.Labels);
        _canvas.Open("sphere");
        _canvas.Open("back");
        Graticule(front: false);
        Roads(front: false);
        Rings(front: false);
        Tokens(single, groups, front: false);
        _canvas.Close();
        Ball();
        _canvas.Circle(_centre, _radius, Ink.Line(Palette.Edge));
        _canvas.Open("front");
        Graticule(front: true);
        Roads(front: true);
        Tokens(single, groups, front: true);
        Rings(front: true);
        _canvas.Close();
        Axes();
        foreach (List<int> group in groups) Count(group);
        _canvas.Close();
    }

    private Point Place(Seen seen) => new(_centre.X + _radius * seen.X, _centre.Y - _radius * seen.Y);

    private Seen See(double[] p) => _camera.See(p[0], p[1], p[2]);

    // A token exactly on the limb counts as in front.
    private static bool IsFront(Seen seen) => seen.Depth >= -1e-9;

    /// <summary>Whether some tokens of a cloud coincide and are drawn as one disc.</summary>
    public static bool HasGroups(SpherePanel panel) => Groups(Points(panel.Positions, panel.Dimension), panel.Labels).Groups.Count > 0;

    /// <summary>Isolated groups of coinciding tokens with a fair share of the cloud, as index lists, and the tokens left over.</summary>
    private static (List<List<int>> Groups, List<int> Single) Groups(double[][] tokens, double[] labels)
    {
        List<List<int>> groups = [];
        List<int> left = [.. Enumerable.Range(0, tokens.Length).Where(i => tokens[i].All(double.IsFinite))];
        List<int> single = [];
        while (left.Count > 0)
        {
            List<int> near = [.. left.Where(i => Distance(tokens[i], tokens[left[0]]) < Coincident)];
            int around = left.Count(i => Distance(tokens[i], tokens[left[0]]) < 2 * Coincident);
            if (near.Count >= Math.Max(3, tokens.Length / 20) && around <= 1.1 * near.Count)
                groups.Add([.. near.OrderBy(i => labels[i])]);
            else
                single.AddRange(near = [left[0]]);
            HashSet<int> gone = [.. near];
            left.RemoveAll(gone.Contains);
        }
        return (groups, single);
    }

    private static double Distance(double[] a, double[] b) =>
        Math.Sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));

    private void Ball()
    {
        if (_panel.Dimension == 2) return;
        _canvas.Circle(_centre, _radius, Ink.Area(Palette.Ball, 0.5));
        for (int i = 1; i <= 6; i++)
        {
            double r = _radius * (0.85 - 0.12 * i);
            double off = 0.16 * (_radius - r) * 0.9;
            _canvas.Circle(new Point(_centre.X - 2 * off, _centre.Y - 2.4 * off), r, Ink.Area(Palette.Paper, 0.1));
        }
    }

    private void Graticule(bool front)
    {
        if (_panel.Dimension == 2) return;
        Ink ink = Ink.Line(front ? Palette.Graticule : Palette.GraticuleBehind, 0.7);
        (double Sin, double Cos)[] turn = [.. Enumerable.Range(0, 49).Select(i => Math.SinCos(i * Math.PI / 24))];
        for (int k = -2; k <= 2; k++)
        {
            (double z, double r) = Math.SinCos(k * Math.PI / 6);
            Runs(turn.Select(a => new[] { r * a.Cos, r * a.Sin, z }), front, ink);
        }
        for (int k = 0; k < 6; k++)
        {
            (double s, double c) = Math.SinCos(k * Math.PI / 6);
            Runs(turn.Select(a => new[] { c * a.Cos, s * a.Cos, a.Sin }), front, ink);
        }
    }

    /// <summary>The predicted curves: a road with kerbs in front, a dashed one behind.</summary>
    private void Roads(bool front)
    {
        foreach (double[] curve in _panel.PredictedCurves)
        {
            double[][] points = Points(curve, _panel.Dimension);
            Runs(points, front, Ink.Line(front ? Palette.Kerb : Palette.KerbBehind, front ? 10 : 6, front ? null : "7 4"));
            Runs(points, front, Ink.Line(Palette.Road, front ? 7.6 : 4));
        }
    }

    /// <summary>Draws the parts of a curve on one side of the limb, cut where the depth is zero.</summary>
    private void Runs(IEnumerable<double[]> curve, bool front, Ink ink)
    {
        List<Point> run = [];
        Seen? last = null;
        foreach (Seen seen in curve.Select(See))
        {
            if (last is { } before && IsFront(before) != IsFront(seen))
            {
                double share = before.Depth / (before.Depth - seen.Depth);
                Seen limb = new(before.X + share * (seen.X - before.X), before.Y + share * (seen.Y - before.Y), 0);
                run.Add(Place(limb));
                if (IsFront(before) == front) _canvas.Polyline(run, ink);
                run = [Place(limb)];
            }
            run.Add(Place(seen));
            last = seen;
        }
        if (last is { } end && IsFront(end) == front) _canvas.Polyline(run, ink);
    }

    private void Tokens(List<int> single, List<List<int>> groups, bool front)
    {
        IEnumerable<(Seen Seen, int Index)> seenTokens = single.Select(i => (Seen: See(_tokens[i]), Index: i));
        foreach ((Seen seen, int i) in seenTokens.Where(token => IsFront(token.Seen) == front).OrderBy(token => token.Seen.Depth))
        {
            string colour = _panel.Colour(_panel.Labels[i]);
            _canvas.Circle(Place(seen), 2.9 + 0.6 * Math.Clamp(seen.Depth, -1, 1),
                Ink.Area(front ? colour : Palette.Lighten(colour, 0.25)));
        }
        foreach (List<int> group in groups.Where(g => IsFront(See(_tokens[g[0]])) == front).OrderBy(g => See(_tokens[g[0]]).Depth))
            Pie(_canvas, Place(See(_tokens[group[0]])), front ? 8 : 6.5, [.. group.Select(i => _panel.Colour(_panel.Labels[i]))]);
    }

    /// <summary>A disc cut into equal slices of colours in their order, evenly thinned where there are many.</summary>
    public static void Pie(SvgWriter canvas, Point at, double radius, string[] colours)
    {
        int slices = Math.Min(Slices, colours.Length);
        // Under the slices, so that no seam shows between them.
        canvas.Circle(at, radius, Ink.Area(colours[colours.Length / 2]));
        for (int k = 0; k < slices; k++)
        {
            string colour = colours[(2 * k + 1) * colours.Length / (2 * slices)];
            IEnumerable<double> edge = Enumerable.Range(0, 4).Select(j => 2 * Math.PI * (k + j / 2.95) / slices - Math.PI / 2);
            IEnumerable<Point> arc = edge.Select(a => new Point(at.X + radius * Math.Cos(a), at.Y + radius * Math.Sin(a)));
            canvas.Polygon([at, .. arc], Ink.Area(colour));
        }
        canvas.Circle(at, radius, Ink.Line(Palette.Text, 0.8));
    }

    private void Rings(bool front)
    {
        foreach (double[] p in Points(_panel.PredictedPoints, _panel.Dimension))
        {
            Seen seen = See(p);
            if (!double.IsFinite(seen.Depth) || IsFront(seen) != front) continue;
            if (front) _canvas.Circle(Place(seen), 11.5, Ink.Line(Palette.Paper, 4));
            _canvas.Circle(Place(seen), 11.5, Ink.Line(front ? Palette.Text : Palette.Edge, 1.6, front ? null : "4 3"));
        }
    }

    /// <summary>Writes the number of coinciding tokens at the first free place beside them.</summary>
    private void Count(List<int> group)
    {
        Point at = Place(See(_tokens[group[0]]));
        string number = $"{group.Count}";
        string text = group.Count == _tokens.Length ? number + " tokens" : number;
        double width = Notation.Width(text, Lettering.Standard) + 2;
        (Point Place, Anchor Anchor)[] places =
        [
            (new(at.X + 16, at.Y + 4.5), Anchor.Start), (new(at.X - 16, at.Y + 4.5), Anchor.End),
            (new(at.X, at.Y - 17), Anchor.Middle), (new(at.X, at.Y + 26), Anchor.Middle),
        ];
        foreach ((Point place, Anchor anchor) in places)
        {
            double x = anchor switch { Anchor.Start => place.X, Anchor.End => place.X - width, _ => place.X - width / 2 };
            Box box = new(x, place.Y - 12, width, 15);
            if (_taken.Any(box.Overlaps) || box.Right > _centre.X + _radius + 26 || box.X < _centre.X - _radius - 26) continue;
            _taken.Add(box);
            string colour = IsFront(See(_tokens[group[0]])) ? Palette.Text : Palette.Note;
            _canvas.Text(place, text, new Lettering { Anchor = anchor, Halo = true, Colour = colour });
            return;
        }
    }

    /// <summary>The directions of the coordinates, in the corner below left.</summary>
    private void Axes()
    {
        const double length = 16;
        Point origin = new(_centre.X - 1.3 * _radius + 38, _centre.Y + _radius + 8);
        _canvas.Open("axes");
        double[][] units = _panel.Dimension == 2 ? [[1, 0, 0], [0, 1, 0]] : [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        List<Box> written = [];
        for (int i = 0; i < units.Length; i++)
        {
            Seen seen = See(units[i]);
            Point tip = new(origin.X + length * seen.X, origin.Y - length * seen.Y);
            _canvas.Line(origin, tip, Ink.Line(seen.Depth < -0.05 ? Palette.Edge : Palette.Note, 1.3));
            double size = Math.Sqrt(seen.X * seen.X + seen.Y * seen.Y);
            if (size < 0.1) continue;
            Box box;
            double reach = length * size + 11;
            do
            {
                box = new Box(origin.X + reach * seen.X / size - 9, origin.Y - reach * seen.Y / size - 6, 18, 12);
                reach += 3;
            }
            while (written.Any(box.Overlaps));
            written.Add(box);
            _canvas.Text(new Point(box.Centre.X, box.Bottom - 1.5), $"{_panel.Axes}_{{{i + 1}}}",
                new Lettering { Anchor = Anchor.Middle, Colour = Palette.Note });
        }
        _canvas.Close();
    }
}
