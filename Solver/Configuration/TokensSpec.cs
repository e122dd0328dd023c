#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;

namespace AttentionFlow.Solver.Configuration;

/// <summary>The <c>tokens</c> section.</summary>
public sealed record TokensSpec
{
    [Quantity("the number of tokens", AtLeast = 1)]
    [Description("Number of tokens n of a replica. With a cloud file: its number of rows, and may be left out.")]
    public int Count { get; init; } = 256;

    [Quantity("the dimension", AtLeast = 2)]
    [Description("Dimension d of the space; tokens live on its unit sphere. With a cloud file: its number of coordinates, and may be left out.")]
    public int Dimension { get; init; } = 3;

    [Description("The law of the initial positions.")]
    public InitialSpec Initial { get; init; } = new UniformInitialSpec();
}

/// <summary>The law of the initial positions.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "law")]
[JsonDerivedType(typeof(UniformInitialSpec), "uniform")]
[JsonDerivedType(typeof(CapInitialSpec), "cap")]
[JsonDerivedType(typeof(VonMisesFisherInitialSpec), "vonMisesFisher")]
[JsonDerivedType(typeof(ClustersInitialSpec), "clusters")]
[JsonDerivedType(typeof(EquiangularInitialSpec), "equiangular")]
[JsonDerivedType(typeof(SymmetricInitialSpec), "symmetric")]
[JsonDerivedType(typeof(FileInitialSpec), "file")]
public abstract record InitialSpec
{
    private protected InitialSpec() { }
}

[Description("Independent, uniform on the sphere.")]
public sealed record UniformInitialSpec : InitialSpec
{
    [Description("Whether the positions drawn are those in the gauge frame, y = Psi x; then runs with different gauges start from the same y.")]
    public bool GaugeFrame { get; init; }
}

[Description("Independent, uniform on the cap of points within an angle of an axis.")]
public sealed record CapInitialSpec : InitialSpec
{
    [UnitVector]
    [Description("The centre of the cap, a unit vector; null = the last basis vector.")]
    public IReadOnlyList<double>? Axis { get; init => field = Sequence.Of(value); }

    [Quantity("the angle of the cap", Above = 0, AtMost = Math.PI)]
    [Description("The largest angle to the axis, in radians.")]
    public double Angle { get; init; } = 0.5;
}

[Description("Independent, of the von Mises-Fisher law: density proportional to e^(concentration <mean, x>).")]
public sealed record VonMisesFisherInitialSpec : InitialSpec
{
    [UnitVector]
    [Description("The mean direction, a unit vector; null = the last basis vector.")]
    public IReadOnlyList<double>? Mean { get; init => field = Sequence.Of(value); }

    [Quantity("the concentration", AtLeast = 0, AtMost = 1e6)]
    [Description("The concentration kappa; 0 = uniform.")]
    public double Concentration { get; init; } = 1;
}

[Description("As many clusters as centres: token i (from 0) of n starts near centre i x centres / n, rounded down.")]
public sealed record ClustersInitialSpec : InitialSpec
{
    [UnitVector]
    [Description("The centres, unit vectors.")]
    public required IReadOnlyList<IReadOnlyList<double>> Centres { get; init => field = Sequence.OfPoints(value); }

    [Quantity("the spread", AtLeast = 0, AtMost = 1e6)]
    [Description("Standard deviation of the scatter along each coordinate, before the return to the sphere; 0 = on the centres.")]
    public double Spread { get; init; } = 0.1;
}

[Description("All pairs of tokens at the same angle; at most as many tokens as dimensions.")]
public sealed record EquiangularInitialSpec : InitialSpec
{
    [Quantity("the cosine", AtLeast = -1, AtMost = 1)]
    [Description("The inner product of every pair, at least -1/(n-1).")]
    public double Cosine { get; init; }
}

[Description("Mirror pairs about an axis in the gauge frame, all in its hemisphere; an odd token sits on it.")]
public sealed record SymmetricInitialSpec : InitialSpec
{
    [UnitVector]
    [Description("The mirror axis u, a unit vector; null = the last basis vector.")]
    public IReadOnlyList<double>? Axis { get; init => field = Sequence.Of(value); }
}

[Description("The rows of a CSV file with the columns x0, x1, ... and optionally label and weight.")]
public sealed record FileInitialSpec : InitialSpec
{
    [FilePath]
    [Description("Path of the CSV file, relative to the experiment file.")]
    public required string Path { get; init; }

    [Description("Accept rows of any length but zero; else they must have length 1 within 1e-6.")]
    public bool Normalize { get; init; }
}

/// <summary>The law of the frozen labels.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "law")]
[JsonDerivedType(typeof(GridLabelsSpec), "grid")]
[JsonDerivedType(typeof(UniformLabelsSpec), "uniform")]
[JsonDerivedType(typeof(BlocksLabelsSpec), "blocks")]
[JsonDerivedType(typeof(FileLabelsSpec), "file")]
public abstract record LabelsSpec
{
    private protected LabelsSpec() { }
}

[Description("The midpoints (i - 1/2)/n, i = 1..n.")]
public sealed record GridLabelsSpec : LabelsSpec;

[Description("Independent, uniform on [0, 1).")]
public sealed record UniformLabelsSpec : LabelsSpec;

[Description("Consecutive blocks numbered from 0: the label of token i (from 0) is i x count / n, rounded down.")]
public sealed record BlocksLabelsSpec : LabelsSpec
{
    [Quantity("the number of blocks", AtLeast = 1)]
    [Description("Number of blocks, at most the number of tokens.")]
    public int Count { get; init; } = 2;
}

[Description("The label column of the initial law's CSV file.")]
public sealed record FileLabelsSpec : LabelsSpec;
