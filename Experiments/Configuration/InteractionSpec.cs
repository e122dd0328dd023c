#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;
using AttentionFlow.Kernels;

namespace AttentionFlow.Experiments.Configuration;

/// <summary>The <c>interaction</c> section.</summary>
public sealed record InteractionSpec
{
    [Quantity("the inverse temperature", AtLeast = 0)]
    [Description("Inverse temperature beta.")]
    public double Beta { get; init; } = 1;

    [ProfileName]
    [Description("The profile k: exponential, k(t) = e^(beta t)/beta, or linear, k(t) = t.")]
    public string Profile { get; init; } = "exponential";

    [Description("What a token's drift is divided by: nothing, its partition function (softmax), or the sum of its couplings (bias); hardmax, softmax at infinite beta without the self term.")]
    public Normalization Normalization { get; init; } = Normalization.Unnormalized;

    [Description("The gauge Psi: an orthogonal matrix per label.")]
    public GaugeSpec Gauge { get; init; } = new NoGaugeSpec();

    [Description("The coupling b: a symmetric number per pair of labels.")]
    public CouplingSpec Coupling { get; init; } = new OneCouplingSpec();

    [OneOf("none", "causal", "strict")]
    [Description("Which pairs take part: all, under a causal mask those with j <= i, under a strict one j < i.")]
    public Mask Mask { get; init; } = Mask.None;

    [Description("Frozen prompts, keys and values that never move; null = none.")]
    public PromptsSpec? Prompts { get; init; }

    [Description("A pinning prompt in the gauge frame, which fixes the direction of the limit; null = none.")]
    public PinSpec? Pin { get; init; }

    [Description("Query, key and value matrices, which act in the gauge frame: logits beta <Q y_i, K y_j>, values V y_j.")]
    public MatricesSpec Matrices { get; init; } = new();

    [Quantity("the number of heads", AtLeast = 1, AtMost = 1000)]
    [Description("Number of heads, each with random matrices of its own; the drift is the mean of their normalised fields.")]
    public int Heads { get; init; } = 1;

    [Description("What labels do to logits and values beside the gauge and the coupling.")]
    public CodeSpec Code { get; init; } = new NoCodeSpec();
}

/// <summary>The gauge: an orthogonal matrix per label.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoGaugeSpec), "none")]
[JsonDerivedType(typeof(RotaryGaugeSpec), "rotary")]
[JsonDerivedType(typeof(PathGaugeSpec), "path")]
[JsonDerivedType(typeof(PrefixGaugeSpec), "prefix")]
public abstract record GaugeSpec
{
    private protected GaugeSpec() { }
}

[Description("The identity.")]
public sealed record NoGaugeSpec : GaugeSpec;

[Description("Rotary code: the planes (0,1), (2,3), ... turn counter-clockwise by speed x label; an odd last axis stays.")]
public sealed record RotaryGaugeSpec : GaugeSpec
{
    [Quantity("a speed")]
    [Description("Radians per unit of label, one for each of the floor(d/2) planes.")]
    public IReadOnlyList<double> Speeds { get; init => field = Sequence.Of(value); } = new Sequence<double>(2 * Math.PI);
}

[Description("R_y(amplitude sin(2 pi waves s)) R_z(2 pi turns s), right-handed, for dimension 3.")]
public sealed record PathGaugeSpec : GaugeSpec
{
    [Quantity("the amplitude")]
    [Description("Radians by which the path swings about the y axis.")]
    public double Amplitude { get; init; } = 0.5;

    [Quantity("the number of waves")]
    [Description("Swings over the labels [0, 1].")]
    public double Waves { get; init; } = 3;

    [Quantity("the number of turns")]
    [Description("Turns about the z axis over the labels [0, 1].")]
    public double Turns { get; init; } = 1;
}

[Description("Half turns that swap the base and the target of the label: 2 v v' - I, v the unit vector along base + target.")]
public sealed record PrefixGaugeSpec : GaugeSpec
{
    [UnitVector]
    [Description("The base u, a unit vector; null = the last basis vector.")]
    public IReadOnlyList<double>? Base { get; init => field = Sequence.Of(value); }

    [UnitVector, FilePath]
    [Description("The targets: a list of unit vectors, or the path of a CSV file (x0, x1, ... and optionally weight), relative to the experiment file.")]
    public required Points Targets { get; init; }

    [Quantity("a target's weight", Above = 0)]
    [Description("The share of the labels that see each target, up to a common factor; null = equal, or the file's weight column.")]
    public IReadOnlyList<double>? Weights { get; init => field = Sequence.Of(value); }
}

/// <summary>The coupling: a symmetric number per pair of labels.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(OneCouplingSpec), "one")]
[JsonDerivedType(typeof(DistanceCouplingSpec), "distance")]
[JsonDerivedType(typeof(ToeplitzCouplingSpec), "toeplitz")]
[JsonDerivedType(typeof(BlockCouplingSpec), "block")]
public abstract record CouplingSpec
{
    private protected CouplingSpec() { }

    /// <summary>The coupling itself.</summary>
    public abstract Coupling Build();
}

[Description("b = 1.")]
public sealed record OneCouplingSpec : CouplingSpec
{
    public override Coupling Build() => new OneCoupling();
}

[Description("b = e^(-|s - t|/length), the distance bias of ALiBi.")]
public sealed record DistanceCouplingSpec : CouplingSpec
{
    [Quantity("the length", AtLeast = 1e-300)]
    [Description("Decay length, in units of the label.")]
    public double Length { get; init; } = 0.5;

    public override Coupling Build() => new DistanceCoupling(Length);
}

[Description("b = constant + sum_m cosines[m-1] cos(2 pi m (t - s)).")]
public sealed record ToeplitzCouplingSpec : CouplingSpec
{
    [Quantity("the constant")]
    [Description("The mean value of b.")]
    public double Constant { get; init; }

    [Quantity("an amplitude")]
    [Description("The amplitudes of the cosines, m = 1, 2, ...")]
    public IReadOnlyList<double> Cosines { get; init => field = Sequence.Of(value); } = new Sequence<double>(1);

    public override Coupling Build() => new ToeplitzCoupling(Constant, Cosines);
}

[Description("b = 1 for equal labels, 'across' for different ones.")]
public sealed record BlockCouplingSpec : CouplingSpec
{
    [Quantity("the coupling across blocks")]
    [Description("b for different labels, any sign.")]
    public double Across { get; init; } = 0.1;

    public override Coupling Build() => new BlockCoupling(Across);
}
