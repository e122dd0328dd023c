namespace AttentionFlow.Experiments.Figures;

/// <summary>A place seen by a camera: x to the right, y upwards, depth towards the viewer, in units of the sphere's radius.</summary>
internal readonly record struct Seen(double X, double Y, double Depth);

/// <summary>An orthographic camera far away, the third axis upright.</summary>
/// <param name="Azimuth">Its direction in the (x_1, x_2) plane, degrees from x_1 towards x_2.</param>
/// <param name="Elevation">Its height above that plane, degrees.</param>
internal sealed record Camera(double Azimuth, double Elevation)
{
    /// <summary>Looks straight down the third axis, x_1 to the right: for circles.</summary>
    public static Camera Above { get; } = new(-90, 90);

    // Away from the axes, so that none is seen end on or behind another.
    private static readonly double[] Elevations = [25, 35, -25, -35];
    private static readonly double[] Azimuths = [.. Enumerable.Range(0, 12).Select(i => 90.0 * (i / 3) + 30 + 15 * (i % 3))];

    public Seen See(double x, double y, double z)
    {
        (double sa, double ca) = Math.SinCos(Azimuth * Math.PI / 180);
        (double se, double ce) = Math.SinCos(Elevation * Math.PI / 180);
        return new Seen(-sa * x + ca * y, -se * (ca * x + sa * y) + ce * z, ce * (ca * x + sa * y) + se * z);
    }

    /// <summary>
    /// The camera among 48 that shows a cloud best: flat clouds as an ellipse about half as high as wide, never edge on; points in front
    /// rather than behind, and not quite in the middle. The same cloud always gives the same camera.
    /// </summary>
    public static Camera For(IReadOnlyList<double[]> positions)
    {
        double[][] finite = [.. positions.Where(p => p.All(double.IsFinite))];
        if (finite.Length == 0) return new Camera(30, 25);
        IEnumerable<Camera> cameras = from elevation in Elevations
                                      from azimuth in Azimuths
                                      select new Camera(azimuth, elevation);
        return cameras.MaxBy(camera => camera.Merit(finite))!;
    }

    private double Merit(double[][] positions)
    {
        double mx = 0, my = 0, front = 0, xx = 0, xy = 0, yy = 0;
        foreach (double[] p in positions)
        {
            Seen seen = See(p[0], p[1], p[2]);
            (mx, my, front) = (mx + seen.X, my + seen.Y, front + Math.Min(seen.Depth, 0.75));
            (xx, xy, yy) = (xx + seen.X * seen.X, xy + seen.X * seen.Y, yy + seen.Y * seen.Y);
        }
        int n = positions.Length;
        (mx, my, front) = (mx / n, my / n, front / n);
        (xx, xy, yy) = (xx / n - mx * mx, xy / n - mx * my, yy / n - my * my);
        double half = (xx + yy) / 2, root = Math.Sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
        double shape = half + root < 1e-4 ? 0 : -Math.Abs(Math.Sqrt(Math.Max(0, half - root) / (half + root)) - 0.5);
        double usual = (Elevation > 0 ? 0.1 : 0) + (Azimuth == Azimuths[0] ? 0.1 : 0);
        return front + 1.5 * shape + usual;
    }
}
