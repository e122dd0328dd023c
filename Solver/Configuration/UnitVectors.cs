namespace AttentionFlow.Solver.Configuration;

/// <summary>The rule for points of the unit sphere in experiment and cloud files.</summary>
public static class UnitVectors
{
    /// <summary>How far the length of a point may be from 1.</summary>
    public const double Tolerance = 1e-6;

    /// <summary>
    /// The Euclidean length of <paramref name="x"/>, which is scaled to length 1 unless it is zero or has that length to rounding already
    /// (so that a second call changes nothing). No overflow or underflow on the way.
    /// </summary>
    public static double Normalize(Span<double> x)
    {
        double scale = 0, sum = 0;
        foreach (double c in x) scale = Math.Max(scale, Math.Abs(c));
        if (scale == 0) return 0;
        foreach (double c in x) sum += c / scale * (c / scale);
        double root = Math.Sqrt(sum), length = scale * root;
        if (Math.Abs(length - 1) > (x.Length + 4) * 2.3e-16)
            for (int k = 0; k < x.Length; k++) x[k] = x[k] / scale / root;
        return length;
    }
}
