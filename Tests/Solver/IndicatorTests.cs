using MathNet.Numerics.LinearAlgebra;
using static AttentionFlow.Tests.Solver.Clouds;

namespace AttentionFlow.Tests.Solver;

/// <summary>Every indicator against its closed forms, and against the matrix written out.</summary>
public class IndicatorTests
{
    private static readonly Interaction One = new(1);
    private static readonly Gauge None = new IdentityGauge();

    // The norm found is within this of a singular value, relatively; its square enters the error where that one is apart from the others.
    private const double LowPassTolerance = 1e-4;

    public static IEnumerable<(Interaction, Gauge, Cloud)> Matrices()
    {
        Gauge gauge = new PathGauge(0.5, 3, 1);
        foreach (Coupling coupling in Clouds.Couplings().Where(c => c.Smallest >= 0).Some())
            foreach (Profile profile in new[] { Profile.Exponential, Profile.Linear }.Some())
                foreach (Mask mask in (Mask[])[Mask.None, Mask.Causal])
                    foreach (double[]? weights in (double[]?[])[null, Clouds.Weights(2, 12)])
                        yield return (new Interaction(1.7) { Profile = profile, Coupling = coupling, Mask = mask }, gauge,
                            Clouds.WithLabelsFor(coupling, Clouds.Uniform(2, 12, 3, weights: weights)));
    }

    /// <summary>The definitions of docs/model.md on the matrix A, with Psi inside: it shares no code with the sums.</summary>
    [TestCaseSource(nameof(Matrices))]
    public void IndicatorsAreThoseOfTheMatrix((Interaction Interaction, Gauge Gauge, Cloud Cloud) at)
    {
        (Interaction interaction, Gauge gauge, Cloud cloud) = at;
        int n = cloud.Tokens;
        Vector<double> ones = Vector<double>.Build.Dense(n, 1);
        for (int r = 0; r < cloud.Replicas; r++)
        {
            Matrix<double> a = AttentionOf(interaction, gauge, cloud, r);
            Vector<double> m = Vector<double>.Build.DenseOfArray(cloud.Weights[(r * n)..((r + 1) * n)]);
            double[] entropies = [.. a.EnumerateRows().Select(row => -row.Zip(m, (p, w) => p == 0 ? 0 : p * Math.Log(p / (n * w))).Sum())];
            double[] seen = [.. Enumerable.Range(0, n).Select(i => interaction.Mask == Mask.Causal ? n * m.Take(i + 1).Sum() : n)];
            double oneHot = 0, flat = 0;
            for (int i = 0; i < n; i++)
            {
                if (a.Row(i).Zip(m, (p, w) => p / (n * w)).Max() > 0.5) oneHot += m[i];
                if (Math.Log(seen[i]) > 1e-12 && entropies[i] > 0.99 * Math.Log(seen[i])) flat += m[i];
            }
            Matrix<double> root = Matrix<double>.Build.DenseOfDiagonalVector(m.PointwiseSqrt()), inverse = Matrix<double>.Build.DenseOfDiagonalVector(1 / m.PointwiseSqrt());
            double lowPass = (root * (a - ones.OuterProduct(a.LeftMultiply(m))) * inverse).Svd().S[0];
            using IDisposable scope = Assert.EnterMultipleScope();
            Assert.That(Measure("attention_entropy", interaction, gauge, cloud)[(2 * r)..(2 * r + 2)], Is.EqualTo(new[] { entropies.Zip(m, (h, w) => h * w).Sum(), entropies.Min() }).Within(1e-13));
            Assert.That(Measure("participation", interaction, gauge, cloud)[r], Is.EqualTo(a.EnumerateRows().Zip(m, (row, w) => w / row.Zip(m, (p, v) => p * p / (n * v)).Sum()).Sum()).Within(1e-12));
            double[] divergences = [.. entropies.Select(h => Math.Log(n) - h)];
            Assert.That(Measure("attention_divergence", interaction, gauge, cloud)[(2 * r)..(2 * r + 2)], Is.EqualTo(new[] { divergences.Zip(m, (h, w) => h * w).Sum(), divergences.Max() }).Within(1e-13));
            Assert.That(Measure("participation_ratio", interaction, gauge, cloud)[r], Is.EqualTo(a.EnumerateRows().Zip(m, (row, w) => w / row.Zip(m, (p, v) => p * p / v).Sum()).Sum()).Within(1e-13));
            Assert.That(Measure("sink", interaction, gauge, cloud)[r], Is.EqualTo(a.LeftMultiply(m).PointwiseDivide(m).Max()).Within(1e-13));
            Assert.That(Measure("attention_rows", interaction, gauge, cloud)[(2 * r)..(2 * r + 2)], Is.EqualTo(new[] { oneHot, flat }).Within(1e-14));
            Assert.That(Measure("low_pass", interaction, gauge, cloud)[r], Is.EqualTo(lowPass).Within(LowPassTolerance * lowPass + 1e-15));
        }
    }

