using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;

namespace AttentionFlow.Solver.Observables;

/// <summary>E = 1/2 sum_ij m_i m_j b_ij k(t_ij), self terms included, and what prompts add; free, from the sums of the drift.</summary>
internal sealed class EnergyObservable : Observable
{
    /// <summary>The energy of this flow.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    /// <exception cref="UnrepresentableException">When it may be beyond the range of doubles.</exception>
    public EnergyObservable(Flow flow)
    {
        ThrowIfNone(flow);
        if (double.IsInfinity(flow.LargestEnergy))
            throw new UnrepresentableException(
                "the energy of a point is beyond the range of doubles at this beta; ask for \"energy_ratio\"");
    }

    internal static void ThrowIfNone(Flow flow)
    {
        if (flow.WhyNoEnergy is { } why)
            throw new NotSupportedException($"{why}; leave \"energy\", \"energy_ratio\" and \"energy_drops\" out");
    }

    public override IReadOnlyList<Column> Columns { get; } = [Number("energy", "E = 1/2 sum_ij m_i m_j h(z_i, z_j), self terms included.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = frame.Flow.Energy(r);
    }
}

/// <summary>
/// E/E_max, E_max the energy of a point, k(1)/2, for plain tokens and couplings of at most 1, else a bound
/// (<see cref="Flow.LargestEnergy"/>): in [0, 1] with the exponential profile and b >= 0, in [-1, 1] always. Free, from the sums of the
/// drift.
/// </summary>
internal sealed class EnergyRatioObservable : Observable
{
    /// <summary>The energy of this flow.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public EnergyRatioObservable(Flow flow) => EnergyObservable.ThrowIfNone(flow);

    public override IReadOnlyList<Column> Columns { get; } =
        [Number("energy_ratio", "E/E_max, E_max = k(1)/2, the energy of a point, for plain tokens and couplings of at most 1.")];

    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = frame.Flow.EnergyRatio(r);
    }
}

/// <summary>
/// How many steps so far lowered E by more than rounding, although the flow climbs it: 0 for a step that is small enough. Looks at every
/// step.
/// </summary>
internal sealed class EnergyDropsObservable : Observable, IObserver
{
    private readonly EnergyDrops _drops;

    /// <summary>Counts for this flow.</summary>
    /// <exception cref="NotSupportedException">When the flow climbs no energy.</exception>
    public EnergyDropsObservable(Flow flow)
    {
        EnergyObservable.ThrowIfNone(flow);
        _drops = new(flow.Replicas);
    }

    public override bool NeedsDrift => false;

    public override IReadOnlyList<Column> Columns { get; } =
        [new("energy_drops", ColumnType.Integer, "Steps so far at which the energy fell by more than rounding.")];

    public override IReadOnlyList<WarningLevel> Warnings =>
        [new("energy_drops", "energy drops", 0, Below: false,
            "steps lowered an energy that the flow climbs: take a smaller time.step, or time.tolerance of tsit5")];

    public void Stepped(in Step step) => _drops.Stepped(step);

    public void Keep(Archive archive) => _drops.Keep(archive);

    public override void Measure(in Frame frame, Span<double> values)
    {
        for (int r = 0; r < values.Length; r++) values[r] = _drops[r];
    }
}
