using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// The state of a run under way: all that another run of the same experiment needs to go on to the same numbers. The run holds it, but for
/// the time in which it sums pairs or lets observers look: nothing of it changes then, and any thread may write it down.
/// </summary>
public sealed class RunState
{
    private const string Counts = "counts";

    private readonly object _gate = new();
    private Action<Archive>? _keep, _keepObservers;
    private Func<double[]>? _count;
    private double[] _counts = [];
    private MemoryArchive? _seen;

    /// <summary>Where to go on; null: from the beginning.</summary>
    public Archive? Earlier { get; init; }

    /// <summary>Called by the run, often, where its state can be written.</summary>
    public Action? AtRest { get; init; }

    /// <summary>
    /// Called where a run is stopped; and at its end, before its observers are told: from there a run to a later horizon goes on.
    /// </summary>
    public Action? AtEnd { get; init; }

    /// <summary>
    /// Writes the state; false where there is none yet, or the run does not let go of it within so long. The large arrays in the archive
    /// are the run's own: <paramref name="use"/> them within the call.
    /// </summary>
    public bool TryWrite(TimeSpan patience, Action<MemoryArchive> use)
    {
        if (!Monitor.TryEnter(_gate, patience)) return false;
        try
        {
            if (_keep is null) return false;
            MemoryArchive archive = new();
            _keep(archive);
            archive.List(Counts, ref _counts);
            if (_seen is { } seen) archive.Add(seen);
            else _keepObservers!(archive);
            use(archive);
            return true;
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }

    internal void Enter() => Monitor.Enter(_gate);

    internal void Exit()
    {
        _keep = null;
        Monitor.Exit(_gate);
    }

    /// <summary>From now on there is a state to write.</summary>
    /// <param name="keep">Writes what moves.</param>
    /// <param name="count">How much was evaluated, as numbers.</param>
    /// <param name="keepObservers">Writes what observers have learnt.</param>
    internal void Begin(Action<Archive> keep, Func<double[]> count, Action<Archive> keepObservers)
    {
        (_keep, _count, _keepObservers) = (keep, count, keepObservers);
        Mark();
    }

    /// <summary>A step, or another piece of work that has to be done anew if it is left half done, begins: what it evaluates does not
    /// count before its end.</summary>
    internal void Mark()
    {
        if (_count is not null) _counts = _count();
    }

    /// <summary>How much had been evaluated when a state was written.</summary>
    internal static double[] CountsOf(Archive archive)
    {
        double[] counts = [];
        archive.List(Counts, ref counts);
        return counts;
    }

    /// <summary>Evaluates a drift.</summary>
    internal void Evaluate(Flow flow, State at, State rate, Range replicas, CancellationToken stop)
    {
        if (_keep is not null) AtRest?.Invoke();
        Monitor.Exit(_gate);
        try { flow.Drift(at, rate, replicas, stop); }
        finally { Monitor.Enter(_gate); }
    }

    /// <summary>Observers are about to look: until all of them have, what was seen is what was before.</summary>
    internal void Freeze()
    {
        Mark();
        MemoryArchive seen = new();
        _keepObservers!(seen);
        _seen = seen;
    }

    /// <summary>Lets observers look.</summary>
    internal void Show(Action look)
    {
        Monitor.Exit(_gate);
        try { look(); }
        finally { Monitor.Enter(_gate); }
        _seen = null;
        Mark();
    }
}
