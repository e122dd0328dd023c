namespace AttentionFlow.Solver.Model;

/// <summary>How a positional code enters, beside the gauge.</summary>
public enum CodeKind
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>The gauge turns queries and keys alone, as in language models: logits of y = Psi x, values x_j.</summary>
    LogitsOnly,
    /// <summary>p is added: logits beta &lt;y_i + p_i, y_j + p_j>, values y_j + p_j.</summary>
    Additive,
    /// <summary>p is appended: logits beta (&lt;y_i, y_j> + &lt;p_i, p_j>), values y_j.</summary>
    Concatenated,
}

/// <summary>A positional code. Additive and concatenated ones have p(s) = a (cos 2 pi s, sin 2 pi s, 0, ...).</summary>
/// <param name="Kind">How it enters.</param>
/// <param name="Radius">a >= 0.</param>
public sealed record PositionalCode(CodeKind Kind, double Radius = 0)
{
    /// <summary>No code.</summary>
    public static readonly PositionalCode None = new(CodeKind.None);

    /// <summary>The first two coordinates of p(s); the others are 0.</summary>
    public (double P0, double P1) At(double label)
    {
        (double sin, double cos) = Math.SinCos(2 * Math.PI * label);
        return (Radius * cos, Radius * sin);
    }

    /// <summary>The largest logit/beta of unit vectors where |Q^T K| = <paramref name="norm"/>.</summary>
    internal double LargestLogit(double norm) => Kind switch
    {
        CodeKind.Additive => norm * (1 + Radius) * (1 + Radius),
        CodeKind.Concatenated => norm + Radius * Radius,
        _ => norm,
    };

    /// <summary>The length of the longest value.</summary>
    internal double LargestValue => Kind == CodeKind.Additive ? 1 + Radius : 1;
}
