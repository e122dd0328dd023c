using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionFlow.Experiments.Pages;

namespace AttentionFlow.Experiments.Reports;

/// <summary>A run, read back from its folder.</summary>
/// <param name="Name">Of the folder.</param>
/// <param name="Folder">Where it is.</param>
/// <param name="Record">run.json.</param>
/// <param name="Experiment">experiment.json.</param>
/// <param name="Observed">Its observables.</param>
/// <param name="Seen">Its tokens.</param>
internal sealed record ReportedRun(
    string Name, string Folder, RunRecord Record, Experiment Experiment, Observed Observed, SeenTrajectory Seen)
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // The title stands above; the others are filled in by the run, whoever asked.
    private static readonly string[] Resolved = ["title", "device", "summation", "tolerance", "time.tolerance"];

    /// <summary>The title of its experiment, or its name.</summary>
    public string Title => Experiment.Title.Length > 0 ? Experiment.Title : Name;

    /// <summary>Reads runs that are to be shown together.</summary>
    /// <exception cref="ConfigurationException">A folder is not that of a run, or the run has not ended.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IReadOnlyList<ReportedRun> Read(IReadOnlyList<string> folders, CancellationToken stop)
    {
        string[] names = Names(folders);
        ReportedRun[] runs = [.. folders.Select((folder, i) => Read(folder, names[i], folders.Count, stop))];
        ILookup<string, ReportedRun> titles = runs.ToLookup(r => r.Title);
        return [.. runs.Select(r => titles[r.Title].Count() == 1 ? r
            : r with { Seen = r.Seen with { Source = r.Seen.Source with { Title = $"{r.Title} ({r.Name})" } } })];
    }

    /// <summary>The keys of an experiment, <c>interaction.beta</c>, and their values as text.</summary>
    public IReadOnlyDictionary<string, string> Settings() => Keys(ExperimentReader.Write(Experiment));

    /// <summary>The keys whose values are not the defaults, and their values.</summary>
    public IEnumerable<KeyValuePair<string, string>> OwnSettings()
    {
        IReadOnlyDictionary<string, string> defaults = Keys(ExperimentReader.Write(new Experiment()));
        return Settings().Where(s => !Resolved.Contains(s.Key) && defaults.GetValueOrDefault(s.Key) != s.Value);
    }

    private static ReportedRun Read(string folder, string name, int of, CancellationToken stop)
    {
        string run = Path.Combine(folder, RunFolder.RunFile), observables = Path.Combine(folder, RunFolder.ObservablesFile);
        if (!File.Exists(run))
            throw new ConfigurationException($"{folder}: " + (Directory.Exists(folder)
                ? "this is not the folder of a run, a sweep or an analysis." : "there is no such folder."));
        RunRecord record = RunRecord.Read(run);
        if (record.Status == RunStatus.Running || !File.Exists(observables))
            throw new ConfigurationException($"{folder}: the run is under way, or was killed: 'run --resume' ends it.");
        Experiment experiment = ExperimentReader.Read(Path.Combine(folder, RunFolder.ExperimentFile), []);
        Observed observed = new(name, MeanTable.Read(observables)) { Predicted = Predictions.Of(experiment), Alerts = record.Alerts };
        return new ReportedRun(name, folder, record, experiment, observed,
            SeenTrajectory.Read(TrajectorySource.OfFolder(folder), of, stop));
    }

    // As short as tells them apart.
    private static string[] Names(IReadOnlyList<string> folders)
    {
        string[] full = [.. folders.Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f)))];
        for (int parts = 1; ; parts++)
        {
            string[] names = [.. full.Select(f => string.Join('/', f.Split(Path.DirectorySeparatorChar).TakeLast(parts)))];
            if (names.Distinct().Count() == full.Distinct().Count()) return names;
        }
    }

    private static Dictionary<string, string> Keys(string experiment)
    {
        Dictionary<string, string> keys = [];
        Walk(JsonNode.Parse(experiment), "");
        return keys;

        // What has a kind is one value.
        void Walk(JsonNode? node, string path)
        {
            if (node is JsonObject section && (path.Length == 0 || !section.ContainsKey("kind")))
                foreach ((string key, JsonNode? value) in section) Walk(value, path.Length == 0 ? key : $"{path}.{key}");
            else keys[path] = node?.ToJsonString(Compact) ?? "null";
        }
    }
}
