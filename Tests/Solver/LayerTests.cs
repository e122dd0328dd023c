using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Tests.Solver;

/// <summary>Heads, matrices, codes, prompts, masks and normalisations: all of them against the arbiter, energies by their gradient.</summary>
public class LayerTests
{
    private static readonly ReferenceSums Sums = new();

    /// <summary>Layers on S^{d-1} by name.</summary>
    public static IEnumerable<KeyValuePair<string, Layer>> Layers(int d)
    {
        Matrix<double> a = Random(d, 1), b = Random(d, 2), c = Random(d, 3), symmetric = (a + a.Transpose()) / 2;
        double[][] points = [Sphere.Axis(d, 0), Sphere.Axis(d, d - 1), Sphere.Normalized([.. Enumerable.Repeat(-1.0, d)])];
        Head climbing = new(value: symmetric, key: symmetric), general = new(a, b, c);
        return new Dictionary<string, Layer>
        {
            ["prompts"] = new() { Prompts = new Prompts(points, [1, 2, 3], 0.7) },
            ["labelled prompts"] = new() { Prompts = new Prompts(points, null, 0.7, SeenPrompts.Labelled) },
            ["pin"] = new() { Pin = new PinningPrompt(points[2], 0.3) },
            ["prompts and pin"] = new() { Prompts = new Prompts(points[..1]), Pin = new PinningPrompt(points[2], 0.3) },
            ["matrices"] = new() { Heads = [general] },
            ["value"] = new() { Heads = [new Head(value: c)] },
            ["symmetric"] = new() { Heads = [climbing], Prompts = new Prompts(points) },
            ["heads"] = new() { Heads = [general, climbing, new Head()], Prompts = new Prompts(points) },
            ["climbing heads"] = new() { Heads = [climbing, new Head()], Pin = new PinningPrompt(points[0], 0.2) },
            ["logits only"] = new() { Code = new LogitsOnlyCode(), Prompts = new Prompts(points) },
            ["logits only with matrices"] = new() { Code = new LogitsOnlyCode(), Heads = [general] },
            ["logits alone, pinned"] = new() { Code = new LogitsOnlyCode(), Pin = new PinningPrompt(points[2], 0.3) },
            ["additive"] = new() { Code = new AdditiveCode(0.8), Pin = new PinningPrompt(points[2], 0.3) },
            ["additive with matrices"] = new() { Code = new AdditiveCode(0.8), Heads = [climbing, climbing] },
            ["falling"] = new() { Heads = [new Head(key: symmetric, value: -symmetric), new Head()] },
            ["negative beta"] = new() { HasNegativeBeta = true },
            ["negative beta, prompts and pin"] = new() { HasNegativeBeta = true, Prompts = new Prompts(points, [1, 2, 3], 0.7), Pin = new PinningPrompt(points[2], 0.3) },
            ["negative beta, labelled prompts"] = new() { HasNegativeBeta = true, Prompts = new Prompts(points, null, 0.7, SeenPrompts.Labelled) },
            ["negative beta, heads"] = new() { HasNegativeBeta = true, Heads = [climbing, new Head()], Code = new AdditiveCode(0.8) },
            ["negative beta, general"] = new() { HasNegativeBeta = true, Heads = [general], Code = new LogitsOnlyCode(), Prompts = new Prompts(points) },
            ["negative beta, concatenated"] = new() { HasNegativeBeta = true, Code = new ConcatenatedCode(0.8) },
            ["perceptron"] = new() { Perceptron = new(d, a, b, false, a.Row(0).ToArray(), Activation.Gelu, 0.7), Prompts = new Prompts(points) },
            ["relu"] = new() { Perceptron = new(d, a, null, true, b.Row(0).ToArray(), Activation.Relu, -1.2) },
            ["gelu"] = new() { Perceptron = new(d, null, null, false, a.Row(0).ToArray()), Heads = [climbing, new Head()], HasNegativeBeta = true },
            ["tanh"] = new() { Perceptron = new(d, a, null, true, null, Activation.Tanh, 2), Pin = new PinningPrompt(points[2], 0.3) },
            ["perceptron, logits only"] = new() { Perceptron = new(d, a, b, false), Code = new LogitsOnlyCode() },
            ["concatenated"] = new() { Code = new ConcatenatedCode(0.8), Prompts = new Prompts(points) },
            ["concatenated with matrices"] = new() { Code = new ConcatenatedCode(0.8), Heads = [climbing] },
            ["concatenated with other matrices"] = new() { Code = new ConcatenatedCode(0.8), Heads = [general] },
        };
    }

    private static IEnumerable<string> Names => Layers(3).Select(l => l.Key);

    public static IEnumerable<Interaction> Interactions =>
        from normalization in Normalization.All
        from mask in new[] { Mask.None, Mask.Causal, Mask.Strict }
        from profile in Clouds.Profiles
        from coupling in new Coupling[] { new OneCoupling(), new DistanceCoupling(0.3) }
        where !normalization.IsHard || (coupling is OneCoupling && profile is ExponentialProfile or SigmoidProfile)
        select new Interaction(1.3) { Normalization = normalization, Mask = mask, Profile = profile, Coupling = coupling };

    [Test]
    public void DriftAndEnergyAgreeWithTheArbiter([ValueSource(nameof(Names))] string name, [Values(2, 3, 5)] int d)
    {
        Layer layer = Layers(d).Single(l => l.Key == name).Value;
        Cloud cloud = Clouds.Uniform(2, 9, d, seed: 4, Clouds.Weights(2, 9));
        foreach (Interaction interaction in Interactions.Where(i => layer.WhyNot(i, d) is null).Some())
            foreach (Gauge gauge in Clouds.GaugesOn(d).Take(2))
            {
                string what = $"{interaction} {gauge}";
                Flow flow = new(interaction, gauge, cloud, Sums, 1, layer);
                double[] drift = Drift(flow, cloud), expected = Arbiter.Drift(interaction, gauge, cloud, layer);
                Assert.That(Clouds.LargestDifference(drift, expected), Is.LessThan(2e-13 * Math.Max(1, expected.Max(Math.Abs))), what);
                if (flow.HasEnergy) Assert.That(flow.Energy(1), Is.EqualTo(Arbiter.Energy(interaction, gauge, cloud, 1, layer)).Within(2e-13 * layer.LargestEnergy(interaction)), what);
                for (int row = 0; row < cloud.Rows; row++)
                    Assert.That(Math.Abs(Sphere.Dot(cloud.Token(row), drift.AsSpan(row * d, d))), Is.LessThan(1e-14 * Math.Max(1, expected.Max(Math.Abs))), "tangency");
            }
    }

