using AttentionFlow.Encoders.Models;

namespace AttentionFlow.Encoders.Studies;

/// <summary>The sentences of the excerpts, each a text of its own: how far their pooled vectors are from each other.</summary>
internal static class SentenceMeasurement
{
    /// <summary>Appends a row with all excerpts, and one without each of them.</summary>
    public static void Run(
        StudyTables tables, int model, Encoder encoder, WordPieces pieces, int texts, int threads, CancellationToken stop)
    {
        (int Excerpt, string Sentence)[] all = [.. StudyTexts.Excerpts().Take(texts)
            .SelectMany((text, t) => StudyTexts.Sentences(text).Select(sentence => (t, sentence)))];
        double[][] vectors = new double[all.Length][];
        Workers.For(all.Length, 1, threads, (from, to) =>
        {
            for (int s = from; s < to; s++)
                vectors[s] = Sphere.Normalized(TextMeasures.Of(encoder,
                    TokenSequence.Of(all[s].Sentence, s, new(), pieces, encoder.MostTokens), default, stop).Layers[^1].Pooled);
        });
        for (int omitted = -1; omitted < texts; omitted++)
        {
            double[][] kept = [.. vectors.Where((_, s) => all[s].Excerpt != omitted)];
            int count = kept.Length;
            double participation = Participation(kept);
            tables.Sentences.Append([model, omitted, count, MeanProductOfGroups(Works(omitted)), participation,
                1 / (1 / participation - 1.0 / count)]);
        }

        // Excerpts are of both works in turn.
        double[][][] Works(int omitted) => [.. ((int[])[0, 1]).Select(work =>
            vectors.Where((_, s) => all[s].Excerpt % 2 == work && all[s].Excerpt != omitted).ToArray())];
    }

    /// <summary>Mean of &lt;a, b&gt; over pairs of different groups.</summary>
    public static double MeanProductOfGroups(IReadOnlyList<double[][]> groups)
    {
        double[][] sums = [.. groups.Select(Sum)];
        double[] all = Sum(sums);
        double count = groups.Sum(g => g.Length), ownPairs = groups.Sum(g => (double)g.Length * g.Length);
        return (Sphere.LaneDot(all, all) - sums.Sum(s => Sphere.LaneDot(s, s))) / (count * count - ownPairs);

        static double[] Sum(double[][] vectors)
        {
            double[] sum = new double[vectors[0].Length];
            foreach (double[] v in vectors) Sphere.AddScaled(sum, 1, v);
            return sum;
        }
    }

    /// <summary>(tr C)^2/tr C^2 of the covariance of vectors.</summary>
    public static double Participation(double[][] vectors)
    {
        int n = vectors.Length;
        double[] all = [.. vectors.SelectMany(v => v)], weights = new double[n], mean = new double[vectors[0].Length];
        Array.Fill(weights, 1.0 / n);
        Mean.Of(all, weights, 0, n, mean);
        return Mean.Participation(Mean.SecondMoment(all, weights, 0, n, mean));
    }
}
