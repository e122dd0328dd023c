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
        Profile profile = p.Interaction.Profile;
        double beta = p.Interaction.Beta;
        bool exponential = profile.IsExponential(beta);
        double shift = exponential && p.IsDifference ? beta : 0;
        if (exponential)
        {
            double largest = double.NegativeInfinity;
            for (int j = from; j < to; j++)
            {
                exponents[j] = p.IsDifference ? -beta * HalfSquare(p, row, firstKey + j) : beta * Dot(p, row, firstKey + j);
                largest = Math.Max(largest, exponents[j]);
            }
            if (!p.IsDifference && to > from)
            {
                shift = largest;
                for (int j = from; j < to; j++) exponents[j] -= shift;
            }
        }
        double z = 0, deficit = 0, max = 0, squares = 0, couplingLog = 0, value = 0;
        Span<double> force = stackalloc double[d];
        for (int j = from; j < to; j++)
        {
            int key = firstKey + j;
            double b = p.Interaction.Coupling.Value(p.QueryLabels[row], p.KeyLabels[key]), slope = 1;
            if (exponential) slope = Math.Exp(exponents[j]);
            else if (profile.IsGeneral)
            {
                double t = p.IsDifference ? 1 - HalfSquare(p, row, key) : Dot(p, row, key);
                slope = profile.Slope(beta, t);
                if (into.Value.Length > 0) value += p.Weights[key] * b * profile.Value(beta, t);
            }
            double a = p.Weights[key] * b * slope;
            z += a;
            max = Math.Max(max, Math.Abs(a));
            squares += a * a;
            if (b > 0) couplingLog += a * Math.Log(b);
            if (exponential) deficit -= p.Weights[key] * b * ExpM1(exponents[j]);
            for (int c = 0; c < d; c++) force[c] += a * (p.V[key * d + c] - (p.Origin is null ? 0 : p.Origin[row * d + c]));
        }
        into.Shift[row] = shift;
        into.Z[row] = z;
        if (into.Columns.HasFlag(RowColumns.Force)) force.CopyTo(into.Force.AsSpan(row * d));
        if (into.Columns.HasFlag(RowColumns.Deficit)) into.Deficit[row] = deficit;
        if (into.Columns.HasFlag(RowColumns.Largest)) into.Largest[row] = max;
        if (into.Columns.HasFlag(RowColumns.Squares)) into.Squares[row] = squares;
        if (into.Columns.HasFlag(RowColumns.CouplingLog)) into.CouplingLog[row] = couplingLog;
        if (into.Columns.HasFlag(RowColumns.Value)) into.Value[row] = value;
    }

    private static double Dot(PairProblem p, int row, int key)
    {
        double dot = 0;
        for (int c = 0; c < p.Dimension; c++) dot += p.Q[row * p.Dimension + c] * p.K[key * p.Dimension + c];
        return dot;
    }

    // |x - y|^2/2 = 1 - <x, y> on the sphere: exact where the difference would cancel.
    private static double HalfSquare(PairProblem p, int row, int key)
    {
        double squared = 0;
        for (int c = 0; c < p.Dimension; c++)
        {
            double difference = p.K[key * p.Dimension + c] - p.Q[row * p.Dimension + c];
            squared += difference * difference;
        }
        return squared / 2;
    }

    // e^x - 1 = 2 e^{x/2} sinh(x/2), without cancellation at x = 0; far below 0 sinh would overflow.
    private static double ExpM1(double x) => x < -1 ? Math.Exp(x) - 1 : 2 * Math.Exp(x / 2) * Math.Sinh(x / 2);
}
