using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Solver;

/// <summary>Eigenvalues, falling, of the covariance sum_i m_i (x_i - m)(x_i - m)^T.</summary>
public sealed class CovarianceObservable(int dimension) : Observable
{
    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
        [.. Enumerable.Range(0, dimension).Select(c => Number($"covariance{c}", $"Eigenvalue {c} (falling) of the covariance sum_i m_i (x_i - m)(x_i - m)^T."))];

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double[] mean = new double[dimension];
        for (int r = 0; r < flow.Replicas; r++)
        {
            int first = r * flow.Tokens;
            Mean.Of(frame.Positions, flow.Weights, first, flow.Tokens, mean);
            Matrix<double> covariance = Matrix<double>.Build.Dense(dimension, dimension);
            for (int i = first; i < first + flow.Tokens; i++)
            {
                ReadOnlySpan<double> x = frame.Positions.AsSpan(i * dimension, dimension);
                for (int a = 0; a < dimension; a++)
                    for (int b = 0; b <= a; b++)
                        covariance[a, b] += flow.Weights[i] * (x[a] - mean[a]) * (x[b] - mean[b]);
            }
            for (int a = 0; a < dimension; a++)
                for (int b = a + 1; b < dimension; b++) covariance[a, b] = covariance[b, a];
            double[] eigenvalues = [.. covariance.Evd(Symmetricity.Symmetric).EigenValues.Select(v => Math.Max(0, v.Real)).OrderDescending()];
            eigenvalues.CopyTo(values[(r * dimension)..]);
        }
    }
}
