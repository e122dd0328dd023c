using System.Collections.Concurrent;

namespace AttentionFlow.Tests.Kernels;

/// <summary>One body over all implementations, against <see cref="ReferenceSums"/>.</summary>
[TestFixtureSource(typeof(PairSumsCases), nameof(PairSumsCases.All))]
public sealed class PairSumsTests(PairSumsCase implementation)
{
    private static readonly int[] Sizes = [1, 2, 17, 64, 255];
    private static readonly int[] Dimensions = [2, 3, 4, 5, 6, 7, 8, 9, 16];
    private static readonly double[] Betas = [0, 0.1, 1, 9, 30];
    private static readonly Lazy<List<Expected>> Grid = new(() => [.. MakeGrid()]), Forms = new(() => [.. MakeForms()]);
    private readonly IPairSums _sums = implementation.Create();

    private sealed record Expected(PairProblem Problem, RowSums Sums, RowSums Absolute)
    {
        public static Expected Of(PairProblem problem) => Of(problem, Problems.UsualColumns(problem));

        public static Expected Of(PairProblem problem, RowColumns columns)
        {
            ReferenceSums reference = new ReferenceSums();
            return new(problem, Problems.Sum(reference, problem, columns), Problems.Sum(reference, Problems.Absolute(problem), columns & ~RowColumns.CouplingLog));
        }
    }

    // The largest size with one replica count and two temperatures, and the others with all: about three seconds of reference sums.
    private static IEnumerable<Expected> MakeGrid()
    {
        int seed = 0;
        foreach (Coupling coupling in Problems.Couplings)
            foreach (int d in Dimensions)
                foreach (int n in Sizes)
                    foreach (int replicas in (int[])(n == 255 ? [d % 2 == 0 ? 1 : 3] : [1, 3]))
                        foreach (double beta in Betas)
                            foreach (Profile profile in (Profile[])[Profile.Exponential, Profile.Linear])
                            {
                                if (beta is not (1 or 30) && (n == 255 || profile == Profile.Linear)) continue;
                                Interaction interaction = new Interaction(beta) { Coupling = coupling, Profile = profile };
                                PairProblem self = Problems.Self(++seed, replicas, n, d, interaction, evenWeights: seed % 3 == 0);
                                yield return Expected.Of(self);
                                if (n is 2 or 64) yield return Expected.Of(Problems.Difference(seed, self, queries: n == 2 ? 70 : 9));
                            }
    }

