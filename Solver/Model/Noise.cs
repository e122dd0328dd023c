namespace AttentionFlow.Solver.Model;

/// <summary>How drift D and noise N share a step of length h.</summary>
public enum Splitting
{
    /// <summary>D(h), then N(h): weak order 1.</summary>
    Lie,
    /// <summary>N(h/2), D(h), N(h/2): weak order 2 with a method of order 2 or more.</summary>
    Strang,
}

/// <summary>
/// Brownian motion on the sphere beside the drift: dx_i = f_i dt + sqrt(2/kappa) P_i o dW_i + sqrt(2/common) P_i o dB, W_i a Brownian
/// motion of R^d of each token's own, B one that all tokens of a replica share, in the sense of Stratonovich. A token by itself has the
/// same law under both: the generator of its noise is (1/kappa + 1/common) times the Laplacian of S^{d-1}.
/// </summary>
/// <param name="Kappa">Inverse strength of the noise of each token's own, > 0; null: there is none.</param>
/// <param name="Splitting">How drift and noise share a step.</param>
/// <param name="Common">Inverse strength of the common noise, > 0; null: there is none.</param>
public sealed record Noise(
    [Quantity("the inverse strength of the noise", AtLeast = 1e-6)]
    [Description("Inverse strength kappa of the noise, another for every token; null = none.")] double? Kappa = null,
    [Description("How drift D and noise N share a step h: lie, D(h) N(h), of weak order 1; strang, N(h/2) D(h) N(h/2), of weak order 2.")]
    Splitting Splitting = Splitting.Strang,
    [Quantity("the inverse strength of the common noise", AtLeast = 1e-6)]
    [Description("Inverse strength of noise that all tokens of a replica share, sqrt(2/common) P_i o dB; null = none.")]
    double? Common = null)
{
    private const int Grain = 1024;

    /// <summary>Every number is a function of (seed, replica, token, number of the kick).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Why there is no such noise, or null.</summary>
    public string? WhyNot => Kappa is null && Common is null ? "noise needs 'kappa', 'common', or both" : null;

    /// <summary>The rate at which the direction of a token decays, (d - 1) (1/kappa + 1/common).</summary>
    public double Rate(int dimension) =>
        (dimension - 1) * (1 / (Kappa ?? double.PositiveInfinity) + 1 / (Common ?? double.PositiveInfinity));

    /// <summary>
    /// Moves every token for a time by noise alone: that of its own in even kicks first, else last. That of its own: x' = cos(a) x +
    /// sin(a) v/|v|, v = P_x g, g standard normal in R^d, a the angle that belongs to |v|^2. Of weak order 2 (local error of the heat
    /// semigroup O(time^3)) in every dimension, exact on the circle. The common one: <see cref="Boost"/>.
    /// </summary>
    /// <param name="x">[R, n, d].</param>
    /// <param name="tokens">n.</param>
    /// <param name="d">d.</param>
    /// <param name="time">How long.</param>
    /// <param name="number">Which kick of the run it is, from 0; no two may have the same.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="copies">So many clouds one after the other belong to a replica, and get the same numbers.</param>
    public void Kick(double[] x, int tokens, int d, double time, uint number, int threads = 1, int copies = 1)
    {
        if (number % 2 == 1) Boost(x, tokens, d, time, number, threads, copies);
        if (Kappa is { } kappa)
            Workers.For(x.Length / d, Grain, threads, (from, to) => Kick(x, tokens, d, time / kappa, number, copies, from, to));
        if (number % 2 == 0) Boost(x, tokens, d, time, number, threads, copies);
    }

    /// <summary>
    /// The common part of a kick. Along one axis dx = P_x e_k o dB_k is a conformal map of the sphere, exactly a boost of the light ray (1,
    /// x) by the increment of B_k. The boosts along the axes follow each other forwards or backwards, either with chance 1/2: of weak order
    /// 2 (Ninomiya and Victoir, Applied Mathematical Finance 15, 2008).
    /// </summary>
    private void Boost(double[] x, int tokens, int d, double time, uint number, int threads, int copies)
    {
        if (Common is not { } kappa) return;
        int replicas = x.Length / d / tokens / copies;
        (int Axis, double Cosh, double Sinh)[][] boosts = [.. Enumerable.Range(0, replicas).Select(Draw)];
        Workers.For(x.Length / d, Grain, threads, (from, to) =>
        {
            for (int row = from; row < to; row++)
            {
                Span<double> token = x.AsSpan(row * d, d);
                double height = 1;
                foreach ((int axis, double cosh, double sinh) in boosts[row / tokens / copies])
                    (height, token[axis]) = (cosh * height + sinh * token[axis], sinh * height + cosh * token[axis]);
                for (int c = 0; c < d; c++) token[c] /= height;
                Sphere.TryNormalize(token);
            }
        });

        (int Axis, double Cosh, double Sinh)[] Draw(int replica)
        {
            RandomStream random = new(Seed, RandomPurpose.CommonNoise, replica, 0, number);
            (int Axis, double Cosh, double Sinh)[] drawn = new (int, double, double)[d];
            for (int c = 0; c < d; c++)
            {
                double rapidity = Math.Sqrt(2 * time / kappa) * random.Normal();
                drawn[c] = (c, Math.Cosh(rapidity), Math.Sinh(rapidity));
            }
            if (random.Uniform() < 0.5) Array.Reverse(drawn);
            return drawn;
        }
    }

    private void Kick(double[] x, int tokens, int d, double tau, uint number, int copies, int from, int to)
    {
        double[] v = new double[d];
        for (int row = from; row < to; row++)
        {
            RandomStream random = new(Seed, RandomPurpose.Noise, row / tokens / copies, row % tokens, number);
            Span<double> token = x.AsSpan(row * d, d);
            for (int c = 0; c < d; c++) v[c] = random.Normal();
            Sphere.AddScaled(v, -Sphere.Dot(v, token), token);
            double square = Sphere.Dot(v, v);
            if (square == 0) continue;
            (double sin, double cos) = Math.SinCos(Angle(2 * tau * square, d));
            for (int c = 0; c < d; c++) token[c] *= cos;
            Sphere.AddScaled(token, sin / Math.Sqrt(square), v);
            Sphere.TryNormalize(token);
        }
    }

    /// <summary>
    /// The angle a of a move whose tangent vector has the square length q = 2 tau |v|^2, tau = time/kappa: a^2 = q/(1 + (d - 2) q/(6 (d +
    /// 1))).
    /// </summary>
    /// <remarks>
    /// An isotropic move multiplies harmonics of degree l by E C_l(cos a), C_l(1) = 1, which must be e^{-lambda tau} to second order,
    /// lambda = l (l + d - 2). With W = 2 - 2 cos a, C_l = 1 - lambda W/(2 (d - 1)) + lambda (lambda - d + 1) W^2/(8 (d^2 - 1)) + ...: so E
    /// W = 2 (d - 1) tau - (d - 1)^2 tau^2 and E W^2 = 4 (d^2 - 1) tau^2, which W = q - (d - 1) q^2/(4 (d + 1)) has, as |v|^2 is
    /// chi-squared with d - 1 degrees of freedom.
    /// </remarks>
    public static double Angle(double q, int d) => Math.Sqrt(q / (1 + (d - 2) * q / (6.0 * (d + 1))));
}
