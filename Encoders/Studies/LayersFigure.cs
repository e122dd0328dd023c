using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>Clouds by layer.</summary>
internal sealed class LayersFigure(StudyData data)
{
    private static readonly (string Column, string Label)[] ByLength =
    [
        ("mean_cosine", "mean cosine"), ("adjusted_cosine", "adjusted cosine"), ("hemisphere", "half-space margin"),
        ("effective_rank", "effective rank"), ("energy", "energy E/E_{max}"),
    ];

    private static readonly (string Column, string Label)[] ByCodes =
        [("mean_cosine", "mean cosine"), ("adjusted_cosine", "adjusted cosine"), ("effective_rank", "effective rank")];

    private double[] Layers => [.. Enumerable.Range(0, data.Layers + 1).Select(l => (double)l)];

    /// <summary>What the tokens do by layer at three lengths.</summary>
    public Picture Lengths()
    {
        int[] lengths = [.. new[] { data.Lengths[0], data.Length, data.Lengths[^1] }.Distinct()];
        (string Label, Variant Variant, int Length)[] lines = [.. lengths.Select(n => ($"{n} tokens", Variant.Plain, n))];
        return new("encoder-layers", Chart("Tokens by layer", "Mean and adjusted cosine, margin of a half-space, effective "
            + "rank and energy of the tokens of a text against the layer for two encoders and three lengths.", ByLength, lines),
            $"Tokens of a text by layer (0: the embeddings): means over {data.Texts} texts. Adjusted cosine: mean cosine of a text's "
                + "tokens less that of tokens of different texts. Half-space margin: above 0 all tokens lie in an open half-space. "
                + "Energy: at the fitted β, in units of that of a point. Under the flow cosine, margin and energy rise, and the rank "
                + "falls. Bars: one standard error over texts.");
    }

    /// <summary>What positional codes do.</summary>
    public Picture Codes()
    {
        (string, Variant, int)[] lines = [.. Variant.OfCodes.Select(v => (v.Name, v, data.Length))];
        return new("encoder-codes", Chart("Positional codes", "Mean and adjusted cosine and effective rank by layer with "
            + "positional codes, without, with permuted ones, and with a prompt, for two encoders.", ByCodes, lines),
            $"Texts of {data.Length} tokens with their positional codes, without any, with each other's, and with a prompt before the "
                + $"text (whose tokens are not counted): means over {data.Texts} texts. Bars: one standard error over texts.");
    }

    private string Chart(string title, string description, (string Column, string Label)[] rows, (string, Variant, int)[] lines) =>
        new Chart(title, description,
            [.. from row in rows from model in data.Models select Panel(row, row == rows[0], row == rows[^1], model, lines)])
        {
            PerRow = data.Models.Length, PlotHeight = 150, Notes = ["Bars: one standard error over texts; most are smaller than the "
                + "signs."],
        }.Render();

    private ChartPanel Panel(
        (string Column, string Label) row, bool isFirst, bool isLast, int model, (string Label, Variant Variant, int Length)[] lines)
    {
        Series[] series = [.. lines.SelectMany((line, i) =>
        {
            Estimate[] values = [.. Layers.Select(l => data.Of(row.Column, new(model, line.Variant, line.Length, (int)l)))];
            return (Series[])[Banded("", i, Layers, values) with { Sign = Sign.None, Width = 1.2, Low = null, High = null },
                Series.Measured(line.Label, Palette.Series(i), (Sign)(1 + i), Layers, values.Select(v => v.Value))
                    .Between(values.Select(v => v.Value - v.Error), values.Select(v => v.Value + v.Error))];
        })];
        IEnumerable<double> all = data.Models.SelectMany(m => lines.SelectMany(line =>
            Layers.Select(l => data.Of(row.Column, new(m, line.Variant, line.Length, (int)l)).Value)));
        Axis y = row.Column == "effective_rank" ? new Axis(row.Label, 0.75 * all.Min(), 1.3 * all.Max(), Log: true)
            : Axis.Around(row.Label, all.Append(0), 0.1);
        return new ChartPanel(isFirst ? EncoderFiles.Names[model] : "", new Axis(isLast ? "layer" : "", -0.3, data.Layers + 0.3), y, series)
        {
            SharesY = model != data.Models[0],
        };
    }

    /// <summary>A line with a band of one standard error.</summary>
    public static Series Banded(string label, int number, IEnumerable<double> x, IReadOnlyList<Estimate> values) =>
        new Series(label, Palette.Series(number), [.. x], [.. values.Select(v => v.Value)]) { Sign = (Sign)(1 + number % 4) }
            .Between(values.Select(v => v.Value - v.Error), values.Select(v => v.Value + v.Error));
}
