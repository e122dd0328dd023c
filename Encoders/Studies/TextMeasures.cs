using AttentionFlow.Encoders.Models;
using AttentionFlow.Encoders.Traces;
using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Theory;

namespace AttentionFlow.Encoders.Studies;

/// <summary>What is looked at beside the moments.</summary>
/// <param name="Heads">Entropies of the heads.</param>
/// <param name="Fit">The logits on the cosines.</param>
/// <param name="Beta">The inverse temperature of the energy; null where clouds are not measured.</param>
/// <param name="Start">Whether the embeddings are kept.</param>
internal readonly record struct Wanted(bool Heads, bool Fit, double? Beta = null, bool Start = false);

/// <summary>A head on one text.</summary>
internal readonly record struct HeadMeasures(int Layer, int Head, double EntropyRatio, double OneHot, BetaFit? Fit);

/// <summary>What was measured of one text.</summary>
/// <param name="Layers">Moments after every layer, the embeddings first.</param>
/// <param name="Clouds">Mean cosine, stable and effective rank, hemisphere, clusters and energy after every layer.</param>
/// <param name="Heads">By layer and head.</param>
/// <param name="Start">The embeddings as unit vectors, [n, d].</param>
internal sealed record TextMeasures(
    IReadOnlyList<TextMoments> Layers, IReadOnlyList<double[]> Clouds, IReadOnlyList<HeadMeasures> Heads, double[]? Start)
{
    /// <summary>Takes a text through an encoder.</summary>
    public static TextMeasures Of(Encoder encoder, TokenSequence tokens, Wanted wanted, CancellationToken stop)
    {
        int[] shown = [.. Enumerable.Range(0, tokens.Tokens.Count).Where(i => tokens.Tokens[i].Kind != TokenKind.Prompt)];
        List<TextMoments> layers = [];
        List<double[]> clouds = [];
        List<HeadMeasures> heads = [];
        LayerState? before = null;
        double[]? start = null;
        foreach (EncoderLayer layer in encoder.Run(tokens))
        {
            stop.ThrowIfCancellationRequested();
            if (layer.Attention is { } attention && wanted.Heads) heads.AddRange(HeadsOf(layer.Number, attention, before!, wanted.Fit));
            before = new(layer, encoder.Width, shown);
            start ??= wanted.Start ? before.Positions : null;
            layers.Add(TextMoments.Of(before.Positions, before.Radii));
            if (wanted.Beta is { } beta) clouds.Add(CloudOf(before, beta, stop));
        }
        return new(layers, clouds, heads, start);
    }

    /// <summary>Mean of e^{beta (c - 1)} over cosines c of all pairs, self pairs among them: E/E_max of equal weights.</summary>
    public static double EnergyRatio(ReadOnlySpan<double> cosines, double beta)
    {
        CompensatedSum sum = default;
        foreach (double cosine in cosines) sum.Add(Math.Exp(beta * (cosine - 1)));
        return sum.Value / cosines.Length;
    }

    private static IEnumerable<HeadMeasures> HeadsOf(int number, LayerAttention attention, LayerState before, bool hasFit)
    {
        int n = before.Tokens, size = n * n;
        for (int h = 0; h < attention.Heads; h++)
        {
            RowIndicators rows = AttentionIndicators.RowsOf(n, attention.Matrices.AsSpan(h * size, size));
            yield return new(number, h, rows.Entropy / Math.Log(n), rows.OneHot,
                hasFit ? AttentionIndicators.FitOf(n, attention.Logits.AsSpan(h * size, size), before.Cosines).Fit : null);
        }
    }

    private static double[] CloudOf(LayerState state, double beta, CancellationToken stop) =>
    [
        state.MeanCosine, state.StableRank, state.EffectiveRank, SmallestHullPoint.Margin(state.Positions, state.Dimension, stop),
        Clusters.Count(state.Positions, 0, state.Tokens, state.Dimension), EnergyRatio(state.Cosines, beta),
    ];
}
