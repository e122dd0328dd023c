#pragma warning disable CS1591 // Properties are documented by their Description: one source for the schema, the documentation and messages.
using System.ComponentModel;
using System.Text.Json.Serialization;
using AttentionFlow.Kernels;

namespace AttentionFlow.Solver.Configuration;

/// <summary>An experiment file. What is left out takes the defaults here.</summary>
[Description("An AttentionFlow experiment: what a key leaves out takes its default.")]
public sealed record Experiment
{
    [JsonRequired, Quantity("the version of the file format", AtLeast = 1, AtMost = 1)]
    [Description("Version of this file format.")]
    public int SchemaVersion { get; init; } = 1;

    [Description("One line for tables and figures.")]
    public string Title { get; init; } = "";

    [Quantity("the seed", AtLeast = 0)]
    [Description("Seed of every random stream; the same seed gives the same run.")]
    public ulong Seed { get; init; } = 1;

    [Quantity("the number of replicas", AtLeast = 1)]
    [Description("Independent copies of the cloud, each with its own random start.")]
    public int Replicas { get; init; } = 1;

    [Description("The device that evaluates pair sums, by name, or auto.")]
    public string Device { get; init; } = "auto";

    [Description("Arithmetic of the pair sums; the state is always kept in double.")]
    public Precision Precision { get; init; } = Precision.Double;

    [Description("How pairs are summed: directly, n^2; coalesced, tokens that lie together as one key (exponential profile, couplings one and block); fast, also by harmonics (dimension 2 or 3, exponential profile, couplings one and toeplitz), linear in n; auto, the cheapest by a fixed rule.")]
    public Summation Summation { get; init; } = Summation.Auto;

    [Quantity("the tolerance", AtLeast = 1e-13, AtMost = 0.1)]
    [Description("For sums that are not direct: the error allowed to a token's sums, relative to its partition function; null = 1e-10 in double, 1e-6 in single precision.")]
    public double? Tolerance { get; init; }

    [Description("The tokens and where they start.")]
    public TokensSpec Tokens { get; init; } = new();

    [Description("The law of the frozen labels. Left out, a cloud file with a label column gives them.")]
    public LabelsSpec Labels { get; init; } = new GridLabelsSpec();

    [Description("The interaction h(z, z') = b(s, s') k(<Psi(s) x, Psi(s') x'>).")]
    public InteractionSpec Interaction { get; init; } = new();

    [Description("How the flow is followed in time.")]
    public TimeSpec Time { get; init; } = new();

    [Description("What is written.")]
    public RecordSpec Record { get; init; } = new();
}

/// <summary>The <c>time</c> section.</summary>
public sealed record TimeSpec
{
    [Quantity("the horizon", Above = 0)]
    [Description("The time at which the run ends; it starts at 0.")]
    public double Horizon { get; init; } = 20;

    [MethodName]
    [Description("The Runge-Kutta method; every step ends on the sphere. tsit5 chooses its steps, every replica its own; the others take fixed ones.")]
    public string Method { get; init; } = "tsit5";

    [Quantity("the time step", Above = 0)]
    [Description("The time step of euler, heun and rk4, at most the horizon.")]
    public double? Step { get; init; }

    [Quantity("the tolerance", AtLeast = 1e-13, AtMost = 0.1)]
    [Description("For tsit5: the distance by which a token may miss its place in one step, estimated; null = 1e-4.")]
    public double? Tolerance { get; init; }

    [Description("For tsit5: tokens that have come close go on as one; null = none does.")]
    public MergeSpec? Merge { get; init; }

    [Description("What ends the run before the horizon: the first recording time at which one of these holds in every replica; null = nothing.")]
    public UntilSpec? Until { get; init; }
}

/// <summary>The <c>time.merge</c> section.</summary>
public sealed record MergeSpec
{
    [Quantity("the merging distance", Above = 0, AtMost = 0.1)]
    [Description("Tokens closer than this after a step become one, of their weighted mean and total weight; output still shows all.")]
    public double Distance { get; init; } = 1e-6;
}

/// <summary>The <c>time.until</c> section.</summary>
public sealed record UntilSpec
{
    [Quantity("the number of clusters", AtLeast = 1)]
    [Description("End when there are at most so many: tokens left with time.merge, else as the observable clusters counts.")]
    public int? Clusters { get; init; }

    [Quantity("the speed", Above = 0)]
    [Description("End when the root mean square of |dx_i/dt| is below this.")]
    public double? Speed { get; init; }

    [Quantity("the gap", Above = 0)]
    [Description("End when the collapse gap 1 - |m|^2 is below this.")]
    public double? Gap { get; init; }
}

/// <summary>The <c>record</c> section.</summary>
public sealed record RecordSpec
{
    [Quantity("the number of snapshots", AtLeast = 1, AtMost = 10_000_000)]
    [Description("Times at which positions are written, first and last included; 1 = the final state only.")]
    public int Snapshots { get; init; } = 21;

    [Quantity("the number of observations", AtLeast = 2, AtMost = 10_000_000)]
    [Description("Times at which observables are written, first and last included.")]
    public int Observations { get; init; } = 401;

    [Description("How the times are spread over the run: evenly, or evenly in their logarithm from 'first' on.")]
    public Spacing Spacing { get; init; } = Spacing.Linear;

    [Quantity("the first logarithmic time", Above = 0)]
    [Description("The first time after 0 of logarithmic spacing, below the horizon; null with linear spacing.")]
    public double? First { get; init; }

    [Quantity("the number of tokens in a snapshot", AtLeast = 1)]
    [Description("How many tokens, evenly spread over their order, a snapshot keeps; null = all.")]
    public int? Tokens { get; init; }

    [Description("Whether energy plateaus are written, to plateaus.csv: spans of time, a factor 2 or more long, in which the energy hardly changes.")]
    public bool Plateaus { get; init; }

    [ObservableName]
    [Description("What is measured, in the order of the columns.")]
    public IReadOnlyList<string> Observables { get; init => field = Sequence.Of(value); } = new Sequence<string>("energy", "gaps", "mean");
}

/// <summary>How recording times are spread over a run.</summary>
public enum Spacing
{
    /// <summary>Evenly over [0, horizon].</summary>
    Linear,
    /// <summary>0, then evenly in the logarithm over [first, horizon].</summary>
    Logarithmic,
}
