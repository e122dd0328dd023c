using System.CommandLine;
using AttentionFlow.Experiments.Studies;
using AttentionFlow.Solver.Sweeps;

namespace AttentionFlow.Experiments.Commands;

/// <summary><c>sweep</c>: many runs that differ in some keys, a folder each.</summary>
internal static class SweepCommand
{
    private const int MostSaid = 5;

    public static Command Make(Func<ParseResult, CommandContext> contextOf)
    {
        Argument<string> file = new("FILE|NAME")
        {
            Description = "A sweep file ('attentionflow schema --sweep'), or the name of a stored one ('attentionflow list --sweeps').",
        };
        Option<string> folder = new("--out")
        {
            Description = "The folder of the points' folders; a sweep that is there goes on.", HelpName = "DIR", Required = true,
            CustomParser = OptionValues.Folder,
        };
        Option<int?> jobs = Number("--jobs", "J", 1,
            "Points side by side; by default as many as there are threads, fewer where points are large.");
        Option<int?> index = Number("--index", "K", 0, "Only point K; with --of only the points K, K+M, ...");
        Option<int?> of = Number("--of", "M", 1, "How many processes share the points, each with an --index of its own.");
        Option<bool> dry = new("--dry-run") { Description = "Say what would be run; write nothing." };
        Option<bool> retry = new("--retry") { Description = "Run points that failed or diverged again." };
        file.CompletionSources.Add([.. StoredFiles.Sweeps.Names]);
        Option<bool> slurm = new("--slurm")
        {
            Description = "Print a job array for sbatch instead of running: as many tasks as points, or as --of; --jobs of them at a time.",
        };
        Option<TimeSpan?> checkpoint = RunCommand.CheckpointOption();
        Command command = new("sweep", "Runs an experiment for many values of some of its keys: a folder each, and points.csv.")
        {
            file, folder, jobs, index, of, dry, retry, slurm, checkpoint,
        };
        command.SetAction(parsed =>
        {
            Sweep sweep = StoredExperiments.FindSweep(parsed.GetRequiredValue(file));
            if (sweep.Points.Any(p => DeviceCatalog.IsShared(p.Experiment.Device)))
                throw new ConfigurationException("$.base.device: a sweep gives whole points to processes, and the device mpi shares "
                    + "one cloud between ranks; take another device, or 'mpirun attentionflow run' for each point.");
            CommandContext context = RunCommand.WithCheckpoints(contextOf(parsed), parsed.GetValue(checkpoint));
            (string path, int? together) = (parsed.GetRequiredValue(folder), parsed.GetValue(jobs));
            if (parsed.GetValue(slurm))
                return parsed.GetValue(index) is null && !parsed.GetValue(dry)
                    ? Submit(context, sweep, path, parsed.GetValue(of), together,
                        (parsed.GetValue(retry) ? " --retry" : "") + Checkpoints(parsed.GetValue(checkpoint)))
                    : throw new ConfigurationException("--slurm: it runs nothing, and its tasks have the indices; leave --index and "
                        + "--dry-run out.");
            Request request = new(new SweepFolder(path), path, Share(sweep, parsed.GetValue(index), parsed.GetValue(of)), together,
                parsed.GetValue(retry));
            return parsed.GetValue(dry) ? Show(context, sweep, request) : Execute(context, sweep, request);
        });
        return command;
    }

    /// <summary>What is asked for.</summary>
    private sealed record Request(SweepFolder Folder, string Path, IReadOnlyList<SweepPoint> Points, int? Jobs, bool Retry)
    {
        public bool IsToRun(PointStatus status) => status is not PointStatus.Complete
            && (Retry || status is not (PointStatus.Failed or PointStatus.Diverged));
    }

    private static Option<int?> Number(string name, string value, int least, string description) => new(name)
    {
        Description = description, HelpName = value,
        CustomParser = result => OptionValues.Whole(result, int.MaxValue) is { } n && n >= (ulong)least
            ? (int)n : OptionValues.Refuse<int?>(result, $"a whole number, at least {least}, is needed"),
    };

    private static IReadOnlyList<SweepPoint> Share(Sweep sweep, int? index, int? of)
    {
        if (index is not { } first)
            return of is null ? sweep.Points : throw new ConfigurationException($"--of {of}: give the --index of this process, too.");
        int bound = of ?? sweep.Points.Count;
        if (first >= bound)
            throw new ConfigurationException($"--index {first}: it must be below {bound}, "
                + (of is null ? "the number of points." : "the number of processes."));
        return of is { } step ? [.. sweep.Points.Where(p => p.Number % step == first)] : [sweep.Points[first]];
    }

    private static int Show(CommandContext context, Sweep sweep, Request request)
    {
        (SweepPoint Point, PointStatus Status)[] points = [.. request.Points.Select(p => (p, request.Folder.StatusOf(p)))];
        SweepPoint[] toRun = [.. points.Where(p => request.IsToRun(p.Status)).Select(p => p.Point)];
        context.Write(
            points.Select(p => new
            {
                point = p.Point.Number,
                folder = p.Point.Hash,
                status = Text(p.Status),
                parameters = p.Point.Parameters.ToDictionary(q => q.Key, q => q.Value),
            }),
            ["point", "folder", .. sweep.Keys, "status"],
            points.Select(p => (string[])[$"{p.Point.Number}", p.Point.Hash, .. sweep.Keys.Select(key => p.Point[key]), Text(p.Status)]));
        Sharing sharing = Sharing.Of(toRun, context.Threads, request.Jobs);
        context.Say($"{toRun.Length} of {points.Length} points to be run, {sharing.Jobs} at a time, {Threads(sharing.Threads)} each");
        return ExitCodes.Done;
    }

