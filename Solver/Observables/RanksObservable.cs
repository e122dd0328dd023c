using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// How many directions the tokens x_i fill, from M = sum_i m_i x_i x_i^T: residual (1 - |m|^2)^{1/2} [arXiv 2103.03404], stable rank 1/lambda_max(M), effective rank
/// exp(-sum p log p), p the roots of the eigenvalues of M scaled to sum 1, and the mean cosine (n |m|^2 - 1)/(n - 1) of different tokens. O(n d^2), no pair sum.
/// </summary>
/// <remarks>Ranks are from 1 to d. Eigenvalues below 1e-15, rounding, count as 0. A single token has the mean cosine 1.</remarks>
public sealed class RanksObservable(Flow flow) : Observable
{
    private const double Rounding = 1e-15;

    // Of the uniform law d = 2 has 2: at 1.01 99 % of sum_i m_i |x_i|^2 lie in one direction.
    private static readonly WarningLevel OneDirection = new("stable_rank", "rank collapse", 1.01, Below: true,
        "99 % of the tokens' squares lie in one direction: stop earlier, or give tokens an auxiliary variable (a rotary, phase, path or prefix gauge)");

    private readonly int _tokens = flow.Tokens;

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
    [
        Number("residual", "(1 - |m|^2)^(1/2) = |X - 1 m^T|/|X|, the distance of the tokens X from a single point."),
        Number("stable_rank", "1/lambda_max of M = sum_i m_i x_i x_i^T."),
        Number("effective_rank", "exp(-sum p log p), p the roots of the eigenvalues of M scaled to sum 1."),
        Number("mean_cosine", "(n |m|^2 - 1)/(n - 1), with equal weights the mean of <x_i, x_j> over i != j."),
    ];

    /// <inheritdoc/>
    public override bool NeedsDrift => false;

    /// <inheritdoc/>
    public override IReadOnlyList<WarningLevel> Warnings => [OneDirection];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        Flow current = frame.Flow;
        int n = current.Tokens, d = current.Dimension;
        for (int r = 0; r < current.Replicas; r++)
        {
            double[] eigenvalues = Mean.Eigenvalues(Mean.SecondMoment(frame.Positions, current.Weights, r * n, n, new double[d]));
            double variance = Mean.Variance(frame.Positions, current.Weights, r * n, n, d);
            values[4 * r] = Math.Sqrt(variance);
            values[4 * r + 1] = 1 / eigenvalues[0];
            values[4 * r + 2] = EffectiveRank(eigenvalues);
            values[4 * r + 3] = _tokens == 1 ? 1 : 1 - variance * _tokens / (_tokens - 1);
        }
    }

    private static double EffectiveRank(double[] eigenvalues)
    {
        double[] roots = [.. eigenvalues.Where(v => v > Rounding).Select(Math.Sqrt)];
        double sum = roots.Sum();
        return Math.Exp(-roots.Sum(s => s / sum * Math.Log(s / sum)));
    }
}
