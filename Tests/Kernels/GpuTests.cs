using AttentionFlow.Kernels.Gpu;

namespace AttentionFlow.Tests.Kernels;

/// <summary>Kernels of GPUs beyond <see cref="PairSumsTests"/>: those with thread blocks also on the simulator, powers of two, shifts, bits.</summary>
[Category("Slow"), TestFixtureSource(typeof(PairSumsCases), nameof(PairSumsCases.Gpus))]
public sealed class GpuTests(PairSumsCase implementation)
{
    private const int Replicas = 2, Queries = 21, Keys = 37;
    private static readonly int[] Dimensions = [3, 19, 2, 8, 4, 16, 40, 18, 5, 70, 1];
    private readonly IPairSums _sums = implementation.Create();

    [OneTimeTearDown]
    public void Release() => _sums.Dispose();

    private enum Form { Difference, General, WithoutOrigin }

    // Every coupling with every mask; dimension, form, profile and columns in turn, in cycles of lengths without a common divisor.
    [Test]
    public void AgreesWithTheReference()
    {
        int number = 0;
        foreach (Coupling coupling in Problems.Couplings)
            foreach (Mask mask in Enum.GetValues<Mask>())
            {
                Form form = (Form)(number % 3);
                double beta = number % 4 == 2 ? 30 : 2;
                Interaction interaction = new Interaction(beta) { Coupling = coupling, Mask = mask, Profile = number % 7 == 5 ? Profile.Linear : Profile.Exponential };
                PairProblem problem = Make(number, form, Dimensions[number % Dimensions.Length], interaction);
                RowColumns columns = RowColumns.Force;
                if (number % 5 > 1) columns |= RowColumns.Largest | RowColumns.Squares;
                if (number % 5 > 1 && coupling.Smallest >= 0) columns |= RowColumns.CouplingLog;
                if (number % 5 > 2 && problem.WhyNever(columns | RowColumns.Deficit) is null) columns |= RowColumns.Deficit;
                Compare(problem, columns);
                number++;
            }
    }

    // Logits from -3000 to 3000, and rows whose keys come in rising order: the shift must follow.
    [Test]
    public void TheShiftFollowsTheLargestLogit([Values(3, 20)] int d)
    {
        const int n = 130;
        Random random = new Random(3);
        double[] q = Problems.Sphere(random, n, d), k = Problems.Sphere(random, n, d), w = [.. Enumerable.Repeat(1.0, n)];
        for (int i = 0; i < n * d; i++) k[i] *= 0.1 * (i / d);
        PairProblem problem = PairProblem.General(1, n, n, d, new Interaction(300), q, k, k, null, w, new double[n], new double[n]);
        Compare(problem, RowColumns.Force);
    }

    // Weights 0 and 1 on two keys at -1 and 1: Z = 2^{-y - ceil y}, so this is the error of 2^y alone.
    [Test]
    public void PowersOfTwo()
    {
        const int n = 400;
        double beta = Math.Log(2);
        double[] q = [.. Enumerable.Range(0, n).Select(i => (double)(float)(0.0173 * (i + 1)))], k = [-1, 1];
        PairProblem problem = PairProblem.General(1, n, 2, 1, new Interaction(beta), q, k, k, null, [1, 0], new double[n], new double[2]);
        RowSums sums = Problems.Sum(_sums, problem, RowColumns.None);
        for (int i = 0; i < n; i++)
        {
            double shift = Math.Round(sums.Shift[i] / beta), exact = Math.Pow(2, -q[i] - shift);
            // 2^y is good to two units (single: four, in the hardware of GPUs), and y to a unit of its size.
            double bound = implementation.Unit * ((implementation.Precision == Precision.Single ? 8 : 4) + 2 * (q[i] + shift));
            Assert.That(Math.Abs(sums.Z[i] / exact - 1), Is.LessThanOrEqualTo(bound), $"2^{-q[i] - shift}");
        }
    }

