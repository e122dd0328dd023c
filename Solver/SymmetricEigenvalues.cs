namespace AttentionFlow.Solver;

/// <summary>
/// Eigenvalues alone of a large symmetric matrix: Householder's reduction to a tridiagonal one, 4/3 d^3 operations on whole rows, then
/// Wilkinson's implicit QL steps, of order d^2. Some six times as quick at d = 384 as a decomposition that finds the vectors, too. Backward
/// stable: errors of some d 2^-53 |A|.
/// </summary>
internal static class SymmetricEigenvalues
{
    // Of an eigenvalue. Where numbers of many sizes stand side by side, the rounding of the largest keeps the smallest from separating to
    // their own rounding; after the first 60 they need do so to that of the largest only.
    private const int FirstSteps = 60, MostSteps = 120;

    private const double Rounding = 1.1e-16;

    /// <summary>The eigenvalues, falling.</summary>
    /// <param name="matrix">[d, d], its lower triangle; lost.</param>
    /// <param name="d">d.</param>
    public static double[] Of(double[] matrix, int d)
    {
        double[] diagonal = new double[d], beside = new double[d];
        Reduce(matrix, d, diagonal, beside);
        Iterate(diagonal, beside);
        return [.. diagonal.OrderDescending()];
    }

    // Row k loses all but its last entry left of the diagonal, k = d-1..2: with v = row - (+-|row|) e, A - v p^T - p v^T, where
    // p = w - (v w/h)/2 v, w = A v/h, h = v v/2. Only rows and columns below k are touched.
    private static void Reduce(double[] a, int d, double[] diagonal, double[] beside)
    {
        double[] p = new double[d];
        for (int k = d - 1; k > 0; k--)
        {
            diagonal[k] = a[k * d + k];
            Span<double> v = a.AsSpan(k * d, k), w = p.AsSpan(0, k);
            double rest = Sphere.LaneDot(v[..^1], v[..^1]);
            if (rest == 0)
            {
                beside[k] = v[^1];
                continue;
            }
            double length = Math.CopySign(Math.Sqrt(rest + v[^1] * v[^1]), -v[^1]);
            beside[k] = length;
            double h = rest + v[^1] * v[^1] - v[^1] * length;
            v[^1] -= length;
            // A v from the lower triangle: row i gives its own entry and adds to those before it.
            w.Clear();
            for (int i = 0; i < k; i++)
            {
                ReadOnlySpan<double> row = a.AsSpan(i * d, i);
                w[i] += Sphere.LaneDot(row, v[..i]) + a[i * d + i] * v[i];
                Sphere.AddScaled(w[..i], v[i], row);
            }
            for (int i = 0; i < k; i++) w[i] /= h;
            Sphere.AddScaled(w, -Sphere.LaneDot(v, w) / (2 * h), v);
            for (int i = 0; i < k; i++)
            {
                Span<double> row = a.AsSpan(i * d, i + 1);
                Sphere.AddScaled(row, -v[i], w[..(i + 1)]);
                Sphere.AddScaled(row, -w[i], v[..(i + 1)]);
            }
        }
        diagonal[0] = a[0];
        beside[0] = 0;
    }

    // beside[k] is left of diagonal[k].
    private static void Iterate(double[] diagonal, double[] beside)
    {
        int d = diagonal.Length;
        for (int k = 1; k < d; k++) beside[k - 1] = beside[k];
        beside[d - 1] = 0;
        double least = 0;
        for (int k = 0; k < d; k++) least = Math.Max(least, Rounding * Math.Abs(diagonal[k]));
        for (int l = 0; l < d; l++)
            for (int step = 0; ; step++)
            {
                int m = l;
                double small = step < FirstSteps ? 0 : least;
                while (m < d - 1 && !(Math.Abs(beside[m]) <= Rounding * (Math.Abs(diagonal[m]) + Math.Abs(diagonal[m + 1])) + small)) m++;
                if (m == l) break;
                if (step == MostSteps) throw new ArithmeticException("eigenvalues did not converge: the matrix has numbers that are not "
                    + "finite");
                Step(diagonal, beside, l, m);
            }
    }

    private static void Step(double[] diagonal, double[] beside, int l, int m)
    {
        double g = (diagonal[l + 1] - diagonal[l]) / (2 * beside[l]);
        g = diagonal[m] - diagonal[l] + beside[l] / (g + Math.CopySign(double.Hypot(g, 1), g));
        double sin = 1, cos = 1, p = 0;
        for (int i = m - 1; i >= l; i--)
        {
            double f = sin * beside[i], b = cos * beside[i], r = double.Hypot(f, g);
            beside[i + 1] = r;
            if (r == 0)
            {
                diagonal[i + 1] -= p;
                beside[m] = 0;
                return;
            }
            (sin, cos) = (f / r, g / r);
            g = diagonal[i + 1] - p;
            r = (diagonal[i] - g) * sin + 2 * cos * b;
            p = sin * r;
            diagonal[i + 1] = g + p;
            g = cos * r - b;
        }
        diagonal[l] -= p;
        beside[l] = g;
        beside[m] = 0;
    }
}
