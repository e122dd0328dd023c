using AttentionFlow.Solver.Response;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Tests.Solver;

/// <summary>Tangent vectors that a run carries, against closed forms and against whole runs from disturbed starts.</summary>
public class TangentTests
{
    private static readonly Interaction Softmax = new(2) { Normalization = Normalization.Softmax };

    private static Cloud Point => new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, 4, 3, seed: 1);

    /// <summary>At a point d - 1 rotations stay, and what lies across decays like e^{-t}, USA like e^{-e^beta t}.</summary>
    [TestCase(true, 0.01), TestCase(false, 0.002), TestCase(true, 0), TestCase(false, 0)]
    public void DisturbancesOfAPointDecay(bool softmax, double step)
    {
        const double Beta = 1.2, Time = 3;
        double rate = softmax ? 1 : Math.Exp(Beta);
        Interaction interaction = new(Beta) { Normalization = softmax ? Normalization.Softmax : Normalization.Unnormalized };
        TangentGrowth growth = Follow(interaction, Point, Control(step), Time).Growths[^1].Single();
        double[] expected = [0, 0, .. Enumerable.Repeat(-rate * Time, 6)];
        Assert.That(growth.Singular, Is.EqualTo(expected).Within(step > 0 ? 2e-8 : 2e-6));
        Assert.That(growth.Diagonal.Sum(), Is.EqualTo(-6 * rate * Time).Within(step > 0 ? 1e-7 : 1e-5));
    }

    /// <summary>Long after e^{-t} has left the range of doubles.</summary>
    [Test]
    public void SmallSingularValuesKeepTheirDigits()
    {
        TangentGrowth growth = Follow(Softmax, Point, 0.05, 900).Growths[^1].Single();
        Assert.That(growth.Singular[1], Is.EqualTo(0).Within(1e-6));
        Assert.That(growth.Singular[^1], Is.EqualTo(-900).Within(1e-3));
    }

    /// <summary>A step of Euler's method as long as the fastest time takes tokens to their mean at once: what lies across is lost.</summary>
    [TestCase(2, 2), TestCase(4, 3)]
    public void WhatIsLostIsNoNumberBeyondTheRange(int tokens, int dimension)
    {
        Cloud point = new ClustersLaw([[.. Enumerable.Repeat(0.0, dimension - 1), 1]], 0).Draw(1, tokens, dimension, seed: 1);
        Cloud moved = point.Copy();
        Observed observed = new(1, 40);
        new Simulation(new Flow(Softmax, new IdentityGauge(), moved, new ReferenceSums()) { Tangents = 100 }, Methods.Euler, 1, 40).Run(moved, [observed]);
        foreach (TangentGrowth growth in observed.Growths.Select(g => g.Single()))
        {
            Assert.That(growth.Singular.Concat(growth.Diagonal), Has.All.Matches<double>(double.IsFinite));
            Assert.That(growth.Singular[..(dimension - 1)], Has.All.EqualTo(0).Within(1e-8));
            Assert.That(growth.Singular[(dimension - 1)..], Has.All.LessThan(-20));
        }
    }

    /// <summary>Two tokens on the circle at the angle a, a' = f(a): singular values 1, of rotations, and f(a(t))/f(a(0)).</summary>
    [TestCase(0.01), TestCase(0)]
    public void TwoTokensGrowAndDecayAsTheirAngleDoes(double step)
    {
        const double Start = Math.PI - 1e-4;
        Interaction one = new(1) { Normalization = Normalization.Softmax };
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(Start), Math.Sin(Start)]);
        Observed observed = Follow(one, cloud, step > 0 ? step : new AdaptiveStep(1e-10), 10, 42, 54);
        for (int k = 0; k < 3; k++)
        {
            double[] x = observed.States[k];
            double angle = 2 * Math.Asin(Sphere.Distance(x.AsSpan(0, 2), x.AsSpan(2, 2)) / 2), log = Math.Log(F(angle) / F(Start));
            double[] singular = observed.Growths[k].Single().Singular;
            Assert.That(singular, Is.EqualTo(new[] { Math.Max(log, 0), Math.Min(log, 0) }).Within(step > 0 ? 1e-7 : 1e-3), $"{k}");
        }
        Assert.That(observed.Growths[1].Single().Singular[0], Is.GreaterThan(7), "it has grown a thousandfold");
        Assert.That(observed.Growths[2].Single().Singular[1], Is.LessThan(-2), "and decayed since");

        static double F(double a) => TwoClusters.Slope(Normalization.Softmax, 1, 1, a);
    }

    /// <summary>Liouville: the logarithms add up to the integral of the trace of J, here by Simpson's rule.</summary>
    [Test]
    public void VolumesFollowTheTrace()
    {
        const int Intervals = 40;
        const double Time = 2;
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        Observed observed = Follow(Softmax, cloud, 0.01, [.. Enumerable.Range(0, Intervals + 1).Select(i => Time * i / Intervals)]);
        TangentGrowth end = observed.Growths[^1].Single();
        DriftJacobian jacobian = new(cloud, many => Clouds.FlowOf(Softmax, many));
        double integral = 0;
        for (int i = 0; i <= Intervals; i++)
            integral += (i is 0 or Intervals ? 1 : i % 2 == 1 ? 4 : 2) * jacobian.Matrix(observed.States[i]).Trace() * Time / Intervals / 3;
        Assert.That(end.Diagonal.Sum(), Is.EqualTo(integral).Within(1e-6));
        Assert.That(end.Singular.Sum(), Is.EqualTo(end.Diagonal.Sum()).Within(1e-12));
    }

    private static IEnumerable<TestCaseData> Flows()
    {
        yield return Case("rk4", 0.05);
        yield return Case("long steps of euler", 0.5, method: Methods.Euler);
        yield return Case("adaptive", 0);
        yield return Case("noise between", 0.05, noise: new Noise(3));
        yield return Case("noise after", 0.05, noise: new Noise(3) { Splitting = Splitting.Lie });
        yield return Case("common noise", 0.05, noise: new Noise(3, Common: 4));
        Setting setting = new(3, 3) { Redraw = 0.1 };
        Matrices laws = new(new GaussianMatrix(), new IdentityMatrix(), new BrownianMatrix());
        yield return Case("redrawn matrices", 0.05, layer: new() { Heads = [laws.Draw(0, setting)], Redraw = new(0.1, laws, setting) });
        foreach (Scheme scheme in (Scheme[])[new PreScheme(0.7), new PeriScheme(), new NGptScheme(0.8), new SqrtScheme()])
        {
            yield return Case($"{scheme}", 0.05, scheme: scheme);
            yield return Case($"{scheme}, adaptive", 0, scheme: scheme);
        }
        yield return Case("rotary", 0.05, gauge: new RotaryGauge([Clouds.Turn]));
        yield return Case("logits only", 0.05, gauge: new RotaryGauge([Clouds.Turn]), layer: new() { Code = new LogitsOnlyCode() });
        yield return Case("prompts", 0.05, layer: new() { Prompts = new Prompts([[0, 0, 1], [1, 0, 0]], null, 0.7, SeenPrompts.All) });

        static TestCaseData Case(string name, double step, Tableau? method = null, Noise? noise = null, Gauge? gauge = null, Scheme? scheme = null, Layer? layer = null) =>
            new TestCaseData((Cloud cloud) => new Flow(Softmax, gauge ?? new IdentityGauge(), cloud, new ReferenceSums(), 1, layer) { Scheme = scheme ?? new PostScheme(), Tangents = 100 },
                step, method ?? (step > 0 ? Methods.RungeKutta4 : Methods.Tsit5), noise).SetArgDisplayNames(name);
    }

    /// <summary>The whole derivative by differences of runs from disturbed starts, each under the same noise.</summary>
    [TestCaseSource(nameof(Flows))]
    public void SingularValuesAreThoseOfDifferencesOfRuns(Func<Cloud, Flow> flowOf, double step, Tableau method, Noise? noise)
    {
        const double Time = 1.5, Disturbance = 1e-4;
        Cloud cloud = Clouds.Uniform(2, 3, 3, weights: Clouds.Weights(2, 3));
        Observed observed = Run(cloud, Control(step));
        double[] end = observed.States[^1];
        for (int r = 0; r < 2; r++)
        {
            TangentSpace start = new(Part(cloud.Positions, r), 3), there = new(Part(end, r), 3);
            Matrix<double> derivative = Matrix<double>.Build.Dense(6, 6);
            for (int j = 0; j < 6; j++)
            {
                double[] v = start.Vector([.. Enumerable.Range(0, 6).Select(i => i == j ? 1.0 : 0)]);
                double[] one = Disturbed(r, v, Disturbance), other = Disturbed(r, v, -Disturbance);
                derivative.SetColumn(j, there.Coordinates([.. one.Zip(other, (a, b) => (a - b) / (2 * Disturbance))]));
            }
            double[] expected = [.. derivative.Svd().S.Select(s => Math.Log(s))];
            Assert.That(observed.Growths[^1][r].Singular, Is.EqualTo(expected).Within(step > 0 ? 1e-6 : 1e-5), $"replica {r}");
        }

        double[] Disturbed(int r, double[] v, double scale)
        {
            Cloud moved = cloud.Copy();
            TangentSpace.Move(Part(cloud.Positions, r), v, scale, moved.Positions.AsSpan(9 * r, 9), 3);
            return Part(Run(moved, step > 0 ? step : new AdaptiveStep(1e-12)).States[^1], r);
        }

        Observed Run(Cloud from, StepControl control)
        {
            Cloud moved = from.Copy();
            Observed seen = new(Time);
            RunResult result = new Simulation(flowOf(moved), method, control, Time) { Noise = noise }.Run(moved, [seen]);
            Assert.That(result.Status, Is.EqualTo(RunStatus.Complete), result.Advice);
            return seen;
        }

        static double[] Part(double[] x, int r) => x[(9 * r)..(9 * r + 9)];
    }

    /// <summary>Whoever looks at tangent vectors changes nothing else.</summary>
    [TestCase(0.05), TestCase(0)]
    public void TheRunStaysAsItIs(double step)
    {
        Cloud cloud = Clouds.Uniform(2, 5, 3);
        Recorder alone = new(0.3, 1, 2);
        Cloud moved = cloud.Copy();
        new Simulation(Clouds.FlowOf(Softmax, moved), MethodOf(Control(step)), Control(step), 2).Run(moved, [alone]);
        Assert.That(Follow(Softmax, cloud, Control(step), 0.3, 1, 2).States, Is.EqualTo(alone.States));
    }

    [Test]
    public void GradientsVanishAndExplodeWithAnAlert()
    {
        Cloud apart = new(1, 2, 2, [1, 0, Math.Cos(Math.PI - 1e-4), Math.Sin(Math.PI - 1e-4)]);
        Interaction one = new(1) { Normalization = Normalization.Softmax };
        Assert.That(Signs(Softmax, Point, 8), Is.EqualTo((string[])["gradients vanish"]));
        Assert.That(Signs(Softmax, Point, 7), Is.Empty);
        Assert.That(Signs(one, apart, 40), Is.EqualTo((string[])["gradients explode"]));

        static string[] Signs(Interaction interaction, Cloud cloud, double time)
        {
            Flow flow = Clouds.FlowOf(interaction, cloud);
            Observable gradient = Observable.All["gradient"](flow);
            AlertWatch watch = new();
            TangentGrowth[] growth = Follow(interaction, cloud, 0.01, time).Growths[^1];
            watch.See(gradient, time, gradient.Values(new Frame(time, 0, cloud.Positions, [], flow) { Growth = growth }));
            return [.. watch.Alerts.Select(a => a.Sign)];
        }
    }

    [Test]
    public void ColumnsAreSingularValuesAndExponents()
    {
        Flow flow = Clouds.FlowOf(Softmax, Point);
        Frame frame = new(2, 0, Point.Positions, [], flow) { Growth = [new([4, 2, -6, -8], [710, 0, -1, -800])] };
        Assert.That(Observable.All["gradient"](flow).Values(frame), Is.EqualTo(new[] { double.MaxValue, 0, Math.Exp(-22.75) }).Within(1e-14).Percent);
        Assert.That(Observable.All["lyapunov"](flow).Values(frame), Is.EqualTo(new double[] { 2, 1, -3, -4 }));
        Assert.That(() => Observable.All["gradient"](flow).Values(new Frame(2, 0, Point.Positions, [], flow)), Throws.InvalidOperationException);
    }

    /// <summary>R = [[1, 1], [0, e]] has singular values near sqrt 2 and e/sqrt 2.</summary>
    [TestCase(1e-8), TestCase(1e-200)]
    public void AProductKeepsSmallSingularValues(double small)
    {
        TriangularProduct product = new TriangularProduct(2).After([1, 1, 0, small]);
        Assert.That(product.SingularLogs(), Is.EqualTo(new[] { Math.Log(2) / 2, Math.Log(small) - Math.Log(2) / 2 }).Within(1e-14));
    }

    private static Observed Follow(Interaction interaction, Cloud cloud, StepControl control, params double[] times)
    {
        Cloud moved = cloud.Copy();
        Flow flow = new(interaction, new IdentityGauge(), moved, new ReferenceSums()) { Tangents = 100 };
        Observed observed = new(times);
        RunResult result = new Simulation(flow, MethodOf(control), control, times[^1]).Run(moved, [observed]);
        Assert.That(result.Status, Is.EqualTo(RunStatus.Complete), result.Advice);
        return observed;
    }

    private static StepControl Control(double step) => step > 0 ? step : new AdaptiveStep(1e-7);

    private static Tableau MethodOf(StepControl control) => control is FixedStep ? Methods.RungeKutta4 : Methods.Tsit5;

    private sealed class Observed(params double[] times) : TimedObserver(times)
    {
        public List<TangentGrowth[]> Growths { get; } = [];
        public List<double[]> States { get; } = [];
        public override bool NeedsDrift => false;
        public override bool NeedsTangents => true;

        protected override void Record(in Frame frame)
        {
            Growths.Add([.. frame.Growth]);
            States.Add([.. frame.Positions]);
        }
    }
}
