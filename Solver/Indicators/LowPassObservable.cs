namespace AttentionFlow.Solver;

/// <summary>
/// Low-pass norm: the largest singular value of (I - 1 m^T) A, by how much attention can at most carry on what is not common to all tokens [arXiv 2410.24200]; in
/// the inner product sum_i m_i u_i v_i, with equal weights the spectral norm of (I - 11^T/n) A. To a relative
/// 1e-4, by two pair sums a step of <see cref="GolubKahan"/>.
/// </summary>
public sealed class LowPassObservable : Observable
{
    private const double Tolerance = 1e-4;

    /// <summary>The norm for this flow's attention.</summary>
    /// <exception cref="NotSupportedException">When the flow has no attention matrix or the device not the sums.</exception>
    public LowPassObservable(Flow flow) => flow.Attention.AskProducts(anySign: true);

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } = [Number("low_pass", "Spectral norm of (I - 1 m^T) A, in the inner product weighted by m_i.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        CancellationToken stop = frame.Stop;
        double[] weights = [.. flow.Weights];
        new GolubKahan(flow.Replicas, flow.Tokens, weights, Tolerance).Norms(
            (v, product) =>
            {
                flow.Attention.Apply(v, product, stop);
                Centre(product);
            },
            (u, product) =>
            {
                // The adjoint of (I - 1 m^T) A. Near a point B v is rounding, and what it has of 1 would come back as large as A* 1 = 1.
                double[] centred = [.. u];
                Centre(centred);
                flow.Attention.ApplyAdjoint(centred, product, stop);
            }, values);

        void Centre(double[] u)
        {
            for (int first = 0; first < u.Length; first += flow.Tokens)
            {
                double mean = 0;
                for (int i = first; i < first + flow.Tokens; i++) mean += weights[i] * u[i];
                for (int i = first; i < first + flow.Tokens; i++) u[i] -= mean;
            }
        }
    }
}
