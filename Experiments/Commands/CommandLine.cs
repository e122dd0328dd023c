using System.Collections.Concurrent;
using System.CommandLine;

namespace AttentionFlow.Experiments.Commands;

/// <summary>Makes a command of what it will be given.</summary>
internal delegate Command CommandMaker(Func<ParseResult, CommandContext> contextOf);

/// <summary>Another program, which has all commands of this one and some of its own.</summary>
/// <param name="Program">Its name.</param>
/// <param name="Commands">Its own commands.</param>
internal sealed record Extension(string Program, params IReadOnlyList<CommandMaker> Commands)
{
    /// <summary>Forms of figures that it writes beside SVG, by name.</summary>
    public IReadOnlyDictionary<string, FigureWriter> Formats { get; init; } = new Dictionary<string, FigureWriter>();
}

/// <summary>Writes a figure in another form than SVG.</summary>
/// <param name="svg">The figure.</param>
/// <param name="millimetres">Its width in print.</param>
/// <param name="file">Where to.</param>
internal delegate void FigureWriter(string svg, double millimetres, Stream file);

/// <summary>The program <c>attentionflow</c>: its commands, options common to them, and what becomes of errors.</summary>
internal static class CommandLine
{
    /// <summary>The processors this process may use, or SLURM_CPUS_PER_TASK where that is set and lower.</summary>
    public static int DefaultThreads =>
        int.TryParse(Environment.GetEnvironmentVariable("SLURM_CPUS_PER_TASK"), out int given) && given >= 1
            ? Math.Min(given, Environment.ProcessorCount) : Environment.ProcessorCount;

