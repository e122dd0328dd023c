using System.Text;
using Microsoft.ML.Tokenizers;

namespace AttentionFlow.Encoders.Models;

/// <summary>A piece of a word.</summary>
/// <param name="Id">Its row in the vocabulary.</param>
/// <param name="Text">What stands there.</param>
internal readonly record struct WordPiece(int Id, string Text);

/// <summary>
/// Cuts texts into the word pieces of a vocabulary, as BERT does: into words (<see cref="Words"/>), and these, by the library, into the
/// longest
/// pieces there are, from the left. A vocabulary without capitals is one of lower case.
/// </summary>
/// <remarks>The library's own way into words deletes line breaks, tabs and many symbols.</remarks>
internal sealed class WordPieces
{
    private const string First = "[CLS]", Last = "[SEP]", Unknown = "[UNK]";
    private const int LongestWord = 100;

    private readonly WordPieceTokenizer _tokenizer;
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
        _tokenizer = WordPieceTokenizer.Create(new MemoryStream(vocabulary), new WordPieceOptions
        {
            UnknownToken = Unknown, ContinuingSubwordPrefix = "##", MaxInputCharsPerWord = LongestWord,
        });
        Begin = new(Array.IndexOf(pieces, First), First);
        End = new(Array.IndexOf(pieces, Last), Last);
    }

    /// <summary>[CLS].</summary>
    public WordPiece Begin { get; }

    /// <summary>[SEP].</summary>
    public WordPiece End { get; }

    /// <summary>The pieces of a text, without [CLS] and [SEP].</summary>
    public IReadOnlyList<WordPiece> Of(string text) =>
    [
        .. Words(text, _isLower).SelectMany(word => _tokenizer.EncodeToTokens(word, out _, considerPreTokenization: false,
            considerNormalization: false).Select(token => new WordPiece(token.Id, token.Value))),
    ];

    /// <summary>
    /// The words of a text as BERT's basic tokenizer finds them: white space separates; punctuation, every ASCII sign that is no letter or
    /// digit, and Chinese characters are words by themselves; control and format characters are left out.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="isLower">Whether letters become lower case and lose their accents.</param>
    public static IReadOnlyList<string> Words(string text, bool isLower)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (Rune given in (isLower ? Accents.Without(text) : text).EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(given);
            bool isBreak = given.Value is '\t' or '\n' or '\r' || category == UnicodeCategory.SpaceSeparator;
            if (!isBreak && (IsLeftOut(given, category) || (isLower && category == UnicodeCategory.NonSpacingMark))) continue;
            bool isAlone = !isBreak && (IsPunctuation(given, category) || IsChinese(given.Value));
            if (isBreak || isAlone) End();
            if (isBreak) continue;
            word.Append(isLower ? Rune.ToLowerInvariant(given) : given);
            if (isAlone) End();
        }
        End();
        return words;

        void End()
        {
            if (word.Length > 0) words.Add(word.ToString());
            word.Clear();
        }
    }

    private static bool IsLeftOut(Rune rune, UnicodeCategory category) => rune.Value == 0xFFFD || category is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool IsPunctuation(Rune rune, UnicodeCategory category) =>
        (rune.IsAscii && rune.Value > ' ' && !Rune.IsLetterOrDigit(rune)) || category is UnicodeCategory.ConnectorPunctuation
            or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    // The blocks of CJK ideographs that BERT names; not kana, nor hangul.
    private static bool IsChinese(int value) => value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
