using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver.Response;

/// <summary>The end of a search for an equilibrium.</summary>
/// <param name="Positions">The tokens, [n, d].</param>
/// <param name="Residual">max_i |F_i| there.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Moved">The largest angle by which a token moved, radians.</param>
/// <param name="WhyNot">Null for an equilibrium, else why none was found.</param>
public sealed record Equilibrium(double[] Positions, double Residual, int Steps, double Moved, string? WhyNot)
{
    /// <summary>Of the largest rate: where max_i |F_i| is below this share of it, tokens are at rest.</summary>
    public const double Rest = 1e-12;

    private const int MostSteps = 60, MostTries = 25, MostProducts = 200;

    // Radians; tokens move less in one step, so that the search stays near its start.
    private const double LargestStep = 0.3;

    /// <summary>
    /// Newton's method with Levenberg's and Marquardt's damping: steps v that minimise |J v + F|^2 + mu^2 |v|^2, mu a multiple of |F|. As
    /// mu falls with |F| the end is quadratic, and directions along which nothing changes, those of rotations among them, are not taken
    /// (Yamashita and Fukushima 2001). Beyond 400 unknowns, where no matrix is made, steps of GMRES with rotations projected out, shortened
    /// until |F| falls.
    /// </summary>
    /// <param name="jacobian">J.</param>
    /// <param name="start">Where it begins, [n, d].</param>
    /// <param name="stop">Ends it.</param>
    public static Equilibrium Find(DriftJacobian jacobian, double[] start, CancellationToken stop = default)
    {
        int d = jacobian.Dimension;
        double rate = jacobian.Flow.CollapseRate, factor = 1;
        double[] x = start, drift = jacobian.Drift(x, stop);
        double length = Sphere.Norm(drift);
        IReadOnlyList<Matrix<double>>? generators = null;
        for (int step = 0; ; step++)
        {
            double residual = Sphere.Largest(drift, d);
            bool isAtRest = residual <= Rest * rate;
            if (step == MostSteps) return End($"{MostSteps} steps of Newton's method end at");
            Func<double, double[]> direction = jacobian.Unknowns <= Spectrum.LargestDense ? Dense(jacobian, x, drift, stop)
                : Sparse(jacobian, generators ??= Rotations.Generators(jacobian, stop), x, drift, stop);
            double[] next = new double[x.Length], nextDrift = drift;
            double nextLength = double.NaN;
            for (int tries = 0; tries < MostTries; tries++, factor *= 4)
            {
                double[] v = direction(factor);
                double largest = Sphere.Largest(v, d);
                TangentSpace.Move(x, v, -Math.Min(1, LargestStep / largest), next, d);
                nextDrift = jacobian.Drift(next, stop);
                nextLength = Sphere.Norm(nextDrift);
                if (nextLength < length) break;
                // Rounding is reached.
                if (isAtRest) return End(null);
            }
            if (!(nextLength < length)) return End("no step of Newton's method makes the drift smaller than");
            if (nextLength < 0.1 * length) factor /= 10;
            (x, drift, length) = (next, nextDrift, nextLength);

            Equilibrium End(string? why) => new(x, residual, step, LargestAngle(start, x, d),
                isAtRest || why is null ? null : Text.Of($"{why} max |F| = {residual:G3}"));
        }
    }

    // For a multiple of |F| as mu.
    private static Func<double, double[]> Dense(DriftJacobian jacobian, double[] x, double[] drift, CancellationToken stop)
    {
        TangentSpace tangent = new(x, jacobian.Dimension);
        Matrix<double> matrix = jacobian.Matrix(x, stop);
        double[] right = tangent.Coordinates(drift);
        double length = Sphere.Norm(drift), least = Rest * jacobian.Flow.CollapseRate;
        return factor => tangent.Vector(LeastSquares.Damped(matrix, right, Math.Max(factor * length, least)));
    }

    // Rotations are turned into a decay, so that J can be solved with, and then taken out; the step is shortened by the factor.
    private static Func<double, double[]> Sparse(
        DriftJacobian jacobian, IReadOnlyList<Matrix<double>> generators, double[] x, double[] drift, CancellationToken stop)
    {
        TangentSpace tangent = new(x, jacobian.Dimension);
        double rate = jacobian.Flow.CollapseRate, length = Sphere.Norm(drift);
        double[][] rotations = [.. Rotations.Vectors(jacobian, generators, x).Select(v => tangent.Coordinates(v))];
        Krylov krylov = new(v =>
        {
            double[] product = tangent.Coordinates(jacobian.Apply(x, [tangent.Vector(v)], stop)[0]);
            foreach (double[] mode in rotations) Sphere.AddScaled(product, -rate * Sphere.Dot(mode, v), mode);
            return product;
        }, () => tangent.Random(1), rate);
        double[] coordinates = krylov.Solve(tangent.Coordinates(drift), Math.Clamp(length / rate, 1e-6, 0.1), MostProducts);
        foreach (double[] mode in rotations) Sphere.AddScaled(coordinates, -Sphere.Dot(mode, coordinates), mode);
        double[] step = tangent.Vector(coordinates);
        return factor => [.. step.Select(v => v / Math.Max(factor, 1))];
    }

    private static double LargestAngle(double[] start, double[] end, int d)
    {
        double largest = 0;
        for (int at = 0; at < end.Length; at += d)
            largest = Math.Max(largest, 2 * Math.Asin(Math.Min(1, Sphere.Distance(start.AsSpan(at, d), end.AsSpan(at, d)) / 2)));
        return largest;
    }
}

/// <summary>Small linear problems.</summary>
internal static class LeastSquares
{
    /// <summary>The v that minimises |A v - b|^2 + mu^2 |v|^2, by an orthogonal factorisation of A above mu I.</summary>
    public static double[] Damped(Matrix<double> a, double[] b, double mu)
    {
        Matrix<double> above = a.Stack(Matrix<double>.Build.DenseDiagonal(a.ColumnCount, mu));
        return above.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin)
            .Solve(Vector<double>.Build.Dense([.. b, .. new double[a.ColumnCount]])).ToArray();
    }
}
