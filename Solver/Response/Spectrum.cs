using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace AttentionFlow.Solver.Response;

/// <summary>An eigenvalue with its vector.</summary>
/// <param name="Value">lambda, per unit of time.</param>
/// <param name="Vector">The real part of v, [n, d].</param>
/// <param name="Quadrature">The imaginary part of v, [n, d]; zeros for a real eigenvalue.</param>
/// <param name="Residual">|J v - lambda v|/|v|, by new products.</param>
public sealed record ResponseMode(Complex Value, double[] Vector, double[] Quadrature, double Residual);

/// <summary>Eigenvalues that agree to <see cref="Spectrum.Tolerance"/>.</summary>
/// <param name="Value">Their mean.</param>
/// <param name="Multiplicity">How many.</param>
/// <param name="Rotations">How many of them are modes of rotation.</param>
/// <param name="Residual">The largest of those that have a vector; NaN where none has.</param>
public sealed record EigenvalueGroup(Complex Value, int Multiplicity, int Rotations, double Residual);

/// <summary>Eigenvalues of the drift's derivative at a state, falling in their real part.</summary>
public sealed class Spectrum
{
    // Unknowns up to which the whole matrix is made.
    internal const int LargestDense = 400;

    // Of the largest rate: far above rounding, far below what one looks at.
    private const double Share = 1e-8;

    private Spectrum(IReadOnlyList<Complex> values, IReadOnlyList<ResponseMode> modes, double[][] rotations, double rate)
    {
        (Values, Modes, RotationModes, Tolerance) = (values, modes, rotations, Share * rate);
        Groups = Grouped();
    }

    /// <summary>All eigenvalues of a small problem, else those that were asked for.</summary>
    public IReadOnlyList<Complex> Values { get; }

    /// <summary>The leading ones with their vectors.</summary>
    public IReadOnlyList<ResponseMode> Modes { get; }

    /// <summary>The eigenvalues, each once.</summary>
    public IReadOnlyList<EigenvalueGroup> Groups { get; }

    /// <summary>1e-8 of the largest rate the flow may have: eigenvalues nearer to each other, or to zero, are not told apart.</summary>
    public double Tolerance { get; }

    /// <summary>How many modes of rotation the state has.</summary>
    public int Rotations => RotationModes.Length;

    /// <summary>How many eigenvalues have a positive real part: unstable modes.</summary>
    public int Index => Values.Count(v => v.Real > Tolerance);

    /// <summary>The eigenvalue of largest real part that is no rotation; null where there is none.</summary>
    public Complex? Leading
    {
        get
        {
            int left = Rotations;
            foreach (Complex value in Values)
                if (left == 0 || Complex.Abs(value) > Tolerance) return value;
                else left--;
            return null;
        }
    }

    /// <summary>Orthonormal modes of rotation, [n, d] each.</summary>
    internal double[][] RotationModes { get; }

    /// <summary>
    /// The leading eigenvalues at a state: of the whole matrix where that has at most 400 rows, else by Arnoldi's method.
    /// </summary>
    /// <param name="jacobian">J.</param>
    /// <param name="x">The state, [n, d].</param>
    /// <param name="count">How many with their vectors; one more where that would part a complex pair.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ArithmeticException">The drift overflows there.</exception>
    public static Spectrum Of(DriftJacobian jacobian, double[] x, int count, CancellationToken stop = default)
    {
        double[][] rotations = Response.Rotations.Modes(jacobian, Response.Rotations.Generators(jacobian, stop), x, stop);
        return Of(jacobian, x, count, rotations, stop);
    }

