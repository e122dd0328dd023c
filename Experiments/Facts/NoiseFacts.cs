namespace AttentionFlow.Experiments.Facts;

/// <summary>Brownian motion on the sphere, alone and against the pull. Means over R replicas, within 5 standard errors.</summary>
internal sealed class NoiseFacts() : Chapter(7, "Noise")
{
    public override IEnumerable<Fact> Measure() => [.. Transition(), .. Coexistence(), .. Free(), .. Pairs(), .. Means()];

    private IEnumerable<Fact> Transition()
    {
        yield return Of("critical kappa on S^2, beta = 1", "beta/lambda_1 = e", Math.E,
            2 / Probe.GrowthOfTheMean(new(1), 0.1)); // where growth balances the decay (d - 1)/kappa
        yield return Of("beta of the last continuous transition, d = 2", "lambda_2/lambda_1 = 1/d: 2.446918", 2.446918,
            Tricritical(2), 1e-6);
        yield return Of("beta of the last continuous transition, d = 3", "1.816155", 1.816155, Tricritical(3), 1e-6);

        // Where lambda_2/lambda_1 of the flow's own energies is 1/d, by halving.
        static double Tricritical(int d)
        {
            double low = 1, high = 3;
            while (high - low > 1e-9)
            {
                double beta = (low + high) / 2;
                if (Eigenvalue(2, beta) / Eigenvalue(1, beta) < 1.0 / d) low = beta;
                else high = beta;
            }
            return (low + high) / 2;

            // From the energy of the uniform law under a density 1 + a P_l: E = (lambda_0 + a^2 lambda_l <P_l^2>)/(2 beta).
            double Eigenvalue(int l, double beta)
            {
                Cloud cloud = d == 2 ? Probe.Circle(48) : Quadrature.OnSphere(16);
                double[] harmonic = [.. Enumerable.Range(0, cloud.Tokens).Select(i => Harmonic(l, cloud.Token(i)[d - 1]))];
                double[] weights = [.. cloud.Weights.Select((w, i) => w * (1 + 0.5 * harmonic[i]))];
                double square = Enumerable.Range(0, cloud.Tokens).Sum(i => cloud.Weights[i] * harmonic[i] * harmonic[i]);
                Cloud ripple = new(1, cloud.Tokens, d, cloud.Positions, null, weights);
                return (Probe.Energy(new(beta), ripple) - Probe.Energy(new(beta), cloud)) * 2 * beta / (0.25 * square);
            }

            double Harmonic(int l, double w) => l == 1 ? w : (d * w * w - 1) / (d - 1);
        }
    }

    /// <summary>On the circle: the fixed point p = e^{kappa k*p}/Z on a grid, its energy and its mean by the solver.</summary>
    private IEnumerable<Fact> Coexistence()
    {
        const int N = 64;
        const double Beta = 4;
        OrderedLaw law = new OrderedBranch(new(Beta), 2).Coexistence!;
        double[] p = [.. Enumerable.Range(0, N).Select(i => Math.Exp(5 * Math.Cos(Probe.Turn * i / N)))];
        for (int k = 0; k < 2000; k++)
        {
            double scale = law.Kappa / Beta / p.Sum();
            p = [.. Enumerable.Range(0, N).Select(i =>
                Math.Exp(scale * p.Select((weight, j) => weight * Math.Exp(Beta * Math.Cos(Probe.Turn * (i - j) / N))).Sum()))];
        }
        Cloud ordered = new(1, N, 2, Probe.Circle(N).Positions, null, [.. p.Select(weight => weight / p.Sum())]);
        double entropy = ordered.Weights.Sum(weight => weight * Math.Log(N * weight));
        double energy = Probe.Energy(new(Beta), ordered) - Probe.Energy(new(Beta), Probe.Circle(N));
        yield return Of("mean at coexistence on S^1, beta = 4", "p = e^(kappa k*p)/Z", law.Mean, Sphere.Norm(Probe.MeanOf(ordered)), 1e-9);
        yield return Of("kappa at coexistence on S^1, beta = 4", "H/(E - E of the uniform law)", law.Kappa, entropy / energy, 1e-10);
    }

