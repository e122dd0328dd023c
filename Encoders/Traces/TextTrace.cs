using AttentionFlow.Encoders.Models;
using AttentionFlow.Solver.Analysis;

namespace AttentionFlow.Encoders.Traces;

/// <summary>Indicators of one head.</summary>
/// <param name="Layer">Number of the layer, from 1.</param>
/// <param name="Head">Number of the head, from 0.</param>
/// <param name="Values">One a column of <see cref="AttentionIndicators"/>.</param>
/// <param name="Fit">The fit of beta among them, to be joined with others.</param>
internal sealed record HeadValues(int Layer, int Head, double[] Values, BetaFit Fit);

/// <summary>One text on its way through an encoder.</summary>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Shown">Positions of the tokens that are shown: all but those of the prompt.</param>
/// <param name="Layers">The shown tokens after every layer, the embeddings first.</param>
/// <param name="Heads">Indicators of all heads, by layer and head, over all tokens.</param>
/// <param name="Gradients">Growth of disturbances up to every layer, over all tokens; none where they were not asked for.</param>
internal sealed record TextTrace(
    TokenSequence Tokens, IReadOnlyList<int> Shown, IReadOnlyList<LayerState> Layers, IReadOnlyList<HeadValues> Heads,
    IReadOnlyList<LayerGradient> Gradients)
{
    /// <summary>Takes a text through an encoder.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="gradient">How many directions it is disturbed along; null for none.</param>
    /// <param name="threads">Threads of the indicators; the numbers do not depend on it.</param>
    /// <param name="stop">Is looked at after every layer and every direction.</param>
    /// <exception cref="NonFiniteException">The numbers ceased to be finite.</exception>
    public static TextTrace Of(Encoder encoder, TokenSequence tokens, int? gradient, int threads, CancellationToken stop)
    {
        int[] shown = [.. Enumerable.Range(0, tokens.Tokens.Count).Where(i => tokens.Tokens[i].Kind != TokenKind.Prompt)];
        List<LayerState> layers = [];
        List<HeadValues> heads = [];
        LayerState? before = null;
        float[] embeddings = [];
        foreach (EncoderLayer layer in encoder.Run(tokens))
        {
            stop.ThrowIfCancellationRequested();
            if (layer.Number == 0) embeddings = layer.Hidden;
            if (layer.Attention is { } attention) heads.AddRange(Measure(layer.Number, attention, before!, threads));
            before = new(layer, encoder.Width);
            layers.Add(shown.Length == tokens.Tokens.Count ? before : new(layer, encoder.Width, shown));
        }
        return new(tokens, shown, layers, heads, gradient is { } k
            ? LayerGradient.Of(encoder, tokens, embeddings, LayerGradient.Directions(k, embeddings.Length), threads, stop) : []);
    }

    private static HeadValues[] Measure(int number, LayerAttention attention, LayerState before, int threads)
    {
        int n = before.Tokens, size = n * n;
        double[] cosines = before.Cosines;
        HeadValues[] heads = new HeadValues[attention.Heads];
        Workers.For(heads.Length, 1, threads, (from, to) =>
        {
            for (int h = from; h < to; h++)
            {
                double[] values = new double[AttentionIndicators.Columns.Count];
                heads[h] = new(number, h, values, AttentionIndicators.Measure(n, attention.Matrices.AsSpan(h * size, size),
                    attention.Logits.AsSpan(h * size, size), cosines, values));
            }
        });
        return heads;
    }
}
