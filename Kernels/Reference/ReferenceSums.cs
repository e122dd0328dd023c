namespace AttentionFlow.Kernels.Reference;

/// <summary>The arbiter: scalar, double, one pair after the other, complete. Every other implementation is held against it.</summary>
internal sealed class ReferenceSums : IPairSums
{
    public string Name => "reference";

    public SumStatistics Statistics { get; } = new();

    public Plan Plan(PairProblem problem, RowColumns columns) => new(problem, columns, problem.WhyNever(columns));

    public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
    {
        (int first, int count) = plan.Begin(rows, into, stop);
        double[] exponents = new double[plan.Problem.Keys];
        for (int row = first; row < first + count; row++)
        {
            stop.ThrowIfCancellationRequested();
            SumRow(plan.Problem, row, exponents, into);
        }
        Statistics.Count(plan.Method, plan.RelativeError);
    }

    public void Dispose() { }

    private static void SumRow(PairProblem p, int row, double[] exponents, RowSums into)
    {
        int d = p.Dimension, firstKey = row / p.Queries * p.Keys;
        (int from, int to) = p.KeysOf(row % p.Queries);
        bool curved = p.Interaction.Profile.IsCurved(p.Interaction.Beta);
        double shift = curved && p.IsDifference ? p.Interaction.Beta : 0;
        if (curved)
        {
            double largest = double.NegativeInfinity;
            for (int j = from; j < to; j++)
            {
                exponents[j] = p.IsDifference ? LogitBelowBeta(p, row, firstKey + j) : Logit(p, row, firstKey + j);
                largest = Math.Max(largest, exponents[j]);
            }
            if (!p.IsDifference && to > from)
            {
                shift = largest;
                for (int j = from; j < to; j++) exponents[j] -= shift;
            }
        }
        double z = 0, deficit = 0, max = 0, squares = 0, couplingLog = 0;
        Span<double> force = stackalloc double[d];
        for (int j = from; j < to; j++)
        {
            int key = firstKey + j;
            double b = p.Interaction.Coupling.Value(p.QueryLabels[row], p.KeyLabels[key]);
            double a = p.Weights[key] * b * (curved ? Math.Exp(exponents[j]) : 1);
            z += a;
            max = Math.Max(max, Math.Abs(a));
            squares += a * a;
            if (b > 0) couplingLog += a * Math.Log(b);
            if (curved) deficit -= p.Weights[key] * b * ExpM1(exponents[j]);
            for (int c = 0; c < d; c++) force[c] += a * (p.V[key * d + c] - (p.Origin is null ? 0 : p.Origin[row * d + c]));
        }
        into.Shift[row] = shift;
        into.Z[row] = z;
        if (into.Columns.HasFlag(RowColumns.Force)) force.CopyTo(into.Force.AsSpan(row * d));
        if (into.Columns.HasFlag(RowColumns.Deficit)) into.Deficit[row] = deficit;
        if (into.Columns.HasFlag(RowColumns.Largest)) into.Largest[row] = max;
        if (into.Columns.HasFlag(RowColumns.Squares)) into.Squares[row] = squares;
        if (into.Columns.HasFlag(RowColumns.CouplingLog)) into.CouplingLog[row] = couplingLog;
    }

    private static double Logit(PairProblem p, int row, int key)
    {
        double dot = 0;
        for (int c = 0; c < p.Dimension; c++) dot += p.Q[row * p.Dimension + c] * p.K[key * p.Dimension + c];
        return p.Interaction.Beta * dot;
    }

    // beta (<x, y> - 1) = -beta |x - y|^2 / 2 on the sphere: exact where <x, y> - 1 would cancel.
    private static double LogitBelowBeta(PairProblem p, int row, int key)
    {
        double squared = 0;
        for (int c = 0; c < p.Dimension; c++)
        {
            double difference = p.K[key * p.Dimension + c] - p.Q[row * p.Dimension + c];
            squared += difference * difference;
        }
        return -p.Interaction.Beta * squared / 2;
    }

    // e^x - 1 = 2 e^{x/2} sinh(x/2), without cancellation at x = 0; far below 0 sinh would overflow.
    private static double ExpM1(double x) => x < -1 ? Math.Exp(x) - 1 : 2 * Math.Exp(x / 2) * Math.Sinh(x / 2);
}
