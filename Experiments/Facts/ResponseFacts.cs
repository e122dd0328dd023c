using System.Numerics;
using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Facts;

/// <summary>Eigenvalues of the drift's derivative at states where they are known.</summary>
internal sealed class ResponseFacts() : Chapter(12, "Linear response")
{
    // Rounding of differences over 1.5e-3/(1 + beta) radians, of a few terms: 1e-12 (1 + beta) of the largest rate, and some to spare.
    private const double Rounding = 2e-12;

    public override IEnumerable<Fact> Measure() =>
    [
        .. Consensus(), .. Lattices(), .. Simplices(), .. TwoClusters(), .. ToeplitzCircles(), .. RotaryRings(), .. Repelling(), .. Folds(),
    ];

    private IEnumerable<Fact> Consensus()
    {
        const int N = 6, D = 4;
        const double Beta = 2;
        Cloud point = new ClustersLaw([[0.6, 0, 0.8, 0]], 0).Draw(1, N, D, seed: 1);
        foreach ((Interaction interaction, string name, double rate) in
            ((Interaction, string, double)[])[(Probe.Softmax(Beta), "SA: -1", -1), (new(Beta), "USA: -e^beta", -Math.Exp(Beta))])
        {
            Spectrum spectrum = Of(interaction, point);
            EigenvalueGroup last = spectrum.Groups[^1];
            string state = $"of a point, n = {N}, d = {D}, beta = {Beta}, {name}";
            yield return Of($"eigenvalue {state}", "consensus", rate, last.Value.Real, Rounding * -rate);
            yield return Of($"its multiplicity {state}", "(n-1)(d-1)", (N - 1) * (D - 1), last.Multiplicity, 0);
            yield return Of($"zero modes {state}", "d-1 rotations", D - 1, spectrum.Groups[0].Rotations, 0);
        }
    }

    // n tokens at even angles of the circle: J is circulant.
    private IEnumerable<Fact> Lattices()
    {
        const int N = 7;
        const double Beta = 2.5;
        foreach ((Interaction interaction, string name) in ((Interaction, string)[])[(new(Beta), "USA"), (Probe.Softmax(Beta), "SA")])
        {
            double[] expected = [.. Enumerable.Range(0, N).Select(m => LinearRates.EvenTokens(interaction, N, m))];
            yield return Of($"eigenvalues of {N} even tokens on the circle, beta = {Beta}, {name}", "LinearRates.EvenTokens",
                0, Distance(Of(interaction, Probe.Circle(N)), expected), Rounding * Math.Exp(Beta));
        }
    }

    private IEnumerable<Fact> Simplices()
    {
        double c = 1 / Math.Sqrt(3);
        Cloud tetrahedron = new(1, 4, 3, [c, c, c, c, -c, -c, -c, c, -c, -c, -c, c]);
        foreach (Cloud cloud in (Cloud[])[tetrahedron, new EquiangularLaw(-0.25).Draw(1, 5, 6, seed: 1)])
            foreach (double beta in (double[])[0.5, 3])
                yield return Of($"eigenvalues of a simplex, n = {cloud.Tokens}, d = {cloud.Dimension}, beta = {beta}",
                    "equiangular tokens, g = -1/(n-1)", 0,
                    Distance(Of(new(beta), cloud), Simplex(cloud.Tokens, cloud.Dimension, beta)), Rounding * Math.Exp(beta));

        static double[] Simplex(int n, int d, double beta)
        {
            double a = Math.Exp(-beta / (n - 1)), shift = a * ((n - 2.0) / (n - 1) + beta * n / ((n - 1.0) * (n - 1)));
            return
            [
                .. Enumerable.Repeat(shift, n - 1), .. Enumerable.Repeat(2 * beta * a / (n - 1), n * (n - 3) / 2),
                .. Enumerable.Repeat(a, d - n + 1),
                .. Enumerable.Repeat(0.0, n * (d - 1) - (n - 1) - n * (n - 3) / 2 - (d - n + 1)),
            ];
        }
    }

