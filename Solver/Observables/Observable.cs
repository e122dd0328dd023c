using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Observables;

/// <summary>
/// A quantity that is a function of the state: one or more columns of observables.csv, one row a replica. One class a file in
/// this folder, or in Indicators, plus one line in <see cref="All"/>.
/// </summary>
public abstract class Observable
{
    /// <summary>Every observable there is, by name: how to make one for a flow.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Flow, Observable>> All = new SortedDictionary<string, Func<Flow, Observable>>
    {
        ["attention_entropy"] = flow => new AttentionEntropyObservable(flow),
        ["attention_rows"] = flow => new AttentionRowsObservable(flow),
        ["clusters"] = _ => new ClustersObservable(),
        ["covariance"] = flow => new CovarianceObservable(flow.Dimension),
        ["energy"] = flow => new EnergyObservable(flow),
        ["energy_drops"] = flow => new EnergyDropsObservable(flow),
        ["entropy_floor"] = flow => new EntropyFloorObservable(flow),
        ["gaps"] = _ => new GapsObservable(),
        ["law_distance"] = flow => new LawDistanceObservable(flow),
        ["limit"] = flow => new LimitObservable(flow),
        ["low_pass"] = flow => new LowPassObservable(flow),
        ["mean"] = flow => new MeanObservable(flow.Dimension),
        ["participation"] = flow => new ParticipationObservable(flow),
        ["ranks"] = flow => new RanksObservable(flow),
        ["sink"] = flow => new SinkObservable(flow),
        ["spectrum"] = flow => new SpectrumObservable(flow),
        ["speed"] = _ => new SpeedObservable(),
    };

    /// <summary>The columns.</summary>
    public abstract IReadOnlyList<CsvColumn> Columns { get; }

    /// <summary>Values of its columns that are signs of trouble.</summary>
    public virtual IReadOnlyList<WarningLevel> Warnings => [];

    /// <summary>Whether it looks at the drift, or at what the flow knows from it; see <see cref="IObserver.NeedsDrift"/>.</summary>
    public virtual bool NeedsDrift => true;

    /// <summary>Measures all replicas; <paramref name="values"/> is [R, columns].</summary>
    public abstract void Measure(in Frame frame, Span<double> values);

    private protected static CsvColumn Number(string name, string description) => new(name, ColumnType.Number, description);
}
