using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>Heads by layer, at three lengths and at three temperatures.</summary>
internal sealed class AttentionFigure(StudyData data)
{
    private const double Aside = 0.22;

    public Picture Picture()
    {
        (string Label, Variant Variant, int Length)[] lengths = [.. new[] { data.Lengths[0], data.Length, data.Lengths[^1] }.Distinct()
            .Select(n => ($"{n} tokens, τ = 1", Variant.Plain, n))];
        (string, Variant, int)[] temperatures = [("τ = 1", Variant.Plain, data.Length), (Variant.Cooler.Name, Variant.Cooler, data.Length),
            (Variant.Coolest.Name, Variant.Coolest, data.Length)];
        double error = (from model in data.Models
                        from layer in Enumerable.Range(1, data.Layers)
                        from head in data.Heads("entropy_ratio", new(model, Variant.Plain, data.Length, layer))
                        select head.Error).Max();
        string svg = new Chart("Attention by layer and head", "Attention entropy over log n and share of one-hot rows of every head "
            + "against the layer, at three lengths and at three temperatures, for two encoders.",
            [
                .. data.Models.Select(m => Panel(m, "entropy_ratio", "entropy/log n", lengths, 0, isFirst: true)),
                .. data.Models.Select(m => Panel(m, "one_hot_rows", "one-hot rows", lengths, 0)),
                .. data.Models.Select(m => Panel(m, "entropy_ratio", "entropy/log n", temperatures, 3)),
                .. data.Models.Select(m => Panel(m, "one_hot_rows", "one-hot rows", temperatures, 3, isLast: true)),
            ])
        { PerRow = data.Models.Length, PlotHeight = 160, Notes = ["A sign is a head, mean over its tokens and all texts."] }.Render();
        return new("encoder-attention", svg, "Every head, mean over tokens and texts: entropy of its rows over log n (1: "
            + "flat, 0: one token alone) and the share of rows that give one token more than half. Above: against the length; below: "
            + "against the "
            + $"temperature τ, by which all logits are divided, at {data.Length} tokens. Standard errors over texts are at most "
            + $"{error:F3} in the entropies at {data.Length} tokens and τ = 1.");
    }

    private ChartPanel Panel(int model, string column, string label, (string Label, Variant Variant, int Length)[] lines, int colour,
        bool isFirst = false, bool isLast = false) =>
        new(isFirst ? EncoderFiles.Names[model] : "", new Axis(isLast ? "layer" : "", 0.4, data.Layers + 0.6), new Axis(label, -0.03, 1.05),
        [
            .. lines.Select((line, i) =>
            {
                (double X, double Y)[] signs = [.. from layer in Enumerable.Range(1, data.Layers)
                                                   from head in data.Heads(column, new(model, line.Variant, line.Length, layer))
                                                   select (layer + Aside * (i - (lines.Length - 1) / 2.0), head.Value)];
                return Series.Measured(line.Label, Palette.Series(colour + i), (Sign)(1 + i), signs.Select(s => s.X),
                    signs.Select(s => s.Y));
            }),
        ])
        {
            SharesY = model != data.Models[0],
        };
}
