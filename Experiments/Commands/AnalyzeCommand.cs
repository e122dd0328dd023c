using System.CommandLine;
using System.Diagnostics;
using AttentionFlow.Experiments.Pages;
using AttentionFlow.Experiments.Reports;
using AttentionFlow.Solver.Analysis;
using AttentionFlow.Solver.Sweeps;
using AttentionFlow.Solver.Trajectories;
using CsvHelper;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>analyze</c>: the observables of a trajectory from anywhere.</summary>
internal static class AnalyzeCommand
{
    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string[]> source = new("SOURCE")
        {
            Description = "The folder of a run, a file (.csv, .parquet, .npy, .npz), or files of one snapshot each, the time in their "
                + "names ('snap_*.csv').",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> map = new("--map")
        {
            Description = "Which columns are what, for example time=layer,token=position,replica=text,x=h_* or x0=px,x1=py,x2=pz.",
            HelpName = "ROLE=COLUMN,..",
        };
        Option<bool> normalize = new("--normalize") { Description = "Take points of any length but zero; the length is their radius." };
        Option<string?> experiment = new("--experiment")
        {
            Description = "The experiment whose flow the tokens are taken to follow; that of a run's folder by default.",
            HelpName = "FILE|NAME",
        };
        Option<string[]> set = new("--set")
        {
            Description = "path=value: sets a key of the experiment, for example interaction.beta=2; may be repeated.",
            HelpName = "path=value",
        };
        Option<string?> fit = new("--fit")
        {
            Description = "beta: fit interaction.beta as the slope of the logits, or attention, that a .npz gives, on cosines.",
            HelpName = "beta", CustomParser = result => OptionValues.OneOf(result, ["beta"]),
        };
        Option<string[]?> observables = new("--observables")
        {
            Description = "Names of observables, and anisotropy, changes, cluster_lives, cosines, separated by commas; all that can be "
                + "had by default.", HelpName = "NAME,..",
            CustomParser = result =>
            {
                string[] names = result.Tokens[0].Value.Split(','), known = [.. Observable.All.Keys, .. TrajectoryAnalysis.OfTrajectories];
                return names.FirstOrDefault(n => !known.Contains(n)) is { } unknown
                    ? OptionValues.Refuse<string[]>(result, $"{Quoted.Of(unknown)} is unknown; {Names.Hint(unknown, known)}") : names;
            },
        };
        Option<Crossing[]> when = CollectCommand.WhenOption("when a level is first crossed");
        Option<string?> folder = new("--out")
        {
            Description = "The folder to write; out/NAME-analysis by default.", HelpName = "DIR", CustomParser = OptionValues.Folder,
        };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace the analysis that is in the folder." };
        Command command = new("analyze",
            "Measures a trajectory that was computed here or elsewhere: observables, clusters, alerts, a page.")
        {
            source, map, normalize, experiment, set, fit, observables, when, folder, overwrite,
        };
        command.SetAction(parsed =>
        {
            string[] sources = parsed.GetRequiredValue(source);
            if (sources.FirstOrDefault(name => name.StartsWith("--", StringComparison.Ordinal)) is { } option)
                throw new ConfigurationException($"{Quoted.Of(option)} is not an option of 'analyze'"
                    + (Names.Nearest(option, command.Options.Select(o => o.Name)) is { } near ? $"; did you mean '{near}'?" : ""));
            AnalysisSource of = AnalysisSource.Open(sources, parsed.GetValue(map) is { } text ? ColumnMap.Parse(text) : ColumnMap.Identity,
                parsed.GetValue(normalize));
            string target = parsed.GetValue(folder) ?? Path.Combine("out", $"{of.Name}-analysis");
            string[] settings = parsed.GetValue(set) ?? [];
            CommandContext context = contextOf(parsed);
            using AnalysisFolder into = AnalysisFolder.Create(target, parsed.GetValue(overwrite));
            BetaFit? fitted = parsed.GetValue(fit) is null ? null : Fit(of, settings, into, context.Stop);
            // What fits logits is a softmax, until a setting says otherwise.
            if (fitted is not null)
                settings = ["interaction.normalization=softmax",
                    $"interaction.beta={Math.Max(0, fitted.Beta).ToString("R", CultureInfo.InvariantCulture)}", .. settings];
            AnalysisRequest request = new()
            {
                Experiment = of.ExperimentOf(parsed.GetValue(experiment), settings),
                Observables = parsed.GetValue(observables) is { Length: > 0 } names ? names : null,
                When = parsed.GetValue(when) ?? [],
                WeightsOf = of.WeightsOf,
                Threads = context.Threads,
            };
            AnalysisRecord record = Write(context, of.Name, of.Trajectory, request, into, new AnalysisRecord
            {
                Sources = [], Map = of.Map, Normalized = of.Normalized, FittedBeta = fitted?.Beta, FittedShare = fitted?.R2,
                Advice = of.Advice,
            }, of.TimeName);
            new AnalysisSummary(target, record, context).Write();
            return ExitCodes.Done;
        });
        return command;
    }

