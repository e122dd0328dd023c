using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Encoders;

/// <summary>The encoders that tests run: a small one, and the trained ones where their packages are.</summary>
internal static class TestEncoders
{
    public const string Small = "small";

    public static readonly string[] Trained = ["minilm", "arctic-xs"], All = [Small, .. Trained];

    /// <summary>The files of an encoder; skips the test where there are none.</summary>
    public static EncoderFiles Files(string name)
    {
        if (name == Small) return new SmallEncoder().Files;
        if (EncoderFiles.WhyAbsent(name) is { } why) Requirement.Absent(why, "encoders");
        return EncoderFiles.Find(name);
    }

    /// <summary>A text that the encoder knows the words of.</summary>
    public static string Text(string name) => name == Small ? SmallEncoder.Text(14)
        : "The sun rose over the quiet harbour, and old fishermen began to mend their nets while gulls circled above the boats.";

    /// <summary>All layers of a text; the attention is copied, so they may be looked at later.</summary>
    public static EncoderLayer[] Layers(EncoderFiles files, Interventions interventions, TokenSequence tokens, int threads = 2)
    {
        using Encoder encoder = new(files, interventions, threads);
        return [.. encoder.Run(tokens)];
    }

    public static TokenSequence Tokens(EncoderFiles files, string text, Interventions interventions, int most = 512) =>
        TokenSequence.Of(text, 0, interventions, new WordPieces(files.Vocabulary), most);
}
