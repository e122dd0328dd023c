using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>The mean token m = sum_i m_i x_i and its length.</summary>
internal sealed class MeanObservable(Flow flow) : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("mean_norm", "|m|, m = sum_i m_i x_i the mean token."),
        .. Enumerable.Range(0, flow.Dimension).Select(c => Number($"mean{c}", $"Coordinate {c} of m.")),
    ];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow current = frame.Flow;
        int width = current.Dimension + 1;
        for (int r = 0; r < current.Replicas; r++)
        {
            Span<double> row = values.Slice(r * width, width);
            Mean.Of(frame.Positions, current.Weights, r * current.Tokens, current.Tokens, row[1..]);
            row[0] = Sphere.Norm(row[1..]);
        }
    }
}

/// <summary>Eigenvalues, falling, of the covariance sum_i m_i (x_i - m)(x_i - m)^T.</summary>
internal sealed class CovarianceObservable(Flow flow) : Observable
{
    public override IReadOnlyList<Column> Columns { get; } =
        [.. Enumerable.Range(0, flow.Dimension).Select(c => Number($"covariance{c}",
            $"Eigenvalue {c} (falling) of the covariance sum_i m_i (x_i - m)(x_i - m)^T."))];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow current = frame.Flow;
        double[] mean = new double[current.Dimension];
        for (int r = 0; r < current.Replicas; r++)
        {
            int first = r * current.Tokens;
            Mean.Of(frame.Positions, current.Weights, first, current.Tokens, mean);
            double[] eigenvalues = Mean.MomentEigenvalues(frame.Positions, current.Weights, first, current.Tokens, mean);
            eigenvalues.CopyTo(values[(r * mean.Length)..]);
        }
    }
}

/// <summary>
/// The three collapse gaps of the content marginal: G_mean = 1 - |m|, G_second = 1 - |m|^2, G_energy = k(1)/2 - E_baseline; all without
/// cancellation near collapse. G_energy costs one pair sum with the exponential profile.
/// </summary>
internal sealed class GapsObservable : Observable
{
    /// <summary>The gaps of this flow.</summary>
    /// <exception cref="UnrepresentableException">When G_energy may be beyond the range of doubles.</exception>
    public GapsObservable(Flow flow)
    {
        if (double.IsInfinity(flow.Interaction.DiracEnergy))
            throw new UnrepresentableException("the energy of a point, and \"gap_energy\", are beyond the range of doubles at this beta; "
                + "the observable \"ranks\" has \"residual\", the root of \"gap_second\"");
    }

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("gap_mean", "G_mean = 1 - |m|, m the mean token."),
        Number("gap_second", "G_second = 1 - |m|^2 = sum_i m_i |x_i - m|^2."),
        Number("gap_energy", "G_energy = k(1)/2 - E_baseline of the content marginal (coupling 1, no gauge)."),
    ];

    public override bool NeedsDrift => false;

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

/// <summary>
/// How many directions the tokens x_i fill, from M = sum_i m_i x_i x_i^T: residual (1 - |m|^2)^{1/2} [arXiv 2103.03404], stable rank
/// 1/lambda_max(M), effective rank exp(-sum p log p), p the roots of the eigenvalues of M scaled to sum 1, and the mean cosine (n |m|^2 -
/// 1)/(n - 1) of different tokens. O(n d^2), no pair sum.
/// </summary>
/// <remarks>Ranks are from 1 to d. Eigenvalues below 1e-15, rounding, count as 0. A single token has the mean cosine 1.</remarks>
internal sealed class RanksObservable(Flow flow) : Observable
{
    private const double Rounding = 1e-15;

    // Of the uniform law d = 2 has 2: at 1.01 99 % of sum_i m_i |x_i|^2 lie in one direction.
    private static readonly WarningLevel OneDirection = new("stable_rank", "rank collapse", 1.01, Below: true,
        "99 % of the tokens' squares lie in one direction: "
        + "stop earlier, or give tokens an auxiliary variable (a rotary, phase, path or prefix gauge)");

    private readonly int _tokens = flow.Tokens;

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Number("residual", "(1 - |m|^2)^(1/2) = |X - 1 m^T|/|X|, the distance of the tokens X from a single point."),
        Number("stable_rank", "1/lambda_max of M = sum_i m_i x_i x_i^T."),
        Number("effective_rank", "exp(-sum p log p), p the roots of the eigenvalues of M scaled to sum 1."),
        Number("mean_cosine", "(n |m|^2 - 1)/(n - 1), with equal weights the mean of <x_i, x_j> over i != j."),
    ];

    public override bool NeedsDrift => false;

    public override bool NeedsInteraction => false;

    public override IReadOnlyList<WarningLevel> Warnings => [OneDirection];

    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow current = frame.Flow;
        int n = current.Tokens, d = current.Dimension;
        for (int r = 0; r < current.Replicas; r++)
        {
            double[] eigenvalues = Mean.MomentEigenvalues(frame.Positions, current.Weights, r * n, n, new double[d]);
            double variance = Mean.Variance(frame.Positions, current.Weights, r * n, n, d);
            values[4 * r] = Math.Sqrt(variance);
            values[4 * r + 1] = 1 / eigenvalues[0];
            values[4 * r + 2] = EffectiveRank(eigenvalues);
            values[4 * r + 3] = _tokens == 1 ? 1 : 1 - variance * _tokens / (_tokens - 1);
        }
    }

    /// <summary>exp(-sum p log p), p the roots of these eigenvalues scaled to sum 1.</summary>
    public static double EffectiveRank(double[] eigenvalues)
    {
        double[] roots = [.. eigenvalues.Where(v => v > Rounding).Select(Math.Sqrt)];
        double sum = roots.Sum();
        return Math.Exp(-roots.Sum(s => s / sum * Math.Log(s / sum)));
    }
}
