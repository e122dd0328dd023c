namespace AttentionFlow.Solver;

/// <summary>
/// How many steps so far lowered E by more than rounding, although the flow climbs it: 0 for a step that is small enough. Looks at
/// every step.
/// </summary>
public sealed class EnergyDropsObservable : Observable, IObserver
{
    private readonly double[] _last;
    private readonly long[] _drops;

    /// <summary>Counts for this flow.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public EnergyDropsObservable(Flow flow)
    {
        EnergyObservable.ThrowIfNone(flow);
        (_last, _drops) = (new double[flow.Replicas], new long[flow.Replicas]);
        Array.Fill(_last, double.NegativeInfinity);
    }

    /// <inheritdoc/>
    public double NextTime => double.NegativeInfinity;

    /// <inheritdoc/>
    public override IReadOnlyList<CsvColumn> Columns { get; } =
        [new("energy_drops", ColumnType.Integer, "Steps so far at which the energy fell by more than rounding.")];

    /// <inheritdoc/>
    public override IReadOnlyList<WarningLevel> Warnings =>
        [new("energy_drops", "energy drops", 0, Below: false, "steps lowered an energy that the flow climbs: take a smaller time.step")];

    /// <inheritdoc/>
    public void Observe(in Frame frame)
    {
        // Asked now, not at the start: sums that choose their method know its error once they have been used.
        double rounding = frame.Flow.EnergyRounding * frame.Flow.Interaction.DiracEnergy * frame.Flow.Interaction.Coupling.Largest;
        for (int r = 0; r < _last.Length; r++)
        {
            double energy = frame.Flow.Energy(r);
            if (energy < _last[r] - rounding) _drops[r]++;
            _last[r] = energy;
        }
    }

    /// <inheritdoc/>
    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = _drops[r];
    }
}
