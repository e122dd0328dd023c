using MathNet.Numerics;

namespace AttentionFlow.Solver.Model;

/// <summary>A law of angles, which the phase gauge reaches. One record a file in this folder.</summary>
[Kinds("law")]
public abstract record CircleLaw
{
    /// <summary>Why the parameters do not fit together, or null.</summary>
    public virtual string? WhyNot => null;

    /// <summary>
    /// q(p) = the angle below which the law has the mass p, 0 &lt;= p &lt;= 1; radians, rising in p over at most one turn.
    /// </summary>
    public abstract double Quantile(double p);
}

/// <summary>Uniform on an arc: q(p) = from + p (to - from).</summary>
/// <param name="From">Where it begins, radians.</param>
/// <param name="To">Where it ends, from &lt; to &lt;= from + 2 pi.</param>
[Kind("arc", 0), Description("Uniform on the arc from 'from' to 'to', counter-clockwise.")]
public sealed record ArcLaw(
    [Quantity("the beginning of the arc", AtLeast = -1e9, AtMost = 1e9), Description("Where the arc begins, in radians.")] double From = 0,
    [Quantity("the end of the arc", AtLeast = -1e9, AtMost = 1e9)]
    [Description("Where the arc ends, above 'from' by at most a turn.")] double To = Math.PI) : CircleLaw
{
    /// <inheritdoc/>
    public override string? WhyNot => To > From && To - From <= 2 * Math.PI * (1 + 1e-12) ? null
        : Text.Of($"{To} is no end for an arc from {From}; it must be above that by at most a turn, {2 * Math.PI}");

    /// <inheritdoc/>
    public override double Quantile(double p) => From + p * (To - From);
}

/// <summary>
/// Density e^{kappa cos(a - mean)}/(2 pi I_0(kappa)); the quantile by inversion of the distribution function, to rounding. Symmetric about
/// the mean to the bit: q(1 - p) - mean = mean - q(p).
/// </summary>
/// <param name="Mean">Radians.</param>
/// <param name="Concentration">kappa >= 0; 0 is the uniform law.</param>
[Kind("vonMises", 1), Description("Density proportional to e^(concentration cos(a - mean)).")]
public sealed record VonMisesLaw(
    [Quantity("the mean angle", AtLeast = -1e9, AtMost = 1e9), Description("The mean angle, in radians.")] double Mean = 0,
    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6), Description("The concentration; 0 = uniform.")]
    double Concentration = 1) : CircleLaw
{
    /// <inheritdoc/>
    public override double Quantile(double p) => p <= 0.5 ? Mean + Below(p) : Mean - Below(1 - p);

    // The quantile of the law with mean 0, in [-pi, 0].
    private double Below(double p) =>
        p >= 0.5 ? 0 : Distribution(-Math.PI) >= p ? -Math.PI : FindRoots.OfFunction(a => Distribution(a) - p, -Math.PI, 0, 1e-15);

    // F(a) = 1/2 + a/2 pi + (1/pi) sum_l (I_l/I_0) sin(l a)/l on [-pi, pi], by Horner's scheme in the ratios I_l/I_{l-1}.
    private double Distribution(double a)
    {
        double ratio = 0, sum = 0;
        for (int l = Bessel.Terms(Concentration); l > 0; l--)
        {
            ratio = 1 / (2 * l / Concentration + ratio);
            sum = ratio * (Math.Sin(l * a) / l + sum);
        }
        return 0.5 + (a / 2 + sum) / Math.PI;
    }
}

/// <summary>Finitely many angles, each with a share of the mass.</summary>
/// <param name="Angles">At least one, radians; the labels see them in this order.</param>
/// <param name="Weights">A positive number an angle, up to a common factor; null: equal.</param>
[Kind("atoms", 2), Description("Some angles, each with a share of the tokens.")]
public sealed record AtomsLaw(
    [Quantity("an angle", AtLeast = -1e9, AtMost = 1e9)]
    [Description("The angles, in radians, in the order in which the labels see them.")] Sequence<double> Angles,
    [Quantity("an angle's weight", AtLeast = 1e-100, AtMost = 1e100)]
    [Description("The share of the labels that see each angle, up to a common factor; null = equal.")]
    Sequence<double>? Weights = null) : CircleLaw
{
    /// <inheritdoc/>
    public override string? WhyNot => Angles.Count == 0 ? "at least one angle is needed"
        : Weights is not null && Weights.Count != Angles.Count
            ? $"{Text.Plural(Weights.Count, "weight")} for {Text.Plural(Angles.Count, "angle")}; each angle needs one"
        : Shares.WhyNot(Weights);

    /// <inheritdoc/>
    public override double Quantile(double p) => Angles[Shares.Of(p, Weights, Angles.Count)];
}
