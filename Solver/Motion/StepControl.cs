namespace AttentionFlow.Solver.Motion;

/// <summary>How long the steps of a run are. A number stands for steps of that length.</summary>
public abstract record StepControl
{
    private protected StepControl() { }

    /// <summary>Steps of one length.</summary>
    public static implicit operator StepControl(double length) => new FixedStep(length);
}

/// <summary>The same steps for all replicas, split evenly between recording times so that they land on them.</summary>
/// <param name="Length">Largest step, > 0.</param>
public sealed record FixedStep(double Length) : StepControl;

/// <summary>
/// Steps as long as the error estimate allows, every replica at its own time; recording times are reached by dense output. Needs a method
/// with <see cref="Tableau.IsAdaptive"/>.
/// </summary>
/// <param name="Tolerance">The largest distance by which a token may miss its place in one step, estimated; > 0.</param>
public sealed record AdaptiveStep(double Tolerance) : StepControl
{
    /// <summary>Tokens that have come closer than this go on as one; 0: none ever does.</summary>
    public double MergeDistance { get; init; }
}

/// <summary>How tokens merge that have come close.</summary>
/// <param name="Distance">Tokens closer than this go on as one.</param>
public sealed record Merging(
    [Quantity("the merging distance", Above = 0, AtMost = 0.1)]
    [Description("Tokens closer than this after a step become one, of their weighted mean and total weight; output still shows all.")]
    double Distance = 1e-6);
