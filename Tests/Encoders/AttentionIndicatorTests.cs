using AttentionFlow.Tests.Solver;
using MathNet.Numerics.LinearAlgebra;

namespace AttentionFlow.Tests.Encoders;

/// <summary>Indicators of a matrix that is there against those that a flow measures without it, and against closed forms.</summary>
public sealed class AttentionIndicatorTests
{
    /// <summary>The attention of a flow, written out in single precision, has the indicators of the flow under the same names.</summary>
    [Test]
    public void TheyAreThoseOfAFlow([Values(0.0, 1, 6)] double beta)
    {
        const int n = 40, d = 5;
        Cloud cloud = Clouds.Uniform(1, n, d);
        Interaction interaction = new(beta) { Normalization = Normalization.Softmax };
        using ReferenceSums sums = new();
        double[] cosines = CosinesOf(cloud.Positions, d), logits = [.. cosines.Select(c => beta * c)];
        Dictionary<string, double> measured = Measure(n, logits, cosines);
        string[] names = ["attention_entropy", "entropy_floor", "participation", "attention_rows", "sink", "low_pass"];
        int compared = 0;
        foreach (string name in names)
        {
            Flow flow = new(interaction, new IdentityGauge(), cloud, sums);
            Observable observable = Observable.All[name](flow);
            double[] values = new double[observable.Columns.Count];
            observable.Measure(new Frame(0, 0, cloud.Positions, flow.DriftAt(cloud.Positions), flow), values);
            foreach ((int c, Column column) in observable.Columns.Index())
            {
                // Single precision of a matrix, or the tolerance of the norm; near beta = 0 that norm is the rounding of single precision.
                double tolerance = name == "low_pass" ? 1e-4 * values[c] + 1e-6 : 2e-6 * Math.Max(1, values[c]);
                Assert.That(measured[column.Name], Is.EqualTo(values[c]).Within(tolerance), column.Name);
                compared++;
            }
        }
        Assert.That(compared, Is.EqualTo(9));
        Assert.That(measured["entropy_ratio"], Is.EqualTo(measured["attention_entropy_mean"] / Math.Log(n)));
        Assert.That((measured["beta"], measured["fit"]), Is.EqualTo((beta, beta > 0 ? 1.0 : 0)).Using<(double, double)>((x, y) =>
            Math.Abs(x.Item1 - y.Item1) < 1e-6 && Math.Abs(x.Item2 - y.Item2) < 1e-6 ? 0 : 1));
    }

    [Test]
    public void TheNormIsTheSpectralNormOfTheCentredMatrix()
    {
        const int n = 30;
        Random random = new(2);
        double[] logits = [.. Enumerable.Range(0, n * n).Select(_ => 4 * random.NextDouble())];
        Matrix<double> a = Matrix<double>.Build.DenseOfRowArrays(logits.Chunk(n).Select(row => row.Select(l => Math.Exp(l) / row.Sum(Math.Exp)).ToArray()));
        double norm = (a - Matrix<double>.Build.Dense(n, n, 1.0 / n) * a).Svd().S[0];
        Assert.That(Measure(n, logits, logits)["low_pass"], Is.EqualTo(norm).Within(1e-4 * norm));
    }

    /// <summary>A shift of a row is unseen by the softmax, and by the fit; noise across the cosines leaves the slope and lowers the share.</summary>
    [Test]
    public void BetaIsTheSlopeOfCentredRows()
    {
        const int n = 12;
        double[] cosines = CosinesOf(Clouds.Uniform(1, n, 3).Positions, 3);
        double[] shifted = [.. cosines.Select((c, k) => 3.5 * c + 10 * (k / n % 4))];
        Dictionary<string, double> exact = Measure(n, shifted, cosines);
        Assert.That((exact["beta"], exact["fit"]), Is.EqualTo((3.5, 1.0)).Using<(double, double)>((x, y) =>
            Math.Abs(x.Item1 - y.Item1) < 1e-6 && Math.Abs(x.Item2 - y.Item2) < 1e-6 ? 0 : 1));
        // A part of the logits that is orthogonal to the centred cosines of each row.
        double[] noisy = [.. shifted];
        double explained = 0, all = 0;
        for (int i = 0; i < n; i++)
        {
            double[] c = Centred(cosines[(i * n)..((i + 1) * n)]), e = Centred([.. Enumerable.Range(0, n).Select(j => Math.Cos(3 * j + i))]);
            double along = Sphere.Dot(c, e) / Sphere.Dot(c, c);
            for (int j = 0; j < n; j++)
            {
                double across = e[j] - along * c[j];
                noisy[i * n + j] += across;
                explained += 3.5 * 3.5 * c[j] * c[j];
                all += 3.5 * 3.5 * c[j] * c[j] + across * across;
            }
        }
        Dictionary<string, double> measured = Measure(n, noisy, cosines);
        Assert.That(measured["beta"], Is.EqualTo(3.5).Within(1e-6));
        Assert.That(measured["fit"], Is.EqualTo(explained / all).Within(1e-6).And.LessThan(0.95));

        static double[] Centred(double[] row) => [.. row.Select(v => v - row.Average())];
    }

    private static double[] CosinesOf(double[] x, int d) => [.. x.Chunk(d).SelectMany(a => x.Chunk(d).Select(b => Sphere.Dot(a, b)))];

    private static Dictionary<string, double> Measure(int n, double[] logits, double[] cosines)
    {
        float[] single = [.. logits.Select(l => (float)l)];
        float[] matrix = [.. logits.Chunk(n).SelectMany(row => row.Select(l => (float)(Math.Exp(l) / row.Sum(Math.Exp))))];
        double[] values = new double[AttentionIndicators.Columns.Count];
        AttentionIndicators.Measure(n, matrix, single, cosines, values);
        return AttentionIndicators.Columns.Zip(values).ToDictionary(c => c.First.Name, c => c.Second);
    }
}
