namespace AttentionFlow.Experiments.Facts;

/// <summary>Indicators of states whose attention matrix is known: equiangular, the uniform law, a point.</summary>
internal sealed class AttentionFacts() : Chapter(8, "Indicators and warning levels")
{
    // The norm found is within this of a singular value, relatively; its square enters the error where that one stands apart.
    private const double LowPass = 1e-8;

    public override IEnumerable<Fact> Measure() => [.. EquiangularStates(), .. UniformLaw(), .. Points()];

    private IEnumerable<Fact> EquiangularStates()
    {
        const int N = 8;
        const double G = 0.4, Beta = 2, D = Beta * (1 - G);
        Interaction interaction = new(Beta);
        Cloud cloud = new EquiangularLaw(G).Draw(1, N, N, seed: 1);
        double others = (N - 1) * Math.Exp(-D), participation = (1 + others) * (1 + others) / (1 + (N - 1) * Math.Exp(-2 * D));
        double entropy = Math.Log(1 + others) + others * D / (1 + others);
        const string State = "equiangular, n = 8, g = 0.4, beta = 2";
        string formula = "log(1 + (n-1) e^(-D)) + (n-1) D e^(-D)/(1 + (n-1) e^(-D))";
        yield return Of($"attention entropy, {State}", formula, entropy, At("attention_entropy"));
        yield return Of($"entropy floor, {State}", "the floor is reached", entropy, At("entropy_floor"));
        yield return Of($"attention divergence, {State}", "log n less the entropy", Math.Log(N) - entropy, At("attention_divergence"));
        yield return Of($"logit spread, {State}", "D (n-1)^(1/2)/n", D * Math.Sqrt(N - 1) / N, At("entropy_floor", 1));
        yield return Of($"participation, {State}", "(1 + (n-1) e^(-D))^2/(1 + (n-1) e^(-2D))", participation, At("participation"), 1e-11);
        yield return Of($"participation ratio, {State}", "the same over n", participation / N, At("participation_ratio"));
        yield return Of($"sink, {State}", "1", 1, At("sink"));
        yield return Of($"low-pass norm, {State}", "(1 - e^(-D))/(1 + (n-1) e^(-D))", (1 - Math.Exp(-D)) / (1 + others),
            At("low_pass"), LowPass);
        yield return Of($"residual, {State}", "((1-g)(n-1)/n)^(1/2)", Math.Sqrt((1 - G) * (N - 1) / N), At("ranks"));
        yield return Of($"stable rank, {State}", "n/(1 + (n-1) g)", N / (1 + (N - 1) * G), At("ranks", 1), 1e-11);
        yield return Of($"effective rank, {State}", "7.455708", 7.455708, At("ranks", 2), 5e-7);
        yield return Of($"mean cosine, {State}", "g", G, At("ranks", 3));
        yield return Of("energy ratio of a point", "1", 1, Probe.Observe("energy_ratio", interaction, Probe.Angles(1, 1, 1))[0]);

        double At(string name, int column = 0) => Probe.Observe(name, interaction, cloud)[column];
    }

    private IEnumerable<Fact> UniformLaw()
    {
        foreach ((int d, double beta, Cloud cloud) in ((int, double, Cloud)[])[(2, 3, Probe.Circle(64)), (3, 4, Quadrature.OnSphere(20))])
        {
            string state = $"uniform law, d = {d}, beta = {beta}";
            double lambda = Bessel.FunkHecke(d, 0, beta), mean = VonMisesFisher.MeanLength(d, beta);
            // The cubature is exact up to harmonics of degree 39, where those of e^{beta t} are rounding.
            yield return Of($"attention divergence, {state}", "beta A_d - log lambda_0", beta * mean - Math.Log(lambda),
                At("attention_divergence"), 1e-11);
            yield return Of($"participation ratio, {state}", "lambda_0(beta)^2/lambda_0(2 beta)",
                lambda * lambda / Bessel.FunkHecke(d, 0, 2 * beta), At("participation_ratio"), 1e-9);
            yield return Of($"low-pass norm, {state}", "A_d", mean, At("low_pass"), LowPass);
            yield return Of($"logit spread, {state}", "beta/d^(1/2)", beta / Math.Sqrt(d), At("entropy_floor", 1));
            yield return Of($"effective rank, {state}", "d", d, At("ranks", 2), 1e-11);

            double At(string name, int column = 0) => Probe.Observe(name, new Interaction(beta), cloud)[column];
        }
        const int R = 20;
        double few = Probe.Observe("low_pass", new Interaction(1), new UniformLaw().Draw(R, 50, 3, seed: 3)).Average();
        yield return Of("low-pass norm of 50 independent tokens of S^2, beta = 1", "arXiv 2410.24200: 0.385", 0.385, few, 0.02);
    }

    private IEnumerable<Fact> Points()
    {
        const int N = 16;
        Cloud point = new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, N, 3, seed: 1), any = new UniformLaw().Draw(1, N, 3, seed: 2);
        yield return Of("attention entropy of a point, n = 16", "log n", Math.Log(N), Probe.Observe("attention_entropy", new(3), point)[0]);
        yield return Of("attention entropy at beta = 0, n = 16", "log n", Math.Log(N), Probe.Observe("attention_entropy", new(0), any)[0]);
        yield return Of("participation at beta = 0, n = 16", "n", N, Probe.Observe("participation", new(0), any)[0], 1e-11);
        yield return Of("effective rank of a point", "1", 1, Probe.Observe("ranks", new(3), point)[2], 1e-7);
    }
}