    /// <summary>The scheme peri divides by the length of all that a token sees, its radial part included; a token that sees nothing stays.</summary>
    [Test]
    public void SchemesActOnTheWholeOutput([ValueSource(nameof(Names))] string name)
    {
        const double Radius = 1.5;
        Layer layer = Layers(3).Single(l => l.Key == name).Value;
        Cloud cloud = Clouds.Uniform(1, 9, 3, seed: 4, Clouds.Weights(1, 9));
        Gauge gauge = new RotaryGauge([2]);
        foreach (Interaction interaction in Interactions.Where(i => layer.WhyNot(i, 3) is null).Some())
            foreach (Layer tried in new[] { layer, Layer.Plain })
            {
                double[] output = Arbiter.Output(interaction, gauge, cloud, tried), expected = Arbiter.Drift(interaction, gauge, cloud, tried);
                for (int i = 0; i < 9; i++)
                    for (int c = 0; c < 3; c++) expected[3 * i + c] /= Radius * Math.Max(Sphere.Norm(output.AsSpan(3 * i, 3)), 1e-300);
                double[] drift = Drift(new Flow(interaction, gauge, cloud, Sums, 1, tried) { Scheme = new PeriScheme(Radius) }, cloud);
                Assert.That(Clouds.LargestDifference(drift, expected), Is.LessThan(1e-12), $"{interaction}");
            }
    }

    /// <summary>Wherever there is an energy the drift is its gradient, by central differences along a random tangent direction of every token, and dE/dt the dissipation.</summary>
    [Test]
    public void TheDriftIsTheGradientOfTheEnergy([ValueSource(nameof(Names))] string name)
    {
        const int D = 3, N = 7;
        const double H = 1e-5;
        Layer layer = Layers(D).Single(l => l.Key == name).Value;
        Cloud cloud = Clouds.Uniform(1, N, D, seed: 6, Clouds.Weights(1, N));
        double[] direction = Clouds.Uniform(1, N, D, seed: 7).Positions;
        for (int i = 0; i < N; i++) Sphere.AddScaled(direction.AsSpan(i * D, D), -Sphere.Dot(cloud.Token(i), direction.AsSpan(i * D, D)), cloud.Token(i));
        int found = 0;
        foreach (Interaction interaction in Interactions.Where(i => layer.WhyNot(i, D) is null && layer.WhyNoEnergy(i) is null))
            foreach (Gauge gauge in Clouds.GaugesOn(D).Take(2))
            {
                found++;
                Flow flow = new(interaction, gauge, cloud, Sums, 1, layer);
                double[] drift = Drift(flow, cloud);
                double rate = flow.Dissipation(0, drift);
                Assert.That(Slope(flow, cloud, drift, H), Is.EqualTo(rate).Within(1e-7 * Math.Max(1, rate)), $"{interaction} {gauge}");
                Assert.That(rate, Is.GreaterThan(0));
                if (interaction.Normalization != Normalization.Unnormalized) continue;
                double along = Enumerable.Range(0, N).Sum(i => cloud.Weights[i] * Sphere.Dot(drift.AsSpan(i * D, D), direction.AsSpan(i * D, D)));
                Assert.That(Slope(flow, cloud, direction, H), Is.EqualTo(along).Within(1e-7 * Math.Max(1, rate)), $"{interaction} {gauge}");
            }
        bool climbs = name is not ("matrices" or "value" or "heads" or "logits only" or "logits only with matrices" or "logits alone, pinned" or "negative beta, general" or "perceptron" or "perceptron, logits only" or "concatenated with other matrices");
        Assert.That(found > 0, Is.EqualTo(climbs), "energies exist where V = Q^T K or -Q^T K is symmetric, and only there");
    }

    [Test]
    public void VectorsAgreeWithTheArbiter([ValueSource(nameof(Names))] string name, [Values] Precision precision)
    {
        Layer layer = Layers(3).Single(l => l.Key == name).Value;
        Cloud cloud = Clouds.Uniform(2, 35, 3, seed: 5);
        using SimdSums simd = new(precision, 2);
        foreach (Interaction interaction in Interactions.Where(i => layer.WhyNot(i, 3) is null).Some())
        {
            double[] drift = Drift(new Flow(interaction, new RotaryGauge([2]), cloud, simd, 2, layer), cloud), expected = Arbiter.Drift(interaction, new RotaryGauge([2]), cloud, layer);
            Assert.That(Clouds.LargestDifference(drift, expected), Is.LessThan((precision == Precision.Double ? 1e-13 : 3e-6) * Math.Max(1, expected.Max(Math.Abs))), $"{interaction}");
        }
    }

