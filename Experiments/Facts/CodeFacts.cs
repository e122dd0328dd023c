namespace AttentionFlow.Experiments.Facts;

/// <summary>Positional codes, and one layer as networks have it.</summary>
internal sealed class CodeFacts() : Chapter(6, "The layer")
{
    public override IEnumerable<Fact> Measure() => [.. Codes(), .. Layers()];

    private IEnumerable<Fact> Codes()
    {
        const int N = 64;
        const double A = 1.3;
        Cloud best = new(1, N, 2, [.. Enumerable.Range(0, N).Select(i => Probe.Turn * (i + 0.5) / N)
            .SelectMany(a => new[] { Math.Cos(a), Math.Sin(a) })]);
        yield return Of("energy of an additive code of 1.3 at p/|p|, beta = 1", "I_0(beta (1 + a)^2)/(2 beta)",
            Bessel.I(0, (1 + A) * (1 + A)) / 2, Probe.Energy(new(1), best, layer: new Layer { Code = new AdditiveCode(A) }), 1e-11);
        // Near a point, in the slowest mode of the attention matrix there, cos 2 pi s.
        const double Height = 0.6, Beta = 2;
        double x = Beta * (1 - Height * Height);
        yield return Of("rate of collapse under a concatenated code, beta a^2 = 1.28", "2 (1 - I_1/I_0)",
            2 * (1 - Bessel.I(1, x) / Bessel.I(0, x)), Rate(new ConcatenatedCode(0.8), Probe.NoGauge, Beta, Height), 1e-6);
        yield return Of("rate of collapse with the code in the logits alone, height 0.6, beta = 2", "2 (1 - I_1/I_0)",
            2 * (1 - Bessel.I(1, x) / Bessel.I(0, x)), Rate(new LogitsOnlyCode(), new RotaryGauge([Probe.Turn]), Beta, Height), 1e-6);
    }

    // Of 1 - |m|^2, from tokens that are 1e-5 cos 2 pi s away from the point at this height: the next term is a relative 1e-5, and odd.
    private static double Rate(PositionalCode code, Gauge gauge, double beta, double height)
    {
        const int N = 48;
        const double Time = 1e-3;
        double r = Math.Sqrt(1 - height * height);
        Cloud start = new(1, N, 3, [.. Enumerable.Range(0, N).Select(i => 1e-5 * Math.Cos(Probe.Turn * (i + 0.5) / N))
            .SelectMany(a => new[] { r * Math.Cos(a), r * Math.Sin(a), height })]);
        Integration how = Integration.Rk4(Time) with { Gauge = gauge, Layer = new Layer { Code = code } };
        Cloud end = Probe.Move(Probe.Softmax(beta), start, Time, how);
        return Math.Log(Probe.Observe("gaps", new(1), start)[1] / Probe.Observe("gaps", new(1), end)[1]) / Time;
    }

    private IEnumerable<Fact> Layers()
    {
        const int N = 9;
        Cloud equal = new EquiangularLaw(0.4).Draw(1, N, N, seed: 1);
        double[][] output = Output(equal, 2);
        yield return Of("cosine after a layer of equiangular tokens, n = 9, g = 0.4, beta = 2", "(g + q)/(g + q + (1 - g) s^2)",
            Equiangular.LayerCosine(N, 2, 0.4), Sphere.Dot(output[2], output[5]) / (Sphere.Norm(output[2]) * Sphere.Norm(output[5])));
        foreach (double beta in (double[])[1, 6])
        {
            const double Mean = 1e-4; // the next term is its square
            Cloud uniform = Quadrature.OnSphere(24);
            Cloud cloud = new(1, uniform.Tokens, 3, uniform.Positions, null,
                [.. uniform.Weights.Select((w, i) => w * (1 + 3 * Mean * uniform.Token(i)[2]))]);
            double[][] after = Output(cloud, beta);
            double mean = Enumerable.Range(0, cloud.Tokens).Sum(i => cloud.Weights[i] * after[i][2] / Sphere.Norm(after[i]));
            yield return Of($"gain of a small mean by a layer, S^2, beta = {beta}", "1 + (d - 1)/beta",
                UniformAttention.LayerMeanGain(3, beta), mean / Mean, 1e-5);
        }
    }

    // sum_j A_ij x_j: under the scheme pre at radius 1 its part along the sphere is the drift, and its part along x_i the growth of r_i.
    private static double[][] Output(Cloud cloud, double beta)
    {
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        State rate = new(new double[cloud.Positions.Length], new double[cloud.Rows]);
        new Flow(Probe.Softmax(beta), Probe.NoGauge, cloud, sums) { Scheme = new PreScheme(1) }
            .Drift(new State(cloud.Positions, [.. Enumerable.Repeat(1.0, cloud.Rows)]), rate, ..);
        int d = cloud.Dimension;
        return [.. Enumerable.Range(0, cloud.Rows).Select(i => Enumerable.Range(0, d)
            .Select(c => rate.Positions[i * d + c] + rate.Radii[i] * cloud.Positions[i * d + c]).ToArray())];
    }
}
