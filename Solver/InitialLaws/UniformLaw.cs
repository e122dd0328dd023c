namespace AttentionFlow.Solver;

/// <summary>Independent tokens, uniform on the sphere.</summary>
public sealed record UniformLaw : InitialLaw
{
    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).OnSphere(positions.Slice(i * d, d));
    }
}
