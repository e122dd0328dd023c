using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionFlow.Solver;

/// <summary>Vectors on the unit sphere S^{d-1}.</summary>
public static class Sphere
{
    /// <summary>&lt;x, y&gt;.</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double dot = 0;
        for (int c = 0; c < x.Length; c++) dot += x[c] * y[c];
        return dot;
    }

    /// <summary>&lt;x, y&gt; in eight sums, which is quicker for many coordinates; the same bits for every vector width.</summary>
    internal static double LaneDot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        int lanes = Vector512<double>.Count, i = 0;
        double dot = 0;
        if (x.Length >= 2 * lanes)
        {
            Vector512<double> sums = Vector512<double>.Zero;
            for (; i <= x.Length - lanes; i += lanes) sums += Vector512.Create(x[i..]) * Vector512.Create(y[i..]);
            for (int lane = 0; lane < lanes; lane++) dot += sums[lane];
        }
        for (; i < x.Length; i++) dot += x[i] * y[i];
        return dot;
    }

    /// <summary>|x|.</summary>
    public static double Norm(ReadOnlySpan<double> x) => Math.Sqrt(Dot(x, x));

    /// <summary>|x - y|.</summary>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double squared = 0;
        for (int c = 0; c < x.Length; c++) squared += (x[c] - y[c]) * (x[c] - y[c]);
        return Math.Sqrt(squared);
    }

    /// <summary>x / |x| in place; false, and x unchanged, when x has no direction.</summary>
    public static bool TryNormalize(Span<double> x)
    {
        double norm = Norm(x);
        if (!(norm > 0) || !double.IsFinite(norm)) return false;
        for (int c = 0; c < x.Length; c++) x[c] /= norm;
        return true;
    }

    /// <summary>A unit copy of <paramref name="x"/>.</summary>
    /// <exception cref="ArgumentException">When x has no direction.</exception>
    public static double[] Normalized(ReadOnlySpan<double> x)
    {
        double[] unit = x.ToArray();
        if (!TryNormalize(unit)) throw new ArgumentException("a zero or non-finite vector has no direction");
        return unit;
    }

    /// <summary>sum += c v, element by element.</summary>
    public static void AddScaled(Span<double> sum, double c, ReadOnlySpan<double> v) => AddScaled(sum, c, v, sum);

    /// <summary>sum = x + c v, element by element; sum may be x.</summary>
    internal static void AddScaled(ReadOnlySpan<double> x, double c, ReadOnlySpan<double> v, Span<double> sum)
    {
        int i = 0, lanes = Vector<double>.Count;
        for (Vector<double> factor = new(c); i <= sum.Length - lanes; i += lanes)
            (new Vector<double>(x[i..]) + factor * new Vector<double>(v[i..])).CopyTo(sum[i..]);
        for (; i < sum.Length; i++) sum[i] = x[i] + c * v[i];
    }

    /// <summary>N: every row of points [rows, d] divided by its length.</summary>
    public static void Retract(Span<double> points, int d)
    {
        if (d == 3)
        {
            Retract(MemoryMarshal.Cast<double, Triple>(points));
            return;
        }
        for (int i = 0; i < points.Length; i += d)
        {
            Span<double> row = points.Slice(i, d);
            double scale = 1 / Norm(row);
            for (int c = 0; c < row.Length; c++) row[c] *= scale;
        }
    }

    // Roots and quotients in vectors.
    private static void Retract(Span<Triple> points)
    {
        const int Block = 256;
        Span<double> scales = stackalloc double[Math.Min(Block, points.Length)];
        for (; points.Length > 0; points = points[scales.Length..])
        {
            if (points.Length < scales.Length) scales = scales[..points.Length];
            for (int i = 0; i < scales.Length; i++)
                scales[i] = points[i].X * points[i].X + points[i].Y * points[i].Y + points[i].Z * points[i].Z;
            int at = 0, lanes = Vector<double>.Count;
            for (; at <= scales.Length - lanes; at += lanes)
                (Vector<double>.One / Vector.SquareRoot(new Vector<double>(scales[at..]))).CopyTo(scales[at..]);
            for (; at < scales.Length; at++) scales[at] = 1 / Math.Sqrt(scales[at]);
            for (int i = 0; i < scales.Length; i++)
                points[i] = new(scales[i] * points[i].X, scales[i] * points[i].Y, scales[i] * points[i].Z);
        }
    }

    /// <summary>v_i less its part along x_i, both [n, d].</summary>
    internal static void Project(ReadOnlySpan<double> x, Span<double> v, int d)
    {
        for (int at = 0; at < x.Length; at += d)
            AddScaled(v.Slice(at, d), -Dot(x.Slice(at, d), v.Slice(at, d)), x.Slice(at, d));
    }

    /// <summary>The length of the longest row.</summary>
    internal static double Largest(ReadOnlySpan<double> v, int d)
    {
        double largest = 0;
        for (int at = 0; at < v.Length; at += d)
        {
            double length = Norm(v.Slice(at, d));
            // NaN stays.
            if (!(length <= largest)) largest = length;
        }
        return largest;
    }

    /// <summary>How far the length of a point that a file gives may be from 1.</summary>
    internal const double FileTolerance = 1e-6;

    /// <summary>
    /// The Euclidean length of <paramref name="x"/>, which is scaled to length 1 unless it is zero or has that length to rounding already
    /// (so that a second call changes nothing). No overflow or underflow on the way.
    /// </summary>
    internal static double Rescale(Span<double> x)
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

    /// <summary>This vector, or the last basis vector of R^d in place of null.</summary>
    internal static double[] OrLastAxis(Sequence<double>? x, int d) => x is null ? Axis(d, d - 1) : [.. x];

    /// <summary>The basis vector e_axis of R^d.</summary>
    public static double[] Axis(int dimension, int axis)
    {
        double[] unit = new double[dimension];
        unit[axis] = 1;
        return unit;
    }

    /// <summary>Some unit vector orthogonal to the unit vector <paramref name="u"/>, d >= 2.</summary>
    public static double[] Orthogonal(ReadOnlySpan<double> u)
    {
        int smallest = 0;
        for (int c = 1; c < u.Length; c++)
            if (Math.Abs(u[c]) < Math.Abs(u[smallest])) smallest = c;
        double[] v = Axis(u.Length, smallest);
        double along = u[smallest];
        for (int c = 0; c < u.Length; c++) v[c] -= along * u[c];
        TryNormalize(v);
        return v;
    }
}

/// <summary>A token of three coordinates as it lies in memory.</summary>
internal readonly record struct Triple(double X, double Y, double Z);
