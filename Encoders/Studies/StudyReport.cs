using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The tables of the report: what was measured, with standard errors over texts. Nothing of it is predicted.</summary>
internal sealed class StudyReport(StudyData data)
{
    private static readonly (string Column, string Label)[] Clouds =
    [
        ("mean_cosine", "mean cosine"), ("anisotropy", "anisotropy"), ("adjusted_cosine", "adjusted"), ("stable_rank", "stable rank"),
        ("effective_rank", "effective rank"), ("hemisphere", "margin"), ("energy", "energy"),
    ];

    private int Longest => data.Lengths[^1];

    public IReadOnlyList<Measurements> Tables() =>
        [Layers(data.Length), Layers(Longest), Drops(), Lengths(), Products(), Changes(), Attention(), Codes(), FlowTimes(), Published()];

    private static string NameOf(int model) => EncoderFiles.Names[model];

    private Measurements Layers(int length) => new($"Tokens by layer, {length} tokens, {data.Texts} texts. Anisotropy: mean cosine of "
        + "tokens of different texts; adjusted: mean cosine less anisotropy; margin: of a half-space with all tokens; clusters: tokens "
        + "nearer than 2.56 degrees are in one; energy in units of a point's.",
        ["encoder", "layer", .. Clouds.Select(c => c.Label), "clusters"],
        [
            .. from model in data.Models
               from layer in Enumerable.Range(0, data.Layers + 1)
               let at = new Place(model, Variant.Plain, length, layer)
               select (string[])[NameOf(model), $"{layer}", .. Clouds.Select(c => $"{data.Of(c.Column, at)}"),
                   $"{data.Of("clusters", at).Value:0.0}"],
        ]);

    private Measurements Drops() => new($"How many of {data.Texts} texts have less energy after a layer than before it; the flow "
        + "predicts none. "
        + "β: slope of the logits of all heads, layers and texts on the cosines of tokens; r^{2}: the share of the logits' variance that "
        + "it "
        + $"explains ({data.Length} tokens).",
        ["encoder", "β", "r^{2}", "tokens", .. Enumerable.Range(1, data.Layers).Select(l => $"layer {l}")],
        [
            .. from model in data.Models
               from length in data.Lengths
               select (string[])[NameOf(model), $"{data.Fit(model).Beta:F2}", $"{data.Fit(model).R2:F4}", $"{length}",
                   .. Enumerable.Range(1, data.Layers).Select(layer => $"{Falls(model, length, layer)}")],
        ]);

    private int Falls(int model, int length, int layer) => data.ByText("energy", new(model, Variant.Plain, length, layer))
        .Zip(data.ByText("energy", new(model, Variant.Plain, length, layer - 1))).Count(pair => pair.First < pair.Second);

    private Measurements Lengths() => new("Cosine of pooled texts as trained. In place: what averaging alone makes of the longest texts' "
        + "own parts and scatter, with what all texts have in common as it is at this length; averaging: with that, too, as in the "
        + "longest texts. Apart: parts of the shortest length given by themselves, and averaged. Differences: measured less these.",
        ["encoder", "layer", "tokens", "measured", "in place", "difference", "averaging", "difference", "apart", "difference"],
        [
            .. from model in data.Models
               from layer in (int[])[0, data.Layers]
               from length in data.Lengths
               let at = new Place(model, Variant.Plain, length, layer)
               let apart = at with { Variant = Variant.Apart }
               select (string[])[NameOf(model), $"{layer}", $"{length}", $"{data.Of("pooled_cosine", at)}",
                   .. Beside(at, "averaging_in_place"), .. Beside(at, "averaging_cosine"), $"{data.Of("pooled_cosine", apart)}",
                   $"{data.Change("pooled_cosine", at, apart)}"],
        ]);

    // A prediction, and what was measured less that.
    private string[] Beside(Place at, string column) =>
        [$"{data.Of(column, at)}", $"{data.Pooled(at, row => row("pooled_cosine") - row(column))}"];

