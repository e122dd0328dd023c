using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver;

/// <summary>The mean token m = sum_i m_i x_i and what belongs to it.</summary>
public static class Mean
{
    private const int ManyCoordinates = 32, Block = 16;

    /// <summary>m of the rows first..first+count-1 of x [.., d], written to <paramref name="mean"/>.</summary>
    public static void Of(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, Span<double> mean)
    {
        int d = mean.Length;
        if (d == 3)
        {
            Of(MemoryMarshal.Cast<double, Triple>(x).Slice(first, count), weights.Slice(first, count), mean);
            return;
        }
        CompensatedSum[] sums = new CompensatedSum[d];
        for (int i = first; i < first + count; i++)
            for (int c = 0; c < d; c++) sums[c].Add(weights[i] * x[i * d + c]);
        for (int c = 0; c < d; c++) mean[c] = sums[c].Value;
    }

    private static void Of(ReadOnlySpan<Triple> x, ReadOnlySpan<double> weights, Span<double> mean)
    {
        CompensatedSum first = default, second = default, third = default;
        for (int i = 0; i < x.Length; i++)
        {
            (double weight, Triple token) = (weights[i], x[i]);
            first.Add(weight * token.X);
            second.Add(weight * token.Y);
            third.Add(weight * token.Z);
        }
        (mean[0], mean[1], mean[2]) = (first.Value, second.Value, third.Value);
    }

    /// <summary>1 - |m|^2 = sum_i m_i |x_i - m|^2, by the second form, accurate near collapse.</summary>
    public static double Variance(ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, int d)
    {
        Span<double> mean = stackalloc double[d];
        Of(x, weights, first, count, mean);
        CompensatedSum variance = default;
        for (int i = first; i < first + count; i++)
        {
            double squared = 0;
            for (int c = 0; c < d; c++) squared += (x[i * d + c] - mean[c]) * (x[i * d + c] - mean[c]);
            variance.Add(weights[i] * squared);
        }
        return variance.Value;
    }

    /// <summary>sum_i m_i (x_i - c)(x_i - c)^T over the same rows, [d, d]; c = 0 or the mean token.</summary>
    public static Matrix<double> SecondMoment(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, ReadOnlySpan<double> centre)
    {
        int d = centre.Length;
        if (d >= ManyCoordinates) return LargeSecondMoment(x, weights, first, count, centre);
        CompensatedSum[] sums = new CompensatedSum[d * d];
        for (int i = first; i < first + count; i++)
        {
            ReadOnlySpan<double> token = x.Slice(i * d, d);
            for (int a = 0; a < d; a++)
                for (int b = 0; b <= a; b++)
                    sums[a * d + b].Add(weights[i] * (token[a] - centre[a]) * (token[b] - centre[b]));
        }
        return Matrix<double>.Build.Dense(d, d, (a, b) => sums[Math.Max(a, b) * d + Math.Min(a, b)].Value);
    }

    // Sums of so many numbers as these need no compensation beside the rounding of eigenvalues.
    private static Matrix<double> LargeSecondMoment(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, ReadOnlySpan<double> centre)
    {
        int d = centre.Length;
        double[] sums = new double[d * d], tokens = Centred(x, first, count, centre);
        // Rows of sums stay near while a block of tokens is added.
        for (int block = 0; block < count; block += Block)
            for (int a = 0; a < d; a++)
                for (int i = block; i < Math.Min(block + Block, count); i++)
                    Sphere.AddScaled(sums.AsSpan(a * d, a + 1), weights[first + i] * tokens[i * d + a], tokens.AsSpan(i * d, a + 1));
        return Matrix<double>.Build.Dense(d, d, (a, b) => sums[Math.Max(a, b) * d + Math.Min(a, b)]);
    }

    /// <summary>
    /// A matrix that has the eigenvalues of <see cref="SecondMoment"/> but for zeros: it, or where there are fewer tokens than coordinates,
    /// and many of these, the matrix of their products, (m_i m_j)^{1/2} &lt;x_i - c, x_j - c&gt;.
    /// </summary>
    public static Matrix<double> SmallMoment(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, ReadOnlySpan<double> centre)
    {
        int d = centre.Length;
        if (d < ManyCoordinates || count >= d) return SecondMoment(x, weights, first, count, centre);
        double[] tokens = Centred(x, first, count, centre), roots = new double[count];
        for (int i = 0; i < count; i++) roots[i] = Math.Sqrt(weights[first + i]);
        Matrix<double> products = Matrix<double>.Build.Dense(count, count);
        for (int i = 0; i < count; i++)
            for (int j = 0; j <= i; j++)
                products[i, j] = products[j, i] =
                    roots[i] * roots[j] * Sphere.LaneDot(tokens.AsSpan(i * d, d), tokens.AsSpan(j * d, d));
        return products;
    }

    /// <summary>The eigenvalues, falling, of <see cref="SecondMoment"/>, d of them.</summary>
    public static double[] MomentEigenvalues(
        ReadOnlySpan<double> x, ReadOnlySpan<double> weights, int first, int count, ReadOnlySpan<double> centre)
    {
        double[] all = new double[centre.Length], found = Eigenvalues(SmallMoment(x, weights, first, count, centre));
        found.CopyTo(all, 0);
        return all;
    }

    private static double[] Centred(ReadOnlySpan<double> x, int first, int count, ReadOnlySpan<double> centre)
    {
        int d = centre.Length;
        double[] tokens = x.Slice(first * d, count * d).ToArray();
        for (int i = 0; i < tokens.Length; i += d)
            for (int a = 0; a < d; a++) tokens[i + a] -= centre[a];
        return tokens;
    }

    /// <summary>A variance of unit vectors below this is rounding of their coordinates: they are a point.</summary>
    internal static double Rounding(int dimension) => dimension * Math.ScaleB(1, -98);

    /// <summary>(tr C)^2/tr C^2 of a symmetric matrix that has no negative eigenvalues: how many of them are large; 0 for no
    /// matrix.</summary>
    public static double Participation(Matrix<double> matrix)
    {
        double trace = matrix.Trace(), squares = matrix.FrobeniusNorm();
        return trace > Rounding(matrix.RowCount) ? trace / squares * (trace / squares) : 0;
    }

    /// <summary>The eigenvalues, falling, of a symmetric matrix that has no negative ones.</summary>
    public static double[] Eigenvalues(Matrix<double> matrix) => matrix.RowCount >= ManyCoordinates
        ? [.. SymmetricEigenvalues.Of(matrix.ToRowMajorArray(), matrix.RowCount).Select(v => Math.Max(0, v))]
        : [.. matrix.Evd(Symmetricity.Symmetric).EigenValues.Select(v => Math.Max(0, v.Real)).OrderDescending()];
}
