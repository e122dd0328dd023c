using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AttentionFlow.Kernels.Devices;
using AttentionFlow.Solver.Motion;
using AttentionFlow.Solver.Observables;
using CsvHelper;

namespace AttentionFlow.Solver.Runs;

/// <summary>The machine, in words that name nobody.</summary>
/// <param name="Os">Operating system and version.</param>
/// <param name="Architecture">Of the processor.</param>
/// <param name="VectorBits">Widest vectors the pair sums can use here.</param>
public sealed record HostRecord(string Os, string Architecture, int VectorBits)
{
    internal static HostRecord Here => new(
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
        DeviceCatalog.WidestVectorBits);
}

/// <summary>How the pairs of a run were summed.</summary>
/// <param name="Method">direct, harmonic, coalesced, hardmax, or several of them, as in "direct and coalesced".</param>
/// <param name="Tolerance">Error allowed relative to Z_i.</param>
public sealed record SummationRecord(string Method, double? Tolerance = null)
{
    /// <summary>Evaluations by method.</summary>
    public EvaluationCounts? Evaluations { get; init; }

    /// <summary>Highest degree of the harmonics used.</summary>
    public int? Order { get; init; }

    /// <summary>Cells at the last evaluation that had any, of the replica that had the most.</summary>
    public int? Cells { get; init; }

    /// <summary>Largest bound on the error relative to Z_i.</summary>
    public double? ErrorBound { get; init; }

    /// <summary>Rows of harmonic sums summed directly all the same, because no order serves them.</summary>
    public long? RowsRedone { get; init; }

    /// <summary>The record of a run's sums, which chose their method where there is a tolerance.</summary>
    /// <param name="sums">What the device summed.</param>
    /// <param name="hard">Evaluations under hardmax, which no device sums.</param>
    /// <param name="tolerance">Null where sums were chosen to be direct.</param>
    internal static SummationRecord Of(SumStatistics sums, long hard, double? tolerance)
    {
        (long direct, long harmonic, long coalesced) = (sums[SumMethod.Direct], sums[SumMethod.Harmonic], sums[SumMethod.Coalesced]);
        (string Name, long Evaluations)[] methods =
            [("hardmax", hard), ("direct", direct), ("harmonic", harmonic), ("coalesced", coalesced)];
        string method = string.Join(" and ", methods.Where(m => m.Evaluations > 0).Select(m => m.Name));
        return tolerance is null ? new SummationRecord(method) : new SummationRecord(method, tolerance)
        {
            Evaluations = new(direct, harmonic, coalesced) { Hardmax = hard > 0 ? hard : null },
            Order = harmonic > 0 ? sums.Order : null,
            Cells = coalesced > 0 ? sums.Cells : null,
            ErrorBound = sums.ErrorBound > 0 ? sums.ErrorBound : null,
            RowsRedone = harmonic > 0 ? sums.RowsRedone : null,
        };
    }
}

/// <summary>Evaluations by method, all that a run asked for; one that treats replicas differently counts under each method.</summary>
/// <param name="Direct">Pair by pair.</param>
/// <param name="Harmonic">By harmonics.</param>
/// <param name="Coalesced">Over cells.</param>
public sealed record EvaluationCounts(long Direct, long Harmonic, long Coalesced)
{
    /// <summary>Under hardmax; null for none.</summary>
    public long? Hardmax { get; init; }
}

/// <summary>run.json: where the numbers of a run come from, and which files they are. Members in the order of the file.</summary>
public sealed record RunRecord
{
    /// <summary>How far it got.</summary>
    public RunStatus Status { get; init; }

    /// <summary>What to do about a status other than complete, in a sentence or two.</summary>
    public string? Advice { get; init; }

    /// <summary>Version of AttentionFlow.</summary>
    public string ProgramVersion { get; init; } = ThisVersion;

    /// <summary>A number of the very build of the solver, which differs where its code does.</summary>
    public string Build { get; init; } = ThisBuild;

    /// <summary>SHA-256 of experiment.json; set by <see cref="RunFolder.Start"/>.</summary>
    public string ExperimentSha256 { get; init; } = "";

    /// <summary>SHA-256 of experiment.json, now and of the pieces before: what a checkpoint may be of.</summary>
    [JsonIgnore]
    public IEnumerable<string> Experiments => [ExperimentSha256, .. (Pieces ?? []).Select(p => p.ExperimentSha256)];

    /// <summary>Seed of all randomness.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The device that was resolved, never 'auto'.</summary>
    public required string Device { get; init; }

    /// <summary>Arithmetic of the pair sums: single or double.</summary>
    public required string Precision { get; init; }

    /// <summary>What a time of 1 is: collapse for e^{-beta}; null for the time of the flow as it stands.</summary>
    public string? TimeUnit { get; init; }

    /// <summary>How pairs were summed; null while it runs.</summary>
    public SummationRecord? Summation { get; init; }

    /// <summary>Threads of the pair sums. The numbers do not depend on it.</summary>
    public int? Threads { get; init; }

