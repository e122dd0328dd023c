using System.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Response;

/// <summary>An eigenvalue with its vector.</summary>
/// <param name="Value">lambda, per unit of time.</param>
/// <param name="Vector">The real part of v, [n, d]; |v| = 1.</param>
/// <param name="Quadrature">The imaginary part of v, [n, d]; zeros for a real eigenvalue.</param>
/// <param name="Residual">|J v - lambda v|/|v|, by new products.</param>
public sealed record ResponseMode(Complex Value, double[] Vector, double[] Quadrature, double Residual);

/// <summary>Eigenvalues that agree to <see cref="Spectrum.Tolerance"/>.</summary>
/// <param name="Value">Their mean.</param>
/// <param name="Multiplicity">How many.</param>
/// <param name="Rotations">How many of them are modes of rotation.</param>
/// <param name="Residual">The largest of theirs.</param>
public sealed record EigenvalueGroup(Complex Value, int Multiplicity, int Rotations, double Residual);

/// <summary>Eigenvalues of the drift's derivative at a state, falling in their real part.</summary>
public sealed class Spectrum
{
    // Unknowns up to which the whole matrix is made.
    internal const int LargestDense = 400;

    // Of the largest rate: far above rounding, far below what one looks at.
    private const double Share = 1e-8;

    private const int MostPasses = 12;

    private Spectrum(IReadOnlyList<ResponseMode> modes, int unknowns, double[][] rotations, double rate)
    {
        (Modes, RotationModes, Tolerance) = (modes, rotations, Share * rate);
        IsComplete = modes.Count == unknowns;
        Groups = Grouped();
    }

    /// <summary>All modes of a small problem, else those that were asked for.</summary>
    public IReadOnlyList<ResponseMode> Modes { get; }

    /// <summary>Whether these are all modes.</summary>
    public bool IsComplete { get; }

    /// <summary>The eigenvalues, each once.</summary>
    public IReadOnlyList<EigenvalueGroup> Groups { get; }

    /// <summary>1e-8 of the largest rate the flow may have: eigenvalues nearer to each other, or to zero, are not told apart.</summary>
    public double Tolerance { get; }

    /// <summary>How many modes of rotation the state has.</summary>
    public int Rotations => RotationModes.Length;

    /// <summary>How many eigenvalues have a positive real part: unstable modes, of those that were found.</summary>
    public int Index => Modes.Count(m => m.Value.Real > Tolerance);

    /// <summary>False where all that were found are unstable, and there may be more.</summary>
    public bool IsIndexExact => IsComplete || Index < Modes.Count;

    /// <summary>The eigenvalues that are no modes of rotation, falling in the real part.</summary>
    public IReadOnlyList<Complex> Internal
    {
        get
        {
            int left = Rotations;
            return [.. Modes.Select(m => m.Value).Where(value => !(Complex.Abs(value) <= Tolerance && left-- > 0))];
        }
    }

    /// <summary>Orthonormal modes of rotation, [n, d] each.</summary>
    internal double[][] RotationModes { get; }

    /// <summary>The eigenvalues at a state: of the whole matrix where that has at most 400 rows, else leading ones by Arnoldi's method.
    /// </summary>
    /// <param name="jacobian">J.</param>
    /// <param name="x">The state, [n, d].</param>
    /// <param name="count">How many, where not all are found; one more where that would part a complex pair.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ArithmeticException">The drift overflows there.</exception>
    public static Spectrum Of(DriftJacobian jacobian, double[] x, int count, CancellationToken stop = default) =>
        Of(jacobian, x, count, Response.Rotations.Generators(jacobian, stop), stop);

    /// <summary>The same where the generators of rotations are known.</summary>
    internal static Spectrum Of(
        DriftJacobian jacobian, double[] x, int count, IReadOnlyList<Matrix<double>> generators, CancellationToken stop,
        int largestDense = LargestDense)
    {
        double[][] rotations = Response.Rotations.Modes(jacobian, generators, x, stop);
        double rate = jacobian.Flow.CollapseRate;
        ResponseMode[] modes = jacobian.Unknowns <= largestDense ? Dense(jacobian, x, stop) : Sparse(jacobian, x, count, rotations, stop);
        return new(WithResiduals(jacobian, x, modes, stop), jacobian.Unknowns, rotations, rate);
    }

