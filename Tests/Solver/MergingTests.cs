namespace AttentionFlow.Tests.Solver;

public class MergingTests
{
    private static readonly Interaction Softmax = new(4) { Normalization = Normalization.Softmax };

    /// <summary>Two clusters of equal tokens are two tokens from the start; they meet when the integral of the angle says.</summary>
    [Test]
    public void TwoClustersMeetAtTheTimeOfTheIntegral([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization, [Values(2, 8)] double beta)
    {
        const double Angle = 2, Distance = 1e-3;
        Cloud cloud = new ClustersLaw([[1, 0, 0], [Math.Cos(Angle), Math.Sin(Angle), 0]], 0).Draw(1, 20, 3, seed: 1);
        double time = TwoClusters.Time(normalization, beta, 1, Angle, 2 * Math.Asin(Distance / 2));
        Recorder log = Run(new Interaction(beta) { Normalization = normalization }, new IdentityGauge(), cloud, new AdaptiveStep(1e-8) { MergeDistance = Distance }, 1.1 * time, out RunResult result);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(log.Mergers, Has.Count.EqualTo(19));
        Assert.That(log.Mergers.Take(18).Select(m => m.Time), Has.All.Zero);
        Assert.That((log.Mergers[^1].MassToken, log.Mergers[^1].MassInto, log.Mergers[^1].Left), Is.EqualTo((0.5, 0.5, 1)).Within(1e-15));
        // An error e of the angle shifts the time by beta sin(angle) e of it at most; the distance is resolved to 1e-8/1e-3 in a time of the rate.
        Assert.That(log.Mergers[^1].Time, Is.EqualTo(time).Within(1e-6 * beta * time + 1e-4 / Stability.CollapseRate(new Interaction(beta) { Normalization = normalization })));
        // Two tokens cost (2/20)^2 of twenty, one costs less.
        Assert.That(result.Evaluations, Is.LessThanOrEqualTo((2 + 6 * (result.Steps + result.Rejected)) * 0.01 + 1e-9));
    }

    /// <summary>Three equiangular clusters keep their angles alike and meet when the law of K = 3 says.</summary>
    [Test]
    public void ThreeClustersMeetAtTheTimeOfTheEquiangularLaw([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        const double Beta = 3, Distance = 1e-2;
        Cloud cloud = new ClustersLaw([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 0).Draw(1, 9, 3, seed: 1);
        double last = 1 - Distance * Distance / 2;
        double time = MathNet.Numerics.Integration.GaussLegendreRule.Integrate(u => Math.Exp(u) / Equiangular.Slope(normalization, Beta, 3, 1 - Math.Exp(u)), Math.Log(1 - last), 0, 200);
        Recorder log = Run(new Interaction(Beta) { Normalization = normalization }, new IdentityGauge(), cloud, new AdaptiveStep(1e-9) { MergeDistance = Distance }, 1.1 * time, out _);
        Assert.That(log.Mergers, Has.Count.EqualTo(8));
        foreach (Merger merger in log.Mergers.Skip(6).Some()) Assert.That(merger.Time, Is.EqualTo(time).Within(1e-5 * time));
    }

    /// <summary>The merged run shows the tokens where the unmerged run has them, in replicas of different size, with weights and a gauge.</summary>
    [Test]
    public void MergingDoesNotMoveWhatIsShown()
    {
        const double Distance = 1e-4;
        Cloud cloud = Clouds.Uniform(4, 24, 3, seed: 11, Clouds.Weights(4, 24));
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Recorder plain = Run(Softmax, gauge, cloud, new AdaptiveStep(1e-8), 15, out RunResult slow), merged = Run(Softmax, gauge, cloud, new AdaptiveStep(1e-8) { MergeDistance = Distance }, 15, out RunResult fast);
        Assert.That(merged.Mergers.Select(m => m.Replica).Distinct().Count(), Is.EqualTo(4));
        Assert.That(merged.Mergers.GroupBy(m => m.Replica).Select(r => r.Last().Left).Distinct().Count(), Is.GreaterThan(1), "different sizes at the end");
        Assert.That(fast.Evaluations, Is.LessThan(0.9 * slow.Evaluations));
        // Chains of tokens may be longer than one link.
        foreach ((double[] a, double[] b) in plain.States.Zip(merged.States).Some()) Assert.That(Clouds.LargestDifference(a, b), Is.LessThan(3 * Distance));
    }

    /// <summary>Merged tokens go on from their weighted mean, which is where the flow takes the two.</summary>
    [Test]
    public void TokensMergeAtTheirWeightedMean()
    {
        Cloud cloud = new(1, 2, 3, [0, 0, 1, .. Sphere.Normalized([0, 1e-3, 1])], null, [0.25, 0.75]);
        Recorder merged = Run(new Interaction(2), new IdentityGauge(), cloud, new AdaptiveStep(1e-10) { MergeDistance = 2e-3 }, 5, out _);
        Recorder plain = Run(new Interaction(2), new IdentityGauge(), cloud, new AdaptiveStep(1e-10), 5, out _);
        Assert.That(merged.Mergers, Has.Count.EqualTo(1));
        Assert.That(merged.States[^1][..3], Is.EqualTo(Sphere.Normalized([0, 0.75 * cloud.Token(1)[1], 0.25 + 0.75 * cloud.Token(1)[2]])).Within(1e-15));
        Assert.That(merged.States[^1], Is.EqualTo(plain.States[^1]).Within(1e-9));
    }

    /// <summary>In the gauge frame a rotary run is the run without a gauge, mergers and all.</summary>
    [Test]
    public void MergersHappenInTheGaugeFrame()
    {
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud cloud = Clouds.Uniform(1, 30, 3, seed: 12);
        PreparedGauge prepared = gauge.Prepare(cloud.Labels, 3);
        double[] y = new double[90], shown = new double[90];
        prepared.Enter(cloud.Positions, y, 0, 30);
        AdaptiveStep step = new(1e-7) { MergeDistance = 1e-5 };
        Recorder rotary = Run(Softmax, gauge, cloud, step, 200, out _), baseline = Run(Softmax, new IdentityGauge(), new Cloud(1, 30, 3, y, cloud.Labels), step, 200, out _);
        Assert.That(rotary.Mergers, Is.EqualTo(baseline.Mergers), "bit for bit");
        for (int k = 0; k < rotary.States.Count; k++)
        {
            prepared.Leave(baseline.States[k], shown, 0, 30);
            Assert.That(Clouds.LargestDifference(rotary.States[k], shown), Is.LessThan(1e-15));
        }
    }

    /// <summary>Tokens with different rows of the coupling move differently at one place: they stay apart.</summary>
    [Test]
    public void OnlyTokensWithTheSameRowOfTheCouplingMerge()
    {
        foreach (Coupling coupling in new Coupling[] { new BlockCoupling(0.3), new DistanceCoupling(0.5), new ToeplitzCoupling(1.5, 1) })
        {
            Cloud cloud = new CapLaw([0, 0, 1], 0.5).Draw(1, 12, 3, seed: 3, new BlockLabels(3));
            Recorder log = Run(Softmax with { Coupling = coupling }, new IdentityGauge(), cloud, new AdaptiveStep(1e-6) { MergeDistance = 1e-4 }, 60, out _);
            Assert.That(log.Mergers, Has.Count.EqualTo(9), coupling.Name);
            Assert.That(log.Mergers.All(m => cloud.Labels[m.Token] == cloud.Labels[m.Into]));
        }
    }

    /// <summary>Who merges into whom is a forest: a lighter token is never seen again, masses add up, the count falls by one.</summary>
    [Test]
    public void TheMergersAreAForest()
    {
        Cloud cloud = Clouds.Uniform(2, 40, 3, seed: 4, Clouds.Weights(2, 40));
        Recorder log = Run(Softmax, new IdentityGauge(), cloud, new AdaptiveStep(1e-5) { MergeDistance = 1e-3 }, 1e4, out _);
        for (int r = 0; r < 2; r++)
        {
            double[] masses = cloud.Weights[(40 * r)..(40 * r + 40)];
            (int left, double time) = (40, 0);
            foreach (Merger m in log.Mergers.Where(m => m.Replica == r).Some())
            {
                Assert.That((m.MassToken, m.MassInto), Is.EqualTo((masses[m.Token], masses[m.Into])).Within(1e-15));
                Assert.That(m.MassInto, Is.GreaterThanOrEqualTo(m.MassToken));
                Assert.That(m.Time, Is.GreaterThanOrEqualTo(time));
                Assert.That(m.Left, Is.EqualTo(--left));
                (masses[m.Into], masses[m.Token], time) = (masses[m.Into] + masses[m.Token], double.NaN, m.Time);
            }
            Assert.That(left, Is.LessThan(4));
        }
    }

    /// <summary>A merging distance far below the tolerance is reached all the same: steps do not stay at the edge of stability.</summary>
    [Test]
    public void TokensMergeBelowTheTolerance()
    {
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 4);
        Run(Softmax, new IdentityGauge(), cloud, new AdaptiveStep(1e-3) { MergeDistance = 1e-9 }, 1e6, out RunResult result);
        Assert.That(result.Steps, Is.LessThan(400));
    }

    [Test]
    public void AMaskForbidsMerging()
    {
        Flow flow = Clouds.FlowOf(Softmax with { Mask = Mask.Causal }, Clouds.Uniform(1, 4, 3));
        Assert.That(() => new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-4) { MergeDistance = 1e-4 }, 1), Throws.ArgumentException.With.Message.Contain("mask"));
    }

