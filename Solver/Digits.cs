namespace AttentionFlow.Solver;

/// <summary>Numbers of few significant decimal digits.</summary>
public static class Digits
{
    private const int Exact = 22; // powers of ten up to this one are doubles

    private static readonly double[] Tens =
        [.. Enumerable.Range(0, Exact + 1).Select(k => double.Parse($"1e{k}", CultureInfo.InvariantCulture))];

    /// <summary>The largest relative error of a number rounded to so many digits, 10^(1 - digits)/2; 0 where it is not.</summary>
    public static double Error(int? digits) => digits is { } count ? 0.5 * Math.Pow(10, 1 - count) : 0;

    /// <summary>The double nearest to the number of so many significant digits that is nearest to <paramref name="value"/>.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="digits">From 1 to 17.</param>
    public static double Round(double value, int digits)
    {
        // value 10^k has its digits before the point. The product is rounded, so that near a tie only the digits themselves can tell; the
        // quotient is one of two whole numbers that are doubles, hence the nearest.
        double size = Math.Abs(value);
        int k = digits - 1 - (int)Math.Floor(Math.Log10(size));
        if (digits <= 15 && k is >= 0 and <= Exact)
        {
            double scaled = value * Tens[k], whole = Math.Round(scaled);
            if (Math.Abs(Math.Abs(scaled - Math.Truncate(scaled)) - 0.5) > Math.Abs(scaled) * 1e-15 && size * Tens[k] < Tens[digits])
                return whole / Tens[k];
        }
        Span<char> text = stackalloc char[32];
        value.TryFormat(text, out int length, $"E{digits - 1}", CultureInfo.InvariantCulture);
        return double.Parse(text[..length], NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
