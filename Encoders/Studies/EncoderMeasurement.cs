using AttentionFlow.Encoders.Models;
using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Encoders.Studies;

/// <summary>One encoder on the texts of the study, into the tables. Texts are followed side by side, each by one thread.</summary>
internal sealed class EncoderMeasurement(
    string name, EncoderSizes sizes, int threads, IProgressDisplay progress, CancellationToken stop)
{
    private readonly EncoderFiles _files = EncoderFiles.Find(name);
    private readonly int _number = EncoderFiles.Names.ToList().IndexOf(name);
    private WordPieces _pieces = null!;
    private IReadOnlyList<WordPiece>[] _texts = [];
    private double _beta;

    /// <summary>Measures everything and appends it.</summary>
    public void Run(StudyTables tables)
    {
        progress.Begin(name);
        _pieces = new(_files.Vocabulary);
        _texts = [.. StudyTexts.Excerpts().Take(sizes.Texts).Select(text => _pieces.Of(text))];
        if (_texts.Min(t => t.Count) + 2 < sizes.Lengths[^1])
            throw new InvalidOperationException($"a text has only {_texts.Min(t => t.Count)} word pieces");
        TextMeasures[] starts;
        int width;
        using (Encoder encoder = new(_files, new(), 1))
        {
            width = encoder.Width;
            starts = Follow(encoder, Variant.Plain, sizes.Length, new(Heads: true, Fit: true, Start: true));
            LogitFitRow(tables, starts);
            Plain(encoder, tables);
            Apart(encoder, tables);
            SentenceMeasurement.Run(tables, _number, encoder, _pieces, sizes.Texts, threads, stop);
        }
        foreach (Variant variant in Variant.ByLength.Skip(1)) ByLength(variant, tables);
        foreach (Variant variant in Variant.OfCodes.Skip(1))
        {
            using Encoder encoder = new(_files, variant.Interventions, 1);
            Write(tables, variant, sizes.Length, Follow(encoder, variant, sizes.Length, new(false, false, _beta)));
        }
        FlowMeasurement.Run(tables, _number, _beta, [.. starts.Take(sizes.FlowTexts).Select(s => s.Start!)], width, sizes.Horizon,
            threads, stop);
    }

    // The sum over all heads, layers and texts.
    private void LogitFitRow(StudyTables tables, TextMeasures[] texts)
    {
        BetaFit fit = Sum(texts.SelectMany(t => t.Heads));
        _beta = fit.Beta;
        tables.Fit.Append([_number, sizes.Length, _beta, fit.R2]);
    }

    private void Plain(Encoder encoder, StudyTables tables)
    {
        TextMeasures[]? longest = null;
        foreach (int length in sizes.Lengths.Reverse())
        {
            TextMeasures[] texts = Follow(encoder, Variant.Plain, length, new(Heads: true, Fit: true, _beta));
            longest ??= texts;
            Write(tables, Variant.Plain, length, texts);
            WriteHeads(tables, Variant.Plain, length, texts);
            WritePooled(tables, Variant.Plain, length, texts, longest);
        }
    }

    private void ByLength(Variant variant, StudyTables tables)
    {
        using Encoder encoder = new(_files, variant.Interventions, 1);
        TextMeasures[]? longest = null;
        foreach (int length in sizes.Lengths.Reverse())
        {
            TextMeasures[] texts = Follow(encoder, variant, length, new(variant.HasHeads, Fit: false));
            longest ??= texts;
            if (variant.HasHeads) WriteHeads(tables, variant, length, texts);
            WritePooled(tables, variant, length, texts, longest);
        }
    }

    private TextMeasures[] Follow(Encoder encoder, Variant variant, int length, Wanted wanted)
    {
        TextMeasures[] measured = new TextMeasures[_texts.Length];
        int prompt = variant.Interventions.Prompt is { } before ? _pieces.Of(before).Count : 0;
        Workers.For(measured.Length, 1, threads, (from, to) =>
        {
            for (int t = from; t < to; t++)
            {
                IReadOnlyList<WordPiece> text = variant.IsMixed ? StudyTexts.Mixed(_texts, t, length - 2) : _texts[t];
                TokenSequence tokens = TokenSequence.Of(text, t, variant.Interventions, _pieces, length + prompt);
                measured[t] = TextMeasures.Of(encoder, tokens, wanted, stop);
                Advance(sizes.Pairs(length) / _texts.Length, variant, length);
            }
        });
        return measured;
    }

    // Part k has the word pieces from k (n - 2) on, n the shortest length. A text of m parts has that many tokens.
    private void Apart(Encoder encoder, StudyTables tables)
    {
        int shortest = sizes.Lengths[0];
        TextMeasures[][] parts = new TextMeasures[_texts.Length][];
        Workers.For(parts.Length, 1, threads, (from, to) =>
        {
            for (int t = from; t < to; t++)
            {
                parts[t] = [.. Enumerable.Range(0, sizes.Parts).Select(k => TextMeasures.Of(encoder, TokenSequence.Of(
                    [.. _texts[t].Skip(k * (shortest - 2)).Take(shortest - 2)], t, new(), _pieces, shortest), default, stop))];
                Advance(sizes.Parts * sizes.Pairs(shortest) / _texts.Length, Variant.Apart, shortest);
            }
        });
        TextMeasures[]? longest = null;
        foreach (int length in sizes.Lengths.Reverse())
        {
            TextMeasures[] texts = [.. parts.Select(p => new TextMeasures([.. Enumerable.Range(0, p[0].Layers.Count)
                .Select(layer => TextMoments.Join([.. p.Take(length / shortest).Select(part => part.Layers[layer])]))], [], [], null))];
            longest ??= texts;
            WritePooled(tables, Variant.Apart, length, texts, longest);
        }
    }

    private void Advance(double pairs, Variant variant, int length)
    {
        lock (progress) progress.Advance(pairs, $"{variant.Name}, {length} tokens", direct: false);
    }

    private void Write(StudyTables tables, Variant variant, int length, TextMeasures[] texts)
    {
        for (int layer = 0; layer < texts[0].Clouds.Count; layer++)
            for (int t = 0; t < texts.Length; t++)
                tables.Clouds.Append([_number, variant.Number, length, layer, t, .. texts[t].Clouds[layer]]);
        if (variant != Variant.Plain) WritePooled(tables, variant, length, texts, texts);
    }

    private void WritePooled(
        StudyTables tables, Variant variant, int length, TextMeasures[] texts, TextMeasures[] longest)
    {
        for (int layer = 0; layer < texts[0].Layers.Count; layer++)
            for (int omitted = -1; omitted < texts.Length; omitted++)
                tables.Pooled.Append([_number, variant.Number, length, layer, omitted,
                    .. Pooling.Measure(Without(texts, layer, omitted), Without(longest, layer, omitted), length)]);

        static TextMoments[] Without(TextMeasures[] texts, int layer, int omitted) =>
            [.. texts.Where((_, t) => t != omitted).Select(t => t.Layers[layer])];
    }

    private void WriteHeads(StudyTables tables, Variant variant, int length, TextMeasures[] texts)
    {
        for (int k = 0; k < texts[0].Heads.Count; k++)
        {
            Estimate entropy = Estimate.OfTexts([.. texts.Select(t => t.Heads[k].EntropyRatio)]),
                oneHot = Estimate.OfTexts([.. texts.Select(t => t.Heads[k].OneHot)]);
            BetaFit fit = Sum(texts.Select(t => t.Heads[k]));
            tables.Heads.Append([_number, variant.Number, length, texts[0].Heads[k].Layer, texts[0].Heads[k].Head,
                entropy.Value, entropy.Error, oneHot.Value, oneHot.Error, fit.Beta, fit.R2]);
        }
    }

    private static BetaFit Sum(IEnumerable<HeadMeasures> heads)
    {
        BetaFit sum = new();
        foreach (HeadMeasures head in heads)
            if (head.Fit is { } fit) sum.Add(fit);
        return sum;
    }
}
