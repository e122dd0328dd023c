namespace AttentionFlow.Experiments.Figures;

/// <summary>The colours and fonts of every figure: Okabe and Ito's colours for systems, a cyclic map for labels.</summary>
internal static class Palette
{
    public const string Vermilion = "#D55E00";
    public const string Blue = "#0072B2";
    public const string Green = "#009E73";
    public const string Purple = "#CC79A7";
    public const string Orange = "#E69F00";
    public const string Sky = "#56B4E9";
    public const string Text = "#222222";

    /// <summary>Predictions and reference lines.</summary>
    public const string Prediction = "#333333";
    public const string Grid = "#E3E3E3";
    public const string Edge = "#8A8A8A";
    public const string Paper = "#FFFFFF";
    public const string Fonts = "DejaVu Sans, Arial, sans-serif";
    private static readonly string[] Order = [Vermilion, Blue, Green, Purple, Orange, Sky];

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
        _ when name.Contains("distance", StringComparison.OrdinalIgnoreCase) => Orange,
        _ => Series(index),
    };

    /// <summary>
    /// Cyclic colour of a label s in [0,1): hue turns once at nearly constant chroma while lightness swings once, so that the two ends meet
    /// and readers who confuse hues still see light against dark. Oklch, chroma lowered until the colour exists in sRGB.
    /// </summary>
    public static string Phase(double s)
    {
        double turn = 2 * Math.PI * (s - Math.Floor(s));
        double lightness = 0.62 - 0.14 * Math.Cos(turn);
        double hue = turn + 4.6;
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