    // Every form under every mask with every coupling; sizes, dimension, temperature and columns change from one to the next.
    private static IEnumerable<Expected> MakeForms()
    {
        int seed = 1000;
        foreach (Coupling coupling in Problems.Positive.Concat(Problems.Couplings[2..]))
            foreach (Mask mask in Enum.GetValues<Mask>())
                foreach (string form in (string[])["self", "difference", "general", "origin"])
                {
                    Random random = new Random(++seed);
                    int d = Pick(2, 3, 5, 8, 17), n = Pick(1, 2, 17, 64, 255, 700), queries = Pick(1, 33, 400, n), replicas = Pick(1, 2);
                    Interaction interaction = new Interaction(Pick(0, 0.1, 1, 9, 30)) { Coupling = coupling, Mask = mask, Profile = Pick(Profile.Exponential, Profile.Exponential, Profile.Linear) };
                    PairProblem self = Problems.Self(seed, replicas, n, d, interaction, evenWeights: random.Next(2) == 0);
                    PairProblem problem = form switch
                    {
                        "self" => self,
                        "difference" => Problems.Difference(seed, self, queries),
                        _ => Problems.General(seed, replicas, queries, n, d, interaction, withOrigin: form == "origin"),
                    };
                    yield return Expected.Of(problem, Problems.AllColumns(problem) & Pick((RowColumns)~0, (RowColumns)~0, ~RowColumns.CouplingLog, RowColumns.Force));
                    T Pick<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];
                }
    }

    [OneTimeTearDown]
    public void Release() => _sums.Dispose();

    [Test]
    public void AgreesWithTheReference()
    {
        foreach (Expected expected in Grid.Value) Compare(expected);
    }

    [Test]
    public void EveryFormMaskAndColumnAgreesWithTheReference()
    {
        foreach (Expected expected in Forms.Value) Compare(expected);
    }

    // A key far off that nobody looks at makes the bound on the logits useless: in both precisions the factors of all others would be 0.
    [Test]
    public void RowsFarBelowTheirBoundAreRaised([Values] Mask mask, [Values(3, 9)] int d)
    {
        PairProblem p = Problems.General(5, 2, 70, 90, d, new Interaction(4) { Mask = mask }, length: 1);
        for (int i = 0; i < p.Q.Length; i += d) p.Q[i] = 0;
        foreach (int key in (int[])[40, 130]) p.K[key * d] = 2000;
        Compare(Expected.Of(p, RowColumns.Force | RowColumns.Largest));
    }

    [Test]
    public void SurvivesVeryLowTemperatures([Values(100, 400, 2000)] double beta, [Values(2, 3, 5)] int d)
    {
        foreach (Coupling coupling in Problems.Couplings)
            Compare(Expected.Of(Problems.Self(1, 2, 33, d, new Interaction(beta) { Coupling = coupling })));
    }

    [Test]
    public void SurvivesLabelsFarApart()
    {
        foreach (Profile profile in (Profile[])[Profile.Exponential, Profile.Linear])
            Compare(Expected.Of(Problems.Self(2, 2, 33, 3, new Interaction(1) { Coupling = new DistanceCoupling(1e-4), Profile = profile })));
    }

    [Test]
    public void ManyKeysAreSummedInBlocks() => Compare(Expected.Of(Problems.Self(3, 1, 2100, 3, new Interaction(2), evenWeights: true)));

    // Tokens within h of each other: forces and deficits keep their relative accuracy although all are nearly zero.
    [Test]
    public void KeepsTheLastStageOfACollapse([Values(1e-4, 1e-9)] double h, [Values(2, 3, 6, 9)] int d)
    {
        Random random = new Random(5);
        double[] centre = Problems.Sphere(random, 1, d), x = Problems.Sphere(random, 40, d);
        for (int i = 0; i < x.Length; i++) x[i] = centre[i % d] + h * x[i];
        for (int i = 0; i < 40; i++) Problems.Normalise(x.AsSpan(i * d, d));
        double[] weights = [.. Enumerable.Repeat(1.0 / 40, 40)];
        PairProblem problem = PairProblem.Self(1, 40, d, new Interaction(4), x, weights, new double[40]);
        RowSums expected = Problems.Sum(new ReferenceSums(), problem, RowColumns.Force | RowColumns.Deficit);
        RowSums actual = Problems.Sum(_sums, problem, RowColumns.Force | RowColumns.Deficit);
        // 40 terms, a few roundings each; Q(f) is good for 11 units (docs: Exp2.MinusOne).
        double bound = 64 * implementation.Unit;
        for (int i = 0; i < 40; i++)
        {
            Assert.That(Math.Abs(actual.Deficit[i] / expected.Deficit[i] - 1), Is.LessThanOrEqualTo(bound), $"deficit of row {i}");
            for (int c = 0; c < d; c++)
                Assert.That(Math.Abs(actual.Force[i * d + c] - expected.Force[i * d + c]), Is.LessThanOrEqualTo(bound * 2 * h), $"force of row {i}");
        }
    }

    // model.md 6: the tangential force between two coincident clusters at a right angle keeps 3e-6 in single precision, and 1e-5 where exponents
    // come from dot products.
    [Test]
    public void KeepsTheForceBetweenTwoClusters([Values(2, 12, 20, 30)] double beta, [Values(64, 256)] int n, [Values(3, 9)] int d)
    {
        Random random = new Random(7);
        double[] u = Problems.Sphere(random, 1, d), v = Problems.Sphere(random, 1, d);
        double along = Sphere.Dot(u, v);
        for (int c = 0; c < d; c++) v[c] -= along * u[c];
        Problems.Normalise(v);
        double[] x = [.. Enumerable.Range(0, n * d).Select(i => i / d < n / 2 ? u[i % d] : v[i % d])];
        double[] weights = [.. Enumerable.Repeat(1.0 / n, n)];
        PairProblem problem = PairProblem.Self(1, n, d, new Interaction(beta), x, weights, new double[n]);
        RowSums sums = Problems.Sum(_sums, problem, RowColumns.Force);
        // Half the weight at a right angle: e^{-c} F = e^{-beta} (v - u)/2, whose tangential part at u is e^{-beta} v/2.
        double exact = Math.Exp(-beta) / 2, bound = implementation.Precision == Precision.Double ? 1e-13 : d == 3 ? 3e-6 : 1e-5;
        double measured = Sphere.Dot(sums.Force.AsSpan(0, d), v);
        Assert.That(Math.Abs(measured / exact - 1), Is.LessThanOrEqualTo(bound));
        Assert.That(Math.Abs(Sphere.Dot(sums.Force.AsSpan((n - 1) * d, d), u) / exact - 1), Is.LessThanOrEqualTo(bound));
    }

    [Test]
    public void SaysWhyNot()
    {
        PairProblem self = Problems.Self(1, 1, 4, 3, new Interaction(1)), linear = Problems.Self(1, 1, 4, 3, new Interaction(1) { Profile = Profile.Linear });
        PairProblem general = Problems.General(1, 1, 4, 4, 3, new Interaction(1)), negative = Problems.Self(1, 1, 4, 3, new Interaction(1) { Coupling = new BlockCoupling(-1) });
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Why(self, Problems.AllColumns(self)), Is.Null);
        Assert.That(Why(general, Problems.AllColumns(general)), Is.Null);
        Assert.That(Why(general, RowColumns.Deficit), Does.Contain("difference form"));
        Assert.That(Why(linear, RowColumns.Deficit), Does.Contain("deficit"));
        Assert.That(Why(negative, RowColumns.CouplingLog), Does.Contain("block"));
        Assert.That(() => Problems.Sum(_sums, linear, RowColumns.Deficit), Throws.TypeOf<NotSupportedException>());
        string? Why(PairProblem problem, RowColumns columns) => _sums.Plan(problem, columns).WhyNot;
    }

    [Test]
    public void StopsWhenAsked()
    {
        PairProblem problem = Problems.Self(1, 1, 600, 3, new Interaction(1));
        RowSums into = new RowSums(problem.Rows, 3, RowColumns.Force);
        Assert.That(() => _sums.Sum(_sums.Plan(problem, into.Columns), .., into, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
    }

    // Unit e. Relative to sum_j |w_j| max|b| k': exponential and factors 12 e, summation n e at worst, and the exponent's own error: positions
    // (|x - mean| up to 2) and their differences of up to 2 are each good to 2 e, so beta |dx|^2/2 is to (16 + 2 d) beta e, in the general form times |q| |k|; labels to 2 e/l.
    private double Tolerance(PairProblem p)
    {
        double labels = p.Interaction.Coupling is DistanceCoupling distance ? 1 / distance.Length : 0;
        double lengths = p.IsDifference ? 1 : Problems.Longest(p.Q, p.Dimension) * Problems.Longest(p.K, p.Dimension);
        return implementation.Unit * (12 + p.Keys + (16 + 2 * p.Dimension) * p.Interaction.Beta * lengths + 4 * labels);
    }

    private void Compare(Expected expected)
    {
        PairProblem p = expected.Problem;
        RowSums actual = Problems.Sum(_sums, p, expected.Sums.Columns), exact = expected.Sums, absolute = expected.Absolute;
        double tolerance = Tolerance(p), weights = Problems.Absolute(p).Weights.Sum();
        double reach = p.IsDifference ? 4 : 2 * (Problems.Longest(p.V, p.Dimension) + Problems.Longest(p.Origin, p.Dimension));
        string where = $"{p.Interaction}, R = {p.Replicas}, m = {p.Queries}, n = {p.Keys}, d = {p.Dimension}, {(p.IsSelf ? "self" : p.IsDifference ? "difference" : "general")}, {exact.Columns}";
        for (int row = 0; row < p.Rows; row++)
        {
            // Shifts are the implementation's choice in the general form, and that of rows without keys means nothing.
            double unit = Math.Exp(actual.Shift[row] - exact.Shift[row]), bound = tolerance * absolute.Z[row] + 1e-30;
            if (p.IsDifference) Check(exact.Shift[row], actual.Shift[row], 0, "shift");
            if (p.KeysOf(row % p.Queries) is var (from, to) && from == to) unit = 1;
            Check(exact.Z[row], unit * actual.Z[row], bound, "Z");
            for (int c = row * p.Dimension; exact.Force.Length > 0 && c < (row + 1) * p.Dimension; c++) Check(exact.Force[c], unit * actual.Force[c], reach * bound, "F");
            if (exact.Deficit.Length > 0) Check(exact.Deficit[row], actual.Deficit[row], tolerance * weights, "D");
            if (exact.Largest.Length > 0) Check(exact.Largest[row], unit * actual.Largest[row], tolerance * absolute.Largest[row] + 1e-30, "largest");
            if (exact.Squares.Length > 0) Check(exact.Squares[row], unit * unit * actual.Squares[row], 2 * tolerance * absolute.Squares[row] + 1e-30, "squares");
            // |log b| goes up to 5 for the distances of these tests; b log b errs by what b errs by times that.
            if (exact.CouplingLog.Length > 0) Check(exact.CouplingLog[row], unit * actual.CouplingLog[row], 8 * bound, "log");
            void Check(double value, double got, double allowed, string column)
            {
                if (!(Math.Abs(got - value) <= allowed))
                    Assert.Fail($"{column} of row {row} is {got}, not {value}: wrong by {got - value:e2}, allowed {allowed:e2} ({where})");
            }
        }
    }
}

/// <summary>One body over all implementations: what a plan says is what a sum does.</summary>
[TestFixtureSource(typeof(PairSumsCases), nameof(PairSumsCases.WithPlans))]
public sealed class PlanTests(PairSumsCase implementation)
{
    private readonly IPairSums _sums = implementation.Create();

    [OneTimeTearDown]
    public void Release() => _sums.Dispose();

    // Harmonic and coalesced sums begin at some hundred tokens; the simulator of a GPU needs a second for as many.
    private static readonly Lazy<PairProblem[]> Large = new(() => [.. Set(530)]), Small = new(() => [.. Set(60)]);

    private static readonly ConcurrentDictionary<(PairProblem, RowColumns), Lazy<(RowSums, RowSums)>> Known = [];

    private static IEnumerable<PairProblem> Set(int n)
    {
        foreach (int d in (int[])[2, 3, 8])
            foreach (Interaction interaction in (Interaction[])[new(4), new(4) { Profile = Profile.Linear }, new(4) { Mask = Mask.Causal }, new(4) { Coupling = new BlockCoupling(-1) },
                new(4) { Coupling = new ToeplitzCoupling(1, 0.5) }])
                foreach (bool even in (bool[])[true, false]) yield return Problems.Self(d, 2, n, d, interaction, even);
        yield return Problems.General(1, 1, 40, 60, 3, new Interaction(4));
    }

    // The reference's sums, and those of absolute pairs: once for all implementations.
    private static (RowSums Exact, RowSums Absolute) Reference(Plan plan) => Known.GetOrAdd((plan.Problem, plan.Columns), _ => new(() =>
        (Problems.Sum(new ReferenceSums(), plan.Problem, plan.Columns), Problems.Sum(new ReferenceSums(), Problems.Absolute(plan.Problem), RowColumns.None)))).Value;

    [Test]
    public void APlanSaysWhatASumDoes()
    {
        int done = 0;
        foreach (PairProblem problem in (implementation.IsSimulated ? Small : Large).Value)
            foreach (RowColumns columns in (RowColumns[])[RowColumns.None, RowColumns.Force, RowColumns.Force | RowColumns.Radial, RowColumns.Force | RowColumns.Squares])
            {
                Plan plan = _sums.Plan(problem, columns);
                Assert.That((plan.Problem, plan.Columns), Is.EqualTo((problem, columns)));
                RowSums into = new(problem.Rows, problem.Dimension, columns);
                if (plan.WhyNot is { } why)
                    Assert.That(() => _sums.Sum(plan, .., into, default), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo(why));
                else
                {
                    Check(plan, into);
                    done++;
                }
            }
        Assert.That(done, Is.GreaterThan(0));
    }

    [Test]
    public void APlanServesManySums()
    {
        PairProblem problem = Problems.Self(1, 1, 600, 3, new Interaction(4), evenWeights: true), later = Problems.Self(2, 1, 600, 3, new Interaction(4), evenWeights: true);
        Plan plan = _sums.Plan(problem, RowColumns.Force);
        RowSums into = new(600, 3, RowColumns.Force);
        _sums.Sum(plan, .., into, default);
        later.Q.CopyTo(problem.Q, 0);
        _sums.Sum(plan, .., into, default);
        RowSums anew = Problems.Sum(_sums, problem, RowColumns.Force);
        Assert.That(into.Z, Is.EqualTo(anew.Z));
        Assert.That(into.Force, Is.EqualTo(anew.Force));
    }

    [Test]
    public void OtherColumnsThanThoseOfThePlanAreRefused()
    {
        Plan plan = _sums.Plan(Problems.Self(1, 1, 600, 3, new Interaction(4), evenWeights: true), RowColumns.Force);
        Assert.That(() => _sums.Sum(plan, .., new RowSums(600, 3, RowColumns.None), default), Throws.ArgumentException.With.Message.Contains("room for None"));
    }

    // Relative to the absolute sums, with what positions lose by rounding.
    private void Check(Plan plan, RowSums into)
    {
        PairProblem problem = plan.Problem;
        SumStatistics book = _sums.Statistics;
        long before = Enum.GetValues<SumMethod>().Sum(m => book[m]);
        _sums.Sum(plan, .., into, default);
        Assert.That(Enum.GetValues<SumMethod>().Sum(m => book[m]), Is.GreaterThan(before));
        Assert.That(book.RelativeError, Is.GreaterThan(0));
        Assert.That(plan.RelativeError, Is.LessThan(1e-3));
        if (plan.Method == SumMethod.Hardmax) return;
        if (plan.Method == SumMethod.Direct || plan.Columns.HasFlag(RowColumns.Radial)) Assert.That(plan.IsTangential, Is.False);
        (RowSums exact, RowSums absolute) = Reference(plan);
        for (int row = 0; row < problem.Rows; row++)
        {
            double unit = Math.Exp(into.Shift[row] - exact.Shift[row]), bound = (4 * plan.RelativeError + implementation.Unit * 1000) * absolute.Z[row];
            Assert.That(unit * into.Z[row], Is.EqualTo(exact.Z[row]).Within(bound));
            if (into.Force.Length == 0) continue;
            ReadOnlySpan<double> q = problem.Q.AsSpan(row * problem.Dimension, problem.Dimension), force = into.Force.AsSpan(row * problem.Dimension, problem.Dimension);
            double along = 0;
            for (int c = 0; c < q.Length; c++) along += q[c] * force[c];
            if (plan.IsTangential) Assert.That(along, Is.Zero.Within(bound));
        }
    }
}