    private Measurements Products() => new("What these cosines are made of. A, B: mean products of hidden states of tokens of different "
        + "texts, and of different tokens of one text; v: their scatter about the mean of their text. A/B: cosine of texts less the "
        + "noise of averaging. Between tokens: mean cosine of the tokens of a text. [CLS]: cosine of the texts' hidden states of [CLS].",
        ["encoder", "layer", "tokens", "A", "B − A", "v/n", "A/B", "between tokens", "[CLS]"],
        [
            .. from model in data.Models
               from layer in (int[])[0, data.Layers]
               from length in data.Lengths
               let at = new Place(model, Variant.Plain, length, layer)
               select (string[])[NameOf(model), $"{layer}", $"{length}", $"{data.Of("shared", at)}",
                   $"{data.Pooled(at, row => row("own") - row("shared"))}", $"{data.Pooled(at, row => row("scatter") / length)}",
                   $"{data.Pooled(at, row => row("shared") / row("own"))}", $"{data.Of("mean_cosine", at)}",
                   $"{data.Of("cls_cosine", at)}"],
        ]);

    private Measurements Changes() => new($"What changes the cosine of pooled texts after layer {data.Layers}: the cosine under each "
        + "change less that as trained, of the same texts.",
        ["encoder", "change", .. data.Lengths.Select(n => $"{n} tokens")],
        [
            .. from model in data.Models
               from variant in Variant.ByLength.Skip(1).Append(Variant.Apart)
               select (string[])[NameOf(model), variant.Name, .. data.Lengths.Select(n => $"{data.Change("pooled_cosine",
                   new(model, variant, n, data.Layers), new(model, Variant.Plain, n, data.Layers))}")],
        ]);

    private Measurements Attention() => new("Attention, mean over heads: entropy over log n / share of one-hot rows.",
        ["encoder", "τ", "tokens", .. Enumerable.Range(1, data.Layers).Select(l => $"layer {l}")],
        [
            .. from model in data.Models
               from variant in (Variant[])[Variant.Plain, Variant.Cooler, Variant.Coolest]
               from length in data.Lengths
               select (string[])[NameOf(model), $"{variant.Interventions.Temperature ?? 1:0.0}", $"{length}",
                   .. Enumerable.Range(1, data.Layers).Select(l => Heads(new(model, variant, length, l)))],
        ]);

    private string Heads(Place at) => $"{MeanOf("entropy_ratio", at):F3} / {MeanOf("one_hot_rows", at):F3}";

    private double MeanOf(string column, Place at) => data.Heads(column, at).Average(h => h.Value);

    private Measurements Codes() => new($"What changed codes and a prompt do to the tokens, {data.Length} tokens: under each change less "
        + "as trained, of the same texts.",
        ["encoder", "change", "layer", "mean cosine", "adjusted cosine", "effective rank"],
        [
            .. from model in data.Models
               from variant in Variant.OfCodes.Skip(1)
               from layer in (int[])[0, 2, data.Layers]
               let to = new Place(model, variant, data.Length, layer)
               let kept = to with { Variant = Variant.Plain }
               select (string[])[NameOf(model), variant.Name, $"{layer}", $"{data.Change("mean_cosine", to, kept)}",
                   $"{data.Change("adjusted_cosine", to, kept)}", $"{data.Change("effective_rank", to, kept)}"],
        ]);

    private Measurements FlowTimes() => new($"Time at which the flow from the embeddings of {data.FlowTexts} texts reaches the mean "
        + "cosine of a layer, and for how many of them it does.",
        ["encoder", .. Enumerable.Range(1, data.Layers).Select(l => $"layer {l}")],
        [
            .. from model in data.Models
               select (string[])[NameOf(model), .. Enumerable.Range(1, data.Layers).Select(layer =>
               {
                   double[] times = FlowFigure.TimesOf(data, model, layer);
                   return times.Length < 2 ? $"never ({times.Length} do)" : $"{Estimate.OfTexts(times)} ({times.Length})";
               })],
        ]);

    private Measurements Published() => new($"Sentences of the excerpts ({data.Sentences("sentences", data.Models[0]).Value}) as texts "
        + "of their own, pooled by the mean. Published of other sentences: mean cosine of unrelated ones in all-MiniLM-L6-v2 0.052 "
        + "(clawRxiv 2604.01087), participation ratios of five encoders, that among them, 82 to 97 (clawRxiv 2604.00998).",
        ["encoder", "mean cosine of sentences of different works", "participation ratio", "the same for ever more sentences"],
        [
            .. from model in data.Models
               select (string[])[NameOf(model), $"{data.Sentences("mean_cosine", model)}", $"{data.Sentences("participation", model)}",
                   $"{data.Sentences("participation_limit", model)}"],
        ]);
}
