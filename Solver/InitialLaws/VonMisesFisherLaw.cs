namespace AttentionFlow.Solver;

/// <summary>Independent tokens of the von Mises-Fisher law, density proportional to e^{kappa &lt;mean, x&gt;}; their mean has length A_d(kappa).</summary>
/// <param name="MeanDirection">Unit vector in R^d.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
public sealed record VonMisesFisherLaw(IReadOnlyList<double> MeanDirection, double Concentration) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => MeanDirection.Count == dimension ? null
        : $"the mean direction of the von Mises-Fisher law has {MeanDirection.Count} coordinates, the tokens {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        double[] mean = Sphere.Normalized([.. MeanDirection]);
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).VonMisesFisher(mean, Concentration, positions.Slice(i * d, d));
    }
}
