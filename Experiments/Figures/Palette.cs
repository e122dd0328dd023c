namespace AttentionFlow.Experiments.Figures;

/// <summary>
/// The colours and fonts of every figure: six inks for systems, a cyclic and an open scale for labels, and what each becomes on a dark
/// page. The inks have the hues of Okabe and Ito's, at a contrast of 3 or more to the paper and apart for readers without red or green
/// cones as well; PaletteTests has the formulas.
/// </summary>
internal static class Palette
{
    public const string Vermilion = "#E57323";
    public const string Blue = "#1B60CB";
    public const string Green = "#3BA486";
    public const string Purple = "#B31880";
    public const string Ochre = "#8F5E03";
    public const string Sky = "#0994CF";
    public const string Text = "#222222";

    /// <summary>Text of less weight.</summary>
    public const string Note = "#555555";

    /// <summary>Predictions and reference lines.</summary>
    public const string Prediction = "#333333";
    public const string Grid = "#E3E3E3";
    public const string Edge = "#8A8A8A";
    public const string Paper = "#FFFFFF";

    /// <summary>The ball of a sphere, which veils what lies behind.</summary>
    public const string Ball = "#EDF1F6";
    public const string Graticule = "#C3CAD3";
    public const string GraticuleBehind = "#E2E5E9";

    /// <summary>The edges and the inside of a road, as predicted curves are drawn.</summary>
    public const string Kerb = "#6E6E6E";
    public const string KerbBehind = "#B4B4B4";
    public const string Road = "#F4F4F4";
    public const string Fonts = "DejaVu Sans, Arial, sans-serif";
    private static readonly string[] Order = [Vermilion, Blue, Green, Purple, Ochre, Sky];

    private static readonly (string Light, string Dark)[] DarkColours =
    [
        (Paper, DarkPaper), (Text, "#E4E7EB"), (Note, "#AEB5BD"), (Prediction, "#D5D9DE"), (Edge, "#7F8791"), (Grid, "#2C323A"),
        (Vermilion, "#DB5824"), (Blue, "#498CFE"), (Green, "#4DC296"), (Purple, "#C258AB"), (Ochre, "#F9D450"), (Sky, "#50DDFD"),
        (Ball, "#1D232B"), (Graticule, "#48515C"), (GraticuleBehind, "#333A43"),
        (Kerb, "#A4A9AF"), (KerbBehind, "#6A7079"), (Road, "#2B3138"),
    ];

    /// <summary>What a dark page is painted with.</summary>
    public const string DarkPaper = "#14181D";

    /// <summary>The six inks, and what they are on a dark page.</summary>
    public static IEnumerable<(string Light, string Dark)> Inks => DarkColours.Where(c => Order.Contains(c.Light));

    /// <summary>
    /// Rules of CSS that paint what has one of these colours with its dark one where the reader's screen is dark. They select by the
    /// attributes of the shapes, so that they hold in a file of its own and inside a page alike; a printer and whoever knows no CSS get the
    /// light ones.
    /// </summary>
    /// <param name="body">The shapes: rules that none of them needs are left out.</param>
    public static string DarkStyle(string body) => "@media screen and (prefers-color-scheme: dark) {\n" + string.Concat(
        from colour in DarkColours
        from name in (string[])["fill", "stroke"]
        let selected = $"{name}=\"{colour.Light}\""
        where body.Contains(selected, StringComparison.Ordinal)
        select $"[{selected}] {{ {name}: {colour.Dark} }}\n") + "}";

    /// <summary>A colour by number, for systems without one of their own.</summary>
    public static string Series(int index) => Order[index % Order.Length];

    /// <summary>The colour of a system by its name: baseline, rotary and prefix keep theirs in every figure.</summary>
    public static string ForSystem(string name, int index) => name switch
    {
        _ when name.Contains("baseline", StringComparison.OrdinalIgnoreCase) => Vermilion,
        _ when name.Contains("rotary path", StringComparison.OrdinalIgnoreCase) => Sky,
        _ when name.Contains("rotary", StringComparison.OrdinalIgnoreCase) => Blue,
        _ when name.Contains("prefix", StringComparison.OrdinalIgnoreCase) => Green,
        _ when name.Contains("toeplitz", StringComparison.OrdinalIgnoreCase) => Purple,
        _ when name.Contains("distance", StringComparison.OrdinalIgnoreCase) => Ochre,
        _ => Series(index),
    };

    /// <summary>
    /// Cyclic colour of a label s in [0,1): hue turns once at nearly constant chroma while lightness swings once, so that the two ends meet
    /// and readers who confuse hues still see light against dark. Oklch, chroma lowered until the colour exists in sRGB.
    /// </summary>
    public static string Phase(double s)
    {
        double turn = 2 * Math.PI * (s - Math.Floor(s));
        return Oklch(0.62 - 0.14 * Math.Cos(turn), turn + 4.6);
    }

    /// <summary>
    /// Colour of a label s in [0,1] along a line with two ends: from dark blue to light yellow, lightness rising evenly, so that the ends
    /// differ for every reader.
    /// </summary>
    public static string Along(double s)
    {
        double share = Math.Clamp(s, 0, 1);
        return Oklch(0.36 + 0.4 * share, 4.7 - 3.1 * share);
    }

    private static string Oklch(double lightness, double hue)
    {
        for (double chroma = 0.135; ; chroma -= 0.0025)
        {
            double[] rgb = Rgb(lightness, chroma * Math.Cos(hue), chroma * Math.Sin(hue));
            if (chroma <= 0.005 || rgb.All(v => v is >= 0 and <= 1)) return Hex(rgb);
        }
    }

    /// <summary>A colour "#RRGGBB" moved towards white by a share between 0 and 1.</summary>
    public static string Lighten(string colour, double share)
    {
        double[] rgb = new double[3];
        for (int i = 0; i < 3; i++)
        {
            double value = Convert.ToInt32(colour.Substring(1 + 2 * i, 2), 16) / 255.0;
            rgb[i] = value + (1 - value) * share;
        }
        return Hex(rgb, encode: false);
    }

    private static double[] Rgb(double lightness, double a, double b)
    {
        double l = Math.Pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
        double m = Math.Pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
        double s = Math.Pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
        return
        [
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
        ];
    }

    private static string Hex(double[] rgb, bool encode = true) => "#" + string.Concat(rgb.Select(value =>
    {
        double v = Math.Clamp(value, 0, 1);
        if (encode) v = v <= 0.0031308 ? 12.92 * v : 1.055 * Math.Pow(v, 1 / 2.4) - 0.055;
        return ((int)Math.Round(255 * v)).ToString("X2", CultureInfo.InvariantCulture);
    }));
}
