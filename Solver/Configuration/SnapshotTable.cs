using System.Runtime.InteropServices;
using CsvHelper;

namespace AttentionFlow.Solver.Configuration;

/// <summary>Reads one snapshot of a table of snapshots, number for number.</summary>
internal sealed class SnapshotTable
{
    // A time as it is written down, and as it was recorded.
    private const double SameTime = 1e-12, SameOne = 1e-9;

    private static readonly QuantityAttribute ALabel = new("a label") { AtLeast = -1e15, AtMost = 1e15 };
    private static readonly string[] Needed = ["time", "replica", "token", "label", "x0", "x1"];

    private readonly string _path;
    private readonly CsvReader _csv;
    private readonly double? _asked;
    private readonly int? _digits;
    private readonly string[] _names;
    private readonly int[] _coordinates;
    private readonly int _weight, _radius;
    private readonly List<double> _times = [], _positions = [], _labels = [], _weights = [], _radii = [];
    private double? _taken;
    private int _replicas, _tokens, _next;

    private SnapshotTable(string path, CsvReader csv, double? time, bool isCopy, int? digits)
    {
        (_path, _csv, _asked, _digits) = (path, csv, time, digits);
        if (!csv.Read()) throw new ConfigurationException($"{path}: the file is empty.");
        _names = csv.Current.ToArray();
        string[] needed = isCopy ? [.. Needed, "weight"] : Needed;
        if (needed.Except(_names).FirstOrDefault() is { } missing)
            throw Wrong($"there is no column '{missing}'; this is no {(isCopy ? "copy of a snapshot" : "table of snapshots")}.");
        _coordinates = [.. Enumerable.Range(0, _names.Length).Select(k => Array.IndexOf(_names, $"x{k}")).TakeWhile(c => c >= 0)];
        (_weight, _radius) = (Column("weight"), Column("radius"));
    }

    /// <summary>The rows of the snapshot at a time, and that time as it was recorded.</summary>
    /// <param name="path">The table.</param>
    /// <param name="time">When; null: the last snapshot.</param>
    /// <param name="isCopy">Whether the table must have weights.</param>
    /// <param name="digits">To how many significant digits the points were rounded: they are brought back to the sphere; null: they are on
    /// it.</param>
    /// <exception cref="ConfigurationException">The table is missing or wrong, or has no snapshot at this time.</exception>
    public static (CloudData Rows, double Time) Read(string path, double? time, bool isCopy, int? digits = null) =>
        CloudFile.Open(path, SnapshotFiles.OpenText, (csv, isCut) => new SnapshotTable(path, csv, time, isCopy, digits).Run(isCut));

    private (CloudData Rows, double Time) Run(bool isCut)
    {
        while (_csv.Read()) ReadRow();
        if (isCut) throw Wrong("the file ends without a line break, so its last number may be cut.");
        if (_times.Count == 0) throw new ConfigurationException($"{_path}: there is no snapshot in it.");
        if (_taken is not { } time) throw ConfigurationException.At("$.tokens.initial.time", WhyNoTime());
        if (_replicas == 1) _tokens = _next;
        if (_next != _tokens) throw Wrong($"the last replica has {_next} tokens, the first {_tokens}.");
        for (int r = 0; r < _replicas && _weights.Count > 0; r++)
            if (!(Math.Abs(CompensatedSum.Of(_weights.GetRange(r * _tokens, _tokens).ToArray()) - 1) <= SameOne))
                throw new ConfigurationException($"{_path}: the weights of replica {r} do not sum to 1.");
        return (new CloudData(_tokens, _coordinates.Length, [.. _positions], [.. _labels], _weight < 0 ? null : [.. _weights])
        {
            Replicas = _replicas, Radii = _radius < 0 ? null : [.. _radii],
        }, time);
    }

    private string WhyNoTime()
    {
        double asked = _asked!.Value;
        string[] near = [.. _times.OrderBy(t => Math.Abs(t - asked)).Take(2).Order().Select(t => t.ToString(CultureInfo.InvariantCulture))];
        return Text.Of($"there is no snapshot at {asked} in {_path}; ") + (near.Length == 1 ? $"the only one is at {near[0]}."
            : $"the nearest are at {near[0]} and {near[1]}.");
    }

    private void ReadRow()
    {
        if (_csv.FieldCount != _names.Length)
            throw Wrong($"the number of values is {_csv.FieldCount}, but the header has {_names.Length} columns.");
        double time = Number("time");
        if (_times.Count == 0 || time != _times[^1]) Begin(time);
        if (_taken != time) return;
        Follow(Number("replica"), Number("token"));
        double label = Number("label"), square = 0;
        if (ALabel.WhyNot(label, Text.Of($"{label}")) is { } why) throw Wrong($"column label: {why}.");
        _labels.Add(label);
        int first = _positions.Count;
        foreach (int column in _coordinates)
        {
            double x = Number(column);
            _positions.Add(x);
            square += x * x;
        }
        if (!(Math.Abs(Math.Sqrt(square) - 1) <= SameOne + Digits.Error(_digits))) throw Wrong("the point is not on the unit sphere.");
        if (_digits is not null) Sphere.Rescale(CollectionsMarshal.AsSpan(_positions)[first..]);
        if (_weight >= 0) _weights.Add(Positive(_weight));
        if (_radius >= 0) _radii.Add(Positive(_radius));
    }

    // The rows so far were of an earlier snapshot than the last.
    private void Begin(double time)
    {
        if (_times.Count > 0 && !(time > _times[^1])) throw Wrong("snapshots are in the order of their times.");
        _times.Add(time);
        if (_asked is { } asked && !(Math.Abs(time - asked) <= SameTime * asked)) return;
        foreach (List<double> list in new[] { _positions, _labels, _weights, _radii }) list.Clear();
        (_taken, _replicas, _tokens, _next) = (time, 0, 0, 0);
    }

    private void Follow(double replica, double token)
    {
        if (token == 0 && replica == _replicas && (_replicas < 2 || _next == _tokens))
        {
            if (_replicas == 1) _tokens = _next;
            (_replicas, _next) = (_replicas + 1, 0);
        }
        if (replica != _replicas - 1 || token != _next)
            throw Wrong(Text.Of($"this is token {token} of replica {replica}; tokens are in order, as many in every replica."));
        _next++;
    }

    private int Column(string name) => Array.IndexOf(_names, name);

    private double Positive(int column) => Number(column) is var value && value > 0 && double.IsNormal(value) ? value
        : throw Wrong($"column {_names[column]}: {Quoted.Short(_csv.GetString(column))} is not positive.");

    private double Number(string name) => Number(Column(name));

    private double Number(int column)
    {
        if (double.TryParse(_csv.GetSpan(column), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value) && !_csv.GetSpan(column).Contains((byte)0)) return value;
        throw Wrong($"{Quoted.Of(_csv.GetString(column))} in column {_names[column]} is not a finite number.");
    }

    private ConfigurationException Wrong(string problem) => new($"{_path}, line {_csv.LineNumber}: {problem}");
}
