using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AttentionFlow.Encoders.Traces;
using AttentionFlow.Experiments.Commands;

namespace AttentionFlow.Encoders.Commands;

/// <summary>What <c>trace</c> says on standard output: a row a layer, means over the texts.</summary>
internal static class TraceSummary
{
    /// <param name="Layer">Number of the layer.</param>
    /// <param name="MeanCosine">Of different tokens.</param>
    /// <param name="EffectiveRank">Of the tokens.</param>
    /// <param name="EntropyRatio">Of the heads of the layer; null for the embeddings.</param>
    private sealed record Row(int Layer, double MeanCosine, double EffectiveRank, double? EntropyRatio)
    {
        /// <summary>Geometric mean of singular values of dh_l/dh_0; null where it was not measured.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public double? GradientMean { get; init; }

        /// <summary>The same over |h_l|/|h_0|.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public double? GradientRelative { get; init; }
    }

    public static void Write(CommandContext context, string folder, TraceRecord record, IReadOnlyList<TextTrace> texts, bool isAnalysed)
    {
        int layers = texts[0].Layers.Count;
        Row[] rows = new Row[layers];
        Workers.For(layers, 1, context.Threads, (from, to) =>
        {
            for (int l = from; l < to; l++) rows[l] = RowOf(l, texts);
        });
        if (context.Json)
        {
            JsonObject json = JsonNode.Parse(record.ToJson())!.AsObject();
            json["folder"] = Path.GetFullPath(folder);
            json["layers"] = JsonNode.Parse(JsonOutput.Of(rows));
            context.Output.Write(JsonOutput.Of(json));
            return;
        }
        string n = texts.Count == 1 ? $"{texts[0].Tokens.Tokens.Count} tokens" : $"{texts.Count} texts";
        context.Output.WriteLine($"{Quoted.Line(record.Encoder.Name)}, {n}, d = {record.Encoder.Width}:");
        bool hasGradient = record.Gradient is not null;
        string[] headings = ["layer", "mean_cosine", "effective_rank", "entropy_ratio",
            .. hasGradient ? (string[])["gradient_mean", "gradient_relative"] : []];
        context.Output.Write(TextTable.Render(headings, rows.Select(row => (string[])
        [
            $"{row.Layer}", Shown(row.MeanCosine), Shown(row.EffectiveRank), Shown(row.EntropyRatio),
            .. hasGradient ? (string[])[Shown(row.GradientMean), Shown(row.GradientRelative)] : [],
        ])));
        if (hasGradient)
            context.Output.WriteLine($"gradients: singular values of dh_l/dh_0 along {Text.Plural(record.Gradient!.Value, "direction")}; "
                + $"a disturbance twice as long changes them by at most {Shown(LargestError(texts))} of the largest");
        context.Output.WriteLine($"files in {Quoted.Line(folder)}: {string.Join(", ", record.Files.Select(f => f.Name))}, "
            + TraceFolder.RecordFile + (isAnalysed ? $"; more observables in {TraceFolder.AnalysisFolder}/" : ""));
    }

    private static Row RowOf(int layer, IReadOnlyList<TextTrace> texts)
    {
        int column = AttentionIndicators.Columns.Select(c => c.Name).ToList().IndexOf("entropy_ratio");
        double[] ratios = [.. texts.SelectMany(t => t.Heads).Where(h => h.Layer == layer).Select(h => h.Values[column])];
        return new(layer, texts.Average(t => t.Layers[layer].MeanCosine), texts.Average(t => t.Layers[layer].EffectiveRank),
            ratios.Length > 0 ? ratios.Average() : null)
        {
            GradientMean = MeanOf(g => g.Mean), GradientRelative = MeanOf(g => g.Mean / g.Size),
        };

        double? MeanOf(Func<LayerGradient, double> of) => texts[0].Gradients.Count == 0 ? null : texts.Average(t => of(t.Gradients[layer]));
    }

    private static double LargestError(IReadOnlyList<TextTrace> texts) =>
        texts.SelectMany(t => t.Gradients).Where(g => g.Error > 0).Select(g => g.Error / g.Singular[0]).DefaultIfEmpty().Max();

    private static string Shown(double? value) => value is { } shown ? Shown(shown) : "";

    private static string Shown(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
