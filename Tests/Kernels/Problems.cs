namespace AttentionFlow.Tests.Kernels;

/// <summary>Problems for the tests of pair sums, all functions of a seed.</summary>
public static class Problems
{
    public static readonly Coupling[] Couplings =
    [
        new OneCoupling(), new DistanceCoupling(0.2), new ToeplitzCoupling(0.1, 1, -0.5), new BlockCoupling(-0.3),
    ];

    /// <summary>Those that have a logarithm.</summary>
    public static readonly Coupling[] Positive =
    [
        new OneCoupling(), new DistanceCoupling(0.2), new ToeplitzCoupling(1.2, 0.7, -0.3), new BlockCoupling(0.3), new BlockCoupling(0),
    ];

    /// <summary>A bound on |b|.</summary>
    public static double Largest(Coupling coupling) => coupling is ToeplitzCoupling t ? Math.Abs(t.Constant) + t.Cosines.Sum(Math.Abs) : 1;

    /// <summary>Independent uniform points on the sphere.</summary>
    public static double[] Sphere(Random random, int points, int dimension)
    {
        double[] x = new double[points * dimension];
        for (int i = 0; i < points; i++)
        {
            for (int c = 0; c < dimension; c++)
                x[i * dimension + c] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            Normalise(x.AsSpan(i * dimension, dimension));
        }
        return x;
    }

    public static void Normalise(Span<double> x)
    {
        double squared = 0;
        foreach (double value in x) squared += value * value;
        double norm = Math.Sqrt(squared);
        foreach (ref double value in x) value /= norm;
    }

    /// <summary>A self problem: uniform points, weights of both signs with absolute sum near 1 (equal ones if asked), labels in [0, 1) or block numbers.</summary>
    public static PairProblem Self(int seed, int replicas, int tokens, int dimension, Interaction interaction, bool evenWeights = false)
    {
        Random random = new Random(seed);
        double[] x = Sphere(random, replicas * tokens, dimension);
        double[] weights = Numbers(replicas * tokens, () => evenWeights ? 1.0 / tokens : (2 * random.NextDouble() - 1) * 2 / tokens);
        double[] labels = Numbers(replicas * tokens, () => interaction.Coupling is BlockCoupling ? random.Next(3) / 3.0 : random.NextDouble());
        return PairProblem.Self(replicas, tokens, dimension, interaction, x, weights, labels);
    }

    /// <summary>Other queries for the keys of a self problem: the difference form, with as many as asked for.</summary>
    public static PairProblem Difference(int seed, PairProblem self, int queries)
    {
        Random random = new Random(seed);
        int rows = self.Replicas * queries;
        double[] labels = Numbers(rows, () => self.Interaction.Coupling is BlockCoupling ? random.Next(3) / 3.0 : random.NextDouble());
        return PairProblem.Difference(self.Replicas, queries, self.Keys, self.Dimension, self.Interaction, Sphere(random, rows, self.Dimension), self.K, self.Weights, labels, self.KeyLabels);
    }

    /// <summary>A general problem: queries and keys of any length up to <paramref name="length"/>, keys and values about a point other than the origin, weights of both signs.</summary>
    public static PairProblem General(int seed, int replicas, int queries, int keys, int dimension, Interaction interaction, double length = 3, bool withOrigin = true)
    {
        Random random = new Random(seed);
        double[] labels = Numbers(replicas * (queries + keys), () => interaction.Coupling is BlockCoupling ? random.Next(3) / 3.0 : random.NextDouble());
        return PairProblem.General(replicas, queries, keys, dimension, interaction, Cloud(queries, 0), Cloud(keys, 0.5), Cloud(keys, 2), withOrigin ? Cloud(queries, 2) : null,
            Numbers(replicas * keys, () => (2 * random.NextDouble() - 1) * 2 / keys), labels[..(replicas * queries)], labels[(replicas * queries)..]);
        double[] Cloud(int points, double offset)
        {
            double[] x = Sphere(random, replicas * points, dimension);
            for (int i = 0; i < x.Length; i += dimension)
            {
                double scale = random.Next(10) == 0 ? 0 : length * random.NextDouble();
                for (int c = i; c < i + dimension; c++) x[c] = scale * x[c] + offset;
            }
            return x;
        }
    }

    /// <summary>The same problem with all terms positive and b at its bound: what errors are relative to.</summary>
    public static PairProblem Absolute(PairProblem problem)
    {
        PairProblem p = problem;
        Interaction interaction = p.Interaction with { Coupling = new OneCoupling() };
        double[] weights = [.. p.Weights.Select(w => Math.Abs(w) * Largest(p.Interaction.Coupling))];
        return p.IsDifference ? PairProblem.Difference(p.Replicas, p.Queries, p.Keys, p.Dimension, interaction, p.Q, p.K, weights, p.QueryLabels, p.KeyLabels)
            : PairProblem.General(p.Replicas, p.Queries, p.Keys, p.Dimension, interaction, p.Q, p.K, p.V, p.Origin, weights, p.QueryLabels, p.KeyLabels);
    }

    /// <summary>The length of the longest row.</summary>
    public static double Longest(double[]? x, int dimension) => x is null ? 0 : x.Chunk(dimension).Max(row => Math.Sqrt(row.Sum(v => v * v)));

    public static RowSums Sum(IPairSums sums, PairProblem problem, RowColumns columns) => sums.Sum(problem, columns);

    /// <summary>Force, and the deficit or the value where there is one.</summary>
    public static RowColumns UsualColumns(PairProblem problem) => RowColumns.Force | (problem.WhyNever(RowColumns.Deficit) is null ? RowColumns.Deficit : RowColumns.None)
        | (problem.WhyNever(RowColumns.Value) is null ? RowColumns.Value : RowColumns.None);

    /// <summary>All there are for this problem.</summary>
    public static RowColumns AllColumns(PairProblem problem) =>
        UsualColumns(problem) | RowColumns.Largest | RowColumns.Squares | (problem.WhyNever(RowColumns.CouplingLog) is null ? RowColumns.CouplingLog : RowColumns.None);

    internal static double[] Numbers(int count, Func<double> next)
    {
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) numbers[i] = next();
        return numbers;
    }
}
