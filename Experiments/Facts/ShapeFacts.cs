namespace AttentionFlow.Experiments.Facts;

/// <summary>The spectrum of a cloud, its clusters, and distances to a law.</summary>
internal sealed class ShapeFacts() : Chapter(9, "Observables")
{
    public override IEnumerable<Fact> Measure() => [.. Spectra(), .. Distances(), .. Laws()];

    private IEnumerable<Fact> Spectra()
    {
        Interaction one = new(1);
        double[] ring = Probe.Observe("spectrum", one, Probe.Latitude(64, 0.3)), poles = Probe.Observe("spectrum", one,
            new ClustersLaw([[0, 0, 1], [0, 0, -1]], 0).Draw(1, 2, 3, seed: 1));
        double[] uniform = Probe.Observe("spectrum", one, Quadrature.OnSphere(24)),
            point = Probe.Observe("spectrum", one, Probe.Angles(1, 1));
        yield return Of("spectrum of a ring at height 0.3, degree 2", "abs(P_2(h))", Math.Abs(1.5 * 0.09 - 0.5), ring[1]);
        yield return Of("spectrum of a ring at height 0.3, degree 3", "abs(P_3(h))", Math.Abs(2.5 * 0.027 - 1.5 * 0.3), ring[2]);
        yield return Of("spectrum of two opposite points, degree 15", "0 in odd degrees", 0, poles[14]);
        yield return Of("spectrum of two opposite points, degree 16", "1 in even degrees", 1, poles[15]);
        yield return Of("spectrum of the uniform law, largest", "0", 0, uniform.Max(), 1e-11);
        yield return Of("spectrum of a point on the circle, least", "1", 1, point.Min());
        const int N = 400, R = 50;
        double[] random = Probe.Observe("spectrum", one, new UniformLaw().Draw(R, N, 3, seed: 4));
        double square = random.Average(a => a * a) * N;
        // a_l^2 n is near the square of 2 l + 1 normal numbers over their count; degrees 1 to 16 of R clouds, 5 standard errors.
        double deviation = Math.Sqrt(Enumerable.Range(1, 16).Sum(l => 2.0 / (2 * l + 1)) / (256.0 * R));
        yield return Of("spectrum of 400 independent tokens, n times the mean square", "1", 1, square, 5 * deviation);
        yield return Of("clusters of three points", "3", 3, Probe.Observe("clusters", one, Probe.Angles(0, 0, 1, 2, 2))[0], 0);
    }

    private IEnumerable<Fact> Distances()
    {
        const int N = 200;
        double[] even = [.. Enumerable.Range(0, N).Select(i => Probe.Turn * (i + 0.5) / N)], weights = [.. Enumerable.Repeat(1.0 / N, N)];
        yield return Of("W1 on the circle, a point and the uniform law", "pi/2", Math.PI / 2,
            CircleWasserstein.Distance([2], [1], even, weights));
        const int Fine = 100;
        double[] law = [.. Enumerable.Range(0, N * Fine).Select(i => Probe.Turn * (i + 0.5) / (N * Fine))];
        double[] shares = [.. Enumerable.Repeat(1.0 / (N * Fine), N * Fine)];
        // The law by its own midpoints: a relative 1/100^2.
        yield return Relative("W1 on the circle, 200 grid labels and their law", "pi/(2 n)", Math.PI / (2 * N),
            CircleWasserstein.Distance(even, weights, law, shares), 2e-4);
        double[] x = [1, 0, 0], y = [0, 1, 0];
        yield return Of("energy distance of two points at 2^(1/2)", "(2 r)^(1/2)", Math.Sqrt(2 * Math.Sqrt(2)),
            EnergyDistance.Distance(x, [1], y, [1], 3));
        // 128 directions leave a relative error of 0.58/128^(1/2): three of those.
        yield return Relative("sliced distance of two points on S^2", "r/2", Math.Sqrt(2) / 2,
            SlicedWasserstein.Distance(x, [1], y, [1], 3), 0.16);
        Cloud uniform = Quadrature.OnSphere(24);
        yield return Of("energy distance of a point and the uniform law of S^2", "(4/3)^(1/2)", Math.Sqrt(4.0 / 3),
            EnergyDistance.Distance(uniform.Positions, uniform.Weights, x, [1], 3), 1e-3);
        yield return Of("W1 on the line, quarters moved by 1 and 3", "integral abs(F - G)", 1,
            LineWasserstein.Distance([5, 1], [0.25, 0.75], [2, 1], [0.5, 0.5]));
    }

    /// <summary>Initial laws by their moments, 5 standard errors of 20,000 tokens.</summary>
    private IEnumerable<Fact> Laws()
    {
        const int N = 20_000;
        double[] axis = Sphere.Normalized([1, 2, 3]);
        foreach (double kappa in (double[])[0.5, 8])
        {
            double[] mean = Probe.MeanOf(new VonMisesFisherLaw(axis, kappa).Draw(1, N, 3, seed: 8));
            yield return Of($"mean of a von Mises-Fisher law of S^2, concentration {kappa}", "coth kappa - 1/kappa",
                1 / Math.Tanh(kappa) - 1 / kappa, Sphere.Dot(mean, axis), 5 / Math.Sqrt(N));
        }
        double[] cap = Probe.MeanOf(new CapLaw(axis, 1).Draw(1, N, 3, seed: 8));
        yield return Of("mean of a cap of angle 1", "(1 + cos a)/2", (1 + Math.Cos(1)) / 2, Sphere.Dot(cap, axis), 5 / Math.Sqrt(12.0 * N));
        Cloud uniform = new UniformLaw().Draw(100, 200, 3, seed: 8);
        double square = Enumerable.Range(0, 100).Average(r => Probe.MeanOf(uniform, r) is var m ? Sphere.Dot(m, m) : 0) * 200;
        // Three normal numbers of variance 1/3 a cloud: the mean of 100 such sums has the deviation (2/3/100)^(1/2).
        yield return Of("n times the mean square of the mean of uniform clouds", "1", 1, square, 5 * Math.Sqrt(2.0 / 300));
    }
}
