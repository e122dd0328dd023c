namespace AttentionFlow.Experiments.Figures;

/// <param name="Label">What is written there, in <see cref="Notation"/>; empty for a mark without a label.</param>
internal readonly record struct Tick(double Value, string Label);

/// <summary>Round places for the marks of an axis.</summary>
internal static class Ticks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten between the ends, about <paramref name="wanted"/> steps of them.</summary>
    public static IReadOnlyList<Tick> Linear(double min, double max, int wanted)
    {
        if (!(max > min) || !double.IsFinite(max - min))
            throw new ArgumentException($"An axis from {min} to {max} has no ticks.", nameof(max));
        double step = NiceStep((max - min) / Math.Max(1, wanted));
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        double largest = Math.Max(Math.Abs(min), Math.Abs(max));
        bool scientific = decimals > 5 || largest >= 1e6;
        List<Tick> ticks = [];
        for (long i = (long)Math.Ceiling(min / step - 1e-9); i * step <= max + 1e-9 * step; i++)
        {
            double value = Math.Round(i * step, Math.Min(15, decimals));
            string label = scientific ? Numbers.Scientific(i * step, 3)
                : Numbers.Sign(value.ToString("F" + decimals, CultureInfo.InvariantCulture));
            ticks.Add(new Tick(scientific ? i * step : value, i == 0 ? "0" : label));
        }
        return ticks;
    }

    /// <summary>
    /// Every decade between the ends; at most <paramref name="most"/> of them carry labels, evenly thinned and counted from 1. An axis of
    /// less than two decades has labels at 1, 2 and 5 as well.
    /// </summary>
    public static IReadOnlyList<Tick> Log(double min, double max, int most)
    {
        if (!(min > 0) || !(max > min) || !double.IsFinite(max))
            throw new ArgumentException($"A logarithmic axis from {min} to {max} has no ticks.", nameof(min));
        int first = (int)Math.Ceiling(Math.Log10(min) - 1e-9);
        int last = (int)Math.Floor(Math.Log10(max) + 1e-9);
        if (Math.Log10(max / min) < 2) return Within(min, max);
        int stride = 1;
        while ((last - first) / stride + 1 > most) stride++;
        return [.. Enumerable.Range(first, last - first + 1).Select(k => new Tick(Math.Pow(10, k), k % stride == 0 ? Power(k) : ""))];
    }

    /// <summary>The one of 1, 2, 5 and 10 times a power of ten that is nearest to <paramref name="step"/> by its factor.</summary>
    public static double NiceStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        double lead = step / power;
        double nice = lead < Math.Sqrt(2) ? 1 : lead < Math.Sqrt(10) ? 2 : lead < Math.Sqrt(50) ? 5 : 10;
        return nice * power;
    }

    private static string Power(int exponent) =>
        exponent switch { 0 => "1", 1 => "10", _ => Numbers.Scientific(Math.Pow(10, exponent), 1) };

    private static IReadOnlyList<Tick> Within(double min, double max)
    {
        List<Tick> ticks = [];
        for (int k = (int)Math.Floor(Math.Log10(min)); k <= (int)Math.Floor(Math.Log10(max) + 1e-9); k++)
            foreach (int lead in (int[])[1, 2, 5])
            {
                double value = lead * Math.Pow(10, k);
                if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9)) ticks.Add(new Tick(value, Numbers.ForPeople(value)));
            }
        return ticks.Count >= 2 ? ticks : Linear(min, max, 4);
    }
}
