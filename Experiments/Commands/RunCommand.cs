using System.CommandLine;
using System.Text.Json;
using AttentionFlow.Experiments.Reports;
using AttentionFlow.Experiments.Studies;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>run</c>: one experiment into a folder.</summary>
internal static class RunCommand
{
    // More take longer to read than a user waits for pages that nobody asked for.
    private const long MostSnapshotBytes = 500_000_000;

    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> file = new("FILE|DIR|NAME")
        {
            Description = "An experiment file, a folder with an experiment.json, or the name of a stored one ('attentionflow list').",
        };
        Option<string[]> set = new("--set")
        {
            Description = "path=value: sets a key of the experiment, for example interaction.beta=2; may be repeated.",
            HelpName = "path=value",
        };
        Option<ulong?> seed = new("--seed")
        {
            Description = "Seed; the same as --set seed=N.", HelpName = "N",
            CustomParser = result => OptionValues.Whole(result, ulong.MaxValue)
                ?? OptionValues.Refuse<ulong?>(result, $"the seed is a whole number, at least 0 and at most {ulong.MaxValue}"),
        };
        Option<string?> device = new("--device")
        {
            Description = "Device; the same as --set device=D ('attentionflow devices').", HelpName = "D",
        };
        Option<string?> precision = new("--precision")
        {
            Description = "Arithmetic of the pair sums: single or double.", HelpName = "P",
            CustomParser = result => OptionValues.OneOf(result, ["single", "double"]),
        };
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write; out/NAME by default.", HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace the run that is in the folder." };
        Option<bool> resume = new("--resume")
        {
            Description = "Go on with the run that is in the folder, from its last checkpoint; begin where there is none. The tables are "
                + "those of a run that was never interrupted.",
        };
        Option<double?> until = new("--until-time")
        {
            Description = "With --resume: end at this time, beyond the horizon of the run in the folder.", HelpName = "T",
            CustomParser = result => OptionValues.Number(result) is > 0 and { } time ? time
                : OptionValues.Refuse<double?>(result, "a time above 0 is needed"),
        };
        Option<TimeSpan?> checkpoint = CheckpointOption();
        Option<bool> bare = new("--no-report")
        {
            Description = "Leave out report.html and trajectory.html, which 'report DIR' makes "
            + "later."
        };
        file.CompletionSources.Add([.. StoredExperiments.Names]);
        precision.CompletionSources.Add("single", "double");
        Command command = new("run", "Runs one experiment: snapshots, observables and provenance into a folder.")
        {
            file, set, seed, device, precision, folder, overwrite, resume, until, checkpoint, bare,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(resume) && result.GetValue(overwrite)) result.AddError("--resume and --overwrite exclude each other");
            if (result.GetResult(until) is not null && !result.GetValue(resume)) result.AddError("--until-time goes with --resume");
        });
        command.SetAction(parsed =>
        {
            List<string> settings = [.. parsed.GetValue(set) ?? []];
            if (parsed.GetValue(seed) is { } s) settings.Add($"seed={s}");
            if (parsed.GetValue(device) is { } d) settings.Add($"device={JsonSerializer.Serialize(d)}");
            if (parsed.GetValue(precision) is { } p) settings.Add($"precision=\"{p}\"");
            string name = parsed.GetRequiredValue(file);
            Experiment experiment = StoredExperiments.Find(name, settings);
            bool isFolder = Directory.Exists(name), goesOn = parsed.GetValue(resume);
            string target = parsed.GetValue(folder) ?? (isFolder && goesOn ? name : Path.Combine("out", isFolder
                ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(name))) : Path.GetFileNameWithoutExtension(name)));
            if (goesOn && isFolder && Path.GetFullPath(target) != Path.GetFullPath(name))
                throw new ConfigurationException($"--out {target}: --resume goes on in the folder of the run itself; leave --out out.");
            double? time = parsed.GetValue(until);
            bool overwrites = parsed.GetValue(overwrite);
            // A folder that goes on as it is need not be compared with itself.
            Experiment? asked = isFolder && target == name && settings.Count == 0 ? null : experiment;
            CommandContext context = WithCheckpoints(contextOf(parsed), parsed.GetValue(checkpoint));
            bool isShared = DeviceCatalog.IsShared(experiment.Device);
            if (isShared && Follow(context, experiment, goesOn ? target : null, time) is { } code) return code;
            return Execute(context, experiment, target, !parsed.GetValue(bare), (run, stop) =>
                goesOn ? run.Resume(asked, target, time, stop) : run.Execute(experiment, target, overwrites, stop));
        });
        return command;
    }

    /// <summary><c>--checkpoint MIN</c>.</summary>
    public static Option<TimeSpan?> CheckpointOption() => new("--checkpoint")
    {
        Description = "Minutes between two checkpoints, 10 by default, 0 for one at every evaluation; one more is written where a run "
            + "stops or ends.",
        HelpName = "MIN",
        CustomParser = result => OptionValues.Number(result) is >= 0 and <= 1e6 and { } minutes ? TimeSpan.FromMinutes(minutes)
            : OptionValues.Refuse<TimeSpan?>(result, "a number of minutes, at least 0, is needed"),
    };

    /// <summary>The same with this time between checkpoints; null: the usual one.</summary>
    public static CommandContext WithCheckpoints(CommandContext context, TimeSpan? interval) =>
        interval is { } time ? context with { CheckpointInterval = time } : context;

    // The part of a rank that writes nothing and lets rank 0 speak for all; null on rank 0.
    private static int? Follow(CommandContext context, Experiment experiment, string? resumed, double? horizon)
    {
        // Read before all ranks start: rank 0 may then change it.
        string? stored = resumed is null ? null : Path.Combine(resumed, RunFolder.ExperimentFile);
        bool isThere = File.Exists(stored);
        if (isThere) experiment = ExperimentReader.Read(stored!, []);
        bool isComplete = isThere && RunRecord.Read(Path.Combine(resumed!, RunFolder.RunFile)).Status == RunStatus.Complete;
        Mpi.Start();
        if (MpiLaunch.Rank == 0) return null;
        context.Current.IsFollowed = true;
        context = context with { Quiet = true, Error = TextWriter.Null };
        RunRecord? record = ProgressDisplay.Run(quiet: true, 0, context.Error, progress =>
            context.Runs(progress, context.Warn).Follow(experiment, isComplete, isThere ? horizon : null, context.Stop));
        return record is null or { Status: RunStatus.Complete } ? ExitCodes.Done : context.Unfinished(record);
    }

    private static int Execute(
        CommandContext context, Experiment experiment, string folder, bool isSeen,
        Func<ExperimentRun, CancellationToken, RunRecord> execute)
    {
        string? said = null;
        DateTime started = DateTime.UtcNow;
        RunRecord record = ProgressDisplay.Run(context.Quiet, RunWork.Pairs(experiment), context.Error,
            progress =>
            {
                progress.Begin(Quoted.Short(experiment.Title.Length > 0 ? experiment.Title : Path.GetFileName(folder)));
                return execute(context.Runs(progress, Warn), context.Stop);
            });
        if (record.End < started) context.Say("the run is complete; nothing was done");
        IReadOnlyList<string> pages = Pages(context, folder, record, isSeen);
        RunSummary summary = new(folder, record, experiment.Time.Merge is not null, pages);
        if (context.Json) context.Output.Write(summary.Json());
        else summary.Write(context.Output);
        if (record.Status == RunStatus.Complete)
        {
            // Again, below the results: the warning before the run is far up by now.
            if (record.Advice is not null) context.Warn(record.Advice);
            if (Alerts(record) is { Length: > 0 } alerts) context.Warn(alerts);
            return ExitCodes.Done;
        }
        return context.Unfinished(record, said: said);

        void Warn(string advice)
        {
            said = advice;
            context.Warn(advice);
        }
    }

    // What is in the way of pages, or wrong with them, is no fault of the run.
    private static IReadOnlyList<string> Pages(CommandContext context, string folder, RunRecord record, bool isSeen)
    {
        try
        {
            long bytes = record.Files.Where(f => SnapshotFiles.IsOne(f.Name)).Sum(f => f.Bytes);
            if (isSeen && bytes <= MostSnapshotBytes && !context.Stop.IsCancellationRequested)
                return ReportFiles.OfRuns([folder], folder, context.Stop);
            ReportFiles.Remove(folder);
            if (isSeen && bytes > MostSnapshotBytes)
                context.Say($"the snapshots are large: 'attentionflow report {Quoted.ForShell(folder)}' makes {ReportFiles.Report}");
        }
        catch (OperationCanceledException)
        {
            // The run has ended by then.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FolderNotEmptyException)
        {
            context.Warn($"no page was written: {e.Message}");
        }
        return [];
    }

    // One line; what there is to say of steps is the advice above.
    private static string Alerts(RunRecord record)
    {
        return string.Join("; ", record.Alerts.Where(a => a.Indicator is not ("step" or "energy_drops")).Select(Sentence));

        static string Sentence(Alert a)
        {
            string replicas = $"{a.Replicas} replica{(a.Replicas == 1 ? "" : "s")}";
            return $"{a.Sign} from t = {a.Time:G4} ({a.Indicator} {a.ShownValue()}, level {a.Level:G4}; {replicas}): {a.Advice}";
        }
    }
}
