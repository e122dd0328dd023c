using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>What observers see at the times they ask for: the state of all replicas at one time, with the drift there.</summary>
/// <param name="Time">t.</param>
/// <param name="Step">Steps taken so far; under adaptive control, of the replica that took most.</param>
/// <param name="Positions">x, [R, n, d]; to be copied by whoever keeps it.</param>
/// <param name="Drift">dx/dt at x, [R, n, d]; empty when no observer of this time has <see cref="IObserver.NeedsDrift"/>.</param>
/// <param name="Flow">The flow, whose last drift evaluation was at x, if Drift is not empty.</param>
/// <param name="Stop">Stops the run: for observers that take long.</param>
public readonly record struct Frame(double Time, long Step, double[] Positions, double[] Drift, Flow Flow, CancellationToken Stop = default)
{
    /// <summary>r, [R, n]; empty where the scheme has no such state.</summary>
    public double[] Radii { get; init; } = [];

    /// <summary>
    /// What became of tangent vectors, by replica; empty when no observer of this time has <see cref="IObserver.NeedsTangents"/>.
    /// </summary>
    public IReadOnlyList<TangentGrowth> Growth { get; init; } = [];

    /// <summary>Root mean square of the speeds of a replica: (sum_i m_i |dx_i/dt|^2)^{1/2}.</summary>
    public double Speed(int replica)
    {
        (int n, int d) = (Flow.Tokens, Flow.Dimension);
        CompensatedSum square = default;
        for (int i = replica * n; i < (replica + 1) * n; i++)
        {
            ReadOnlySpan<double> v = Drift.AsSpan(i * d, d);
            square.Add(Flow.Weights[i] * Sphere.Dot(v, v));
        }
        return Math.Sqrt(square.Value);
    }

    /// <summary>The number of <see cref="Solver.Clusters"/> of every replica.</summary>
    public int[] Clusters()
    {
        (Flow flow, double[] x) = (Flow, Positions);
        int[] counts = new int[flow.Replicas];
        Workers.For(flow.Replicas, 1, flow.Threads, (from, to) =>
        {
            for (int r = from; r < to; r++) counts[r] = Solver.Clusters.Count(x, r * flow.Tokens, flow.Tokens, flow.Dimension);
        });
        return counts;
    }
}

/// <summary>The end of a step of one replica, or a state from which it begins to step.</summary>
/// <param name="Replica">Which.</param>
/// <param name="Time">The time it reached; under adaptive control every replica is at its own.</param>
/// <param name="Length">The step; 0 at the beginning of the run, and after a merger.</param>
/// <param name="Energy">E there; NaN for a flow without energy, infinite where no double is as large.</param>
/// <param name="EnergyRatio">E/E_max there, <see cref="Flow.EnergyRatio"/>; NaN for a flow without energy.</param>
/// <param name="Rate">dE/dt there; NaN for a flow without energy.</param>
/// <param name="Flow">The flow.</param>
public readonly record struct Step(
    int Replica, double Time, double Length, double Energy, double EnergyRatio, double Rate, Flow Flow);

/// <summary>Looks at a run as it goes: at times of its choice, at every step, or both.</summary>
public interface IObserver
{
    /// <summary>The next time this observer wants to see. Positive infinity: never (again).</summary>
    double NextTime => double.PositiveInfinity;

    /// <summary>
    /// Whether it looks at the drift, or at what the flow knows from it (energy, gauge positions): under adaptive control that costs an
    /// evaluation.
    /// </summary>
    bool NeedsDrift => true;

    /// <summary>Whether it looks at <see cref="Frame.Growth"/>: the run then carries tangent vectors, which must not change.</summary>
    bool NeedsTangents => false;

    /// <summary>Called at <see cref="NextTime"/>, with times that rise from call to call.</summary>
    void Observe(in Frame frame) { }

    /// <summary>Called for every replica at the beginning, after each of its steps and after mergers, in the order of its times.</summary>
    void Stepped(in Step step) { }

    /// <summary>Called once at the end of a run that was neither stopped nor diverged, at its last time.</summary>
    void Ended(in Frame frame) { }

    /// <summary>Called for every merger, before the step that follows it; in the order of time for each replica.</summary>
    void Merged(in Merger merger) { }

    /// <summary>Writes, or reads, what it has learnt from the calls so far, where it learns.</summary>
    void Keep(Archive archive) { }
}

/// <summary>Two tokens, each of which may stand for many, became one.</summary>
/// <param name="Time">When they came closer than the merging distance, from dense output.</param>
/// <param name="Replica">Whose they are.</param>
/// <param name="Token">The lighter one, by an original token in it; in no later merger of the replica.</param>
/// <param name="Into">The heavier one, by an original token in it, under which it goes on.</param>
/// <param name="MassToken">Weight of the lighter one.</param>
/// <param name="MassInto">Weight of the heavier one before the merger.</param>
/// <param name="Left">How many tokens the replica is left with.</param>
public readonly record struct Merger(double Time, int Replica, int Token, int Into, double MassToken, double MassInto, int Left);

/// <summary>How many steps so far lowered E by more than rounding, although the flow climbs it; of every replica.</summary>
internal sealed class EnergyDrops(int replicas) : IObserver
{
    private double[] _last = new double[replicas], _drops = new double[replicas];

    /// <summary>Drops of a replica.</summary>
    public long this[int replica] => (long)_drops[replica];

    /// <summary>Drops of all replicas.</summary>
    public long Total => (long)_drops.Sum();

    public bool NeedsDrift => false;

    public void Stepped(in Step step)
    {
        if (step.Length > 0 && step.EnergyRatio < _last[step.Replica] - step.Flow.EnergyRounding) _drops[step.Replica]++;
        _last[step.Replica] = step.EnergyRatio;
    }

    public void Keep(Archive archive)
    {
        archive.List("last", ref _last);
        archive.List("drops", ref _drops);
    }
}
