using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Facts;

/// <summary>Singular values of the derivative of the flow where they are known.</summary>
internal sealed class GradientFacts() : Chapter(13, "Gradients through depth")
{
    private const double Beta = 1.2, Time = 3;

    public override IEnumerable<Fact> Measure() => [.. Points(), .. Pairs(), .. Volumes()];

    private IEnumerable<Fact> Points()
    {
        const int N = 4, D = 3;
        Cloud point = new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, N, D, seed: 1);
        (Interaction Interaction, Scheme Scheme, string Name, double Share)[] cases =
        [
            (Probe.Softmax(Beta), new PostScheme(), "SA: e^(-t)", Math.Exp(-Time)),
            (new(Beta), new PostScheme(), "USA: e^(-e^beta t)", Math.Exp(-Math.Exp(Beta) * Time)),
            (Probe.Softmax(Beta), new PreScheme(0.7), "pre: r(0)/(r(0) + t)", 0.7 / (0.7 + Time)),
            (Probe.Softmax(Beta), new PeriScheme(1.5), "peri: r(0)/(r(0) + t)", 1.5 / (1.5 + Time)),
            (Probe.Softmax(Beta), new NGptScheme(0.8), "nGPT: e^(-alpha t)", Math.Exp(-0.8 * Time)),
            (Probe.Softmax(Beta), new SqrtScheme(), "sqrt: e^(2 - 2 (t + 1)^(1/2))", Math.Exp(2 - 2 * Math.Sqrt(Time + 1))),
        ];
        foreach ((Interaction interaction, Scheme scheme, string name, double share) in cases)
        {
            double[] singular = Of(interaction, scheme, point).Growth.Singular;
            yield return Relative($"singular values across a point, n = {N}, d = {D}, {name}", name, share,
                Math.Exp(singular[D - 1]), 1e-7);
            yield return Relative($"the smallest of them, {name}", name, share, Math.Exp(singular[^1]), 1e-7);
            yield return Of($"singular values of rotations, {name}", "1", 1, Math.Exp(singular[D - 2]), 1e-8);
        }
    }

    private IEnumerable<Fact> Pairs()
    {
        const double Start = 2.8;
        foreach ((Interaction interaction, string name) in ((Interaction, string)[])[(new(Beta), "USA"), (Probe.Softmax(Beta), "SA")])
        {
            (TangentGrowth growth, Cloud end) = Of(interaction, new PostScheme(), Probe.Angles(0, Start));
            double ratio = F(Probe.Angle(end)) / F(Start);
            yield return Relative($"product of singular values of two tokens from the angle {Start}, {name}", "f(a(t))/f(a(0))", ratio,
                Math.Exp(growth.Singular.Sum()), 1e-7);
            yield return Of($"the one of rotations, {name}", "1", 1, Math.Exp(growth.Singular[ratio > 1 ? 1 : 0]), 1e-7);

            double F(double a) => TwoClusters.Slope(interaction.Normalization, Beta, 1, a);
        }
    }

    // Simpson's rule.
    private IEnumerable<Fact> Volumes()
    {
        const int Intervals = 30;
        Cloud cloud = new UniformLaw().Draw(1, 4, 3, seed: 2);
        Watch watch = new([.. Enumerable.Range(0, Intervals + 1).Select(i => Time * i / Intervals)]);
        Interaction interaction = Probe.Softmax(Beta);
        TangentGrowth growth = Of(interaction, new PostScheme(), cloud, watch).Growth;
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        DriftJacobian jacobian = new(cloud, many => new Flow(interaction, Probe.NoGauge, many, sums));
        double integral = 0;
        for (int i = 0; i <= Intervals; i++)
            integral += (i is 0 or Intervals ? 1 : i % 2 == 1 ? 4 : 2) * jacobian.Matrix(watch.States[i]).Trace() * Time / Intervals / 3;
        yield return Of("logarithm of the volume of disturbances, 4 tokens, S^2, t = 3", "the integral of tr J (Liouville)", integral,
            growth.Singular.Sum(), 1e-5);
    }

    private static (TangentGrowth Growth, Cloud End) Of(Interaction interaction, Scheme scheme, Cloud cloud, Watch? watch = null)
    {
        watch ??= new([Time]);
        Integration how = Integration.Rk4(0.005) with { Scheme = scheme, Observers = [watch], Tangents = cloud.Rows * cloud.Dimension };
        Cloud end = Probe.Move(interaction, cloud, Time, how);
        return (watch.Growth!, end);
    }

    private sealed class Watch(double[] times) : TimedObserver(times)
    {
        public TangentGrowth? Growth { get; private set; }
        public List<double[]> States { get; } = [];
        public override bool NeedsDrift => false;
        public override bool NeedsTangents => true;

        protected override void Record(in Frame frame)
        {
            Growth = frame.Growth[0];
            States.Add([.. frame.Positions]);
        }
    }
}
