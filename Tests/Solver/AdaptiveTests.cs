namespace AttentionFlow.Tests.Solver;

/// <summary>Adaptive steps: error against tolerance, dense output, replicas with times of their own.</summary>
public class AdaptiveTests
{
    private static readonly Interaction Softmax = new(4) { Normalization = Normalization.Softmax };
    private static IEnumerable<Tableau> AdaptiveMethods => Tableau.All.Where(t => t.IsAdaptive);

    /// <summary>Weights that sum to 0, dense output that ends in the step's own weights and integrates 1, t, t^2, t^3 exactly.</summary>
    [TestCaseSource(nameof(AdaptiveMethods))]
    public void EmbeddedWeightsAndDenseOutputAreConsistent(Tableau method)
    {
        double[] nodes = [.. method.A.Select(row => row.Sum()), 1];
        Assert.That(method.Error!.Sum(), Is.EqualTo(0).Within(1e-15));
        for (int power = 1; power < method.Order - 1; power++)
            Assert.That(method.Error!.Zip(nodes, (e, c) => e * Math.Pow(c, power)).Sum(), Is.EqualTo(0).Within(2e-14), "an estimate of order 4");
        Assert.That(method.Dense!.Select(b => b.Sum()), Is.EqualTo(method.B.Append(0)).Within(1e-14));
        foreach (double u in new[] { 0.25, 0.5, 0.9 })
            for (int power = 0; power < 4; power++)
            {
                double sum = method.Dense!.Zip(nodes, (b, c) => u * MathNet.Numerics.Polynomial.Evaluate(u, b) * Math.Pow(c, power)).Sum();
                Assert.That(sum, Is.EqualTo(Math.Pow(u, power + 1) / (power + 1)).Within(3e-14));
            }
    }

    /// <summary>Order 4: within a step the error falls like h^5, on the sphere, for a rotary flow with unequal weights.</summary>
    [Test]
    public void DenseOutputHasOrderFour([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        Interaction interaction = new(1.5) { Normalization = normalization };
        Gauge gauge = new RotaryGauge([Clouds.Turn]);
        Cloud cloud = Clouds.Uniform(1, 12, 3, seed: 2, Clouds.Weights(1, 12));
        double[] steps = [1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64], errors = [.. steps.Select(Error)];
        Assert.That(Clouds.Slope(steps, errors), Is.EqualTo(5).Within(0.3), string.Join(", ", errors));

        // The largest error over a share u of the step that follows t = 1.
        double Error(double h)
        {
            Stepper stepper = new(new Flow(interaction, gauge, cloud, new ReferenceSums()), Methods.Tsit5);
            double[] x = [.. cloud.Positions], end = new double[x.Length], between = new double[x.Length];
            stepper.Begin(x);
            for (int i = 0; i < 64; i++)
            {
                stepper.Advance(x, 1.0 / 64);
                stepper.Begin(x);
            }
            stepper.Attempt(x, end, [h], default);
            return new[] { 0.3, 0.5, 0.8 }.Max(u =>
            {
                stepper.Interpolate(x, 0, 12, h, u, between);
                double[] exact = Clouds.Integrate(interaction, gauge, cloud, Methods.Tsit5, 1.0 / 512, 1 + u * h).Positions;
                for (int i = 0; i < 12; i++) Assert.That(Sphere.Norm(between.AsSpan(3 * i, 3)), Is.EqualTo(1).Within(4e-16));
                return Clouds.LargestDifference(between, exact);
            });
        }
    }

    /// <summary>The error at recording times follows the tolerance, with no more steps for more recording times.</summary>
    [Test]
    public void ErrorsFollowTheToleranceAtAllRecordingTimes([ValueSource(typeof(Clouds), nameof(Clouds.Normalizations))] Normalization normalization)
    {
        Interaction interaction = Softmax with { Normalization = normalization, Beta = 3 };
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 4);
        Recorder exact = new(RecordTimes.Linear(41, 10)), few = new(10);
        Run(interaction, cloud, 1e-12, exact);
        long steps = 0;
        foreach (double tolerance in new[] { 1e-4, 1e-6, 1e-8 })
        {
            Recorder kept = new(RecordTimes.Linear(41, 10));
            RunResult result = Run(interaction, cloud, tolerance, kept);
            double error = kept.States.Zip(exact.States, (a, b) => Clouds.LargestDifference(a, b)).Max();
            Assert.That(error, Is.GreaterThan(1e-3 * tolerance).And.LessThan(50 * tolerance), $"{tolerance}");
            Assert.That(result.Steps, Is.GreaterThan(steps));
            Assert.That(Run(interaction, cloud, tolerance, few).Steps, Is.EqualTo(steps = result.Steps), "recording costs no steps");
            Assert.That(result.Evaluations, Is.EqualTo(1 + 6 * (result.Steps + result.Rejected)));
            Assert.That(result.ObservationEvaluations, Is.Zero);
        }
    }

