namespace AttentionFlow.Tests.Kernels;

/// <summary>Sums of the self form that find each factor once for both tokens, in <see cref="SimdSums"/>.</summary>
public sealed class SymmetricSumsTests
{
    [TestCase(1), TestCase(200), TestCase(512), TestCase(513), TestCase(609), TestCase(1280), TestCase(1281), TestCase(5000), TestCase(65_536)]
    public void EveryTwoTilesMeetOnceAndEveryTileOnceARound(int tokens)
    {
        Rounds rounds = new(tokens);
        Assert.That(rounds.Tile % SymmetricLayout<float>.Keys, Is.Zero);
        HashSet<(int, int)> met = [];
        for (int round = 0; round < rounds.Tiles; round++)
        {
            List<int> tiles = [];
            for (int block = 0; block < rounds.Blocks; block++)
            {
                if (!rounds.Block(round, block, out int i, out int j)) continue;
                Assert.That(i, Is.LessThanOrEqualTo(j));
                Assert.That(met.Add((i, j)), $"{i} and {j} meet again");
                tiles.AddRange(i == j ? [i] : [i, j]);
            }
            Assert.That(tiles, Is.EquivalentTo(Enumerable.Range(0, rounds.Tiles)));
        }
        Assert.That(met, Has.Count.EqualTo(rounds.Tiles * (rounds.Tiles + 1) / 2));
    }

    // Several tiles with a ragged last one, and one tile; replicas with other weights between.
    [Test]
    public void AgreesWithTheReference([Values] Precision precision, [Values(2, 3, 4, 5, 6)] int d, [Values(130, 609, 1281)] int n)
    {
        Coupling coupling = Problems.Couplings[(n + d) % 4];
        foreach (double beta in (double[])[1, 9])
        {
            PairProblem problem = Problems.Self(d, 2, n, d, new Interaction(beta) { Coupling = n == 609 ? new OneCoupling() : coupling }, evenWeights: true);
            if (n == 130) problem.Weights[n + 7] = 0;
            RowSums exact = Problems.Sum(new ReferenceSums(), problem, RowColumns.Force), absolute = Problems.Sum(new ReferenceSums(), Problems.Absolute(problem), RowColumns.None);
            using SimdSums sums = new(precision, 2);
            RowSums actual = Problems.Sum(sums, problem, RowColumns.Force);
            // As in PairSumsTests, with chains of at most a tile: factors, positions and labels, sums.
            double unit = Math.ScaleB(1, precision == Precision.Single ? -24 : -53) * (12 + new Rounds(n).Tile + (16 + 2 * d) * beta + 20);
            for (int row = 0; row < problem.Rows; row++)
            {
                Assert.That(actual.Shift[row], Is.EqualTo(exact.Shift[row]));
                Assert.That(actual.Z[row], Is.EqualTo(exact.Z[row]).Within(unit * absolute.Z[row]), $"Z of row {row}");
                for (int c = row * d; c < (row + 1) * d; c++)
                    Assert.That(actual.Force[c], Is.EqualTo(exact.Force[c]).Within(4 * unit * absolute.Z[row]), $"F of row {row}");
            }
        }
    }

    // What pulls the one pulls the other the opposite way: nothing is left but rounding, of sums that are a hundred times larger.
    [Test]
    public void ForcesAddUpToZero([Values] Precision precision, [Values(2, 3, 5)] int d, [Values(300, 2100)] int n)
    {
        PairProblem problem = Problems.Self(d, 1, n, d, new Interaction(4), evenWeights: true);
        using SimdSums sums = new(precision, 2);
        RowSums actual = Problems.Sum(sums, problem, RowColumns.Force);
        double size = actual.Force.Sum(Math.Abs), unit = precision == Precision.Single ? 1e-6 : 1e-14;
        for (int c = 0; c < d; c++)
            Assert.That(Enumerable.Range(0, n).Sum(i => actual.Force[i * d + c]), Is.Zero.Within(unit * size));
    }

    // Two coincident clusters at a right angle, u and v: Z = 1/2 + e^{-beta}/2, the pull at u e^{-beta} (v - u)/2.
    [Test]
    public void TwoClusters([Values] Precision precision, [Values(2, 4, 6)] int d)
    {
        const int n = 1400;
        double beta = 12, weak = Math.Exp(-beta) / 2;
        double[] x = new double[n * d];
        for (int i = 0; i < n; i++) x[i * d + i % 2] = 1;
        PairProblem problem = PairProblem.Self(1, n, d, new Interaction(beta), x, [.. Enumerable.Repeat(1.0 / n, n)], new double[n]);
        using SimdSums sums = new(precision, 2);
        RowSums actual = Problems.Sum(sums, problem, RowColumns.Force);
        double bound = precision == Precision.Single ? 3e-6 : 1e-13;
        for (int i = 0; i < n; i++)
        {
            Assert.That(actual.Z[i], Is.EqualTo(0.5 + weak).Within(bound));
            for (int c = 0; c < d; c++)
                Assert.That(actual.Force[i * d + c], Is.EqualTo(c > 1 ? 0 : c == i % 2 ? -weak : weak).Within(bound * weak), $"row {i}");
        }
    }

    [Test]
    public void StopsAmidBlocks([Values(1, 2, 7)] int threads)
    {
        PairProblem problem = Problems.Self(1, 1, 60_000, 3, new Interaction(1), evenWeights: true);
        using SimdSums sums = new(Precision.Double, threads);
        RowSums into = new(problem.Rows, 3, RowColumns.Force);
        using CancellationTokenSource stop = new();
        // A thread of its own: a timer waits for one of the pool, which are all at work.
        Thread canceller = new(() =>
        {
            Thread.Sleep(30);
            stop.Cancel();
        });
        canceller.Start();
        Assert.That(() => sums.Sum(sums.Plan(problem, into.Columns), .., into, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        canceller.Join();
    }
}
