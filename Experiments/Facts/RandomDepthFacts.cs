namespace AttentionFlow.Experiments.Facts;

/// <summary>Two tokens under redrawn value matrices, and under common noise. Means over R replicas, within 4 standard errors.</summary>
internal sealed class RandomDepthFacts() : Chapter(14, "Random depth")
{
    public override IEnumerable<Fact> Measure() => [.. Probabilities(), .. Ends(), .. Common()];

    private IEnumerable<Fact> Probabilities()
    {
        foreach ((int d, double beta, double known) in ((int, double, double)[])[(3, 1, 0.2224), (6, 2, 0.1478), (6, 1, 0)])
            yield return Of($"probability that two tokens at a right angle end opposite, d = {d}, beta = {beta}",
                "scale function; 0 unless cosh 2 beta > d - 2", known, new RandomDepth(d, beta).AntipodalProbability(0), 5e-5);
    }

    private IEnumerable<Fact> Ends()
    {
        const int R = 2_000;
        const double Redraw = 0.02, Time = 8;
        foreach ((int d, double beta) in ((int, double)[])[(3, 1), (6, 2)])
        {
            Setting setting = new(2, d) { Seed = 5, Redraw = Redraw };
            Matrices laws = new(new IdentityMatrix(), new IdentityMatrix(), new BrownianMatrix());
            Cloud end = Probe.Move(Probe.Softmax(beta), new EquiangularLaw(0).Draw(R, 2, d, seed: 1), Time,
                new Integration(Methods.Euler, Redraw)
                {
                    Layer = new() { Heads = [laws.Draw(0, setting)], Redraw = new(Redraw, laws, setting) },
                });
            double share = Enumerable.Range(0, R).Average(r => Cosine(end, r) < 0 ? 1 : 0.0);
            double expected = new RandomDepth(d, beta).AntipodalProbability(0);
            yield return Of($"share of {R} replicas that end opposite, redraw = {Redraw}, d = {d}, beta = {beta}", "the same", expected,
                share, 4 * Math.Sqrt(expected * (1 - expected) / R));
        }
    }

    /// <summary>Labels that do not see each other: what is left is noise.</summary>
    private IEnumerable<Fact> Common()
    {
        const int R = 10_000;
        const double Kappa = 4, Time = 1;
        Interaction apart = new(1) { Coupling = new BlockCoupling(0) };
        foreach (int d in (int[])[2, 3, 6])
        {
            Cloud start = new EquiangularLaw(0.5).Draw(R, 2, d, seed: 1, new BlockLabels());
            Cloud end = Probe.Move(apart, start, Time,
                new Integration(Methods.Heun, 0.1) { Noise = new Noise(Common: Kappa) { Seed = 3 } });
            double[] growth = [.. Enumerable.Range(0, R).Select(r => Math.Log((1 - Cosine(end, r)) / (1 - Cosine(start, r))))];
            double mean = growth.Average(), error = Math.Sqrt(growth.Average(g => (g - mean) * (g - mean)) / R);
            yield return Of($"Lyapunov exponent of two tokens under common noise, d = {d}, kappa = 4", "-(d - 1)/kappa", -(d - 1) / Kappa,
                mean / (2 * Time), 4 * error / (2 * Time));
        }
    }

    private static double Cosine(Cloud cloud, int r) => Sphere.Dot(cloud.Token(2 * r), cloud.Token(2 * r + 1));
}
