using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Tests.Solver;

/// <summary>Weights as a state: dm_i/dt = alpha m_i (U_i - sum_k m_k U_k), U_i = dE/dm_i.</summary>
public class SelectionTests
{
    private const double Alpha = 0.7;

    private static readonly double[] Steps = [1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64];

    private static Dictionary<string, (Interaction Interaction, Gauge Gauge, Layer Layer)> Kinds { get; } = Make();

    private static IEnumerable<string> Names => Kinds.Keys;

    private static Dictionary<string, (Interaction, Gauge, Layer)> Make()
    {
        Layer plain = new() { Selection = Alpha };
        Gauge none = new IdentityGauge(), rotary = new RotaryGauge([Clouds.Turn]);
        Matrix<double> symmetric = Matrix<double>.Build.DenseDiagonal(3, 3, i => 0.4 + 0.3 * i);
        Interaction usa = new(1.7), sa = usa with { Normalization = Normalization.Softmax };
        Prompts prompts = new([Sphere.Axis(3, 0), Sphere.Axis(3, 2)], null, 0.6);
        return new()
        {
            ["USA"] = (usa, none, plain),
            ["SA"] = (sa, rotary, plain),
            ["linear"] = (usa with { Profile = Profile.Linear }, rotary, plain),
            ["sigmoid"] = (usa with { Profile = Profile.Sigmoid }, rotary, plain),
            ["polynomial"] = (sa with { Profile = Profile.Polynomial }, none, plain),
            ["collapse"] = (usa with { Unit = TimeUnit.Collapse }, none, plain),
            ["coupling"] = (usa with { Coupling = new DistanceCoupling(0.4) }, none, plain),
            ["prompts"] = (usa, none, plain with { Prompts = prompts }),
            ["prompts, SA"] = (sa, rotary, plain with { Prompts = prompts, Pin = new PinningPrompt(Sphere.Axis(3, 1), 0.3) }),
            ["negative beta"] = (usa, none, plain with { HasNegativeBeta = true, Prompts = prompts }),
            ["matrices"] = (usa, none, plain with { Heads = [new Head(null, symmetric, symmetric), new Head()] }),
            ["code"] = (usa, none, plain with { Code = new AdditiveCode(0.5) }),
            ["perceptron"] = (usa, rotary, plain with { Perceptron = new(3, symmetric, null, true, [0.2, -0.1, 0.3], Activation.Tanh) }),
        };
    }

    private static Cloud Start(int replicas = 1) => Clouds.Uniform(replicas, 9, 3, seed: 5, Clouds.Weights(replicas, 9));

    /// <summary>E is quadratic in the weights: a central difference from token j to token i is U_i - U_j but for rounding, by the arbiter's energy.</summary>
    [TestCaseSource(nameof(Names))]
    public void GrowthIsTheGradientOfTheArbitersEnergy(string name)
    {
        (Interaction interaction, Gauge gauge, Layer layer) = Kinds[name];
        const double Step = 1e-3;
        Cloud cloud = Start();
        State rate = new(new double[27], []) { Weights = new double[9] };
        using IPairSums sums = new SimdSums(Precision.Double, 1);
        new Flow(interaction, gauge, cloud, sums, 1, layer).Drift(new State(cloud.Positions, []) { Weights = cloud.Weights }, rate, ..);
        for (int i = 1; i < 9; i++)
        {
            double difference = (EnergyWith(i, Step) - EnergyWith(i, -Step)) / (2 * Step) * Math.Exp(-interaction.UnitExponent);
            Assert.That(rate.Weights[i] - rate.Weights[0], Is.EqualTo(Alpha * difference).Within(1e-11));
        }
        Assert.That(CompensatedSum.Of(cloud.Weights, rate.Weights), Is.EqualTo(0).Within(1e-14), "the sum of the weights stays");

        double EnergyWith(int i, double step)
        {
            double[] weights = [.. cloud.Weights];
            (weights[i], weights[0]) = (weights[i] + step, weights[0] - step);
            return Arbiter.Energy(interaction, gauge, new Cloud(1, 9, 3, cloud.Positions, cloud.Labels, weights), 0, layer);
        }
    }

