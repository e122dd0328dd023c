using AttentionFlow.Tests.Solver;

namespace AttentionFlow.Tests.Kernels;

public class FastSumsTests
{
    [TestCase(3, 64, 1.0, false), TestCase(3, 1024, 1.0, true), TestCase(3, 20_000, 9.0, true), TestCase(3, 20_000, 64.0, true), TestCase(3, 20_000, 300.0, true), TestCase(3, 20_000, 900.0, false), TestCase(2, 8, 1.0, false)]
    [TestCase(2, 256, 1.0, true), TestCase(4, 20_000, 1.0, false)]
    public void AutoIsAFunctionOfSizesAndBeta(int d, int n, double beta, bool harmonic)
    {
        using FastSums sums = new(Summation.Auto, 1e-10, Precision.Double, threads: 1);
        Plan plan = sums.Plan(Problem(new Interaction(beta), Clouds.Uniform(1, n, d)), RowColumns.Force);
        Assert.That((plan.Method == SumMethod.Harmonic, plan.IsTangential), Is.EqualTo((harmonic, harmonic)));
    }

    /// <summary>Rows that rounding leaves to direct sums are priced and named, and are what happens.</summary>
    [TestCase(1e-12, false), TestCase(1e-13, true)]
    public void ATolerancePastRoundingIsNamed(double tolerance, bool past)
    {
        PairProblem problem = Problem(new Interaction(9), Clouds.Uniform(1, 1000, 3));
        using FastSums sums = new(Summation.Fast, tolerance, Precision.Double, threads: 1);
        Plan plan = sums.Plan(problem, RowColumns.Force);
        Problems.Sum(sums, problem, RowColumns.Force);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(plan.Advice, past ? Does.Contain("rounding leaves most rows of harmonic sums at 1E-13 to direct ones") : Is.Null);
        Assert.That(plan.Cost, past ? Is.GreaterThan(600) : Is.LessThan(200));
        Assert.That(sums.Statistics.RowsRedone, past ? Is.GreaterThan(500) : Is.Zero);
        Assert.That(sums.Statistics.Advice, past ? Does.Match("^harmonic sums left [0-9]+ of 1000 rows to direct ones; ") : Is.Null);
    }

