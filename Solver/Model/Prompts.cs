namespace AttentionFlow.Solver.Model;

/// <summary>Which prompts a token sees.</summary>
public enum SeenPrompts
{
    /// <summary>All of them, each with its share of the strength.</summary>
    All,
    /// <summary>
    /// The one of its label, with the whole strength: labels in [0, 1) by shares, a whole number k >= 1 sees prompt k, as with the targets
    /// of a <see cref="PrefixGauge"/>.
    /// </summary>
    Labelled,
}

/// <summary>
/// Frozen prompts z_k, keys and values in the frame of x that never move: the drift gains P_x sum_k lambda_k k'(&lt;x_i, z_k>) z_k, the
/// energy sum_i m_i sum_k lambda_k k(&lt;x_i, z_k>); under SA they join the denominator. Matrices and codes do not act on them.
/// </summary>
/// <param name="Points">z_k, unit vectors.</param>
/// <param name="Weights"> Positive, up to a common factor: the share of the strength (<see cref="SeenPrompts.All"/>) or of the labels that
/// each prompt has; null: those of the points' file, else equal. </param>
/// <param name="Strength">Total weight of the prompts that a token sees, sum_k lambda_k; negative ones repel.</param>
/// <param name="Seen">Which prompts a token sees.</param>
public sealed record Prompts(
    [UnitVector, FilePath]
    [Description("The prompts: a list of unit vectors, the path of a CSV file (x0, x1, ... and optionally weight), "
        + "relative to the experiment file, or a law.")]
    Points Points,
    [Quantity("a prompt's weight", AtLeast = 1e-100, AtMost = 1e100)]
    [Description("The share of the strength, or of the labels, that each prompt has, up to a common factor; "
        + "null = equal, or the file's weight column.")]
    Sequence<double>? Weights = null,
    [Quantity("the strength", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Total weight of the prompts that a token sees, beside the weight 1 of the tokens; "
        + "negative prompts repel, under 'unnormalized' only.")]
    double Strength = 1,
    [Description("Which prompts a token sees: all, or the one of its label, as with the targets of a prefix gauge.")]
    SeenPrompts Seen = SeenPrompts.All)
{
    /// <summary>lambda_k of a token that sees all.</summary>
    public IReadOnlyList<double> Strengths => (Weights ?? Points.Weights) is { } weights
        ? [.. Shares.Normalized(weights).Select(share => Strength * share)] : [.. Points.Select(_ => Strength / Points.Count)];

    /// <summary>The prompt of a label.</summary>
    /// <exception cref="ArgumentException">When the label is neither in [0,1) nor a whole number below the number of prompts.</exception>
    public Sequence<double> Of(double label) =>
        Points.IndexOf(label, Weights) is >= 0 and int k ? Points[k]
            : throw new ArgumentException(Text.Of($"label {label} sees no prompt"), nameof(label));

    /// <summary>Why these prompts cannot act in a setting, or null.</summary>
    public string? WhyNot(in Setting setting) =>
        Points.WhyNot(setting, Weights, "prompt", Seen == SeenPrompts.Labelled ? setting.Labels : []);

    /// <summary>The prompts, drawn where they are of a law.</summary>
    public Prompts In(in Setting setting) => this with { Points = Points.In(setting) };
}

/// <summary>
/// A prompt u in the gauge frame, seen by all: the drift gains lambda k'(&lt;y_i, u>) u there, the energy lambda sum_i m_i k(&lt;y_i, u>).
/// It fixes the direction of a limit that the cloud would choose else.
/// </summary>
/// <param name="Point">u, a unit vector; null: the last basis vector.</param>
/// <param name="Strength">lambda.</param>
public sealed record PinningPrompt(
    [UnitVector, Description("The prompt u, a unit vector; null = the last basis vector.")] Sequence<double>? Point = null,
    [Quantity("the strength", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Its weight, beside the weight 1 of the tokens.")] double Strength = 0.1)
{
    /// <summary>Why this prompt cannot act in a setting, or null.</summary>
    public string? WhyNot(in Setting setting) => setting.WhyNot(Point, "the pinning prompt");
}
