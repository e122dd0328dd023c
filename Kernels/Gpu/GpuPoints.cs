using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>Positions in the form that kernels take, on the host: centred, scaled, rounded, padded with zeros.</summary>
internal static class GpuPoints
{
    // Points of a range of work, and of a part of a mean: a mean does not depend on threads.
    private const int Numbers = 1 << 16;

    /// <summary>The mean of each replica's points: [R, d], at the beginning of <paramref name="means"/>, which grows.</summary>
    public static double[] Means(double[] x, int replicas, int points, int dimension, int threads, ref double[] means)
    {
        // Sums of parts of a replica, then means before them.
        int part = Math.Max(1, Numbers / dimension), parts = (points - 1) / part + 1, sums = replicas * dimension;
        if (means.Length < sums * (parts + 1)) means = new double[sums * (parts + 1)];
        double[] into = means;
        Workers.For(replicas * parts, Math.Max(1, Numbers / (dimension * Math.Min(part, points))), threads, (from, to) =>
        {
            for (int item = from; item < to; item++)
            {
                int first = item % parts * part, count = Math.Min(part, points - first);
                Sum(x.AsSpan((item / parts * points + first) * dimension, count * dimension),
                    into.AsSpan(sums + item * dimension, dimension));
            }
        });
        for (int i = 0; i < sums; i++)
        {
            double sum = 0;
            for (int k = 0; k < parts; k++) sum += into[sums + (i / dimension * parts + k) * dimension + i % dimension];
            into[i] = sum / points;
        }
        return into;
    }

    /// <summary>into[i, 0..stride) = (x_i - mean) scale, rounded; x null stands for zeros, no means for a mean of zero.</summary>
    /// <param name="x">[R, points, d].</param>
    /// <param name="means">[R, d].</param>
    /// <param name="scale">A factor.</param>
    /// <param name="replicas">R.</param>
    /// <param name="points">Of a replica.</param>
    /// <param name="dimension">d.</param>
    /// <param name="stride">Numbers of a point in <paramref name="into"/>.</param>
    /// <param name="into">[R, points, stride].</param>
    /// <param name="at">Where in it.</param>
    /// <param name="threads">At least 1.</param>
    public static void Write<T>(double[]? x, double[]? means, double scale, int replicas, int points, int dimension, int stride,
        T[] into, int at, int threads) where T : unmanaged =>
        Workers.For(replicas * points, Math.Max(1, Numbers / dimension), threads, (from, to) =>
        {
            double[] zeros = x is null || means is null ? new double[dimension] : [];
            while (from < to)
            {
                int replica = from / points, end = Math.Min(to, (replica + 1) * points);
                ReadOnlySpan<double> mean = means is null ? zeros : means.AsSpan(replica * dimension, dimension);
                Span<T> rows = into.AsSpan(at + from * stride, (end - from) * stride);
                if (x is null)
                    for (int i = 0; i < rows.Length; i += stride) Write(zeros, mean, scale, stride, rows.Slice(i, stride));
                else
                    Write(x.AsSpan(from * dimension, (end - from) * dimension), mean, scale, stride, rows);
                from = end;
            }
        });

    // Eight points side by side (one where they have many numbers): the order of a sum depends on sizes alone.
    private static void Sum(ReadOnlySpan<double> x, Span<double> mean)
    {
        int d = mean.Length, width = d <= 16 ? 8 * d : d, at = 0;
        Span<double> sums = d <= 16 ? stackalloc double[width] : mean;
        sums.Clear();
        ref double sum = ref MemoryMarshal.GetReference(sums);
        for (; at <= x.Length - width; at += width)
        {
            ref readonly double from = ref x[at];
            int j = 0;
            for (; j <= width - Vector256<double>.Count; j += Vector256<double>.Count)
                (Vector256.LoadUnsafe(ref sum, (nuint)j) + Vector256.LoadUnsafe(in from, (nuint)j)).StoreUnsafe(ref sum, (nuint)j);
            for (; j < width; j++) sums[j] += x[at + j];
        }
        for (int j = 0; at < x.Length; j++, at++) sums[j] += x[at];
        if (d > 16) return;
        mean.Clear();
        for (int j = 0; j < width; j += d)
            for (int c = 0; c < d; c++) mean[c] += sums[j + c];
    }

    // The points of one replica.
    private static void Write<T>(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, int stride, Span<T> into)
        where T : unmanaged
    {
        int d = mean.Length;
        int done = d == 2 ? Pairs(x, mean, scale, into) : d == 3 ? Triples(x, mean, scale, into)
            : d == stride && d % Vector256<double>.Count == 0 ? Flat(x, mean, scale, into) : 0;
        for (int i = done * d, at = done * stride; i < x.Length; i += d, at += stride)
        {
            int c = 0;
            for (; c <= d - Vector256<double>.Count; c += Vector256<double>.Count)
                Store((Load(x, i + c) - Load(mean, c)) * scale, into, at + c);
            for (; c < d; c++) into[at + c] = Round<T>((x[i + c] - mean[c]) * scale);
            into[(at + d)..(at + stride)].Clear();
        }
    }

    // Nothing is padded and no vector holds two points; all points are written.
    private static int Flat<T>(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, Span<T> into) where T : unmanaged
    {
        for (int i = 0, c = 0; i < x.Length; i += Vector256<double>.Count)
        {
            Store((Load(x, i) - Load(mean, c)) * scale, into, i);
            c += Vector256<double>.Count;
            if (c == mean.Length) c = 0;
        }
        return x.Length / mean.Length;
    }

    // d = 2, stride 2: two points a vector; how many points were written.
    private static int Pairs<T>(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, Span<T> into) where T : unmanaged
    {
        Vector256<double> centre = Vector256.Create(mean[0], mean[1], mean[0], mean[1]);
        int i = 0;
        for (; i <= x.Length - Vector256<double>.Count; i += Vector256<double>.Count) Store((Load(x, i) - centre) * scale, into, i);
        return i / 2;
    }

    // d = 3, stride 4: a point a vector, whose last number is the next point's.
    private static int Triples<T>(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, double scale, Span<T> into) where T : unmanaged
    {
        Vector256<double> centre = Vector256.Create(mean[0], mean[1], mean[2], 0);
        Vector256<double> three = Vector256.Create(-1L, -1, -1, 0).AsDouble();
        int i = 0, at = 0;
        for (; i <= x.Length - Vector256<double>.Count; i += 3, at += 4) Store(((Load(x, i) - centre) * scale) & three, into, at);
        return i / 3;
    }

    private static Vector256<double> Load(ReadOnlySpan<double> x, int at) =>
        Vector256.Create(x.Slice(at, Vector256<double>.Count));

    private static void Store<T>(Vector256<double> v, Span<T> into, int at) where T : unmanaged
    {
        Span<T> four = into.Slice(at, Vector256<double>.Count);
        if (typeof(T) == typeof(double)) v.CopyTo(MemoryMarshal.Cast<T, double>(four));
        else Vector128.Narrow(v.GetLower(), v.GetUpper()).CopyTo(MemoryMarshal.Cast<T, float>(four));
    }

    private static T Round<T>(double x) where T : unmanaged => typeof(T) == typeof(float) ? (T)(object)(float)x : (T)(object)x;
}