    private static ResponseMode[] Dense(DriftJacobian jacobian, double[] x, CancellationToken stop)
    {
        TangentSpace tangent = new(x, jacobian.Dimension);
        double rounding = Equilibrium.Rest * jacobian.Flow.CollapseRate;
        return [.. Eigenpair.Of(jacobian.Matrix(x, stop)).Select(p => ModeOf(p, tangent.Vector, rounding))];
    }

    // Krylov spaces of one vector see a multiple eigenvalue once: what was found is set aside and others are sought beside it, until none
    // of them belongs to the leading ones.
    private static ResponseMode[] Sparse(DriftJacobian jacobian, double[] x, int count, double[][] rotations, CancellationToken stop)
    {
        double rate = jacobian.Flow.CollapseRate;
        TangentSpace tangent = new(x, jacobian.Dimension);
        List<double[]> basis = [.. rotations.Select(v => tangent.Coordinates(v))], products = [.. Apply(basis)];
        int drawn = 0;
        for (int pass = 0; ; pass++)
        {
            Krylov krylov = new(v => Apply([v])[0], () => tangent.Random(++drawn), rate);
            double[][] found = krylov.Leading(count, Math.Min(jacobian.Unknowns - basis.Count, 3 * count + 30), basis);
            int before = basis.Count;
            basis.AddRange(found);
            products.AddRange(Apply(found));
            IReadOnlyList<Eigenpair> pairs = Eigenpair.Of(Restricted(0)), last = Eigenpair.Of(Restricted(before));
            double least = pairs[Math.Min(count, pairs.Count) - 1].Value.Real;
            bool isNew = last[0].Value.Real > least - Share * rate;
            if (isNew && pass < MostPasses && jacobian.Unknowns - basis.Count > 3 * count + 30) continue;
            int kept = Math.Min(count, pairs.Count);
            if (kept < pairs.Count && pairs[kept - 1].Value.Imaginary > 0) kept++;
            return [.. pairs.Take(kept).Select(p => ModeOf(p, Combined, Equilibrium.Rest * rate))];
        }

        double[][] Apply(IReadOnlyList<double[]> vectors) =>
            [.. jacobian.Apply(x, [.. vectors.Select(tangent.Vector)], stop).Select(v => tangent.Coordinates(v))];

        Matrix<double> Restricted(int from) => Matrix<double>.Build.Dense(basis.Count - from, basis.Count - from,
            (r, c) => Sphere.LaneDot(basis[from + r], products[from + c]));

        double[] Combined(double[] shares)
        {
            double[] sum = new double[tangent.Count];
            for (int k = 0; k < shares.Length; k++) Sphere.AddScaled(sum, shares[k], basis[k]);
            return tangent.Vector(sum);
        }
    }

    // Real and imaginary part of a pair that rounding has made of a double eigenvalue are two real modes.
    private static ResponseMode ModeOf(Eigenpair pair, Func<double[], double[]> vector, double rounding)
    {
        if (Math.Abs(pair.Value.Imaginary) > rounding) return new(pair.Value, vector(pair.Vector), vector(pair.Quadrature), 0);
        double[] real = vector(pair.Value.Imaginary < 0 ? pair.Quadrature : pair.Vector);
        return new(pair.Value.Real, real, new double[real.Length], 0);
    }

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
            double unit = 1 / Math.Sqrt(square);
            return mode with { Vector = Scaled(u), Quadrature = Scaled(w), Residual = Math.Sqrt(off / square) };

            double[] Scaled(double[] v) => [.. v.Select(c => unit * c)];
        })];
    }

    private List<EigenvalueGroup> Grouped()
    {
        List<(Complex Sum, int Count, double Residual)> groups = [];
        foreach (ResponseMode mode in Modes)
        {
            Complex value = Math.Abs(mode.Value.Imaginary) <= Tolerance ? mode.Value.Real : mode.Value;
            int at = groups.FindIndex(g => Complex.Abs(g.Sum / g.Count - value) <= Tolerance);
            if (at < 0) groups.Add((value, 1, mode.Residual));
            else groups[at] = (groups[at].Sum + value, groups[at].Count + 1, Math.Max(groups[at].Residual, mode.Residual));
        }
        return [.. groups.Select(g => new EigenvalueGroup(g.Sum / g.Count, g.Count,
            Complex.Abs(g.Sum / g.Count) <= Tolerance ? Math.Min(g.Count, Rotations) : 0, g.Residual))];
    }
}
