using AttentionFlow.Encoders.Models;
using AttentionFlow.Experiments.Figures;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The flow from the embeddings beside the layers.</summary>
internal sealed class FlowFigure(StudyData data)
{
    private double[] Layers => [.. Enumerable.Range(1, data.Layers).Select(l => (double)l)];

    public Picture Picture() => new("encoder-flow", new Chart("Flow and layers", "Mean cosine along the flow against time, and "
        + "the time at which it reaches the mean cosine of each layer, for two encoders.",
            [.. data.Models.Select(Course), .. data.Models.Select(Times)])
    {
        PerRow = data.Models.Length, PlotHeight = 190,
        Notes = ["Bands and bars: one standard error over texts."],
    }.Render(),
        $"The flow (softmax, exponential profile, no gauge, the fitted β) from the embeddings of {data.FlowTexts} texts of {data.Length} "
            + "tokens. Above: mean cosine against its time. Below: the time at which it reaches the mean cosine that the encoder has "
            + "after each layer. Where the encoder's cosine falls from one layer to the next, the flow would have to run backwards. "
            + "Bands and bars: one standard error over texts.");

    /// <summary>
    /// The first time at which a rising course reaches a value, between its points on a straight line; NaN where it begins above or ends
    /// below.
    /// </summary>
    public static double Reached(IReadOnlyList<double> times, IReadOnlyList<double> course, double value)
    {
        if (course[0] > value) return double.NaN;
        if (course[0] == value) return times[0];
        for (int k = 1; k < course.Count; k++)
            if (course[k] >= value)
                return times[k - 1] + (times[k] - times[k - 1]) * (value - course[k - 1]) / (course[k] - course[k - 1]);
        return double.NaN;
    }

    /// <summary>The times of the texts at which the flow reaches a layer; those that never do are left out.</summary>
    public static double[] TimesOf(StudyData data, int model, int layer)
    {
        double[] cosines = data.ByText("mean_cosine", new(model, Variant.Plain, data.Length, layer));
        return [.. Enumerable.Range(0, data.FlowTexts).Select(text =>
        {
            (double[] times, double[] course, _) = data.Flow(model, text);
            return Reached(times, course, cosines[text]);
        }).Where(double.IsFinite)];
    }

    private ChartPanel Course(int model)
    {
        double[] times = data.Flow(model, 0).Times;
        Estimate[] values = [.. times.Select((_, k) => Estimate.OfTexts(
            [.. Enumerable.Range(0, data.FlowTexts).Select(text => data.Flow(model, text).Cosines[k])]))];
        Series course = LayersFigure.Banded("flow", 1, times, values) with { Sign = Sign.None };
        return new ChartPanel(
            EncoderFiles.Names[model], new Axis("time t of the flow", -0.1, 6), new Axis("mean cosine", 0, 1.05), [course])
        {
            SharesY = model != data.Models[0],
        };
    }

    private ChartPanel Times(int model)
    {
        Estimate[] values = [.. Layers.Select(l => TimesOf(data, model, (int)l) is { Length: > 1 } times ? Estimate.OfTexts(times)
            : new(double.NaN, double.NaN))];
        return new ChartPanel("", new Axis("layer", 0.6, data.Layers + 0.4), new Axis("time t reached", 0, 2.5),
            [Series.Measured("time of the layer's mean cosine", Palette.Vermilion, Sign.Disc, Layers, values.Select(v => v.Value))
                .Between(values.Select(v => v.Value - v.Error), values.Select(v => v.Value + v.Error))])
        {
            SharesY = model != data.Models[0],
        };
    }
}
