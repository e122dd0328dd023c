#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;
using AttentionFlow.Solver.Model;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The law of angles that a phase gauge reaches.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "law")]
[JsonDerivedType(typeof(ArcSpec), "arc")]
[JsonDerivedType(typeof(VonMisesSpec), "vonMises")]
[JsonDerivedType(typeof(AtomsSpec), "atoms")]
public abstract record CircleLawSpec
{
    private protected CircleLawSpec() { }

    /// <summary>The law itself.</summary>
    public abstract CircleLaw Build();
}

[Description("Uniform on the arc from 'from' to 'to', counter-clockwise.")]
public sealed record ArcSpec : CircleLawSpec
{
    [Quantity("the beginning of the arc")]
    [Description("Where the arc begins, in radians.")]
    public double From { get; init; }

    [Quantity("the end of the arc")]
    [Description("Where the arc ends, above 'from' by at most a turn.")]
    public double To { get; init; } = Math.PI;

    public override CircleLaw Build() => new ArcLaw(From, To);
}

[Description("Density proportional to e^(concentration cos(a - mean)).")]
public sealed record VonMisesSpec : CircleLawSpec
{
    [Quantity("the mean angle")]
    [Description("The mean angle, in radians.")]
    public double Mean { get; init; }

    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6)]
    [Description("The concentration; 0 = uniform.")]
    public double Concentration { get; init; } = 1;

    public override CircleLaw Build() => new VonMisesLaw(Mean, Concentration);
}

[Description("Some angles, each with a share of the tokens.")]
public sealed record AtomsSpec : CircleLawSpec
{
    [Quantity("an angle")]
    [Description("The angles, in radians, in the order in which the labels see them.")]
    public required IReadOnlyList<double> Angles { get; init => field = Sequence.Of(value); }

    [Quantity("an angle's weight", Above = 0)]
    [Description("The share of the labels that see each angle, up to a common factor; null = equal.")]
    public IReadOnlyList<double>? Weights { get; init => field = Sequence.Of(value); }

    public override CircleLaw Build() => new AtomsLaw(Angles, Weights);
}

/// <summary>A law on the sphere from which the targets of a prefix gauge are taken.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "law")]
[JsonDerivedType(typeof(VonMisesFisherTargetsSpec), "vonMisesFisher")]
[JsonDerivedType(typeof(MixtureTargetsSpec), "mixture")]
[JsonDerivedType(typeof(GreatCircleTargetsSpec), "greatCircle")]
public abstract record TargetLawSpec
{
    private protected TargetLawSpec() { }

    [Quantity("the number of targets", AtLeast = 1)]
    [Description("How many targets the labels share; null = as many as tokens, so that each grid label has its own.")]
    public int? Count { get; init; }

    /// <summary>The law itself.</summary>
    public abstract TargetLaw Build();
}

[Description("Independent, density proportional to e^(concentration <mean, x>), drawn with the seed.")]
public sealed record VonMisesFisherTargetsSpec : TargetLawSpec
{
    [UnitVector]
    [Description("The mean direction, a unit vector.")]
    public required IReadOnlyList<double> Mean { get; init => field = Sequence.Of(value); }

    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6)]
    [Description("The concentration; 0 = uniform.")]
    public double Concentration { get; init; } = 1;

    public override TargetLaw Build() => new MixtureTargets([Mean], [Concentration]);
}

[Description("Independent, from a mixture of von Mises-Fisher laws, drawn with the seed.")]
public sealed record MixtureTargetsSpec : TargetLawSpec
{
    [UnitVector]
    [Description("The mean directions, unit vectors, one a component.")]
    public required IReadOnlyList<IReadOnlyList<double>> Means { get; init => field = Sequence.OfPoints(value); }

    [Quantity("a concentration", AtLeast = 0, AtMost = 1e6)]
    [Description("The concentration of each component; 0 = uniform.")]
    public required IReadOnlyList<double> Concentrations { get; init => field = Sequence.Of(value); }

    [Quantity("a component's weight", Above = 0)]
    [Description("The probability of each component, up to a common factor; null = equal.")]
    public IReadOnlyList<double>? Weights { get; init => field = Sequence.Of(value); }

    public override TargetLaw Build() => new MixtureTargets(Means, Concentrations, Weights);
}

[Description("Evenly spaced on the great circle with this normal, counter-clockwise about it, for dimension 3: target k of T (from 0) at the angle 2 pi (k + 1/2)/T.")]
public sealed record GreatCircleTargetsSpec : TargetLawSpec
{
    [UnitVector]
    [Description("The normal, a unit vector.")]
    public IReadOnlyList<double> Normal { get; init => field = Sequence.Of(value); } = new Sequence<double>(0, 0, 1);

    public override TargetLaw Build() => new GreatCircleTargets(Normal);
}