    /// <summary>A lone token: harmonics of degree l about its start decay like e^{-l (l + d - 2) t/kappa}.</summary>
    private IEnumerable<Fact> Free()
    {
        const int R = 10_000;
        const double Kappa = 5, Time = 1;
        foreach (int d in (int[])[2, 3])
        {
            Cloud start = new UniformLaw().Draw(R, 1, d, seed: 7);
            Cloud end = Probe.Move(new(1), start, Time, new Integration(Methods.Heun, 0.1) { Noise = new Noise(Kappa) { Seed = 3 } });
            double[] w = [.. Enumerable.Range(0, R).Select(i => Sphere.Dot(start.Token(i), end.Token(i)))];
            yield return Of($"degree 1 of a lone Brownian token, d = {d}, kappa = 5, t = 1", "e^(-(d - 1) t/kappa)",
                Math.Exp(-(d - 1) * Time / Kappa), w.Average(), 5 / Math.Sqrt(R));
            yield return Of($"degree 2 of it, d = {d}", "e^(-2 d t/kappa)", Math.Exp(-2 * d * Time / Kappa),
                w.Average(c => (d * c * c - 1) / (d - 1)), 5 * d / (d - 1.0) / Math.Sqrt(R));
        }
    }

    private IEnumerable<Fact> Pairs()
    {
        const int R = 2_000;
        const double Kappa = 3;
        foreach (int d in (int[])[2, 3])
        {
            Cloud end = Probe.Move(new(1.5), new UniformLaw().Draw(R, 2, d, seed: 9), 10,
                new Integration(Methods.Heun, 0.1) { Noise = new Noise(Kappa) { Seed = 2 } });
            yield return Of($"cosine of two tokens in equilibrium, d = {d}, beta = 1.5, kappa = 3", "Gibbs' law",
                NoisyFlow.CosineOfTwo(new(1.5), d, Kappa),
                Enumerable.Range(0, R).Average(r => Sphere.Dot(end.Token(2 * r), end.Token(2 * r + 1))), 5 / Math.Sqrt(R));
        }
    }

    /// <summary>The mean of clouds whose tokens pull linearly, at late times.</summary>
    private IEnumerable<Fact> Means()
    {
        const int N = 60, R = 200;
        Interaction linear = new(1) { Profile = Profile.Linear };
        Cloud below = Settled(new UniformLaw(), 1.5);
        double square = Enumerable.Range(0, R).Average(r => Probe.MeanOf(below, r) is var m ? N * Sphere.Dot(m, m) : 0);
        // Three normal components of variance 2/3 in each cloud, and a share of order 1/n.
        yield return Of("n times the mean square of the mean below the transition, kappa = 1.5", "1/(1 - kappa/d)", 2, square,
            5 * 2 * Math.Sqrt(2.0 / 3 / R) + 2.0 / N);
        foreach (double ratio in (double[])[1.5, 3])
        {
            Cloud end = Settled(new VonMisesFisherLaw([1, 0, 0], 1), 3 * ratio);
            double length = Enumerable.Range(0, R).Average(r => Sphere.Norm(Probe.MeanOf(end, r)));
            // And a share of order 1/n.
            yield return Of($"mean in equilibrium, linear profile, S^2, kappa = {3 * ratio}", "abs(m) = A_d(kappa abs(m))",
                NoisyFlow.MeanNorm(3, 3 * ratio), length, 5 / Math.Sqrt(N * R) + 1.0 / N);
        }

        Cloud Settled(InitialLaw law, double kappa) => Probe.Move(linear, law.Draw(R, N, 3, seed: 6), 12,
            new Integration(Methods.Heun, 0.1) { Noise = new Noise(kappa) { Seed = 4 } });
    }
}
