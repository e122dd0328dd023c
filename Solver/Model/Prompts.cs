namespace AttentionFlow.Solver.Model;

/// <summary>Which prompts a token sees.</summary>
public enum SeenPrompts
{
    /// <summary>All of them, each with its share of the strength.</summary>
    All,
    /// <summary>The one of its label, with the whole strength: labels in [0, 1) by shares, a whole number k >= 1 sees prompt k, as with the targets of a <see cref="PrefixGauge"/>.</summary>
    Labelled,
}

/// <summary>
/// Frozen prompts z_k, keys and values in the frame of x that never move: the drift gains P_x sum_k lambda_k k'(&lt;x_i, z_k>) z_k, the energy
/// sum_i m_i sum_k lambda_k k(&lt;x_i, z_k>); under SA they join the denominator. Matrices and codes do not act on them.
/// </summary>
public sealed record Prompts
{
    private readonly PrefixGauge _shares;

    /// <summary>These prompts.</summary>
    /// <param name="points">z_k, unit vectors.</param>
    /// <param name="weights">Positive, up to a common factor: the share of the strength (<see cref="SeenPrompts.All"/>) or of the labels that each prompt has; null: equal.</param>
    /// <param name="strength">Total weight of the prompts that a token sees, sum_k lambda_k; negative ones repel.</param>
    /// <param name="seen">Which prompts a token sees.</param>
    /// <exception cref="ArgumentException">When there is no prompt, one is not of unit length within 1e-9, or weights do not match.</exception>
    public Prompts(IReadOnlyList<IReadOnlyList<double>> points, IReadOnlyList<double>? weights = null, double strength = 1, SeenPrompts seen = SeenPrompts.All)
    {
        if (points.Count == 0) throw new ArgumentException("at least one prompt is needed");
        _shares = new PrefixGauge(points[0], points, weights);
        (Strength, Seen) = (strength, seen);
        Weights = weights is null ? [.. points.Select(_ => strength / points.Count)] : [.. weights.Select(w => strength * w / weights.Sum())];
    }

    /// <summary>z_k.</summary>
    public IReadOnlyList<double[]> Points => _shares.Targets;

    /// <summary>lambda_k of a token that sees all.</summary>
    public IReadOnlyList<double> Weights { get; }

    /// <summary>sum_k lambda_k.</summary>
    public double Strength { get; }

    /// <summary>Which prompts a token sees.</summary>
    public SeenPrompts Seen { get; }

    /// <summary>The prompt of a label.</summary>
    /// <exception cref="ArgumentException">When the label is neither in [0,1) nor a whole number below the number of prompts.</exception>
    public double[] Of(double label) => Points[_shares.TargetOf(label)];
}

/// <summary>
/// A prompt u in the gauge frame, seen by all: the drift gains lambda k'(&lt;y_i, u>) u there, the energy lambda sum_i m_i k(&lt;y_i, u>). It fixes the direction of
/// a limit that the cloud would choose else.
/// </summary>
/// <param name="Point">u, a unit vector.</param>
/// <param name="Strength">lambda.</param>
public sealed record PinningPrompt(double[] Point, double Strength);
