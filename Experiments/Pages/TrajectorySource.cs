using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Experiments.Pages;

/// <summary>A trajectory to be shown, and what is known of it.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Trajectory">The tokens.</param>
internal sealed record TrajectorySource(string Title, Trajectory Trajectory)
{
    /// <summary>The experiment whose flow the tokens follow; null where none is known.</summary>
    public Experiment? Experiment { get; init; }

    /// <summary>A table of observables like that of a run; null for none.</summary>
    public string? Observables { get; init; }

    /// <summary>What the times are called.</summary>
    public string TimeName { get; init; } = "t";

    /// <summary>What a folder shows: that of a run, or any with a table of snapshots.</summary>
    /// <exception cref="ConfigurationException">There are no snapshots in it, or they are wrong.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TrajectorySource OfFolder(string folder)
    {
        string snapshots = SnapshotFiles.In(folder), experiment = Path.Combine(folder, RunFolder.ExperimentFile);
        string observables = Path.Combine(folder, RunFolder.ObservablesFile);
        if (!File.Exists(snapshots)) throw new ConfigurationException($"{folder}: there is no {RunFolder.SnapshotsFile} in it.");
        Experiment? run = File.Exists(experiment) ? ExperimentReader.Read(experiment, []) : null;
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        // Coordinates of few digits are no unit vectors.
        Trajectory trajectory = Trajectory.Open([snapshots], ColumnMap.Identity, normalize: run?.Record.Digits is not null);
        return new TrajectorySource(run?.Title is { Length: > 0 } title ? title : name, trajectory)
        {
            Experiment = run?.Tokens.Dimension == trajectory.Dimension ? run : null,
            Observables = File.Exists(observables) ? observables : null,
        };
    }
}

/// <summary>A trajectory that is shown: what is known of it, and its tokens.</summary>
/// <param name="Source">What is known of it.</param>
/// <param name="Tokens">Its tokens.</param>
internal sealed record SeenTrajectory(TrajectorySource Source, TokenStore Tokens)
{
    // Of all trajectories of a page together.
    private const long MostNumbers = 24_000_000;

    /// <summary>Reads the tokens.</summary>
    /// <param name="source">The trajectory.</param>
    /// <param name="of">How many trajectories are shown together.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="ConfigurationException">The trajectory is wrong.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SeenTrajectory Read(TrajectorySource source, int of, CancellationToken stop) =>
        new(source, TokenStore.Read(source.Trajectory, MostNumbers / of, stop));

    /// <summary>The replicas that there are.</summary>
    public int Replicas => Tokens.Tokens.Select(t => t.Replica).Distinct().Count();
}
