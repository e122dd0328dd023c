using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// The three collapse gaps of the content marginal: G_mean = 1 - |m|, G_second = 1 - |m|^2, G_energy = k(1)/2 - E_baseline; all without
/// cancellation near collapse. G_energy costs one pair sum with the exponential profile.
/// </summary>
public sealed class GapsObservable : Observable
{
    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("gap_mean", "G_mean = 1 - |m|, m the mean token."),
        Number("gap_second", "G_second = 1 - |m|^2 = sum_i m_i |x_i - m|^2."),
        Number("gap_energy", "G_energy = k(1)/2 - E_baseline of the content marginal (coupling 1, no gauge)."),
    ];

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double[] energyGap = new double[flow.Replicas];
        flow.EnergyGap(frame.Positions, energyGap, frame.Stop);
        for (int r = 0; r < flow.Replicas; r++)
        {
            double second = Mean.Variance(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension);
            values[3 * r] = second / (1 + Math.Sqrt(Math.Max(0, 1 - second)));
            values[3 * r + 1] = second;
            values[3 * r + 2] = energyGap[r];
        }
    }
}