    private static int Submit(CommandContext context, Sweep sweep, string path, int? of, int? together, string options)
    {
        new SweepFolder(path).Write(sweep);
        Directory.CreateDirectory(Path.Combine(path, SlurmScript.Messages));
        int tasks = Math.Min(of ?? SlurmScript.MostTasks, sweep.Points.Count);
        context.Output.Write(SlurmScript.Text(path, tasks, together, Sharing.ThreadsOf(sweep.Points, context.Threads), options));
        return ExitCodes.Done;
    }

    private static string Checkpoints(TimeSpan? interval) =>
        interval is { } time ? string.Create(CultureInfo.InvariantCulture, $" --checkpoint {time.TotalMinutes}") : "";

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static int Execute(CommandContext context, Sweep sweep, Request request)
    {
        request.Folder.Write(sweep);
        PointStatus[] status = new PointStatus[sweep.Points.Count];
        foreach (SweepPoint point in request.Points) status[point.Number] = request.Folder.StatusOf(point);
        SweepPoint[] toRun = [.. request.Points.Where(p => request.IsToRun(status[p.Number]))];
        Sharing sharing = Sharing.Of(toRun, context.Threads, request.Jobs);
        int said = 0;
        context.Current.Sentence = () => $"stopped: {Summary()}; the same command goes on";
        ProgressDisplay.Run(context.Quiet, toRun.Sum(p => RunWork.Pairs(p.Experiment)), context.Error, progress =>
        {
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(request.Path));
            progress.Begin(Quoted.Short(sweep.Title.Length > 0 ? sweep.Title : name));
            new SweepRun(request.Folder, sharing,
                (own, threads) => context.Runs(own, _ => { }, "the same sweep goes on from there", threads),
                e => CommandLine.Explain(e).Sentence).Execute(toRun, progress, Ended, context.Stop);
            return 0;
        });
        // What another process had may have ended by now.
        foreach (SweepPoint point in request.Points.Where(p => status[p.Number] == PointStatus.Running))
            if (request.Folder.StatusOf(point) is var now and not PointStatus.Waiting) status[point.Number] = now;
        return Conclude(context, request, [.. request.Points.Select(p => status[p.Number])], Summary());

        string Summary() => SweepCommand.Summary([.. request.Points.Select(p => status[p.Number])]);

        void Ended(PointResult result)
        {
            status[result.Point.Number] = result.Status;
            if (result.Why is not null && said++ < MostSaid)
                context.Error.WriteLine($"attentionflow: point {result.Point.Number} ({Quoted.Line(result.Point.ParametersShown)}): "
                    + Quoted.Line(result.Why));
        }
    }

    private static int Conclude(CommandContext context, Request request, PointStatus[] status, string summary)
    {
        if (context.Json)
            context.Output.Write(JsonOutput.Of(new
            {
                folder = Path.GetFullPath(request.Path),
                points = status.Length,
                counts = Enum.GetValues<PointStatus>().ToDictionary(Text, s => status.Count(v => v == s)),
            }));
        else context.Output.WriteLine($"{summary}; their folders are listed in {Quoted.Line(request.Folder.Points)}; "
            + $"'attentionflow report {Quoted.ForShell(request.Path)}' draws them");
        if (status.All(s => s == PointStatus.Complete)) return ExitCodes.Done;
        if (context.Stop.IsCancellationRequested)
        {
            context.Error.WriteLine("attentionflow: stopped; the same command goes on");
            return ExitCodes.Stopped;
        }
        string[] failed = [.. request.Points.Where((_, i) => status[i] is PointStatus.Failed or PointStatus.Diverged)
            .Select(p => $"{p.Number}")];
        if (failed.Length > 0)
        {
            string more = failed.Length > 2 * MostSaid ? $", and {failed.Length - 2 * MostSaid} more" : "";
            context.Error.WriteLine($"attentionflow: failed or diverged: {(failed.Length == 1 ? "point" : "the points")} "
                + $"{string.Join(", ", failed.Take(2 * MostSaid))}{more}; --retry runs them again");
            return ExitCodes.VerificationFailed;
        }
        context.Error.WriteLine("attentionflow: another process works at what is not complete; the same command later says how it ended");
        return ExitCodes.Stopped;
    }

    private static string Summary(PointStatus[] status)
    {
        string others = string.Concat(Enum.GetValues<PointStatus>().Where(s => s != PointStatus.Complete && status.Contains(s))
            .Select(s => $", {status.Count(v => v == s)} {Text(s)}"));
        return $"{status.Count(s => s == PointStatus.Complete)} of {status.Length} points complete{others}";
    }

    private static string Text(PointStatus status) => status.ToString().ToLowerInvariant();
}
