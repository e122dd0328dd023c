using ILGPU;

namespace AttentionFlow.Kernels.Gpu;

/// <summary>Adds the sums over the splits of the keys, in their order.</summary>
internal static class CombineKernel
{
    /// <summary>For one row of this launch and one column.</summary>
    /// <param name="index">Rows of the launch, one column after the other, from Z on.</param>
    /// <param name="call">The call that made the parts.</param>
    /// <param name="into">[columns, 2, Rows]: the sums, high and low part. What is beyond d among the numbers of F is not written.</param>
    /// <param name="splits">Their number.</param>
    /// <param name="columns">Columns of each, see <see cref="GpuColumns"/>.</param>
    /// <param name="more">1 when the last four are those that observers ask for.</param>
    /// <param name="shifted">1 when shifts are not all 0.</param>
    public static void Combine<T, R>(
        Index1D index, GpuCall<T> call, ArrayView<T> into, int splits, int columns, int more, int shifted)
        where T : unmanaged where R : struct, IReal<T>
    {
        int z = index / call.Rows, row = index - z * call.Rows, column = GpuColumns.Z + z;
        int special = more == 0 ? -1 : column - (columns - GpuColumns.More);
        if (special < 0 && column >= GpuColumns.Force + call.Dimension) return;
        long split = 2L * call.Rows * columns, at = 2L * call.Rows * column + row;
        T shift = call.Parts[row];
        if (shifted != 0)
            for (int s = 1; s < splits; s++) shift = R.Max(shift, call.Parts[s * split + row]);
        T high = R.Constant(0), low = R.Constant(0), factor = R.Constant(1);
        for (int s = 0; s < splits; s++)
        {
            if (shifted != 0)
            {
                factor = R.Exp2(R.Subtract(call.Parts[s * split + row], shift));
                if (special == GpuColumns.Squares) factor = R.Multiply(factor, factor);
            }
            T value = R.Multiply(call.Parts[s * split + at], factor);
            if (special == GpuColumns.Largest)
            {
                high = R.Max(high, value);
            }
            else
            {
                R.Accumulate(ref high, ref low, value);
                R.Accumulate(ref high, ref low, R.Multiply(call.Parts[s * split + at + call.Rows], factor));
            }
        }
        into[at] = high;
        into[at + call.Rows] = low;
        if (z == 0) into[row] = shift;
    }
}