    // Two and twenty clusters of width 0 in an order of rows that mixes them: the force between them is a small part of what each token adds
    // to its own Z, so none of that may be left.
    [Test]
    public void KeepsTheForceBetweenClusters([Values(2, 20)] int clusters, [Values(17, 64)] int d)
    {
        const int n = 60;
        double[] centres = Problems.Sphere(new Random(clusters), clusters, d), weights = [.. Enumerable.Repeat(1.0 / n, n)];
        double[] x = [.. Enumerable.Range(0, n * d).Select(i => centres[i / d % clusters * d + i % d])];
        PairProblem problem = PairProblem.Self(1, n, d, new Interaction(30), x, weights, new double[n]);
        RowSums sums = Problems.Sum(_sums, problem, RowColumns.Force), exact = Problems.Sum(new ReferenceSums(), problem, RowColumns.Force);
        double bound = implementation.Precision == Precision.Double ? 1e-13 : 1e-5;
        for (int i = 0; i < n * d; i += d)
        {
            double[] u = x[i..(i + d)], force = exact.Force[i..(i + d)], error = [.. force.Select((f, c) => sums.Force[i + c] - f)];
            Assert.That(Tangential(error, u), Is.LessThanOrEqualTo(bound * Tangential(force, u)), $"row {i / d}");
        }

        static double Tangential(double[] v, double[] u)
        {
            double along = Sphere.Dot(v, u);
            return Math.Sqrt(v.Select((x, c) => (x - along * u[c]) * (x - along * u[c])).Sum());
        }
    }

    [Test]
    public void SameBitsAgainAndForEveryRowRange([Values(3, 18, 70)] int d)
    {
        // Several blocks of queries and tiles of keys; above d = 16 those of the simulator are small, and slow.
        int n = d > 16 && implementation.IsSimulated ? 43 : 203;
        PairProblem problem = Problems.Self(9, 3, n, d, new Interaction(2) { Coupling = new DistanceCoupling(0.3) });
        RowSums expected = Problems.Sum(_sums, problem, RowColumns.Force);
        foreach (int[] cuts in (int[][])[[0, 3 * n], [0, 1, 3 * n], [0, 5, n + 7, n + 8, 2 * n - 6, 3 * n], [0, n, 2 * n, 3 * n]])
        {
            RowSums actual = new RowSums(problem.Rows, d, RowColumns.Force);
            Plan plan = _sums.Plan(problem, actual.Columns);
            for (int i = 1; i < cuts.Length; i++) _sums.Sum(plan, cuts[i - 1]..cuts[i], actual, CancellationToken.None);
            Assert.That(actual.Z, Is.EqualTo(expected.Z));
            Assert.That(actual.Force, Is.EqualTo(expected.Force));
        }
    }

    // 1,300 keys are three splits, whose sums and shifts, rising from split to split, are put together.
    [Test]
    public void SplitsOfTheKeysAreAddedUp([Values(3, 20)] int d, [Values] bool general)
    {
        const int queries = 5, keys = 1300;
        Random random = new Random(4);
        double[] q = Problems.Sphere(random, queries, d), k = Problems.Sphere(random, keys, d), v = Problems.Sphere(random, keys, d);
        double[] weights = Problems.Numbers(keys, () => (2 * random.NextDouble() - 1) / keys);
        double[] queryLabels = Problems.Numbers(queries, random.NextDouble), keyLabels = Problems.Numbers(keys, random.NextDouble);
        if (general)
            for (int i = 0; i < keys * d; i++) k[i] *= 0.01 * (i / d);
        Interaction interaction = new Interaction(general ? 30 : 2) { Coupling = new DistanceCoupling(0.3) };
        RowColumns columns = RowColumns.Force | RowColumns.Largest | RowColumns.Squares | RowColumns.CouplingLog;
        if (general) Compare(PairProblem.General(1, queries, keys, d, interaction, q, k, v, null, weights, queryLabels, keyLabels), columns);
        else Compare(PairProblem.Difference(1, queries, keys, d, interaction, q, k, weights, queryLabels, keyLabels), columns | RowColumns.Deficit);
    }

