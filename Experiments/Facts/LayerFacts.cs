namespace AttentionFlow.Experiments.Facts;

/// <summary>Prompts, codes, masks and hardmax.</summary>
internal sealed class LayerFacts() : Chapter(5, "The layer")
{
    public override IEnumerable<Fact> Measure()
    {
        double[] z = [0, 1];
        Layer prompt = new() { Prompts = new Prompts([[.. z]], null, 0.7) };
        Cloud three = Probe.Angles(0.2, 1.1, 2.9);
        double pull = Enumerable.Range(0, 3).Average(i => 0.7 * Math.Exp(1.5 * three.Token(i)[1]) / 1.5);
        yield return Of("energy that a prompt of strength 0.7 adds, beta = 1.5", "sum_i m_i lambda k(<x_i, z>)", pull,
            Probe.Energy(new(1.5), three, layer: prompt) - Probe.Energy(new(1.5), three));
        yield return Of("strength at which two prompts hold a split cloud, beta = 1", "e^(-beta)/sinh(beta) = 0.313035", 0.313035,
            Threshold(1, 1e-4), 5e-7);
        const double Tilt = 0.5, Beta = 2;
        yield return Of("strength that brings halves tilted by 0.5 back, beta = 2", "cos(phi) e^(-beta cos 2 phi)/sinh(beta cos phi)",
            Math.Cos(Tilt) * Math.Exp(-Beta * Math.Cos(2 * Tilt)) / Math.Sinh(Beta * Math.Cos(Tilt)), Threshold(Beta, Tilt), 1e-11);
        foreach (Fact fact in Masks()) yield return fact;
        foreach (Fact fact in Perceptrons()) yield return fact;
        foreach (Fact fact in Selection()) yield return fact;
        Interaction hard = new(1) { Normalization = Normalization.Hardmax };
        double[] drift = Probe.Ask(hard, Probe.Angles(0, 1, -1, 2.5), (_, v) => v);
        yield return Of("hardmax drift of a token between two as near", "ties share", 0, drift[1]);
        yield return Of("hardmax drift of a token with one nearest at 1.5 rad", "sin 1.5", Math.Sin(1.5), Sphere.Norm(drift.AsSpan(6, 2)));
        yield return Of("softmax drift of that token at beta = 100", "hardmax without the self term at beta to infinity", Math.Sin(1.5),
            Cold(Probe.Angles(0, 1, -1, 2.5)), 1e-10);
    }

    // The drift of the last token without its own term: among the others the weight of all but the nearest is some e^-150.
    private static double Cold(Cloud cloud)
    {
        Interaction strict = Probe.Softmax(100) with { Mask = Mask.Strict };
        return Probe.Ask(strict, cloud, (_, v) => Sphere.Norm(v.AsSpan(6, 2)));
    }

    // Two halves near +-z, tilted by an angle towards each other: the drift there is affine in the strength, and vanishes at the threshold.
    private static double Threshold(double beta, double tilt)
    {
        double without = Slope(0), with = Slope(1);
        return without / (without - with);

        double Slope(double strength)
        {
            Layer layer = new() { Prompts = new Prompts([[0, 1], [0, -1]], null, strength) };
            Cloud halves = Probe.Angles(Math.PI / 2 - tilt, tilt - Math.PI / 2);
            return Probe.Ask(new(beta), halves, (_, drift) => drift[0], layer: layer);
        }
    }