    /// <summary>H_i >= the floor, for every row, and the spread is that of the logits; also for the tokens that a row of a causal mask sees, and for light tokens.</summary>
    [Test]
    public void NoRowIsBelowTheFloor([Values(0.3, 2, 9)] double beta, [Values] bool causal, [Values] bool weighted, [Values(3UL, 4UL, 5UL)] ulong seed)
    {
        Interaction interaction = new(beta) { Mask = causal ? Mask.Causal : Mask.None };
        Cloud cloud = Clouds.Uniform(1, 9, 3, seed, weighted ? Clouds.Weights(1, 9, seed) : null);
        double[] floor = Measure("entropy_floor", interaction, None, cloud), entropy = Measure("attention_entropy", interaction, None, cloud);
        double spread = 0;
        for (int i = 0; i < 9; i++)
        {
            int end = causal ? i + 1 : 9;
            double[] logits = [.. Enumerable.Range(0, end).Select(j => beta * Sphere.Dot(cloud.Token(i), cloud.Token(j)))];
            double total = cloud.Weights[..end].Sum(), mean = logits.Zip(cloud.Weights, (l, w) => l * w).Sum() / total;
            spread = Math.Max(spread, Math.Sqrt(logits.Zip(cloud.Weights, (l, w) => w * (l - mean) * (l - mean)).Sum() / total));
        }
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(floor[0], Is.LessThanOrEqualTo(entropy[1] + 1e-13));
        Assert.That(floor[1], Is.EqualTo(spread).Within(1e-13));
    }

