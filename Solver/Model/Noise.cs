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
/// Independent Brownian motions on the sphere beside the drift: dx_i = f_i dt + sqrt(2/kappa) dW_i, with the generator of the noise 1/kappa
/// times the Laplacian of S^{d-1}.
/// </summary>
/// <param name="Kappa">Inverse strength of the noise, > 0.</param>
/// <param name="Splitting">How drift and noise share a step.</param>
public sealed record Noise(
    [Quantity("the inverse strength of the noise", AtLeast = 1e-6), Description("Inverse strength kappa of the noise.")] double Kappa,
    [Description("How drift D and noise N share a step h: lie, D(h) N(h), of weak order 1; strang, N(h/2) D(h) N(h/2), of weak order 2.")]
    Splitting Splitting = Splitting.Strang)
{
    private const int Grain = 1024;

    /// <summary>Every number is a function of (seed, replica, token, number of the kick).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Moves every token for a time by noise alone: x' = cos(a) x + sin(a) v/|v|, v = P_x g, g standard normal in R^d, a the angle that
    /// belongs to |v|^2. Of weak order 2 (local error of the heat semigroup O(time^3)) in every dimension, exact on the circle.
    /// </summary>
    /// <param name="x">[R, n, d].</param>
    /// <param name="tokens">n.</param>
    /// <param name="d">d.</param>
    /// <param name="time">How long.</param>
    /// <param name="number">Which kick of the run it is, from 0; no two may have the same.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="copies">So many clouds one after the other belong to a replica, and get the same numbers.</param>
    public void Kick(double[] x, int tokens, int d, double time, uint number, int threads = 1, int copies = 1) =>
        Workers.For(x.Length / d, Grain, threads, (from, to) => Kick(x, tokens, d, time, number, copies, from, to));

    private void Kick(double[] x, int tokens, int d, double time, uint number, int copies, int from, int to)
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
            (double sin, double cos) = Math.SinCos(Angle(2 * time / Kappa * square, d));
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
