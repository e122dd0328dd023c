using System.Text;
using Microsoft.ML.Tokenizers;

namespace AttentionFlow.Encoders.Models;

/// <summary>A piece of a word.</summary>
/// <param name="Id">Its row in the vocabulary.</param>
/// <param name="Text">What stands there.</param>
internal readonly record struct WordPiece(int Id, string Text);

/// <summary>Cuts texts into the word pieces of a vocabulary, as BERT does. A vocabulary without capitals is one of lower case.</summary>
internal sealed class WordPieces
{
    private const string First = "[CLS]", Last = "[SEP]", Unknown = "[UNK]";

    private readonly BertTokenizer _tokenizer;
    private readonly bool _isLower;

    /// <summary>Reads a vocabulary.</summary>
    /// <exception cref="ConfigurationException">It lacks [CLS], [SEP] or [UNK].</exception>
    public WordPieces(byte[] vocabulary)
    {
        string[] pieces = Encoding.UTF8.GetString(vocabulary).Split('\n');
        for (int i = 0; i < pieces.Length; i++) pieces[i] = pieces[i].TrimEnd('\r');
        if (Array.Find([First, Last, Unknown], name => !pieces.Contains(name)) is { } missing)
            throw new ConfigurationException($"the vocabulary has no {missing}; it is to be a vocab.txt of BERT, one piece a line");
        _isLower = !pieces.Any(piece => !piece.StartsWith('[') && piece.Any(char.IsAsciiLetterUpper));
        _tokenizer = BertTokenizer.Create(new MemoryStream(vocabulary), new BertOptions
        {
            LowerCaseBeforeTokenization = _isLower, RemoveNonSpacingMarks = _isLower,
        });
        Begin = new(_tokenizer.ClassificationTokenId, First);
        End = new(_tokenizer.SeparatorTokenId, Last);
    }

    /// <summary>[CLS].</summary>
    public WordPiece Begin { get; }

    /// <summary>[SEP].</summary>
    public WordPiece End { get; }

    /// <summary>The pieces of a text, without [CLS] and [SEP].</summary>
    public IReadOnlyList<WordPiece> Of(string text) =>
        [.. _tokenizer.EncodeToTokens(_isLower ? Accents.Without(text) : text, out _)
            .Select(token => new WordPiece(token.Id, token.Value))];
}