    private static BetaFit Fit(AnalysisSource source, string[] settings, AnalysisFolder into, CancellationToken stop)
    {
        if (settings.FirstOrDefault(s => s.StartsWith("interaction.beta=", StringComparison.Ordinal)) is { } other)
            throw new ConfigurationException($"--fit beta and --set {other} exclude each other.");
        BetaFit fitted = ScoreFit.Of(source.Trajectory,
            into.Open(AnalysisFolder.FitFile, "beta of the heads", BetaFit.Columns, "time", "replica", "head"), stop);
        // The slope of scores that do not vary is rounding.
        if (fitted.Beta < 0 && fitted.R2 > 1e-12)
            throw new ConfigurationException(Text.Of($"--fit beta: the slope of the logits on the cosines is {fitted.Beta:G6}; ")
                + "an interaction has a beta of at least 0.");
        return fitted;
    }

    /// <summary>Measures a trajectory and writes the folder.</summary>
    /// <param name="context">The command.</param>
    /// <param name="name">Of the trajectory.</param>
    /// <param name="trajectory">The trajectory.</param>
    /// <param name="request">What is measured.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="record">What is known of the analysis.</param>
    /// <param name="timeName">What the times are, for figures.</param>
    /// <returns>analysis.json as written.</returns>
    public static AnalysisRecord Write(CommandContext context, string name, Trajectory trajectory, AnalysisRequest request,
        AnalysisFolder folder, AnalysisRecord record, string timeName)
    {
        Stopwatch watch = Stopwatch.StartNew();
        string? experiment = request.Experiment is { } flow ? ExperimentReader.Write(flow) : null;
        if (experiment is not null)
            record = record with { ExperimentSha256 = WholeFile.RecordOf(RunFolder.ExperimentFile, experiment).Sha256 };
        using TrajectoryAnalysis analysis = new(request, folder);
        ProgressDisplay.Run(context.Quiet, trajectory.Bytes, context.Error, progress =>
        {
            progress.Begin(name);
            (long before, string at) = (0, "reading");
            trajectory.Read(snapshot =>
            {
                analysis.See(snapshot, context.Stop);
                at = Text.Of($"time {snapshot.Time:G6}");
            }, read =>
            {
                progress.Advance(read - before, at, direct: false);
                before = read;
            }, context.Stop);
            return 0;
        });
        record = analysis.End(record with { Sources = [.. trajectory.Files.Select(FileRecord.Of)] }) with
        {
            Paths = [.. trajectory.Files.Select(f => Path.GetRelativePath(folder.FullPath, Path.GetFullPath(f)).Replace('\\', '/'))],
            Name = name,
            TimeName = timeName == "t" ? null : timeName,
            Replicas = trajectory.ReplicaNames.Count > 0 ? trajectory.ReplicaNames : null,
        };
        record = record with { WallSeconds = Math.Round(watch.Elapsed.TotalSeconds, 3) };
        return folder.Finish($"Analysis of {name}", record, Texts());

        IEnumerable<(string Name, string Text)> Texts()
        {
            if (experiment is not null) yield return (RunFolder.ExperimentFile, experiment);
            if (record.Replicas is { } names) yield return (AnalysisFolder.ReplicasFile, NamesTable(names));
            SeenTrajectory? seen = ReportFiles.TokensOf(folder.FullPath, record, request.Experiment, context.Stop);
            yield return (AnalysisFolder.ReportFile, AnalysisReport.Html(folder.FullPath, record, seen));
        }
    }

    private static string NamesTable(IReadOnlyList<string> names)
    {
        using StringWriter text = new();
        using (CsvWriter csv = CsvWriter.Create(text, new CsvWriterOptions { NewLine = "\n" }))
            foreach ((string number, string name) in names.Select((name, r) => ($"{r}", name)).Prepend(("replica", "name")))
            {
                csv.WriteField(number);
                csv.WriteField(name);
                csv.EndRecord();
            }
        return text.ToString();
    }
}
