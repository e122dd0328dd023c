using System.Text;
using Microsoft.ML.Tokenizers;

namespace AttentionFlow.Tests.Encoders;

public sealed class TokenSequenceTests
{
    private static readonly WordPieces Small = new(SmallEncoder.Vocabulary);

    [Test]
    public void ATextIsBetweenTheSpecialTokens()
    {
        TokenSequence tokens = TokenSequence.Of("w3 W1 w1w2, what", 0, new(), Small, 24);
        Assert.That(tokens.Tokens.Select(t => t.Piece.Text), Is.EqualTo(new[] { "[CLS]", "w3", "w1", "[UNK]", "[UNK]", "[UNK]", "[SEP]" }));
        Assert.That(tokens.Tokens.Select(t => (t.Origin, t.Code)), Is.EqualTo(Enumerable.Range(0, 7).Select(i => (i, i))));
        Assert.That(tokens.Tokens.Select(t => t.Kind), Is.EqualTo(new[] { TokenKind.Special }.Concat(Enumerable.Repeat(TokenKind.Text, 5)).Append(TokenKind.Special)));
    }

    /// <summary>The same ids as the library gives with its own special tokens; capitals go, and accents as one letter or as a mark of their own.</summary>
    [TestCaseSource(typeof(TestEncoders), nameof(TestEncoders.Trained))]
    public void TheIdsAreThoseOfTheLibrary(string name)
    {
        const string text = "Cafe\u0301 Unbelievable, HELLO!";
        EncoderFiles files = TestEncoders.Files(name);
        BertTokenizer tokenizer = BertTokenizer.Create(new MemoryStream(files.Vocabulary), new BertOptions { RemoveNonSpacingMarks = true });
        TokenSequence tokens = TestEncoders.Tokens(files, text, new());
        Assert.That(tokens.Tokens.Select(t => t.Piece.Id), Is.EqualTo(tokenizer.EncodeToIds(text)));
        // Rows of the vocabulary of BERT without capitals.
        Assert.That(tokens.Tokens.Select(t => $"{t.Piece.Text} {t.Piece.Id}"), Is.EqualTo(new[] { "[CLS] 101", "cafe 7668", "unbelievable 23653", ", 1010", "hello 7592", "! 999", "[SEP] 102" }));
        Assert.That(TestEncoders.Tokens(files, text.Replace("e\u0301", "\u00e9", StringComparison.Ordinal), new()).Tokens, Is.EqualTo(tokens.Tokens));
        Assert.That(Accents.Without("\u00c9\u00fc\u0159\u1ed9 \u03ac \u0439 \u00df\u00f8"), Is.EqualTo("Euro \u03b1 \u0438 \u00df\u00f8"));
    }

    [Test]
    public void ALongTextIsCutAndSaysSo()
    {
        TokenSequence tokens = TokenSequence.Of(SmallEncoder.Text(30), 0, new(Prompt: "w1 w2"), Small, SmallEncoder.MostTokens);
        Assert.That((tokens.Tokens.Count, tokens.Cut, tokens.Tokens[^1].Piece.Text), Is.EqualTo((24, 10, "[SEP]")));
        Assert.That(() => TokenSequence.Of("w1", 0, new(Prompt: SmallEncoder.Text(22)), Small, SmallEncoder.MostTokens),
            Throws.TypeOf<ConfigurationException>().With.Message.EqualTo("--prompt: its 22 tokens leave none of 24 to the text"));
    }

    [Test]
    public void OnlyTheTextIsShuffled()
    {
        TokenSequence plain = TokenSequence.Of(SmallEncoder.Text(15), 0, new(Prompt: "w9 w8"), Small, 24);
        Interventions shuffle = new(Shuffle: true, Prompt: "w9 w8", Seed: 11);
        TokenSequence shuffled = TokenSequence.Of(SmallEncoder.Text(15), 0, shuffle, Small, 24), other = TokenSequence.Of(SmallEncoder.Text(15), 1, shuffle, Small, 24);
        Assert.That(shuffled.Tokens.Select(t => t.Origin).Order(), Is.EqualTo(Enumerable.Range(0, 19)));
        Assert.That(shuffled.Tokens.Select(t => t.Piece), Is.EqualTo(shuffled.Tokens.Select(t => plain.Tokens[t.Origin].Piece)));
        Assert.That(shuffled.Tokens.Select(t => t.Code), Is.EqualTo(Enumerable.Range(0, 19)), "codes are those of the places");
        Assert.That(shuffled.Tokens.Take(3).Append(shuffled.Tokens[^1]), Is.EqualTo(plain.Tokens.Take(3).Append(plain.Tokens[^1])));
        Assert.That(shuffled.Tokens, Is.EqualTo(TokenSequence.Of(SmallEncoder.Text(15), 0, shuffle, Small, 24).Tokens).And.Not.EqualTo(other.Tokens));
        Assert.That(TokenSequence.Of(SmallEncoder.Text(15), 0, shuffle with { Seed = 12 }, Small, 24).Tokens, Is.Not.EqualTo(shuffled.Tokens));
    }