    /// <summary>dE/dt = sum_i m_i N_i |dx_i|^2 + alpha sum_i m_i (U_i - sum_k m_k U_k)^2 all along a run, by differences of order 4.</summary>
    [TestCaseSource(nameof(Names))]
    public void DissipationIsTheRateOfTheEnergyAlongARun(string name)
    {
        (Interaction interaction, Gauge gauge, Layer layer) = Kinds[name];
        const double H = 2.5e-3;
        Cloud cloud = Start();
        Teller teller = new();
        Flow flow = new(interaction, gauge, cloud, new ReferenceSums(), 1, layer);
        Assert.That(new Simulation(flow, Methods.RungeKutta4, H, 0.5).Run(cloud, [teller]).Status, Is.EqualTo(RunStatus.Complete));
        double[] e = [.. teller.Steps.Select(s => s.Energy)];
        for (int k = 2; k < e.Length - 2; k++)
            Assert.That((8 * (e[k + 1] - e[k - 1]) - (e[k + 2] - e[k - 2])) / (12 * H), Is.EqualTo(teller.Steps[k].Rate).Within(2e-6 * (1 + teller.Steps[k].Rate)));
        Assert.That(cloud.Weights, Is.Not.EqualTo(Start().Weights).Within(1e-3), "weights move");
        Assert.That(CompensatedSum.Of(cloud.Weights, [.. cloud.Weights.Select(_ => 1.0)]), Is.EqualTo(1).Within(4e-16));
        Assert.That(cloud.Weights, Has.All.GreaterThan(0));
        Assert.That(flow.Weights.ToArray(), Is.EqualTo(cloud.Weights));
    }

