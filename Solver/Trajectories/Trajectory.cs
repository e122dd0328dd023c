using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>Tokens at rising times, from files. Only one snapshot at a time is held.</summary>
public abstract class Trajectory
{
    /// <summary>d.</summary>
    public abstract int Dimension { get; }

    /// <summary>The bytes to be read, for whoever shows how far the reading has come.</summary>
    public virtual long Bytes => Files.Sum(path => new FileInfo(path).Length);

    /// <summary>The files that are read.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>The names of replicas that are numbered in the order in which they appear; known when all is read.</summary>
    public virtual IReadOnlyList<string> ReplicaNames => [];

    /// <summary>What is to be known of the way in which the files are read, a sentence; null for nothing.</summary>
    public virtual string? Advice => null;

    /// <summary>Shows every snapshot, in the order of their times.</summary>
    /// <param name="take">Takes them, and keeps what it likes.</param>
    /// <param name="read">Is told of the bytes read so far.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="ConfigurationException">A file is wrong; the message names file and line.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void Read(Action<Snapshot> take, Action<long> read, CancellationToken stop)
    {
        try
        {
            ReadFiles(take, read, stop);
        }
        catch (DuplicateTokenException e)
        {
            throw new ConfigurationException($"{Files[0]}: {e.Message}.");
        }
    }

    /// <inheritdoc cref="Read"/>
    protected abstract void ReadFiles(Action<Snapshot> take, Action<long> read, CancellationToken stop);

    /// <summary>
    /// The trajectory in these files: CSV, Parquet, or NumPy's .npy and .npz, by the ending of their names. Several files of tokens without
    /// times are a snapshot each, at the times in their names; several of NumPy's with times, a replica each.
    /// </summary>
    /// <param name="paths">Files, or patterns with a star in the last part.</param>
    /// <param name="map">Which columns are what.</param>
    /// <param name="normalize">Take rows of any length but zero, and keep the lengths as radii.</param>
    /// <exception cref="ConfigurationException">A file is missing, or not what it should be.</exception>
    public static Trajectory Open(IReadOnlyList<string> paths, ColumnMap map, bool normalize)
    {
        string[] files = [.. paths.SelectMany(SourceFiles.Expand)];
        string[] endings = [.. files.Select(f => Path.GetExtension(f).ToLowerInvariant()).Distinct()];
        if (endings.Length > 1)
            throw new ConfigurationException($"{files[0]} and "
                + $"{files.First(f => !f.EndsWith(endings[0], StringComparison.OrdinalIgnoreCase))}: "
                + "the files of a trajectory are of one kind.");
        return endings[0] switch
        {
            ".npy" or ".npz" => NumpyTrajectory.Open(files, map, normalize),
            ".csv" or ".txt" => new CsvTrajectory(files, map, normalize),
            ".parquet" => new ParquetTrajectory(files, map, normalize),
            ".lammpstrj" or ".dump" => throw new ConfigurationException(
                $"{Quoted.Short(files[0], 200)}: a dump of LAMMPS is made CSV by a line of awk, docs/analysis.md."),
            _ => throw new ConfigurationException($"{Quoted.Short(files[0], 200)}: files end in .csv, .parquet, .npy or .npz."),
        };
    }
}
