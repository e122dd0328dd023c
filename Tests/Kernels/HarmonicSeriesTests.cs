using System.Runtime.Intrinsics;

namespace AttentionFlow.Tests.Kernels;

/// <summary>The series behind <see cref="HarmonicSums"/>: coefficients, tails, rounding, and what the moments tell.</summary>
public sealed class HarmonicSeriesTests
{
    [Test]
    public void CoefficientsAreFunkHecke([Values(2, 3)] int d, [Values(1e-3, 0.1, 1, 9, 128, 256)] double beta)
    {
        KernelSeries series = new KernelSeries(d, beta);
        for (int l = 0; l < Math.Min(series.Coefficients.Length, 40); l++)
        {
            double multiplicity = d == 3 ? 2 * l + 1 : l == 0 ? 1 : 2, expected = Math.Exp(-beta) * multiplicity * Bessel.FunkHecke(d, l, beta);
            // MathNet's Bessel functions are the less accurate side.
            if (expected > 1e-200) Assert.That(series.Coefficients[l], Is.EqualTo(expected).Within(1e-4).Percent, $"degree {l}");
        }
        Assert.That(series.Coefficients.Sum(), Is.EqualTo(1).Within(1e-15 * series.Coefficients.Length));
        Assert.That(series.Coefficients[^1], Is.LessThan(1e-28));
    }

    // (t - 1) e^{beta (t - 1)} at t = 1, -1 and 0, where P_l is known: sums of derivatives against the closed form.
    [Test]
    public void SlopesAreTheDerivativeOfTheKernel([Values(2, 3)] int d, [Values(1e-3, 0.1, 1, 9, 128, 256)] double beta)
    {
        KernelSeries series = new(d, beta);
        double[] slopes = series.Slopes;
        double here = slopes.Sum(), there = slopes.Select((s, l) => l % 2 == 0 ? s : -s).Sum(), across = 0, legendre = 1;
        for (int l = 0; l < slopes.Length; l += 2)
        {
            across += slopes[l] * (d == 2 ? l % 4 == 0 ? 1 : -1 : legendre);
            legendre *= -(l + 1.0) / (l + 2);
        }
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(here, Is.Zero.Within(1e-15 * slopes.Length));
        Assert.That(there, Is.EqualTo(-2 * Math.Exp(-2 * beta)).Within(1e-15 * slopes.Length));
        Assert.That(across, Is.EqualTo(-Math.Exp(-beta)).Within(1e-15 * slopes.Length));
        for (int order = 0; order < slopes.Length; order += 5)
            Assert.That(slopes.Skip(order + 1).Sum(Math.Abs), Is.LessThanOrEqualTo(series.ErrorBeyond(order, radial: true) * (1 + 1e-12) + 1e-300));
    }

    [Test]
    public void TheTailBoundsTheTruncation([Values(2, 3)] int d, [Values(0.1, 9, 256)] double beta)
    {
        KernelSeries series = new KernelSeries(d, beta);
        foreach (double error in (double[])[1e-3, 1e-6, 1e-12])
        {
            int order = series.OrderFor(error);
            Assert.That(series.ErrorBeyond(order), Is.LessThanOrEqualTo(error));
            if (order > 0) Assert.That(series.ErrorBeyond(order - 1), Is.GreaterThan(error));
            // The value's tail, attained at t = 1.
            Assert.That(1 - series.Coefficients.Take(order + 1).Sum(), Is.LessThanOrEqualTo(error + 1e-14));
        }
    }

    // No row is redone here: what truncation and rounding do together stays below the plan's bound.
    [Test]
    public void ErrorsStayBelowTheBound([Values(2, 3)] int d, [Values(0.01, 1, 32, 256)] double beta)
    {
        foreach (string kind in HarmonicClouds.Kinds)
            foreach (double tolerance in (double[])[1e-6, 1e-13]) CheckBound(kind, d, beta, tolerance, order: null);
    }

    [Test]
    public void HighDegreesAreStable([Values(2, 3)] int d, [Values(145, 200, HarmonicSums.MaxOrder)] int order)
    {
        foreach (string kind in HarmonicClouds.Kinds) CheckBound(kind, d, order > 200 ? 430 : 256, 1e-13, order);
    }

