using AttentionFlow.Solver.Observables;

namespace AttentionFlow.Encoders.Studies;

/// <summary>What texts have in common after a layer: means over pairs of different texts, equal weights.</summary>
internal static class Pooling
{
    /// <summary>The columns of <see cref="Measure"/>.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        Number("pooled_cosine", "Mean cosine of pooled vectors (means of all tokens) of different texts."),
        Number("averaging_cosine", "The same, as averaging alone makes it of the moments of the longest length."),
        Number("averaging_in_place", "The same, where what all texts have in common is taken at this length."),
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
            MeanCosine(texts.Select(t => t.Pooled)), Predicted(longest, longest, n), Predicted(texts, longest, n),
            MeanCosine(texts.Select(t => t.First)),
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
    /// The mean cosine of means over n tokens, [CLS], [SEP] and n - 2 independent draws from the law of their text: &lt;a, b&gt;/(|a|^2
    /// |b|^2)^{1/2} of expected products and squares, no free parameter. But for [CLS] and [SEP] it is A/(B + v/n). At the length of the
    /// longest texts it is what was measured.
    /// </summary>
    /// <param name="common">
    /// Moments of which the hidden states of [CLS] and [SEP] are taken, and the mean over all texts, for positions may have a part in it.
    /// </param>
    /// <param name="longest">Moments that give each text its deviation from the mean over all, and the scatter of its tokens.</param>
    /// <param name="n">Tokens, [CLS] and [SEP] among them.</param>
    public static double Predicted(IReadOnlyList<TextMoments> common, IReadOnlyList<TextMoments> longest, int n)
    {
        double[] shift = new double[longest[0].Mean.Length];
        foreach (TextMoments text in common) Sphere.AddScaled(shift, 1.0 / common.Count, text.Mean);
        foreach (TextMoments text in longest) Sphere.AddScaled(shift, -1.0 / longest.Count, text.Mean);
        // What n tokens scatter beyond the N of the longest; and that of the shift, a mean over texts, which is no signal.
        double beyond = 1 / (n - 2.0) - 1.0 / longest[0].Tokens, share = (n - 2.0) / n;
        double ofShift = ReferenceEquals(common, longest) ? 0 : share * share * beyond * longest.Average(t => t.Scatter) / longest.Count;
        double[][] scaled = new double[longest.Count][];
        double inverse = 0;
        for (int t = 0; t < scaled.Length; t++)
        {
            double[] mean = [.. longest[t].Mean];
            Sphere.AddScaled(mean, 1, shift);
            scaled[t] = TextMoments.Averaged(1.0 / n, common[t].Ends, mean, n - 2);
            double length = Math.Sqrt(Sphere.LaneDot(scaled[t], scaled[t]) + share * share * longest[t].Scatter * beyond - ofShift);
            foreach (ref double c in scaled[t].AsSpan()) c /= length;
            inverse += 1 / length / scaled.Length;
        }
        return MeanProduct(scaled) - ofShift * inverse * inverse;
    }

    private static Column Number(string name, string description) => new(name, ColumnType.Number, description);
}
