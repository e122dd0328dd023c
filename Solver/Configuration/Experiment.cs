#pragma warning disable CS1591 // Keys are documented by their Description: one source for the schema, the documentation and messages.
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Configuration;

/// <summary>An experiment file: what has a description is a key, by default as it stands here; the rest follows from the keys.</summary>
[Description("An AttentionFlow experiment: what a key leaves out takes its default.")]
public sealed record Experiment
{
    [Quantity("the version of the file format", AtLeast = 1, AtMost = 1)]
    [Description("Version of this file format.")]
    public int SchemaVersion { get; init; } = 1;

    [Description("One line for tables and figures.")]
    public string Title { get; init; } = "";

    [Quantity("the seed", AtLeast = 0)]
    [Description("Seed of every random stream; the same seed gives the same run.")]
    public ulong Seed { get; init; } = 1;

    [Quantity("the number of replicas", AtLeast = 1)]
    [Description("Independent copies of the cloud, each with its own random start. With a snapshot: those of its run, and may be left "
        + "out.")]
    public int Replicas { get; init; } = 1;

    [Description("The device that evaluates pair sums, by name, or auto.")]
    public string Device { get; init; } = "auto";

    [Description("Arithmetic of the pair sums; the state is always kept in double.")]
    public Precision Precision { get; init; } = Precision.Double;

    [Description("How pairs are summed: directly, n^2; coalesced, tokens that lie together as one key (exponential profile, couplings one "
        + "and block); fast, also by harmonics (dimension 2 or 3, exponential profile, couplings one and toeplitz), linear in n; "
        + "auto, the cheapest by a fixed rule.")]
    public Summation Summation { get; init; } = Summation.Auto;

    [Quantity("the tolerance", AtLeast = 1e-13, AtMost = 0.1)]
    [Description("For sums that are not direct: the error allowed to a token's sums, relative to its partition function; "
        + "null = 1e-10 in double, 1e-6 in single precision.")]
    public double? Tolerance { get; init; }

    [Description("The tokens and where they start.")]
    public TokensSection Tokens { get; init; } = new();

    [Description("The law of the frozen labels. Left out, a cloud file with a label column, or a snapshot, gives them.")]
    public LabelLaw Labels { get; init; } = new GridLabels();

    [Description("The interaction h(z, z') = b(s, s') k(<Psi(s) x, Psi(s') x'>).")]
    public InteractionSection Interaction { get; init; } = new();

    [Description("How the flow is followed in time.")]
    public TimeSection Time { get; init; } = new();

    [Description("What is written.")]
    public RecordSection Record { get; init; } = new();

    /// <summary>What its parts are judged in.</summary>
    public Setting Setting => new(Tokens.Count, Tokens.Dimension)
    {
        Labels = Enumerable.Repeat(0, 1).SelectMany(_ => Labels.Draw(Replicas, Tokens.Count, Seed)), // when asked for
        Interaction = Interaction.Pair, Heads = Interaction.Heads, Seed = Seed, Redraw = Time.Redraw,
    };

    /// <summary>The same with the step, the first logarithmic time and the degree that are left out.</summary>
    internal Experiment WithDefaults() => this with
    {
        Interaction = Interaction.Profile is PolynomialProfile { Degree: var degree }
            ? Interaction with { Degree = Interaction.Degree ?? degree } : Interaction,
        Time = Time.Method.IsAdaptive ? Time : Time with { Step = Time.Step ?? Time.Redraw ?? Math.Min(0.01, Time.Horizon / 100) },
        Record = Record.Spacing == Spacing.Linear ? Record
            : Record with { First = Record.First ?? Math.Min(0.01, Time.Horizon / 1000) },
    };

    /// <summary>Psi.</summary>
    public Gauge Gauge => Interaction.Gauge.In(Setting);

    /// <summary>Heads, code, prompts.</summary>
    public Layer Layer => new()
    {
        Heads = [.. Enumerable.Range(0, Interaction.Heads).Select(head => Interaction.Matrices.Draw(head, Setting))],
        Redraw = Redraw,
        HasNegativeBeta = Interaction.Beta < 0 && Interaction.Profile.IsCurved(Interaction.Beta),
        Code = Interaction.Code, Prompts = Interaction.Prompts?.In(Setting), Pin = Interaction.Pin,
        Perceptron = Interaction.Perceptron?.Draw(Setting), Selection = Interaction.Selection,
    };

