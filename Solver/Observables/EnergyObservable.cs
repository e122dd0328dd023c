namespace AttentionFlow.Solver;

/// <summary>E = 1/2 sum_ij m_i m_j b_ij k(t_ij), self terms included, and what prompts add; free, from the sums of the drift.</summary>
public sealed class EnergyObservable : Observable
{
    /// <summary>The energy of this flow.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public EnergyObservable(Flow flow) => ThrowIfNone(flow);

    internal static void ThrowIfNone(Flow flow)
    {
        if (flow.WhyNoEnergy is { } why) throw new NotSupportedException($"{why}; leave \"energy\" and \"energy_drops\" out");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } = [Number("energy", "E = 1/2 sum_ij m_i m_j h(z_i, z_j), self terms included.")];

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = frame.Flow.Energy(r);
    }
}
