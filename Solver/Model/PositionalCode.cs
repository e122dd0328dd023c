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
[Kinds("kind")]
public abstract record PositionalCode
{
    private protected PositionalCode(CodeKind kind) => Kind = kind;

    /// <summary>How it enters.</summary>
    public CodeKind Kind { get; }

    /// <summary>a >= 0; 0 where there is no p.</summary>
    public virtual double Radius { get; init; }

    /// <summary>The first two coordinates of p(s); the others are 0.</summary>
    public (double P0, double P1) At(double label)
    {
        (double sin, double cos) = Math.SinCos(2 * Math.PI * label);
        return (Radius * cos, Radius * sin);
    }

    /// <summary>Why this code cannot act in a setting, or null.</summary>
    public virtual string? WhyNot(in Setting setting) => null;

    /// <summary>The largest logit/beta of unit vectors where |Q^T K| = <paramref name="norm"/>.</summary>
    internal virtual double LargestLogit(double norm) => norm;

    /// <summary>The length of the longest value.</summary>
    internal virtual double LargestValue => 1;
}

/// <summary>No code.</summary>
[Kind("none", 0), Description("No code.")]
public sealed record NoCode() : PositionalCode(CodeKind.None);

/// <summary>The gauge turns queries and keys alone.</summary>
[Kind("logitsOnly", 1), Description("The gauge turns queries and keys alone, not values, as language models do.")]
public sealed record LogitsOnlyCode() : PositionalCode(CodeKind.LogitsOnly);

/// <summary>p is added.</summary>
/// <param name="Radius">a >= 0.</param>
[Kind("additive", 2)]
[Description("A point p(s) of a circle in the plane (0,1) is added to every token: logits <x + p, y + q>, values y + q.")]
public sealed record AdditiveCode(
    [Quantity("the radius", AtLeast = 0, AtMost = 1e3), Description("Radius a: p(s) = a (cos 2 pi s, sin 2 pi s, 0, ...).")]
    double Radius = 1) : PositionalCode(CodeKind.Additive)
{
    /// <inheritdoc/>
    public override double Radius { get; init; } = Radius;

    internal override double LargestLogit(double norm) => norm * (1 + Radius) * (1 + Radius);

    internal override double LargestValue => 1 + Radius;
}

/// <summary>p is appended.</summary>
/// <param name="Radius">a >= 0.</param>
[Kind("concatenated", 3), Description("A point p(s) of a circle is appended to every token: logits <x, y> + <p, q>, values y.")]
public sealed record ConcatenatedCode(
    [Quantity("the radius", AtLeast = 0, AtMost = 1e3), Description("Radius a: p(s) = a (cos 2 pi s, sin 2 pi s, 0, ...).")]
    double Radius = 1) : PositionalCode(CodeKind.Concatenated)
{
    /// <inheritdoc/>
    public override double Radius { get; init; } = Radius;

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => setting.Interaction.Profile.IsExponential(setting.Interaction.Beta) ? null
        : "a concatenated code needs the exponential profile and beta above 0";

    internal override double LargestLogit(double norm) => norm + Radius * Radius;
}
