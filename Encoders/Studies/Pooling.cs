using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Encoders.Studies;

/// <summary>What texts have in common after a layer: means over pairs of different texts, equal weights.</summary>
internal static class Pooling
{
    /// <summary>The columns of <see cref="Measure"/>.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        Number("pooled_cosine", "Mean cosine of pooled vectors (means of all tokens) of different texts."),
        Number("predicted_cosine", "The same, as averaging alone makes it from the moments of the longest length: see Pooling.Predicted."),
        Number("cls_cosine", "Mean cosine of the hidden states of [CLS] of different texts."),
        Number("anisotropy", "Mean cosine of tokens of different texts."),
        Number("adjusted_cosine", "Mean cosine of different tokens of one text, less the anisotropy."),
        Number("shared", "A, mean product of inner tokens of different texts."),
        Number("own", "B, mean product of different inner tokens of one text."),
        Number("scatter", "v, mean square of an inner token less the mean of its text."),
    ];

    /// <summary>A value a column.</summary>
    /// <param name="texts">At least two texts of n tokens.</param>
    /// <param name="longest">The same texts at the longest length.</param>
    /// <param name="n">Tokens of a text.</param>
    public static double[] Measure(IReadOnlyList<TextMoments> texts, IReadOnlyList<TextMoments> longest, int n)
    {
        double anisotropy = MeanProduct([.. texts.Select(t => t.Direction)]);
        return
        [
            MeanCosine(texts.Select(t => t.Pooled)), Predicted(longest, n), MeanCosine(texts.Select(t => t.First)),
            anisotropy, texts.Average(t => t.TokenCosine) - anisotropy, MeanProduct([.. texts.Select(t => t.Mean)]),
            texts.Average(t => t.Own), texts.Average(t => t.Scatter),
        ];
    }

    /// <summary>Mean of &lt;a, b&gt; over pairs of different vectors, from their sum.</summary>
    public static double MeanProduct(IReadOnlyList<double[]> vectors)
    {
        double[] sum = new double[vectors[0].Length];
        double squares = 0;
        foreach (double[] v in vectors)
        {
            Sphere.AddScaled(sum, 1, v);
            squares += Sphere.LaneDot(v, v);
        }
        return (Sphere.LaneDot(sum, sum) - squares) / (vectors.Count * (vectors.Count - 1.0));
    }

    /// <summary>Mean cosine of pairs of different vectors.</summary>
    public static double MeanCosine(IEnumerable<double[]> vectors) => MeanProduct([.. vectors.Select(v => Sphere.Normalized(v))]);

    /// <summary>
    /// The mean cosine of means over n tokens that are independent draws from their text: &lt;a, b&gt;/(|a|^2 |b|^2)^{1/2} of expected
    /// products and squares, no free parameter. With all of [CLS] and [SEP] away it is about A/(B + v/n). At the texts' own length it is
    /// what was measured.
    /// </summary>
    /// <param name="texts">Moments of the texts.</param>
    /// <param name="n">Tokens, [CLS] and [SEP] among them.</param>
    public static double Predicted(IReadOnlyList<TextMoments> texts, int n)
    {
        double[][] scaled = new double[texts.Count][];
        for (int t = 0; t < scaled.Length; t++)
        {
            double length = Math.Sqrt(texts[t].AveragedSquare(n));
            scaled[t] = [.. texts[t].Averaged(n).Select(c => c / length)];
        }
        return MeanProduct(scaled);
    }

    private static Column Number(string name, string description) => new(name, ColumnType.Number, description);
}
