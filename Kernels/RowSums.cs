namespace AttentionFlow.Kernels;

/// <summary>What a pair sum is asked for beside Z.</summary>
[Flags]
public enum RowColumns
{
    /// <summary>Z alone.</summary>
    None = 0,
    /// <summary>
    /// F_i = e^{-c_i} sum_j w_j a_ij (v_j - o_i), d numbers a row; in the difference form an implementation may leave out its part along
    /// o_i, which drifts project away, and says so by <see cref="Plan.IsTangential"/>.
    /// </summary>
    Force = 1,
    /// <summary>
    /// D_i = sum_j w_j b_ij (1 - e^{-beta} k'(l_ij)), accurate when all tokens nearly coincide. Difference form, exponential profile.
    /// </summary>
    Deficit = 2,
    /// <summary>max_j |e^{-c_i} w_j a_ij|.</summary>
    Largest = 4,
    /// <summary>sum_j (e^{-c_i} w_j a_ij)^2.</summary>
    Squares = 8,
    /// <summary>e^{-c_i} sum_j w_j a_ij log b_ij; pairs with b_ij = 0 contribute nothing. Needs b >= 0.</summary>
    CouplingLog = 16,
    /// <summary>With <see cref="Force"/>: F_i whole, its part along o_i included.</summary>
    Radial = 32,
    /// <summary>sum_j w_j b_ij k(t_ij), t_ij = l_ij/beta; for profiles that are neither exponential nor linear.</summary>
    Value = 64,
}

/// <summary>The result of a pair sum: one entry per (replica, query), flattened, double whatever the device computes in.</summary>
public sealed class RowSums
{
    /// <summary>Room for <paramref name="rows"/> rows in dimension <paramref name="dimension"/>.</summary>
    public RowSums(int rows, int dimension, RowColumns columns)
    {
        Columns = columns;
        Shift = new double[rows];
        Z = new double[rows];
        Force = columns.HasFlag(RowColumns.Force) ? new double[rows * dimension] : [];
        Deficit = columns.HasFlag(RowColumns.Deficit) ? new double[rows] : [];
        Largest = columns.HasFlag(RowColumns.Largest) ? new double[rows] : [];
        Squares = columns.HasFlag(RowColumns.Squares) ? new double[rows] : [];
        CouplingLog = columns.HasFlag(RowColumns.CouplingLog) ? new double[rows] : [];
        Value = columns.HasFlag(RowColumns.Value) ? new double[rows] : [];
    }

    /// <summary>The columns that were asked for; the arrays of the others are empty.</summary>
    public RowColumns Columns { get; }

    /// <summary>
    /// c_i: every other sum of the row is to be multiplied by e^{c_i}. beta for the difference form with the exponential profile, 0 for
    /// the others.
    /// </summary>
    public double[] Shift { get; }

    /// <summary>Z_i = e^{-c_i} sum_j w_j a_ij.</summary>
    public double[] Z { get; }

    /// <summary>F_i, row-major [row, coordinate]; see <see cref="RowColumns.Force"/>.</summary>
    public double[] Force { get; }

    /// <summary>See <see cref="RowColumns.Deficit"/>; no shift applies.</summary>
    public double[] Deficit { get; }

    /// <summary>See <see cref="RowColumns.Largest"/>.</summary>
    public double[] Largest { get; }

    /// <summary>See <see cref="RowColumns.Squares"/>; to be multiplied by e^{2 c_i}.</summary>
    public double[] Squares { get; }

    /// <summary>See <see cref="RowColumns.CouplingLog"/>.</summary>
    public double[] CouplingLog { get; }

    /// <summary>See <see cref="RowColumns.Value"/>; no shift applies.</summary>
    public double[] Value { get; }

    /// <summary>All columns; those not asked for are empty.</summary>
    internal double[][] Arrays => [Shift, Z, Force, Deficit, Largest, Squares, CouplingLog, Value];

    /// <summary>Copies rows, with all columns of both, to the rows of <paramref name="into"/> from <paramref name="first"/> on.</summary>
    internal void CopyRows(Range rows, RowSums into, int first)
    {
        (int from, int count) = rows.GetOffsetAndLength(Z.Length);
        foreach ((double[] source, double[] target) in Arrays.Zip(into.Arrays))
        {
            int width = source.Length / Z.Length;
            Array.Copy(source, from * width, target, first * width, count * width);
        }
    }
}
