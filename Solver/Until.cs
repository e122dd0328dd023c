namespace AttentionFlow.Solver;

/// <summary>When a run ends before its horizon: at the first recording time at which one of these holds in every replica. Null: not asked for.</summary>
/// <param name="Clusters">At most so many tokens are left after mergers.</param>
/// <param name="Speed">The root mean square of |dx_i/dt| is below this.</param>
/// <param name="Gap">G_second = 1 - |m|^2 is below this.</param>
public sealed record Until(int? Clusters = null, double? Speed = null, double? Gap = null)
{
    /// <summary>What holds at this time, in words, or null.</summary>
    /// <param name="frame">The time, with the drift where a speed is asked for.</param>
    /// <param name="tokens">Tokens left of the replica that has most.</param>
    internal string? Holds(in Frame frame, int tokens)
    {
        Flow flow = frame.Flow;
        if (tokens <= Clusters) return $"clusters <= {Clusters}";
        if (Speed is { } speed)
        {
            double[] speeds = new double[flow.Replicas];
            new SpeedObservable().Measure(frame, speeds);
            if (speeds.All(v => v < speed)) return FormattableString.Invariant($"speed < {speed}");
        }
        if (Gap is not { } gap) return null;
        for (int r = 0; r < flow.Replicas; r++)
            if (!(Mean.Variance(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension) < gap)) return null;
        return FormattableString.Invariant($"gap < {gap}");
    }
}
