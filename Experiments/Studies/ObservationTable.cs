namespace AttentionFlow.Experiments.Studies;

/// <summary>An observables.csv read back: columns over times and replicas.</summary>
internal sealed class ObservationTable
{
    private readonly IReadOnlyDictionary<string, double[]> _columns;

    /// <summary>Reads the table of a run's folder.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public ObservationTable(string folder)
    {
        _columns = CsvData.Read(Path.Combine(folder, RunFolder.ObservablesFile));
        Replicas = (int)_columns["replica"].Max() + 1;
        Times = [.. _columns["time"].Where((_, row) => row % Replicas == 0)];
    }

    public double[] Times { get; }

    /// <summary>Replicas, that is seeds.</summary>
    public int Replicas { get; }

    /// <summary>One value a replica of a column at the last time.</summary>
    public double[] Last(string column) => At(column, Times.Length - 1);

    /// <summary>One value a replica of a column at the time nearest to <paramref name="time"/>.</summary>
    public double[] AtTime(string column, double time) =>
        At(column, Enumerable.Range(0, Times.Length).MinBy(k => Math.Abs(Times[k] - time)));

    /// <summary>The quantile over replicas, linearly interpolated, at every time.</summary>
    /// <param name="column">The column.</param>
    /// <param name="share">In [0, 1]; 1/2 is the median.</param>
    public double[] Quantile(string column, double share) => [.. Times.Select((_, k) =>
    {
        double[] sorted = [.. At(column, k).Order()];
        double at = share * (sorted.Length - 1);
        int below = (int)at, above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    })];

    /// <summary>Largest |difference| of a column between two tables, over the times and the replicas they share.</summary>
    public double LargestDifference(ObservationTable other, string column) =>
        Enumerable.Range(0, Times.Length).Max(k => At(column, k).Zip(other.AtTime(column, Times[k]), (a, b) => Math.Abs(a - b)).Max());

    private double[] At(string column, int time) => _columns[column][(time * Replicas)..((time + 1) * Replicas)];
}
