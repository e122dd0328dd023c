using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Reference;

namespace AttentionFlow.Experiments.Benchmark;

/// <summary>A cloud to sum over, and the reference on a few of its rows: uniform tokens, equal weights, exponential profile.</summary>
internal sealed class BenchProblem
{
    /// <summary>beta, large enough that single precision needs differences in every dimension.</summary>
    public const double Beta = 9;
    private const int SampleRows = 8;
    private readonly RowSums _reference;

    /// <param name="dimension">d.</param>
    /// <param name="tokens">Of a replica.</param>
    /// <param name="replicas">Clouds at once.</param>
    /// <param name="rows">The first rows alone are summed, all if null.</param>
    public BenchProblem(int dimension, int tokens, int replicas = 1, int? rows = null)
    {
        Cloud cloud = new UniformLaw().Draw(replicas, tokens, dimension, seed: 1);
        Problem = PairProblem.Self(replicas, tokens, dimension, new Interaction(Beta), cloud.Positions, cloud.Weights, cloud.Labels);
        int last = rows ?? Problem.Rows;
        Sample = [.. Enumerable.Range(0, Math.Min(SampleRows, last)).Select(k => (int)((long)k * last / SampleRows)).Distinct()];
        _reference = new RowSums(Problem.Rows, dimension, RowColumns.Force);
        using ReferenceSums sums = new();
        Plan plan = sums.Plan(Problem, RowColumns.Force);
        foreach (int row in Sample) sums.Sum(plan, row..(row + 1), _reference, CancellationToken.None);
    }

    public PairProblem Problem { get; }

    /// <summary>The rows that errors are measured on.</summary>
    public IReadOnlyList<int> Sample { get; }

    public double Error(RowSums sums) =>
        Sample.Max(row => RowError(row, sums.Z[row] * Math.Exp(sums.Shift[row] - Beta),
            sums.Force.AsSpan(row * Problem.Dimension, Problem.Dimension)));

    /// <summary>The error of one row. A force about another origin than x_i serves as well: the difference is along x_i.</summary>
    /// <param name="z">e^{-beta} sum_j w_j e^{beta t_ij}; NaN where only F/Z is known, and <paramref name="force"/> is that.</param>
    /// <param name="force">F_i, shifted likewise.</param>
    public double RowError(int row, double z, ReadOnlySpan<double> force)
    {
        int d = Problem.Dimension;
        ReadOnlySpan<double> x = Problem.Q.AsSpan(row * d, d), expected = _reference.Force.AsSpan(row * d, d);
        double exact = _reference.Z[row], scale = double.IsNaN(z) ? exact : 1, along = 0, squared = 0;
        for (int c = 0; c < d; c++) along += x[c] * (force[c] * scale - expected[c]);
        for (int c = 0; c < d; c++) squared += Math.Pow(force[c] * scale - expected[c] - along * x[c], 2);
        double ofForce = Math.Sqrt(squared) / exact;
        return double.IsNaN(z) ? ofForce : Math.Max(Math.Abs(z - exact) / exact, ofForce);
    }

    /// <summary>What direct sums may be off by: see <see cref="SimdSums"/>; twice that because |v_j - x_i| goes up to 2.</summary>
    public double RoundingBound(Precision precision) => precision == Precision.Single
        ? 2 * (7e-7 + 2 * Beta * Math.Pow(2, -24)) : 2 * (4e-16 * Problem.Keys + 2 * Beta * Math.Pow(2, -53));
}