    private IEnumerable<Fact> TwoClusters()
    {
        const double Beta = 1.5;
        Cloud cloud = new(1, 5, 3, [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, -1, 0, 0, -1]);
        (double one, double other, double near, double far) = (0.6, 0.4, Math.Exp(Beta), Math.Exp(-Beta));
        double[] usa = [far, far, 0, 0, .. Enumerable.Repeat(-(one * near - other * far), 4),
            .. Enumerable.Repeat(-(other * near - one * far), 2)];
        yield return Of("eigenvalues of opposite clusters of 3 and 2, S^2, beta = 1.5, USA", "two opposite clusters", 0,
            Distance(Of(new(Beta), cloud), usa), Rounding * near);
        (double z, double w) = (one * near + other * far, other * near + one * far);
        double together = other * far / z + one * far / w;
        double[] sa = [together, together, 0, 0, .. Enumerable.Repeat(-(one * near - other * far) / z, 4),
            .. Enumerable.Repeat(-(other * near - one * far) / w, 2)];
        yield return Of("the same under SA", "two opposite clusters", 0, Distance(Of(Probe.Softmax(Beta), cloud), sa), Rounding);
    }

    // All tokens of a great circle rise together: at the rate of the integral of b(u) e^{beta cos u} (1 - cos u), by midpoint sums exact.
    private IEnumerable<Fact> ToeplitzCircles()
    {
        const int N = 48;
        yield return Of("rate at which a great circle lifts off, c = 0.1, beta = 2", "c (I_0 - I_1) + I_1 - (I_0 + I_2)/2", Rise(2, 0.1),
            Measured(2, 0.1), Rounding * Math.Exp(2));
        yield return Of("beta from which it does, c = 0", "1.545127", ToeplitzCircle.CriticalBeta,
            Quadrature.Root(beta => -Measured(beta, 0), 1.2, 2), 1e-11);
        double ratio = Bessel.RatioOverArgument(1, 1);
        yield return Of("c from which it does, beta = 1", "1 - I_1/(I_0 - I_1)", 1 - 1 / (1 / ratio - 1),
            Quadrature.Root(c => -Measured(1, c), 0, 0.5), 1e-11);

        static double Rise(double beta, double c) =>
            c * (Bessel.I(0, beta) - Bessel.I(1, beta)) + Bessel.I(1, beta) - (Bessel.I(0, beta) + Bessel.I(2, beta)) / 2;

        // By the product with the vector e_z, which must be a multiple of it.
        static double Measured(double beta, double c)
        {
            using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
            Cloud circle = Probe.Latitude(N, 0);
            DriftJacobian jacobian = Jacobian(new(beta) { Coupling = new ToeplitzCoupling(c, [1]) }, circle, sums);
            double[] up = [.. Enumerable.Range(0, 3 * N).Select(k => k % 3 == 2 ? 1.0 : 0)];
            double[] product = jacobian.Apply(circle.Positions, [up])[0];
            double rate = product[2], off = up.Select((u, k) => Math.Abs(product[k] - rate * u)).Max();
            return off < 1e-10 ? rate : double.NaN;
        }
    }

    // Tokens at a point of height c, the code in the logits alone.
    private IEnumerable<Fact> RotaryRings()
    {
        const double Height = 0.6, Beta = 2;
        foreach ((int n, int q) in ((int, int)[])[(9, 1), (8, 3), (12, 4)])
        {
            double r = Math.Sqrt(1 - Height * Height);
            Cloud point = new ClustersLaw([[r, 0, Height]], 0).Draw(1, n, 3, seed: 1);
            Layer layer = new() { Code = new LogitsOnlyCode() };
            double[] expected = [.. Enumerable.Range(0, n).Select(m => LinearRates.RotaryRing(n, q, m, Beta * r * r))
                .SelectMany(rate => new[] { rate, rate })];
            yield return Of($"eigenvalues of a point at height 0.6, {q} turns in the logits alone over {n} tokens, beta = 2",
                "LinearRates.RotaryRing, twice each", 0,
                Distance(Of(Probe.Softmax(Beta), point, new RotaryGauge([q * Probe.Turn]), layer), expected), Rounding);
        }
    }

