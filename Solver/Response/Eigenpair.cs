using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace AttentionFlow.Solver.Response;

/// <summary>An eigenvalue of a real matrix and its vector, real and imaginary part.</summary>
internal sealed record Eigenpair(Complex Value, double[] Vector, double[] Quadrature)
{
    /// <summary>
    /// All of a matrix, falling in the real part; of a complex pair the one with positive imaginary part comes first.
    /// </summary>
    /// <exception cref="ArithmeticException">An entry is not finite.</exception>
    public static IReadOnlyList<Eigenpair> Of(Matrix<double> matrix)
    {
        if (matrix.Enumerate().Any(entry => !double.IsFinite(entry)))
            throw new ArithmeticException("the derivative of the drift is beyond the range of doubles here");
        // The library takes numbers below 1e-15 for zeros.
        double scale = matrix.Enumerate().Max(Math.Abs) is > 0 and var most ? most : 1;
        Evd<double> parts = (matrix / scale).Evd(Symmetricity.Asymmetric);
        List<Eigenpair> pairs = [];
        for (int k = 0; k < matrix.RowCount; k++)
        {
            Complex value = scale * parts.EigenValues[k];
            double[] vector = parts.EigenVectors.Column(k).ToArray();
            if (value.Imaginary == 0)
            {
                pairs.Add(new(value, vector, new double[vector.Length]));
                continue;
            }
            double sign = Math.Sign(value.Imaginary);
            Complex upper = new(value.Real, sign * value.Imaginary);
            double[] quadrature = [.. parts.EigenVectors.Column(++k).Select(v => sign * v)];
            pairs.Add(new(upper, vector, quadrature));
            pairs.Add(new(Complex.Conjugate(upper), vector, [.. quadrature.Select(v => -v)]));
        }
        return [.. pairs.OrderByDescending(p => p.Value.Real)];
    }
}
