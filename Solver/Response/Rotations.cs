using AttentionFlow.Solver.Flows;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace AttentionFlow.Solver.Response;

/// <summary>
/// Rotations of the gauge frame under which a flow stays as it is, x_i to Psi_i^T R Psi_i x_i: their generators, and the zero modes that
/// they give an equilibrium.
/// </summary>
internal static class Rotations
{
    // Beyond, d (d - 1)/2 generators are too many to be tried.
    public const int LargestDimension = 32;

    // Relative size of what counts as nothing.
    private const double Nothing = 1e-6;

    /// <summary>
    /// A basis of the generators A, antisymmetric, d x d, with J (A x) = A F(x) for all x: tried at independent tokens, where it can not
    /// hold by chance. None beyond dimension 32.
    /// </summary>
    public static IReadOnlyList<Matrix<double>> Generators(DriftJacobian jacobian, CancellationToken stop)
    {
        int d = jacobian.Dimension;
        if (d > LargestDimension) return [];
        List<Matrix<double>> all = [];
        for (int a = 0; a < d; a++)
            for (int b = a + 1; b < d; b++)
            {
                Matrix<double> generator = Matrix<double>.Build.Dense(d, d);
                (generator[a, b], generator[b, a]) = (-1, 1);
                all.Add(generator);
            }
        Matrix<double> gram = Matrix<double>.Build.Dense(all.Count, all.Count);
        double scale = 0;
        // Fewer tokens than coordinates do not see all generators at once.
        for (ulong seed = 1; (int)seed <= 1 + d / jacobian.Tokens; seed++)
        {
            double[] x = new UniformLaw().Draw(1, jacobian.Tokens, d, seed).Positions, drift = jacobian.Drift(x, stop);
            double[][] moved = [.. all.Select(g => Turn(jacobian.Flow, g, x))], along = jacobian.Apply(x, moved, stop);
            double[][] gap = [.. all.Select((g, k) => Turn(jacobian.Flow, g, drift, along[k]))];
            scale += along.Concat([drift]).Max(v => Sphere.Dot(v, v));
            for (int a = 0; a < all.Count; a++)
                for (int b = 0; b < all.Count; b++) gram[a, b] += Sphere.Dot(gap[a], gap[b]);

            double[] Turn(Flow flow, Matrix<double> generator, double[] of, double[]? less = null)
            {
                double[] turned = Turned(flow, generator, of);
                if (less is not null)
                {
                    // What turns the drift across the sphere is no part of J.
                    Sphere.Project(x, turned, d);
                    Sphere.AddScaled(turned, -1, less);
                }
                return turned;
            }
        }
        return [.. Kernel(gram, Nothing * Nothing * scale).Select(c => all.Select((g, k) => g * c[k]).Aggregate((a, b) => a + b))];
    }

    /// <summary>
    /// An orthonormal basis of the vectors A x that J takes to nothing, [n, d] each: the modes of rotation of an equilibrium. Where x is no
    /// equilibrium there may be none.
    /// </summary>
    public static double[][] Modes(DriftJacobian jacobian, IReadOnlyList<Matrix<double>> generators, double[] x, CancellationToken stop)
    {
        double[][] basis = Vectors(jacobian, generators, x);
        if (basis.Length == 0) return [];
        double[][] products = jacobian.Apply(x, basis, stop);
        double rate = jacobian.Flow.CollapseRate * Nothing;
        return [.. Kernel(Gram(products), rate * rate).Select(c => Combined(basis, c))];
    }

    /// <summary>An orthonormal basis of the vectors A x, [n, d] each.</summary>
    public static double[][] Vectors(DriftJacobian jacobian, IReadOnlyList<Matrix<double>> generators, double[] x) => generators.Count == 0
        ? [] : Orthonormal([.. generators.Select(g => Turned(jacobian.Flow, g, x))], Nothing * Nothing * jacobian.Tokens);

    // A y in the gauge frame, as a vector at x.
    private static double[] Turned(Flow flow, Matrix<double> generator, double[] x)
    {
        int d = flow.Dimension;
        double[] y = new double[x.Length], turned = new double[x.Length];
        flow.Enter(x, y);
        for (int at = 0; at < y.Length; at += d)
            for (int r = 0; r < d; r++)
                for (int c = 0; c < d; c++) turned[at + r] += generator[r, c] * y[at + c];
        flow.Leave(turned, y);
        return y;
    }

    private static Matrix<double> Gram(double[][] vectors) =>
        Matrix<double>.Build.Dense(vectors.Length, vectors.Length, (a, b) => Sphere.Dot(vectors[a], vectors[b]));

    private static IEnumerable<Vector<double>> Kernel(Matrix<double> gram, double tolerance)
    {
        // The library takes numbers below 1e-15 for zeros.
        double scale = gram.Enumerate().Max(Math.Abs) is > 0 and var most ? most : 1;
        Evd<double> parts = (gram / scale).Evd(Symmetricity.Symmetric);
        return Enumerable.Range(0, gram.RowCount).Where(k => scale * parts.EigenValues[k].Real <= tolerance)
            .Select(k => parts.EigenVectors.Column(k));
    }

    private static double[][] Orthonormal(double[][] vectors, double tolerance)
    {
        Evd<double> parts = Gram(vectors).Evd(Symmetricity.Symmetric);
        return [.. Enumerable.Range(0, vectors.Length).Where(k => parts.EigenValues[k].Real > tolerance)
            .Select(k => Combined(vectors, parts.EigenVectors.Column(k) / Math.Sqrt(parts.EigenValues[k].Real)))];
    }

    private static double[] Combined(double[][] vectors, Vector<double> shares)
    {
        double[] sum = new double[vectors[0].Length];
        for (int k = 0; k < vectors.Length; k++) Sphere.AddScaled(sum, shares[k], vectors[k]);
        return sum;
    }
}
