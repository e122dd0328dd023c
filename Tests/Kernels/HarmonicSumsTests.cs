namespace AttentionFlow.Tests.Kernels;

public sealed class HarmonicSumsTests
{
    private static readonly ReferenceSums Reference = new();

    // The promise: errors of Z and of the force never above tol Z_i.
    [Test]
    public void ErrorsStayBelowTheTolerance([Values(2, 3)] int d, [Values(0.1, 1, 9, 60, 256)] double beta)
    {
        int seed = 0;
        foreach (string kind in HarmonicClouds.Kinds)
            foreach (bool decades in (bool[])[false, true])
                foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(0.6, 0.3, 0.2)])
                {
                    PairProblem problem = HarmonicClouds.Problem(kind, ++seed, 90, d, new Interaction(beta) { Coupling = coupling }, decades);
                    RowSums expected = Problems.Sum(Reference, problem, RowColumns.Force);
                    foreach (double tolerance in (double[])[1e-3, 1e-6, 1e-9, 1e-12])
                    {
                        using HarmonicSums sums = new HarmonicSums(tolerance, 1);
                        RowSums actual = Problems.Sum(sums, problem, RowColumns.Force);
                        string where = $"{kind}, {coupling}, decades {decades}, tol {tolerance}, order {sums.Statistics.Order}, redone {sums.Statistics.RowsRedone}";
                        Assert.That(HarmonicClouds.Error(problem, actual, expected, expected.Z, expected.Z), Is.LessThanOrEqualTo(tolerance), where);
                        Assert.That(sums.Statistics.ErrorBound, Is.LessThanOrEqualTo(tolerance), where);
                        Assert.That(actual.Shift, Is.All.EqualTo(beta));
                        if (tolerance >= 1e-9 && kind == "uniform" && !decades && beta <= 60) Assert.That(sums.Statistics.RowsRedone, Is.Zero, where);
                    }
                }
    }

    // The part along x_i and the squares, from derivatives of the coefficients and at 2 beta.
    [Test]
    public void TheWholeForceAndTheSquaresKeepTheTolerance([Values(2, 3)] int d, [Values(0.1, 1, 9, 60)] double beta)
    {
        const RowColumns All = RowColumns.Force | RowColumns.Radial | RowColumns.Squares;
        int seed = 0;
        foreach (string kind in HarmonicClouds.Kinds)
            foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(0.6, 0.3, 0.2)])
            {
                PairProblem problem = HarmonicClouds.Problem(kind, ++seed, 90, d, new Interaction(beta) { Coupling = coupling }, decades: seed % 2 == 0);
                RowSums expected = Problems.Sum(Reference, problem, All);
                foreach (double tolerance in (double[])[1e-3, 1e-6, 1e-9, 1e-12])
                {
                    using HarmonicSums sums = new(tolerance, 1);
                    RowSums actual = Problems.Sum(sums, problem, All);
                    for (int i = 0; i < problem.Rows; i++)
                    {
                        string where = $"{kind}, {coupling}, tol {tolerance}, row {i}";
                        double rounding = (98 + 4 * beta) * Math.Pow(2, -53), error = 0, along = 0;
                        for (int c = i * d; c < (i + 1) * d; c++)
                        {
                            error += (actual.Force[c] - expected.Force[c]) * (actual.Force[c] - expected.Force[c]);
                            along += problem.Q[c] * (actual.Force[c] - expected.Force[c]);
                        }
                        Assert.That(Math.Abs(along), Is.LessThanOrEqualTo((tolerance + rounding) * expected.Z[i]), where);
                        // Both parts may err.
                        Assert.That(Math.Sqrt(error), Is.LessThanOrEqualTo((1.5 * tolerance + rounding) * expected.Z[i]), where);
                        Assert.That(actual.Squares[i], Is.EqualTo(expected.Squares[i]).Within((tolerance + rounding) * expected.Squares[i]), where);
                    }
                }
            }
    }

    // Terms of both signs: errors relative to S_i = B sum_j |w_j| e^{beta (t - 1)}.
    [Test]
    public void ErrorsWithSignsAreRelativeToTheAbsoluteSum([Values(2, 3)] int d, [Values(0.1, 9, 128)] double beta)
    {
        foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(0.1, 1, -0.5), new ToeplitzCoupling(0, 1)])
        {
            PairProblem problem = Problems.Self(5, 2, 150, d, new Interaction(beta) { Coupling = coupling });
            RowSums expected = Problems.Sum(Reference, problem, RowColumns.Force);
            double[] scale = Problems.Sum(Reference, Problems.Absolute(problem), RowColumns.None).Z;
            foreach (double tolerance in (double[])[1e-4, 1e-8])
            {
                using HarmonicSums sums = new HarmonicSums(tolerance, 1);
                RowSums actual = Problems.Sum(sums, problem, RowColumns.Force);
                Assert.That(HarmonicClouds.Error(problem, actual, expected, scale, scale), Is.LessThanOrEqualTo(tolerance), $"{coupling}");
            }
        }
    }

    [Test]
    public void RowsWithASmallZAreRaisedOrRedone([Values(2, 3)] int d)
    {
        PairProblem problem = HarmonicClouds.Problem("outlier", 3, 400, d, new Interaction(9), decades: false);
        using HarmonicSums coarse = new HarmonicSums(1e-6, 1);
        Problems.Sum(coarse, problem, RowColumns.Force);
        Assert.That((coarse.Statistics.RowsRaised, coarse.Statistics.RowsRedone), Is.EqualTo((1, 0)));
        problem.Weights[399] = 1e-9;
        problem = PairProblem.Self(1, 400, d, new Interaction(30), problem.Q, problem.Weights, problem.KeyLabels);
        using HarmonicSums fine = new HarmonicSums(1e-10, 1);
        RowSums sums = Problems.Sum(fine, problem, RowColumns.Force), direct = Problems.Sum(new SimdSums(Precision.Double, 1), problem, RowColumns.Force);
        Assert.That((fine.Statistics.RowsRaised, fine.Statistics.RowsRedone), Is.EqualTo((1, 1)));
        Assert.That(sums.Z[399], Is.EqualTo(direct.Z[399]));
    }

    [Test]
    public void SameBitsForThreadsWidthsAndRowRanges([Values(2, 3)] int d)
    {
        const RowColumns All = RowColumns.Force | RowColumns.Radial | RowColumns.Squares;
        foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(1, 0.5)])
        {
            PairProblem problem = HarmonicClouds.Problem("outlier", 8, 9001, d, new Interaction(9) { Coupling = coupling }, decades: false);
            using HarmonicSums one = new HarmonicSums(1e-6, 1);
            RowSums expected = Problems.Sum(one, problem, All);
            Assert.That(one.Statistics.RowsRaised, Is.GreaterThan(0));
            foreach ((int threads, int bits) in ((int, int)[])[(2, 512), (5, 256), (3, 128)])
            {
                using HarmonicSums sums = new HarmonicSums(1e-6, threads, bits);
                RowSums actual = new RowSums(problem.Rows, d, All);
                int[] cuts = threads == 2 ? [0, 9001] : [0, 1, 4100, 8999, 9001];
                Plan plan = sums.Plan(problem, actual.Columns);
                for (int i = 1; i < cuts.Length; i++) sums.Sum(plan, cuts[i - 1]..cuts[i], actual, CancellationToken.None);
                Assert.That(actual.Z, Is.EqualTo(expected.Z));
                Assert.That(actual.Force, Is.EqualTo(expected.Force));
                Assert.That(actual.Squares, Is.EqualTo(expected.Squares));
            }
        }
    }

    [Test]
    public void ReplicasDoNotMeet([Values(2, 3)] int d)
    {
        PairProblem all = Problems.Self(4, 3, 70, d, new Interaction(4), evenWeights: true);
        using HarmonicSums sums = new HarmonicSums(1e-8, 2);
        RowSums into = new RowSums(210, d, RowColumns.Force);
        into.Z.AsSpan().Fill(7);
        sums.Sum(sums.Plan(all, into.Columns), 65..205, into, CancellationToken.None);
        Assert.That(into.Z.Select((z, row) => z == 7 == (row is < 65 or >= 205)), Is.All.True);
        PairProblem second = PairProblem.Self(1, 70, d, all.Interaction, all.Q[(70 * d)..(140 * d)], all.Weights[70..140], all.KeyLabels[70..140]);
        RowSums alone = Problems.Sum(sums, second, RowColumns.Force);
        Assert.That(into.Z[70..140], Is.EqualTo(alone.Z));
        Assert.That(into.Force[(70 * d)..(140 * d)], Is.EqualTo(alone.Force));
    }

    // Neither orders nor scales nor channels of one replica depend on the weights of another.
    [Test]
    public void AReplicaDoesNotFeelTheWeightsOfAnother([Values(2, 3)] int d)
    {
        foreach (Coupling coupling in (Coupling[])[new OneCoupling(), new ToeplitzCoupling(1, 0.5)])
        {
            PairProblem alone = HarmonicClouds.Problem("outlier", 3, 300, d, new Interaction(9) { Coupling = coupling }, decades: false);
            double[] other = [.. HarmonicClouds.Weights(true, 300).Select((w, i) => i % 2 == 0 ? w : -w)];
            PairProblem both = PairProblem.Self(2, 300, d, alone.Interaction, [.. alone.Q, .. alone.Q], [.. alone.Weights, .. other], [.. alone.KeyLabels, .. alone.KeyLabels]);
            using HarmonicSums sums = new HarmonicSums(1e-6, 2);
            RowSums expected = Problems.Sum(sums, alone, RowColumns.Force), actual = Problems.Sum(sums, both, RowColumns.Force);
            Assert.That(actual.Z[..300], Is.EqualTo(expected.Z));
            Assert.That(actual.Force[..(300 * d)], Is.EqualTo(expected.Force));
        }
    }

    // The drift of a flow through the seam: rotary gauge, softmax.
    [Test]
    public void AFlowCannotTellTheDifference([Values(2, 3)] int d)
    {
        Interaction interaction = new Interaction(4) { Normalization = Normalization.Softmax };
        double[] x = Problems.Sphere(new Random(2), 300, d), labels = [.. Enumerable.Range(0, 300).Select(i => (i + 0.5) / 300)];
        Cloud cloud = new Cloud(1, 300, d, x, labels);
        using HarmonicSums harmonic = new HarmonicSums(1e-9, 1);
        Flow flow = new Flow(interaction, new RotaryGauge([2]), cloud, harmonic);
        Flow direct = new Flow(interaction, new RotaryGauge([2]), cloud, Reference);
        double[] drift = new double[x.Length], expected = new double[x.Length];
        flow.Drift(x, drift);
        direct.Drift(x, expected);
        for (int i = 0; i < x.Length; i++) Assert.That(drift[i], Is.EqualTo(expected[i]).Within(2e-9));
        Assert.That(flow.Energy(0), Is.EqualTo(direct.Energy(0)).Within(1e-7).Percent);
    }

    [Test]
    public void StopsWhenAsked()
    {
        PairProblem problem = Problems.Self(1, 1, 600, 3, new Interaction(1));
        using HarmonicSums sums = new HarmonicSums(1e-6, 1);
        Assert.That(() => sums.Sum(sums.Plan(problem, RowColumns.Force), .., new RowSums(600, 3, RowColumns.Force), new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void SaysWhyNot()
    {
        using HarmonicSums sums = new HarmonicSums(1e-6, 1);
        PairProblem self = Problems.Self(1, 1, 4, 3, new Interaction(1));
        double[] other = [.. self.Q];
        PairProblem general = PairProblem.General(1, 4, 4, 3, self.Interaction, self.Q, other, other, null, self.Weights, self.KeyLabels, self.KeyLabels);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Why(self, RowColumns.Force), Is.Null);
        Assert.That(Why(general, RowColumns.Force), Does.Contain("self form"));
        Assert.That(Why(self, RowColumns.Deficit), Does.Contain("deficit"));
        Assert.That(WhyAt(4, new Interaction(1)), Does.Contain("d = 4"));
        Assert.That(WhyAt(3, new Interaction(1) { Mask = Mask.Causal }), Does.Contain("Causal"));
        Assert.That(WhyAt(3, new Interaction(1) { Profile = Profile.Linear }), Does.Contain("exponential"));
        Assert.That(WhyAt(3, new Interaction(0)), Does.Contain("beta > 0"));
        Assert.That(WhyAt(3, new Interaction(1) { Coupling = new DistanceCoupling(1) }), Does.Contain("distance"));
        Assert.That(WhyAt(3, new Interaction(1e5)), Does.Contain("degree"));
        Assert.That(WhyAt(3, new Interaction(9e15)), Does.Contain("degree"), "and takes no memory");
        Assert.That(() => Problems.Sum(sums, general, RowColumns.Force), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => new HarmonicSums(0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new HarmonicSums(double.NaN, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        string? Why(PairProblem problem, RowColumns columns) => sums.Plan(problem, columns).WhyNot;
        string? WhyAt(int d, Interaction interaction) => Why(Problems.Self(1, 1, 4, d, interaction), RowColumns.Force);
    }
}
