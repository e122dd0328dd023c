using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Runs;

/// <summary>What a run will take of memory and disk, in bytes: estimates in double precision, which no size overflows.</summary>
internal sealed class RunSize(Experiment experiment)
{
    private const double Gigabyte = 1 << 30;

    // A number with its comma, as it is usually written; sign, zero, point and comma of one with fewer digits; the first columns of a
    // snapshot's row together; a double in parquet, which hardly compresses, and those first columns.
    private const double NumberText = 20, AroundDigits = 4, RowText = 40, DescriptionText = 250, ParquetNumber = 7, ParquetRow = 1;

    private readonly double _rows = (double)experiment.Replicas * experiment.Tokens.Count, _d = experiment.Tokens.Dimension;

    /// <summary>The memory of each part of the run, and where the experiment asks for it.</summary>
    public IEnumerable<(string Where, string What, double Bytes)> Memory
    {
        get
        {
            InteractionSection interaction = experiment.Interaction;
            string inDimension = $"in dimension {experiment.Tokens.Dimension}";
            yield return ("$.tokens.count", $"{experiment.Replicas} x {experiment.Tokens.Count} tokens {inDimension} need", Tokens);
            // Two disturbed clouds a vector and two vectors, each as the tokens of the run; ends of steps beside.
            if (experiment.Record.Observables.Any(name => name is "gradient" or "lyapunov"))
                yield return ("$.record.tangents", $"{experiment.Tangents} tangent vectors need",
                    experiment.Tangents * sizeof(double) * _rows * (2 * (_d * (6 + experiment.Time.Method.B.Length) + 12) + 2 * _d));
            // The points as they are given, listed, scaled and in the tables of the flow.
            foreach ((string where, string noun, Points? points) in ((string, string, Points?)[])
                [("$.interaction.prompts.points", "prompts", interaction.Prompts?.Points),
                    ("$.interaction.gauge.targets", "targets", (interaction.Gauge as PrefixGauge)?.Targets)])
            {
                if (points is null) continue;
                double count = points.Law is { } law ? law.Count ?? experiment.Tokens.Count : points.Count;
                yield return (where, $"{count:F0} {noun} {inDimension} need", count * (sizeof(double) * 4 * _d + 160));
            }
            if (interaction.Matrices != new Matrices())
                yield return ("$.interaction.matrices", $"the matrices of {Text.Plural(interaction.Heads, "head")} {inDimension} need",
                    sizeof(double) * _d * _d
                        * (5 + interaction.Heads * (5.0 + (experiment.Time.Redraw is null ? 0 : 2.0 * experiment.Replicas))));
            // Columns of coordinates, as datapackage.json describes them.
            int perCoordinate = 1 + experiment.Record.Observables.Count(name => name is "mean" or "covariance");
            yield return ("$.tokens.dimension", $"tables with {perCoordinate * _d:F0} columns need", perCoordinate * _d * 3000);
            yield return ("$.record", "the recording times need",
                sizeof(double) * 6 * ((double)experiment.Record.Snapshots + experiment.Record.Observations));
        }
    }

    // Per token: x, y, force, stage and one drift a stage, each with d numbers; labels, weights and their copies, sums. Adaptive steps: two
    // more states and two more drifts; again as much for the tokens that are left. The vectors of the bidiagonalisation.
    private double Tokens => sizeof(double) * _rows
        * ((_d * (4 + experiment.Time.Method.B.Length + (experiment.Time.Step is null ? 4 : 0)) + 10)
            * (experiment.Time.Merge is null ? 1 : 2) + (experiment.Record.Observables.Contains("low_pass") ? 200 : 0));

    /// <summary>Refuses a run beyond the memory: the system would end the program without a word.</summary>
    /// <exception cref="ConfigurationException">Names what needs the most.</exception>
    public void CheckMemory()
    {
        double available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (Memory.Sum(part => part.Bytes) <= available) return;
        (string where, string what, double bytes) = Memory.MaxBy(part => part.Bytes);
        throw ConfigurationException.At(where,
            Text.Of($"{what} about {bytes / Gigabyte:F0} GB of memory; there are {available / Gigabyte:F0} GB."));
    }

    /// <summary>
    /// The bytes of the snapshots, observables.csv and datapackage.json; where snapshots are to be parquet, of both forms, which are there
    /// together at the end.
    /// </summary>
    /// <param name="columns">Columns of all observables.</param>
    public double Output(int columns)
    {
        RecordSection record = experiment.Record;
        double snapshots = (double)record.Snapshots * experiment.Replicas * (record.Tokens ?? experiment.Tokens.Count);
        double number = record.Digits is { } digits ? Math.Min(NumberText, digits + AroundDigits) : NumberText;
        double row = _d * number + RowText + (record.Format == SnapshotFormat.Parquet ? _d * ParquetNumber + ParquetRow : 0);
        return snapshots * row + (double)record.Observations * experiment.Replicas * (columns + 1) * NumberText
            + (_d + columns + 8) * DescriptionText;
    }

    /// <summary>Refuses a run whose files the disk has no room for.</summary>
    /// <param name="folder">An existing folder on the disk.</param>
    /// <param name="columns">Columns of all observables.</param>
    /// <param name="freed">Bytes of the files that the run replaces.</param>
    /// <returns>What to say of output that is large, else null.</returns>
    /// <exception cref="ConfigurationException">There is no room.</exception>
    public string? CheckDisk(string folder, int columns, long freed)
    {
        double needed = Output(columns), available = Free(folder) + freed;
        if (needed > available)
            throw ConfigurationException.At("$.record",
                Text.Of($"the files need about {needed / Gigabyte:G3} GB of disk; there are {available / Gigabyte:G3} GB in {folder}. ")
                + "Write fewer snapshots, observations or tokens.");
        return needed > Gigabyte ? Text.Of($"$.record: the files will take about {needed / Gigabyte:G3} GB of disk in {folder}") : null;
    }

    private static double Free(string folder)
    {
        try { return new DriveInfo(folder).AvailableFreeSpace; }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return double.PositiveInfinity; // a place, such as a share, that does not say
        }
    }
}