    private static void CheckBound(string kind, int d, double beta, double tolerance, int? order)
    {
        HarmonicKernel kernel = d == 2 ? new CircleKernel<Lanes256<double>, PairLanes256, Vector256<double>>() : new SphereKernel<Lanes256<double>, Vector256<double>>();
        PairProblem problem = HarmonicClouds.Problem(kind, 6, 60, d, new Interaction(beta), decades: true);
        RowSums expected = Problems.Sum(new ReferenceSums(), problem, RowColumns.Force);
        HarmonicPlan plan = new HarmonicPlan(problem, RowColumns.Force, tolerance);
        if (order is { } degree) plan.Replicas[0] = plan.Replicas[0] with { Second = degree };
        RowSums actual = new RowSums(60, d, RowColumns.Force);
        HarmonicCall call = new HarmonicCall(plan, kernel, new HarmonicMemory(), 1, actual, null, CancellationToken.None);
        call.Evaluate(1, RowSet.Range(0, 60), new HarmonicMoments?[1]);
        int used = plan.Replicas[0].Second;
        double[] ones = [.. Enumerable.Repeat(1.0, 60)];
        Assert.That(HarmonicClouds.Error(problem, actual, expected, ones, expected.Z), Is.LessThanOrEqualTo(plan.Error(used)), $"{kind}, order {used}");
    }

    [Test]
    public void SpectrumOfAPointIsOne([Values(2, 3)] int d)
    {
        double[] x = [.. Enumerable.Range(0, 5 * d).Select(i => i % d == 0 ? 0.6 : i % d == 1 ? 0.8 : 0)];
        foreach (double amplitude in Spectrum(x, d)) Assert.That(amplitude, Is.EqualTo(1).Within(1e-13));
    }

    // N equally spaced points: degrees that N divides, and no others.
    [Test]
    public void SpectrumOfARegularPolygon()
    {
        double[] x = [.. Enumerable.Range(0, 14).Select(i => i % 2 == 0 ? Math.Cos(0.3 + 2 * Math.PI * (i / 2) / 7) : Math.Sin(0.3 + 2 * Math.PI * (i / 2) / 7))];
        double[] spectrum = Spectrum(x, 2);
        for (int l = 0; l < spectrum.Length; l++) Assert.That(spectrum[l], Is.EqualTo(l % 7 == 0 ? 1 : 0).Within(1e-7), $"degree {l}");
    }

    // A spherical 3-design; degree 4: (6 P_4(1) + 6 P_4(-1) + 24 P_4(0))/36 = 21/36.
    [Test]
    public void SpectrumOfAnOctahedron()
    {
        double[] spectrum = Spectrum([1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1], 3);
        double[] expected = [1, 0, 0, 0, Math.Sqrt(21.0 / 36), 0];
        for (int l = 0; l < expected.Length; l++) Assert.That(spectrum[l], Is.EqualTo(expected[l]).Within(1e-7), $"degree {l}");
    }

    [Test]
    public void NoSpectrumInOtherDimensions() => Assert.That(() => new HarmonicSpectrum(4, 16, 1), Throws.TypeOf<NotSupportedException>().With.Message.Contains("not for d = 4"));

    [Test]
    public void DegreeOneIsTheMean([Values(2, 3)] int d)
    {
        double[] x = Problems.Sphere(new Random(1), 50, d), mean = new double[d];
        for (int i = 0; i < x.Length; i++) mean[i % d] += x[i] / 50;
        Assert.That(Spectrum(x, d)[1], Is.EqualTo(Math.Sqrt(mean.Sum(m => m * m))).Within(1e-13));
    }

    [Test]
    public void TheBitsOfASpectrumDependNeitherOnThreadsNorOnWidth([Values(2, 3)] int d)
    {
        double[] x = HarmonicClouds.Positions("uniform", 3, 9001, d), one = Spectrum(x, d);
        foreach ((int threads, int bits) in ((int, int)[])[(3, 512), (1, 256), (2, 128)]) Assert.That(Spectrum(x, d, threads, bits), Is.EqualTo(one), $"{threads}, {bits}");
    }

    private static double[] Spectrum(double[] x, int d, int threads = 1, int? vectorBits = null)
    {
        int n = x.Length / d;
        return new HarmonicSpectrum(d, 16, threads, vectorBits).Of(PairProblem.Self(1, n, d, new Interaction(0), x, HarmonicClouds.Weights(false, n), new double[n]), CancellationToken.None);
    }
}