    [Test]
    public void CodesArePermutedWithinTheTextOrOff()
    {
        TokenSequence permuted = TokenSequence.Of(SmallEncoder.Text(15), 0, new(Positions: PositionalCodes.Permuted, Prompt: "w9"), Small, 24);
        Assert.That(permuted.Tokens.Select(t => t.Code).Order(), Is.EqualTo(Enumerable.Range(0, 18)));
        Assert.That(permuted.Tokens.Select(t => t.Origin), Is.EqualTo(Enumerable.Range(0, 18)));
        Assert.That(permuted.Tokens.Where(t => t.Kind == TokenKind.Text).Count(t => t.Code != t.Origin), Is.GreaterThan(5));
        Assert.That(permuted.Tokens.Where(t => t.Kind != TokenKind.Text), Is.All.Matches<Token>(t => t.Code == t.Origin));
        Assert.That(TokenSequence.Of("w1 w2", 0, new(Positions: PositionalCodes.Off), Small, 24).Tokens.Select(t => t.Code), Is.All.EqualTo(-1));
    }

    /// <summary>All orders of three tokens come up, about as often as each other: 60 times of 360 on average, and never twice that.</summary>
    [Test]
    public void EveryOrderIsAsLikely()
    {
        (int, int, int)[] orders = [.. Enumerable.Range(0, 360).Select(r => TokenSequence.Of("w1 w2 w3", r, new(Shuffle: true), Small, 24).Tokens)
            .Select(t => (t[1].Origin, t[2].Origin, t[3].Origin))];
        Assert.That(orders.CountBy(o => o).Select(o => o.Value), Has.Exactly(6).InRange(30, 120));
    }

    // After the rules of BERT's basic tokenizer, by hand.
    [TestCase("The sun rose\nover the harbour\r\nand\tthe sea.", "the|sun|rose|over|the|harbour|and|the|sea|.")]
    [TestCase("x = y+2 <3; costs $5, £5 -> ~b`", "x|=|y|+|2|<|3|;|costs|$|5|,|£5|-|>|~|b|`")]
    [TestCase("foo_bar zero\u200Bwidth a\u00A0b", "foo|_|bar|zerowidth|a|b")]
    [TestCase("Café CAFE\u0301 Ärger don't “no”—yes", "cafe|cafe|arger|don|'|t|“|no|”|—|yes")]
    [TestCase("☺ \U0001F642 a→b 北京x かな", "☺|\U0001F642|a→b|北|京|x|かな")]
    [TestCase(" \uFFFD\u0001 ", "")]
    public void WordsAreThoseOfBert(string text, string words) =>
        Assert.That(string.Join('|', WordPieces.Words(text, isLower: true)), Is.EqualTo(words));

    [Test]
    public void WhatHasNoPieceIsUnknownAndNotLost()
    {
        WordPieces pieces = new("[UNK]\n[CLS]\n[SEP]\nun\n##able\n$\nable\n"u8.ToArray());
        Assert.That(pieces.Of($"unable $ ☺ able {new string('a', 101)}").Select(p => p.Text), Is.EqualTo(new[] { "un", "##able", "$", "[UNK]", "able", "[UNK]" }));
    }

    [Test]
    public void AVocabularyIsThatOfBert()
    {
        Assert.That(() => new WordPieces("hello\nworld\n"u8.ToArray()), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("the vocabulary has no [CLS]; "));
        WordPieces cased = new(Encoding.UTF8.GetBytes("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nWord\r\nword\r\n"));
        Assert.That(cased.Of("Word word").Select(p => p.Id), Is.EqualTo(new[] { 5, 6 }), "capitals stay where the vocabulary has some");
    }
}
