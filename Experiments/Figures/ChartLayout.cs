namespace AttentionFlow.Experiments.Figures;

/// <summary>Where a panel lies, and its words in lines that fit.</summary>
/// <param name="Box">The frame.</param>
/// <param name="SharesY">Whether the panel to its left has the labels of its vertical axis.</param>
/// <param name="YLabelX">Abscissa of the first line of the name of the vertical axis.</param>
internal sealed record PanelPlace(
    Box Box, bool SharesY, IReadOnlyList<string> Title, IReadOnlyList<string> XLabel, IReadOnlyList<string> YLabel, double YLabelX);

/// <summary>
/// Lays the panels of a chart out in rows and columns. Where the frames would become too narrow to read, there are fewer columns; names
/// that are too long become several lines.
/// </summary>
internal sealed class ChartLayout
{
    public const double LineHeight = 16;
    private const double LeastPlot = 140;
    private const double ColumnGap = 26;
    private const double RightMargin = 16;
    private readonly Chart _chart;
    private readonly int _columns;
    private readonly double[] _margins;
    private readonly double _plot;

    public ChartLayout(Chart chart)
    {
        _chart = chart;
        _columns = chart.PerRow > 0 ? Math.Min(chart.PerRow, Math.Max(1, Panels.Count)) : Math.Max(1, Panels.Count);
        (_margins, _plot) = Fit();
        while (_columns > 1 && _plot < LeastPlot)
        {
            do _columns--;
            while (Panels.Count % _columns != 0);
            (_margins, _plot) = Fit();
        }
        Height = Enumerable.Range(0, (Panels.Count + _columns - 1) / _columns).Sum(RowHeight);
    }

    /// <summary>Height of all rows.</summary>
    public double Height { get; }

    private IReadOnlyList<ChartPanel> Panels => _chart.Panels;

    public PanelPlace Place(int panel)
    {
        int row = panel / _columns, column = panel % _columns;
        double x = _margins.Take(column + 1).Sum() + column * _plot;
        double y = Enumerable.Range(0, row).Sum(RowHeight) + TitleHeight(row);
        bool shares = Shares(panel);
        return new PanelPlace(new Box(x, y, _plot, _chart.PlotHeight), shares, Title(panel), XLabel(panel), shares ? [] : YLabel(panel),
            x - _margins[column] + 18 + (column > 0 ? ColumnGap : 0));
    }

    private (double[] Margins, double Plot) Fit()
    {
        double[] margins = new double[_columns];
        for (int i = 0; i < Panels.Count; i++)
        {
            int column = i % _columns;
            double gap = column > 0 ? ColumnGap : 0;
            double needed = Shares(i) ? gap
                : 14 + gap + (YLabel(i).Count > 0 ? 4 + LineHeight * YLabel(i).Count : 0)
                    + Panels[i].Y.Marks().Max(tick => Notation.Width(tick.Label, Lettering.Standard));
            margins[column] = Math.Max(margins[column], needed);
        }
        return (margins, (_chart.Width - RightMargin - margins.Sum()) / _columns);
    }

    private bool Shares(int panel) => Panels[panel].SharesY && panel % _columns > 0;

    private IReadOnlyList<string> Title(int panel) =>
        Notation.Wrap(Letters.Before(Panels[panel].Title, panel, Panels.Count), 14 * 1.12, _plot + ColumnGap - 8);

    private IReadOnlyList<string> XLabel(int panel) => Notation.Wrap(Panels[panel].X.Label, Lettering.Standard, _plot + ColumnGap - 8);

    private IReadOnlyList<string> YLabel(int panel) => Notation.Wrap(Panels[panel].Y.Label, Lettering.Standard, _chart.PlotHeight + 20);

    private IEnumerable<int> Row(int row) => Enumerable.Range(row * _columns, Math.Min(_columns, Panels.Count - row * _columns));

    private double RowHeight(int row) => TitleHeight(row) + _chart.PlotHeight + 28
        + LabelHeight(Row(row).Max(i => XLabel(i).Count));

    private double TitleHeight(int row)
    {
        int lines = Row(row).Max(i => Title(i).Count);
        return lines == 0 ? 8 : 14 + LineHeight * lines;
    }

    private static double LabelHeight(int lines) => lines == 0 ? 0 : 4 + LineHeight * lines;
}