    // A single token sees the perceptron alone. Of three tokens, the rate of the energy is that of its difference over a short time.
    private IEnumerable<Fact> Perceptrons()
    {
        const double Time = 1.5, Step = 1e-3;
        Layer relu = new() { Perceptron = new(2, null, null, true, null, Activation.Relu, 0.8) };
        Cloud one = Probe.Move(new(1), Probe.Angles(2.8), Time, Integration.Adaptive(1e-12) with { Layer = relu });
        yield return Of("slope of a single token under relu, W' = I, strength 0.8, t = 1.5", "tan a = tan a(0) e^(0.8 t)",
            Math.Tan(2.8) * Math.Exp(0.8 * Time), one.Token(0)[1] / one.Token(0)[0], 1e-10);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            Layer tied = new() { Perceptron = new(2, null, null, true, [0.3, -0.2], activation) };
            Integration exact = Integration.Adaptive(1e-13) with { Layer = tied };
            Cloud start = Probe.Angles(0.2, 1.1, 2.9), ahead = Probe.Move(new(1.5), start, Step, exact);
            Cloud further = Probe.Move(new(1.5), start, 2 * Step, exact);
            double slope = (Probe.Energy(new(1.5), further, layer: tied) - Probe.Energy(new(1.5), start, layer: tied)) / (2 * Step);
            yield return Of($"dE/dt of three tokens under {activation.ToString().ToLowerInvariant()}, W = W'^T", "sum_i m_i |dx_i/dt|^2",
                slope, Probe.Ask(new(1.5), ahead, (flow, v) => flow.Dissipation(0, v), layer: tied), 1e-5);
        }
    }

    // Two opposite points rest; of three tokens, the rate of the energy is that of its difference over a short time.
    private IEnumerable<Fact> Selection()
    {
        const double Alpha = 0.8, Beta = 1.5, Time = 2, Step = 1e-3, First = 0.1;
        Layer layer = new() { Selection = Alpha }, prompted = layer with { Prompts = new Prompts([[0, 1]], null, 0.7) };
        Integration how = Integration.Adaptive(1e-13);
        Cloud poles = new(1, 2, 2, [1, 0, -1, 0], null, [(1 + First) / 2, (1 - First) / 2]);
        double rate = 2 * Alpha * Math.Sinh(Beta) / Beta;
        double weight = Probe.Move(new(Beta), poles, Time, how with { Layer = layer }).Weights[0];
        yield return Of("2 m - 1 of two opposite points, selection 0.8, beta = 1.5, t = 2", "(1 + (u(0)^(-2) - 1) e^(-c t))^(-1/2)",
            1 / Math.Sqrt(1 + (1 / (First * First) - 1) * Math.Exp(-rate * Time)), 2 * weight - 1, 1e-10);
        foreach ((string name, Layer moving) in ((string, Layer)[])[("selection", layer), ("selection and a prompt", prompted)])
        {
            Cloud start = Probe.Angles(0.2, 1.1, 2.9), ahead = Probe.Move(new(Beta), start, Step, how with { Layer = moving });
            Cloud further = Probe.Move(new(Beta), start, 2 * Step, how with { Layer = moving });
            double slope = (Probe.Energy(new(Beta), further, layer: moving) - Probe.Energy(new(Beta), start, layer: moving)) / (2 * Step);
            yield return Of($"dE/dt of three tokens under {name}", "sum_i m_i |dx_i/dt|^2 + alpha sum_i m_i (U_i - sum_k m_k U_k)^2", slope,
                Probe.Ask(new(Beta), ahead, (flow, v) => flow.Dissipation(0, v), layer: moving), 1e-5);
        }
    }

    private IEnumerable<Fact> Masks()
    {
        Interaction causal = Probe.Softmax(1) with { Mask = Mask.Causal };
        Cloud start = new CapLaw([0, 0, 1], 1).Draw(1, 6, 3, seed: 3);
        Cloud early = Probe.Move(causal, start, 40, Integration.Adaptive(1e-12));
        Cloud late = Probe.Move(causal, early, 4, Integration.Adaptive(1e-12));
        double rate = Math.Log(Probe.Angle(early) / Probe.Angle(late)) / 4;
        // Token 2 sees itself and the first with 1/2 each; what is left of its angle is e^-20.
        yield return Of("rate at which token 2 comes to token 1 under a causal mask", "1/2", 0.5, rate, 1e-3);
        yield return Of("distance of token 2 from token 1 at t = 44", "arXiv 2411.04990: all come to x_1", 0, Probe.Angle(late), 1e-8);
        Interaction flat = new(0) { Mask = Mask.Causal };
        yield return Of("sink under a causal mask at beta = 0, n = 12", "1 + 1/2 + ... + 1/n",
            Enumerable.Range(1, 12).Sum(i => 1.0 / i), Probe.Observe("sink", flat, new UniformLaw().Draw(1, 12, 3, seed: 1))[0]);
    }
}
