namespace AttentionFlow.Kernels.Reference;

/// <summary>
/// The limit beta -> infinity of softmax sums without the self term: row i sees the keys j != i of largest logit alone. F_i = sum_j w_j
/// (v_j - o_i)/sum_j w_j over these keys, Z_i = 1; a row without keys has F_i = 0, Z_i = 0. Scalar, double.
/// </summary>
/// <remarks>
/// Ties: keys whose &lt;q_i, k_j> is within 1e-12 (of the largest, if that is above 1) of the largest count as tied and share by their
/// weights, as they do in the limit. So two keys whose distances to the query differ by rounding alone are one choice, whatever their
/// order.
/// </remarks>
/// <param name="threads">At least 1.</param>
internal sealed class HardmaxSums(int threads) : IPairSums
{
    private const double Tie = 1e-12;
    private const int Grain = 64;

    public string Name => "hardmax";

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) =>
        new(problem, columns, WhyNot(problem, columns)) { Method = SumMethod.Hardmax };

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = plan.Begin(rows, into, stop);
        PairProblem problem = plan.Problem;
        Workers.For(count, Grain, threads, (from, to) =>
        {
            double[] logits = new double[problem.Keys];
            for (int row = first + from; row < first + to; row++)
            {
                stop.ThrowIfCancellationRequested();
                SumRow(problem, row, logits, into);
            }
        });
        Statistics.Count(plan.Method, plan.RelativeError);
    }

    public void Dispose() { }

    private static string? WhyNot(PairProblem problem, RowColumns columns)
    {
        if (problem.Queries != problem.Keys) return "hardmax leaves out the self term, so that queries and keys must be the same tokens";
        if (Normalization.Hardmax.WhyNot(problem.Interaction.Coupling) is { } why) return why;
        RowColumns missing = columns & ~(RowColumns.Force | RowColumns.Radial);
        return missing == RowColumns.None ? null : $"hardmax has the column Force, not {missing}";
    }

    private static void SumRow(PairProblem p, int row, double[] logits, RowSums into)
    {
        int d = p.Dimension, self = row % p.Queries, firstKey = row - self;
        (int from, int to) = p.KeysOf(self);
        double largest = double.NegativeInfinity, weight = 0;
        for (int j = from; j < to; j++)
        {
            logits[j] = j == self ? double.NegativeInfinity : Dot(p.Q.AsSpan(row * d, d), p.K.AsSpan((firstKey + j) * d, d));
            largest = Math.Max(largest, logits[j]);
        }
        Span<double> force = into.Columns.HasFlag(RowColumns.Force) ? into.Force.AsSpan(row * d, d) : [];
        force.Clear();
        double least = largest - Tie * Math.Max(1, Math.Abs(largest));
        for (int j = from; j < to; j++)
        {
            if (j == self || !(logits[j] >= least)) continue;
            double w = p.Weights[firstKey + j];
            weight += w;
            for (int c = 0; c < force.Length; c++)
                force[c] += w * (p.V[(firstKey + j) * d + c] - (p.Origin is null ? 0 : p.Origin[row * d + c]));
        }
        (into.Shift[row], into.Z[row]) = (0, weight > 0 ? 1 : 0);
        for (int c = 0; c < force.Length && weight > 0; c++) force[c] /= weight;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double dot = 0;
        for (int c = 0; c < a.Length; c++) dot += a[c] * b[c];
        return dot;
    }
}