    /// <summary>The same where the modes of rotation are known.</summary>
    internal static Spectrum Of(DriftJacobian jacobian, double[] x, int count, double[][] rotations, CancellationToken stop)
    {
        TangentSpace tangent = new(x, jacobian.Dimension);
        IReadOnlyList<(Complex Value, double[] Vector, double[] Quadrature)> pairs = Eigenpairs(jacobian.Matrix(x, stop));
        int kept = Math.Min(count, pairs.Count);
        if (kept > 0 && kept < pairs.Count && pairs[kept - 1].Value.Imaginary > 0) kept++;
        ResponseMode[] modes = [.. pairs.Take(kept)
            .Select(p => new ResponseMode(p.Value, tangent.Vector(p.Vector), tangent.Vector(p.Quadrature), 0))];
        return new([.. pairs.Select(p => p.Value)], WithResiduals(jacobian, x, modes, stop), rotations, jacobian.Flow.CollapseRate);
    }

    /// <summary>Eigenvalues and vectors of a matrix, falling in the real part; of a complex pair the one with positive imaginary part
    /// first.</summary>
    internal static IReadOnlyList<(Complex Value, double[] Vector, double[] Quadrature)> Eigenpairs(Matrix<double> matrix)
    {
        if (matrix.Enumerate().Any(entry => !double.IsFinite(entry)))
            throw new ArithmeticException("the derivative of the drift is beyond the range of doubles here");
        Evd<double> parts = matrix.Evd(Symmetricity.Asymmetric);
        List<(Complex Value, double[] Vector, double[] Quadrature)> pairs = [];
        for (int k = 0; k < matrix.RowCount; k++)
        {
            Complex value = parts.EigenValues[k];
            double[] vector = parts.EigenVectors.Column(k).ToArray();
            if (value.Imaginary == 0) pairs.Add((value, vector, new double[vector.Length]));
            else
            {
                double[] quadrature = parts.EigenVectors.Column(++k).ToArray();
                Complex upper = new(value.Real, Math.Abs(value.Imaginary));
                if (value.Imaginary < 0) quadrature = [.. quadrature.Select(v => -v)];
                pairs.Add((upper, vector, quadrature));
                pairs.Add((Complex.Conjugate(upper), vector, [.. quadrature.Select(v => -v)]));
            }
        }
        return [.. pairs.OrderByDescending(p => p.Value.Real).ThenBy(p => Math.Abs(p.Value.Imaginary))];
    }

    /// <summary>The modes with their residuals.</summary>
    private static ResponseMode[] WithResiduals(DriftJacobian jacobian, double[] x, ResponseMode[] modes, CancellationToken stop)
    {
        double[][] products = jacobian.Apply(x, [.. modes.SelectMany(m => new[] { m.Vector, m.Quadrature })], stop);
        return [.. modes.Select((mode, k) =>
        {
            (double a, double b) = (mode.Value.Real, mode.Value.Imaginary);
            (double[] u, double[] w, double[] ju, double[] jw) = (mode.Vector, mode.Quadrature, products[2 * k], products[2 * k + 1]);
            double off = 0, square = 0;
            for (int c = 0; c < u.Length; c++)
            {
                (double real, double imaginary) = (ju[c] - a * u[c] + b * w[c], jw[c] - a * w[c] - b * u[c]);
                off += real * real + imaginary * imaginary;
                square += u[c] * u[c] + w[c] * w[c];
            }
            return mode with { Residual = Math.Sqrt(off / square) };
        })];
    }

    private List<EigenvalueGroup> Grouped()
    {
        List<(Complex Sum, int Count, double Residual)> groups = [];
        for (int k = 0; k < Values.Count; k++)
        {
            Complex value = Math.Abs(Values[k].Imaginary) <= Tolerance ? Values[k].Real : Values[k];
            double residual = k < Modes.Count ? Modes[k].Residual : double.NaN;
            int at = groups.FindIndex(g => Complex.Abs(g.Sum / g.Count - value) <= Tolerance);
            if (at < 0) groups.Add((value, 1, residual));
            else groups[at] = (groups[at].Sum + value, groups[at].Count + 1, double.IsNaN(residual) ? groups[at].Residual : Math.Max(groups[at].Residual, residual));
        }
        return [.. groups.Select(g => new EigenvalueGroup(g.Sum / g.Count, g.Count,
            Complex.Abs(g.Sum / g.Count) <= Tolerance ? Math.Min(g.Count, Rotations) : 0, g.Residual))];
    }
}
