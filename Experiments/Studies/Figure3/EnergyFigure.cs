namespace AttentionFlow.Experiments.Studies.Figure3;

/// <summary>The energy of one system against time, with the limit that theory gives.</summary>
/// <param name="System">Name of the system: the title of its panel.</param>
/// <param name="Limit">The predicted limit; NaN for none.</param>
internal sealed record EnergyCurve(string System, double[] Time, double[] Energy, double Limit);

/// <summary>Energy against time, one panel per system, predicted limits dashed.</summary>
internal static class EnergyFigure
{
    private const int PerRow = 3;

    /// <summary>Draws the figure up to a time; what follows is flat.</summary>
    public static string Render(IReadOnlyList<EnergyCurve> curves, double until) => new Chart(
        "Energy against time with predicted limits",
        $"The energy rises towards its predicted limit, dashed, in {string.Join(", ", curves.Select(curve => curve.System))}.",
        [.. curves.Select((curve, index) => EnergyPanel(curve, index, until))])
    {
        PerRow = Math.Min(PerRow, curves.Count), PlotHeight = 190,
    }.Render();

    private static ChartPanel EnergyPanel(EnergyCurve curve, int index, double until)
    {
        int count = curve.Time.TakeWhile(time => time <= until).Count();
        double[] energy = curve.Energy[..count];
        Axis around = Axis.Around(index % PerRow == 0 ? "energy E" : "", [.. energy, curve.Limit]);
        return new ChartPanel(curve.System, new Axis("time t", 0, curve.Time[count - 1]) { Ticks = 4 },
            // Room above the limit for its tag.
            around with { Max = around.Max + 0.1 * (around.Max - around.Min), Ticks = 4 },
            [new Series("", Palette.Blue, curve.Time[..count], energy)])
        {
            References = double.IsFinite(curve.Limit)
                ? [new Reference(curve.Limit, "predicted limit") { Tag = Numbers.ForPeople(curve.Limit, 1e-3) }] : [],
        };
    }
}
