namespace AttentionFlow.Encoders.Models;

/// <summary>What a token is there for.</summary>
internal enum TokenKind
{
    /// <summary>[CLS] or [SEP].</summary>
    Special,
    /// <summary>It is of the prompt.</summary>
    Prompt,
    /// <summary>It is of the text.</summary>
    Text,
}

/// <summary>A token as the encoder is given it; its position is its index.</summary>
/// <param name="Piece">The word piece.</param>
/// <param name="Kind">What it is there for.</param>
/// <param name="Origin">The position it would have without a shuffle.</param>
/// <param name="Code">The position whose code it has; -1 for none.</param>
internal readonly record struct Token(WordPiece Piece, TokenKind Kind, int Origin, int Code);

/// <summary>The tokens of one text: [CLS], the prompt, the text, [SEP].</summary>
/// <param name="Tokens">In the order of their positions.</param>
/// <param name="Cut">How many tokens the text lost because it is too long.</param>
internal sealed record TokenSequence(IReadOnlyList<Token> Tokens, int Cut = 0)
{
    /// <summary>The tokens of a text under these interventions.</summary>
    /// <param name="text">The text.</param>
    /// <param name="replica">Its number, one of the arguments of its random order.</param>
    /// <param name="interventions">Shuffle, positional codes and prompt are looked at.</param>
    /// <param name="pieces">The vocabulary.</param>
    /// <param name="most">How many tokens the encoder takes at most.</param>
    /// <exception cref="ConfigurationException">The prompt leaves the text no room.</exception>
    public static TokenSequence Of(string text, int replica, Interventions interventions, WordPieces pieces, int most) =>
        Of(pieces.Of(text), replica, interventions, pieces, most);

    /// <summary>The same of a text that is cut into its word pieces.</summary>
    /// <inheritdoc cref="Of(string, int, Interventions, WordPieces, int)"/>
    public static TokenSequence Of(
        IReadOnlyList<WordPiece> all, int replica, Interventions interventions, WordPieces pieces, int most)
    {
        IReadOnlyList<WordPiece> prompt = interventions.Prompt is { } before ? pieces.Of(before) : [];
        int room = most - prompt.Count - 2, count = Math.Min(all.Count, room), first = 1 + prompt.Count;
        if (room < 1) throw new ConfigurationException($"--prompt: its {prompt.Count} tokens leave none of {most} to the text");
        int[] order = interventions.Shuffle ? Order(RandomPurpose.TokenOrder) : Identity();
        int[] codes = interventions.Positions == PositionalCodes.Permuted ? Order(RandomPurpose.CodeOrder) : Identity();
        bool isOff = interventions.Positions == PositionalCodes.Off;
        return new(
        [
            Fixed(pieces.Begin, TokenKind.Special, 0),
            .. prompt.Select((piece, i) => Fixed(piece, TokenKind.Prompt, 1 + i)),
            .. order.Select((from, i) => new Token(all[from], TokenKind.Text, first + from, isOff ? -1 : first + codes[i])),
            Fixed(pieces.End, TokenKind.Special, first + count),
        ], all.Count - count);

        Token Fixed(WordPiece piece, TokenKind kind, int position) => new(piece, kind, position, isOff ? -1 : position);

        int[] Identity() => [.. Enumerable.Range(0, count)];

        // Fisher and Yates.
        int[] Order(RandomPurpose purpose)
        {
            int[] drawn = Identity();
            RandomStream stream = new(interventions.Seed, purpose, replica, 0);
            for (int i = count - 1; i > 0; i--)
            {
                int j = (int)(stream.Uniform() * (i + 1));
                (drawn[i], drawn[j]) = (drawn[j], drawn[i]);
            }
            return drawn;
        }
    }
}
