using System.Runtime.Intrinsics;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>The sums of a launch as a device leaves them, [columns, 2, rows], back as the rows of a result.</summary>
/// <param name="problem">What was summed.</param>
/// <param name="stride">Numbers of F among the columns: d, or more.</param>
/// <param name="scale">What positions were multiplied by.</param>
/// <param name="hasEvenWeights">True when sums lack the weight of their replica's keys.</param>
/// <param name="means">Of the keys, [R, d].</param>
internal sealed class GpuRows<T>(PairProblem problem, int stride, double scale, bool hasEvenWeights, double[] means) where T : unmanaged
{
    // Rows of one pass over the columns: they fill cache lines of both sides.
    private const int Few = 16;
    private const int Grain = 8192;

    /// <summary>Writes rows [first, first + rows) of <paramref name="into"/>.</summary>
    public void Read(T[] sums, int first, int rows, RowSums into, int threads) => Workers.For(rows, Grain, threads, (from, to) =>
    {
        while (from < to)
        {
            int replica = (first + from) / problem.Queries, end = (int)Math.Min(to, (replica + 1L) * problem.Queries - first);
            Read(new Columns(sums, rows, from), replica, (first + from)..(first + end), into);
            from = end;
        }
    });

    // Rows of one replica.
    private void Read(Columns columns, int replica, Range rows, RowSums into)
    {
        (int row, int count) = rows.GetOffsetAndLength(problem.Rows);
        int d = problem.Dimension, more = GpuColumns.Force + stride;
        double weight = hasEvenWeights ? problem.Weights[replica * problem.Keys] : 1;
        Shift(columns, means.AsSpan(replica * d, d), row, into.Shift.AsSpan(row, count));
        columns.Read(GpuColumns.Z, 1, 0, count, weight, into.Z.AsSpan(row));
        if (into.Columns.HasFlag(RowColumns.Force))
            for (int from = 0; from < count; from += Few)
                columns.Read(GpuColumns.Force, d, from, Math.Min(Few, count - from), weight / scale, into.Force.AsSpan((row + from) * d));
        Column(RowColumns.Deficit, GpuColumns.Deficit, weight, into.Deficit);
        Column(RowColumns.Largest, GpuColumns.Largest, Math.Abs(weight), into.Largest);
        Column(RowColumns.Squares, GpuColumns.Squares, weight * weight, into.Squares);
        Column(RowColumns.CouplingLog, GpuColumns.CouplingLog, weight, into.CouplingLog);

        void Column(RowColumns flag, int column, double factor, double[] target)
        {
            if (into.Columns.HasFlag(flag)) columns.Read(more + column, 1, 0, count, factor, target.AsSpan(row));
        }
    }

    // In the general form that of the kernel, in units of log 2, and what the keys lost when they were centred.
    private void Shift(Columns columns, ReadOnlySpan<double> mean, int row, Span<double> into)
    {
        double beta = problem.Interaction.Beta;
        if (problem.IsDifference || !problem.Interaction.Profile.IsExponential(beta))
        {
            into.Fill(problem.Interaction.Profile.IsExponential(beta) ? beta : 0);
            return;
        }
        for (int i = 0; i < into.Length; i++)
        {
            double shift = columns.Shift(i), dot = 0;
            ReadOnlySpan<double> q = problem.Q.AsSpan((row + i) * mean.Length, mean.Length);
            for (int c = 0; c < q.Length; c++) dot += q[c] * mean[c];
            into[i] = shift <= GpuShift.None ? 0 : shift * Math.Log(2) + beta * dot;
        }
    }

    // The columns of a launch, from one of its rows on.
    private readonly struct Columns(T[] sums, int rows, int first)
    {
        public double Shift(int row) => Double(sums[GpuColumns.Shift * 2 * rows + first + row]);

        // into[i, c] = factor (high + low) for count rows of some columns.
        public void Read(int column, int width, int from, int count, double factor, Span<double> into)
        {
            ref T high = ref sums[column * 2 * rows + first + from];
            for (int c = 0; c < width; c++, high = ref Unsafe.Add(ref high, 2 * rows))
            {
                int i = 0;
                for (; i <= count - 4; i += 4)
                {
                    Vector256<double> sum = (Wide(ref high, i) + Wide(ref high, rows + i)) * factor;
                    if (width == 1)
                    {
                        sum.CopyTo(into[i..]);
                        continue;
                    }
                    Span<double> four = into.Slice(i * width + c, 3 * width + 1);
                    (four[0], four[width], four[2 * width], four[3 * width]) = (sum[0], sum[1], sum[2], sum[3]);
                }
                for (; i < count; i++)
                    into[i * width + c] = factor * (Double(Unsafe.Add(ref high, i)) + Double(Unsafe.Add(ref high, rows + i)));
            }
        }

        private static Vector256<double> Wide(ref T from, int at)
        {
            if (typeof(T) == typeof(double)) return Vector256.LoadUnsafe(ref Unsafe.As<T, double>(ref from), (nuint)at);
            (Vector128<double> lower, Vector128<double> upper) =
                Vector128.Widen(Vector128.LoadUnsafe(ref Unsafe.As<T, float>(ref from), (nuint)at));
            return Vector256.Create(lower, upper);
        }

        private static double Double(T x) => typeof(T) == typeof(float) ? (float)(object)x : (double)(object)x;
    }
}
