namespace AttentionFlow.Solver;

/// <summary>
/// Mirror pairs in the gauge frame: y and 2&lt;u,y&gt;u - y, y uniform on the open hemisphere around u, an odd last token at u; then
/// x = Psi^T y. With coupling 1 the gauge-frame mean then stays on the axis u for ever, by symmetry, so the limit is u_inf = u, to rounding.
/// </summary>
/// <param name="Axis">u, unit vector in R^d.</param>
public sealed record SymmetricLaw(IReadOnlyList<double> Axis) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Axis.Count == dimension ? null
        : $"the mirror axis has {Axis.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override bool InGaugeFrame => true;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] u = Sphere.Normalized([.. Axis]);
        for (int i = 0; i + 1 < tokens; i += 2)
        {
            RandomStream random = Stream(seed, replica, i);
            Span<double> y = positions.Slice(i * d, d), mirrored = positions.Slice((i + 1) * d, d);
            double along;
            do
            {
                random.OnSphere(y);
                along = Sphere.Dot(u, y);
            }
            while (along == 0);
            for (int c = 0; c < d; c++)
            {
                if (along < 0) y[c] = -y[c];
                mirrored[c] = 2 * Math.Abs(along) * u[c] - y[c];
            }
            Sphere.TryNormalize(mirrored);
        }
        if (tokens % 2 == 1) u.CopyTo(positions[((tokens - 1) * d)..]);
    }
}
