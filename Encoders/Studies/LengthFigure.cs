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

    /// <summary>Cosines in the embeddings and after the last layer.</summary>
    public Picture Cosines() => new("encoder-length", new Chart("Length of texts", "Cosine of pooled texts against their "
        + "length, in the embeddings and after the last layer, with predictions of averaging alone.",
            [.. from layer in (int[])[0, data.Layers] from model in data.Models select Cosines(model, layer)])
    {
        PerRow = data.Models.Length, PlotHeight = 250,
        Notes = ["Bars: one standard error, jackknife over texts; most are smaller than the signs. Signs of one length stand side by "
            + "side."],
    }.Render(),
        "Mean cosine of pooled vectors (means of all tokens) of different texts against their length. In the embeddings nothing but "
            + "averaging acts. Dashed there, without a free parameter: means of n independent tokens, with the text's own part and "
            + "scatter measured at "
        + $"{data.Lengths[^1]} tokens and what all texts have in common (positional codes among it) at n; dark as trained, green mixed "
        + $"texts. Dashed after layer {data.Layers}: the same of hidden states like those of the longest texts. Shuffled: the tokens of "
        + $"a text in random order. Mixed: runs of {StudyTexts.MixedPieces} word pieces of different excerpts. Parts apart: runs of "
        + $"{data.Lengths[0]} tokens, each given to the encoder by itself, and averaged. τ: logits divided by τ. Bars: one standard "
        + $"error, jackknife over texts.");

    /// <summary>The mean products that the cosines are made of.</summary>
    public Picture Products() => new("encoder-products", new Chart("Products of pooled texts", "Mean products of hidden "
        + "states of one text and of different texts, and what is left of the tokens' scatter, against the length.",
            [.. from layer in (int[])[0, data.Layers] from model in data.Models select Products(model, layer)])
    {
        PerRow = data.Models.Length, PlotHeight = 190, Notes = ["Bands: one standard error, jackknife over texts. What is within an "
            + "error of 0 is left out."],
    }.Render(),
        "What the cosine of pooled texts is made of, about A/(B + v/n): A, the mean product of tokens of different texts; B, that of "
            + "different tokens of one text; v, the scatter of tokens about the mean of their text. Hidden states with their lengths, "
            + "without [CLS] and [SEP]; logarithmic axes. Bands: one standard error, jackknife over texts.");

    private ChartPanel Cosines(int model, int layer)
    {
        Variant[] cooler = layer == 0 ? [] : [Variant.Cooler, Variant.Coolest],
            variants = [Variant.Plain, Variant.Shuffled, Variant.Mixed, .. cooler, Variant.Apart];
        List<Series> series = [Predicted(Variant.Plain, "averaging alone", Palette.Prediction)];
        if (layer == 0) series.Add(Predicted(Variant.Mixed, "", Palette.Series(Variant.Mixed.Number)));
        foreach ((int i, Variant variant) in variants.Index())
        {
            Estimate[] values = [.. Lengths.Select(n => Value("pooled_cosine", variant, n))];
            series.Add(Series.Measured(variant.Name, Palette.Series(variant == Variant.Apart ? 5 : variant.Number),
                variant == Variant.Apart ? Sign.Diamond : (Sign)(1 + variant.Number % 4),
                Lengths.Select(n => n * Math.Pow(1.07, i - (variants.Length - 1) / 2.0)), values.Select(v => v.Value))
                .Between(values.Select(v => v.Value - v.Error), values.Select(v => v.Value + v.Error)));
        }
        return new ChartPanel(layer == 0 ? EncoderFiles.Names[model] : "", Across(layer == 0 ? "" : "tokens n"),
            new Axis(layer == 0 ? "cosine, embeddings" : $"cosine, layer {layer}", 0, 1.02), series)
        {
            SharesY = model != data.Models[0],
        };

        Estimate Value(string column, Variant variant, double n) => data.Of(column, new(model, variant, (int)n, layer));

        Series Predicted(Variant variant, string label, string colour) => Series.Predicted(Lengths,
            n => Value(layer == 0 ? "averaging_in_place" : "averaging_cosine", variant, n).Value, label, colour);
    }

    private ChartPanel Products(int model, int layer)
    {
        Series[] series = [.. Parts.Select((part, i) =>
        {
            Estimate[] values = [.. Lengths.Select(n => data.Pooled(new(model, Variant.Plain, (int)n, layer), row => part.Of(row, n)))
                .Select(v => v.Value > v.Error ? v : new(double.NaN, double.NaN))];
            return LayersFigure.Banded(part.Label, i, Lengths, values);
        })];
        return new ChartPanel(layer == 0 ? EncoderFiles.Names[model] : "", Across(layer == 0 ? "" : "tokens n"),
            new Axis(layer == 0 ? "product, embeddings" : $"product, layer {layer}", 0.01, 200, Log: true), series)
        {
            SharesY = model != data.Models[0],
        };
    }

    private Axis Across(string label) => new(label, Lengths[0] / 1.4, Lengths[^1] * 1.4, Log: true);
}
