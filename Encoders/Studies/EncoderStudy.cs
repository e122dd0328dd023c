using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>Theory beside trained encoders: what the tokens of texts do by layer, and what the flow would have them do.</summary>
internal sealed class EncoderStudy(EncoderSizes? sizes) : Study(20, "encoder", "Trained encoders")
{
    public EncoderStudy() : this(null)
    {
    }

    public override string Introduction(bool quick)
    {
        EncoderSizes size = SizesOf(quick);
        return $"{size.Texts} excerpts of prose (data/texts; Moby-Dick and State of the Union addresses in turn) in the encoders "
            + $"{string.Join(" and ", size.Models)}, cut to their first {string.Join(", ", size.Lengths)} tokens, [CLS] and [SEP] among "
            + "them. Tokens are points x = h/|h| of the sphere, layer 0 the embeddings. Beside them stands what theory says: the "
            + "mean-field flow of softmax attention, under which the energy rises at every time and tokens of one half-space meet in a "
            + "point; and plain averaging, for texts whose tokens are pooled. In tables 0.352(13) is 0.352 with a standard error over "
            + "texts of 0.013, by the jackknife where a number is made of pairs of texts. The encoders were trained, and owe the flow "
            + "nothing: what they do is told in figures and tables, and only the last table holds predictions.";
    }

    public override IReadOnlyList<PlannedRun> Plan(bool quick)
    {
        foreach (string model in SizesOf(quick).Models)
            if (EncoderFiles.WhyAbsent(model) is { } why) throw new ConfigurationException($"reproduce {Name}: {why}");
        return [];
    }

    public override double TabulatedPairs(bool quick) => SizesOf(quick).AllPairs;

    public override void Tabulate(bool quick, string folder, int threads, IProgressDisplay progress, CancellationToken stop)
    {
        using StudyTables tables = new(folder);
        foreach (string model in SizesOf(quick).Models)
            new EncoderMeasurement(model, SizesOf(quick), threads, progress, stop).Run(tables);
        tables.Complete();
    }

    public override Findings Evaluate(IReadOnlyList<PlannedRun> plan, string folder)
    {
        StudyData data = new(folder);
        (LayersFigure layers, LengthFigure lengths) = (new(data), new(data));
        return new Findings(Facts(data), layers.Lengths(), lengths.Cosines(), lengths.Products(),
            new AttentionFigure(data).Picture(), layers.Codes(), new FlowFigure(data).Picture())
        {
            Tables = new StudyReport(data).Tables(),
        };
    }

    // What is predicted whatever was trained.
    private static IEnumerable<Fact> Facts(StudyData data)
    {
        foreach (int model in data.Models)
        {
            string name = EncoderFiles.Names[model];
            (double[] Times, double[] Cosines, double[] Energies)[] flows =
                [.. Enumerable.Range(0, data.FlowTexts).Select(t => data.Flow(model, t))];
            yield return new Fact($"{name}: times at which the energy of the flow fell", "the flow climbs", 0,
                flows.Sum(f => f.Energies.Zip(f.Energies.Skip(1)).Count(pair => pair.Second < pair.First - 1e-12)), 0);
            double[] margins = data.ByText("hemisphere", new(model, Variant.Plain, data.Length, 0));
            // Near the end a gap falls like e^{-2 t}.
            yield return new Fact($"{name}: least mean cosine at the end of a flow from a half-space", "a point", 1,
                flows.Where((_, text) => margins[text] > 0).Select(f => f.Cosines[^1]).DefaultIfEmpty(double.NaN).Min(), 1e-3);
            yield return new Fact($"{name}: heads of layer 1 whose entropy does not fall with τ", "logits/τ of the same logits", 0,
                Hotter(data, model), 0);
        }
    }

    private static int Hotter(StudyData data, int model)
    {
        double[][] entropies = [.. ((Variant[])[Variant.Plain, Variant.Cooler, Variant.Coolest]).Select(variant =>
            data.Heads("entropy_ratio", new(model, variant, data.Length, 1)).Select(h => h.Value).ToArray())];
        return Enumerable.Range(0, entropies[0].Length)
            .Count(h => !(entropies[0][h] > entropies[1][h] && entropies[1][h] > entropies[2][h]));
    }

    private EncoderSizes SizesOf(bool quick) => sizes ?? (quick ? EncoderSizes.Quick : EncoderSizes.Full);
}
