using AttentionFlow.Experiments.Figures;

namespace AttentionFlow.Experiments.Studies;

/// <summary>The energy of one system against time, with the limit that theory gives.</summary>
/// <param name="System">Name of the system: the title of its panel.</param>
/// <param name="Time">Times, rising.</param>
/// <param name="Energy">The energy, or its median over seeds.</param>
/// <param name="Limit">The predicted limit; NaN for none.</param>
public sealed record EnergyCurve(string System, double[] Time, double[] Energy, double Limit)
{
    /// <summary>Lower quantile over seeds, if there are several.</summary>
    public double[]? Low { get; init; }

    /// <summary>Upper quantile over seeds.</summary>
    public double[]? High { get; init; }
}

/// <summary>Energy against time, one panel per system, predicted limits dashed.</summary>
public sealed record EnergyFigure
{
    /// <summary>Panels a row.</summary>
    public int Columns { get; init; } = 3;

    /// <summary>What the lines and bands are.</summary>
    public string BandNote { get; init; } = "";

    /// <summary>Last time drawn; what follows is flat.</summary>
    public double Until { get; init; } = double.PositiveInfinity;

    /// <summary>Draws the figure.</summary>
    public string Render(IReadOnlyList<EnergyCurve> curves)
    {
        var chart = new Chart(
            "Energy against time with predicted limits",
            $"The energy rises towards its predicted limit, dashed, in {string.Join(", ", curves.Select(curve => curve.System))}.",
            [.. curves.Select(EnergyPanel)])
        {
            Columns = Math.Min(Columns, curves.Count),
            PlotHeight = 190,
            Notes = BandNote.Length > 0 ? [BandNote] : [],
        };
        return chart.Render();
    }

    private ChartPanel EnergyPanel(EnergyCurve curve, int index)
    {
        int count = curve.Time.TakeWhile(time => time <= Until).Count();
        double[] energy = curve.Energy[..count];
        double[] all = [.. energy, .. curve.Low?[..count] ?? [], .. curve.High?[..count] ?? [], curve.Limit];
        var around = Axis.Around(index % Columns == 0 ? "energy E" : "", all);
        // Room above the limit for its tag.
        var y = around with { Max = around.Max + 0.1 * (around.Max - around.Min), Ticks = 4 };
        var line = new Series("", Palette.ForSystem(curve.System, index), curve.Time[..count], energy)
        {
            Low = curve.Low?[..count],
            High = curve.High?[..count],
        };
        var limit = new Reference(curve.Limit, "predicted limit") { Tag = Numbers.ForPeople(curve.Limit, 1e-3) };
        return new ChartPanel(curve.System, new Axis("time t", 0, curve.Time[count - 1]) { Ticks = 4 }, y, [line])
        {
            References = double.IsFinite(curve.Limit) ? [limit] : [],
        };
    }
}