    /// <summary>By the cost model: a looser tolerance, of the sums or of the steps, never costs more.</summary>
    [Test]
    public void AskingForLessNeverCostsMore([Values(2, 3, 8)] int d, [Values] Precision precision, [Values(300, 5000, 30_000)] int n)
    {
        Cloud cloud = Clouds.Uniform(1, n, d);
        foreach (double beta in (double[])[0.1, 1, 4, 9, 9.3, 16, 64, 300, 2000])
            foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(1, 0.5)])
                foreach (RowColumns columns in (RowColumns[])[RowColumns.Force, RowColumns.Force | RowColumns.Radial, RowColumns.Squares])
                {
                    PairProblem problem = Problem(new Interaction(beta) { Coupling = coupling }, cloud);
                    double last = double.PositiveInfinity;
                    foreach (double tolerance in (double[])[1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2])
                    {
                        double cost = FastPlan.For(Summation.Auto, tolerance, precision, problem, columns).Cost;
                        Assert.That(cost, Is.LessThanOrEqualTo(last), $"beta {beta}, {coupling}, {columns}, tol {tolerance}");
                        last = cost;
                    }
                }
    }

    [Test]
    public void WhatHarmonicsCannotDoIsDirectUnderAutoAndRefusedUnderFast()
    {
        PairProblem problem = Problem(new Interaction(1) { Coupling = new DistanceCoupling(0.3) }, Clouds.Uniform(1, 5000, 3));
        using FastSums auto = new(Summation.Auto, 1e-10, Precision.Double, 1), fast = new(Summation.Fast, 1e-10, Precision.Double, 1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(auto.Plan(problem, RowColumns.Force | RowColumns.Deficit).WhyNot, Is.Null);
        Assert.That(auto.Plan(problem, RowColumns.Force).Method, Is.EqualTo(SumMethod.Direct));
        Assert.That(fast.Plan(problem, RowColumns.Force).WhyNot, Is.EqualTo("fast sums are harmonic or coalesced, and neither knows the coupling 'distance' at d = 3, beta = 1"));
        Assert.That(() => Problems.Sum(fast, problem, RowColumns.Force), Throws.TypeOf<NotSupportedException>());
    }

    // What a run asks for besides its drift: signed weights, other columns, other forms.
    [TestCase(8, 100), TestCase(8, 600)]
    public void CoalescedSumsTakeEveryProblem(int d, int n)
    {
        using FastSums sums = new(Summation.Coalesced, 1e-6, Precision.Double, 1);
        using SimdSums direct = new(Precision.Double, 1);
        foreach (PairProblem problem in (PairProblem[])[Problems.Self(1, 1, n, d, new Interaction(2)), Problems.Self(1, 1, n, d, new Interaction(2) { Mask = Mask.Reversed }, evenWeights: true),
            Problems.General(1, 1, n, n, d, new Interaction(2)), Problems.Self(1, 1, n, d, new Interaction(2), evenWeights: true)])
        {
            RowSums actual = Problems.Sum(sums, problem, RowColumns.Force | RowColumns.Squares), expected = Problems.Sum(direct, problem, RowColumns.Force | RowColumns.Squares);
            Assert.That(actual.Force, Is.EqualTo(expected.Force));
            Assert.That(actual.Squares, Is.EqualTo(expected.Squares));
        }
        Assert.That((sums.Statistics[SumMethod.Direct], sums.Statistics[SumMethod.Coalesced]), Is.EqualTo((4, 0)));
    }

    [Test]
    public void TheBookIsKept()
    {
        PairProblem problem = Problem(new Interaction(4), Clouds.Uniform(1, 2000, 3));
        using FastSums sums = new(Summation.Auto, 1e-8, Precision.Double, 2);
        SumStatistics book = sums.Statistics;
        Assert.That(book.RelativeError, Is.Zero);
        Problems.Sum(sums, problem, RowColumns.Force);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(book[SumMethod.Harmonic], Is.EqualTo(1));
        Assert.That(book.Order, Is.InRange(10, 30));
        Assert.That(book.ErrorBound, Is.InRange(1e-12, 1e-8));
        Assert.That(book.RelativeError, Is.EqualTo(1e-8));
    }

    /// <summary>A whole flow by harmonics stays within the tolerance of the direct one, in the gauge frame too; gaps to an absolute error before and a relative one after collapse.</summary>
    [Test]
    public void FlowsAndGapsFollowTheDirectOnes([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        Interaction interaction = new(2) { Normalization = normalization };
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud start = Clouds.Uniform(1, 300, 3, seed: 5);
        foreach (double time in new[] { 0.5, 3.0 })
        {
            (double[] direct, double directGap) = Run(new SimdSums(Precision.Double, 2), time);
            (double[] fast, double fastGap) = Run(new FastSums(Summation.Fast, 1e-12, Precision.Double, 2), time);
            Assert.That(Clouds.LargestDifference(fast, direct), Is.LessThan(1e-9));
            Assert.That(fastGap, Is.EqualTo(directGap).Within(1e-9));
        }
        (double[], double) Run(IPairSums sums, double time)
        {
            using (sums)
            {
                Cloud cloud = new(1, 300, 3, [.. start.Positions], start.Labels, Clouds.Weights(1, 300));
                Flow flow = new(interaction, gauge, cloud, sums);
                new Simulation(flow, Methods.RungeKutta4, 0.05, time).Run(cloud, []);
                double[] gap = new double[1];
                flow.EnergyGap(cloud.Positions, gap);
                return (cloud.Positions, gap[0]);
            }
        }
    }

    /// <summary>A fall of the energy by less than harmonic sums resolve is no drop, one by more is; also when the counter was made before the first sum.</summary>
    [TestCase(2e-4, 0), TestCase(1e-2, 1)]
    public void EnergyDropsKnowTheErrorOfTheSums(double angle, int expected)
    {
        Cloud narrow = new CapLaw([0, 0, 1], 1e-4).Draw(1, 2000, 3, seed: 2), wide = new CapLaw([0, 0, 1], angle).Draw(1, 2000, 3, seed: 2);
        using FastSums sums = new(Summation.Auto, 1e-6, Precision.Double, 1);
        Flow flow = new(new Interaction(1), new IdentityGauge(), narrow, sums);
        EnergyDropsObservable drops = new(flow);
        double[] drift = new double[narrow.Positions.Length], values = new double[1];
        foreach (Cloud cloud in new[] { narrow, wide })
        {
            flow.Drift(cloud.Positions, drift);
            drops.Stepped(new Step(0, 0, ReferenceEquals(cloud, wide) ? 1 : 0, flow.Energy(0), flow.EnergyRatio(0), flow.Dissipation(0, drift), flow));
        }
        drops.Measure(default, values);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(sums.Statistics[SumMethod.Harmonic], Is.EqualTo(2));
        Assert.That(values[0], Is.EqualTo(expected));
    }

    [Test]
    public void TheGapOfACollapsedCloudKeepsItsDigits()
    {
        Cloud cloud = new CapLaw([0, 0, 1], 1e-6).Draw(1, 500, 3, seed: 2);
        double[] direct = new double[1], fast = new double[1];
        using SimdSums simd = new(Precision.Double, 1);
        using FastSums harmonic = new(Summation.Fast, 1e-10, Precision.Double, 1);
        new Flow(new Interaction(3), new IdentityGauge(), cloud, simd).EnergyGap(cloud.Positions, direct);
        new Flow(new Interaction(3), new IdentityGauge(), cloud, harmonic).EnergyGap(cloud.Positions, fast);
        Assert.That(direct[0], Is.InRange(1e-13, 1e-10));
        Assert.That(fast[0], Is.EqualTo(direct[0]).Within(1e-6 * direct[0]));
    }

    /// <summary>Without a gauge harmonic sums of a drift are those of the gap at the same tokens, and of no others: no second sum, the same bits.</summary>
    [Test]
    public void TheGapTakesTheSumsOfADriftAtTheSameTokens([Values(1, 3)] int replicas)
    {
        Cloud cloud = Clouds.Uniform(replicas, 700, 3, seed: 7), other = Clouds.Uniform(replicas, 700, 3, seed: 8);
        using HarmonicSums sums = new(1e-8, 1);
        Flow flow = new(new Interaction(3) { Normalization = Normalization.Softmax }, new IdentityGauge(), cloud, sums);
        double[] fresh = new double[replicas], known = new double[replicas], elsewhere = new double[replicas], drift = new double[cloud.Positions.Length];
        flow.EnergyGap(cloud.Positions, fresh);
        flow.Drift(cloud.Positions, drift);
        flow.EnergyGap([.. cloud.Positions], known);
        Assert.That(sums.Statistics[SumMethod.Harmonic], Is.EqualTo(2));
        flow.EnergyGap(other.Positions, elsewhere);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(sums.Statistics[SumMethod.Harmonic], Is.EqualTo(3));
        Assert.That(known, Is.EqualTo(fresh));
        for (int r = 0; r < replicas; r++) Assert.That(elsewhere[r], Is.Not.EqualTo(fresh[r]));
    }

    private static PairProblem Problem(Interaction interaction, Cloud cloud) =>
        PairProblem.Self(cloud.Replicas, cloud.Tokens, cloud.Dimension, interaction, cloud.Positions, cloud.Weights, cloud.Labels);
}
