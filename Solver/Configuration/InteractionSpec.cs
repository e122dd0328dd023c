#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;
using AttentionFlow.Kernels.Model;
using AttentionFlow.Solver.Model;

namespace AttentionFlow.Solver.Configuration;

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

    [Description("Where the network normalises: dx_i/dt = P A_i/s_i, A_i the attention output before its projection.")]
    public SchemeSpec Scheme { get; init; } = new PostSchemeSpec();

    [Description("Brownian motion of every token beside the drift, sqrt(2/kappa) dW_i on the sphere; null = none. Needs fixed steps.")]
    public NoiseSpec? Noise { get; init; }

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

/// <summary>The <c>noise</c> section.</summary>
public sealed record NoiseSpec
{
    [Quantity("the inverse strength of the noise", AtLeast = 1e-6)]
    [Description("Inverse strength kappa of the noise.")]
    public required double Kappa { get; init; }

    [Description("How drift D and noise N share a step h: lie, D(h) N(h), of weak order 1; strang, N(h/2) D(h) N(h/2), of weak order 2.")]
    public Splitting Splitting { get; init; } = Splitting.Strang;
}

/// <summary>The normalisation scheme.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PostSchemeSpec), "post")]
[JsonDerivedType(typeof(PreSchemeSpec), "pre")]
[JsonDerivedType(typeof(PeriSchemeSpec), "peri")]
[JsonDerivedType(typeof(NGptSchemeSpec), "nGPT")]
[JsonDerivedType(typeof(SqrtSchemeSpec), "sqrt")]
public abstract record SchemeSpec
{
    private protected SchemeSpec() { }

    /// <summary>The scheme itself.</summary>
    public abstract Scheme Build();
}

[Description("s = 1.")]
public sealed record PostSchemeSpec : SchemeSpec
{
    public override Scheme Build() => new PostScheme();
}

[Description("s = r, dr/dt = <x, A>.")]
public sealed record PreSchemeSpec : SchemeSpec
{
    [Quantity("the radius", AtLeast = 1e-6, AtMost = 1e6)]
    [Description("Length r of every token at the start.")]
    public double Radius { get; init; } = 1;

    public override Scheme Build() => new PreScheme(Radius);
}

[Description("s = r |A|, dr/dt = <x, A>/|A|.")]
public sealed record PeriSchemeSpec : SchemeSpec
{
    [Quantity("the radius", AtLeast = 1e-6, AtMost = 1e6)]
    [Description("Length r of every token at the start.")]
    public double Radius { get; init; } = 1;

    public override Scheme Build() => new PeriScheme(Radius);
}

[Description("s = |A|/alpha.")]
public sealed record NGptSchemeSpec : SchemeSpec
{
    [Quantity("the speed alpha", AtLeast = 1e-6, AtMost = 1e6)]
    [Description("Speed alpha of the tokens where the attention output is tangential.")]
    public double Alpha { get; init; } = 1;

    public override Scheme Build() => new NGptScheme(Alpha);
}

[Description("s = sqrt(t + 1).")]
public sealed record SqrtSchemeSpec : SchemeSpec
{
    public override Scheme Build() => new SqrtScheme();
}

/// <summary>The gauge: an orthogonal matrix per label.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoGaugeSpec), "none")]
[JsonDerivedType(typeof(RotaryGaugeSpec), "rotary")]
[JsonDerivedType(typeof(PhaseGaugeSpec), "phase")]
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

[Description("Phase field: the plane (0,1) turns back by the quantile of the label, so that the tokens end distributed as the target on their orbit.")]
public sealed record PhaseGaugeSpec : GaugeSpec
{
    [Description("The law of the angles at which the tokens end, counted from the angle of the common limit u.")]
    public required CircleLawSpec Target { get; init; }
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
    [Description("The targets: a list of unit vectors, the path of a CSV file (x0, x1, ... and optionally weight), relative to the experiment file, or a law.")]
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