    [Test]
    public void ARunEndsWhenItIsToldTo()
    {
        Cloud cloud = Clouds.Uniform(2, 20, 3, seed: 4);
        AdaptiveStep step = new(1e-5) { MergeDistance = 1e-4 };
        Recorder clusters = Run(Softmax, new IdentityGauge(), cloud, step, 1e6, out RunResult result, new Until(Clusters: 1));
        Assert.That((result.Status, result.Reason), Is.EqualTo((RunStatus.Complete, "clusters <= 1")));
        Assert.That(result.Time, Is.LessThan(1e6).And.GreaterThanOrEqualTo(clusters.Mergers.Where(m => m.Left == 1).Max(m => m.Time)));
        Assert.That(clusters.Times[^1], Is.EqualTo(result.Time));
        Assert.That(Run(Softmax, new IdentityGauge(), cloud, step, 1e6, out _, new Until(Clusters: 1), 2).Times[^1], Is.EqualTo(result.Time), "an observer of few times sees the end");
        Run(Softmax, new IdentityGauge(), cloud, step, 1e6, out RunResult gap, new Until(Gap: 1e-12));
        Assert.That(gap.Reason, Is.EqualTo("gap < 1E-12"));
        Recorder speed = Run(new Interaction(1), new IdentityGauge(), cloud, new AdaptiveStep(1e-9), 1e6, out result,
            new Until(Speed: 1e-6));
        Assert.That(result.Reason, Is.EqualTo("speed < 1E-06"));
        Assert.That(speed.Times.Count, Is.LessThan(60));
        Run(new Interaction(1), new IdentityGauge(), cloud, new AdaptiveStep(1e-6), 1e6, out result, new Until(Clusters: 1));
        Assert.That(result.Reason, Is.EqualTo("clusters <= 1"), "without mergers");
        Run(Softmax, new IdentityGauge(), cloud, step, 1e6, out RunResult whole);
        Assert.That((whole.Time, whole.Reason), Is.EqualTo((1e6, (string?)null)));
    }

    private static Recorder Run(Interaction interaction, Gauge gauge, Cloud cloud, AdaptiveStep step, double horizon, out RunResult result, Until? until = null, int times = 60)
    {
        Cloud moved = cloud.Copy();
        Recorder log = new(RecordTimes.Logarithmic(times, 0.1, horizon)), all = new(RecordTimes.Logarithmic(60, 0.1, horizon));
        Simulation simulation = new(Clouds.FlowOf(interaction, moved, gauge), Methods.Tsit5, step, horizon) { Until = until };
        result = simulation.Run(moved, [log, all]);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete));
        Assert.That(result.Advice, Is.Null);
        return log;
    }
}