    /// <summary>A replica among others takes the steps it takes alone, bit for bit, and waits for them without being evaluated.</summary>
    [Test]
    public void EveryReplicaHasItsOwnTimeAndStep()
    {
        Cloud three = Clouds.Uniform(3, 16, 3, seed: 9);
        // Replica 1 starts collapsed: a few long steps.
        for (int i = 16; i < 32; i++) new double[] { 0, 0, 1 }.CopyTo(three.Token(i));
        double[] times = [0, 0.7, 3, 20];
        Recorder together = new(times);
        RunResult all = Run(Softmax, three, 1e-6, together);
        double evaluations = 0;
        for (int r = 0; r < 3; r++)
        {
            Cloud one = new(1, 16, 3, three.Positions[(48 * r)..(48 * r + 48)], three.Labels[(16 * r)..(16 * r + 16)]);
            Recorder alone = new(times);
            evaluations += Run(Softmax, one, 1e-6, alone).Evaluations / 3;
            for (int k = 0; k < times.Length; k++) Assert.That(together.States[k][(48 * r)..(48 * r + 48)], Is.EqualTo(alone.States[k]));
        }
        Assert.That(all.Evaluations, Is.EqualTo(evaluations).Within(1e-9));
        Assert.That(all.Evaluations, Is.LessThan(0.8 * (1 + 6 * (all.Steps + all.Rejected))), "the collapsed replica waits most of the time");
    }

    [Test]
    public void ThreadsDoNotChangeABit()
    {
        Cloud cloud = Clouds.Uniform(2, 5000, 3, seed: 5);
        double[][] ends = [.. new[] { 1, 3 }.Select(threads =>
        {
            Cloud moved = new(2, 5000, 3, [.. cloud.Positions]);
            using FastSums sums = new(Summation.Fast, 1e-8, Precision.Double, threads);
            new Simulation(new Flow(Softmax, new RotaryGauge([3]), moved, sums, threads), Methods.Tsit5, new AdaptiveStep(1e-4), 1, threads).Run(moved, []);
            return moved.Positions;
        })];
        Assert.That(ends[1], Is.EqualTo(ends[0]));
    }

    /// <summary>The drift of a frame is that of its positions, only where an observer asks for it, and counted apart.</summary>
    [Test]
    public void FramesAreEvaluatedWhereAnObserverNeedsIt()
    {
        Cloud cloud = Clouds.Uniform(2, 16, 3, seed: 9);
        double[] times = RecordTimes.Linear(5, 2);
        Recorder without = new(times), with = new(times) { Needs = true };
        Assert.That(Run(Softmax, cloud, 1e-5, without).ObservationEvaluations, Is.Zero);
        Assert.That(Run(Softmax, cloud, 1e-5, with).ObservationEvaluations, Is.EqualTo(5));
        Assert.That(with.States, Is.EqualTo(without.States));
        Assert.That(without.Drifts, Has.All.Empty);
        Assert.That(with.Drifts[^1], Is.EqualTo(Clouds.FlowOf(Softmax, cloud).DriftAt(with.States[^1])));
    }

    /// <summary>No drop of the energy from step to step, and the steps of a replica in order, ending at the horizon.</summary>
    [Test]
    public void StepsAreToldReplicaByReplica()
    {
        Cloud cloud = Clouds.Uniform(3, 30, 3, seed: 6);
        StepLog log = new();
        Run(Softmax, cloud, 1e-4, log);
        foreach (IGrouping<int, Step> replica in log.Seen.GroupBy(s => s.Replica).Some())
        {
            Step[] steps = [.. replica];
            Assert.That(steps[0].Length, Is.Zero);
            Assert.That(steps[^1].Time, Is.EqualTo(20));
            Assert.That(steps.Select(s => s.Energy), Is.Ordered);
            Assert.That(steps.Select(s => s.Rate), Has.All.GreaterThanOrEqualTo(0));
            for (int i = 1; i < steps.Length; i++) Assert.That(steps[i].Time, Is.EqualTo(steps[i - 1].Time + steps[i].Length).Within(1e-14));
        }
    }

