using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Model;

/// <summary>
/// A head: query, key and value matrices, d x d, that act in the gauge frame. Logits beta &lt;Q y_i, K y_j> = beta &lt;(Q^T K)^T y_i, y_j>,
/// values V y_j; null stands for the identity.
/// </summary>
public sealed class Head
{
    // Sums of d products of entries of about 1.
    private const double Rounding = 1e-13;

    /// <summary>The head with these matrices.</summary>
    /// <exception cref="ArgumentException">When they are not square, or not of one size.</exception>
    public Head(Matrix<double>? query = null, Matrix<double>? key = null, Matrix<double>? value = null)
    {
        (Query, Key, Value) = (query, key, value);
        Matrix<double>[] given = [.. new[] { query, key, value }.OfType<Matrix<double>>()];
        if (given.FirstOrDefault(m => m.RowCount != m.ColumnCount || m.RowCount != given[0].RowCount) is { } wrong)
            throw new ArgumentException(
                $"the matrices of a head must be square and of one size; one is {wrong.RowCount} x {wrong.ColumnCount}");
        Dimension = given.Length > 0 ? given[0].RowCount : null;
        (Logits, Values) = (UnlessIdentity(Product(query, key)), UnlessIdentity(value));
        (LogitNorm, ValueSpread) = (Logits?.L2Norm() ?? 1, 2 * Values?.L2Norm() ?? 1);
        GradientSign = Logits is null && Values is null ? 1 : SignOf(Logits ?? Identity(), Values ?? Identity());

        Matrix<double> Identity() => Matrix<double>.Build.DenseIdentity(Dimension!.Value);
    }

    /// <summary>Q, null for the identity.</summary>
    public Matrix<double>? Query { get; }

    /// <summary>K, null for the identity.</summary>
    public Matrix<double>? Key { get; }

    /// <summary>V, null for the identity.</summary>
    public Matrix<double>? Value { get; }

    /// <summary>d, where there is a matrix.</summary>
    public int? Dimension { get; }

    /// <summary>Q^T K; null when it is the identity to rounding.</summary>
    public Matrix<double>? Logits { get; }

    /// <summary>V; null when it is the identity to rounding.</summary>
    public Matrix<double>? Values { get; }

    /// <summary>False when logits and values are those of the tokens themselves.</summary>
    public bool HasMatrices => Logits is not null || Values is not null;

    /// <summary>1 or -1 when V = Q^T K or V = -Q^T K is symmetric, to rounding: then the head's field is a gradient; else 0.</summary>
    public int GradientSign { get; }

    /// <summary>|Q^T K|, the largest &lt;Q y, K y'> of unit vectors.</summary>
    public double LogitNorm { get; }

    /// <summary>1 for V = I, else 2 |V|: no two eigenvalues of V are further apart.</summary>
    public double ValueSpread { get; }

    /// <summary>Q^T K, null for the identity.</summary>
    internal static Matrix<double>? Product(Matrix<double>? query, Matrix<double>? key) =>
        query is null ? key : key is null ? query.Transpose() : query.TransposeThisAndMultiply(key);

    private static Matrix<double>? UnlessIdentity(Matrix<double>? m) =>
        m is null || Near(m, Matrix<double>.Build.DenseIdentity(m.RowCount)) ? null : m;

    private static int SignOf(Matrix<double> logits, Matrix<double> values) =>
        !Near(logits, logits.Transpose()) ? 0 : Near(logits, values) ? 1 : Near(logits, -values) ? -1 : 0;

    private static bool Near(Matrix<double> a, Matrix<double> b) => (a - b).InfinityNorm() <= Rounding * a.InfinityNorm();
}
