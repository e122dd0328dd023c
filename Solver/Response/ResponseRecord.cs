using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionFlow.Solver.Runs;

namespace AttentionFlow.Solver.Response;

/// <summary>response.json: members in the order of the file.</summary>
public sealed record ResponseRecord
{
    /// <summary>What was linearized, as it was named.</summary>
    public required string Source { get; init; }

    /// <summary>The replica.</summary>
    public int Replica { get; init; }

    /// <summary>The time of the state from which it began.</summary>
    public double Time { get; init; }

    /// <summary>Whether the state is an equilibrium that was sought from there.</summary>
    public bool IsEquilibrium { get; init; }

    /// <summary>max_i |F_i|.</summary>
    public double Residual { get; init; }

    /// <summary>Unstable modes.</summary>
    public int Index { get; init; }

    /// <summary>False where there may be more of them.</summary>
    public bool IsIndexExact { get; init; } = true;

    /// <summary>Modes of rotation.</summary>
    public int Rotations { get; init; }

    /// <summary>What counts as zero.</summary>
    public double Tolerance { get; init; }

    /// <summary>The number that a branch was followed in; null for no branch.</summary>
    public string? Continued { get; init; }

    /// <summary>Why a branch ended before its end; null where it did not.</summary>
    public string? Advice { get; init; }

    /// <summary>Version of AttentionFlow.</summary>
    public string ProgramVersion { get; init; } = RunRecord.ThisVersion;

    /// <summary>The machine.</summary>
    public HostRecord Host { get; init; } = HostRecord.Here;

    /// <summary>When it ended, UTC.</summary>
    public DateTime End { get; init; } = RunRecord.Now();

    /// <summary>The files this record vouches for.</summary>
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    /// <summary>The text of response.json.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ResponseJson.Readable.ResponseRecord) + "\n";

    /// <summary>Reads response.json.</summary>
    /// <exception cref="IOException">The file cannot be read, or is not such a record.</exception>
    public static ResponseRecord Read(string path) => WholeFile.Guard(path, () =>
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ResponseJson.Readable.ResponseRecord)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException e) { throw new IOException(e.Message, e); }
    });
}

[JsonSerializable(typeof(ResponseRecord))]
internal sealed partial class ResponseJson : JsonSerializerContext
{
    public static ResponseJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
