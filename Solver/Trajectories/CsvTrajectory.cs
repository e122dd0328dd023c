using System.Text;
using AttentionFlow.Solver.Configuration;
using csFastFloat;
using CsvHelper;

namespace AttentionFlow.Solver.Trajectories;

/// <summary>
/// CSV files with a header, a token a row: one file with times, or a file a snapshot. A replica is a whole number, or any text: texts are
/// numbered in the order in which they appear.
/// </summary>
internal sealed class CsvTrajectory : Trajectory
{
    private readonly IReadOnlyList<(string Path, double Time)> _files;
    private readonly ColumnPlaces _places;
    private readonly string[] _header;
    private readonly bool _normalize;
    private readonly ReplicaNames _replicas = new();

    /// <summary>Looks at the headers.</summary>
    /// <exception cref="ConfigurationException">A file is missing, or has other columns than it should.</exception>
    public CsvTrajectory(IReadOnlyList<string> files, ColumnMap map, bool normalize)
    {
        _normalize = normalize;
        _header = HeaderOf(files[0]);
        _places = map.In(files[0], _header);
        _files = SourceFiles.OfSnapshots(files, hasTimes: _places.Time >= 0);
        foreach ((string path, double _) in _files.Where(f => f.Path != files[0]))
            if (!HeaderOf(path).SequenceEqual(_header))
                throw new ConfigurationException($"{path}: its columns are not those of {files[0]}.");
    }

    /// <inheritdoc/>
    public override int Dimension => _places.Coordinates.Count;

    /// <inheritdoc/>
    public override string? Advice => _places.Advice;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Files => [.. _files.Select(f => f.Path)];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ReplicaNames => _replicas.Names;

    /// <inheritdoc/>
    protected override void ReadFiles(Action<Snapshot> take, Action<long> read, CancellationToken stop)
    {
        SnapshotBuilder builder = new(Dimension, _places, _normalize);
        long before = 0;
        foreach ((string path, double time) in _files)
        {
            CloudFile.Open(path, (csv, isCut) =>
            {
                if (isCut) throw new ConfigurationException($"{path}: the file ends without a line break, so its last number may be cut.");
                csv.Read();
                new Reading(path, csv, time, this, builder).Run(take, bytes => read(before + bytes), stop);
                return 0;
            });
            before += new FileInfo(path).Length;
        }
        if (builder.Finish() is { } last) take(last);
    }

    private static string[] HeaderOf(string path) => CloudFile.Open(path, (csv, _) =>
    {
        if (!csv.Read()) throw new ConfigurationException($"{path}: the file is empty; a header line is expected.");
        string[] names = csv.Current.ToArray();
        if (CloudHeader.WhyNoTable(names) is { } why) throw new ConfigurationException($"{path}, line {csv.LineNumber}: {why}");
        return names;
    });

    // The rows of one file.
    private sealed class Reading(string path, CsvReader csv, double timeOfFile, CsvTrajectory of, SnapshotBuilder builder)
    {
        private const int Between = 1 << 12;

        private readonly ColumnPlaces _places = of._places;
        private readonly double[] _x = new double[of.Dimension];
        private byte[] _timeText = [], _replicaText = [];
        private double _time;
        private int _replica;

        public void Run(Action<Snapshot> take, Action<long> read, CancellationToken stop)
        {
            int rows = 0;
            while (csv.Read())
            {
                if (csv.FieldCount != of._header.Length)
                    throw Wrong($"the number of values is {csv.FieldCount}, but the header has {of._header.Length} columns");
                for (int k = 0; k < _x.Length; k++) _x[k] = Number(_places.Coordinates[k]);
                TokenRow row = new(TimeOf(), ReplicaOf(), _places.Token < 0 ? 0 : Whole(_places.Token), Optional(_places.Label),
                    Optional(_places.Weight), Optional(_places.Radius));
                Snapshot? done;
                try
                {
                    done = builder.Add(row, _x);
                }
                catch (ConfigurationException e)
                {
                    throw Wrong(e.Message);
                }
                if (done is not null) take(done);
                if (++rows % Between != 0) continue;
                stop.ThrowIfCancellationRequested();
                read(csv.ByteOffset);
            }
        }

        // Most rows have the time of the row before.
        private double TimeOf()
        {
            if (_places.Time < 0) return timeOfFile;
            ReadOnlySpan<byte> field = csv.GetSpan(_places.Time);
            if (field.SequenceEqual(_timeText) && _timeText.Length > 0) return _time;
            _time = Number(_places.Time);
            _timeText = field.ToArray();
            return _time;
        }

        private int ReplicaOf()
        {
            if (_places.Replica < 0) return 0;
            ReadOnlySpan<byte> field = csv.GetSpan(_places.Replica);
            if (field.SequenceEqual(_replicaText) && _replicaText.Length > 0) return _replica;
            _replica = of._replicas.NumberOf(Encoding.UTF8.GetString(field)) is { } number ? number
                : throw Wrong($"the replica {Quoted.Of(csv.GetString(_places.Replica))} is a text among whole numbers, or a number "
                    + "among texts");
            _replicaText = field.ToArray();
            return _replica;
        }

        private double Optional(int column) => column < 0 ? 0 : Number(column);

        private long Whole(int column)
        {
            ReadOnlySpan<byte> field = csv.GetSpan(column);
            if (long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out long whole)) return whole;
            double value = Number(column); // 3.0, as pandas writes it
            return value is >= 0 and <= 1L << 53 && value == Math.Truncate(value) ? (long)value
                : throw Wrong($"{Quoted.Of(csv.GetString(column))} in column {of._header[column]} is not a whole number");
        }

        private double Number(int column)
        {
            ReadOnlySpan<byte> field = csv.GetSpan(column);
            if (FastDoubleParser.TryParseDouble(field, out int used, out double value) && used == field.Length && double.IsFinite(value))
                return value;
            string text = csv.GetString(column);
            throw Wrong(text.Length == 0 ? $"column {of._header[column]} is empty; a number is expected"
                : $"{Quoted.Of(text)} in column {of._header[column]} is not a finite number");
        }

        private ConfigurationException Wrong(string problem) => new($"{path}, line {csv.LineNumber}: {problem}.");
    }
}

/// <summary>Numbers replicas: by the whole numbers that name them, or in the order of their names.</summary>
internal sealed class ReplicaNames
{
    private readonly Dictionary<string, int> _numbers = [];
    private bool? _areNumbers;

    /// <summary>The names in the order of their numbers; empty where they are numbers themselves.</summary>
    public IReadOnlyList<string> Names => [.. _numbers.OrderBy(n => n.Value).Select(n => n.Key)];

    /// <summary>The number of a replica; null for a number among texts, or a text among numbers.</summary>
    public int? NumberOf(string name)
    {
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        _areNumbers ??= isNumber;
        if (isNumber != _areNumbers) return null;
        if (isNumber) return number;
        if (!_numbers.TryGetValue(name, out number)) _numbers[name] = number = _numbers.Count;
        return number;
    }
}