    /// <summary>How random matrices are drawn anew, null where they stay.</summary>
    public Redraw? Redraw => Time.Redraw is { } interval ? new(interval, Interaction.Matrices, Setting) : null;

    /// <summary>k of the tangent vectors that a run carries where it does.</summary>
    public int Tangents => (int)Math.Min(Record.Tangents ?? Tokens.Dimension + 1L, Tokens.Count * (Tokens.Dimension - 1L));

    /// <summary>The Brownian motion, null for none.</summary>
    public Noise? Noise => Interaction.Noise is { } noise ? noise with { Seed = Seed } : null;

    /// <summary>Snapshot and observation times.</summary>
    public (double[] Snapshots, double[] Observations) Times =>
        (Record.Times(Record.Snapshots, Time.Horizon), Record.Times(Record.Observations, Time.Horizon));

    /// <summary>Whether replicas differ.</summary>
    internal bool DiffersByReplica =>
        Tokens.Initial.DiffersByReplica || Labels.IsRandom || Interaction.Noise is not null || Time.Redraw is not null;

    /// <summary>Whether anything is drawn with the seed.</summary>
    internal bool IsRandom => Tokens.Initial.IsRandom || Labels.IsRandom || Interaction.Noise is not null || Interaction.Matrices.AreRandom
        || Interaction.Perceptron?.IsRandom == true
        || Interaction.Prompts?.Points.Law is not (null or GreatCircleTargets)
        || Interaction.Gauge is PrefixGauge { Targets.Law: not (null or GreatCircleTargets) };

    /// <summary>The initial cloud; radii that its law gives are for schemes that have them.</summary>
    public Cloud Draw()
    {
        Cloud cloud = Tokens.Initial.Draw(Replicas, Tokens.Count, Tokens.Dimension, Seed, Labels, Gauge);
        if (!Interaction.Scheme.HasRadius) cloud.Radii = null;
        return cloud;
    }
}

/// <summary>The <c>tokens</c> section.</summary>
public sealed record TokensSection
{
    [Quantity("the number of tokens", AtLeast = 1)]
    [Description("Number of tokens n of a replica. With a cloud file its number of rows, with a snapshot that of its run, and may be left "
        + "out.")]
    public int Count { get; init; } = 256;

    [Quantity("the dimension", AtLeast = 2)]
    [Description("Dimension d of the space; tokens live on its unit sphere. "
        + "With a cloud file or a snapshot: its number of coordinates, and may be left out.")]
    public int Dimension { get; init; } = 3;

    [Description("The law of the initial positions.")]
    public InitialLaw Initial { get; init; } = new UniformLaw();
}

/// <summary>The <c>interaction</c> section.</summary>
public sealed record InteractionSection
{
    [Quantity("the inverse temperature", AtLeast = -1e12, AtMost = 1e12)]
    [Description("Inverse temperature beta; a negative one gives far tokens the larger weights, and they still pull.")]
    public double Beta { get; init; } = 1;

    [Description("The slope k' of the profile, by which pairs are weighed: exponential, e^(beta t); linear, 1; sigmoid, "
        + "1/(1 + e^(-beta t)); polynomial, (1 + beta t/p)^p.")]
    public Profile Profile { get; init; } = Profile.Exponential;

    [Quantity("the degree", AtLeast = 1, AtMost = 100)]
    [Description("The degree p of the profile polynomial; null = 2. For no other profile.")]
    public int? Degree { get; init; }

    [Description("What a token's drift is divided by: nothing, its partition function (softmax), or the sum of its couplings (bias); "
        + "hardmax, softmax at infinite beta without the self term.")]
    public Normalization Normalization { get; init; } = Normalization.Unnormalized;

    [Description("The gauge Psi: an orthogonal matrix per label.")]
    public Gauge Gauge { get; init; } = new IdentityGauge();

    [Description("The coupling b: a symmetric number per pair of labels.")]
    public Coupling Coupling { get; init; } = new OneCoupling();

