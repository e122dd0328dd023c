namespace AttentionFlow.Experiments.Figures;

/// <summary>An axis: what it measures and the interval it shows.</summary>
/// <param name="Min">Lower end; above 0 on a logarithmic axis, and there the floor below which nothing is drawn.</param>
/// <param name="Log">Whether equal distances mean equal factors.</param>
internal sealed record Axis(string Label, double Min, double Max, bool Log = false)
{
    /// <summary>About how many labelled ticks; fewer where they would touch.</summary>
    public int Ticks { get; init; } = 5;

    /// <summary>A linear axis around the finite values, with a twentieth of their range spare at both ends.</summary>
    public static Axis Around(string label, IEnumerable<double> values, double spare = 0.05)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        double min = finite.Length == 0 ? 0 : finite.Min();
        double max = finite.Length == 0 ? 1 : finite.Max();
        double range = max - min;
        if (!(range > 1e-12 * Math.Max(Math.Abs(min), Math.Abs(max)))) range = max != 0 ? Math.Abs(max) : 1;
        return new Axis(label, min - spare * range, max + spare * range);
    }

    /// <summary>Where a value lies: 0 at the lower end, 1 at the upper; on a logarithmic axis three decades lower at most.</summary>
    public double Share(double value)
    {
        if (!Log) return (value - Min) / (Max - Min);
        return Math.Log10(Math.Max(value, 1e-3 * Min) / Min) / Math.Log10(Max / Min);
    }

    public IReadOnlyList<Tick> Marks() => Log ? Figures.Ticks.Log(Min, Max, Ticks) : Figures.Ticks.Linear(Min, Max, Ticks);
}

/// <summary>The sign that tells a line from others without colour.</summary>
internal enum Sign { None, Disc, Square, Triangle, Diamond }

/// <summary>A line of a panel, with a band around it where <see cref="Low"/> and <see cref="High"/> are given. NaN leaves a hole.</summary>
/// <param name="Label">Its name in the legend; the same name in several panels appears once, an empty one never.</param>
internal sealed record Series(string Label, string Colour, double[] X, double[] Y)
{
    public double[]? Low { get; init; }
    public double[]? High { get; init; }

    /// <summary>Measured points: the sign at every abscissa, no line, and a bar instead of a band.</summary>
    public bool Points { get; init; }

    /// <summary>Dashed, as predictions are.</summary>
    public bool Dashed { get; init; }

    /// <summary>Constant from each abscissa to the next, as an empirical distribution function is.</summary>
    public bool Steps { get; init; }

    /// <summary>Width of the line; 0 draws the band only.</summary>
    public double Width { get; init; } = 2.2;
    public Sign Sign { get; init; }

    /// <summary>Whether its signs are full; else they are open.</summary>
    public bool Filled { get; init; }

    /// <summary>Size of its signs against the usual one.</summary>
    public double SignSize { get; init; } = 1;

    /// <summary>A few characters written above the line.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Where, as a share of the width of the panel.</summary>
    public double TagAt { get; init; } = 0.5;

    /// <summary>Width of the lines of theory.</summary>
    public const double PredictedWidth = 1.6;

    /// <summary>What theory says: a thin dashed line.</summary>
    public static Series Predicted(
        IEnumerable<double> x, IEnumerable<double> y, string label = "predicted", string colour = Palette.Prediction) =>
        new(label, colour, [.. x], [.. y]) { Dashed = true, Width = PredictedWidth };

    /// <summary>The same, of a formula.</summary>
    public static Series Predicted(double[] x, Func<double, double> y, string label = "predicted", string colour = Palette.Prediction) =>
        Predicted(x, x.Select(y), label, colour);

    /// <summary>Measured points.</summary>
    public static Series Measured(string label, string colour, Sign sign, IEnumerable<double> x, IEnumerable<double> y) =>
        new(label, colour, [.. x], [.. y]) { Points = true, Sign = sign };

    /// <summary>The same with a bar or a band from low to high.</summary>
    public Series Between(IEnumerable<double> low, IEnumerable<double> high) => this with { Low = [.. low], High = [.. high] };
}

/// <summary>A straight line across a panel, at an abscissa or an ordinate.</summary>
internal sealed record Reference(double Value, string Label)
{
    /// <summary>At an abscissa instead of an ordinate.</summary>
    public bool Vertical { get; init; }

    /// <summary>A few characters written at the line, such as its value.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Where the tag of a vertical line ends, as a share of the height.</summary>
    public double TagAt { get; init; } = 1;
    public string Dash { get; init; } = "6 4";
}

/// <summary>Cells behind the lines of a panel, darker for larger values.</summary>
/// <param name="Label">What the values are, for the legend.</param>
/// <param name="X">The edges of the columns, one more than there are.</param>
/// <param name="Y">The edges of the rows.</param>
/// <param name="Values">[rows, columns], from 0, not painted, to 1; drawn in twentieths.</param>
internal sealed record Cells(string Label, double[] X, double[] Y, double[,] Values)
{
    public const int Shades = 20;

    /// <summary>How much of the ink a value has.</summary>
    public static double Shade(double value) => Math.Round(Shades * Math.Clamp(value, 0, 1)) / Shades;
}

/// <summary>One pair of axes of a chart; the first line is at the back.</summary>
/// <param name="Title">Its title; the chart puts a letter before it where it has several panels.</param>
internal sealed record ChartPanel(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    public IReadOnlyList<Reference> References { get; init; } = [];
    public Cells? Cells { get; init; }

    /// <summary>The vertical axis is that of the panel to the left, where there is one: no tick labels, and little space between.</summary>
    public bool SharesY { get; init; }
}
