using System.Numerics;

namespace AttentionFlow.Kernels.Model;

/// <summary>
/// How a row is normalised: sum_j w_j a_ij v_j is divided by N_i >= 0, and a row with N_i = 0, which sees nothing, stays. One record each.
/// </summary>
public abstract record Normalization : INamed<Normalization>
{
    /// <summary>USA: N = 1.</summary>
    public static readonly Normalization Unnormalized = new NoNormalization();

    /// <summary>SA: N_i = Z_i = sum_j w_j a_ij, prompts included. Needs b >= 0.</summary>
    public static readonly Normalization Softmax = new SoftmaxNormalization();

    /// <summary>N_i = sum_j w_j b_ij, the bias alone: the kinetic model of arXiv 2605.09213. Needs b >= 0.</summary>
    public static readonly Normalization Bias = new BiasNormalization();

    /// <summary>SA at beta -> infinity without the self term: hardmax sums.</summary>
    public static readonly Normalization Hardmax = new HardmaxNormalization();

    /// <inheritdoc/>
    public static IReadOnlyList<Normalization> All { get; } = [Unnormalized, Softmax, Bias, Hardmax];

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>N_i.</summary>
    /// <param name="sum">sum_j w_j a_ij, prompts included.</param>
    /// <param name="bias">sum_j w_j b_ij and the strength of the prompts, where <see cref="HasBias"/>.</param>
    public abstract double Divisor(double sum, double bias);

    /// <summary>e^c/N_i, by which sums that carry the factor e^{-c} are multiplied; 0 for a row that sees nothing.</summary>
    /// <param name="z">e^{-c} sum_j w_j a_ij, prompts included.</param>
    /// <param name="unshift">e^c; it may have overflown where N_i grows like the sum.</param>
    /// <param name="bias">As in <see cref="Divisor"/>.</param>
    public virtual double Scale(double z, double unshift, double bias) => unshift * Inverse(Divisor(unshift * z, bias));

    /// <summary><see cref="Scale"/> of rows that share e^c.</summary>
    /// <param name="z">As in <see cref="Scale"/>, a number a row.</param>
    /// <param name="unshift">e^c.</param>
    /// <param name="bias">A number a row; empty for 1.</param>
    /// <param name="scales">What becomes of them.</param>
    public virtual void Scales(ReadOnlySpan<double> z, double unshift, ReadOnlySpan<double> bias, Span<double> scales)
    {
        for (int i = 0; i < scales.Length; i++) scales[i] = Scale(z[i], unshift, bias.Length > 0 ? bias[i] : 1);
    }

    /// <summary>
    /// True where <see cref="Divisor"/> takes the bias of a row, sum_j w_j b_ij and the prompts' strength, beside its sum.
    /// </summary>
    public virtual bool HasBias => false;

    /// <summary>Why rows with this coupling and these prompts cannot be normalised so, or null.</summary>
    /// <param name="coupling">b.</param>
    /// <param name="prompts">The smallest strength among the prompts; null: there are none.</param>
    public virtual string? WhyNot(Coupling coupling, double? prompts = null) => null;

    /// <summary>Why no flow with this many heads climbs an energy, or null: it does where all heads of a token share N_i.</summary>
    public virtual string? WhyNoEnergy(int heads) => null;

    /// <summary>
    /// True where w_j a_ij/N_i sum to at most 1 over all that a row sees, whatever beta: then e^beta makes no token fast.
    /// </summary>
    public virtual bool IsBounded => false;

    /// <summary>The largest b_ij/N_i counts for, at most max |b|.</summary>
    public virtual double LargestCoupling(Coupling coupling) => 1;

    /// <summary>
    /// True at beta = infinity: a row sees the keys of largest logit alone, itself left out. Then there is no attention matrix, no known
    /// limit, and tokens of one place do not move as one.
    /// </summary>
    public virtual bool IsHard => false;

    /// <inheritdoc/>
    public sealed override string ToString() => Name;

    /// <summary>1/N, 0 for a row that sees nothing.</summary>
    protected static double Inverse(double sum) => sum > 0 ? 1 / sum : 0;

    /// <summary>Why a divisor that sums the coupling, and the prompts, might not be positive, or null.</summary>
    protected string? WhyNotPositive(Coupling coupling, double? prompts) => (coupling.Smallest, prompts) switch
    {
        ( < 0 and double smallest, _) => FormattableString.Invariant(
            $"'{Name}' divides by sums of the coupling, which falls to {smallest:G6}; ")
            + "use \"unnormalized\" or a coupling that is never negative",
        (_, < 0 and double strength) => FormattableString.Invariant(
            $"'{Name}' divides by sums that the prompts join, and a strength is {strength:G6}; ")
            + "use \"unnormalized\" or a strength that is not negative",
        _ => null,
    };
}

internal sealed record NoNormalization : Normalization
{
    public override string Name => "unnormalized";

    public override double Divisor(double sum, double bias) => 1;

    public override double Scale(double z, double unshift, double bias) => unshift;

    public override double LargestCoupling(Coupling coupling) => coupling.Largest;
}

internal sealed record SoftmaxNormalization : Normalization
{
    public override string Name => "softmax";

    public override double Divisor(double sum, double bias) => sum;

    public override double Scale(double z, double unshift, double bias) => Inverse(z);

    public override void Scales(ReadOnlySpan<double> z, double unshift, ReadOnlySpan<double> bias, Span<double> scales)
    {
        int i = 0, lanes = Vector<double>.Count;
        for (; i <= scales.Length - lanes; i += lanes)
        {
            Vector<double> sums = new(z[i..]);
            Vector.ConditionalSelect(Vector.GreaterThan(sums, Vector<double>.Zero), Vector<double>.One / sums, Vector<double>.Zero)
                .CopyTo(scales[i..]);
        }
        for (; i < scales.Length; i++) scales[i] = Inverse(z[i]);
    }

    public override string? WhyNot(Coupling coupling, double? prompts = null) => WhyNotPositive(coupling, prompts);

    public override string? WhyNoEnergy(int heads) => heads > 1 ? "several heads under softmax climb no energy" : null;

    public override bool IsBounded => true;
}

internal sealed record BiasNormalization : Normalization
{
    public override string Name => "bias";

    public override double Divisor(double sum, double bias) => bias;

    public override bool HasBias => true;

    public override string? WhyNot(Coupling coupling, double? prompts = null) => WhyNotPositive(coupling, prompts);
}

internal sealed record HardmaxNormalization : Normalization
{
    public override string Name => "hardmax";

    // The sums are divided already: Z is 1, or 0 for a row that sees nothing.
    public override double Divisor(double sum, double bias) => sum;

    public override double Scale(double z, double unshift, double bias) => Inverse(z);

    public override string? WhyNot(Coupling coupling, double? prompts = null) =>
        !coupling.IsOne ? $"'{Name}' compares logits alone; leave the coupling out, or set its kind to \"one\""
        : prompts is not null ? $"'{Name}' knows no prompts; leave prompts and pin out" : null;

    public override string? WhyNoEnergy(int heads) => "a hardmax flow climbs no energy";

    public override bool IsBounded => true;

    public override bool IsHard => true;
}