    [OneOf("none", "causal", "strict")]
    [Description("Which pairs take part: all, under a causal mask those with j <= i, under a strict one j < i.")]
    public Mask Mask { get; init; } = Mask.None;

    [Description("Where the network normalises: dx_i/dt = P A_i/s_i, A_i the attention output before its projection.")]
    public Scheme Scheme { get; init; } = new PostScheme();

    [Description("Brownian motion beside the drift, of each token's own or common to all; null = none. Needs fixed steps.")]
    public Noise? Noise { get; init; }

    [Description("Frozen prompts, keys and values that never move; null = none.")]
    public Prompts? Prompts { get; init; }

    [Description("A pinning prompt in the gauge frame, which fixes the direction of the limit; null = none.")]
    public PinningPrompt? Pin { get; init; }

    [Description("Query, key and value matrices, which act in the gauge frame: logits beta <Q y_i, K y_j>, values V y_j.")]
    public Matrices Matrices { get; init; } = new();

    [Quantity("the number of heads", AtLeast = 1, AtMost = 1000)]
    [Description("Number of heads, each with random matrices of its own; the drift is the mean of their normalised fields.")]
    public int Heads { get; init; } = 1;

    [Description("A perceptron that acts on every token alone, in the gauge frame: the attention output gains W sigma(W' y_i + b); null = "
        + "none.")]
    public PerceptronLaw? Perceptron { get; init; }

    [Quantity("the rate of selection", AtLeast = 0, AtMost = 1e6)]
    [Description("The rate alpha at which weights move up the energy: dm_i/dt = alpha m_i (U_i - sum_k m_k U_k), U_i = dE/dm_i; 0 = they "
        + "are frozen.")]
    public double Selection { get; init; }

    [Description("What labels do to logits and values beside the gauge and the coupling.")]
    public PositionalCode Code { get; init; } = new NoCode();

    /// <summary>|beta|, profile, coupling, normalisation, mask; the layer has the sign of beta.</summary>
    public Interaction Pair => new(Math.Abs(Beta))
    {
        Profile = Profile is PolynomialProfile && Degree is { } degree ? new PolynomialProfile(degree) : Profile,
        Normalization = Normalization, Coupling = Coupling, Mask = Mask,
    };
}

/// <summary>The <c>time</c> section.</summary>
public sealed record TimeSection
{
    [Quantity("the horizon", Above = 0)]
    [Description("The time at which the run ends; it starts at 0.")]
    public double Horizon { get; init; } = 20;

    [Description("What a time of 1 means: one, the flow as it stands; collapse, e^(-beta), in which near tokens close in on each "
        + "other without softmax, at any beta. All times, rates and speeds of the run are in this unit.")]
    public TimeUnit Unit { get; init; } = TimeUnit.One;

    [Description("The Runge-Kutta method; every step ends on the sphere. tsit5 chooses its steps, every replica its own; the others take "
        + "fixed ones. Left out where matrices are redrawn: euler.")]
    public Tableau Method { get; init; } = Methods.Tsit5;

    [Quantity("the time step", Above = 0)]
    [Description("The time step of euler, heun and rk4, at most the horizon; null = redraw; 0.01; a hundredth of a horizon below 1.")]
    public double? Step { get; init; }

    [Quantity("the interval", Above = 0), Description("The time after which random matrices are drawn anew, by replica; null = never.")]
    public double? Redraw { get; init; }

    [Quantity("the tolerance", AtLeast = 1e-13, AtMost = 0.1)]
    [Description("For tsit5: the distance by which a token may miss its place in one step, estimated; null = 1e-4.")]
    public double? Tolerance { get; init; }

    [Description("For tsit5: tokens that have come close go on as one; null = none does.")]
    public Merging? Merge { get; init; }

    [Description(
        "What ends the run before the horizon: the first recording time at which one of these holds in every replica; null = nothing.")]
    public Until? Until { get; init; }

    /// <summary>How long the steps are.</summary>
    public StepControl Control => Step is { } step ? step : new AdaptiveStep(Tolerance ?? 1e-4) { MergeDistance = Merge?.Distance ?? 0 };
}

