using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Solver.Runs;

/// <summary>The columns of the tables of a run.</summary>
public static class RunColumns
{
    private static readonly Column Time = new("time", ColumnType.Number,
        "Time t of the flow, dimensionless; in units of e^{-beta} where timeUnit in run.json is collapse.");
    private static readonly Column Replica = new("replica", ColumnType.Integer, "Number of the independent cloud, from 0.");

    /// <summary>What identifies a row of snapshots.csv.</summary>
    public static IReadOnlyList<string> SnapshotKey { get; } = ["snapshot", "replica", "token"];

    /// <summary>
    /// The first column of a snapshot, of its coordinates and its radius, that <c>record.digits</c> rounds; a weight is written whole.
    /// </summary>
    public const int FirstRounded = 5;

    /// <summary>What identifies a row of observables.csv.</summary>
    public static IReadOnlyList<string> ObservableKey { get; } = ["time", "replica"];

    /// <summary>snapshots.csv: snapshot, time, replica, token, label, x0, x1, ..., radius where tokens have one, and weight where it
    /// moves.</summary>
    public static IReadOnlyList<Column> Snapshots(int dimension, bool hasRadius = false, bool hasWeight = false) =>
    [
        new("snapshot", ColumnType.Integer, "Number of the snapshot, from 0."),
        Time,
        Replica,
        new("token", ColumnType.Integer, "Index i of the token in its cloud, from 0."),
        Number("label", "Frozen label xi_i of the token."),
        .. Enumerable.Range(0, dimension).Select(k => Number($"x{k}", $"Coordinate {k} of the token x_i on the unit sphere.")),
        .. hasRadius ? [Number("radius", "Length r_i of the token before it is normalised.")] : Array.Empty<Column>(),
        .. hasWeight ? [Number("weight", "Weight m_i of the token; those of a replica sum to 1.")] : Array.Empty<Column>(),
    ];

    /// <summary>observables.csv: time, replica, then the columns given.</summary>
    public static IReadOnlyList<Column> Observables(IEnumerable<Column> columns) => [Time, Replica, .. columns];

    /// <summary>What identifies a row of mergers.csv.</summary>
    public static IReadOnlyList<string> MergerKey { get; } = ["replica", "token"];

    /// <summary>mergers.csv.</summary>
    public static IReadOnlyList<Column> Mergers { get; } =
    [
        Time,
        Replica,
        new("token", ColumnType.Integer, "The lighter of the two, by an original token in it; it is in no later row of the replica."),
        new("into", ColumnType.Integer, "The heavier of the two, by an original token in it, under which both go on."),
        Number("mass_token", "Weight of the lighter one."),
        Number("mass_into", "Weight of the heavier one before the merger."),
        new("left", ColumnType.Integer, "How many tokens the replica is left with."),
    ];

    /// <summary>What identifies a row of plateaus.csv.</summary>
    public static IReadOnlyList<string> PlateauKey { get; } = ["replica", "start"];

    /// <summary>plateaus.csv.</summary>
    public static IReadOnlyList<Column> Plateaus { get; } =
    [
        Replica,
        Number("start", "Time of the first step in it."),
        Number("end", "Time of the last step in it."),
        Number("energy", "E where t dE/dt is smallest."),
    ];

    private static Column Number(string name, string description) => new(name, ColumnType.Number, description);
}
