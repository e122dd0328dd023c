namespace AttentionFlow.Solver;

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