/// <summary>The <c>record</c> section.</summary>
public sealed record RecordSection
{
    private static readonly Sequence<string> Default = ["energy", "gaps", "mean"];

    [Quantity("the number of snapshots", AtLeast = 1, AtMost = 10_000_000)]
    [Description("Times at which positions are written, first and last included; 1 = the final state only. Left out with time.redraw: as "
        + "many as fall on multiples of it, at most 21.")]
    public int Snapshots { get; init; } = 21;

    [Quantity("the number of observations", AtLeast = 2, AtMost = 10_000_000)]
    [Description("Times at which observables are written, first and last included. Left out with time.redraw: as many as fall on "
        + "multiples of it, at most 401.")]
    public int Observations { get; init; } = 401;

    [Description("How the times are spread over the run: evenly, or evenly in their logarithm from 'first' on.")]
    public Spacing Spacing { get; init; } = Spacing.Linear;

    [Quantity("the first logarithmic time", Above = 0)]
    [Description("The first time after 0 of logarithmic spacing, below the horizon; null = 0.01, or a thousandth of a horizon below 10. "
        + "Not for linear spacing.")]
    public double? First { get; init; }

    [Quantity("the horizon", Above = 0)]
    [Description("Horizons that the run had before it was made longer, rising: the times are spread over the first, go on by the same rule "
        + "to the horizon, and each of these is one of them; null = the run was not made longer.")]
    public Sequence<double>? Horizons { get; init; }

    [Quantity("the number of tokens in a snapshot", AtLeast = 1)]
    [Description("How many tokens, evenly spread over their order, a snapshot keeps; null = all.")]
    public int? Tokens { get; init; }

    [Description("The form of the snapshots of a run that is complete: csv, or parquet, which takes a third of the room or less.")]
    public SnapshotFormat Format { get; init; } = SnapshotFormat.Csv;

    [Quantity("the number of digits", AtLeast = 3, AtMost = 17)]
    [Description("Significant digits to which the coordinates and radii in the snapshots are rounded; null = as many as give the same "
        + "double back.")]
    public int? Digits { get; init; }

    [Description("Whether energy plateaus are written, to plateaus.csv: spans of time, a factor 2 or more long, in which the energy "
        + "hardly changes.")]
    public bool Plateaus { get; init; }

    [ObservableName]
    [Description("What is measured, in the order of the columns. Left out, an energy that this flow does not have is left out too, and "
        + "what doubles can not hold at this beta.")]
    public Sequence<string> Observables { get; init; } = Default;

    [Quantity("the number of tangent vectors", AtLeast = 1, AtMost = 10_000)]
    [Description("How many tangent vectors of every replica a run carries for 'gradient' and 'lyapunov', each at the cost of two runs; of "
        + "more than n (d - 1), all of them; null = d + 1.")]
    public int? Tangents { get; init; }

    /// <summary>False where the file, or who made the section, named the observables.</summary>
    internal bool HasDefaultObservables => ReferenceEquals(Observables, Default);

    /// <summary>So many times, spread over the run.</summary>
    internal double[] Times(int count, double horizon)
    {
        double first = Horizons is { Count: > 0 } ? Horizons[0] : horizon;
        double[] times = Spacing == Spacing.Linear ? RecordTimes.Linear(count, first) : RecordTimes.Logarithmic(count, First!.Value, first);
        return Horizons is { Count: > 0 } ? RecordTimes.Extended(times, Spacing == Spacing.Linear, [.. Horizons, horizon]) : times;
    }
}

/// <summary>How recording times are spread over a run.</summary>
public enum Spacing
{
    /// <summary>Evenly over [0, horizon].</summary>
    Linear,
    /// <summary>0, then evenly in the logarithm over [first, horizon].</summary>
    Logarithmic,
}

/// <summary>The form of the snapshots.</summary>
public enum SnapshotFormat
{
    /// <summary>snapshots.csv.</summary>
    Csv,
    /// <summary>snapshots.parquet, once the run is complete.</summary>
    Parquet,
}

/// <summary>The name of an observable.</summary>
public sealed class ObservableNameAttribute() : OneOfAttribute([.. Observable.All.Keys]);
