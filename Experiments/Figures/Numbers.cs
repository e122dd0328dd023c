namespace AttentionFlow.Experiments.Figures;

/// <summary>Numbers written for people, in <see cref="Notation"/>: 1.3591, −0.25, 3.1 × 10^{−13}.</summary>
internal static class Numbers
{
    /// <summary>Four significant digits between 0.001 and a million, powers of ten outside.</summary>
    public static string ForPeople(double value)
    {
        if (!double.IsFinite(value)) return NotFinite(value);
        if (value == 0) return "0";
        double size = Math.Abs(value);
        if (size is < 1e-3 or >= 1e6) return Scientific(value, 2);
        int decimals = Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 6);
        return Sign(value.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture));
    }

    /// <summary>As many decimals as <paramref name="resolution"/> (a tolerance) makes meaningful, at most 12.</summary>
    public static string ForPeople(double value, double resolution)
    {
        if (!(resolution > 0) || !double.IsFinite(value)) return ForPeople(value);
        double size = Math.Abs(value);
        int decimals = Math.Clamp(1 - (int)Math.Floor(Math.Log10(resolution)), 1, 12);
        bool lost = size < 10 * Math.Pow(10, -decimals);
        if (value == 0 || size >= 1e6 || size < 1e-3 || lost) return ForPeople(value);
        return Sign(value.ToString("F" + $"{decimals}", CultureInfo.InvariantCulture));
    }

    /// <summary>A mantissa of so many significant digits times a power of ten; a mantissa of exactly 1 is kept out, 10^{−12}.</summary>
    public static string Scientific(double value, int digits)
    {
        if (!double.IsFinite(value)) return NotFinite(value);
        string[] parts = value.ToString("0." + new string('#', digits - 1) + "e+0", CultureInfo.InvariantCulture).Split('e');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        string power = $"10^{{{Sign($"{exponent}")}}}";
        return parts[0] switch { "1" => power, "-1" => "−" + power, _ => $"{Sign(parts[0])} × {power}" };
    }

    /// <summary>So many of a kind: "1 thread", "2 threads".</summary>
    public static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    /// <summary>The same digits with the typographic minus sign.</summary>
    internal static string Sign(string digits) => digits.Replace('-', '−');

    private static string NotFinite(double value) =>
        double.IsNaN(value) ? "not a number" : value > 0 ? "infinite" : "−infinite";
}
