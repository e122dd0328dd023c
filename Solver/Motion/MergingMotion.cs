using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// Adaptive steps in which tokens that have come closer than a distance go on as one, of their weighted mean and total weight: it takes
/// away the modes that decay inside a cluster and would cap the step for ever. Replicas may have different numbers of tokens, so each has a
/// flow of its own, in the gauge frame.
/// </summary>
/// <remarks>
/// y = Psi x follows the flow without a gauge, whatever the coupling, so tokens of one place in the gauge frame move together when their
/// rows of the coupling are the same and they see the same prompts: always with the coupling one and without labelled prompts, else when
/// their labels are equal. All tokens are shown: x_i = Psi_i^T y of the token that i has become.
/// </remarks>
internal sealed class MergingMotion : Motion
{
    private readonly MergingReplica[] _replicas;
    private readonly double[] _y, _drift;
    private readonly Action<Merger> _merged;

    public MergingMotion(Flow flow, Cloud cloud, Tableau method, AdaptiveStep step, double horizon, int threads,
        RunState run, Action<Step> stepped, Action<Merger> merged)
        : base(flow, cloud, run, stepped)
    {
        (_y, _drift, _merged) = (new double[cloud.Positions.Length], new double[cloud.Positions.Length], merged);
        flow.Enter(cloud.Positions, _y);
        _replicas = [.. Enumerable.Range(0, flow.Replicas)
            .Select(r => new MergingReplica(flow, r, _y, method, step, horizon, threads, run))];
    }

    /// <summary>Why tokens of this flow cannot merge, or null.</summary>
    public static string? WhyNot(Flow flow)
    {
        if (flow.Interaction.Mask != Mask.None)
            return "a mask tells tokens apart by their order, so two at one place move differently and cannot merge";
        if (flow.Layer.Code.Kind != CodeKind.None)
            return "codes tell tokens of one place in the gauge frame apart by their labels, so they cannot merge";
        if (flow.Layer.Prompts is not null && flow.Gauge is not IdentityGauge)
            return "with a gauge, prompts tell tokens of one place in the gauge frame apart by their labels, so they cannot merge";
        if (flow.Interaction.Normalization is { IsHard: true, Name: var name })
            return $"under {name} two tokens at one place hold each other where one would move, so they cannot merge";
        if (flow.Layer.HasMovingWeights) return "with weights that move tokens cannot merge: leave one of the two out";
        return flow.Scheme is PostScheme ? null : "only under the scheme post do two tokens at one place move alike, and can merge";
    }

    public override long Steps => _replicas.Max(r => r.Steps);

    public override long Rejected => _replicas.MaxBy(r => r.Steps)!.Rejected;

    public override int? Left => _replicas.Max(r => r.Flow.Tokens);

    public override void Begin(CancellationToken stop)
    {
        for (int r = 0; r < _replicas.Length; r++)
        {
            Merge(r);
            BeginStepping(r, stop);
        }
    }

    public override void MoveTo(double target, CancellationToken stop)
    {
        for (int r = 0; r < _replicas.Length; r++)
        {
            MergingReplica replica = _replicas[r];
            while (replica.End < target)
            {
                Merge(r);
                if (!replica.HasBegun) BeginStepping(r, stop);
                if (replica.Advance(target, stop)) Tell(r, replica.Length);
            }
            replica.Interpolate(target, _y);
        }
        Flow.Leave(_y, State.Positions);
        Time = target;
    }

    public override double[] Drift(CancellationToken stop)
    {
        DriftForObservers(_drift, stop);
        return _drift;
    }

    public override void Keep(Archive archive)
    {
        base.Keep(archive);
        for (int r = 0; r < _replicas.Length; r++) archive.Within($"replica{r}", _replicas[r].Keep);
    }

    public override void Recall(CancellationToken stop)
    {
        // Those that have gone on since were shown.
        foreach (MergingReplica replica in _replicas)
            if (replica.Start <= Time) replica.Interpolate(Time, _y);
        Flow.Leave(_y, State.Positions);
    }

    private void Merge(int r)
    {
        foreach (Merger merger in _replicas[r].Merge()) _merged(merger);
    }

    private void BeginStepping(int r, CancellationToken stop)
    {
        _replicas[r].Begin(stop);
        Tell(r, length: 0);
    }

    private void Tell(int r, double length)
    {
        MergingReplica replica = _replicas[r];
        Tell(r, replica.End, length, replica.Flow, 0, replica.DriftAtEnd);
    }
}
