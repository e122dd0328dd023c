namespace AttentionFlow.Solver.Motion;

/// <summary>
/// What became of the tangent vectors of one replica since the beginning: with V_0 their orthonormal start, M = dx(t)/dx(0), M V_0 = Q R.
/// </summary>
/// <param name="Diagonal">log R_ii, [k]: over t the finite-time Lyapunov exponents.</param>
/// <param name="Singular">Logarithms of the singular values of M V_0, [k], falling.</param>
public sealed record TangentGrowth(double[] Diagonal, double[] Singular);

/// <summary>
/// A product of upper triangular matrices with positive diagonals, as e^D U: D diagonal, U upper triangular with the diagonal 1. No
/// number in it overflows, and small singular values keep their digits beside large ones.
/// </summary>
internal sealed class TriangularProduct
{
    private const int MostSweeps = 60;

    // A diagonal entry of 0, of a direction that is lost, is taken for this.
    private const double Least = 1e-300;

    private double[] _logs, _unit;

    /// <summary>The identity of size k.</summary>
    public TriangularProduct(int k)
    {
        (_logs, _unit) = (new double[k], new double[k * k]);
        for (int i = 0; i < k; i++) _unit[i * k + i] = 1;
    }

    private TriangularProduct(double[] logs, double[] unit) => (_logs, _unit) = (logs, unit);

    /// <summary>D: the logarithms of the diagonal.</summary>
    public IReadOnlyList<double> Diagonal => _logs;

    /// <summary>R times this; r is [k, k], its part above the diagonal and that are read.</summary>
    public TriangularProduct After(ReadOnlySpan<double> r)
    {
        int k = _logs.Length;
        double[] logs = new double[k], unit = new double[k * k];
        for (int i = 0; i < k; i++)
        {
            logs[i] = _logs[i] + Math.Log(Math.Max(r[i * k + i], Least));
            for (int j = i; j < k; j++)
            {
                double share = i == j ? 1 : r[i * k + j] * Math.Exp(_logs[j] - logs[i]);
                for (int c = j; c < k; c++) unit[i * k + c] += share * _unit[j * k + c];
            }
        }
        return new(logs, unit);
    }

    /// <summary>Logarithms of the singular values, falling.</summary>
    /// <remarks>
    /// One-sided Jacobi rotations of the rows, each kept as a unit vector and the logarithm of its length: a relative error of rounding
    /// times the condition of U alone [Demmel and Veselic, SIAM J. Matrix Anal. Appl. 13 (1992) 1204-1245].
    /// </remarks>
    public double[] SingularLogs()
    {
        int k = _logs.Length;
        double[] logs = [.. _logs];
        double[][] rows = [.. Enumerable.Range(0, k).Select(i => _unit[(i * k)..((i + 1) * k)])];
        for (int i = 0; i < k; i++) logs[i] += Scale(rows[i]);
        bool isTurned = true;
        for (int sweep = 0; isTurned && sweep < MostSweeps; sweep++)
        {
            isTurned = false;
            for (int p = 0; p < k; p++)
                for (int q = p + 1; q < k; q++) isTurned |= logs[p] >= logs[q] ? Turn(rows, logs, p, q) : Turn(rows, logs, q, p);
        }
        return [.. logs.OrderDescending()];
    }

    public void Keep(Archive archive)
    {
        archive.List("logs", ref _logs);
        archive.List("unit", ref _unit);
    }

    // Rows a = e^p u and b = e^q w with p >= q become orthogonal; false where they are. In the ratio of lengths nothing underflows.
    private static bool Turn(double[][] rows, double[] logs, int p, int q)
    {
        double[] u = rows[p], w = rows[q];
        double cos = Sphere.Dot(u, w), ratio = Math.Exp(logs[q] - logs[p]), square = ratio * ratio;
        if (Math.Abs(cos) <= 1e-15) return false;
        double tau = 2 * cos / (1 - square + Math.Sqrt((1 - square) * (1 - square) + 4 * square * cos * cos));
        double scale = 1 / Math.Sqrt(1 + tau * tau * square);
        for (int c = 0; c < u.Length; c++)
            (u[c], w[c]) = (scale * (u[c] + tau * square * w[c]), scale * (w[c] - tau * u[c]));
        logs[p] += Scale(u);
        logs[q] += Scale(w);
        return true;
    }

    // To length 1; the logarithm of the length.
    private static double Scale(double[] row)
    {
        double length = Math.Max(Sphere.Norm(row), Least);
        for (int c = 0; c < row.Length; c++) row[c] /= length;
        return Math.Log(length);
    }
}
