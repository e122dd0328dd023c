using MathNet.Numerics.Statistics;

namespace AttentionFlow.Experiments.Reports;

/// <summary>Last values of observables over the parameters of a sweep: curves over one, a line for each value of another; or heat
/// maps.</summary>
internal static class SweepCharts
{
    private const int LeastOfAMap = 4, MostLines = 8;

    /// <summary>What lines and bars, or cells, are.</summary>
    public static string Meaning(SweepPoints points) => IsMap(points) ? "Cells are medians over seeds and replicas."
        : "Lines are medians over seeds and replicas, bands reach from 5 to 95 % of them.";

    /// <summary>The parameters that one figure shows; others are fixed in it.</summary>
    public static int Shown(SweepPoints points) => Math.Min(2, points.Parameters.Count);

    /// <summary>Draws these observables where the other parameters have these values.</summary>
    /// <param name="points">The sweep; its first parameter is a number.</param>
    /// <param name="observables">The observables.</param>
    /// <param name="others">Values of the parameters that are not shown.</param>
    /// <param name="width">As of <see cref="Chart.Width"/>.</param>
    /// <param name="darkMode">Whether it turns dark on a dark screen.</param>
    public static string Draw(
        SweepPoints points, IReadOnlyList<string> observables, IReadOnlyDictionary<string, string> others, double width = 820,
        bool darkMode = true)
    {
        int perRow = Math.Min(observables.Count, width < 600 ? 1 : 3);
        if (IsMap(points))
        {
            (SweepParameter x, SweepParameter y) = (points.Parameters[0], points.Parameters[1]);
            return new HeatMap("Last values over two parameters", (x.Name, [.. x.Values.Select(Shown)]),
                (y.Name, [.. y.Values.Select(Shown)]),
                [.. observables.Select(o => new HeatPanel(o, Medians(points, o, x, y, others)))])
            {
                Width = width, PerRow = Math.Min(perRow, 2), DarkMode = darkMode,
            }.Render();
        }
        ChartPanel[] panels = [.. observables.Select(o => Panel(points, o, others))];
        string names = string.Join(", ", observables);
        return new Chart("Last values over parameters", $"Last values of {names} over {points.Parameters[0].Name}.", panels)
        {
            Width = width, PerRow = perRow, DarkMode = darkMode, PlotHeight = perRow == 1 && observables.Count == 1 ? 240 : 150,
        }.Render();

        static string Shown(string value) => Numbers.ForPeople(SweepPoints.Number(value));
    }

    private static bool IsMap(SweepPoints points) =>
        points.Parameters.Count >= 2 && points.Parameters.Take(2).All(p => p.IsNumber && p.Values.Count >= LeastOfAMap);

    private static double[,] Medians(
        SweepPoints points, string observable, SweepParameter x, SweepParameter y, IReadOnlyDictionary<string, string> others)
    {
        double[,] values = new double[y.Values.Count, x.Values.Count];
        for (int r = 0; r < y.Values.Count; r++)
            for (int c = 0; c < x.Values.Count; c++)
                values[r, c] = points.Last(observable,
                    new Dictionary<string, string>(others) { [x.Key] = x.Values[c], [y.Key] = y.Values[r] }).Median();
        return values;
    }

    private static ChartPanel Panel(SweepPoints points, string observable, IReadOnlyDictionary<string, string> others)
    {
        SweepParameter x = points.Parameters[0];
        SweepParameter? lines = points.Parameters.ElementAtOrDefault(1);
        double[] at = [.. x.Values.Select(SweepPoints.Number)];
        Series[] series = [.. (lines?.Values ?? [""]).Take(MostLines).Select((value, i) =>
        {
            double[][] last = [.. x.Values.Select(v =>
            {
                Dictionary<string, string> where = new(others) { [x.Key] = v };
                if (lines is not null) where[lines.Key] = value;
                return points.Last(observable, where);
            })];
            Series line = new(lines is null ? "" : $"{lines.Name} = {value}", ObservableCharts.Colours[i % ObservableCharts.Colours.Length],
                at, [.. last.Select(v => v.Median())])
            {
                Sign = (Sign)(1 + i % 4),
            };
            return last.Any(v => v.Length > 1) ? line.Between(last.Select(v => v.QuantileCustom(0.05, QuantileDefinition.R7)),
                last.Select(v => v.QuantileCustom(0.95, QuantileDefinition.R7))) : line;
        })];
        bool isLog = at[0] > 0 && at[^1] >= 8 * at[0];
        Axis across = isLog ? new Axis(x.Name, at[0] / 1.2, at[^1] * 1.2, Log: true) : Axis.Around(x.Name, at);
        return new ChartPanel(observable, across,
            ObservableCharts.ValueAxis([.. series.SelectMany(s => s.Y.Concat(s.Low ?? []).Concat(s.High ?? []))]),
                series);
    }
}
