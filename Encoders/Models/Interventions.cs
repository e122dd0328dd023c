namespace AttentionFlow.Encoders.Models;

/// <summary>What becomes of the positional code.</summary>
internal enum PositionalCodes
{
    /// <summary>Token i has code i.</summary>
    Kept,
    /// <summary>No token has a code: zeros in its place.</summary>
    Off,
    /// <summary>The tokens of the text have each other's codes.</summary>
    Permuted,
}

/// <summary>How a trace departs from the encoder as it was trained.</summary>
/// <param name="Temperature">tau > 0: the softmax of every attention sees logits/tau; null for the encoder's own.</param>
/// <param name="Shuffle">Whether the tokens of a text are given in another order.</param>
/// <param name="Positions">The positional code.</param>
/// <param name="Prompt">A text before every text; null for none.</param>
/// <param name="Repeat">How often the layers are gone through, at least 1.</param>
/// <param name="Seed">Seed of the two orders.</param>
internal sealed record Interventions(double? Temperature = null, bool Shuffle = false, PositionalCodes Positions = PositionalCodes.Kept,
    string? Prompt = null, int Repeat = 1, ulong Seed = 0);
