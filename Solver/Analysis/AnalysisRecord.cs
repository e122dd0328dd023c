using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionFlow.Solver.Observables;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Analysis;

/// <summary>analysis.json: what was analysed, how, and which files that made. Members in the order of the file.</summary>
public sealed record AnalysisRecord
{
    /// <summary>The files that were read, with their SHA-256.</summary>
    public required IReadOnlyList<FileRecord> Sources { get; init; }

    /// <summary>What the trajectory is called.</summary>
    public string? Name { get; init; }

    /// <summary>What the times are called; null for t.</summary>
    public string? TimeName { get; init; }

    /// <summary>Where the sources are, from the folder of the analysis.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Which columns were what; null for their own names.</summary>
    public string? Map { get; init; }

    /// <summary>Whether rows were scaled to length 1.</summary>
    public bool Normalized { get; init; }

    /// <summary>The SHA-256 of experiment.json, whose flow the tokens were taken to follow; null for none.</summary>
    public string? ExperimentSha256 { get; init; }

    /// <summary>How many snapshots there are.</summary>
    public int Snapshots { get; init; }

    /// <summary>The first and the last time.</summary>
    public IReadOnlyList<double> Times { get; init; } = [];

    /// <summary>d.</summary>
    public int Dimension { get; init; }

    /// <summary>The names of replicas, in the order of their numbers; null where they are numbers.</summary>
    public IReadOnlyList<string>? Replicas { get; init; }

    /// <summary>Tokens of all replicas and snapshots together.</summary>
    public long Tokens { get; init; }

    /// <summary>What is to be known of the numbers, a sentence; null for nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>What was not measured, and why.</summary>
    public IReadOnlyDictionary<string, string> LeftOut { get; init; } = new Dictionary<string, string>();

    /// <summary>Warning levels that were crossed.</summary>
    public IReadOnlyList<Alert> Alerts { get; init; } = [];

    /// <summary>When levels that were asked for were first crossed.</summary>
    public IReadOnlyList<CrossingRecord> Crossings { get; init; } = [];

    /// <summary>What would have ended a run, of $.time.until; null where nothing would.</summary>
    public string? Reason { get; init; }

    /// <summary>When.</summary>
    public double? ReasonTime { get; init; }

    /// <summary>beta, fitted to logits; null where it was not asked for.</summary>
    public double? FittedBeta { get; init; }

    /// <summary>The share of the logits' squares that it explains; null where it was not asked for.</summary>
    public double? FittedShare { get; init; }

    /// <summary>Version of AttentionFlow.</summary>
    public string ProgramVersion { get; init; } = RunRecord.ThisVersion;

    /// <summary>A number of the very build of the solver, which differs where its code does.</summary>
    public string Build { get; init; } = RunRecord.ThisBuild;

    /// <summary>The machine.</summary>
    public HostRecord Host { get; init; } = HostRecord.Here;

    /// <summary>When it began, UTC.</summary>
    public DateTime Start { get; init; } = RunRecord.Now();

    /// <summary>Time spent, in seconds.</summary>
    public double WallSeconds { get; init; }

    /// <summary>The files this record vouches for.</summary>
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    /// <summary>The text of analysis.json.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AnalysisJson.Readable.AnalysisRecord) + "\n";

    /// <summary>Reads analysis.json.</summary>
    /// <exception cref="IOException">The file cannot be read, or is not the record of an analysis.</exception>
    public static AnalysisRecord Read(string path) => WholeFile.Guard(path, () =>
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), AnalysisJson.Readable.AnalysisRecord) is { } record
                && record.Files.All(f => f is { Name: not null, Sha256: not null })
                ? record : throw new JsonException("it is not the record of an analysis");
        }
        catch (JsonException e) { throw new IOException(e.Message, e); }
    });
}

/// <summary>When a replica first crossed a level.</summary>
/// <param name="Condition">The level, for example <c>gap_second&lt;0.001</c>.</param>
/// <param name="Replica">The replica.</param>
/// <param name="Time">When, on a straight line between snapshots; null: it did not.</param>
public sealed record CrossingRecord(string Condition, int Replica, double? Time);

[JsonSerializable(typeof(AnalysisRecord))]
internal sealed partial class AnalysisJson : JsonSerializerContext
{
    public static AnalysisJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
