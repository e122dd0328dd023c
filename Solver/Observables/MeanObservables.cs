using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>The mean token m = sum_i m_i x_i and its length.</summary>
public sealed class MeanObservable(int dimension) : Observable
{
    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("mean_norm", "|m|, m = sum_i m_i x_i the mean token."),
        .. Enumerable.Range(0, dimension).Select(c => Number($"mean{c}", $"Coordinate {c} of m.")),
    ];

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        for (int r = 0; r < flow.Replicas; r++)
        {
            Span<double> row = values.Slice(r * (dimension + 1), dimension + 1);
            Mean.Of(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, row[1..]);
            row[0] = Sphere.Norm(row[1..]);
        }
    }
}

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
            double[] eigenvalues = Mean.Eigenvalues(Mean.SecondMoment(frame.Positions, flow.Weights, first, flow.Tokens, mean));
            eigenvalues.CopyTo(values[(r * dimension)..]);
        }
    }
}
