using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// The largest margin of an open half-space that holds all tokens, max over unit u of min_i &lt;u, x_i&gt;; 0 where no half-space does. A
/// cloud in a half-space collapses to a point under the plain flow. By <see cref="Theory.SmallestHullPoint"/>, O(n d) a step.
/// </summary>
internal sealed class HemisphereObservable : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
        [Number("hemisphere", "Largest margin min_i <u, x_i> over unit vectors u; 0 where no open half-space holds all tokens.")];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        int numbers = flow.Tokens * flow.Dimension;
        for (int r = 0; r < flow.Replicas; r++)
            values[r] = Theory.SmallestHullPoint.Margin(frame.Positions.AsMemory(r * numbers, numbers), flow.Dimension, frame.Stop);
    }
}

/// <summary>
/// Participation ratio of the covariance C = sum_i m_i (x_i - m)(x_i - m)^T: (tr C)^2/tr C^2, how many directions tokens vary in, from 1 to
/// d. 0 for a point. O(n d^2), no eigenvalues.
/// </summary>
internal sealed class CovarianceParticipationObservable : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
        [Number("covariance_participation", "(tr C)^2/tr C^2 of the covariance C, how many directions tokens vary in; 0 for a point.")];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow flow = frame.Flow;
        double[] mean = new double[flow.Dimension];
        for (int r = 0; r < flow.Replicas; r++)
        {
            Mean.Of(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, mean);
            values[r] = Mean.Participation(Mean.SmallMoment(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, mean));
        }
    }
}
