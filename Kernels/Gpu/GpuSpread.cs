using System.Buffers;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>
/// Whether the values of a problem are spread, or some lie so close together that forces must be sums of factors times differences.
/// </summary>
/// <remarks>
/// A sum of factors times positions, from which the query's own position comes off at the end, errs by a few units times Z_i R, R the
/// largest distance of a value from the mean. Where most of Z_i comes from values within r of the query, its force is of the order Z_i r,
/// so r = R/64 costs it 6 bits. This looks for such groups: it counts, in cells of side R/64, as many values as uniform ones would hardly
/// ever leave in one.
/// </remarks>
internal static class GpuSpread
{
    private const int MostValues = 8192, Slots = 1 << 15, MostCoordinates = 16;
    private const double Side = 1.0 / 64;

    /// <summary>
    /// True when some cell holds too many. A function of positions and sizes; of a large problem it takes every k-th value.
    /// </summary>
    public static bool IsClose(PairProblem problem)
    {
        int step = (problem.Replicas * problem.Keys - 1) / MostValues + 1, most = MostOf(problem.Dimension, (problem.Keys - 1) / step + 1);
        ulong[] cells = ArrayPool<ulong>.Shared.Rent(Slots);
        int[] counts = ArrayPool<int>.Shared.Rent(Slots);
        Array.Clear(counts, 0, Slots);
        bool isClose = false;
        for (int r = 0; r < problem.Replicas && !isClose; r++)
        {
            ReadOnlySpan<double> values = problem.V.AsSpan(r * problem.Keys * problem.Dimension, problem.Keys * problem.Dimension);
            isClose = Count(values, problem.Dimension, step, r, cells, counts) > most;
        }
        ArrayPool<ulong>.Shared.Return(cells);
        ArrayPool<int>.Shared.Return(counts);
        return isClose;
    }

    // The largest count of a cell; cells of other replicas have other names.
    private static int Count(ReadOnlySpan<double> values, int d, int step, int replica, ulong[] cells, int[] counts)
    {
        Span<double> mean = new double[d];
        int points = 0;
        for (int i = 0; i < values.Length; i += step * d, points++)
            for (int c = 0; c < d; c++) mean[c] += values[i + c];
        foreach (ref double m in mean) m /= points;
        double radius = 0;
        for (int i = 0; i < values.Length; i += step * d)
        {
            double square = 0;
            for (int c = 0; c < d; c++) square += (values[i + c] - mean[c]) * (values[i + c] - mean[c]);
            radius = Math.Max(radius, square);
        }
        // All at one point, and not a number.
        if (!(radius > 0)) return points;
        double scale = 1 / (Side * Math.Sqrt(radius));
        int largest = 0;
        for (int i = 0; i < values.Length; i += step * d)
        {
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
