using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Experiments.Reports;

/// <summary>A parameter of a sweep: a key that varies, but for the seed.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Values">Its values as text: numbers by size, others in their order.</param>
/// <param name="IsNumber">Whether all are numbers.</param>
internal sealed record SweepParameter(string Key, IReadOnlyList<string> Values, bool IsNumber)
{
    /// <summary>Its last part, which is enough for an axis.</summary>
    public string Name => Key == "interaction.beta" ? "β" : Key;
}

/// <summary>The last observables of the points of a sweep, by their parameters.</summary>
internal sealed class SweepPoints
{
    private readonly List<Row> _rows = [];

    private sealed record Row(int Point, string Folder, IReadOnlyDictionary<string, string> Values, string Status,
        IReadOnlyDictionary<string, double> Last);

    private SweepPoints(Collection collection)
    {
        (IReadOnlyList<string> columns, IEnumerable<object?[]> rows) = collection.Summary([]);
        Observables = [.. collection.Observables.Where(c => !MeanTable.IsComponent(c))];
        foreach (object?[] row in rows)
        {
            Dictionary<string, object?> cells = columns.Zip(row).ToDictionary(p => p.First, p => p.Second);
            _rows.Add(new Row(Convert.ToInt32(cells["point"], CultureInfo.InvariantCulture), (string)cells["folder"]!,
                collection.Keys.ToDictionary(k => k, k => (string?)cells[k] ?? ""), (string)cells["status"]!,
                Observables.Where(c => cells[c] is not null)
                    .ToDictionary(c => c, c => Convert.ToDouble(cells[c], CultureInfo.InvariantCulture))));
        }
        Parameters = [.. collection.Keys.Where(k => k != "seed").Select(Parameter).Where(p => p.Values.Count > 1)
            .OrderByDescending(p => p.IsNumber).ThenByDescending(p => p.IsNumber ? p.Values.Count : 0)];
        Ended =
        [.. _rows.Where(r => r.Last.Count > 0).DistinctBy(r => string.Join('\n', Parameters.Select(p => r.Values[p.Key])))
            .Select(r => (r.Folder, (IReadOnlyDictionary<string, string>)Parameters.ToDictionary(p => p.Key, p => r.Values[p.Key])))];
    }

    /// <summary>The parameters: numbers first, and of these those with most values.</summary>
    public IReadOnlyList<SweepParameter> Parameters { get; }

    /// <summary>The columns of observables that are not of a vector.</summary>
    public IReadOnlyList<string> Observables { get; }

    /// <summary>How many points have each status.</summary>
    public IEnumerable<(string Status, int Count)> Statuses =>
        _rows.DistinctBy(r => r.Point).GroupBy(r => r.Status).Select(g => (g.Key, g.Count())).OrderByDescending(s => s.Item2);

    /// <summary>How many points there are.</summary>
    public int Count => _rows.DistinctBy(r => r.Point).Count();

    /// <summary>Reads the folder of a sweep.</summary>
    /// <exception cref="IOException">It is none, or a file in it cannot be read.</exception>
    public static SweepPoints Read(string folder) => new(Collection.Read(folder));

    /// <summary>The values of an observable at the points with these values of parameters, over seeds and replicas.</summary>
    public double[] Last(string observable, IReadOnlyDictionary<string, string> at) =>
        [.. Where(at).Where(r => r.Last.ContainsKey(observable)).Select(r => r.Last[observable])];

    /// <summary>The folders of points that have ended, one for each combination of parameters, with the values that tell it.</summary>
    public IReadOnlyList<(string Folder, IReadOnlyDictionary<string, string> Values)> Ended { get; }

    /// <summary>The combinations of values that some parameters have.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Combinations(IEnumerable<SweepParameter> parameters)
    {
        SweepParameter[] of = [.. parameters];
        return [.. _rows.Select(r => (IReadOnlyDictionary<string, string>)of.ToDictionary(p => p.Key, p => r.Values[p.Key]))
            .DistinctBy(c => string.Join('\n', c.Values))];
    }

    private IEnumerable<Row> Where(IReadOnlyDictionary<string, string> at) => _rows.Where(r => at.All(a => r.Values[a.Key] == a.Value));

    private SweepParameter Parameter(string key)
    {
        string[] values = [.. _rows.Select(r => r.Values[key]).Distinct()];
        bool isNumber = values.All(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out double x)
            && double.IsFinite(x));
        return new SweepParameter(key, isNumber ? [.. values.OrderBy(Number)] : values, isNumber);
    }

    /// <summary>A value of a parameter that is a number.</summary>
    public static double Number(string value) => double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture);
}
