using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Sums of large spread clouds at d = 2 and 3, by products in the place of differences; a few rows of each.</summary>
[Category("Slow"), TestFixtureSource(typeof(PairSumsCases), nameof(PairSumsCases.Gpus))]
public sealed class GpuProductsTests(PairSumsCase implementation)
{
    // The fewest pairs that are summed by products; 8 splits.
    private const int Replicas = 4, Tokens = 32768;
    // The first rows, which causal masks leave few keys; a boundary of tiles and blocks; one of replicas.
    private static readonly Range[] Rows = [0..3, 510..514, (Tokens - 2)..(Tokens + 2)];
    private static readonly Lazy<PairProblem[]> Problem = new(() => [.. Make()]);
    private readonly IPairSums _sums = implementation.Create();

    [OneTimeTearDown]
    public void Release() => _sums.Dispose();

    private static IEnumerable<PairProblem> Make()
    {
        yield return Problems.Self(1, Replicas, Tokens, 3, new Interaction(30), evenWeights: true);
        yield return Problems.Self(2, Replicas, Tokens, 2, new Interaction(9) { Coupling = Problems.Couplings[1], Mask = Mask.Causal });
        yield return Problems.Self(3, Replicas, Tokens, 3, new Interaction(2) { Coupling = Problems.Couplings[2], Mask = Mask.StrictReversed });
        PairProblem other = Problems.Self(4, Replicas, Tokens, 2, new Interaction(2) { Coupling = Problems.Couplings[3] });
        yield return Problems.Difference(4, other, Tokens);
    }

    // In units: 40 for sums and factors, and exponents of dot products, good to a few units of beta |x|^2; forces likewise, |x_j - x_i| being
    // at most 2.
    [Test]
    public void AgreesWithTheReference([Range(0, 3)] int number)
    {
        PairProblem p = Problem.Value[number];
        Assert.That(GpuSpread.AllowsProducts(p));
        RowColumns columns = number % 2 == 1 ? Problems.AllColumns(p) : RowColumns.Force;
        double e = implementation.Unit * (40 + 16 * p.Interaction.Beta);
        foreach (Range rows in Rows)
        {
            RowSums actual = Sum(_sums, p, columns, rows), exact = Sum(new ReferenceSums(), p, columns, rows);
            RowSums absolute = Sum(new ReferenceSums(), Problems.Absolute(p), columns & ~(RowColumns.CouplingLog | RowColumns.Deficit), rows);
            for (int row = rows.Start.Value; row < rows.End.Value; row++)
            {
                double bound = e * absolute.Z[row] + 1e-30;
                Check(actual.Z, exact.Z, bound, row);
                Check(actual.Deficit, exact.Deficit, e * Problems.Absolute(p).Weights.Sum(), row);
                Check(actual.Largest, exact.Largest, e * absolute.Z[row], row);
                Check(actual.Squares, exact.Squares, e * absolute.Z[row] * absolute.Z[row], row);
                Check(actual.CouplingLog, exact.CouplingLog, 8 * bound, row);
                for (int c = row * p.Dimension; c < (row + 1) * p.Dimension; c++) Check(actual.Force, exact.Force, 2 * bound, c);
            }
        }

        static void Check(double[] actual, double[] exact, double bound, int i)
        {
            if (exact.Length > 0) Assert.That(actual[i], Is.EqualTo(exact[i]).Within(bound), $"number {i}");
        }
    }

    // beta = 30; relative to sum_j p_ij |x_j - x_i|, which a uniform cloud's force is a small part of.
    [Test]
    public void KeepsTheTangentialForce()
    {
        PairProblem p = Problem.Value[0];
        double bound = implementation.Precision == Precision.Double ? 1e-13 : 1e-5;
        foreach (Range rows in Rows)
        {
            RowSums actual = Sum(_sums, p, RowColumns.Force, rows), exact = Sum(new ReferenceSums(), p, RowColumns.Force, rows);
            for (int row = rows.Start.Value; row < rows.End.Value; row++)
            {
                ReadOnlySpan<double> x = p.Q.AsSpan(3 * row, 3);
                double[] error = [.. Enumerable.Range(3 * row, 3).Select(c => actual.Force[c] - exact.Force[c])];
                double along = Sphere.Dot(error, x), all = 0;
                for (int j = row / Tokens * Tokens, end = j + Tokens; j < end; j++)
                {
                    double square = 0;
                    for (int c = 0; c < 3; c++) square += (p.K[3 * j + c] - x[c]) * (p.K[3 * j + c] - x[c]);
                    all += p.Weights[j] * Math.Exp(-15 * square) * Math.Sqrt(square);
                }
                Assert.That(Math.Sqrt(Sphere.Dot(error, error) - along * along), Is.LessThanOrEqualTo(bound * all), $"row {row}");
            }
        }
    }

    [Test]
    public void SameBitsForEveryRowRange()
    {
        PairProblem p = Problem.Value[1];
        RowSums all = Sum(_sums, p, RowColumns.Force, 100..120), some = new(p.Rows, 2, RowColumns.Force);
        Plan plan = _sums.Plan(p, RowColumns.Force);
        foreach (Range rows in (Range[])[100..101, 101..117, 117..120]) _sums.Sum(plan, rows, some, default);
        Assert.That(some.Z, Is.EqualTo(all.Z));
        Assert.That(some.Force, Is.EqualTo(all.Force));
    }

    private static RowSums Sum(IPairSums sums, PairProblem problem, RowColumns columns, Range rows)
    {
        RowSums into = new(problem.Rows, problem.Dimension, columns);
        sums.Sum(sums.Plan(problem, columns), rows, into, default);
        return into;
    }
}
