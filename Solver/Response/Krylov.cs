using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Response;

/// <summary>
/// Krylov methods for J of many unknowns, in coordinates of the tangent space: of all vectors [n, d], those across it are in the kernel.
/// </summary>
/// <param name="apply">J v.</param>
/// <param name="random">Another vector at every call, for starts.</param>
/// <param name="rate">The largest rate.</param>
internal sealed class Krylov(Func<double[], double[]> apply, Func<double[]> random, double rate)
{
    private const int MostRestarts = 100;

    // Of the largest rate.
    private const double Converged = 1e-9, Broken = 1e-10;

    /// <summary>
    /// An orthonormal basis of the space that J, less what it has along the vectors beside, makes of its eigenvalues of largest real part:
    /// Arnoldi's method with thick restarts. Where it does not converge, the best that was found.
    /// </summary>
    /// <param name="count">How many; one more where that would part a complex pair.</param>
    /// <param name="size">Vectors of a Krylov space, more than twice the count, at most the unknowns that are left.</param>
    /// <param name="beside">Orthonormal vectors; the basis is orthogonal to them.</param>
    public double[][] Leading(int count, int size, IReadOnlyList<double[]> beside)
    {
        double[][] v = new double[size + 1][];
        Matrix<double> h = Matrix<double>.Build.Dense(size, size);
        v[0] = Unit(random(), beside);
        for (int restart = 0, kept = 0; ; restart++)
        {
            double last = Expand(v, h, kept, beside);
            IReadOnlyList<Eigenpair> pairs = Eigenpair.Of(h);
            int wanted = Whole(count), more = Math.Min(Whole(count + (size - count) / 3), size - 1);
            bool isDone = restart == MostRestarts || pairs.Take(wanted).All(p => last * Last(p) <= Converged * rate);
            Matrix<double> q = Matrix<double>.Build.DenseOfColumnArrays(Orthonormal(pairs.Take(isDone ? wanted : more)
                .Select(p => p.Value.Imaginary < 0 ? p.Quadrature : p.Vector)));
            more = q.ColumnCount;
            double[][] rotated = [.. Enumerable.Range(0, more).Select(k => Combined(v, q.Column(k)))];
            if (isDone) return rotated;
            rotated.CopyTo(v, 0);
            v[more] = v[size];
            Matrix<double> part = q.TransposeThisAndMultiply(h * q);
            h.Clear();
            h.SetSubMatrix(0, 0, part);
            h.SetRow(more, 0, more, last * q.Row(size - 1));
            kept = more;

            int Whole(int some) => Math.Min(some, size) is var k && k < size && pairs[k - 1].Value.Imaginary > 0 ? k + 1 : k;
        }

        static double Last(Eigenpair p) => double.Hypot(p.Vector[^1], p.Quadrature[^1])
            / Math.Sqrt(Sphere.Dot(p.Vector, p.Vector) + Sphere.Dot(p.Quadrature, p.Quadrature));
    }

    /// <summary>
    /// The v that makes |J v - b| smallest in a Krylov space: GMRES without restarts, until that is a share of |b|.
    /// </summary>
    public double[] Solve(double[] b, double share, int most)
    {
        double length = Sphere.Norm(b);
        List<double[]> v = [[.. b.Select(c => c / length)]], columns = [];
        List<(double Cos, double Sin)> rotations = [];
        List<double> right = [length];
        for (int k = 0; k < most; k++)
        {
            double[] w = apply(v[k]), column = new double[k + 2];
            double next = Orthogonalise(w, v, column);
            column[k + 1] = next;
            // Givens' rotations keep the columns triangular; what is left of the right side is the residual.
            for (int r = 0; r < k; r++) (column[r], column[r + 1]) = Turned(rotations[r], column[r], column[r + 1]);
            double diagonal = double.Hypot(column[k], next);
            rotations.Add(diagonal > 0 ? (column[k] / diagonal, next / diagonal) : (1, 0));
            column[k] = diagonal;
            columns.Add(column);
            (right[k], double left) = Turned(rotations[k], right[k], 0);
            right.Add(left);
            if (Math.Abs(left) <= share * length || next <= Broken * rate) break;
            v.Add([.. w.Select(c => c / next)]);
        }
        Vector<double> y = Vector<double>.Build.Dense(columns.Count);
        for (int k = columns.Count - 1; k >= 0; k--)
        {
            double sum = right[k];
            for (int c = k + 1; c < columns.Count; c++) sum -= columns[c][k] * y[c];
            y[k] = columns[k][k] > 0 ? sum / columns[k][k] : 0;
        }
        return Combined([.. v], y);

        static (double, double) Turned((double Cos, double Sin) by, double a, double b) =>
            (by.Cos * a + by.Sin * b, by.Cos * b - by.Sin * a);
    }

    // Columns kept.. of h, and the vectors after them; the length of what is left of the last.
    private double Expand(double[][] v, Matrix<double> h, int kept, IReadOnlyList<double[]> beside)
    {
        int size = h.RowCount;
        double length = 0;
        for (int k = kept; k < size; k++)
        {
            double[][] before = [.. beside, .. v.AsSpan(0, k + 1)];
            double[] w = apply(v[k]), column = new double[before.Length];
            // Against both at once: what is taken out of one must not come back with the other.
            length = Orthogonalise(w, before, column);
            for (int r = 0; r <= k; r++) h[r, k] = column[beside.Count + r];
            // The space is invariant: another begins.
            if (length <= Broken * rate) (length, w) = (0, Unit(random(), before));
            else
                for (int c = 0; c < w.Length; c++) w[c] /= length;
            if (k + 1 < size) h[k + 1, k] = length;
            v[k + 1] = w;
        }
        return length;
    }

    // Of vectors that may be nearly parallel, as those of nearly equal eigenvalues are.
    private static List<double[]> Orthonormal(IEnumerable<double[]> vectors)
    {
        List<double[]> basis = [];
        foreach (double[] vector in vectors)
        {
            double[] v = Unit(vector, []);
            double left = Orthogonalise(v, basis, null);
            if (left > 1e-8) basis.Add(Unit(v, basis));
        }
        return basis;
    }

    // Twice is enough (Kahan).
    private static double Orthogonalise(double[] w, IReadOnlyList<double[]> against, double[]? shares)
    {
        for (int pass = 0; pass < 2; pass++)
            for (int k = 0; k < against.Count; k++)
            {
                double share = Sphere.LaneDot(against[k], w);
                if (shares is not null) shares[k] += share;
                Sphere.AddScaled(w, -share, against[k]);
            }
        return Math.Sqrt(Sphere.LaneDot(w, w));
    }

    private static double[] Unit(double[] v, IReadOnlyList<double[]> beside)
    {
        double length = Orthogonalise(v, beside, null);
        return [.. v.Select(c => c / length)];
    }

    private static double[] Combined(double[][] vectors, Vector<double> shares)
    {
        double[] sum = new double[vectors[0].Length];
        for (int k = 0; k < shares.Count; k++) Sphere.AddScaled(sum, shares[k], vectors[k]);
        return sum;
    }
}
