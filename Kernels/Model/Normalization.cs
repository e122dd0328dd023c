using AttentionFlow.Kernels.Cpu;
using AttentionFlow.Kernels.Reference;

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

    /// <summary>SA at beta -> infinity without the self term: see <see cref="HardmaxSums"/>.</summary>
    public static readonly Normalization Hardmax = new HardmaxNormalization();

    /// <inheritdoc/>
    public static IReadOnlyList<Normalization> All { get; } = [Unnormalized, Softmax, Bias, Hardmax];

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>N_i.</summary>
    /// <param name="sum">sum_j w_j a_ij, prompts included.</param>
    /// <param name="bias">The row's entry of <see cref="RowBias"/>; 1 where that is empty.</param>
    public abstract double Divisor(double sum, double bias);

    /// <summary>e^c/N_i, by which sums that carry the factor e^{-c} are multiplied; 0 for a row that sees nothing.</summary>
    /// <param name="z">e^{-c} sum_j w_j a_ij, prompts included.</param>
    /// <param name="unshift">e^c; it may have overflown where N_i grows like the sum.</param>
    /// <param name="bias">As in <see cref="Divisor"/>.</param>
    public virtual double Scale(double z, double unshift, double bias) => unshift * Inverse(Divisor(unshift * z, bias));

    /// <summary>
    /// What <see cref="Divisor"/> takes beside the sum: a number a row, known from weights, labels, coupling and mask. Empty: nothing.
    /// </summary>
    /// <param name="tokens">The tokens; their positions do not matter.</param>
    /// <param name="prompts">Total strength of the prompts that a token sees.</param>
    /// <param name="threads">At least 1.</param>
    public virtual double[] RowBias(PairProblem tokens, double prompts, int threads) => [];

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

    /// <summary>What sums pairs of tokens under this normalisation: the device that is given, or sums of its own.</summary>
    public virtual IPairSums Sums(IPairSums given, int threads) => given;

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

    public override string? WhyNot(Coupling coupling, double? prompts = null) => WhyNotPositive(coupling, prompts);

    public override string? WhyNoEnergy(int heads) => heads > 1 ? "several heads under softmax climb no energy" : null;

    public override bool IsBounded => true;
}

internal sealed record BiasNormalization : Normalization
{
    public override string Name => "bias";

    public override double Divisor(double sum, double bias) => bias;

    public override double[] RowBias(PairProblem tokens, double prompts, int threads)
    {
        Interaction interaction = tokens.Interaction with { Profile = Profile.Linear };
        double[] bias = new double[tokens.Rows];
        // The weights sum to 1: with coupling 1 and all pairs there is nothing to sum.
        if (interaction is { Coupling: OneCoupling, Mask: Mask.None }) Array.Fill(bias, 1);
        else
        {
            // Once, and not on the flow's device, which may know no linear profile.
            using SimdSums sums = new(Precision.Double, threads);
            (int n, int d, RowSums rows) = (tokens.Keys, tokens.Dimension, new(tokens.Rows, tokens.Dimension, RowColumns.Force));
            PairProblem biases = PairProblem.Self(tokens.Replicas, n, d, interaction, tokens.Q, tokens.Weights, tokens.KeyLabels);
            sums.Sum(biases, .., rows, CancellationToken.None);
            bias = rows.Z;
        }
        for (int i = 0; i < bias.Length; i++) bias[i] += prompts;
        return bias;
    }

    public override string? WhyNot(Coupling coupling, double? prompts = null) => WhyNotPositive(coupling, prompts);
}

internal sealed record HardmaxNormalization : Normalization
{
    public override string Name => "hardmax";

    // The sums are divided already: Z is 1, or 0 for a row that sees nothing.
    public override double Divisor(double sum, double bias) => sum;

    public override double Scale(double z, double unshift, double bias) => Inverse(z);

    public override string? WhyNot(Coupling coupling, double? prompts = null) =>
        coupling is not OneCoupling ? $"'{Name}' compares logits alone; leave the coupling out, or set its kind to \"one\""
        : prompts is not null ? $"'{Name}' knows no prompts; leave prompts and pin out" : null;

    public override string? WhyNoEnergy(int heads) => "a hardmax flow climbs no energy";

    public override bool IsBounded => true;

    public override bool IsHard => true;

    public override IPairSums Sums(IPairSums given, int threads) => new HardmaxSums(threads);
}
