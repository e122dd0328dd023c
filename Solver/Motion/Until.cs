using System.ComponentModel;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Flows;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Motion;

/// <summary>When a run ends before its horizon: at the first recording time at which one of these holds in every replica. Null: not asked for.</summary>
/// <param name="Clusters">There are at most so many: tokens left where tokens merge, else <see cref="ClustersObservable"/>.</param>
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
        if (Clusters is { } clusters && (left ?? Largest(new ClustersObservable(), frame)) <= clusters) return $"clusters <= {clusters}";
        if (Speed is { } speed && Largest(new SpeedObservable(), frame) < speed) return FormattableString.Invariant($"speed < {speed}");
        if (Gap is not { } gap) return null;
        for (int r = 0; r < flow.Replicas; r++)
            if (!(Mean.Variance(frame.Positions, flow.Weights, r * flow.Tokens, flow.Tokens, flow.Dimension) < gap)) return null;
        return FormattableString.Invariant($"gap < {gap}");
    }

    private static double Largest(Observable observable, in Frame frame)
    {
        double[] values = new double[frame.Flow.Replicas];
        observable.Measure(frame, values);
        return values.Max();
    }
}
