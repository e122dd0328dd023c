namespace AttentionFlow.Solver;

/// <summary>The columns of the tables of a run.</summary>
public static class RunColumns
{
    private static readonly CsvColumn Time = new("time", ColumnType.Number, "Time t of the flow, dimensionless.");
    private static readonly CsvColumn Replica = new("replica", ColumnType.Integer, "Number of the independent cloud, from 0.");

    /// <summary>What identifies a row of snapshots.csv.</summary>
    public static IReadOnlyList<string> SnapshotKey { get; } = ["snapshot", "replica", "token"];

    /// <summary>What identifies a row of observables.csv.</summary>
    public static IReadOnlyList<string> ObservableKey { get; } = ["time", "replica"];

    /// <summary>snapshots.csv: snapshot, time, replica, token, label, x0, x1, ..., and radius where tokens have one.</summary>
    public static IReadOnlyList<CsvColumn> Snapshots(int dimension, bool hasRadius = false) =>
    [
        new("snapshot", ColumnType.Integer, "Number of the snapshot, from 0."),
        Time,
        Replica,
        new("token", ColumnType.Integer, "Index i of the token in its cloud, from 0."),
        Number("label", "Frozen label xi_i of the token."),
        .. Enumerable.Range(0, dimension).Select(k => Number($"x{k}", $"Coordinate {k} of the token x_i on the unit sphere.")),
        .. hasRadius ? [Number("radius", "Length r_i of the token before it is normalised.")] : Array.Empty<CsvColumn>(),
    ];

    /// <summary>observables.csv: time, replica, then the columns given.</summary>
    public static IReadOnlyList<CsvColumn> Observables(IEnumerable<CsvColumn> columns) => [Time, Replica, .. columns];

    private static CsvColumn Number(string name, string description) => new(name, ColumnType.Number, description);
}
