using AttentionFlow.Solver.Response;

namespace AttentionFlow.Experiments.Reports;

/// <summary>A branch of equilibria over its parameter: stable parts solid, unstable ones dashed.</summary>
internal static class BranchFigure
{
    /// <summary>Draws it.</summary>
    /// <param name="points">The branch.</param>
    /// <param name="parameter">The path of its number.</param>
    /// <param name="title">Of what.</param>
    public static string Draw(IReadOnlyList<BranchPoint> points, string parameter, string title)
    {
        List<ChartPanel> panels = [Panel("|m|", p => p.MeanNorm) with { Y = new Axis("|m|", -0.05, 1.05) }];
        if (points.All(p => double.IsFinite(p.Energy))) panels.Add(Panel("energy", p => p.Energy));
        panels.Add(Panel("largest growth rate", p => p.Leading.Real) with { References = [new(0, "")] });
        return new Chart($"A branch of equilibria of {title}",
            $"Length of the mean, energy where there is one, and largest growth rate over {parameter}; stable parts solid, unstable ones "
                + "dashed, folds and changes of stability marked.", panels)
        {
            PerRow = panels.Count, PlotHeight = 220,
        }.Render();

        ChartPanel Panel(string name, Func<BranchPoint, double> of)
        {
            List<Series> series =
            [
                Line("stable", Palette.Blue, p => p.Index == 0, of) with { Width = 2.6 },
                Line("unstable", Palette.Vermilion, p => p.Index > 0, of) with { Dashed = true },
            ];
            foreach ((BranchPointKind kind, string label, Sign sign) in ((BranchPointKind, string, Sign)[])
                [(BranchPointKind.Fold, "fold", Sign.Disc), (BranchPointKind.Crossing, "unstable modes change in number", Sign.Diamond)])
            {
                BranchPoint[] marked = [.. points.Where(p => p.Kind == kind)];
                if (marked.Length > 0)
                    series.Add(Series.Measured(label, Palette.Text, sign, marked.Select(p => p.Parameter), marked.Select(of)) with
                    {
                        Filled = true,
                        SignSize = 0.7,
                    });
            }
            return new ChartPanel("", Axis.Around(parameter, points.Select(p => p.Parameter)), Axis.Around(name, points.Select(of)),
                [.. series.Where(s => s.Points || s.Y.Any(double.IsFinite))]);
        }

        // Where the kind changes, between two steps, both lines have the point.
        Series Line(string label, string colour, Func<BranchPoint, bool> isOf, Func<BranchPoint, double> value) => new(label, colour,
            [.. points.Select(p => p.Parameter)],
            [.. points.Select((p, k) => isOf(p) || (p.Kind != BranchPointKind.Step && isOf(points[Math.Min(k + 1, points.Count - 1)]))
                ? value(p) : double.NaN)]);
    }
}