    [Test]
    public void AToleranceThatCannotBeMetEndsTheRunWithASentence()
    {
        Cloud cloud = Clouds.Uniform(1, 20, 3, seed: 6);
        using NoisySums sums = new();
        RunResult result = new Simulation(new Flow(Softmax, new IdentityGauge(), cloud, sums), Methods.Tsit5, new AdaptiveStep(1e-8), 20).Run(cloud, []);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Diverged));
        Assert.That(result.Advice, Does.StartWith("the step fell to ").And.EndWith("a tolerance of 1E-08 cannot be met; allow more, or use double precision"));
    }

    // Two tokens at 1 rad wait some e^{beta (1 - cos 1)} = 1e69, then meet within a time of 1.
    [Test, CancelAfter(60_000)]
    public void AClockWithoutDigitsForAMergerEndsTheRunWithASentence(CancellationToken stop)
    {
        Interaction interaction = new(345) { Unit = TimeUnit.Collapse };
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(1), Math.Sin(1)]);
        using IPairSums sums = new SimdSums(Precision.Double, 1);
        Flow flow = new(interaction, new IdentityGauge(), cloud, sums);
        RunResult result = new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-4), 1e100).Run(cloud, [], stop);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Diverged));
        Assert.That(result.Advice, Does.Match(@"^steps of \S+ are below the last digit of t = \S+E\+6\d, and the flow's fastest time is 1: a double has no digits for both; end the run earlier$"));
    }

    [Test]
    public void FixedStepsThatLoseEnergyAreNamedWithABetterOne()
    {
        Cloud cloud = Clouds.Uniform(1, 32, 3, seed: 3);
        RunResult result = new Simulation(Clouds.FlowOf(new Interaction(2), cloud), Methods.Euler, 2, 20).Run(cloud, []);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete));
        // 2/e^2 is the limit.
        Assert.That(result.Advice, Does.Match("^the energy fell at [0-9]+ steps, .* use a step of 0.1 or less, or tsit5"));
    }

    [Test]
    public void WhereNoStepWillDoTheAdviceNamesNone()
    {
        Flow flow = Clouds.FlowOf(new Interaction(100), Clouds.Uniform(1, 4, 3));
        Assert.That(Stability.AfterDrops(flow, Methods.Heun, 0.1, 198),
            Does.StartWith("the energy fell at 198 steps").And.EndsWith("no step is small enough near collapse, where tokens close in at the rate 2.688E+43; reduce abs(beta), use softmax, or, for a beta above 0, times in units of e^(-beta), \"unit\": \"collapse\""));
    }

    [Test]
    public void FixedMethodsRefuseATolerance()
    {
        Assert.That(() => new Simulation(Clouds.FlowOf(Softmax, Clouds.Uniform(1, 4, 3)), Methods.Heun, new AdaptiveStep(1e-4), 1),
            Throws.ArgumentException.With.Message.StartWith("heun estimates no error"));
    }

    private static RunResult Run(Interaction interaction, Cloud cloud, double tolerance, params IObserver[] observers)
    {
        Cloud moved = cloud.Copy();
        Flow flow = Clouds.FlowOf(interaction, moved);
        double horizon = observers.OfType<Recorder>().Select(k => k.Last).DefaultIfEmpty(20).Max();
        return new Simulation(flow, Methods.Tsit5, new AdaptiveStep(tolerance), horizon).Run(moved, observers);
    }

    private sealed class StepLog : IObserver
    {
        public List<Step> Seen { get; } = [];
        public void Stepped(in Step step) => Seen.Add(step);
    }

    // Forces off by a relative 1e-3 that changes from call to call.
    private sealed class NoisySums : IPairSums
    {
        private readonly ReferenceSums _exact = new();
        private readonly Random _random = new(1);
        public string Name => "noisy";
        public SumStatistics Statistics => _exact.Statistics;
        public Plan Plan(PairProblem problem, RowColumns columns) => new(problem, columns) { RelativeError = 1e-3 };

        public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
        {
            _exact.Sum(plan, rows, into, stop);
            for (int i = 0; i < into.Force.Length; i++) into.Force[i] += 1e-1 * (_random.NextDouble() - 0.5);
        }

        public void Dispose() => _exact.Dispose();
    }
}