    /// <summary>Two opposite points rest. With u = 2 m - 1 and c = 2 alpha sinh(beta)/beta, u^2 follows the logistic equation d(u^2)/dt = c u^2 (1 - u^2).</summary>
    [Test]
    public void TwoOppositePointsFollowTheLogisticEquation([Values(0.2, 1, 3)] double beta, [Values] bool softmax)
    {
        const double Horizon = 1.5, First = 0.55;
        Cloud cloud = new(1, 2, 2, [1, 0, -1, 0], null, [First, 1 - First]);
        Interaction interaction = new(beta) { Normalization = softmax ? Normalization.Softmax : Normalization.Unnormalized };
        Flow flow = new(interaction, new IdentityGauge(), cloud, new ReferenceSums(), 1, new Layer { Selection = Alpha });
        new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-12), Horizon).Run(cloud, []);
        double u = 2 * First - 1, decay = Math.Exp(-2 * Alpha * Math.Sinh(beta) / beta * Horizon);
        Assert.That(2 * cloud.Weights[0] - 1, Is.EqualTo(1 / Math.Sqrt(1 + (1 / (u * u) - 1) * decay)).Within(1e-10));
        Assert.That(cloud.Positions, Is.EqualTo(new double[] { 1, 0, -1, 0 }));
    }

    /// <summary>The slope of log error against log step is the order of the method, for positions and weights together.</summary>
    [Test]
    public void OrderBySlope([Values("euler", "heun", "rk4")] string method, [Values("USA", "prompts, SA")] string name)
    {
        (Interaction interaction, Gauge gauge, Layer layer) = Kinds[name];
        Tableau tableau = Tableau.All.Single(t => t.Name == method);
        Cloud exact = Moved(Methods.Tsit5, 1.0 / 512);
        double[] errors = [.. Steps.Select(h => Moved(tableau, h)).Select(c => Math.Max(Clouds.LargestDifference(c.Weights, exact.Weights), Clouds.LargestDifference(c.Positions, exact.Positions)))];
        double[] weights = [.. Steps.Select(h => Clouds.LargestDifference(Moved(tableau, h).Weights, exact.Weights))];
        Assert.That(Clouds.Slope(Steps[1..], errors[1..]), Is.EqualTo(tableau.Order).Within(0.25), string.Join(", ", errors));
        Assert.That(Clouds.Slope(Steps[1..], weights[1..]), Is.EqualTo(tableau.Order).Within(0.3), string.Join(", ", weights));

        Cloud Moved(Tableau with, double step)
        {
            Cloud cloud = Start();
            new Simulation(new Flow(interaction, gauge, cloud, new ReferenceSums(), 1, layer), with, step, 0.5).Run(cloud, []);
            return cloud;
        }
    }

    /// <summary>Adaptive steps, dense output and replicas at times of their own, against fixed steps; on the device cpu against the reference; radii beside weights.</summary>
    [Test]
    public void AdaptiveStepsComeWhereFixedOnesDo([Values] bool pre)
    {
        (Interaction interaction, Gauge gauge, Layer layer) = Kinds["SA"];
        Scheme scheme = pre ? new PreScheme(0.7) : new PostScheme();
        Cloud one = Start(3), other = Start(3);
        Weigher seen = new(0.3, 1), expected = new(0.3, 1);
        using IPairSums sums = new SimdSums(Precision.Double, 2);
        new Simulation(new Flow(interaction, gauge, one, sums, 2, layer) { Scheme = scheme }, Methods.Tsit5, new AdaptiveStep(1e-11), 1, 2).Run(one, [seen]);
        new Simulation(new Flow(interaction, gauge, other, new ReferenceSums(), 1, layer) { Scheme = scheme }, Methods.RungeKutta4, 1.0 / 256, 1).Run(other, [expected]);
        for (int k = 0; k < 2; k++) Assert.That(seen.Weights[k], Is.EqualTo(expected.Weights[k]).Within(2e-8));
        Assert.That(one.Weights, Is.EqualTo(seen.Weights[1]));
        Assert.That(one.Positions, Is.EqualTo(other.Positions).Within(1e-8));
        Assert.That(seen.Gaps[0], Is.EqualTo(expected.Gaps[0]).Within(1e-7), "observables take the weights of their time");
    }

    /// <summary>The lightest token of a long run has the smallest normal number, and all are still a cloud.</summary>
    [Test]
    public void NoWeightVanishes()
    {
        Cloud cloud = new(1, 2, 2, [1, 0, -1, 0], null, [0.9, 0.1]);
        Flow flow = new(new Interaction(1), new IdentityGauge(), cloud, new ReferenceSums(), 1, new Layer { Selection = 10 });
        new Simulation(flow, Methods.RungeKutta4, 0.01, 60).Run(cloud, []);
        Assert.That((cloud.Weights[0], cloud.Weights[1]), Is.EqualTo((1.0, Math.ScaleB(1, -1022))));
        Assert.That(() => cloud.Copy(), Throws.Nothing);
    }

    [Test]
    public void WhatItExcludesIsRefused()
    {
        Cloud cloud = Start();
        Layer layer = new() { Selection = 1 };
        Interaction usa = new(1);
        Assert.That(() => Of(usa with { Mask = Mask.Causal }, layer), Throws.ArgumentException.With.Message.EqualTo("weights move up an energy, and a masked flow climbs no energy"));
        Assert.That(() => Of(usa with { Normalization = Clouds.Named("bias") }, layer), Throws.ArgumentException.With.Message.Contains("under 'bias' weights are frozen"));
        Assert.That(() => Of(usa, layer with { Selection = -1 }), Throws.ArgumentException.With.Message.Contains("at least 0"));
        using IPairSums fast = DeviceCatalog.Open("cpu", Precision.Double, 1, Summation.Coalesced);
        Cloud large = Clouds.Uniform(1, 600, 3);
        Assert.That(() => new Flow(usa, new IdentityGauge(), large, fast, 1, layer), Throws.TypeOf<NotSupportedException>().With.Message.Contains("summed directly"));
        Flow flow = Of(usa, layer);
        foreach (string name in (string[])["sink", "low_pass", "attention_entropy", "participation", "entropy_floor", "gradient", "lyapunov", "limit", "law_distance"])
            Assert.That(() => Observable.All[name](flow), Throws.TypeOf<NotSupportedException>(), name);
        Assert.That(() => new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-4) { MergeDistance = 1e-3 }, 1), Throws.ArgumentException.With.Message.Contains("cannot merge"));

        Flow Of(Interaction interaction, Layer with) => new(interaction, new IdentityGauge(), cloud, new ReferenceSums(), 1, with);
    }

    private sealed class Teller : IObserver
    {
        public List<Step> Steps { get; } = [];
        public void Stepped(in Step step) => Steps.Add(step);
    }

    // Weights as the flow has them, without asking for a drift, and the gaps.
    private sealed class Weigher(params double[] times) : TimedObserver(times)
    {
        public List<double[]> Weights { get; } = [];
        public List<double[]> Gaps { get; } = [];
        public override bool NeedsDrift => false;

        protected override void Record(in Frame frame)
        {
            Weights.Add([.. frame.Flow.Weights]);
            Gaps.Add(Observable.All["gaps"](frame.Flow).Values(frame, frame.Flow.Replicas));
        }
    }
}