    private IEnumerable<Fact> Repelling()
    {
        yield return Of("|beta| at which three clusters at 120 degrees under a key of sign -1 lose stability", "2/3", 2.0 / 3,
            Quadrature.Root(beta => Leading(beta), 0.4, 1), 1e-11);
        double c = 1 / Math.Sqrt(3);
        Cloud tetrahedron = new(1, 4, 3, [c, c, c, c, -c, -c, -c, c, -c, -c, -c, c]);
        foreach (Cloud simplex in (Cloud[])[Probe.Circle(3), tetrahedron])
        {
            int d = simplex.Dimension;
            yield return Of($"-beta at which a simplex of d + 1 tokens becomes stable, d = {d}", "d(d-1)/(d+1)", d * (d - 1.0) / (d + 1),
                Quadrature.Root(beta => Of(new(beta), simplex, layer: new Layer { HasNegativeBeta = true }).Internal[0].Real, 0.4, 2),
                1e-11);
        }

        Layer tanh = new()
        {
            Perceptron = new(2, MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseDiagonal(2, 3), null, true, null, Activation.Tanh),
        };
        yield return Of("eigenvalue of three tokens together on an axis under tanh, W' = 3 I, beta = 1: all turn", "9 - 3 tanh 3",
            9 - 3 * Math.Tanh(3), Of(new(1), Probe.Angles(0, 0, 0), layer: tanh).Groups[0].Value.Real, 1e-11);

        static double Leading(double beta)
        {
            MathNet.Numerics.LinearAlgebra.Matrix<double> key = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseDiagonal(2, -1);
            return Of(new(beta), Probe.Circle(3), layer: new Layer { Heads = [new Head(key: key)] }).Internal[0].Real;
        }
    }

    // Two tokens on the circle, each with a prompt of its own at +-80 degrees: at rest at +-theta where the strength is s(theta).
    private IEnumerable<Fact> Folds()
    {
        const double Beta = 2, A = 80 * Math.PI / 180;
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        Cloud start = Probe.Angles(0.01, -0.01);
        Func<double, DriftJacobian> at = strength => Jacobian(new(Beta), start, sums, layer: new Layer
        {
            Prompts = new Prompts([[Math.Cos(A), Math.Sin(A)], [Math.Cos(A), -Math.Sin(A)]], null, strength, SeenPrompts.Labelled),
        });
        Branch branch = new(start, at, 0.05, 3);
        branch.Follow(Equilibrium.Find(at(0.05), start.Positions).Positions, 40, CancellationToken.None);
        double[] folds = [.. branch.Points.Where(p => p.Kind == BranchPointKind.Fold).Select(p => p.Parameter)];
        double first = Quadrature.Root(Rising, 0.1, 0.6), second = Quadrature.Root(theta => -Rising(theta), 0.8, 1.35);
        yield return Of("folds of a branch of two tokens with a prompt each at 80 degrees, beta = 2", "s has a maximum and a minimum", 2,
            folds.Length, 0);
        yield return Of("strength at its first fold", "the maximum of s(theta)", Strength(first), folds.ElementAtOrDefault(0), 1e-11);
        yield return Of("strength at its second fold", "the minimum of s(theta)", Strength(second), folds.ElementAtOrDefault(1), 1e-11);

        // d/dtheta log s.
        static double Rising(double theta) => -2 * Beta * Math.Sin(2 * theta) + 2 / Math.Tan(2 * theta) - Beta * Math.Sin(A - theta)
            + 1 / Math.Tan(A - theta);

        static double Strength(double theta) =>
            Math.Exp(Beta * (Math.Cos(2 * theta) - Math.Cos(A - theta))) * Math.Sin(2 * theta) / (2 * Math.Sin(A - theta));
    }

    private static DriftJacobian Jacobian(Interaction interaction, Cloud cloud, IPairSums sums, Gauge? gauge = null, Layer? layer = null) =>
        new(cloud, many => new Flow(interaction, gauge ?? Probe.NoGauge, many, sums, 1, layer));

    private static Spectrum Of(Interaction interaction, Cloud cloud, Gauge? gauge = null, Layer? layer = null)
    {
        using IPairSums sums = DeviceCatalog.Open("cpu", Precision.Double, threads: 1);
        return Spectrum.Of(Jacobian(interaction, cloud, sums, gauge, layer), cloud.Positions, 1);
    }

    // The largest difference of eigenvalues in order, of which all should be real.
    private static double Distance(Spectrum spectrum, double[] expected) => spectrum.Modes.Count != expected.Length ? double.NaN
        : spectrum.Modes.Zip(expected.OrderDescending(), (found, known) => Complex.Abs(found.Value - known)).Max();
}
