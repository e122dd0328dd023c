namespace AttentionFlow.Encoders.Studies;

/// <summary>How much the study measures.</summary>
/// <param name="Models">Names of encoders.</param>
/// <param name="Texts">How many excerpts, at least 3.</param>
/// <param name="Lengths">Tokens of a text, rising, [CLS] and [SEP] among them.</param>
/// <param name="Length">One of them, for codes and the flow.</param>
/// <param name="FlowTexts">How many texts the flow starts from.</param>
/// <param name="Horizon">Time to which it is followed.</param>
internal sealed record EncoderSizes(
    IReadOnlyList<string> Models, int Texts, IReadOnlyList<int> Lengths, int Length, int FlowTexts, double Horizon = 8)
{
    public static EncoderSizes Full { get; } = new(["minilm", "arctic-xs"], 40, [16, 32, 64, 128, 256, 512], 128, 16);
    public static EncoderSizes Quick { get; } = new(["minilm", "arctic-xs"], 10, [16, 32, 64, 128], 64, 4);

    /// <summary>
    /// Work of all texts of a length under one variant, in pairs; what is linear in the tokens counts as the pairs of 512.
    /// </summary>
    public double Pairs(int length) => (double)Texts * length * (length + 512);

    /// <summary>Work of all.</summary>
    public double AllPairs => Models.Count
        * (Variant.ByLength.Count * Lengths.Sum(Pairs) + Variant.OfCodes.Count * Pairs(Length) + Parts * Pairs(Lengths[0]));

    /// <summary>How many parts of the shortest length the longest text has.</summary>
    public int Parts => Lengths[^1] / Lengths[0];
}
