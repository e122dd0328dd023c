using System.Text.Json;
using AttentionFlow.Experiments.Pages;
using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Sweeps;
using AttentionFlow.Solver.Trajectories;

namespace AttentionFlow.Experiments.Reports;

/// <summary>
/// Writes report.html, and beside it trajectory.html, from files alone. They are in no list of files: a page of ours may be replaced at any
/// time, and nothing else is.
/// </summary>
internal static class ReportFiles
{
    /// <summary>The name of the report.</summary>
    public const string Report = "report.html";

    // More takes longer to read again than the pages are worth.
    private const long MostSourceBytes = 500_000_000;

    /// <summary>Whether a folder is that of a sweep.</summary>
    public static bool IsSweep(string folder) => File.Exists(Path.Combine(folder, SweepFolder.PointsFile));

    /// <summary>Whether a folder is that of an analysis.</summary>
    public static bool IsAnalysis(string folder) => File.Exists(Path.Combine(folder, AnalysisFolder.RecordFile));

    /// <summary>Writes the pages of one run, or of several side by side.</summary>
    /// <param name="folders">Their folders.</param>
    /// <param name="target">The folder to write into.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <returns>The names of the pages.</returns>
    /// <exception cref="ConfigurationException">A folder is not that of a run that has ended.</exception>
    /// <exception cref="FolderNotEmptyException">A file is in the way.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static IReadOnlyList<string> OfRuns(IReadOnlyList<string> folders, string target, CancellationToken stop)
    {
        string report = Path.Combine(target, Report), trajectory = Path.Combine(target, TrajectoryPage.File);
        PageFile.Check(report);
        PageFile.Check(trajectory);
        IReadOnlyList<ReportedRun> runs = ReportedRun.Read(folders, stop);
        bool hasTokens = runs.All(r => r.Seen.Tokens.Snapshots.Count > 0);
        Directory.CreateDirectory(target);
        string? beside = hasTokens ? TrajectoryPage.File : null;
        WholeFile.WriteText(report, runs.Count == 1 ? RunReport.Html(runs[0], target, beside) : RunReport.Html(runs, target, beside));
        if (!hasTokens) return [Report];
        TrajectoryPage.Write(trajectory, [.. runs.Select(r => r.Seen)], TrajectoryPage.MostBytes, stop);
        return [Report, TrajectoryPage.File];
    }

    /// <summary>Removes the pages of a run, which are of an earlier one.</summary>
    public static void Remove(string folder)
    {
        PageFile.Remove(Path.Combine(folder, Report));
        PageFile.Remove(Path.Combine(folder, TrajectoryPage.File));
    }

    /// <summary>Writes the page of a sweep into its folder, or another one.</summary>
    /// <inheritdoc cref="OfRuns"/>
    public static IReadOnlyList<string> OfSweep(string folder, string target, CancellationToken stop)
    {
        PageFile.Check(Path.Combine(target, Report));
        string path = Path.Combine(folder, SweepFolder.SweepFile);
        string? title = WholeFile.Guard(path, () =>
        {
            using JsonDocument sweep = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
            });
            return sweep.RootElement.TryGetProperty("title", out JsonElement text) ? text.GetString() : null;
        });
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        Directory.CreateDirectory(target);
        WholeFile.WriteText(Path.Combine(target, Report), SweepReport.Html(folder, title is { Length: > 0 } ? title : name, target, stop));
        return [Report];
    }

    /// <summary>Writes the page of an analysis again, and its hash into analysis.json.</summary>
    /// <inheritdoc cref="OfRuns"/>
    public static IReadOnlyList<string> OfAnalysis(string folder, CancellationToken stop)
    {
        using FolderLock held = FolderLock.Take(folder, AnalysisFolder.RecordFile);
        string path = Path.Combine(folder, AnalysisFolder.RecordFile), report = Path.Combine(folder, Report);
        PageFile.Check(report);
        AnalysisRecord record = AnalysisRecord.Read(path);
        string experiment = Path.Combine(folder, RunFolder.ExperimentFile);
        Experiment? flow = File.Exists(experiment) ? ExperimentReader.Read(experiment, []) : null;
        SeenTrajectory? seen = TokensOf(folder, record, flow, stop);
        FileRecord page = WholeFile.WriteText(report, AnalysisReport.Html(folder, record, seen));
        WholeFile.WriteText(path, (record with { Files = [.. record.Files.Where(f => f.Name != Report), page] }).ToJson());
        return seen is null ? [Report] : [Report, TrajectoryPage.File];
    }

    /// <summary>
    /// The tokens of an analysis, whose trajectory.html is written; null where its sources are no longer there, or large.
    /// </summary>
    /// <param name="folder">The folder of the analysis.</param>
    /// <param name="record">The analysis.</param>
    /// <param name="experiment">The experiment whose flow they follow; null for none.</param>
    /// <param name="stop">Ends the reading.</param>
    public static SeenTrajectory? TokensOf(string folder, AnalysisRecord record, Experiment? experiment, CancellationToken stop)
    {
        string page = Path.Combine(folder, TrajectoryPage.File);
        string[] paths = [.. record.Paths.Select(p => Path.GetFullPath(Path.Combine(folder, p)))];
        PageFile.Remove(page);
        if (paths.Length == 0 || !paths.All(File.Exists) || WholeFile.IsThere(page)
            || paths.Sum(p => new FileInfo(p).Length) > MostSourceBytes) return null;
        string observables = Path.Combine(folder, AnalysisFolder.ObservablesFile);
        ColumnMap map = record.Map is { } text ? ColumnMap.Parse(text) : ColumnMap.Identity;
        SeenTrajectory seen = SeenTrajectory.Read(
            new TrajectorySource(record.Name ?? "trajectory", Trajectory.Open(paths, map, record.Normalized))
            {
                Experiment = experiment, Observables = File.Exists(observables) ? observables : null, TimeName = record.TimeName ?? "t",
            }, of: 1, stop);
        if (seen.Tokens.Snapshots.Count == 0) return null;
        TrajectoryPage.Write(page, [seen], TrajectoryPage.MostBytes, stop);
        return seen;
    }
}
