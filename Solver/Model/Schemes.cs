namespace AttentionFlow.Solver.Model;

/// <summary>
/// Where a network normalises: dx_i/dt = P A_i/s_i, A_i the attention output sum_j A_ij x_j before its projection, s_i a scale that may
/// hang on a radius r_i, the length of the token before it is normalised [arXiv 2510.22026]. One record a file in this folder.
/// </summary>
[Kinds("kind")]
public abstract record Scheme
{
    /// <summary>r_i at the start, > 0; null when the scheme has no such state.</summary>
    public virtual double? Start => null;

    /// <summary>Whether r_i is the length of a token, and worth a column.</summary>
    public virtual bool HasRadius => false;

    /// <summary>Whether s_i hangs on A_i, its part along x_i included.</summary>
    public virtual bool NeedsOutput => true;

    /// <summary>s_i and dr_i/dt.</summary>
    /// <param name="radius">r_i; 1 without such a state.</param>
    /// <param name="along">&lt;x_i, A_i&gt;.</param>
    /// <param name="length">|A_i|.</param>
    public abstract (double Scale, double Growth) At(double radius, double along, double length);

    /// <summary>The rate of collapse at the start, from that of the scheme post: rate/s_i where all tokens are at one point.</summary>
    public abstract double CollapseRate(double rate);
}

/// <summary>Post-norm, the flow as it stands: s = 1.</summary>
[Kind("post", 0), Description("s = 1.")]
public sealed record PostScheme : Scheme
{
    /// <inheritdoc/>
    public override bool NeedsOutput => false;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (1, 0);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate;
}

/// <summary>Pre-norm: s = r, dr/dt = &lt;x, A&gt;, that is X = r x follows dX/dt = A. Clusters contract like 1/t.</summary>
/// <param name="Radius">r at the start, > 0.</param>
[Kind("pre", 1), Description("s = r, dr/dt = <x, A>.")]
public sealed record PreScheme(
    [Quantity("the radius", AtLeast = 1e-6, AtMost = 1e6), Description("Length r of every token at the start.")] double Radius = 1) : Scheme
{
    /// <inheritdoc/>
    public override double? Start => Radius;

    /// <inheritdoc/>
    public override bool HasRadius => true;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius, along);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate / Radius;
}

/// <summary>Peri-norm: s = r |A|, dr/dt = &lt;x, A&gt;/|A|, that is X = r x follows dX/dt = A/|A|. Clusters contract like 1/t.</summary>
/// <param name="Radius">r at the start, > 0.</param>
[Kind("peri", 2), Description("s = r |A|, dr/dt = <x, A>/|A|.")]
public sealed record PeriScheme(
    [Quantity("the radius", AtLeast = 1e-6, AtMost = 1e6), Description("Length r of every token at the start.")] double Radius = 1) : Scheme
{
    /// <inheritdoc/>
    public override double? Start => Radius;

    /// <inheritdoc/>
    public override bool HasRadius => true;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius * length, along / length);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => 1 / Radius;
}

/// <summary>nGPT: s = |A|/alpha. Clusters contract like e^{-alpha t}.</summary>
/// <param name="Alpha">alpha > 0.</param>
[Kind("nGPT", 3), Description("s = |A|/alpha.")]
public sealed record NGptScheme(
    [Quantity("the speed alpha", AtLeast = 1e-6, AtMost = 1e6)]
    [Description("Speed alpha of the tokens where the attention output is tangential.")]
    double Alpha = 1) : Scheme
{
    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (length / Alpha, 0);

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => Alpha;
}

/// <summary>
/// Square-root scaling: s = sqrt(t + 1), the scheme post in the time 2 sqrt(t + 1) - 2. Clusters contract like e^{-2 sqrt t}. The clock is
/// a state, ds/dt = 1/(2 s), so that any method steps it.
/// </summary>
[Kind("sqrt", 4), Description("s = sqrt(t + 1).")]
public sealed record SqrtScheme : Scheme
{
    /// <inheritdoc/>
    public override double? Start => 1;

    /// <inheritdoc/>
    public override bool NeedsOutput => false;

    /// <inheritdoc/>
    public override (double Scale, double Growth) At(double radius, double along, double length) => (radius, 1 / (2 * radius));

    /// <inheritdoc/>
    public override double CollapseRate(double rate) => rate;
}
