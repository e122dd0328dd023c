using AttentionFlow.Kernels.Model;
using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>Adds the sums over the splits of the keys, in their order, to those of the first.</summary>
internal static class CombineKernel
{
    /// <summary>For one row of this launch.</summary>
    /// <param name="row">Counted from the first of the launch.</param>
    /// <param name="call">The call that made the parts.</param>
    /// <param name="splits">Their number.</param>
    /// <param name="columns">Columns of each, see <see cref="GpuColumns"/>.</param>
    /// <param name="more">1 when the last four are those that observers ask for.</param>
    public static void Combine<T, R>(Index1D row, GpuCall<T> call, int splits, int columns, int more) where T : unmanaged where R : struct, IReal<T>
    {
        long column = 2L * call.Rows, split = column * columns;
        T shift = call.Parts[row];
        for (int s = 1; s < splits; s++) shift = R.Max(shift, call.Parts[s * split + row]);
        for (int c = GpuColumns.Z; c < columns; c++)
        {
            int special = more == 0 ? -1 : c - (columns - GpuColumns.More);
            T high = R.Constant(0), low = R.Constant(0);
            for (int s = 0; s < splits; s++)
            {
                T factor = special == GpuColumns.Deficit ? R.Constant(1) : R.Exp2(R.Subtract(call.Parts[s * split + row], shift));
                if (special == GpuColumns.Squares) factor = R.Multiply(factor, factor);
                long at = s * split + c * column + row;
                T value = R.Multiply(call.Parts[at], factor);
                if (special == GpuColumns.Largest)
                {
                    high = R.Max(high, value);
                }
                else
                {
                    R.Accumulate(ref high, ref low, value);
                    R.Accumulate(ref high, ref low, R.Multiply(call.Parts[at + call.Rows], factor));
                }
            }
            call.Parts[c * column + row] = high;
            call.Parts[c * column + call.Rows + row] = low;
        }
        call.Parts[row] = shift;
    }
}
