using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Response;
using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Experiments.Commands;

/// <summary>What <c>verify</c> found in a folder.</summary>
/// <param name="Folder">As it was given, or found in the folder of a reproduce.</param>
/// <param name="Code">The exit code it asks for.</param>
/// <param name="Problems">What is wrong, a sentence each.</param>
/// <param name="Rerun">How the run compared with its rerun; null where there was none.</param>
internal sealed record VerifiedFolder(string Folder, int Code, IReadOnlyList<string> Problems, RerunComparison? Rerun);

/// <summary>
/// Verifies the folders of a command line, one after the other; one that cannot be read does not keep it from the others.
/// </summary>
/// <param name="context">The command.</param>
/// <param name="rerun">Whether runs are run again.</param>
/// <param name="device">The device of the rerun, or null for that of the run.</param>
internal sealed class FolderVerification(CommandContext context, bool rerun, string? device)
{
    // Of an analysis, of a linear response, and of a trace, which the program of Encoders writes.
    private static readonly string[] Lists = [AnalysisFolder.RecordFile, ResponseFolder.RecordFile, "trace.json"];

    /// <summary>Verifies folders and says what it found, a line each.</summary>
    /// <returns>The exit code: of reading and writing before that of arguments, before that of checks.</returns>
    public int Verify(IReadOnlyList<string> folders)
    {
        List<VerifiedFolder> verified = [];
        foreach (string folder in folders.SelectMany(WithRuns))
        {
            context.Stop.ThrowIfCancellationRequested();
            VerifiedFolder result = Verify(folder);
            verified.Add(result);
            if (!context.Json) Write(result);
        }
        if (verified.Count == 0) throw new ConfigurationException($"{folders[0]}: there is no run in it");
        if (context.Json) context.Output.Write(JsonOutput.Of(verified));
        else if (folders.Any(IsSweep))
            context.Output.WriteLine($"{verified.Count(v => v.Code == ExitCodes.Done)} of {verified.Count} are whole");
        return verified.Max(v => v.Code);
    }

    private static bool IsSweep(string folder) => File.Exists(Path.Combine(folder, SweepFolder.PointsFile));

    // The points of a sweep; the folder of a reproduce, and those of its runs.
    private static IEnumerable<string> WithRuns(string folder)
    {
        if (IsSweep(folder))
            return [.. Directory.EnumerateDirectories(folder, "p*").Order(StringComparer.Ordinal)];
        string runs = Path.Combine(folder, ReproduceFolder.RunsFolder);
        if (!File.Exists(Path.Combine(folder, ReproduceFolder.ManifestFile)) || !Directory.Exists(runs)) return [folder];
        return [folder, .. Directory.EnumerateDirectories(runs).Order(StringComparer.Ordinal)];
    }

    private VerifiedFolder Verify(string folder)
    {
        try
        {
            if (File.Exists(Path.Combine(folder, RunFolder.RunFile))) return OfRun(folder);
            if (Lists.FirstOrDefault(list => File.Exists(Path.Combine(folder, list))) is { } list)
                return Of(folder, RunCheck.ProblemsOfList(folder, list), null);
            if (File.Exists(Path.Combine(folder, ReproduceFolder.ManifestFile))) return Of(folder, ReproduceFolder.Problems(folder), null);
            string what = Directory.Exists(folder) ? $"this is not the folder of a run: there is no {RunFolder.RunFile} in it"
                : "there is no such folder";
            throw new ConfigurationException($"{folder}: {what}");
        }
        catch (Exception e) when (e is not OperationCanceledException && CommandLine.Explain(e).Code != ExitCodes.Unexpected)
        {
            (int code, string sentence) = CommandLine.Explain(e);
            return new VerifiedFolder(folder, code, [sentence], null);
        }
    }

    private VerifiedFolder OfRun(string folder)
    {
        List<string> problems = [.. RunVerification.Problems(folder)];
        if (!rerun) return Of(folder, problems, null);
        RunRecord record = RunRecord.Read(Path.Combine(folder, RunFolder.RunFile));
        // What was stopped, or diverged, is not what the experiment asks for.
        if (record.Status != RunStatus.Complete) return Of(folder, problems, null);
        try
        {
            RerunComparison comparison = Rerun(folder, record);
            if (comparison.Difference is { } difference) problems.Add(difference);
            return Of(folder, problems, comparison);
        }
        // Of the folder's experiment, not of the command line.
        catch (ConfigurationException e)
        {
            if (!problems.Contains(e.Message)) problems.Add(e.Message);
            return Of(folder, problems, null);
        }
    }

    private static VerifiedFolder Of(string folder, IReadOnlyList<string> problems, RerunComparison? comparison) =>
        new(folder, problems.Count == 0 ? ExitCodes.Done : ExitCodes.VerificationFailed, problems, comparison);

    private RerunComparison Rerun(string folder, RunRecord record)
    {
        Experiment experiment = ExperimentReader.Read(Path.Combine(folder, RunFolder.ExperimentFile), []);
        if (device is not null) experiment = experiment with { Device = device };
        string temporary = Directory.CreateTempSubdirectory("attentionflow-verify-").FullName;
        context.Current.Temporary = temporary;
        try
        {
            RunRecord again = ProgressDisplay.Run(context.Quiet, RunWork.Pairs(experiment), context.Error, progress =>
            {
                progress.Begin(Quoted.Short(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))));
                return Again(context.Runs(progress, _ => { }), experiment, temporary);
            });
            if (again.Status == RunStatus.Stopped) throw new OperationCanceledException();
            return RerunComparison.Of(folder, record, experiment, temporary, again);
        }
        finally
        {
            context.Current.DropTemporary();
        }
    }

    // A run that was made longer, in the same pieces: adaptive steps end at each horizon.
    private RunRecord Again(ExperimentRun run, Experiment experiment, string folder)
    {
        double[] later = [.. (experiment.Record.Horizons ?? []).Skip(1), experiment.Time.Horizon];
        Experiment first = experiment.Record.Horizons is not { Count: > 0 } horizons ? experiment : experiment with
        {
            Time = experiment.Time with { Horizon = horizons[0] },
            Record = experiment.Record with { Horizons = null },
        };
        RunRecord record = run.Execute(first, folder, overwrite: false, context.Stop);
        foreach (double horizon in ReferenceEquals(first, experiment) ? [] : later)
            if (record.Status == RunStatus.Complete) record = run.Resume(null, folder, horizon, context.Stop);
        return record;
    }

    private void Write(VerifiedFolder result)
    {
        foreach (string problem in result.Problems) context.Output.WriteLine(Quoted.Line(problem));
        string verdict = result switch
        {
            { Code: ExitCodes.Done, Rerun: null } => "whole",
            { Code: ExitCodes.Done, Rerun: { } same } => $"whole; the rerun is equal {How(same)}",
            { Code: not ExitCodes.VerificationFailed } => "could not be verified",
            { Rerun: { Difference: not null } other } => $"{Count(result)}; the rerun is not equal {How(other)}",
            { Rerun: { } same } => $"{Count(result)}; the rerun is equal {How(same)}",
            _ => Count(result),
        };
        context.Output.WriteLine($"{Quoted.Line(result.Folder)}: {verdict}");
    }

    private static string Count(VerifiedFolder result) => result.Problems.Count == 1 ? "1 problem" : $"{result.Problems.Count} problems";

    private static string How(RerunComparison comparison) => comparison.SameBytes || comparison.WhyNotBytes is null ? "byte for byte"
        : $"within {comparison.Tolerance:G2} of max(1, |value|), for bytes are not promised: {Quoted.Line(comparison.WhyNotBytes)}";
}
