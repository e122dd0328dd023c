using AttentionFlow.Solver.Configuration;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>Parquet files, a token a row: one file with times, or a file a snapshot. All columns that are read hold numbers.</summary>
internal sealed class ParquetTrajectory : Trajectory
{
    private const int Between = 1 << 12;

    private readonly IReadOnlyList<(string Path, double Time)> _files;
    private readonly IReadOnlyList<string> _header;
    private readonly ColumnPlaces _places;
    private readonly bool _normalize;

    /// <summary>Looks at the columns.</summary>
    /// <exception cref="ConfigurationException">A file is missing, or has other columns than it should.</exception>
    public ParquetTrajectory(IReadOnlyList<string> files, ColumnMap map, bool normalize)
    {
        (_header, _normalize) = (Guard(() => ParquetData.Header(files[0])), normalize);
        _places = map.In(files[0], _header);
        _files = SourceFiles.OfSnapshots(files, hasTimes: _places.Time >= 0);
    }

    /// <inheritdoc/>
    public override int Dimension => _places.Coordinates.Count;

    /// <inheritdoc/>
    public override string? Advice => _places.Advice;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => [.. _files.Select(f => f.Path)];

    /// <inheritdoc/>
    protected override void ReadFiles(Action<Snapshot> take, Action<long> read, CancellationToken stop)
    {
        SnapshotBuilder builder = new(Dimension, _places, _normalize);
        int[] optional = [_places.Time, _places.Replica, _places.Token, _places.Label, _places.Weight, _places.Radius];
        int[] all = [.. _places.Coordinates, .. optional.Where(c => c >= 0)];
        int[] at = [.. optional.Select(c => c < 0 ? -1 : Array.IndexOf(all, c))];
        string[] names = [.. all.Select(c => _header[c])];
        long before = 0;
        foreach ((string path, double time) in _files)
        {
            long bytes = new FileInfo(path).Length;
            (long row, long rows) = (0, Guard(() => ParquetData.Rows(path)));
            Guard(() =>
            {
                ParquetData.ReadRows(path, names, values =>
                {
                    row++;
                    TokenRow token = new(at[0] < 0 ? time : values[at[0]], at[1] < 0 ? 0 : Whole(values[at[1]], "replica", int.MaxValue),
                        at[2] < 0 ? 0 : (long)Whole(values[at[2]], "token", 1L << 53), Optional(values, 3), Optional(values, 4),
                        Optional(values, 5));
                    Add(token, values[.._places.Coordinates.Count]);
                    if (row % Between != 0) return true;
                    stop.ThrowIfCancellationRequested();
                    read(before + bytes * row / rows);
                    return true;
                });
                return 0;
            });
            before += bytes;

            double Optional(ReadOnlySpan<double> values, int role) => at[role] < 0 ? 0 : values[at[role]];

            void Add(in TokenRow token, ReadOnlySpan<double> x)
            {
                Snapshot? done;
                try
                {
                    done = builder.Add(token, x);
                }
                catch (ConfigurationException e)
                {
                    throw new ConfigurationException($"{path}, row {row}: {e.Message}.");
                }
                if (done is not null) take(done);
            }

            T Whole<T>(double value, string role, T largest) where T : System.Numerics.INumber<T> =>
                value >= 0 && value <= double.CreateChecked(largest) && value == Math.Truncate(value) ? T.CreateChecked(value)
                    : throw new ConfigurationException(Text.Of($"{path}, row {row}: the {role} {value} is not a whole number."));
        }
        if (builder.Finish() is { } last) take(last);
    }

    private static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ParquetContentException e)
        {
            throw new ConfigurationException($"{e.Message}.");
        }
    }
}
