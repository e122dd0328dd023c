namespace AttentionFlow.Solver;

/// <summary>Independent tokens of the von Mises-Fisher law, density proportional to e^{kappa &lt;mean, x&gt;}; their mean has length A_d(kappa).</summary>
/// <param name="Mean">Unit vector in R^d.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
public sealed record VonMisesFisherLaw(IReadOnlyList<double> Mean, double Concentration) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Mean.Count == dimension ? null
        : $"the mean direction has {Mean.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] mean = Sphere.Normalized([.. Mean]);
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).VonMisesFisher(mean, Concentration, positions.Slice(i * d, d));
    }
}
