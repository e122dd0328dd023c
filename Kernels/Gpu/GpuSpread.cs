using System.Buffers;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// Whether the values of a problem are spread, or some lie so close together that forces must be sums of factors times differences.
/// </summary>
/// <remarks>
/// A sum of factors times positions, from which the query's own position comes off at the end, errs by a few units times Z_i R, R the
/// largest distance of a value from the mean. Where most of Z_i comes from values within r of the query, its force is of the order Z_i r,
/// so r = R/64 costs it 6 bits. This looks for such groups: it counts, in cells of side R/64, as many values as uniform ones would hardly
/// ever leave in one. What it does not see: two or three tokens at one place, far from most others; their forces keep the error of a few
/// units times Z_i R, but no relative one.
/// </remarks>
internal static class GpuSpread
{
    private const int MostValues = 8192, Slots = 1 << 15, MostCoordinates = 16;
    // Values of a replica that are looked at, at least: with fewer, no two would be of the same cluster.
    private const int FewestValues = 256;
    private const double Side = 1.0 / 64;
    // At d = 2 and 3. Pairs: with fewer, products save less time than it takes the host to look (0.3 ms; a large card saves 0.5 of 2.2).
    // Keys: of so many uniform ones several are near every query (Z_i is 4 times a key's weight and more), so that another token at its
    // place does not matter. Exponents: factors are up to 2^48, their squares up to 2^96.
    private const long ManyPairs = 1L << 32;
    private const int ManyKeys = 1024;
    private const double LargestExponent = 48;

    /// <summary>
    /// True when forces are sums of factors times positions: at d = 2 and 3 (exponents of dot products) and above 16. A function of
    /// positions and sizes.
    /// </summary>
    public static bool AllowsProducts(PairProblem p)
    {
        if (p.Dimension > 16) return !IsClose(p);
        return p.Dimension is 2 or 3 && p.IsDifference && p.Interaction.Profile.IsExponential(p.Interaction.Beta)
            && p.Keys >= ManyKeys && (long)p.Rows * p.Keys >= ManyPairs && AreNear(p) && !IsClose(p);
    }

    /// <summary>
    /// True when some cell holds too many. Of a large problem it takes one of every k values, of many replicas every k-th replica.
    /// </summary>
    public static bool IsClose(PairProblem problem)
    {
        int looked = Math.Min(problem.Keys, Math.Max(FewestValues, MostValues / problem.Replicas)), step = (problem.Keys - 1) / looked + 1;
        int most = MostOf(problem.Dimension, (problem.Keys - 1) / step + 1), others = (problem.Replicas * looked - 1) / MostValues + 1;
        ulong[] cells = ArrayPool<ulong>.Shared.Rent(Slots);
        int[] counts = ArrayPool<int>.Shared.Rent(Slots);
        Array.Clear(counts, 0, Slots);
        bool isClose = false;
        for (int r = 0; r < problem.Replicas && !isClose; r += others)
        {
            ReadOnlySpan<double> values = problem.V.AsSpan(r * problem.Keys * problem.Dimension, problem.Keys * problem.Dimension);
            isClose = Count(values, problem.Dimension, step, r, cells, counts) > most;
        }
        ArrayPool<ulong>.Shared.Return(cells);
        ArrayPool<int>.Shared.Return(counts);
        return isClose;
    }

    // No exponent beta |x - mean|^2/(2 log 2) is too large; of all points, since one too far would spoil its row.
    private static bool AreNear(PairProblem p)
    {
        double[] means = [];
        GpuPoints.Means(p.K, p.Replicas, p.Keys, p.Dimension, 1, ref means);
        double most = LargestExponent * 2 * Math.Log(2) / p.Interaction.Beta;
        return IsWithin(p.K, p.Keys) && (ReferenceEquals(p.Q, p.K) || IsWithin(p.Q, p.Queries));

        bool IsWithin(double[] x, int points)
        {
            int d = p.Dimension;
            for (int r = 0, i = 0; r < p.Replicas; r++)
            {
                double mx = means[r * d], my = means[r * d + 1], mz = means[r * d + d - 1];
                for (int end = i + points * d; i < end; i += d)
                {
                    double u = x[i] - mx, v = x[i + 1] - my, w = d == 2 ? 0 : x[i + 2] - mz;
                    if (!(u * u + v * v + w * w <= most)) return false;
                }
            }
            return true;
        }
    }

    // The largest count of a cell; cells of other replicas have other names.
    private static int Count(ReadOnlySpan<double> values, int d, int step, int replica, ulong[] cells, int[] counts)
    {
        Span<double> mean = new double[d];
        int all = values.Length / d, points = (all - 1) / step + 1;
        for (int k = 0; k < points; k++)
        {
            int i = Place(k, step, all) * d;
            for (int c = 0; c < d; c++) mean[c] += values[i + c];
        }
        foreach (ref double m in mean) m /= points;
        double radius = 0;
        for (int k = 0; k < points; k++)
        {
            int i = Place(k, step, all) * d;
            double square = 0;
            for (int c = 0; c < d; c++) square += (values[i + c] - mean[c]) * (values[i + c] - mean[c]);
            radius = Math.Max(radius, square);
        }
        // All at one point, and not a number.
        if (!(radius > 0)) return points;
        double scale = 1 / (Side * Math.Sqrt(radius));
        int largest = 0;
        for (int k = 0; k < points; k++)
        {
            int i = Place(k, step, all) * d;
            ulong cell = (ulong)replica + 1;
            for (int c = 0; c < Math.Min(d, MostCoordinates); c++)
            {
                cell = (cell ^ (ulong)(long)Math.Floor((values[i + c] - mean[c]) * scale)) * 0x9E3779B97F4A7C15;
                cell ^= cell >> 32;
            }
            int slot = (int)(cell & (Slots - 1));
            while (counts[slot] > 0 && cells[slot] != cell) slot = (slot + 1) & (Slots - 1);
            cells[slot] = cell;
            largest = Math.Max(largest, ++counts[slot]);
        }
        return largest;
    }

    // One of every so many values, not always the same: clusters may take turns in the order of tokens.
    private static int Place(int k, int step, int all) => Math.Min(all - 1, k * step + (int)(((uint)k * 2654435769u >> 16) % (uint)step));

    // The k for which k + 1 of s independent uniform points share a cell with a chance below 0.001: s (s f)^k/(k + 1)!, f twice the
    // share of the sphere that a cell may hold.
    private static int MostOf(int d, int s)
    {
        double share = 2 * d switch { <= 2 => 1.0 / 284, 3 => 3.4e-5, 4 => 4e-7, _ => 1e-8 };
        int k = 1;
        for (double chance = s * s * share / 2; chance > 1e-3; k++) chance *= s * share / (k + 2);
        return k;
    }
}
