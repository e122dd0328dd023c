#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;
using AttentionFlow.Solver.Model;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The <c>prompts</c> section.</summary>
public sealed record PromptsSpec
{
    [UnitVector, FilePath]
    [Description("The prompts: a list of unit vectors, the path of a CSV file (x0, x1, ... and optionally weight), relative to the experiment file, or a law.")]
    public required Points Points { get; init; }

    [Quantity("a prompt's weight", Above = 0)]
    [Description("The share of the strength, or of the labels, that each prompt has, up to a common factor; null = equal, or the file's weight column.")]
    public IReadOnlyList<double>? Weights { get; init => field = Sequence.Of(value); }

    [Quantity("the strength")]
    [Description("Total weight of the prompts that a token sees, beside the weight 1 of the tokens; negative prompts repel, under 'unnormalized' only.")]
    public double Strength { get; init; } = 1;

    [Description("Which prompts a token sees: all, or the one of its label, as with the targets of a prefix gauge.")]
    public SeenPrompts Seen { get; init; } = SeenPrompts.All;
}

/// <summary>The <c>pin</c> section.</summary>
public sealed record PinSpec
{
    [UnitVector]
    [Description("The prompt u, a unit vector; null = the last basis vector.")]
    public IReadOnlyList<double>? Point { get; init => field = Sequence.Of(value); }

    [Quantity("the strength")]
    [Description("Its weight, beside the weight 1 of the tokens.")]
    public double Strength { get; init; } = 0.1;
}

/// <summary>The <c>matrices</c> section.</summary>
public sealed record MatricesSpec
{
    [NotKind("product")]
    [Description("The query matrix Q of every head.")]
    public MatrixSpec Query { get; init; } = new IdentityMatrixSpec();

    [NotKind("product")]
    [Description("The key matrix K of every head.")]
    public MatrixSpec Key { get; init; } = new IdentityMatrixSpec();

    [Description("The value matrix V of every head.")]
    public MatrixSpec Value { get; init; } = new IdentityMatrixSpec();
}

/// <summary>A square matrix.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(IdentityMatrixSpec), "identity")]
[JsonDerivedType(typeof(DiagonalMatrixSpec), "diagonal")]
[JsonDerivedType(typeof(OrthogonalMatrixSpec), "orthogonal")]
[JsonDerivedType(typeof(GaussianMatrixSpec), "gaussian")]
[JsonDerivedType(typeof(FileMatrixSpec), "file")]
[JsonDerivedType(typeof(ProductMatrixSpec), "product")]
public abstract record MatrixSpec
{
    private protected MatrixSpec() { }
}

[Description("The identity.")]
public sealed record IdentityMatrixSpec : MatrixSpec;

[Description("A diagonal matrix.")]
public sealed record DiagonalMatrixSpec : MatrixSpec
{
    [Quantity("an entry", AtLeast = -1e6, AtMost = 1e6)]
    [Description("The d entries of the diagonal.")]
    public required IReadOnlyList<double> Entries { get; init => field = Sequence.Of(value); }
}

[Description("Random orthogonal, uniform (Haar), drawn for every head with the seed.")]
public sealed record OrthogonalMatrixSpec : MatrixSpec;

[Description("Random, independent normal entries of variance scale^2/d, drawn for every head with the seed.")]
public sealed record GaussianMatrixSpec : MatrixSpec
{
    [Quantity("the scale", AtLeast = 0, AtMost = 1e6)]
    [Description("Root mean square length of the image of a unit vector.")]
    public double Scale { get; init; } = 1;

    [Description("(G + G^T)/sqrt 2 in place of G.")]
    public bool Symmetric { get; init; }
}

[Description("The rows of a CSV file with the columns x0, x1, ...: d of them, or d for every head, head after head.")]
public sealed record FileMatrixSpec : MatrixSpec
{
    [FilePath]
    [Description("Path of the CSV file, relative to the experiment file.")]
    public required string Path { get; init; }
}

[Description("For the value alone: Q^T K, with which the flow climbs an energy where it is symmetric.")]
public sealed record ProductMatrixSpec : MatrixSpec;

/// <summary>The positional code beside the gauge.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoCodeSpec), "none")]
[JsonDerivedType(typeof(LogitsOnlyCodeSpec), "logitsOnly")]
[JsonDerivedType(typeof(AdditiveCodeSpec), "additive")]
[JsonDerivedType(typeof(ConcatenatedCodeSpec), "concatenated")]
public abstract record CodeSpec
{
    private protected CodeSpec() { }

    /// <summary>The code itself.</summary>
    public abstract PositionalCode Build();
}

[Description("No code.")]
public sealed record NoCodeSpec : CodeSpec
{
    public override PositionalCode Build() => PositionalCode.None;
}

[Description("The gauge turns queries and keys alone, not values, as language models do.")]
public sealed record LogitsOnlyCodeSpec : CodeSpec
{
    public override PositionalCode Build() => new(CodeKind.LogitsOnly);
}

[Description("A point p(s) of a circle in the plane (0,1) is added to every token: logits <x + p, y + q>, values y + q.")]
public sealed record AdditiveCodeSpec : CodeSpec
{
    [Quantity("the radius", AtLeast = 0, AtMost = 1e3)]
    [Description("Radius a: p(s) = a (cos 2 pi s, sin 2 pi s, 0, ...).")]
    public double Radius { get; init; } = 1;

    public override PositionalCode Build() => new(CodeKind.Additive, Radius);
}

[Description("A point p(s) of a circle is appended to every token: logits <x, y> + <p, q>, values y.")]
public sealed record ConcatenatedCodeSpec : CodeSpec
{
    [Quantity("the radius", AtLeast = 0, AtMost = 1e3)]
    [Description("Radius a: p(s) = a (cos 2 pi s, sin 2 pi s, 0, ...).")]
    public double Radius { get; init; } = 1;

    public override PositionalCode Build() => new(CodeKind.Concatenated, Radius);
}
