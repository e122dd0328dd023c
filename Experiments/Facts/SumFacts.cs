namespace AttentionFlow.Experiments.Facts;

/// <summary>Every way to sum pairs that is here without a GPU, on states whose sums are known.</summary>
internal sealed class SumFacts() : Chapter(11, "Numerics")
{
    public override IEnumerable<Fact> Measure()
    {
        const double Beta = 4;
        Cloud uniform = Quadrature.OnSphere(40);
        double energy = Energies.Uniform(3, Beta);
        (string What, Precision Precision, Summation Summation, double Tolerance)[] ways =
        [
            ("direct, double", Precision.Double, Summation.Direct, 1e-12),
            // 3200 terms, each rounded in single precision, partial sums in double from 1024 on: some 1024 2^-24 at worst.
            ("direct, single", Precision.Single, Summation.Direct, 1024 * Math.ScaleB(1, -24)),
            ("fast, tolerance 1e-10", Precision.Double, Summation.Fast, 1e-10),
            ("coalesced, tolerance 1e-10", Precision.Double, Summation.Coalesced, 1e-10),
        ];
        foreach ((string what, Precision precision, Summation summation, double tolerance) in ways)
            yield return Relative($"energy of the uniform law, 3200 tokens, beta = 4, {what}", "lambda_0/(2 beta)", energy,
                Probe.Energy(new(Beta), uniform, sums: DeviceCatalog.Open("cpu", precision, 1, summation)), tolerance);
        yield return Relative("the same on the device reference", "lambda_0/(2 beta)", energy,
            Probe.Energy(new(Beta), uniform, sums: DeviceCatalog.Open("reference", Precision.Double, 1)), 1e-12);
        // Two tokens at a right angle: the force is e^{-beta} of the self term, and must keep its digits.
        const double Cold = 20;
        foreach ((Precision precision, double tolerance) in ((Precision, double)[])[(Precision.Double, 1e-13), (Precision.Single, 3e-6)])
        {
            double[] drift = Probe.Ask(new(Cold), Probe.Angles(0, Math.PI / 2), (_, v) => v, sums: DeviceCatalog.Open("cpu", precision, 1));
            yield return Relative($"pull of two tokens at a right angle, beta = 20, {precision.ToString().ToLowerInvariant()} precision",
                "k'(0)/2 = 1/2", 0.5, drift[1], tolerance);
        }
        // Tokens of one point in a million roundings: the mean is a compensated sum.
        Cloud point = new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, 66_000, 3, seed: 1);
        yield return Of("length of the mean of 66,000 tokens at a point", "compensated sums", 1, Sphere.Norm(Probe.MeanOf(point)), 2.3e-16);
    }
}
