using AttentionFlow.Solver.Flows;

namespace AttentionFlow.Solver.Motion;

/// <summary>
/// When a run ends before its horizon: at the first recording time at which one of these holds in every replica. Null: not asked for.
/// </summary>
/// <param name="Clusters">There are at most so many: tokens left where tokens merge, else <see cref="Frame.Clusters"/>.</param>
/// <param name="Speed">The root mean square of |dx_i/dt| is below this.</param>
/// <param name="Gap">G_second = 1 - |m|^2 is below this.</param>
public sealed record Until(
    [Quantity("the number of clusters", AtLeast = 1)]
    [Description("End when there are at most so many: tokens left with time.merge, else as the observable clusters counts.")]
    int? Clusters = null,
    [Quantity("the speed", Above = 0), Description("End when the root mean square of |dx_i/dt| is below this.")] double? Speed = null,
    [Quantity("the gap", Above = 0), Description("End when the collapse gap 1 - |m|^2 is below this.")] double? Gap = null)
{
    /// <summary>Why this ends no run, or null.</summary>
    public string? WhyNot => Clusters is null && Speed is null && Gap is null ? "this section is empty; known: clusters, speed, gap" : null;

    /// <summary>What holds at this time, in words, or null.</summary>
    /// <param name="frame">The time, with the drift where a speed is asked for.</param>
    /// <param name="left">Tokens left of the replica that has most, where tokens merge.</param>
    internal string? Holds(in Frame frame, int? left)
    {
        Flow flow = frame.Flow;
        if (Clusters is { } clusters && (left ?? frame.Clusters().Max()) <= clusters) return $"clusters <= {clusters}";
        double fastest = 0, gap = 0;
        for (int r = 0; r < flow.Replicas; r++)
        {
            if (Speed is not null) fastest = Math.Max(fastest, frame.Speed(r));
            if (Gap is null) continue;
            gap = Math.Max(gap, Mean.Variance(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension));
        }
        return fastest < Speed ? FormattableString.Invariant($"speed < {Speed}")
            : gap < Gap ? FormattableString.Invariant($"gap < {Gap}") : null;
    }
}
