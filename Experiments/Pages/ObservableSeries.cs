namespace AttentionFlow.Experiments.Pages;

/// <summary>Observables against time, over replicas: of one its values, of more the median and the 5 and 95 % quantiles.</summary>
/// <param name="Names">Of the columns.</param>
/// <param name="Times">Rising.</param>
/// <param name="Values">For each column one list of a value a time, or three: 5 % quantile, median, 95 % quantile.</param>
internal sealed record ObservableSeries(IReadOnlyList<string> Names, double[] Times, IReadOnlyList<double[]> Values)
{
    private const int MostTimes = 2000;

    /// <summary>Reads a table; of very many times, some that are evenly spread, the last among them.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ObservableSeries Read(string path)
    {
        string[] names = [.. CsvData.Header(path).Where(name => name is not ("time" or "replica"))];
        List<double[]> rows = [];
        List<(double Time, double[] Numbers)> table = [];
        (int every, int number, bool isSpread) = (1, 0, false);
        (double Time, double[] Numbers) last = default;
        CsvData.ReadRows(path, ["time", .. names], row =>
        {
            if (rows.Count > 0 && rows[0][0] != row[0]) Close();
            rows.Add(row.ToArray());
            return true;
        });
        if (rows.Count > 0) Close();
        if (table.Count > 0 && table[^1].Time != last.Time) table.Add(last);
        int parts = isSpread ? 3 : 1;
        return new ObservableSeries(names, [.. table.Select(t => t.Time)],
            [.. Enumerable.Range(0, parts * names.Length).Select(i => table.Select(t => t.Numbers.Length == parts * names.Length
                ? t.Numbers[i] : t.Numbers[i / parts]).ToArray())]);

        void Close()
        {
            isSpread |= rows.Count > 1;
            last = (rows[0][0], [.. Enumerable.Range(1, names.Length).SelectMany(c => Summary([.. rows.Select(r => r[c])]))]);
            if (number++ % every == 0) table.Add(last);
            rows.Clear();
            if (table.Count <= 2 * MostTimes) return;
            every *= 2;
            table = [.. table.Where((_, k) => k % 2 == 0)];
        }
    }

    private static double[] Summary(double[] values)
    {
        if (values.Length == 1) return values;
        Array.Sort(values);
        return [At(0.05), At(0.5), At(0.95)];

        double At(double share)
        {
            double at = share * (values.Length - 1);
            int below = (int)at, above = Math.Min(below + 1, values.Length - 1);
            return values[below] + (at - below) * (values[above] - values[below]);
        }
    }
}
