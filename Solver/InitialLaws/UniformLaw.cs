namespace AttentionFlow.Solver;

/// <summary>Independent tokens, uniform on the sphere.</summary>
/// <param name="GaugeFrame">Whether it is y = Psi x that is drawn: then runs with different gauges start from one cloud in the gauge frame.</param>
public sealed record UniformLaw(bool GaugeFrame = false) : InitialLaw
{
    /// <inheritdoc/>
    protected override bool InGaugeFrame => GaugeFrame;

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions)
    {
        for (int i = 0; i < tokens; i++) Stream(seed, replica, i).OnSphere(positions.Slice(i * d, d));
    }
}