    // 1.4 million pairs: more than a launch of the simulator takes, so that rows come from several. Few at a time have the same bits.
    [Test]
    public void RowsComeFromSeveralLaunches()
    {
        const int n = 1200;
        PairProblem problem = Problems.Self(6, 1, n, 2, new Interaction(2), evenWeights: true);
        RowSums all = Problems.Sum(_sums, problem, RowColumns.Force), some = new RowSums(n, 2, RowColumns.Force);
        Plan plan = _sums.Plan(problem, some.Columns);
        for (int row = 0; row < n; row += 200) _sums.Sum(plan, row..(row + 200), some, CancellationToken.None);
        Assert.That(some.Z, Is.EqualTo(all.Z));
        Assert.That(some.Force, Is.EqualTo(all.Force));
        RowSums expected = new RowSums(n, 2, RowColumns.Force);
        using ReferenceSums reference = new ReferenceSums();
        foreach (int row in (int[])[0, 777, n - 1])
        {
            reference.Sum(reference.Plan(problem, expected.Columns), row..(row + 1), expected, CancellationToken.None);
            double bound = implementation.Unit * (512 + 20 * 2);
            Assert.That(all.Z[row], Is.EqualTo(expected.Z[row]).Within(bound));
            for (int c = 2 * row; c < 2 * row + 2; c++) Assert.That(all.Force[c], Is.EqualTo(expected.Force[c]).Within(2 * bound));
        }
    }

    private static PairProblem Make(int seed, Form form, int d, Interaction interaction)
    {
        Random random = new Random(seed);
        double[] q = Problems.Sphere(random, Replicas * Queries, d), k = Problems.Sphere(random, Replicas * Keys, d);
        double[] weights = Problems.Numbers(Replicas * Keys, () => seed % 2 == 0 ? 1.0 / Keys : (2 * random.NextDouble() - 1) * 2 / Keys);
        double[] queryLabels = Problems.Numbers(Replicas * Queries, Label), keyLabels = Problems.Numbers(Replicas * Keys, Label);
        if (form == Form.Difference) return PairProblem.Difference(Replicas, Queries, Keys, d, interaction, q, k, weights, queryLabels, keyLabels);
        double[] v = Problems.Sphere(random, Replicas * Keys, d);
        return PairProblem.General(Replicas, Queries, Keys, d, interaction, q, k, v, form == Form.General ? Problems.Sphere(random, Replicas * Queries, d) : null, weights, queryLabels, keyLabels);
        double Label() => interaction.Coupling is BlockCoupling ? random.Next(3) / 3.0 : random.NextDouble();
    }

    private void Compare(PairProblem p, RowColumns columns)
    {
        RowSums actual = Problems.Sum(_sums, p, columns), expected = Problems.Sum(new ReferenceSums(), p, columns);
        PairProblem positive = Problems.Absolute(p);
        RowSums absolute = Problems.Sum(new ReferenceSums(), positive, RowColumns.Largest | RowColumns.Squares);
        double labels = p.Interaction.Coupling is DistanceCoupling distance ? 1 / distance.Length : 0;
        double largest = Problems.Longest(p.K, p.Dimension);
        // As in PairSumsTests; in the general form the exponent beta <q, k> is good to d beta |k| units.
        double tolerance = implementation.Unit * (12 + p.Keys + (16 + 2 * p.Dimension) * p.Interaction.Beta * largest + 4 * labels);
        for (int row = 0; row < p.Rows; row++)
        {
            // All on the scale of the shift of the sum of absolute values, the largest.
            double scale = Math.Exp(actual.Shift[row] - absolute.Shift[row]), other = Math.Exp(expected.Shift[row] - absolute.Shift[row]);
            double bound = tolerance * absolute.Z[row] + 1e-30;
            Check(expected.Z[row] * other, actual.Z[row] * scale, bound, "Z");
            for (int c = row * p.Dimension; c < (row + 1) * p.Dimension; c++)
                Check(expected.Force[c] * other, actual.Force[c] * scale, (2 + 2 * largest) * bound, "F");
            if (columns.HasFlag(RowColumns.Deficit)) Check(expected.Deficit[row], actual.Deficit[row], tolerance * positive.Weights.Sum(), "D");
            if (!columns.HasFlag(RowColumns.Largest)) continue;
            Check(expected.Largest[row] * other, actual.Largest[row] * scale, tolerance * absolute.Largest[row] + 1e-30, "largest");
            Check(expected.Squares[row] * other * other, actual.Squares[row] * scale * scale, 2 * tolerance * absolute.Squares[row] + 1e-30, "squares");
            if (columns.HasFlag(RowColumns.CouplingLog)) Check(expected.CouplingLog[row] * other, actual.CouplingLog[row] * scale, (1 + labels) * bound, "log b");
            void Check(double value, double got, double allowed, string column)
            {
                if (!(Math.Abs(got - value) <= allowed))
                    Assert.Fail($"{column} of row {row} is {got}, not {value}: wrong by {got - value:e2}, allowed {allowed:e2} ({p.Interaction}, d = {p.Dimension}, difference {p.IsDifference}, {columns})");
            }
        }
    }
}

