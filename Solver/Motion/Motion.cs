using System.Numerics;
using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>Moves a cloud from one recording time to the next; the cloud's positions are those of <see cref="Time"/>.</summary>
internal abstract class Motion(Flow flow, Cloud cloud, RunState run, Action<Step> stepped)
{
    private readonly Step[] _told = new Step[flow.Replicas];
    private double _time;
    private long _observationEvaluations;

    /// <summary>Of the run.</summary>
    protected RunState Run { get; } = run;

    /// <summary>The flow.</summary>
    protected Flow Flow { get; } = flow;

    /// <summary>The cloud's arrays, at <see cref="Time"/>.</summary>
    protected State State { get; } = flow.StateOf(cloud);

    /// <summary>Whether the energy rises from step to step.</summary>
    protected virtual bool Climbs => Flow.HasEnergy;

    /// <summary>The time of the cloud's positions.</summary>
    public double Time { get => _time; protected set => _time = value; }

    /// <summary>Steps taken by the replica that took most.</summary>
    public abstract long Steps { get; }

    /// <summary>Steps that were refused, of the same replica.</summary>
    public virtual long Rejected => 0;

    /// <summary>Evaluations that only observers needed.</summary>
    public long ObservationEvaluations => _observationEvaluations;

    /// <summary>Tokens that are left of the replica that has most, where tokens merge.</summary>
    public virtual int? Left => null;

    /// <summary>Recording times closer than this are the same.</summary>
    public virtual double SameTime => 0;

    /// <summary>Evaluates the drift at time 0.</summary>
    public abstract void Begin(CancellationToken stop);

    /// <summary>Moves to a time above <see cref="Time"/>.</summary>
    public abstract void MoveTo(double target, CancellationToken stop);

    /// <summary>Writes, or reads, all that the motion depends on from here.</summary>
    public virtual void Keep(Archive archive) => archive.Number("time", ref _time);

    /// <summary>How much was evaluated, for observers alone and in all, as numbers.</summary>
    public double[] Counts
    {
        get => [_observationEvaluations, .. Flow.Counts];
        set => (_observationEvaluations, Flow.Counts) = ((long)value[0], value[1..]);
    }

    /// <summary>After reading: makes the flow and the cloud what they were; what this evaluates was counted before.</summary>
    public abstract void Recall(CancellationToken stop);

    /// <summary>After that: finishes a step that was begun.</summary>
    public virtual void GoOn(CancellationToken stop) { }

    /// <summary>The drift at <see cref="Time"/>, which is then the flow's last evaluation.</summary>
    public abstract double[] Drift(CancellationToken stop);

    /// <summary>What became of the tangent vectors up to <see cref="Time"/>, of a motion that carries them.</summary>
    public virtual TangentGrowth[] Growth(CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Tells who looks at every step; the flow's last evaluation of this replica was at its new state.</summary>
    protected void Tell(int replica, double time, double length, ReadOnlySpan<double> drift) =>
        Tell(replica, time, length, Flow, replica, drift);

    /// <summary>The same of a replica that is number <paramref name="part"/> of a flow of its own.</summary>
    protected void Tell(int replica, double time, double length, Flow flow, int part, ReadOnlySpan<double> drift) =>
        stepped(StepOf(replica, time, length, flow, part, drift));

    /// <summary>Tells of all replicas, in their order.</summary>
    protected void TellAll(double time, double length, double[] drift, int threads)
    {
        // Fewer tokens are not worth a second thread.
        const int fewTokens = 2_000;
        int grain = (fewTokens - 1) / Flow.Tokens + 1;
        Workers.For(_told.Length, grain, threads, (from, to) =>
        {
            for (int r = from; r < to; r++) _told[r] = StepOf(r, time, length, Flow, r, drift);
        });
        foreach (Step step in _told) stepped(step);
    }

    private Step StepOf(int replica, double time, double length, Flow flow, int part, ReadOnlySpan<double> drift)
    {
        (double energy, double ratio) = Climbs ? flow.EnergyAndRatio(part) : (double.NaN, double.NaN);
        return new Step(replica, time, length, energy, ratio, Climbs ? flow.Dissipation(part, drift) : double.NaN, Flow);
    }

    /// <summary>Evaluates a drift at the cloud for observers alone.</summary>
    protected void DriftForObservers(double[] drift, CancellationToken stop)
    {
        Run.Evaluate(Flow, State, drift, .., stop);
        _observationEvaluations++;
    }

    /// <summary>A sum is finite only if its terms are; terms so large that their sum overflows are no drift to go on with either.</summary>
    protected static bool IsFinite(double[] drift)
    {
        Vector<double> sum = Vector<double>.Zero;
        int i = 0, lanes = Vector<double>.Count;
        for (; i <= drift.Length - lanes; i += lanes) sum += new Vector<double>(drift, i);
        double total = Vector.Sum(sum);
        for (; i < drift.Length; i++) total += drift[i];
        return double.IsFinite(total);
    }
}