    [Test]
    public void EquiangularStates([Values(0, 0.4)] double g, [Values(0, 2, 30)] double beta)
    {
        const int N = 8;
        Cloud cloud = new EquiangularLaw(g).Draw(1, N, N, seed: 1);
        Interaction interaction = new(beta);
        double entropy = Equiangular.AttentionEntropy(N, beta * (1 - g)), others = (N - 1) * Math.Exp(-beta * (1 - g)), near = 1 / (1 + others);
        double far = (1 - near) / (N - 1);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("attention_entropy", interaction, None, cloud), Is.EqualTo(new[] { entropy, entropy }).Within(1e-13));
        Assert.That(Measure("entropy_floor", interaction, None, cloud), Is.EqualTo(new[] { entropy, beta * (1 - g) * Math.Sqrt(N - 1) / N }).Within(1e-12));
        Assert.That(Measure("participation", interaction, None, cloud)[0], Is.EqualTo(1 / (near * near + (N - 1) * far * far)).Within(1e-12));
        Assert.That(Measure("sink", interaction, None, cloud)[0], Is.EqualTo(1).Within(1e-13));
        // A = far 11^T + (near - far) I.
        Assert.That(Measure("low_pass", interaction, None, cloud)[0], Is.EqualTo(near - far).Within(1e-13));
        Assert.That(Measure("attention_rows", interaction, None, cloud), Is.EqualTo(new double[] { near > 0.5 ? 1 : 0, beta == 0 ? 1 : 0 }).Within(1e-14));
        Assert.That(Measure("ranks", interaction, None, cloud), Is.EqualTo(new[]
        {
            Math.Sqrt((1 - g) * (N - 1) / N), N / (1 + (N - 1) * g), Equiangular.EffectiveRank(N, g), g,
        }).Within(1e-12));
    }

    /// <summary>A = 11^T/n + beta sum of products of the deviations from the mean, of size beta sigma^2: the norm goes to rounding with the cloud.</summary>
    [Test]
    public void TheLowPassNormOfAPointIsRounding([Values(1e-4, 1e-6, 1e-7, 1e-8, 1e-9)] double sigma, [Values(1, 2, 3, 4)] int seed)
    {
        const int N = 64;
        Cloud cloud = new ClustersLaw([[0.6, 0, 0.8]], sigma).Draw(1, N, 3, (ulong)seed);
        Assert.That(Measure("low_pass", One, None, cloud)[0], Is.AtMost(3 * sigma * sigma + 1e-14));
    }

    [TestCase(2, 0.4), TestCase(0.5, -0.05), TestCase(12, 0.9)]
    public void CosineAfterALayerOfEquiangularTokens(double beta, double g)
    {
        const int N = 9;
        Cloud cloud = new EquiangularLaw(g).Draw(1, N, N, 1);
        double[][] output = [.. Enumerable.Range(0, N).Select(i => Attend(cloud, beta, i))];
        double cosine = Sphere.Dot(output[2], output[5]) / (Sphere.Norm(output[2]) * Sphere.Norm(output[5]));
        Assert.That(cosine, Is.EqualTo(Equiangular.LayerCosine(N, beta, g)).Within(1e-13));
    }

    [Test]
    public void LongContextsHaveThreeLimits() => Assert.Multiple(() =>
    {
        const double G = 0.2, Critical = 1 / (1 - G), N = 1e24;
        Assert.That(Equiangular.LayerCosine(N, 0.5 * Critical * Math.Log(N), G), Is.EqualTo(1).Within(1e-12));
        Assert.That(Equiangular.LayerCosine(N, Critical * Math.Log(N), G), Is.EqualTo(4 * G / (1 + 3 * G)).Within(1e-12));
        Assert.That(Equiangular.LayerCosine(N, 2 * Critical * Math.Log(N), G), Is.EqualTo(G).Within(1e-12));
    });

    [TestCase(1), TestCase(6)]
    public void ALayerMultipliesASmallMean(double beta)
    {
        const double Mean = 1e-4;
        Cloud uniform = Quadrature.OnSphere(24), cloud = new(1, uniform.Tokens, 3, uniform.Positions, null, [.. uniform.Weights.Select((w, i) => w * (1 + 3 * Mean * uniform.Token(i)[2]))]);
        double after = 0;
        for (int i = 0; i < cloud.Tokens; i++)
        {
            double[] output = Attend(cloud, beta, i);
            after += cloud.Weights[i] * output[2] / Sphere.Norm(output);
        }
        Assert.That(after / Mean, Is.EqualTo(UniformAttention.LayerMeanGain(3, beta)).Within(1e-5));
    }

    // sum_j A_ij x_j.
    private static double[] Attend(Cloud cloud, double beta, int query)
    {
        double[] output = new double[cloud.Dimension];
        for (int j = 0; j < cloud.Tokens; j++)
        {
            double weight = cloud.Weights[j] * Math.Exp(beta * Sphere.Dot(cloud.Token(query), cloud.Token(j)));
            for (int c = 0; c < output.Length; c++) output[c] += weight * cloud.Token(j)[c];
        }
        return output;
    }

    [Test]
    public void EffectiveRankOfTheLiterature() => Assert.That(Equiangular.EffectiveRank(8, 0.4), Is.EqualTo(7.455708).Within(5e-7));

    [Test]
    public void UniformAttentionIsFlat([Values] bool point)
    {
        const int N = 16;
        Cloud cloud = point ? new ClustersLaw([[0.6, 0, 0.8]], 0).Draw(1, N, 3, seed: 1) : Clouds.Uniform(1, N, 3);
        Interaction interaction = new(point ? 3 : 0);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("attention_entropy", interaction, None, cloud), Is.EqualTo(new[] { Math.Log(N), Math.Log(N) }).Within(1e-14));
        Assert.That(Measure("entropy_floor", interaction, None, cloud), Is.EqualTo(new[] { Math.Log(N), 0 }).Within(1e-14));
        Assert.That(Measure("participation", interaction, None, cloud)[0], Is.EqualTo(N).Within(1e-13));
        Assert.That(Measure("sink", interaction, None, cloud)[0], Is.EqualTo(1).Within(1e-14));
        Assert.That(Measure("attention_rows", interaction, None, cloud), Is.EqualTo(new double[] { 0, 1 }).Within(1e-14));
        Assert.That(Measure("low_pass", interaction, None, cloud)[0], Is.LessThan(1e-14));
        if (point) Assert.That(Measure("ranks", interaction, None, cloud), Is.EqualTo(new double[] { 0, 1, 1, 1 }).Within(1e-13));
    }

    /// <summary>Rows 1, 2, ..., n of 1/i: the first token receives 1 + 1/2 + ... + 1/n, the entropies are log i; of its centred matrix the largest singular value is found.</summary>
    [Test]
    public void TheCausalMaskAtBetaZero()
    {
        const int N = 12;
        Interaction interaction = new(0) { Mask = Mask.Causal };
        Cloud cloud = Clouds.Uniform(1, N, 3);
        double[] rows = [.. Enumerable.Range(1, N).Select(i => (double)i)];
        Matrix<double> a = Matrix<double>.Build.Dense(N, N, (i, j) => j <= i ? 1.0 / (i + 1) : 0);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("sink", interaction, None, cloud)[0], Is.EqualTo(rows.Sum(i => 1 / i)).Within(1e-13));
        Assert.That(Measure("attention_entropy", interaction, None, cloud), Is.EqualTo(new[] { rows.Average(Math.Log), 0 }).Within(1e-14));
        Assert.That(Measure("participation", interaction, None, cloud)[0], Is.EqualTo(rows.Average()).Within(1e-13));
        Assert.That(Measure("attention_rows", interaction, None, cloud), Is.EqualTo(new[] { 1.0 / N, 1 - 1.0 / N }).Within(1e-14));
        Assert.That(Measure("entropy_floor", interaction, None, cloud), Is.EqualTo(new double[] { 0, 0 }).Within(1e-14));
        Assert.That(Measure("low_pass", interaction, None, cloud)[0], Is.EqualTo((a - Matrix<double>.Build.Dense(N, N, 1.0 / N) * a).Svd().S[0]).Within(LowPassTolerance));
    }

    /// <summary>Equidistributed tokens have the values of the uniform law. Gauss-Legendre latitudes times even longitudes, weighted, on the sphere; even angles on the circle.</summary>
    [TestCase(2, 0.7), TestCase(2, 3), TestCase(3, 1), TestCase(3, 4)]
    public void TheUniformLaw(int d, double beta)
    {
        Cloud cloud = d == 3 ? Quadrature.OnSphere(16)
            : new Cloud(1, 64, 2, [.. Enumerable.Range(0, 64).SelectMany(i => new[] { Math.Cos(Clouds.Turn * i / 64), Math.Sin(Clouds.Turn * i / 64) })]);
        Interaction interaction = new(beta);
        double entropy = Math.Log(cloud.Tokens) + UniformAttention.EntropyBelowLogTokens(d, beta);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Measure("attention_entropy", interaction, None, cloud), Is.EqualTo(new[] { entropy, entropy }).Within(1e-11));
        Assert.That(Measure("participation", interaction, None, cloud)[0], Is.EqualTo(cloud.Tokens * UniformAttention.ParticipationShare(d, beta)).Within(1e-9 * cloud.Tokens));
        Assert.That(Measure("sink", interaction, None, cloud)[0], Is.EqualTo(1).Within(1e-11));
        Assert.That(Measure("low_pass", interaction, None, cloud)[0], Is.EqualTo(UniformAttention.LowPass(d, beta)).Within(LowPassTolerance * LowPassTolerance));
        Assert.That(Measure("entropy_floor", interaction, None, cloud)[1], Is.EqualTo(beta / Math.Sqrt(d)).Within(1e-13));
        Assert.That(Measure("ranks", interaction, None, cloud)[..3], Is.EqualTo(new double[] { 1, d, d }).Within(1e-11));
    }

    /// <summary>[arXiv 2410.24200] on independent uniform tokens: 0.385 at n = 50, 0.327 at 800, the limit 0.3130.</summary>
    [Test]
    public void TheLowPassNormOfRandomTokens()
    {
        Assert.That(UniformAttention.LowPass(3, 1), Is.EqualTo(1 / Math.Tanh(1) - 1).Within(1e-14).And.EqualTo(0.3130).Within(5e-5));
        double[] few = Measure("low_pass", One, None, Clouds.Uniform(20, 50, 3)), many = Measure("low_pass", One, None, Clouds.Uniform(1, 800, 3));
        Assert.That(few.Average(), Is.EqualTo(0.385).Within(0.02));
        Assert.That(many.Average(), Is.EqualTo(0.327).Within(0.01));
    }

    /// <summary>A token of weight 2 in place of two equal ones, seen by an observable that was made for the two: no column changes.</summary>
    [Test]
    public void ATokenOfWeightTwoIsTwoTokens([Values] Mask mask, [Values(0.5, 3)] double beta)
    {
        if (mask is not (Mask.None or Mask.Causal)) return;
        Cloud one = Clouds.Uniform(1, 7, 3, weights: [0.125, 0.125, 0.25, 0.125, 0.125, 0.125, 0.125]);
        double[] positions = [.. one.Positions[..6], .. one.Positions[6..9], .. one.Positions[6..]], labels = [.. one.Labels[..2], one.Labels[2], .. one.Labels[2..]];
        Cloud two = new(1, 8, 3, positions, labels);
        Interaction interaction = new(beta) { Mask = mask };
        Flow of = new(interaction, None, one, new ReferenceSums()), made = new(interaction, None, two, new ReferenceSums());
        of.DriftAt(one.Positions);
        made.DriftAt(two.Positions);
        string[] names = ["attention_entropy", "attention_rows", "entropy_floor", "low_pass", "participation", "ranks", "sink"];
        // Under the causal mask the first of two equal tokens does not see the second.
        foreach (string name in mask == Mask.None ? names : ["ranks"])
        {
            Observable observable = Observable.All[name](made);
            double[] merged = observable.Values(new Frame(0, 0, one.Positions, [], of));
            double[] apart = observable.Values(new Frame(0, 0, two.Positions, [], made));
            Assert.That(merged, Is.EqualTo(apart).Within(name == "low_pass" ? LowPassTolerance : 1e-12), name);
        }
    }

    /// <summary>
    /// Two equal tokens are one of twice the weight, each cloud with the number of rows it has: columns relative to the weights do not see
    /// the difference, columns that count tokens shift by the ratio of the numbers.
    /// </summary>
    [Test]
    public void ColumnsRelativeToTheWeightsDoNotCountTokens([Values(0, 1, 20, 800)] double beta, [Values] bool softmax)
    {
        if (beta > 100 && !softmax) return;
        Interaction interaction = new(beta) { Normalization = softmax ? Normalization.Softmax : Normalization.Unnormalized };
        Cloud one = new(1, 2, 3, [1, 0, 0, 0, 1, 0], null, [2 / 3.0, 1 / 3.0]), two = new(1, 3, 3, [1, 0, 0, 1, 0, 0, 0, 1, 0]);
        double near = Math.Exp(-beta), z0 = (2 + near) / 3, z1 = (1 + 2 * near) / 3;
        double[] Of(string name, Cloud cloud) => Measure(name, interaction, None, cloud);
        using IDisposable scope = Assert.EnterMultipleScope();
        foreach (string name in (string[])["attention_divergence", "participation_ratio", "sink", "low_pass", "energy_ratio", "mean", "covariance", "spectrum", "speed"])
            Assert.That(Of(name, one), Is.EqualTo(Of(name, two)).Within(name == "low_pass" ? LowPassTolerance : 1e-14 * Math.Exp(softmax ? 0 : beta)), name);
        Assert.That(Of("ranks", one)[..3], Is.EqualTo(Of("ranks", two)[..3]).Within(1e-14));
        // Rows of A: (2, e)/(2 + e) and (2 e, 1)/(1 + 2 e), e = e^{-beta}; m = (2, 1)/3.
        double divergence0 = -Math.Log(z0) - beta * near / (2 + near), divergence1 = -Math.Log(z1) - 2 * beta * near / (1 + 2 * near);
        Assert.That(Of("attention_divergence", one), Is.EqualTo(new[] { (2 * divergence0 + divergence1) / 3, divergence1 }).Within(1e-13));
        Assert.That(Of("participation_ratio", one)[0], Is.EqualTo((2 * z0 * z0 / ((2 + near * near) / 3) + z1 * z1 / ((1 + 2 * near * near) / 3)) / 3).Within(1e-13));
        Assert.That(Of("attention_entropy", two)[0] - Of("attention_entropy", one)[0], Is.EqualTo(Math.Log(1.5)).Within(1e-13));
        Assert.That(Of("participation", two)[0] / Of("participation", one)[0], Is.EqualTo(1.5).Within(1e-13));
        if (beta >= 20) Assert.That((Of("attention_rows", one)[0], Of("attention_rows", two)[0]), Is.EqualTo((1, 1 / 3.0)).Within(1e-15));
    }

    /// <summary>Nothing is summed beyond the drift unless asked for: entropy is free, the columns of rows share one pass, the sink takes one more.</summary>
    [Test]
    public void IndicatorsCostWhatTheySay()
    {
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(Passes(null, "attention_entropy", "entropy_floor", "ranks"), Is.Zero);
        Assert.That(Passes(null, "attention_entropy", "participation", "attention_rows"), Is.EqualTo(1));
        Assert.That(Passes(new DistanceCoupling(0.3), "attention_entropy", "participation", "attention_rows"), Is.EqualTo(1));
        Assert.That(Passes(null, "sink"), Is.EqualTo(1));
        static int Passes(Coupling? coupling, params string[] names) => Calls(One with { Coupling = coupling ?? One.Coupling }, 32, names);
    }

    /// <summary>Two pair sums a step, on independent tokens.</summary>
    [TestCase(1, 8, 12), TestCase(4, 12, 20), TestCase(9, 20, 30)]
    public void TheLowPassNormTakesSomeTensOfSums(double beta, int least, int most)
    {
        foreach (int n in (int[])[64, 256]) Assert.That(Calls(new Interaction(beta), n, "low_pass"), Is.InRange(least, most), $"n = {n}");
    }

    private static int Calls(Interaction interaction, int tokens, params string[] names)
    {
        Cloud cloud = Clouds.Uniform(1, tokens, 3);
        using CountingSums sums = new();
        Flow flow = new(interaction, None, cloud, sums);
        Observable[] observables = [.. names.Select(name => Observable.All[name](flow))];
        flow.Drift(cloud.Positions, new double[cloud.Positions.Length]);
        int before = sums.Calls;
        foreach (Observable observable in observables) observable.Measure(new Frame(0, 0, cloud.Positions, [], flow), new double[observable.Columns.Count]);
        return sums.Calls - before;
    }

    [Test]
    public void ColumnsFollowTheDrift()
    {
        Cloud cloud = Clouds.Uniform(1, 10, 3), other = Clouds.Uniform(1, 10, 3, seed: 2);
        Flow flow = new(One, None, cloud, new ReferenceSums());
        Observable participation = Observable.All["participation"](flow);
        foreach (Cloud seen in new[] { cloud, other })
            Assert.That(participation.Values(new Frame(0, 0, seen.Positions, flow.DriftAt(seen.Positions), flow)),
                Is.EqualTo(Measure("participation", One, None, seen)));
    }

    /// <summary>Entropies from derivatives of the coefficients, participation at 2 beta, products; the largest entry of a row they have not.</summary>
    [Test]
    public void HarmonicSumsGiveAllButTheLargestEntry([Values] bool even)
    {
        Cloud cloud = Clouds.Uniform(2, 40, 3, weights: even ? null : Clouds.Weights(2, 40));
        using HarmonicSums sums = new(1e-12, 1);
        Flow flow = new(new Interaction(2), None, cloud, sums);
        double[] drift = flow.DriftAt(cloud.Positions);
        using IDisposable scope = Assert.EnterMultipleScope();
        Assert.That(() => Observable.All["attention_rows"](flow), Throws.TypeOf<NotSupportedException>().With.Message.EndsWith("\"summation\": \"direct\" or the device \"reference\" can do it"));
        foreach (string name in (string[])["attention_entropy", "participation", "sink", "low_pass"])
            Assert.That(Observable.All[name](flow).Values(new Frame(0, 0, cloud.Positions, drift, flow), 2),
                Is.EqualTo(Measure(name, new Interaction(2), None, cloud)).Within(1e-9), name);
    }

    /// <summary>Auto takes them at any size; the uniform law has the closed forms.</summary>
    [Test]
    public void IndicatorsOfManyTokensAreLinear()
    {
        const double Beta = 4;
        Cloud cloud = Quadrature.OnSphere(80);
        using FastSums sums = new(Summation.Auto, 1e-10, Precision.Double, 2);
        Flow flow = new(new Interaction(Beta), None, cloud, sums);
        Frame frame = new(0, 0, cloud.Positions, flow.DriftAt(cloud.Positions), flow);
        Assert.That(cloud.Tokens, Is.GreaterThan(4096));
        double tokens = cloud.Tokens;
        Assert.That(Observable.All["participation"](flow).Values(frame)[0], Is.EqualTo(tokens * UniformAttention.ParticipationShare(3, Beta)).Within(1e-6 * tokens));
        Assert.That(Observable.All["attention_entropy"](flow).Values(frame)[0], Is.EqualTo(Math.Log(tokens) + UniformAttention.EntropyBelowLogTokens(3, Beta)).Within(1e-6));
        Assert.That((sums.Statistics[SumMethod.Harmonic], sums.Statistics[SumMethod.Direct]), Is.EqualTo((4, 0)), "drift, participation, and both again when entropy joins");
    }

    [Test]
    public void AttentionNeedsACouplingThatIsNeverNegative()
    {
        foreach (string name in (string[])["attention_entropy", "participation", "attention_rows", "sink", "low_pass"])
            Assert.That(() => Measure(name, One with { Coupling = new ToeplitzCoupling(0, 1) }, None, Clouds.Uniform(1, 4, 3)),
                Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("an attention matrix needs a coupling that is never negative, and 'toeplitz' falls to -1;"), name);
    }

    private static Matrix<double> AttentionOf(Interaction interaction, Gauge gauge, Cloud cloud, int replica)
    {
        int n = cloud.Tokens, first = replica * n;
        Vector<double>[] y = [.. Enumerable.Range(first, n).Select(i => Matrix<double>.Build.DenseOfArray(Arbiter.Matrix(gauge, cloud.Labels[i], 3)) * Vector<double>.Build.DenseOfArray(cloud.Token(i).ToArray()))];
        Matrix<double> a = Matrix<double>.Build.Dense(n, n, (i, j) => interaction.Mask == Mask.Causal && j > i ? 0
            : cloud.Weights[first + j] * B(interaction.Coupling, cloud.Labels[first + i], cloud.Labels[first + j]) * (interaction.Profile == Profile.Linear ? 1 : Math.Exp(interaction.Beta * y[i].DotProduct(y[j]))));
        return a.NormalizeRows(1);
    }

    private sealed class CountingSums : IPairSums
    {
        private readonly ReferenceSums _sums = new();
        public int Calls { get; private set; }
        public string Name => "counting";
        public SumStatistics Statistics => _sums.Statistics;
        public Plan Plan(PairProblem problem, RowColumns columns) => _sums.Plan(problem, columns);

        public void Sum(Plan plan, Range rows, RowSums into, CancellationToken stop)
        {
            Calls++;
            _sums.Sum(plan, rows, into, stop);
        }

        public void Dispose() => _sums.Dispose();
    }
}
