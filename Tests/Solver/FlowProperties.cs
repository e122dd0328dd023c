using FsCheck;
using FsCheck.Fluent;

namespace AttentionFlow.Tests.Solver;

/// <summary>What holds for every flow, over random sizes, interactions, gauges, weights and clouds.</summary>
public class FlowProperties
{
    private static readonly Interaction[] Interactions = [.. Clouds.Interactions()];

    private sealed record Draw(int Replicas, int Tokens, int Dimension, int Interaction, int Gauge, ulong Seed)
    {
        public Interaction TheInteraction => Interactions[Interaction];
        public Gauge TheGauge => Clouds.GaugesOn(Dimension).ElementAt(Gauge);
        public Cloud Cloud => Clouds.WithLabelsFor(TheInteraction.Coupling, Clouds.Uniform(Replicas, Tokens, Dimension, Seed, Clouds.Weights(Replicas, Tokens, Seed)));
    }

    private static readonly Arbitrary<Draw> Draws = Arb.From(
        from replicas in Gen.Choose(1, 3)
        from tokens in Gen.Choose(1, 40)
        from dimension in Gen.Choose(2, 9)
        from interaction in Gen.Choose(0, Interactions.Length - 1)
        from gauge in Gen.Choose(0, 2)
        from seed in Gen.Choose(1, 1_000_000)
        select new Draw(replicas, tokens, dimension, interaction, gauge, (ulong)seed));

    [Test]
    public void VectorisedFlowsAgreeWithTheArbiterInTheFrameOfX() => Prop.ForAll(Draws, draw =>
    {
        using SimdSums sums = new(Precision.Double, threads: 2);
        Cloud cloud = draw.Cloud;
        double[] drift = new Flow(draw.TheInteraction, draw.TheGauge, cloud, sums).DriftAt(cloud.Positions);
        double[] expected = Arbiter.Drift(draw.TheInteraction, draw.TheGauge, cloud);
        return Clouds.LargestDifference(drift, expected) <= 1e-12 * Math.Max(1, expected.Max(Math.Abs));
    }).CheckReplayed();

    [Test]
    public void AShortStepNeverLowersTheEnergy() => Prop.ForAll(Draws, draw =>
    {
        using SimdSums sums = new(Precision.Double, threads: 2);
        Cloud cloud = draw.Cloud;
        Flow flow = new(draw.TheInteraction, draw.TheGauge, cloud, sums);
        Stepper stepper = new(flow, Methods.RungeKutta4);
        stepper.Begin(cloud.Positions);
        double[] before = [.. Enumerable.Range(0, cloud.Replicas).Select(flow.EnergyRatio)];
        stepper.Advance(cloud.Positions, 0.01);
        stepper.Begin(cloud.Positions);
        return Enumerable.Range(0, cloud.Replicas).All(r => flow.EnergyRatio(r) >= before[r] - flow.EnergyRounding);
    }).CheckReplayed();
}