    /// <summary>The program as a process, with the streams of that.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="extension">The program, where it is another one.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Start(string[] args, Extension? extension = null)
    {
        // An MPI launcher reads results by way of a terminal, to which the console would write a greeting.
        if (MpiLaunch.Ranks is not null) Environment.SetEnvironmentVariable("TERM", "dumb");
        return Run(args, StandardStream.Output(args.Contains("--json")), StandardStream.Messages(), extension);
    }

    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, Extension? extension = null,
        CancellationToken stop = default)
    {
        StandardStream messages = error as StandardStream ?? new(error, mustArrive: false); // progress comes from a thread of its own
        Option<int> threads = new("--threads")
        {
            Description = "Threads to use.", HelpName = "N", DefaultValueFactory = _ => DefaultThreads, Recursive = true,
            CustomParser = result => OptionValues.Whole(result, int.MaxValue) is { } n && n >= 1
                ? (int)n : OptionValues.Refuse<int>(result, "a whole number of threads, at least 1, is needed"),
        };
        Option<bool> quiet = new("--quiet")
        {
            Description = "No progress and no messages but errors; results are still printed.", Recursive = true,
        };
        Option<bool> json = new("--json") { Description = "Results as JSON on standard output.", Recursive = true };
        RootCommand root = new(
            "Particle solver for mean-field self-attention: tokens on a sphere, drawn by all others with softmax-like weights.")
        {
            threads, quiet, json,
        };
        Help.Add(root);
        using Interruption interruption = new(messages, stop);
        CurrentRun current = new();
        Command[] commands =
            [ReproduceCommand.Make(Context, args), RunCommand.Make(Context), SweepCommand.Make(Context), CollectCommand.Make(Context),
                AnalyzeCommand.Make(Context), LinearizeCommand.Make(Context), ReportCommand.Make(Context),
                PlotCommand.Make(Context, extension?.Formats ?? new Dictionary<string, FigureWriter>()), VerifyCommand.Make(Context),
                .. ListCommands.Make(Context), BenchCommand.Make(Context), .. (extension?.Commands ?? []).Select(make => make(Context))];
        foreach (Command command in commands) root.Subcommands.Add(command);
        interruption.CheckpointAsked = current.AskForCheckpoint;
        string program = extension?.Program ?? "attentionflow";
        return interruption.Run(
            () => Invoke(root.Parse(args), program, output, messages, current, interruption.Token), current.Cut);

        CommandContext Context(ParseResult result) =>
            new(result.GetValue(threads), result.GetValue(quiet), result.GetValue(json), output, messages, interruption.Token)
            {
                Current = current,
            };
    }

    private static int Invoke(
        ParseResult parsed, string program, TextWriter output, TextWriter error, CurrentRun current, CancellationToken stop)
    {
        try
        {
            if (parsed.Errors.Count > 0)
            {
                string help = parsed.CommandResult.Command is RootCommand ? "--help" : $"{parsed.CommandResult.Command.Name} --help";
                string problem = Quoted.Line(OptionValues.Problem(parsed).TrimEnd('.'));
                throw new ConfigurationException($"{problem} ({program} {help} shows what there is)");
            }
            int code = parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = output, Error = error,
            });
            current.Ended = code;
            return Mpi.End(code);
        }
        catch (Exception e)
        {
            (int code, string sentence) = Explain(e);
            string who = MpiLaunch.Rank == 0 ? "" : $"rank {MpiLaunch.Rank} on {Environment.MachineName}: ";
            bool isStop = e is OperationCanceledException;
            if (who.Length == 0 || !(isStop || IsSaidByRank0(stop))) error.WriteLine($"attentionflow: {who}{Quoted.Line(sentence)}");
            current.Ended = code;
            if (isStop) return Mpi.End(code);
            Mpi.Abort(code);
            return code;
        }
    }

    // What rank 0 found, too, it says, and its end is that of all.
    private static bool IsSaidByRank0(CancellationToken stop) => Mpi.HasFailed || stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(10));

    /// <summary>The exit code of an exception that ended a command, and the line for the user.</summary>
    public static (int Code, string Sentence) Explain(Exception error) => error switch
    {
        ConfigurationException or FolderNotEmptyException => (ExitCodes.BadInput, error.Message),
        DeviceUnavailableException or DeviceFailedException => (ExitCodes.DeviceUnavailable, error.Message),
        IOException or UnauthorizedAccessException => (ExitCodes.InputOutput, error.Message),
        OperationCanceledException => (ExitCodes.Stopped, "stopped"),
        OutOfMemoryException => (ExitCodes.BadInput, "there is not enough memory; reduce $.tokens.count or $.replicas"),
        _ => (ExitCodes.Unexpected, $"this should not happen, please report it: {Unexpected(error)}"),
    };

    private static string Unexpected(Exception error)
    {
        string place = error.TargetSite is { } method ? $" in {method.DeclaringType?.Name}.{method.Name}" : "";
        return $"{error.GetType().Name}{place}: {error.Message.ReplaceLineEndings(" ")}";
    }
}

/// <summary>What every command is given.</summary>
/// <param name="Threads">Threads to use.</param>
/// <param name="Quiet">No progress, no messages.</param>
/// <param name="Json">Results as JSON.</param>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress and messages.</param>
/// <param name="Stop">Set by Ctrl-C, SIGTERM and SIGHUP.</param>
internal sealed record CommandContext(int Threads, bool Quiet, bool Json, TextWriter Output, TextWriter Error, CancellationToken Stop)
{
    /// <summary>Is told of the runs of the command.</summary>
    public CurrentRun Current { get; init; } = new();

    /// <summary>Time between two checkpoints of a run.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Runs of this command, one at a time, with its progress.</summary>
    /// <param name="progress">The progress.</param>
    /// <param name="warn">Takes advice.</param>
    /// <param name="goesOnBy">How a run goes on that is stopped.</param>
    /// <param name="threads">Its threads; null for those of the command.</param>
    public ExperimentRun Runs(
        IProgressDisplay progress, Action<string> warn, string goesOnBy = "--resume goes on from there", int? threads = null) =>
        Current.Add(new(threads ?? Threads, progress, warn)
        {
            CheckpointInterval = CheckpointInterval, GoesOnBy = goesOnBy,
            Say = message => { if (threads is null) Say($"attentionflow: {message}"); }, // of a run alone
        });

