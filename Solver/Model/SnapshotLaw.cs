namespace AttentionFlow.Solver.Model;

/// <summary>
/// The tokens of another run at a time that it recorded: positions, weights and radii of all its replicas, the same numbers; its labels,
/// too, where no law names others.
/// </summary>
/// <param name="Run">The folder of that run.</param>
/// <param name="Time">t of the snapshot, in the time of that run, >= 0; null: the last one.</param>
/// <param name="Path">The copy that a run keeps of what it read; null: the tokens are read from the run.</param>
[Kind("snapshot", 7), Description("All tokens of another run at a time that it recorded, with labels, weights and radii.")]
public sealed record SnapshotLaw(
    [FilePath, Description("The folder of that run, relative to the experiment file.")] string Run,
    [Quantity("the time of the snapshot", AtLeast = 0), Description("The time of the snapshot; null = the last one.")]
    double? Time = null,
    [FilePath, Description("The copy of the tokens that a run keeps, which is then read; null = they are read from the other run.")]
    string? Path = null) : InitialLaw, IFilePart
{
    /// <summary>The tokens; null: not read yet.</summary>
    public CloudData? Rows { get; init; }

    /// <inheritdoc/>
    string IFilePart.Path => Path ?? SnapshotFiles.In(Run);

    /// <inheritdoc/>
    public override bool IsRandom => false;

    /// <inheritdoc/>
    public override bool DiffersByReplica => true;

    /// <inheritdoc/>
    public IFilePart At(string path) =>
        this with { Path = path, Run = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Run)) };

    /// <inheritdoc/>
    public override string? WhyNot(in Setting setting) => Rows is null ? $"{Run} has not been read"
        : Rows.Count == setting.Tokens && Rows.Dimension == setting.Dimension ? null
        : $"the run has {Rows.Count} tokens in dimension {Rows.Dimension}, for {setting.Tokens} tokens in dimension {setting.Dimension}";

    /// <inheritdoc/>
    protected override void DrawReplica(int replica, int tokens, int d, ulong seed, Span<double> positions) =>
        ((ReadOnlySpan<double>)Rows!.Positions).Slice(replica * tokens * d, tokens * d).CopyTo(positions);

    /// <inheritdoc/>
    protected override double[]? WeightsFor(int replicas, ulong seed) => [.. Rows!.Weights!];

    /// <inheritdoc/>
    protected override double[]? Radii => Rows!.Radii is { } radii ? [.. radii] : null;
}