/// <summary>When forces are sums of differences.</summary>
public sealed class GpuSpreadTests
{
    [Test]
    public void UniformCloudsAreSpread([Values(2, 3, 4, 16, 64, 384)] int d, [Values(100, 3000)] int n) =>
        Assert.That(GpuSpread.IsClose(Problems.Self(d, 1, n, d, new Interaction(1))), Is.False);

    [Test]
    public void ClustersAreNot([Values(2, 3, 16, 64)] int d, [Values(2, 20)] int clusters, [Values(0, 1e-6, 1e-3)] double width)
    {
        Random random = new(d);
        const int n = 300;
        double[] centres = Problems.Sphere(random, clusters, d), x = Problems.Sphere(random, n, d);
        for (int i = 0; i < x.Length; i++) x[i] = centres[i / d % clusters * d + i % d] + width / d * x[i];
        for (int i = 0; i < n; i++) Problems.Normalise(x.AsSpan(i * d, d));
        double[] weights = [.. Enumerable.Repeat(1.0 / n, n)];
        Assert.That(GpuSpread.IsClose(PairProblem.Self(1, n, d, new Interaction(1), x, weights, new double[n])), Is.True);
    }

    // At d = 2 and 3 products are for large spread clouds, whose exponents are not too large; points far off make them so.
    [Test]
    public void ProductsAreForLargeSpreadClouds()
    {
        const int n = 65536;
        PairProblem p = Problems.Self(1, 1, n, 3, new Interaction(30));
        PairProblem Make(double beta, int d, double[] x, Profile? profile = null) =>
            PairProblem.Self(1, x.Length / d, d, new Interaction(beta) { Profile = profile ?? Profile.Exponential }, x, p.Weights[..(x.Length / d)], new double[x.Length / d]);
        Assert.That(GpuSpread.AllowsProducts(p));
        Assert.That(GpuSpread.AllowsProducts(Make(60, 2, Problems.Sphere(new Random(1), n, 2))));
        Assert.That(GpuSpread.AllowsProducts(Make(70, 3, p.K)), Is.False);
        Assert.That(GpuSpread.AllowsProducts(Make(30, 3, p.K[3..])), Is.False);
        Assert.That(GpuSpread.AllowsProducts(Make(30, 3, p.K, Profile.Linear)), Is.False);
        Assert.That(GpuSpread.AllowsProducts(Make(30, 4, Problems.Sphere(new Random(1), n, 4))), Is.False);
        Assert.That(GpuSpread.AllowsProducts(Make(30, 3, [.. p.K.Select((x, i) => x * 1e-3 + (i / 3 % 2))])), Is.False);
        double[] far = [.. p.K];
        far[n + 1] = 3;
        Assert.That(GpuSpread.AllowsProducts(Make(30, 3, far)), Is.False);
        Assert.That(GpuSpread.AllowsProducts(PairProblem.Difference(1, n, n, 3, p.Interaction, far, p.K, p.Weights, p.QueryLabels, p.KeyLabels)), Is.False);
    }

    // So many replicas that a share of all values would be a single one of each.
    [Test]
    public void ClustersAreFoundInManyReplicas()
    {
        double[] centres = Problems.Sphere(new Random(1), 2, 17), x = [.. Enumerable.Range(0, 10_000 * 64 * 17).Select(i => centres[i / 17 % 2 * 17 + i % 17])];
        Assert.That(GpuSpread.IsClose(PairProblem.Self(10_000, 64, 17, new Interaction(1), x, new double[640_000], new double[640_000])), Is.True);
    }
}