    /// <summary>Assembly name to version.</summary>
    public IReadOnlyDictionary<string, string> PackageVersions { get; init; } = Versions();

    /// <summary>The version of .NET among them.</summary>
    [JsonIgnore]
    public string DotnetVersion => PackageVersions.GetValueOrDefault(".NET", "");

    /// <summary>The machine.</summary>
    public HostRecord Host { get; init; } = HostRecord.Here;

    /// <summary>Number of the process that runs it; null when it has ended.</summary>
    public int? Process { get; init; }

    /// <summary>The pieces before this one, of a run that was interrupted; null for none.</summary>
    public IReadOnlyList<RunPiece>? Pieces { get; init; }

    /// <summary>When the run began, or its last piece did, UTC.</summary>
    public DateTime Start { get; init; } = Now();

    /// <summary>When it ended, UTC; null while it runs. Set by <see cref="RunFolder.Finish"/> where it is null.</summary>
    public DateTime? End { get; init; }

    /// <summary>Time spent, in seconds, on all pieces together.</summary>
    public double WallSeconds { get; init; }

    /// <summary>Time t the flow reached.</summary>
    public double TimeReached { get; init; }

    /// <summary>What ended the run before its horizon, of $.time.until; null when the horizon did.</summary>
    public string? Reason { get; init; }

    /// <summary>Steps taken, by the replica that took most.</summary>
    public long Steps { get; init; }

    /// <summary>Steps that were refused and taken again shorter, of the same replica.</summary>
    public long RejectedSteps { get; init; }

    /// <summary>Evaluations of the drift of all replicas for the motion; one of some replicas counts as their share.</summary>
    public double Evaluations { get; init; }

    /// <summary>Evaluations of the drift that only observables needed, at recording times between steps.</summary>
    public double ObservationEvaluations { get; init; }

    /// <summary>Warning levels that were crossed, in the order of time, the time step first.</summary>
    public IReadOnlyList<Alert> Alerts { get; init; } = [];

    /// <summary>The files this record vouches for; while it runs, the experiment and the copies of what it reads.</summary>
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    /// <summary>The text of run.json.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, OutputJson.Readable.RunRecord) + "\n";

    /// <summary>Reads run.json.</summary>
    /// <exception cref="IOException">The file cannot be read, or is not a run.json.</exception>
    public static RunRecord Read(string path) => WholeFile.Guard(path, () =>
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), OutputJson.Readable.RunRecord) is { } record
                && record.Files.All(f => f is { Name: not null, Sha256: not null }) && !record.Alerts.Contains(null!)
                ? record : throw new JsonException("it is not the record of a run");
        }
        catch (JsonException e) { throw new IOException(e.Message, e); }
    });

    internal static DateTime Now() => DateTime.UnixEpoch.AddMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    internal static SortedDictionary<string, string> Versions()
    {
        SortedDictionary<string, string> versions = new(StringComparer.Ordinal) { [".NET"] = Environment.Version.ToString() };
        Assembly[] always =
        [
            typeof(RunRecord).Assembly, typeof(PairProblem).Assembly, typeof(CsvWriter).Assembly, typeof(Parquet.ParquetWriter).Assembly,
            typeof(MathNet.Numerics.Constants).Assembly,
        ];
        foreach (Assembly assembly in always.Concat(AppDomain.CurrentDomain.GetAssemblies().Where(IsOurs)))
            versions[assembly.GetName().Name!] = VersionOf(assembly);
        return versions;

        static bool IsOurs(Assembly assembly) =>
            assembly.GetName().Name is "attentionflow" or "ILGPU" or "ILGPU.Algorithms";
    }

    internal static string ThisVersion { get; } = VersionOf(typeof(RunRecord).Assembly);

    internal static string ThisBuild { get; } = string.Join('-', new[] { typeof(PairProblem), typeof(RunRecord) }
        .Select(type => type.Module.ModuleVersionId.ToString("N")[..8]));

    internal static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? assembly.GetName().Version?.ToString() ?? "unknown";
}

/// <summary>A piece of a run that was interrupted: what one process did of it.</summary>
/// <param name="ExperimentSha256">SHA-256 of its experiment.json; that of the run differs where its horizon was moved.</param>
/// <param name="Start">When it began, UTC.</param>
/// <param name="End">When it ended, UTC; null where it was killed.</param>
/// <param name="TimeReached">The time of the flow at which the next piece went on.</param>
/// <param name="Threads">Threads of the pair sums.</param>
/// <param name="WallSeconds">Time spent until then by all pieces; where it was killed, until its last checkpoint.</param>
/// <param name="ProgramVersion">Version of AttentionFlow.</param>
/// <param name="Host">The machine.</param>
public sealed record RunPiece(string ExperimentSha256, DateTime Start, DateTime? End, double TimeReached, int? Threads, double WallSeconds,
    string ProgramVersion, HostRecord Host);

[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(FileRecord))]
[JsonSerializable(typeof(CheckpointHeader))]
internal sealed partial class OutputJson : JsonSerializerContext
{
    public static OutputJson Compact { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static OutputJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true, NewLine = "\n", RespectNullableAnnotations = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
