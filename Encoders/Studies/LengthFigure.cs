using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>Cosines of pooled texts against their length, and what they are made of.</summary>
internal sealed class LengthFigure(StudyData data)
{
    private static readonly (string Label, Func<Func<string, double>, double, double> Of)[] Parts =
    [
        ("A, common to all texts", (row, _) => row("shared")), ("B − A, a text's own", (row, _) => row("own") - row("shared")),
        ("v/n, left of the tokens' scatter", (row, n) => row("scatter") / n),
    ];

    private double[] Lengths => [.. data.Lengths.Select(n => (double)n)];

    public Picture Picture() => new("length", "encoder-length", new Chart("Length of texts", "Cosine of pooled texts against their length, in "
            + "the embeddings and after the last layer, with predictions of averaging alone; below the mean products that it is made of.",
            [
                .. from row in Enumerable.Range(0, 4)
                   from model in data.Models
                   select row < 2 ? Cosines(model, row == 0 ? 0 : data.Layers, row == 0) : Products(model, row == 2 ? 0 : data.Layers, row == 3),
            ])
    {
        PerRow = data.Models.Length, PlotHeight = 190,
        Notes = ["Bars and bands: one standard error, jackknife over texts. Dashed: what averaging alone makes of the moments of the longest texts."],
    }.Render(),
        $"Mean cosine of pooled vectors (means of all tokens) of different texts against their length n: in the embeddings, where nothing but "
        + $"averaging acts, and after layer {data.Layers}. Dashed, without a free parameter: the means of n independent tokens of texts with the "
        + $"moments measured at n = {data.Lengths[^1]}, where prediction and measurement agree by construction. Shuffled: the tokens of a text in random "
        + $"order. Mixed: parts of {StudyTexts.MixedPieces} word pieces of different excerpts. τ: logits divided by τ. Below: mean products of hidden "
        + "states, whose cosine is about A/(B + v/n).");

    private ChartPanel Cosines(int model, int layer, bool isFirst)
    {
        IReadOnlyList<Variant> variants = layer == 0 ? [Variant.Plain, Variant.Shuffled, Variant.Mixed] : Variant.ByLength;
        List<Series> series = [];
        foreach (Variant variant in variants.Take(3).Where(v => v != Variant.Shuffled))
            series.Add(Series.Predicted(Lengths, n => Value("predicted_cosine", variant, n).Value, "averaging alone",
                variant == Variant.Plain ? Palette.Prediction : Palette.Series(variant.Number)) with { Label = variant == Variant.Plain ? "averaging alone" : "" });
        foreach (Variant variant in variants)
        {
            Estimate[] values = [.. Lengths.Select(n => Value("pooled_cosine", variant, n))];
            // Side by side, so that bars do not hide each other.
            series.Add(Series.Measured(variant.Name, Palette.Series(variant.Number), (Sign)(1 + variant.Number % 4),
                Lengths.Select(n => n * Math.Pow(1.06, variant.Number - 2)), values.Select(v => v.Value))
                .Between(values.Select(v => v.Value - v.Error), values.Select(v => v.Value + v.Error)));
        }
        return new ChartPanel(isFirst ? EncoderFiles.Names[model] : "", Across(""),
            new Axis(layer == 0 ? "cosine, embeddings" : $"cosine, layer {layer}", 0, 1.02), series)
        {
            SharesY = model != data.Models[0],
        };

        Estimate Value(string column, Variant variant, double n) => data.Of(column, new(model, variant, (int)n, layer));
    }

    private ChartPanel Products(int model, int layer, bool isLast)
    {
        Estimate[][] values = [.. Parts.Select(part =>
            Lengths.Select(n => data.Pooled(new(model, Variant.Plain, (int)n, layer), row => part.Of(row, n))).ToArray())];
        return new ChartPanel("", Across(isLast ? "tokens n" : ""),
            new Axis(layer == 0 ? "product, embeddings" : $"product, layer {layer}", 0.01, 200, Log: true),
            [.. Parts.Select((part, i) => LayersFigure.Banded(part.Label, i, Lengths, values[i]))])
        {
            SharesY = model != data.Models[0],
        };
    }

    private Axis Across(string label) => new(label, Lengths[0] / 1.4, Lengths[^1] * 1.4, Log: true);
}