    /// <summary>Results: JSON where asked for, else a table.</summary>
    public void Write<T>(T results, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows) =>
        Output.Write(Json ? JsonOutput.Of(results) : TextTable.Render(headings, rows));

    /// <summary>A message, unless quiet.</summary>
    public void Say(string message)
    {
        if (!Quiet) Error.WriteLine(Quoted.Line(message));
    }

    /// <summary>Advice, unless quiet.</summary>
    public void Warn(string message) => Say($"attentionflow: warning: {message}");

    /// <summary>Says that a run did not come to its end.</summary>
    /// <param name="record">The run.</param>
    /// <param name="more">The end of the sentence.</param>
    /// <param name="said">A warning that was given already; what it says is not said again.</param>
    public int Unfinished(RunRecord record, string more = "", string? said = null)
    {
        string[] parts = record.Advice!.Split("; ", 2);
        bool isSaid = !Quiet && parts.Length == 2 && said?.Contains(parts[1], StringComparison.Ordinal) == true;
        Error.WriteLine($"attentionflow: {Quoted.Line((isSaid ? parts[0] : record.Advice) + more)}");
        return record.Status == RunStatus.Diverged ? ExitCodes.Diverged : ExitCodes.Stopped;
    }
}

/// <summary>The runs that a command is at, for whoever ends the program without it.</summary>
internal sealed class CurrentRun
{
    private readonly ConcurrentQueue<ExperimentRun> _runs = [];

    /// <summary>What is to be said when they are ended; null: what the run itself says.</summary>
    public Func<string>? Sentence { get; set; }

    /// <summary>The folder of a run that goes with the command; null for none.</summary>
    public string? Temporary { get; set; }

    /// <summary>Whether another rank writes it, and says what there is to say.</summary>
    public bool IsFollowed { get; set; }

    /// <summary>The exit code of the command, when all is said and only other ranks are waited for.</summary>
    public int? Ended { get; set; }

    /// <summary>Adds one.</summary>
    public ExperimentRun Add(ExperimentRun run)
    {
        _runs.Enqueue(run);
        return run;
    }

    /// <summary>Asks them for a checkpoint.</summary>
    public void AskForCheckpoint()
    {
        foreach (ExperimentRun run in _runs) run.AskForCheckpoint();
    }

    /// <summary>Ends them: the exit code, what is to be said of it, if anything, and how many seconds they have to end by themselves.
    /// </summary>
    public (int Code, string? Message, double Seconds) Cut()
    {
        if (Ended is { } code) return (code, null, 0.1);
        // The rank that ends first ends all, and rank 0 has files to write.
        if (IsFollowed) return (ExitCodes.Stopped, null, 10);
        string? advice = null;
        bool isEnding = false;
        try
        {
            foreach (ExperimentRun run in _runs)
                if (run.IsEnding) isEnding = true;
                else advice = run.Cut()?.Advice ?? advice;
            if (isEnding && advice is null) return (ExitCodes.Stopped, "stopped", 60);
            SpinWait.SpinUntil(() => !_runs.Any(run => run.IsEnding), TimeSpan.FromMinutes(1));
            if (Temporary is not null) advice = null;
            DropTemporary();
            return (ExitCodes.Stopped, Sentence?.Invoke() ?? advice ?? "stopped", 0.1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (ExitCodes.Stopped, $"stopped; {e.Message}", 0.1);
        }
    }

    /// <summary>Removes the temporary folder. For any thread.</summary>
    public void DropTemporary()
    {
        lock (this)
        {
            if (Temporary is not null && Directory.Exists(Temporary)) Directory.Delete(Temporary, recursive: true);
            Temporary = null;
        }
    }
}