    [Test]
    public void FastSumsLeavePromptsToDirectOnes()
    {
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 5);
        Layer layer = new() { Prompts = new Prompts([[0, 0, 1], [0, 1, 0]]) };
        using FastSums fast = new(Summation.Fast, 1e-12, Precision.Double, 1);
        double[] drift = Drift(new Flow(new Interaction(1), new IdentityGauge(), cloud, fast, 1, layer), cloud);
        Assert.That(Clouds.LargestDifference(drift, Arbiter.Drift(new Interaction(1), new IdentityGauge(), cloud, layer)), Is.LessThan(1e-11));
        Assert.That((fast.Statistics[SumMethod.Harmonic], fast.Statistics[SumMethod.Direct]), Is.EqualTo((1, 1)));
    }

    [Test]
    public void FastSumsServeTheBias()
    {
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 5);
        Interaction interaction = new(1) { Normalization = Normalization.Bias, Coupling = new ToeplitzCoupling(2, 1) };
        using FastSums fast = new(Summation.Fast, 1e-12, Precision.Double, 1);
        double[] drift = Drift(new Flow(interaction, new IdentityGauge(), cloud, fast), cloud);
        Assert.That(Clouds.LargestDifference(drift, Arbiter.Drift(interaction, new IdentityGauge(), cloud)), Is.LessThan(1e-11));
        Assert.That(fast.Statistics[SumMethod.Harmonic], Is.EqualTo(1));
    }

    /// <summary>A value matrix turns the force across the sphere into it, and a length has it too.</summary>
    [Test]
    public void FastSumsServeAValueMatrixAndALength()
    {
        Cloud cloud = Clouds.Uniform(1, 40, 3, seed: 5);
        Interaction interaction = new(4) { Normalization = Normalization.Softmax };
        Layer value = Layers(3).Single(l => l.Key == "value").Value;
        using FastSums fast = new(Summation.Fast, 1e-12, Precision.Double, 1);
        double[] drift = Drift(new Flow(interaction, new IdentityGauge(), cloud, fast, 1, value), cloud);
        Assert.That(Clouds.LargestDifference(drift, Arbiter.Drift(interaction, new IdentityGauge(), cloud, value)), Is.LessThan(1e-11));
        foreach (Scheme scheme in (Scheme[])[new PreScheme(2), new PeriScheme(2), new NGptScheme(2)])
            Assert.That(Clouds.LargestDifference(Drift(new Flow(interaction, new IdentityGauge(), cloud, fast) { Scheme = scheme }, cloud),
                Drift(new Flow(interaction, new IdentityGauge(), cloud, Sums) { Scheme = scheme }, cloud)), Is.LessThan(1e-11), $"{scheme}");
        Assert.That((fast.Statistics[SumMethod.Harmonic], fast.Statistics[SumMethod.Direct]), Is.EqualTo((4, 0)));
    }

    [Test]
    public void IdentitiesAreNoMatricesAndEqualHeadsAreOne()
    {
        Matrix<double> identity = Matrix<double>.Build.DenseIdentity(3), turn = Orthogonal(3, 5);
        Cloud cloud = Clouds.Uniform(1, 12, 3, seed: 3);
        foreach (Interaction interaction in Interactions)
        {
            double[] plain = Drift(new Flow(interaction, new RotaryGauge([2]), cloud, Sums), cloud);
            Layer same = new() { Heads = [new Head(identity, identity, identity)] }, turned = new() { Heads = [new Head(turn, turn)] };
            Assert.That(Drift(new Flow(interaction, new RotaryGauge([2]), cloud, Sums, 1, same), cloud), Is.EqualTo(plain), "the same bits");
            Assert.That(Drift(new Flow(interaction, new RotaryGauge([2]), cloud, Sums, 1, turned), cloud), Is.EqualTo(plain), "Q^T K = I");
            Head head = new(Random(3, 1), Random(3, 2), Random(3, 3));
            double[] one = Drift(new Flow(interaction, new RotaryGauge([2]), cloud, Sums, 1, new Layer { Heads = [head] }), cloud);
            double[] four = Drift(new Flow(interaction, new RotaryGauge([2]), cloud, Sums, 1, new Layer { Heads = [head, head, head, head] }), cloud);
            Assert.That(Clouds.LargestDifference(four, one), Is.LessThan(1e-15 * Math.Max(1, one.Max(Math.Abs))));
        }
    }

    /// <summary>Q -> Q A, K -> K A, V -> A^T V A with tokens turned by A^T: the same flow, turned.</summary>
    [Test]
    public void OrthogonalMatricesCommuteWithTheFlow([ValueSource(typeof(Normalization), nameof(Normalization.All))] Normalization normalization)
    {
        Interaction interaction = new(1.5) { Normalization = normalization };
        Matrix<double> a = Orthogonal(3, 5), q = Random(3, 1), k = Random(3, 2), v = Random(3, 3);
        Cloud cloud = Clouds.Uniform(1, 12, 3, seed: 3), turned = new(1, 12, 3, Turn(cloud.Positions), cloud.Labels);
        double[] drift = Drift(Of(cloud, new Head(q, k, v)), cloud);
        double[] other = Drift(Of(turned, new Head(q * a, k * a, a.Transpose() * v * a)), turned);
        Assert.That(Clouds.LargestDifference(other, Turn(drift)), Is.LessThan(1e-13));
        Flow Of(Cloud at, Head head) => new(interaction, new IdentityGauge(), at, Sums, 1, new Layer { Heads = [head] });
        double[] Turn(double[] x) => [.. Enumerable.Range(0, 12).SelectMany(i => (a.Transpose() * Vector<double>.Build.DenseOfArray(x[(3 * i)..(3 * i + 3)])).ToArray())];
    }

    /// <summary>V = -I: two tokens at an angle s separate, s' = e^{beta cos s} sin s under USA with weights 1/2, up to the antipodes.</summary>
    [Test]
    public void AValueOfMinusOneRepels()
    {
        const double Beta = 1.2, Time = 0.8, Step = 0.01;
        Layer layer = new() { Heads = [new Head(value: -Matrix<double>.Build.DenseIdentity(2))] };
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(1), Math.Sin(1)]);
        Cloud moved = Integrate(new Interaction(Beta), new IdentityGauge(), cloud, layer, Time, Step);
        double angle = Scalar(s => Math.Exp(Beta * Math.Cos(s)) * Math.Sin(s), 1, Time);
        Assert.That(Sphere.Dot(moved.Token(0), moved.Token(1)), Is.EqualTo(Math.Cos(angle)).Within(1e-8));
        Flow flow = new(new Interaction(Beta), new IdentityGauge(), moved, Sums, 1, layer);
        Drift(flow, moved);
        Assert.That(flow.Energy(0), Is.EqualTo(-(Math.Exp(Beta) + Math.Exp(Beta * Math.Cos(angle))) / (4 * Beta)).Within(1e-8), "V = -Q^T K climbs minus the energy");
    }

    /// <summary>beta below 0 is the flow of keys of the other sign, and two tokens still meet: s' = -e^{beta cos s} sin s, slowly at the end; E = sum e^{beta t}/(2 beta) climbs, and its gap to a point keeps its digits.</summary>
    [Test]
    public void ANegativeBetaIsAKeyOfTheOtherSign()
    {
        const double Beta = 1.2, Time = 0.8, Step = 0.01;
        Layer negative = new() { HasNegativeBeta = true }, turned = new() { Heads = [new Head(key: -Matrix<double>.Build.DenseIdentity(2))] };
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(1), Math.Sin(1)]);
        Cloud moved = Integrate(new Interaction(Beta), new IdentityGauge(), cloud.Copy(), negative, Time, Step), other = Integrate(new Interaction(Beta), new IdentityGauge(), cloud.Copy(), turned, Time, Step);
        double angle = Scalar(s => -Math.Exp(-Beta * Math.Cos(s)) * Math.Sin(s), 1, Time);
        Assert.That(Sphere.Dot(moved.Token(0), moved.Token(1)), Is.EqualTo(Math.Cos(angle)).Within(1e-8));
        Assert.That(moved.Positions, Is.EqualTo(other.Positions), "to the bit");
        double[] near = [1, 0, Math.Cos(1e-6), Math.Sin(1e-6)];
        Flow flow = new(new Interaction(Beta), new IdentityGauge(), new Cloud(1, 2, 2, near), Sums, 1, negative);
        Span<double> gap = stackalloc double[1];
        flow.EnergyGap(near, gap);
        Assert.That(gap[0], Is.EqualTo(Math.Exp(-Beta) * 1e-12 / 8).Within(1e-9).Percent, "k(1)/2 - E = e^beta s^2/8");
    }

    /// <summary>A single token sees the perceptron alone. W' = I, relu, on the circle: at rest where no coordinate is negative, tan a grows like e^{lambda t} where the first is; tanh against its ODE, a kinetic check of the strength.</summary>
    [Test]
    public void ASingleTokenFollowsThePerceptronAlone()
    {
        const double Time = 1.5, Lambda = 0.8, Start = 2.8;
        Cloud At(double angle) => new(1, 1, 2, [Math.Cos(angle), Math.Sin(angle)]);
        Layer relu = new() { Perceptron = new(2, null, null, true, null, Activation.Relu, Lambda) };
        Layer tanh = new() { Perceptron = new(2, Matrix<double>.Build.DenseDiagonal(2, 3), null, true, [0.5, 0], Activation.Tanh) };
        Cloud rest = Integrate(new Interaction(1), new IdentityGauge(), At(0.4), relu, Time, 0.01), moved = Integrate(new Interaction(1), new IdentityGauge(), At(Start), relu, Time, 0.01);
        Assert.That(rest.Positions, Is.EqualTo(At(0.4).Positions).Within(1e-15));
        double angle = Math.Atan(Math.Tan(Start) * Math.Exp(Lambda * Time)) + Math.PI;
        Assert.That(moved.Positions, Is.EqualTo(At(angle).Positions).Within(1e-9));
        Cloud other = Integrate(new Interaction(1), new IdentityGauge(), At(Start), tanh, Time, 0.01);
        double a = Scalar(s => 3 * (Math.Cos(s) * Math.Tanh(3 * Math.Sin(s)) - Math.Sin(s) * Math.Tanh(3 * Math.Cos(s) + 0.5)), Start, Time);
        Assert.That(other.Positions, Is.EqualTo(At(a).Positions).Within(1e-8));
    }

    /// <summary>Its slopes are bounded as it says: neighbours part or meet at that rate at most.</summary>
    [Test]
    public void ThePerceptronKeepsItsBounds([Values] Activation activation, [Values(-3, -0.5, 0.2, 4)] double bias)
    {
        Perceptron perceptron = new(3, Random(3, 1), Random(3, 2), false, [bias, -bias, 0], activation, -1.5), tied = new(3, Random(3, 1), null, true, [bias, -bias, 0], activation, -1.5);
        Cloud cloud = Clouds.Uniform(1, 200, 3, seed: 3);
        for (int i = 0; i + 1 < 200; i += 2)
        {
            double[] one = new double[3], other = new double[3];
            foreach ((double[] v, int at) in new[] { (one, i), (other, i + 1) })
            {
                perceptron.AddOutput(1, cloud.Token(at), v);
                Sphere.AddScaled(v, -Sphere.Dot(v, cloud.Token(at)), cloud.Token(at));
            }
            Assert.That(Sphere.Distance(one, other), Is.LessThan(2 * perceptron.Rate * Sphere.Distance(cloud.Token(i), cloud.Token(i + 1))));
            Assert.That(Math.Abs(tied.Potential(cloud.Token(i))), Is.LessThanOrEqualTo(tied.LargestPotential));
        }
        Assert.That(() => new Perceptron(3, Random(2, 1), null, true), Throws.ArgumentException);
    }

    /// <summary>One token and one prompt z: c = &lt;x, z> obeys c' = lambda e^{beta c} (1 - c^2) without a second token, the gradient flow of a von Mises-Fisher density.</summary>
    [Test]
    public void ATokenClimbsTheDensityOfItsPrompt([Values] SeenPrompts seen)
    {
        const double Beta = 1.7, Lambda = 0.4, Time = 1.5;
        double[] z = [0, 0.6, 0.8];
        Layer layer = new() { Prompts = new Prompts([z], null, Lambda, seen) };
        Cloud cloud = new(1, 1, 3, [1, 0, 0]), moved = Integrate(new Interaction(Beta), new RotaryGauge([3]), cloud, layer, Time, 0.005);
        Assert.That(Sphere.Dot(moved.Token(0), z), Is.EqualTo(Scalar(c => Lambda * Math.Exp(Beta * c) * (1 - c * c), 0, Time)).Within(1e-9), "in the frame of x, whatever the gauge");
    }

    /// <summary>Tokens that do not see each other, each on its way to its own prompt at its own angle: s' = -lambda e^{beta cos s} sin s.</summary>
    [Test]
    public void LabelledTokensGoToTheirOwnPrompts()
    {
        const double Beta = 1, Lambda = 500, Time = 0.002;
        double[][] points = [[1, 0], [0, 1], [-1, 0]];
        Layer layer = new() { Prompts = new Prompts(points, null, Lambda, SeenPrompts.Labelled) };
        double[] angles = [0.4, 2.5, 2.9], x = [.. angles.SelectMany(a => (double[])[Math.Cos(a), Math.Sin(a)])];
        double[] starts = [.. points.Select((z, i) => Math.Acos(Sphere.Dot(z, x.AsSpan(2 * i, 2))))];
        Cloud moved = Integrate(new Interaction(Beta) { Coupling = new BlockCoupling(0) }, new IdentityGauge(), new Cloud(1, 3, 2, x, [0, 1, 2]), layer, Time, Time / 40);
        for (int i = 0; i < 3; i++)
            Assert.That(Math.Acos(Sphere.Dot(moved.Token(i), points[i])), Is.EqualTo(Scalar(s => -Lambda * Math.Exp(Beta * Math.Cos(s)) * Math.Sin(s), starts[i], Time)).Within(1e-6), $"token {i}");
    }

    /// <summary>Prompts +-z of weight lambda/2 each hold half the tokens at z and half at -z iff lambda > e^{-beta}/sinh beta: 0.313035 at beta = 1.</summary>
    [Test]
    public void AntipodalPromptsSplitTheCloudAboveTheirThreshold([Values(0.7, 1.0, 2.0)] double beta)
    {
        double threshold = Math.Exp(-beta) / Math.Sinh(beta);
        if (beta == 1) Assert.That(threshold, Is.EqualTo(0.313035).Within(5e-7));
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Growth(1.02 * threshold), Is.Negative);
        Assert.That(Growth(0.98 * threshold), Is.Positive);

        // The angle between the halves, tilted towards each other: does it come back?
        double Growth(double lambda)
        {
            const double Tilt = 1e-4;
            double[] x = [Math.Sin(Tilt), Math.Cos(Tilt), Math.Sin(Tilt), -Math.Cos(Tilt)];
            Layer layer = new() { Prompts = new Prompts([[0, 1], [0, -1]], null, lambda) };
            return Drift(new Flow(new Interaction(beta), new IdentityGauge(), new Cloud(1, 2, 2, x), Sums, 1, layer), new Cloud(1, 2, 2, x))[0];
        }
    }

    /// <summary>A weak pinning prompt fixes the rotary limit: y_i -> u, so that the mean is u's part on the axis.</summary>
    [Test]
    public void APinningPromptChoosesTheLimit()
    {
        double[] u = [0.6, 0, 0.8];
        Cloud cloud = new UniformLaw().Draw(1, 32, 3, seed: 2, new GridLabels());
        Layer layer = new() { Pin = new PinningPrompt(u, 0.5) };
        Cloud moved = Integrate(new Interaction(1), new RotaryGauge([Clouds.Turn]), cloud, layer, 20, 0.02);
        double[] mean = new double[3];
        Mean.Of(moved.Positions, moved.Weights, 0, 32, mean);
        Assert.That(Clouds.LargestDifference(mean, [0, 0, 0.8]), Is.LessThan(1e-10));
    }

    [Test]
    public void WeightsOfPromptsAreTwoPromptsAsOne()
    {
        Cloud cloud = Clouds.Uniform(1, 9, 3, seed: 3);
        foreach (Interaction interaction in Interactions.Where(i => i.Normalization != Normalization.Hardmax).Some())
        {
            double[] twice = Drift(new Flow(interaction, new IdentityGauge(), cloud, Sums, 1, new Layer { Prompts = new Prompts([[0, 0, 1], [0, 0, 1], [1, 0, 0]], null, 0.6) }), cloud);
            double[] heavy = Drift(new Flow(interaction, new IdentityGauge(), cloud, Sums, 1, new Layer { Prompts = new Prompts([[0, 0, 1], [1, 0, 0]], [2, 1], 0.6) }), cloud);
            Assert.That(Clouds.LargestDifference(twice, heavy), Is.LessThan(1e-14));
        }
    }

    /// <summary>Two tokens at angle a, logits turned by w: USA a' = -e^{beta cos(a - w)} sin a, with token 2 ahead by a in angle and its logits by -w.</summary>
    [Test]
    public void TwoTokensWithTurnedLogits()
    {
        const double Beta = 1.4, W = 0.9, Angle = 1.3, Time = 1;
        Layer layer = new() { Code = new LogitsOnlyCode() };
        Cloud cloud = new(1, 2, 2, [1, 0, Math.Cos(Angle), Math.Sin(Angle)], [0, 1]);
        Cloud moved = Integrate(new Interaction(Beta), new RotaryGauge([-W]), cloud, layer, Time, 0.005);
        double angle = Scalar(a => -Math.Exp(Beta * Math.Cos(a - W)) * Math.Sin(a), Angle, Time);
        Assert.That(Math.Acos(Sphere.Dot(moved.Token(0), moved.Token(1))), Is.EqualTo(angle).Within(1e-9));
    }

    /// <summary>Tokens that merge see the same heads and pinning prompt; prompts, codes and hardmax tell them apart.</summary>
    [Test]
    public void MergingKeepsHeadsAndPins()
    {
        Matrix<double> a = Random(3, 1), symmetric = a + a.Transpose();
        Layer layer = new() { Heads = [new Head(key: symmetric, value: symmetric), new Head()], Pin = new PinningPrompt([0.6, 0, 0.8], 0.5) };
        Cloud cloud = new CapLaw([0, 0, 1], 1.2).Draw(1, 24, 3, seed: 3, new GridLabels());
        Flow flow = new(new Interaction(1), new RotaryGauge([2]), cloud, Sums, 1, layer);
        Cloud[] ends = [.. new[] { 0, 1e-6 }.Select(distance =>
        {
            Cloud moved = new(1, 24, 3, [.. cloud.Positions], cloud.Labels);
            new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-8) { MergeDistance = distance }, 10).Run(moved, []);
            return moved;
        })];
        Assert.That(Clouds.LargestDifference(ends[0].Positions, ends[1].Positions), Is.LessThan(1e-5));
        foreach (string name in new[] { "prompts", "labelled prompts", "additive", "logits only", "concatenated" })
            Assert.That(Merging(new Interaction(1), Layers(3).Single(l => l.Key == name).Value), Does.Contain("cannot merge"), name);
        Assert.That(Merging(new Interaction(1) { Normalization = Normalization.Hardmax }, Layer.Plain), Does.Contain("cannot merge"));
        string? Merging(Interaction interaction, Layer tried) =>
            Simulation.WhyNot(new Flow(interaction, new RotaryGauge([2]), cloud, Sums, 1, tried), Methods.Tsit5, new AdaptiveStep(1e-4) { MergeDistance = 1e-6 });
    }

    /// <summary>Without a gauge prompts do not hinder mergers; where they are seen by label, tokens of one label merge alone.</summary>
    [Test]
    public void TokensMergeUnderPromptsWithoutAGauge([Values] SeenPrompts seen)
    {
        Layer layer = new() { Prompts = new Prompts([[0, 0, 1], [0.6, 0, 0.8]], [1, 2], 0.5, seen) };
        Cloud cloud = new CapLaw([0, 0, 1], 1.2).Draw(1, 24, 3, seed: 3, new BlockLabels(2));
        Flow flow = new(new Interaction(1), new IdentityGauge(), cloud, Sums, 1, layer);
        Recorder[] logs = [new(0), new(0)];
        Cloud[] ends = [.. new[] { 0, 1e-6 }.Select((distance, k) =>
        {
            Cloud moved = cloud.Copy();
            new Simulation(flow, Methods.Tsit5, new AdaptiveStep(1e-8) { MergeDistance = distance }, 30).Run(moved, [logs[k]]);
            return moved;
        })];
        Assert.That(logs[1].Mergers, Has.Count.EqualTo(seen == SeenPrompts.All ? 23 : 22));
        Assert.That(Clouds.LargestDifference(ends[0].Positions, ends[1].Positions), Is.LessThan(1e-5));
    }

    /// <summary>Under a code of the logits alone the pinning prompt stands in the gauge frame all the same, here at (.8, .6, 0).</summary>
    [Test]
    public void APinUnderACodeOfTheLogitsStandsInTheGaugeFrame()
    {
        Layer layer = new() { Code = new LogitsOnlyCode(), Pin = new PinningPrompt([0.8, 0.6, 0], 0.5) };
        Cloud cloud = new(1, 2, 3, [1, 0, 0, 0, 1, 0], [0.25, 0.75]);
        double[] drift = Drift(new Flow(new Interaction(1), new RotaryGauge(), cloud, Sums, 1, layer), cloud);
        // Psi turns token 0 by 90 and token 1 by 270 degrees: they see u at (.6, -.8) and (-.6, .8), at the cosines .6 and .8; their own logit is 0.
        double[] expected = [0, 0.5 - 0.4 * Math.Exp(0.6), 0, 0.5 - 0.3 * Math.Exp(0.8), 0, 0];
        Assert.That(drift, Is.EqualTo(expected).Within(1e-15));
        Assert.That(Sphere.Norm(drift) / Math.Sqrt(2), Is.EqualTo(0.20060).Within(5e-6));
        Assert.That(PredictedLimit.For(new Interaction(1), 3, out string? why, layer), Is.Null);
        Assert.That(why, Does.StartWith("no limit is predicted"));
    }

    /// <summary>The controls collapse: a code of the logits alone under SA, and a concatenated code.</summary>
    [Test]
    public void ControlsCollapse([Values(CodeKind.LogitsOnly, CodeKind.Concatenated)] CodeKind kind)
    {
        Interaction interaction = new(1) { Normalization = Normalization.Softmax };
        Layer layer = new() { Code = kind == CodeKind.LogitsOnly ? new LogitsOnlyCode() : new ConcatenatedCode(1) };
        Gauge gauge = kind == CodeKind.LogitsOnly ? new RotaryGauge([Clouds.Turn]) : new IdentityGauge();
        Cloud moved = Integrate(interaction, gauge, new UniformLaw().Draw(1, 24, 3, seed: 1, new GridLabels()), layer, 40, 0.1);
        Assert.That(Mean.Variance(moved.Positions, moved.Weights, 0, 24, 3), Is.LessThan(1e-12));
        Assert.That(PredictedLimit.For(interaction, 3, out _, layer), Is.InstanceOf<PointLimit>());
    }

    /// <summary>Additive code on the circle, radius a >= 1, beta = 1: T(p) = p/|p| stands still, with E = I_0((1 + a)^2)/2, and other states have less.</summary>
    [Test]
    public void AnAdditiveCodeOfRadiusOneOrMoreSpreadsTheTokens([Values(1.0, 1.5)] double a)
    {
        const int N = 32;
        Layer layer = new() { Code = new AdditiveCode(a) };
        double[] labels = [.. Enumerable.Range(0, N).Select(i => (i + 0.5) / N)], x = [.. labels.SelectMany(s => (double[])[Math.Cos(Clouds.Turn * s), Math.Sin(Clouds.Turn * s)])];
        Cloud circle = new(1, N, 2, x, labels), any = new(1, N, 2, Clouds.Uniform(1, N, 2, seed: 8).Positions, labels);
        Flow flow = new(new Interaction(1), new IdentityGauge(), circle, Sums, 1, layer);
        Assert.That(Drift(flow, circle).Max(Math.Abs), Is.LessThan(1e-12));
        double energy = Bessel.I(0, (1 + a) * (1 + a)) / 2;
        Assert.That(flow.Energy(0), Is.EqualTo(energy).Within(1e-12 * energy));
        Cloud moved = Integrate(new Interaction(1), new IdentityGauge(), any, layer, 0.5, 0.001);
        flow.Drift(moved.Positions, new double[2 * N]);
        Assert.That(flow.Energy(0), Is.LessThanOrEqualTo(energy * (1 + 1e-12)));
    }

    /// <summary>A small additive code spreads the collapsed cloud a little: 1 - |m| near beta^2 a^6/16; the next order is a^2 of it.</summary>
    [Test]
    public void ASmallAdditiveCodeCollapsesNearly()
    {
        const int N = 32;
        const double A = 0.25;
        Layer layer = new() { Code = new AdditiveCode(A) };
        Cloud start = new CapLaw([1, 0], 1).Draw(1, N, 2, seed: 8, new GridLabels());
        Cloud moved = Integrate(new Interaction(1), new IdentityGauge(), start, layer, 20, 0.1);
        double second = Mean.Variance(moved.Positions, moved.Weights, 0, N, 2);
        Assert.That(second / 2, Is.EqualTo(Math.Pow(A, 6) / 16).Within(0.15 * Math.Pow(A, 6) / 16));
    }

    /// <summary>The kinetic model of arXiv 2605.09213 by brute force: theta_j' = sum_{k&lt;j} e^{-lambda (j-k)/N} w'(theta_j -
    /// theta_k)/sum_{k&lt;j} e^{-lambda (j-k)/N} with w = e^{beta cos}; this flow is beta times slower. The coupling is distance of length
    /// 1/lambda on grid labels, the mask strict.</summary>
    [Test]
    public void TheKineticModelIsTheBiasUnderAStrictMask()
    {
        const int N = 24;
        const double Beta = 2, Lambda = 3;
        double[] angles = [.. Enumerable.Range(0, N).Select(j => 7.3 * j % Clouds.Turn)], x = [.. angles.SelectMany(a => (double[])[Math.Cos(a), Math.Sin(a)])];
        Cloud cloud = new(1, N, 2, x, new GridLabels().Draw(1, N, 1));
        Interaction interaction = new(Beta) { Normalization = Normalization.Bias, Mask = Mask.Strict, Coupling = new DistanceCoupling(1 / Lambda) };
        double[] drift = Drift(new Flow(interaction, new IdentityGauge(), cloud, Sums), cloud);
        for (int j = 0; j < N; j++)
        {
            double sum = 0, z = 0;
            for (int k = 0; k < j; k++)
            {
                double bias = Math.Exp(-Lambda * (j - k) / N), u = angles[j] - angles[k];
                sum -= bias * Beta * Math.Sin(u) * Math.Exp(Beta * Math.Cos(u));
                z += bias;
            }
            double turning = x[2 * j] * drift[2 * j + 1] - x[2 * j + 1] * drift[2 * j];
            Assert.That(Beta * turning, Is.EqualTo(j == 0 ? 0 : sum / z).Within(1e-12), $"token {j}");
        }
    }

    /// <summary>Lost in the middle: N Cov(e^{-i theta_{N s}(t)}, e^{i theta_{N s'}(0)}) -> k(s, s') sqrt(a t/Y) I_1(2 sqrt(a t Y)), k =
    /// lambda e^{-lambda (s - s')}/(1 - e^{-lambda s}), Y = log((e^{lambda s} - 1)/(e^{lambda s'} - 1)), a = I_1(beta), over uniform
    /// starts: here its mean over s in the second half, s' in the first but its beginning. A replica's mean is of N/(2 |J| |K|)^{1/2} about
    /// it in standard deviation; N = 96 itself is off by some per cent.</summary>
    [Test]
    public void InfluenceIsLostInTheMiddle()
    {
        const int N = 96, Replicas = 2000, First = 8, Half = N / 2;
        const double Beta = 1, Lambda = 2, At = 0.5;
        double time = At / Bessel.I(1, Beta), expected = 0, measured = 0;
        using SimdSums sums = new(Precision.Double, 2);
        Cloud cloud = new UniformLaw().Draw(Replicas, N, 2, seed: 5, new GridLabels());
        double[] start = [.. cloud.Positions];
        Interaction interaction = new(Beta) { Normalization = Normalization.Bias, Mask = Mask.Strict, Coupling = new DistanceCoupling(1 / Lambda) };
        new Simulation(new Flow(interaction, new IdentityGauge(), cloud, sums), Methods.RungeKutta4, time / 8, time).Run(cloud, []);
        for (int j = Half; j < N; j++)
            for (int k = First; k < Half; k++)
            {
                double s = (j + 0.5) / N, before = (k + 0.5) / N, y = Math.Log((Math.Exp(Lambda * s) - 1) / (Math.Exp(Lambda * before) - 1));
                expected += Lambda * Math.Exp(-Lambda * (s - before)) / (1 - Math.Exp(-Lambda * s)) * Math.Sqrt(At / y) * Bessel.I(1, 2 * Math.Sqrt(At * y));
            }
        int pairs = (N - Half) * (Half - First);
        for (int r = 0; r < Replicas; r++)
        {
            double[] late = new double[2], early = new double[2];
            for (int j = Half; j < N; j++) Sphere.AddScaled(late, 1, cloud.Token(r * N + j));
            for (int k = First; k < Half; k++) Sphere.AddScaled(early, 1, start.AsSpan(2 * (r * N + k), 2));
            measured += N * Sphere.Dot(late, early) / Replicas;
        }
        double deviation = N / Math.Sqrt(2.0 * pairs * Replicas);
        Assert.That(measured / pairs, Is.EqualTo(expected / pairs).Within(4 * deviation + 0.1 * expected / pairs));
        Assert.That(expected / pairs, Is.GreaterThan(10 * deviation), "so that the test can fail");
    }

    /// <summary>Causal clustering [arXiv 2411.04990]: with V = I every token comes to x_1(0).</summary>
    [Test]
    public void UnderACausalMaskAllComeToTheFirst()
    {
        Cloud cloud = Clouds.Uniform(1, 8, 3, seed: 2);
        double[] first = cloud.Token(0).ToArray();
        Cloud moved = Integrate(new Interaction(1) { Mask = Mask.Causal, Normalization = Normalization.Softmax }, new IdentityGauge(), cloud, Layer.Plain, 400, 0.5);
        for (int i = 0; i < 8; i++) Assert.That(Clouds.LargestDifference(moved.Token(i), first), Is.LessThan(1e-6), $"token {i}");
    }

    [Test]
    public void HardmaxFollowsTheNearestAndSharesTies()
    {
        // Token 0 at angle 0 with neighbours at +-1 (a tie) and a far one; token 1 has 0 nearest.
        double[] angles = [0, 1, -1, 2.5];
        Interaction interaction = new(1) { Normalization = Normalization.Hardmax };
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Turning(interaction, angles), Is.EqualTo(new[] { 0, -Math.Sin(1), Math.Sin(1), -Math.Sin(1.5) }).Within(1e-15));
        Assert.That(Turning(interaction, angles, [0.1, 0.3, 0.2, 0.4])[0], Is.EqualTo((0.3 - 0.2) / 0.5 * Math.Sin(1)).Within(1e-15), "tied tokens share by weight");
        Assert.That(Turning(interaction with { Mask = Mask.Causal }, angles), Is.EqualTo(new[] { 0, -Math.Sin(1), Math.Sin(1), -Math.Sin(1.5) }).Within(1e-15), "the first sees nothing");
        Assert.That(Turning(interaction, [0, 0, 1]), Is.EqualTo(new[] { 0, 0, -Math.Sin(1) }).Within(1e-15), "coincident tokens hold each other");
        Assert.That(Turning(interaction, [0.3]), Is.EqualTo(new[] { 0.0 }));
        Layer farthest = new() { Heads = [new Head(query: -Matrix<double>.Build.DenseIdentity(2))] };
        Assert.That(Turning(interaction, angles, layer: farthest), Is.EqualTo(new[] { Math.Sin(2.5), Math.Sin(-2), Math.Sin(3.5), Math.Sin(-3.5) }).Within(1e-15), "Q = -I follows the farthest");
    }

    /// <summary>Softmax tends to hardmax where the self term is masked: all but one key underflow.</summary>
    [Test]
    public void HardmaxIsTheLimitOfSoftmax()
    {
        double[] angles = [0, 1, 2.5, -0.7];
        double[] soft = Turning(new Interaction(1e4) { Normalization = Normalization.Softmax, Mask = Mask.Strict }, angles);
        Assert.That(soft, Is.EqualTo(Turning(new Interaction(1) { Normalization = Normalization.Hardmax, Mask = Mask.Strict }, angles)).Within(1e-14));
    }

    [Test]
    public void WhatDoesNotFitIsRefused()
    {
        Cloud cloud = Clouds.Uniform(1, 4, 3);
        Prompts repelling = new([[0, 0, 1]], null, -1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Refused(new Interaction(1), new Layer { Prompts = new Prompts([[0, 1]]) }, "a prompt has 2 coordinates, the tokens 3");
        Refused(new Interaction(1) { Normalization = Normalization.Softmax }, new Layer { Prompts = repelling }, "sums that the prompts join, and a strength is -1");
        Refused(new Interaction(1) { Normalization = Normalization.Hardmax }, new Layer { Prompts = repelling }, "'hardmax' knows no prompts");
        Refused(new Interaction(1) { Normalization = Normalization.Bias, Coupling = new ToeplitzCoupling(0, 1) }, Layer.Plain, "'bias' divides by sums of the coupling, which falls to -1");
        Refused(new Interaction(1) { Profile = Profile.Linear }, new Layer { Code = new ConcatenatedCode(1) }, "needs the exponential profile");
        Refused(new Interaction(1) { Profile = Profile.Sigmoid }, new Layer { Code = new ConcatenatedCode(1) }, "needs the exponential profile");
        Refused(new Interaction(3) { Profile = new PolynomialProfile(3), Normalization = Normalization.Softmax }, Layer.Plain,
            "'softmax' divides by sums of k', and a polynomial of odd degree 3 is not positive where beta t goes down to -3; use an even degree, or \"unnormalized\"");
        Refused(new Interaction(1), new Layer { Heads = [new Head(Random(2, 1))] }, "matrices of 2 rows");
        Assert.That(() => new Head(Random(2, 1), Random(3, 1)), Throws.ArgumentException.With.Message.Contains("of one size"));
        Assert.That(() => new Flow(new Interaction(1) { Normalization = Normalization.Hardmax, Coupling = new BlockCoupling(1) }, new IdentityGauge(), cloud, Sums),
            Throws.ArgumentException.With.Message.Contains("compares logits alone"));
        Assert.That(() => new EnergyObservable(new Flow(new Interaction(1), new IdentityGauge(), cloud, Sums, 1, new Layer { Heads = [new Head(value: Random(3, 1))] })),
            Throws.InstanceOf<NotSupportedException>().With.Message.EqualTo("with matrices a flow climbs an energy only where V = Q^T K or V = -Q^T K is symmetric, which it is not here; leave \"energy\", \"energy_ratio\" and \"energy_drops\" out"));
        Assert.That(PredictedLimit.For(new Interaction(1), 3, out string? why, new Layer { Prompts = repelling }), Is.Null);
        Assert.That(why, Is.EqualTo("no limit is predicted with prompts"));
        void Refused(Interaction interaction, Layer layer, string message) =>
            Assert.That(() => new Flow(interaction, new IdentityGauge(), cloud, Sums, 1, layer), Throws.ArgumentException.With.Message.Contains(message));
    }

    private static double[] Drift(Flow flow, Cloud cloud) => flow.DriftAt(cloud.Positions);

    // Angular velocities on the circle.
    private static double[] Turning(Interaction interaction, double[] angles, double[]? weights = null, Layer? layer = null)
    {
        Cloud cloud = new(1, angles.Length, 2, [.. angles.SelectMany(a => (double[])[Math.Cos(a), Math.Sin(a)])], null, weights);
        double[] drift = Drift(new Flow(interaction, new IdentityGauge(), cloud, Sums, 1, layer), cloud);
        return [.. angles.Select((a, i) => Math.Cos(a) * drift[2 * i + 1] - Math.Sin(a) * drift[2 * i])];
    }

    private static Cloud Integrate(Interaction interaction, Gauge gauge, Cloud cloud, Layer layer, double horizon, double step)
    {
        new Simulation(new Flow(interaction, gauge, cloud, Sums, 1, layer), Methods.RungeKutta4, step, horizon).Run(cloud, []);
        return cloud;
    }

    // dE along x + s direction, back on the sphere.
    private static double Slope(Flow flow, Cloud cloud, double[] direction, double h)
    {
        return (At(h) - At(-h)) / (2 * h);
        double At(double s)
        {
            double[] x = [.. cloud.Positions];
            Sphere.AddScaled(x, s, direction);
            Sphere.Retract(x, cloud.Dimension);
            flow.Drift(x, new double[x.Length]);
            return flow.Energy(0);
        }
    }

    // y' = slope(y) by classical Runge-Kutta steps of 1/4000 of the time.
    private static double Scalar(Func<double, double> slope, double y, double time)
    {
        const int Steps = 4000;
        double h = time / Steps;
        for (int i = 0; i < Steps; i++)
        {
            double a = slope(y), b = slope(y + h / 2 * a), c = slope(y + h / 2 * b), d = slope(y + h * c);
            y += h / 6 * (a + 2 * b + 2 * c + d);
        }
        return y;
    }

    private static Matrix<double> Random(int d, int seed)
    {
        RandomStream random = new((ulong)seed, RandomPurpose.Labels, 0, d, 55);
        Matrix<double> m = Matrix<double>.Build.Dense(d, d);
        for (int a = 0; a < d; a++)
            for (int b = 0; b < d; b++) m[a, b] = random.Normal() / Math.Sqrt(d);
        return m;
    }

    private static Matrix<double> Orthogonal(int d, int seed) => Random(d, seed).QR().Q;
}
