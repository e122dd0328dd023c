namespace AttentionFlow.Solver;

/// <summary>
/// Clusters around given centres: token i belongs to centre floor(i K / n) and starts at (centre + spread g)/|.|, g standard normal in R^d.
/// </summary>
/// <param name="Centres">K unit vectors.</param>
/// <param name="Spread">Width, >= 0; 0 puts every token on its centre.</param>
public sealed record ClustersLaw(IReadOnlyList<IReadOnlyList<double>> Centres, double Spread) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) =>
        Centres.Count == 0 ? "at least one centre is needed"
        : Centres.FirstOrDefault(c => c.Count != dimension) is { } odd ? $"a centre has {odd.Count} coordinates, the tokens {dimension}" : null;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++)
        {
            RandomStream random = Stream(seed, replica, i);
            IReadOnlyList<double> centre = Centres[(int)((long)i * Centres.Count / tokens)];
            Span<double> token = positions.Slice(i * d, d);
            do
            {
                for (int c = 0; c < d; c++) token[c] = centre[c] + (Spread > 0 ? Spread * random.Normal() : 0);
            }
            while (!Sphere.TryNormalize(token));
        }
    }
}
