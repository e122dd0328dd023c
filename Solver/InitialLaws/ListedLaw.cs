namespace AttentionFlow.Solver;

/// <summary>Given tokens, the same in every replica (the rows of a file).</summary>
/// <param name="Positions">[n, d], unit rows.</param>
/// <param name="Weights">[n], summing to 1, or null for equal ones.</param>
public sealed record ListedLaw(double[] Positions, double[]? Weights) : InitialLaw
{
    /// <inheritdoc/>
    public override string? WhyNot(int tokens, int dimension) => Positions.Length == tokens * dimension ? null
        : $"{Positions.Length} coordinates are listed for {tokens} tokens in dimension {dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions) => Positions.CopyTo(positions);

    /// <inheritdoc/>
    protected override double[]? WeightsFor(int replicas) =>
        Weights is null ? null : [.. Enumerable.Repeat(Weights, replicas).SelectMany(w => w)];
}
