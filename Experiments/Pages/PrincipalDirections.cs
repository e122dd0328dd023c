using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace AttentionFlow.Experiments.Pages;

/// <summary>
/// The three directions in which the tokens of some trajectories vary most, over all times and tokens together: the eigenvectors of their
/// covariance with the largest eigenvalues.
/// </summary>
internal sealed class PrincipalDirections
{
    private const double MostOperations = 2e9;

    private readonly double[][] _directions;

    private PrincipalDirections(double[][] directions, double[] shares) => (_directions, Shares) = (directions, shares);

    /// <summary>The share of the variance along each, falling.</summary>
    public IReadOnlyList<double> Shares { get; }

    /// <summary>Those of tokens of one dimension d above 3; of very many, of some that are evenly spread.</summary>
    public static PrincipalDirections Of(IReadOnlyList<TokenStore> stores)
    {
        int d = stores[0].Dimension;
        double rows = stores.Sum(store => (double)store.Tokens.Count * store.Snapshots.Count);
        int every = (int)Math.Ceiling(rows * d * d / MostOperations);
        double[] sum = new double[d], products = new double[d * d], x = new double[d];
        (int count, int number) = (0, 0);
        foreach (TokenStore store in stores)
            foreach ((_, float[] numbers) in store.Snapshots)
                for (int at = 0; at < numbers.Length; at += store.Width)
                {
                    if (number++ % every != 0 || float.IsNaN(numbers[at])) continue;
                    count++;
                    for (int c = 0; c < d; c++) sum[c] += x[c] = numbers[at + c];
                    for (int c = 0; c < d; c++) Sphere.AddScaled(products.AsSpan(c * d, c + 1), x[c], x.AsSpan(0, c + 1));
                }
        Matrix<double> covariance = Matrix<double>.Build.Dense(d, d, (a, b) =>
            products[Math.Max(a, b) * d + Math.Min(a, b)] / count - sum[a] / count * (sum[b] / count));
        Evd<double> parts = covariance.Evd(Symmetricity.Symmetric);
        double total = Math.Max(covariance.Trace(), double.Epsilon);
        int[] largest = [.. Enumerable.Range(0, d).OrderByDescending(k => parts.EigenValues[k].Real).Take(3)];
        return new PrincipalDirections(
            [.. largest.Select(k => Upright([.. parts.EigenVectors.Column(k)]))],
            [.. largest.Select(k => Math.Clamp(parts.EigenValues[k].Real / total, 0, 1))]);
    }

    /// <summary>The three coordinates of a point along them.</summary>
    public void Project<T>(ReadOnlySpan<T> x, Span<double> into) where T : System.Numerics.INumber<T>
    {
        for (int k = 0; k < 3; k++)
        {
            into[k] = 0;
            for (int c = 0; c < _directions[k].Length; c++) into[k] += _directions[k][c] * double.CreateChecked(x[c]);
        }
    }

    // Of the two signs the one whose largest coordinate is positive.
    private static double[] Upright(double[] v) => v.MaxBy(Math.Abs) < 0 ? [.. v.Select(c => -c)] : v;
}
