using System.Collections.Concurrent;
using AttentionFlow.Tests.Docs;

namespace AttentionFlow.Tests.Encoders;

/// <summary>The encoders that tests run: a small one, and the trained ones where their packages are.</summary>
internal static class TestEncoders
{
    public const string Small = "small";

    public static readonly string[] Trained = ["minilm", "arctic-xs"], All = [Small, .. Trained];

    private static readonly ConcurrentDictionary<string, Lazy<EncoderFiles>> Found = [];
    private static readonly ConcurrentDictionary<string, Lazy<EncoderLayer[]>> Seen = [];

    /// <summary>The files of an encoder; skips the test where there are none.</summary>
    public static EncoderFiles Files(string name)
    {
        if (name != Small && EncoderFiles.WhyAbsent(name) is { } why) Requirement.Absent(why, "encoders");
        return Found.GetOrAdd(name, new Lazy<EncoderFiles>(() => name == Small ? new SmallEncoder().Files : EncoderFiles.Find(name))).Value;
    }

    /// <summary>All layers of its text without interventions.</summary>
    public static EncoderLayer[] Plain(string name) => Seen.GetOrAdd(name, new Lazy<EncoderLayer[]>(() => Layers(Files(name), new(), Tokens(Files(name), Text(name), new())))).Value;

    /// <summary>A text that the encoder knows the words of.</summary>
    public static string Text(string name) => name == Small ? SmallEncoder.Text(14)
        : "The sun rose over the quiet harbour, and old fishermen began to mend their nets while gulls circled above the boats.";

    /// <summary>All layers of a text; none is lost when the encoder is.</summary>
    public static EncoderLayer[] Layers(EncoderFiles files, Interventions interventions, TokenSequence tokens, int threads = 2)
    {
        using Encoder encoder = new(files, interventions, threads);
        return [.. encoder.Run(tokens)];
    }

    public static TokenSequence Tokens(EncoderFiles files, string text, Interventions interventions, int most = 512) =>
        TokenSequence.Of(text, 0, interventions, new WordPieces(files.Vocabulary), most);
}
