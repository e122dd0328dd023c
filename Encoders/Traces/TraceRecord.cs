using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionFlow.Encoders.Models;

namespace AttentionFlow.Encoders.Traces;

/// <summary>An encoder as trace.json names it.</summary>
/// <param name="Name">minilm, arctic-xs, or the name of the file.</param>
/// <param name="Sha256">Of the bytes of the model.</param>
/// <param name="VocabularySha256">Of the bytes of the vocabulary.</param>
/// <param name="Layers">Layers of attention, without repetitions.</param>
/// <param name="Width">Dimension of a hidden state.</param>
internal sealed record TracedEncoder(string Name, string Sha256, string VocabularySha256, int Layers, int Width);

/// <summary>A text as trace.json names it.</summary>
/// <param name="Replica">Its number.</param>
/// <param name="File">Name of its file; null for a text of the command line.</param>
/// <param name="Sha256">Of its characters in UTF-8.</param>
/// <param name="Tokens">How many tokens the encoder was given, [CLS], [SEP] and the prompt among them.</param>
/// <param name="Cut">How many tokens at its end were left out.</param>
internal sealed record TracedText(int Replica, string? File, string Sha256, int Tokens, int Cut);

/// <summary>trace.json: where the numbers of a trace come from, and which files they are. Members in the order of the file.</summary>
internal sealed record TraceRecord
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Version of AttentionFlow.</summary>
    public string ProgramVersion { get; init; } = RunRecord.VersionOf(typeof(RunRecord).Assembly);

    /// <summary>The encoder.</summary>
    public required TracedEncoder Encoder { get; init; }

    /// <summary>How the trace departs from the encoder as it was trained.</summary>
    public required Interventions Interventions { get; init; }

    /// <summary>How many directions the embeddings were disturbed along; null for none.</summary>
    public int? Gradient { get; init; }

    /// <summary>Threads of ONNX Runtime.</summary>
    public required int Threads { get; init; }

    /// <summary>Assembly name to version.</summary>
    public SortedDictionary<string, string> PackageVersions { get; init; } = Versions();

    /// <summary>The machine.</summary>
    public HostRecord Host { get; init; } = HostRecord.Here;

    /// <summary>Number of the process that writes the folder; null when it has ended.</summary>
    public int? Process { get; init; }

    /// <summary>When it began, UTC.</summary>
    public DateTime Start { get; init; } = RunRecord.Now();

    /// <summary>When it ended, UTC; null while it is under way.</summary>
    public DateTime? End { get; init; }

    /// <summary>The texts, one a replica.</summary>
    public IReadOnlyList<TracedText> Texts { get; init; } = [];

    /// <summary>The files this record vouches for.</summary>
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    /// <summary>The text of trace.json.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Reads trace.json; null where there is none, or one that is not of a trace.</summary>
    public static TraceRecord? Earlier(string path)
    {
        try
        {
            return File.Exists(path) && JsonSerializer.Deserialize<TraceRecord>(File.ReadAllText(path), Options) is { } record
                && record.Files.All(f => f is { Name: not null, Sha256: not null }) ? record : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static SortedDictionary<string, string> Versions()
    {
        SortedDictionary<string, string> versions = RunRecord.Versions();
        versions["ONNX Runtime"] = Models.Encoder.RuntimeVersion;
        Type[] libraries = [typeof(Microsoft.ML.OnnxRuntime.OrtEnv), typeof(Microsoft.ML.Tokenizers.Tokenizer)];
        foreach (Assembly assembly in libraries.Select(type => type.Assembly))
            versions[assembly.GetName().Name!] = RunRecord.VersionOf(assembly);
        return versions;
    }
}
